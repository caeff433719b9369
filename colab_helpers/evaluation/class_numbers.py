"""From predictions or labels to class numbers, and whether names fit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .tables import check_names, refuse_not_numbers, refuse_nothing, warn_of_nan

__all__ = ["class_indices", "expected_and_predicted", "other_names"]

# The number is that of Keras's BinaryAccuracy: https://keras.io/api/metrics/accuracy_metrics/.
# Keras compares with >, and `class_indices` with >=: exactly 0.5 is class 0 there, and 1 here.
SIGMOID_THRESHOLD = 0.5
FLOAT_KINDS = "fV"  # NumPy's `dtype.kind`; "V" is that of bfloat16, which comes from ml_dtypes
NAMES_SHOWN = 20  # in a message


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

    Raises:
        ValueError: The array has another number of dimensions, or holds no numbers.
    """
    values = np.asarray(values)
    if values.ndim not in (1, 2):
        raise ValueError(
            "Classes are told by an array of a row a picture, `(n,)`, `(n, 1)` or `(n, classes)`. "
            "For masks there is `compare_masks`, for numbers `report_numbers`. "
            f"Received: shape {values.shape}"
        )
    if values.dtype.kind in "USO":
        raise ValueError(
            "Classes are told by numbers, from 0. Those of names are `[class_names.index(name) for "
            f"name in names]`. Received: {values.ravel()[:NAMES_SHOWN].tolist()}"
        )
    if values.ndim == 2 and values.shape[1] > 1:
        return np.asarray(values.argmax(axis=1), dtype=int)
    column = values.reshape(len(values))
    if column.dtype.kind in FLOAT_KINDS:
        column = column >= SIGMOID_THRESHOLD
    return column.astype(int)


def expected_and_predicted(
    labels: npt.ArrayLike,
    predictions: npt.ArrayLike,
    class_names: Sequence[str],
    *,
    stacklevel: int,
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Class indices of both, once it is sure that they belong together.

    Args:
        labels: As `class_indices` takes them.
        predictions: As `class_indices` takes them.
        class_names: Names in the order of the indices.
        stacklevel: Which caller a warning is for, as `warnings.warn` counts from here.

    Raises:
        ValueError: They are not of the same pictures, there are none, or `class_names` are the
            names of other classes.
    """
    expected = class_indices(labels)
    predicted = class_indices(predictions)
    if len(expected) != len(predicted):
        raise ValueError(
            "`labels` and `probabilities` must have a row for the same pictures, as predict_once "
            f"returns them. Received: {len(expected)} labels, {len(predicted)} predictions"
        )
    refuse_nothing(len(expected))
    for values, name in ((labels, "labels"), (predictions, "probabilities")):
        _check_class_names(np.asarray(values), name, class_names)
    _refuse_several_labels(np.asarray(labels))
    refuse_not_numbers(np.asarray(labels, dtype=float), "labels")
    warn_of_nan(np.asarray(predictions, dtype=float), stacklevel + 1)
    return expected, predicted


def _check_class_names(
    values: npt.NDArray[Any], values_name: str, class_names: Sequence[str]
) -> None:
    """Raises a ValueError unless there is a name for each class, and a class for each name."""
    check_names(class_names)
    fault = _misfit(values, values_name, len(class_names))
    if fault:
        raise other_names(fault, class_names)


def other_names(fault: str, class_names: Sequence[str]) -> ValueError:
    """The error for names that are those of other classes."""
    return ValueError(
        f"{fault}, but `class_names` has {len(class_names)} names. Give `sequence.class_names` of "
        "the sequence that the model was trained on. "
        f"Received: class_names={list(class_names)[:NAMES_SHOWN]}"
    )


def _refuse_several_labels(labels: npt.NDArray[Any]) -> None:
    """Refuses rows of several ones, or none: the highest of a row would be the first of them.

    Raises:
        ValueError: There is such a row.
    """
    if labels.ndim != 2 or labels.shape[1] == 1 or not np.isin(labels, (0, 1)).all():
        return
    ones = np.asarray(labels, dtype=int).sum(axis=1)
    if (ones != 1).any():
        row = int((ones != 1).argmax())
        raise ValueError(
            "`labels` has rows of several ones, or none: for several labels a picture there are "
            f"`report_labels` and `rank_labels`. Received: {ones[row]} ones in row {row}"
        )


def _misfit(values: npt.NDArray[Any], values_name: str, names: int) -> str:
    """Why values cannot be of so many classes; "" where they can."""
    if values.ndim == 2 and values.shape[1] > 1:
        columns = values.shape[1]
        return "" if columns == names else f"`{values_name}` has {columns} columns, one a class"
    if values.dtype.kind in FLOAT_KINDS:
        column = values.astype(float)
        if (column < 0).any() or (column > 1).any():
            return (
                f"`{values_name}` is one column of floats that are no shares from 0 to 1: class "
                "numbers must be ints, and a sigmoid must follow on what a model gives"
            )
        return "" if names == 2 else f"`{values_name}` is one column of floats, of two classes"
    if values.min() < 0 or values.max() >= names:
        return f"A class index in `{values_name}` is {_farthest(values)}"
    return ""


def _farthest(values: npt.NDArray[Any]) -> int:
    """The class index that is no place in a list: a negative one, or the highest."""
    return int(values.min()) if values.min() < 0 else int(values.max())
