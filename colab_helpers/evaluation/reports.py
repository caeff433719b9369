"""How good a model is, as tables: by class, and mistake by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..drive.spreadsheet import as_cell
from .class_numbers import expected_and_predicted
from .tables import add_files, check_files

if TYPE_CHECKING:
    import pandas as pd

    from ..drive import File

__all__ = ["rank_mistakes", "report"]

ROUNDING = 1e-2  # of shares in bfloat16, which has two digits


def report(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, class_names: Sequence[str]
) -> pd.DataFrame:
    """Precision, recall and F1 by class, as scikit-learn computes them.

    Example:
        >>> print(report([0, 0, 1], [0, 1, 1], ["cat", "dog"]).loc["cat", "precision"])
        0.5

    Args:
        probabilities: Array `(n, classes)` or `(n, 1)`, as `predict_once` returns, or class
            indices `(n,)`.
        labels: True classes: indices `(n,)` or one-hot rows.
        class_names: Names in the order of the indices.

    Returns:
        DataFrame with a row a class, then `accuracy` (the same number in the first three columns),
        `macro avg` and `weighted avg`; columns `precision`, `recall`, `f1-score` (all in [0, 1])
        and `support` (pictures of the class). A class without pictures stays in, with support 0;
        its zeros count in `macro avg`, and not in `weighted avg`. Names are as they may be shown.

    Raises:
        ValueError: Labels and probabilities are not of the same pictures, there are none, or
            `class_names` does not name their classes, each one.
    """
    import pandas as pd
    from sklearn.metrics import accuracy_score, classification_report

    expected, predicted = expected_and_predicted(labels, probabilities, class_names, stacklevel=2)
    numbers = [str(number) for number in range(len(class_names))]
    scores = classification_report(
        expected,
        predicted,
        labels=range(len(class_names)),
        target_names=numbers,  # a class may be called "accuracy"
        output_dict=True,
        zero_division=0,
    )
    # With a `labels` list scikit-learn may call it "micro avg", which is the same number for one
    # label a picture.
    accuracy = accuracy_score(expected, predicted)
    accuracy_row = {
        "precision": accuracy,
        "recall": accuracy,
        "f1-score": accuracy,
        "support": len(expected),
    }
    rows = [scores[number] for number in numbers]
    rows += [accuracy_row, scores["macro avg"], scores["weighted avg"]]
    names = [as_cell(name) for name in class_names]
    names += ["accuracy", "macro avg", "weighted avg"]
    return pd.DataFrame(rows, index=names).astype({"support": int})


def rank_mistakes(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    files: Sequence[File] | None = None,
) -> pd.DataFrame:
    """Ranks the wrong answers, the most confident first.

    There the model is most wrong, or a label is.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
        >>> rank_mistakes(probabilities, [1, 1, 1], ["cat", "dog"])["row"].tolist()
        [0, 1]

    Args:
        probabilities: Array `(n, classes)` or `(n, 1)`, as `predict_once` returns.
        labels: True classes: indices `(n,)` or one-hot rows.
        class_names: Names in the order of the indices.
        files: Optional list of the n files; gives the columns `name`, `path` and `id`.

    Returns:
        DataFrame with a row a mistake: `row` (its place in `probabilities`), `expected`,
        `predicted`, `confidence` (probability of the predicted class) and `expected_probability`
        (of the right one), both in [0, 1]. Names, paths and ids are as they may be shown and saved
        as CSV: `files[row]` has them as they came.

    Raises:
        ValueError: Labels and probabilities are not of the same pictures, there are none,
            `class_names` does not name their classes, each one, `probabilities` has another
            shape or holds no shares from 0 to 1, or `files` are not those of the rows.
    """
    import pandas as pd

    probabilities = np.asarray(probabilities)
    expected, predicted = expected_and_predicted(labels, probabilities, class_names, stacklevel=2)
    probabilities = _a_column_a_class(probabilities)
    shape = (len(expected), len(class_names))
    if probabilities.shape != shape:
        raise ValueError(
            f"`probabilities` must have a row a picture and a column a class, here {shape}. "
            f"Received: shape {probabilities.shape}"
        )
    _refuse_other_than_shares(probabilities)
    check_files(files, len(expected))
    wrong = np.flatnonzero(expected != predicted)
    names = np.array([as_cell(name) for name in class_names], dtype=object)
    table = pd.DataFrame(
        {
            "row": wrong,
            "expected": names[expected[wrong]],
            "predicted": names[predicted[wrong]],
            "confidence": probabilities[wrong, predicted[wrong]],
            "expected_probability": probabilities[wrong, expected[wrong]],
        }
    )
    add_files(table, files)
    ranked = table.sort_values("confidence", ascending=False, kind="stable")
    return ranked.reset_index(drop=True)


def _a_column_a_class(probabilities: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Gives a sigmoid's column, which is of class 1, the column of class 0 beside it."""
    if probabilities.shape[1:] != (1,):
        return probabilities
    return np.hstack([1 - probabilities, probabilities])


def _refuse_other_than_shares(probabilities: npt.NDArray[Any]) -> None:
    """Refuses what a model gives without a softmax: the highest number of all is not the surest.

    Raises:
        ValueError: There are numbers below 0 or above 1, by more than rounding.
    """
    shares = probabilities.astype(float)
    if (shares < -ROUNDING).any() or (shares > 1 + ROUNDING).any():
        least, most = np.nanmin(shares), np.nanmax(shares)
        raise ValueError(
            "`probabilities` must be shares from 0 to 1, or the surest mistake cannot be told. Of "
            "a model that ends without a softmax, give "
            "`scipy.special.softmax(probabilities, axis=1)`. "
            f"Received: numbers from {least:.3g} to {most:.3g}"
        )
