"""Groups of files that belong on one side of a split, such as the pictures of one patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from ..drive import File
from ..drive.names import composed, named, printable

__all__ = ["group_by_id"]


def group_by_id(files: Sequence[File], groups: Mapping[str, str | int]) -> dict[str, str]:
    r"""The group of each file, by a name that is the same in every Python process.

    Groups that are equal have one name, and so have two ways to write an accent.

    Example:
        >>> files = [File(file_id, "1.jpg", "cat", "1.jpg", 9, None, "1") for file_id in "abc"]
        >>> group_by_id(files, {"a": 7, "b": 7.0, "c": "cafe\u0301"})
        {'a': '7', 'b': '7', 'c': 'café'}

    Args:
        files: The files to split.
        groups: `{id: group}`.

    Raises:
        ValueError: `groups` is no mapping, or a file's group is missing, or neither a text nor a
            whole number.
    """
    if not isinstance(groups, Mapping):
        raise ValueError(
            "`groups` must be a mapping, {id: group}, such as {file.id: patient}. "
            f"Received: {type(groups).__name__}"
        )
    without = [file for file in files if _is_missing(groups.get(file.id))]
    if without:  # next to their kin in another part they would flatter
        raise ValueError(
            f"{len(without)} of {len(files)} files have no group: "
            f"{named(file.path for file in without)}. To let each of them be a group of its own: "
            "`groups = {file.id: groups.get(file.id, file.id) for file in files}`"
        )
    return {file.id: _lasting_name(groups[file.id], file) for file in files}


def _is_missing(group: Any) -> bool:
    is_nan = isinstance(group, Real) and group != group  # which pandas writes for none
    return group is None or is_nan


def _lasting_name(group: Any, file: File) -> str:
    if isinstance(group, str):
        return composed(group)
    if _is_whole(group):
        return str(int(group))
    raise ValueError(
        f"The group of '{printable(file.path)}' (id {printable(str(file.id))}) must be a text or a "
        "whole number, which are the same in every run; of several values make one text, such as "
        f"f'{{site}} {{patient}}'. Received: {printable(repr(group))} ({type(group).__name__})"
    )


def _is_whole(group: Any) -> bool:
    is_finite = isinstance(group, Real) and abs(group) != float("inf")
    return is_finite and group % 1 == 0
