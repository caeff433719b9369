"""Numbers that go with a picture: one, or an array of one shape for each.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg"), File(id="2", name="2.jpg")]
    >>> Numbers.of(files, {"1": 21, "2": 34.5}).of_files(np.array([1, 0]))
    array([34.5, 21. ], dtype=float32)
    >>> Numbers.of(files, {"1": [0, 1], "2": [0, 1, 2]})
    Traceback (most recent call last):
    ...
    ValueError: `labels` for '2.jpg' (id 2) has the shape (3,), where others have (2,).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .messages import file_named, shortened
from .per_file import refuse_missing, values_of_files

__all__ = ["Numbers"]

WANTED = "A number, or an array of numbers, is wanted for each file"


@dataclass(frozen=True)
class Numbers:
    """A number, or an array of one shape, for each file.

    Attributes:
        values: float32 `(files,)` or `(files, ...)`.
    """

    values: npt.NDArray[np.float32]

    @classmethod
    def of(cls, files: Sequence[Any], given: Any, argument: str = "labels") -> Numbers:
        """Takes a number, or an array, for each file.

        Args:
            files: Objects with `id` and `name`.
            given: See `per_file.values_of_files`.
            argument: Where the user gave them.

        Raises:
            ValueError: One is missing, is no number, is not finite, or has another shape.
        """
        values: Any = values_of_files(files, given, argument)
        if not (isinstance(values, np.ndarray) and values.dtype.kind in "buif"):
            refuse_missing(files, values, argument)
            rows = [_array(value, file, argument) for value, file in zip(values, files)]
            _refuse_other_shapes(rows, files, argument)
            values = np.stack(rows)
        with np.errstate(over="ignore"):  # what becomes infinite is refused
            floats = values.astype(np.float32)
        _refuse_infinite(floats, values, files, argument)
        return cls(floats)

    def of_files(self, file_numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """Those of some of the files, by number."""
        return self.values[file_numbers]


def _array(value: Any, file: Any, argument: str) -> npt.NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError:  # lists of several lengths
        array = np.asarray(None)
    if array.dtype.kind in "buif":
        return array
    raise ValueError(
        f"`{argument}` for {file_named(file)} is no number, nor an array of numbers. {WANTED}. "
        f"Received: {shortened(value)}"
    )


def _refuse_other_shapes(
    rows: Sequence[npt.NDArray[Any]], files: Sequence[Any], argument: str
) -> None:
    usual_shape, _ = Counter(row.shape for row in rows).most_common(1)[0]
    for row, file in zip(rows, files):
        if row.shape != usual_shape:
            raise ValueError(
                f"`{argument}` for {file_named(file)} has the shape {row.shape}, where others "
                f"have {usual_shape}."
            )


def _refuse_infinite(
    floats: npt.NDArray[np.float32], given: npt.NDArray[Any], files: Sequence[Any], argument: str
) -> None:
    is_finite = np.isfinite(floats).reshape(len(floats), -1).all(axis=1)
    if is_finite.all():
        return
    number = int(np.argmin(is_finite))
    raise ValueError(
        f"`{argument}` for {file_named(files[number])} is NaN, or infinite as float32. {WANTED}. "
        f"Received: {shortened(given[number].tolist())}"
    )
