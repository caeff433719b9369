"""A folder that `pack` wrote, as it is found again: its shards, and its labels."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..drive import File
from ..drive.names import printable
from .errors import ArchiveError
from .indexes import INDEX, shards_of_index
from .packed_labels import LABELS, LARGEST_LABELS, labels_of_json
from .storage import Storage

__all__ = ["PackedFolder", "find_zips", "read_labels"]


class PackedFolder(NamedTuple):
    """The ZIPs at a path.

    Attributes:
        zips: Their paths.
        labels: The path of `labels.json`, whether there is one or not; None where the path is that
            of one ZIP.
    """

    zips: list[str]
    labels: str | None


def find_zips(storage: Storage, path: str) -> PackedFolder:
    """The ZIPs in a folder, as its index names them; any other path, ID or address is one ZIP.

    Raises:
        ArchiveError: The index is none that `pack` wrote.
    """
    if path.lower().endswith(".zip"):
        return PackedFolder([path], None)
    try:
        index = storage.find(posixpath.join(path, INDEX))
    except Exception:  # there is none; if something else is wrong, opening the ZIP tells what
        return PackedFolder([path], None)
    try:
        shards = shards_of_index(storage, index)
    except ValueError as error:
        raise ArchiveError(
            f"Could not open {path!r} as shards: the {INDEX} in it (id {printable(index.id)}) is "
            f"none that `pack` wrote ({error}). Name the ZIP itself, with its ending."
        ) from error
    zips = [posixpath.join(path, shard) for shard in shards]
    return PackedFolder(zips, posixpath.join(path, LABELS))


def read_labels(
    storage: Storage, paths: Iterable[str], file_of_id: Callable[[str], File | None]
) -> Any:
    """The labels of folders that `pack` wrote, in one; None where there are none.

    Args:
        storage: Where they lie.
        paths: Of each `labels.json`, whether it is there or not.
        file_of_id: Finds an image of the archive.

    Raises:
        ArchiveError: One is none that `pack` wrote.
    """
    found = None
    for path in paths:
        labels = _labels_at(storage, path, file_of_id)
        if labels is not None:
            found = labels if found is None else _joined(found, labels)
    return found


def _labels_at(storage: Storage, path: str, file_of_id: Callable[[str], File | None]) -> Any:
    try:
        file = storage.find(path)
    except Exception as error:
        if _says_missing(error):
            return None
        raise
    try:
        if (file.size or 0) > LARGEST_LABELS:
            raise ValueError(f"it has {file.size} bytes, and {LARGEST_LABELS} are read")
        return labels_of_json(storage.read(file), file_of_id)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(
            f"Could not read the labels {path!r} (id {printable(file.id)}): it is no file that "
            f"`pack` wrote ({error}). Call pack again with the same files and `labels`."
        ) from error


def _says_missing(error: Exception) -> bool:
    """Whether a source says that nothing is at a path, by the name of its error."""
    return type(error).__name__ in ("NotFoundError", "FileNotFoundError")


def _joined(labels: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Labels by id, or by output and by id, of two folders."""
    joined = dict(labels)
    for name, other in others.items():
        both_are_outputs = isinstance(other, dict) and isinstance(joined.get(name), dict)
        joined[name] = {**joined[name], **other} if both_are_outputs else other
    return joined
