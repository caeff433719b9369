"""How good a model is at numbers: how far off on average, and picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..drive.spreadsheet import as_cell
from .tables import add_files, check_files, refuse_not_numbers, refuse_nothing

if TYPE_CHECKING:
    import pandas as pd

    from ..drive import File

__all__ = ["rank_numbers", "report_numbers"]


def report_numbers(
    predictions: npt.ArrayLike, labels: npt.ArrayLike, names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Mean absolute error and R2 of predicted numbers, as scikit-learn computes them.

    Example:
        >>> table = report_numbers([[1.0], [2.5], [3.5]], [1, 2, 4], ["age"])
        >>> table.loc["age", "mean_absolute_error"].round(3).item()
        0.333

    Args:
        predictions: Array `(n,)`, `(n, 1)` or `(n, ...)`, as `predict_once` returns with
            `label_mode="raw"`.
        labels: True numbers, as many a picture.
        names: One for each number of a picture; by default "number", or "0", "1" and so on, in the
            order of `labels[0].ravel()`.

    Returns:
        DataFrame with a row a number, and `mean` of all where there are several; columns
        `mean_absolute_error` (in the number's own unit), `r2` (1 is perfect, 0 is as good as always
        saying the mean of the labels, below 0 is worse; NaN for a single picture) and `support`
        (pictures).

    Raises:
        ValueError: The two are not of the same pictures and numbers, there are none, some are NaN
            or infinite, or `names` does not name each number.
    """
    import pandas as pd
    from sklearn.metrics import mean_absolute_error, r2_score

    predicted, expected = _columns(predictions, labels)
    count = expected.shape[1]
    if names is None:
        names = ["number"] if count == 1 else [str(column) for column in range(count)]
    if len(names) != count:
        raise ValueError(
            f"There must be one of `names` for each number of a picture, here {count}. "
            f"Received: names={list(names)}"
        )
    if len(expected) > 1:
        r2 = r2_score(expected, predicted, multioutput="raw_values")
    else:
        r2 = np.full(count, np.nan)  # of one picture there is no variance
    errors = mean_absolute_error(expected, predicted, multioutput="raw_values")
    table = pd.DataFrame(
        {"mean_absolute_error": errors, "r2": r2}, index=[as_cell(name) for name in names]
    )
    if count > 1:
        mean = table.mean(skipna=False).to_frame("mean").T
        table = pd.concat([table, mean])  # a number may be called "mean"
    return table.assign(support=len(expected))


def rank_numbers(
    predictions: npt.ArrayLike, labels: npt.ArrayLike, files: Sequence[File] | None = None
) -> pd.DataFrame:
    """Ranks pictures by how far off the predicted number is, the worst first.

    Example:
        >>> print(rank_numbers([[1.0], [2.5], [3.0]], [1, 2, 4]))
           row  expected  predicted  error
        0    2       4.0        3.0    1.0
        1    1       2.0        2.5    0.5
        2    0       1.0        1.0    0.0

    Args:
        predictions: As `report_numbers` takes them.
        labels: True numbers, as many a picture.
        files: Optional list of the n files; gives the columns `name`, `path` and `id`.

    Returns:
        DataFrame with a row for each picture: `row` (its place in `predictions`), `expected`,
        `predicted` and `error`, their distance. Of several numbers a picture, the first two are
        lists, and `error` is the mean of the distances. Names are as they may be shown and saved
        as CSV.

    Raises:
        ValueError: As for `report_numbers`, or `files` are not those of the rows.
    """
    import pandas as pd

    predicted, expected = _columns(predictions, labels)
    check_files(files, len(expected))
    is_single = expected.shape[1] == 1
    table = pd.DataFrame(
        {
            "row": np.arange(len(expected)),
            "expected": expected[:, 0] if is_single else expected.tolist(),
            "predicted": predicted[:, 0] if is_single else predicted.tolist(),
            "error": np.abs(predicted - expected).mean(axis=1),
        }
    )
    add_files(table, files)
    return table.sort_values("error", ascending=False, kind="stable").reset_index(drop=True)


def _columns(
    predictions: npt.ArrayLike, labels: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Both as float arrays `(n, numbers)`, once it is sure that they belong together."""
    predicted = np.atleast_1d(np.asarray(predictions, dtype=float))
    expected = np.atleast_1d(np.asarray(labels, dtype=float))
    if _of_a_picture(predicted) != _of_a_picture(expected) or len(predicted) != len(expected):
        raise ValueError(
            "`labels` and `predictions` must have a row for the same pictures, and as many numbers "
            f"a row. Received: shapes {expected.shape} and {predicted.shape}"
        )
    refuse_nothing(expected.size)
    refuse_not_numbers(predicted, "predictions")
    refuse_not_numbers(expected, "labels")
    return predicted.reshape(len(predicted), -1), expected.reshape(len(expected), -1)


def _of_a_picture(values: npt.NDArray[Any]) -> tuple[int, ...]:
    """The shape of what belongs to one picture; `(n,)` and `(n, 1)` are the same."""
    return values.shape[1:] or (1,)
