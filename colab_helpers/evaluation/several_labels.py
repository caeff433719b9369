"""How good a model is at several labels a picture: by label, and wrong answer by wrong answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..drive.spreadsheet import as_cell
from .class_numbers import other_names
from .tables import add_files, check_files, check_names, refuse_nothing, warn_of_nan

if TYPE_CHECKING:
    import pandas as pd

    from ..drive import File

__all__ = ["rank_labels", "report_labels"]

# As scikit-learn names them. Its "samples avg" is left out: it counts a picture without labels as
# wrong, even where a model is right about it.
AVERAGES = ("micro avg", "macro avg", "weighted avg")


@dataclass(frozen=True)
class Answers:
    """What is true of each picture, and what was said of it: a row a picture, a column a label.

    Attributes:
        expected: Bool array `(n, labels)`.
        shares: Float array `(n, labels)`, from 0 to 1.
        predicted: Bool array `(n, labels)`: where the share reaches the threshold.
    """

    expected: npt.NDArray[np.bool_]
    shares: npt.NDArray[np.float64]
    predicted: npt.NDArray[np.bool_]


def report_labels(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    *,
    threshold: float = 0.5,
) -> pd.DataFrame:
    """Precision, recall and F1 of each label, as scikit-learn computes them.

    Example:
        >>> probabilities = [[0.9, 0.2], [0.6, 0.7]]
        >>> labels = [[1, 0], [0, 1]]  # one is right, and so is the other's second
        >>> report_labels(probabilities, labels, ["sea", "sky"])["precision"].tolist()[:2]
        [0.5, 1.0]

    Args:
        probabilities: Array `(n, labels)` in [0, 1], as `predict_once` returns with
            `label_mode="multi_label"` of a model that ends with a sigmoid.
        labels: Ones and zeros `(n, labels)`.
        class_names: Names in the order of the columns.
        threshold: A label is said from this probability on.

    Returns:
        DataFrame with a row a label, then `micro avg` (all answers alike), `macro avg` (all labels
        alike) and `weighted avg` (by support); columns `precision`, `recall`, `f1-score` (all in
        [0, 1]; 0 where there is nothing to divide by) and `support` (pictures with the label).
        Names are as they may be shown.

    Raises:
        ValueError: The two are not of the same pictures and labels, there are none, `labels` holds
            other numbers than 0 and 1, `probabilities` are no shares from 0 to 1, or `class_names`
            does not name the columns.
    """
    import pandas as pd
    from sklearn.metrics import classification_report

    answers = _answers(probabilities, labels, class_names, threshold)
    numbers = [str(number) for number in range(len(class_names))]
    scores = classification_report(
        _with_an_empty_column(answers.expected),
        _with_an_empty_column(answers.predicted),
        labels=range(len(class_names)),
        target_names=numbers,  # a label may be called "micro avg"
        output_dict=True,
        zero_division=0,
    )
    rows = [scores[row] for row in (*numbers, *AVERAGES)]
    names = [as_cell(name) for name in class_names]
    return pd.DataFrame(rows, index=[*names, *AVERAGES]).astype({"support": int})


def rank_labels(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    files: Sequence[File] | None = None,
    *,
    threshold: float = 0.5,
) -> pd.DataFrame:
    """Ranks the wrong answers about labels, the most confident first; `plot_mistakes` shows them.

    Example:
        >>> table = rank_labels([[0.9, 0.2], [0.6, 0.7]], [[0, 0], [1, 0]], ["sea", "sky"])
        >>> print(table[["row", "expected", "predicted", "confidence"]])
           row expected predicted  confidence
        0    0  not sea       sea         0.9
        1    1  not sky       sky         0.7

    Args:
        probabilities: As `report_labels` takes them.
        labels: As `report_labels` takes them.
        class_names: Names in the order of the columns.
        files: Optional list of the n files; gives the columns `name`, `path` and `id`.
        threshold: A label is said from this probability on.

    Returns:
        DataFrame with a row a wrong answer, so that a picture may stand in several: `row` (its
        place in `probabilities`), `label`, `expected` and `predicted` (the label, or "not" before
        it) and `confidence` (the probability of what was predicted, in [0, 1]). Names are as they
        may be shown and saved as CSV.

    Raises:
        ValueError: As for `report_labels`, or `files` are not those of the rows.
    """
    import pandas as pd

    answers = _answers(probabilities, labels, class_names, threshold)
    check_files(files, len(answers.expected))
    rows, columns = np.nonzero(answers.expected != answers.predicted)
    said = answers.predicted[rows, columns]
    names = np.array([as_cell(name) for name in class_names], dtype=object)[columns]
    others = np.array([f"not {name}" for name in names], dtype=object)
    shares = answers.shares[rows, columns]
    table = pd.DataFrame(
        {
            "row": rows,
            "label": names,
            "expected": np.where(said, others, names),
            "predicted": np.where(said, names, others),
            "confidence": np.where(said, shares, 1 - shares),
        }
    )
    add_files(table, files)
    ranked = table.sort_values("confidence", ascending=False, kind="stable")
    return ranked.reset_index(drop=True)


def _answers(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    threshold: float,
) -> Answers:
    """Both, once it is sure that they belong together; a warning is for the caller's caller."""
    shares = np.asarray(probabilities, dtype=float)
    expected = np.asarray(labels)
    if shares.ndim != 2 or shares.shape != expected.shape:
        raise ValueError(
            "`labels` and `probabilities` must have a row a picture and a column a label, as "
            'predict_once returns them with `label_mode="multi_label"`. '
            f"Received: shapes {expected.shape} and {shares.shape}"
        )
    refuse_nothing(len(shares))
    check_names(class_names)
    if shares.shape[1] != len(class_names):
        raise other_names(f"There are {shares.shape[1]} columns, one a label", class_names)
    if not np.isin(expected, (0, 1)).all():
        raise ValueError(
            "`labels` must be ones and zeros, a column a label. Numbers of any kind are for "
            f"`report_numbers`. Received: {expected[~np.isin(expected, (0, 1))][:3].tolist()}"
        )
    if (shares < 0).any() or (shares > 1).any():
        raise ValueError(
            "`probabilities` must be shares from 0 to 1: let the model end with "
            '`activation="sigmoid"`. '
            f"Received: numbers from {np.nanmin(shares):.3g} to {np.nanmax(shares):.3g}"
        )
    if not (isinstance(threshold, Real) and 0 <= threshold <= 1):
        raise ValueError(f"`threshold` must be a number from 0 to 1. Received: {threshold!r}")
    warn_of_nan(shares, stacklevel=3)
    return Answers(expected.astype(bool), shares, shares >= threshold)


def _with_an_empty_column(answers: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Answers that scikit-learn takes for several labels, also where there is one."""
    return np.hstack([answers, np.zeros((len(answers), 1), bool)])
