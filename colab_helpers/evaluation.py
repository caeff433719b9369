"""How good is the model: predict each picture exactly once, then report and rank the mistakes.

`model.predict` returns rows without saying which file each belongs to, and a shuffled or augmented
sequence gives other rows each time. `predict_once` walks the sequence in file order, unshuffled and
unaugmented, and keeps row and file together. What follows is scikit-learn's.

Example:
    >>> import numpy as np
    >>> from colab_helpers.evaluation import rank_mistakes, report
    >>> class_names = ["cat", "dog"]
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> labels = np.array([0, 1, 1])
    >>> print(report(probabilities, labels, class_names).loc["dog", "recall"])
    0.5
    >>> mistakes = rank_mistakes(probabilities, labels, class_names)
    >>> mistakes[["row", "expected", "predicted", "confidence"]]
       row expected predicted  confidence
    0    1      dog       cat         0.6

In reading order: `predict_once` gives `Predictions`; `class_indices` turns them into class numbers,
here and wherever else the project needs them; `report` and `rank_mistakes` make tables.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

    from .drive import File

__all__ = ["Predictions", "class_indices", "predict_once", "rank_mistakes", "report"]

# The number is that of Keras's BinaryAccuracy: https://keras.io/api/metrics/accuracy_metrics/.
# Keras compares with >, and `class_indices` with >=: exactly 0.5 is class 0 there, and 1 here.
SIGMOID_THRESHOLD = 0.5
FLOAT_KINDS = "fV"  # NumPy's `dtype.kind`; "V" is that of bfloat16, which comes from ml_dtypes


class Predictions(NamedTuple):
    """What a model says of each picture, one row a file.

    Attributes:
        probabilities: Float array `(n, classes)`, or `(n, 1)` for a single sigmoid unit.
        labels: Int array `(n,)` of class indices, or None where the sequence yields no labels.
        files: List of the n files.
    """

    probabilities: npt.NDArray[Any]
    labels: npt.NDArray[np.int_] | None
    files: list[Any]


class Model(Protocol):
    """A Keras model, or anything that predicts a batch."""

    def predict_on_batch(self, images: npt.NDArray[Any], /) -> Any:
        """Probabilities `(n, classes)` or `(n, 1)` for images `(n, height, width, channels)`."""
        ...


class BatchesInOrder(Protocol):
    """A `StreamingSequence`, or anything that yields batches in file order."""

    def in_order(self) -> Iterable[tuple[npt.NDArray[Any], npt.NDArray[Any] | None, list[File]]]:
        """Yields `(images, labels, files)`."""
        ...


def predict_once(model: Model, sequence: BatchesInOrder) -> Predictions:
    """Predicts each file of a sequence exactly once, in file order.

    Example:
        ```python
        probabilities, labels, files = predict_once(model, test)
        ```

    Args:
        model: A Keras model, or anything with `predict_on_batch(images)`.
        sequence: A `StreamingSequence`, or anything whose `in_order()` yields
            `(images, labels, files)`.

    Returns:
        A named tuple `(probabilities, labels, files)`, one row a file; files that were skipped are
        in none of them. `probabilities` is a float array `(n, classes)` (`(n, 1)` for a single
        sigmoid unit), `labels` an int array `(n,)` of class indices whatever the sequence's
        `label_mode` (None where it yields no labels), `files` a list.

    Raises:
        ValueError: Not a single file could be read.
    """
    probabilities = []
    labels = []
    files: list[File] = []
    batch_size = 0
    for images, batch_labels, batch_files in sequence.in_order():
        count = len(images)
        batch_size = max(batch_size, count)
        # Another batch size would make Keras trace the model again.
        answers = model.predict_on_batch(_filled_up(images, batch_size))
        probabilities.append(np.asarray(answers)[:count])
        if batch_labels is not None:
            labels.append(class_indices(batch_labels))
        files.extend(batch_files)
    if not files:
        raise ValueError(
            "There was nothing to predict: the sequence yielded no picture. Its `skipped` says "
            "which files were left out and why. "
            f"Received: {getattr(sequence, 'skipped', sequence)}"
        )
    return Predictions(
        probabilities=np.concatenate(probabilities),
        labels=np.concatenate(labels) if labels else None,
        files=files,
    )


def class_indices(values: npt.ArrayLike) -> npt.NDArray[np.int_]:
    """Turns probabilities, one-hot labels, binary labels or class indices into class indices.

    What a single column means depends on its dtype: floats are a sigmoid's output (or binary
    labels, 0.0 and 1.0), ints are class numbers and stay as they are.

    Example:
        >>> class_indices(np.array([[0.2, 0.8], [0.9, 0.1]])).tolist()
        [1, 0]
        >>> class_indices(np.array([[0.7], [0.2]])).tolist()
        [1, 0]
        >>> class_indices(np.array([[2], [0]])).tolist()
        [2, 0]

    Args:
        values: `(n, classes)` of any dtype, the highest value of a row tells its class; or
            `(n, 1)` or `(n,)`: floats in [0, 1], where 0.5 and above is class 1, or ints, which
            are class numbers.

    Returns:
        Int array `(n,)`.
    """
    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] > 1:
        return np.asarray(values.argmax(axis=1), dtype=int)
    column = values.reshape(len(values))
    if column.dtype.kind in FLOAT_KINDS:
        column = column >= SIGMOID_THRESHOLD
    return column.astype(int)


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
        and `support` (pictures of the class). A class without pictures stays in, with support 0.

    Raises:
        ValueError: Labels and probabilities are not of the same pictures, there are none, or a
            class has no name.
    """
    import pandas as pd
    from sklearn.metrics import accuracy_score, classification_report

    expected, predicted = _expected_and_predicted(labels, probabilities, class_names)
    scores = classification_report(
        expected,
        predicted,
        labels=range(len(class_names)),
        target_names=list(class_names),
        output_dict=True,
        zero_division=0,
    )
    rows = {name: scores[name] for name in class_names}
    # With a `labels` list scikit-learn may call it "micro avg", which is the same number for one
    # label a picture.
    accuracy = accuracy_score(expected, predicted)
    rows["accuracy"] = {
        "precision": accuracy,
        "recall": accuracy,
        "f1-score": accuracy,
        "support": len(expected),
    }
    rows["macro avg"] = scores["macro avg"]
    rows["weighted avg"] = scores["weighted avg"]
    return pd.DataFrame(rows).T.astype({"support": int})


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
        (of the right one), both in [0, 1].

    Raises:
        ValueError: Labels and probabilities are not of the same pictures, there are none, a class
            has no name, or `probabilities` has another shape.
    """
    import pandas as pd

    probabilities = np.asarray(probabilities)
    expected, predicted = _expected_and_predicted(labels, probabilities, class_names)
    probabilities = _a_column_a_class(probabilities)
    shape = (len(expected), len(class_names))
    if probabilities.shape != shape:
        raise ValueError(
            f"`probabilities` must have a row a picture and a column a class, here {shape}. "
            f"Received: shape {probabilities.shape}"
        )
    wrong = np.flatnonzero(expected != predicted)
    names = np.array(list(class_names), dtype=object)
    table = pd.DataFrame(
        {
            "row": wrong,
            "expected": names[expected[wrong]],
            "predicted": names[predicted[wrong]],
            "confidence": probabilities[wrong, predicted[wrong]],
            "expected_probability": probabilities[wrong, expected[wrong]],
        }
    )
    if files is not None:
        wrong_files = [files[row] for row in wrong.tolist()]
        table["name"] = [file.name for file in wrong_files]
        table["path"] = [file.path for file in wrong_files]
        table["id"] = [file.id for file in wrong_files]
    ranked = table.sort_values("confidence", ascending=False, kind="stable")
    return ranked.reset_index(drop=True)


mistakes = rank_mistakes  # the name until 0.2; gone in 0.3


def _filled_up(images: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The images, followed by black ones up to `size`."""
    lacking = size - len(images)
    if not lacking:
        return images
    black = np.zeros((lacking, *images.shape[1:]), images.dtype)
    return np.concatenate([images, black])


