"""Several labels a picture, or none: a row of zeros and ones.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg"), File(id="2", name="2.jpg")]
    >>> labels = SeveralLabels.of(files, {"1": ["sky", "sea"], "2": []})
    >>> labels.names
    ['sea', 'sky']
    >>> labels.of_files(np.array([1, 0]))
    array([[0., 0.],
           [1., 1.]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .classes import (
    class_of,
    is_class_type,
    refuse_two_kinds,
    warn_of_names_that_look_alike,
)
from .messages import file_named, shortened
from .per_file import mapping_by_id, refuse_missing, values_of_files

__all__ = ["SeveralLabels"]

WANTED = 'A collection of names is wanted for each file, such as ["sky", "sea"], or []'
RAW_TAKES_ROWS = '`label_mode="raw"` takes rows of zeros and ones'
SHOWN_NAMES = 20  # so many class names stand in an error message


@dataclass(frozen=True)
class SeveralLabels:
    """Any number of classes for each file.

    Attributes:
        names: The classes, in the order of their columns.
        numbers: The classes of each file, by number.
    """

    names: list[Any]
    numbers: Sequence[npt.NDArray[np.intp]]

    @classmethod
    def of(
        cls, files: Sequence[Any], given: Any, names: Sequence[Any] | None = None
    ) -> SeveralLabels:
        """Numbers the classes of a list of files.

        Args:
            files: Objects with `id` and `name`.
            given: A collection of names for each file; see `per_file.values_of_files`.
            names: What `as_class_names` gave, in the order of their columns; by default all that
                `given` names, also for other files, sorted.

        Raises:
            ValueError: A file has no collection of names, or a name that is no class.
        """
        if given is None:
            raise ValueError(f'`label_mode="multi_label"` needs `labels`. {WANTED}.')
        values = values_of_files(files, given)
        refuse_missing(files, values)
        labels = [_names_of(value, file) for value, file in zip(values, files)]
        _refuse_kinds(labels, files)
        rows_of_all = [*labels, *_of_all_in_mapping(given, files)]
        _refuse_zeros_and_ones(rows_of_all, values, files)
        names = _sorted_names(labels, rows_of_all) if names is None else list(names)
        warn_of_names_that_look_alike(names)
        number_of_name = {name: number for number, name in enumerate(names)}
        for of_file, file in zip(labels, files):
            _refuse_unknown(of_file, file, names, number_of_name)
        numbers = [
            np.array([number_of_name[name] for name in of_file], np.intp) for of_file in labels
        ]
        return cls(names, numbers)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The rows of all files, float32 `(files, classes)`."""
        return self.of_files(np.arange(len(self.numbers)))

    def of_files(self, file_numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """The rows of some of the files, by number, float32 `(n, classes)`."""
        rows = np.zeros((len(file_numbers), len(self.names)), np.float32)
        for row, number in zip(rows, file_numbers):
            row[self.numbers[number]] = 1
        return rows


def _names_of(value: Any, file: Any) -> list[Any]:
    """The names for one file, in the form that class names have."""
    if isinstance(value, np.ndarray) and value.ndim:
        value = value.tolist()
    if not isinstance(value, Collection) or isinstance(value, (str, bytes, Mapping)):
        raise _refused(file, "no collection of names", value)
    for name in value:
        if name is None or not is_class_type(type(name)):
            raise _refused(file, "not of names alone, of str or int", value)
    names = [class_of(name) for name in value]
    if any(isinstance(name, int) for name in names) and len(set(names)) < len(names):
        raise _refused(file, f"a row of numbers that repeat; {RAW_TAKES_ROWS}", value)
    return names


def _refused(file: Any, said: str, value: Any) -> ValueError:
    return ValueError(
        f"`labels` for {file_named(file)} is {said}. {WANTED}. Received: {shortened(value)}"
    )


def _refuse_kinds(labels: Sequence[list[Any]], files: Sequence[Any]) -> None:
    flat = [(name, file) for of_file, file in zip(labels, files) for name in of_file]
    refuse_two_kinds([name for name, _ in flat], [file for _, file in flat])


def _refuse_zeros_and_ones(
    rows: Sequence[list[Any]], values: Sequence[Any], files: Sequence[Any]
) -> None:
    """Refuses rows such as [1, 0] and [0, 1], which would both be the classes 0 and 1."""
    names = {name for row in rows for name in row}
    is_of_one_length = len({len(row) for row in rows}) == 1
    if names and names <= {0, 1} and is_of_one_length:
        said = f"of numbers 0 and 1 alone, as many as for all others; {RAW_TAKES_ROWS}"
        raise _refused(files[0], said, values[0])


def _of_all_in_mapping(given: Any, files: Sequence[Any]) -> list[list[Any]]:
    """The names of all that a mapping names, also of other files; none where it is no mapping."""
    named = []
    for value in (mapping_by_id(given, files) or {}).values():
        try:
            named.append(_names_of(value, None))
        except ValueError:  # it is no label of these files
            continue
    return named


def _sorted_names(labels: Sequence[list[Any]], of_all: Sequence[list[Any]]) -> list[Any]:
    """All names, sorted: so a part of the files numbers its classes as the whole does."""
    all_names = {name for row in of_all for name in row}
    if len({isinstance(name, str) for name in all_names}) > 1:
        return sorted({name for row in labels for name in row})  # other files mix kinds
    return sorted(all_names)


def _refuse_unknown(
    labels: Sequence[Any], file: Any, names: Sequence[Any], known: Mapping[Any, int]
) -> None:
    for name in labels:
        if name not in known:
            raise ValueError(
                f"{file_named(file)} has the label {name!r}, which is no class. "
                f"Received: class_names={list(names)[:SHOWN_NAMES]}"
            )
