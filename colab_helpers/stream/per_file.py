"""What a user gives for each file: by file id, or in the order of the files.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg"), File(id="2", name="2.jpg")]
    >>> list(values_of_files(files, {"2": 0.5, "1": 3}))
    [3, 0.5]
    >>> list(values_of_files(files, [0.5, 3]))
    [0.5, 3]
    >>> refuse_missing(files, [3, None])
    Traceback (most recent call last):
    ...
    ValueError: `labels` has nothing for '2.jpg' (id 2). Each of the 2 files needs one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from .messages import file_named

__all__ = ["is_missing", "mapping_by_id", "refuse_missing", "values_of_files"]


def values_of_files(files: Sequence[Any], values: Any, argument: str = "labels") -> Sequence[Any]:
    """The value of each file; None for one that a mapping does not name.

    Args:
        files: Objects with `id` and `name`.
        values: A mapping, or a pandas Series or DataFrame, by file id. Or a list, an array or a
            column with the value of each of `files` in their order.
        argument: Where the user gave them.

    Raises:
        ValueError: `values` is none of these, or a table that names an id twice.
    """
    by_id = mapping_by_id(values, files, argument)
    if by_id is not None:
        return [by_id.get(file.id) for file in files]
    in_order = _in_order(values, argument)
    if len(in_order) != len(files):
        noun = "labels" if argument == "labels" else "values"
        raise ValueError(
            f"`{argument}` in the order of `files` needs one for each. "
            f"Received: {len(in_order)} {noun} for {len(files)} files"
        )
    return in_order


def mapping_by_id(
    values: Any, files: Sequence[Any], argument: str = "labels"
) -> Mapping[Any, Any] | None:
    """Values as a mapping; None where they stand in the order of `files`."""
    if isinstance(values, Mapping):
        return values
    if not (hasattr(values, "to_dict") and hasattr(values, "index")):
        return None
    rows = _rows_of_table(values)
    if any(file.id in rows for file in files):
        _refuse_twice(values.index.tolist(), argument)
        return rows
    if all(isinstance(row, (int, np.integer)) for row in rows):
        return None  # these are pandas' row numbers
    raise ValueError(
        f"`{argument}` is indexed by what is no file id: give `{{id: ...}}`, or a list in the "
        f"order of `files`. Received: an index of {list(rows)[:3]}, files such as "
        f"{file_named(files[0])}"
    )


def _refuse_twice(ids: Sequence[Any], argument: str) -> None:
    id, count = Counter(ids).most_common(1)[0]
    if count > 1:
        raise ValueError(
            f"`{argument}` has {count} rows for the id {id!r}: keep one. For a file that stands in "
            "`files` several times with several values, give a list in the order of `files`."
        )


def _rows_of_table(values: Any) -> Mapping[Any, Any]:
    """The rows of a pandas Series or DataFrame by its index."""
    if hasattr(values, "columns"):
        return dict(zip(values.index.tolist(), values.to_numpy()))
    series: dict[Any, Any] = values.to_dict()
    return series


def _in_order(values: Any, argument: str) -> Sequence[Any]:
    if hasattr(values, "__array__"):
        array: Any = np.asarray(values)
        if array.ndim:
            return array  # type: ignore[no-any-return]  # an array has all of a Sequence used here
    elif isinstance(values, Sequence) and not isinstance(values, (str, bytes)):
        return values
    raise ValueError(
        f"`{argument}` must be a mapping by file id, or a list, array or column in the order of "
        f"`files`. Received: {type(values).__name__}"
    )


def is_missing(value: Any) -> bool:
    """Whether it stands for no value: None, NaN, pandas' NA or NaT.

    Example:
        >>> [is_missing(value) for value in (None, float("nan"), 0.0, "", [])]
        [True, True, False, False, False]
    """
    if value is None or type(value).__name__ == "NAType":
        return True
    if isinstance(value, Collection):
        return False
    return bool(value != value)


def refuse_missing(files: Sequence[Any], values: Sequence[Any], argument: str = "labels") -> None:
    """Refuses values of which one is missing.

    Raises:
        ValueError: It names the first file without a value.
    """
    lacking = [file for file, value in zip(files, values) if is_missing(value)]
    if not lacking:
        return
    others = f", nor for {len(lacking) - 1} more" if len(lacking) > 1 else ""
    raise ValueError(
        f"`{argument}` has nothing for {file_named(lacking[0])}{others}. "
        f"Each of the {len(files)} files needs one."
    )