def _a_column_a_class(probabilities: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Gives a sigmoid's column, which is of class 1, the column of class 0 beside it."""
    if probabilities.shape[1:] != (1,):
        return probabilities
    return np.hstack([1 - probabilities, probabilities])


def _expected_and_predicted(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_names: Sequence[str]
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Class indices of both, checked; warnings go to the caller of the caller."""
    expected = class_indices(labels)
    predicted = class_indices(predictions)
    if len(expected) != len(predicted):
        raise ValueError(
            "`labels` and `probabilities` must have a row for the same pictures, as predict_once "
            f"returns them. Received: {len(expected)} labels, {len(predicted)} predictions"
        )
    if not len(expected):
        raise ValueError(
            "There is nothing to evaluate: 0 predictions. Check that the test part holds files."
        )
    highest = max(expected.max(), predicted.max())
    if highest >= len(class_names):
        raise ValueError(
            f"A class index is {highest}, but `class_names` has {len(class_names)} names. Give "
            "`sequence.class_names` of the sequence that the model was trained on. "
            f"Received: class_names={list(class_names)}"
        )
    if not np.isfinite(np.asarray(predictions, dtype=float)).all():
        warnings.warn(
            "Some predictions are not numbers (NaN): the training went wrong, not the test.",
            stacklevel=3,
        )
    return expected, predicted
