"""How a saved listing is written: a line of JSON a file, and lines that tell how far it got.

    {"id": "1AbC", "name": "1.jpg", "label": "rose", "path": "rose/1.jpg", "size": 50000, ...}
    {"folder": "flowers17", "complete": true, "position": {...}, "label": "first"}

Files that any version saved can be read, so the fields and their names stay as they are. Where
`label` is missing, it is "parent".
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

from ..atomic import atomic_write
from ..drive import File
from ..drive.labels import Label, check_label
from ..drive.names import printable

__all__ = [
    "ListingProgress",
    "SavedListing",
    "SavedPosition",
    "file_line",
    "file_of_fields",
    "file_of_record",
    "has_files",
    "progress_line",
    "read_listing",
    "write_listing",
]

# The fields of a file, and what each may be. A source of one's own may number what it has, and may
# lack all that is not needed to read a file.
KINDS: dict[str, tuple[type, ...]] = {
    "id": (str, int),
    "name": (str,),
    "label": (str, int, NoneType),
    "path": (str,),
    "size": (int, NoneType),
    "md5": (str, NoneType),
    "version": (str, int, float, NoneType),
    "block": (str, int, NoneType),
}
FIELDS = tuple(KINDS)
LARGEST_SIZE = 2**50  # bytes, a petabyte: no file is larger, and sums of sizes stay exact

SavedPosition = dict[str, Any]  # what a listing goes on with; only its source knows what is in it


@dataclass(frozen=True, slots=True)
class ListingProgress:
    """How far a listing got, as a line of the file tells it. The last such line counts.

    Attributes:
        folder: What was listed; None where it is not known.
        complete: Whether the listing came to its end.
        position: Where it goes on, or since when to ask for changes; None where it is not known.
        label: Which folder is the class, as `list_images` was told.
    """

    folder: str | None = None
    complete: bool = False
    position: SavedPosition | None = None
    label: Label = "parent"


@dataclass(frozen=True, slots=True)
class SavedListing:
    """What a saved listing holds.

    Attributes:
        files: By id, in the order of the listing.
        progress: How far the listing got.
    """

    files: Mapping[str, File]
    progress: ListingProgress


def file_of_record(listed: Any) -> File:
    """A `File` with the attributes of a file of any source; `block` may be missing there.

    Raises:
        ValueError: An attribute is none that a file can have.
    """
    record: dict[str, Any] = {field: getattr(listed, field, None) for field in FIELDS}
    fault = _fault_of(record)
    if fault:
        raise ValueError(
            f"A file of this source cannot be kept in a list: {fault}. Received: {listed!r}"
        )
    return listed if isinstance(listed, File) else File(**record)


def file_of_fields(record: object) -> File:
    """A `File` from what JSON holds of it. Of its fields, those of a file are taken.

    Raises:
        ValueError: It is no file; the text says why.
    """
    if not isinstance(record, dict):
        raise ValueError("it is no mapping of a file's fields")
    known: dict[str, Any] = {field: record.get(field) for field in FIELDS}
    fault = _fault_of(known)
    if fault:
        raise ValueError(fault)
    return File(**known)


def _fault_of(record: Mapping[str, Any]) -> str:
    """What is wrong with the fields of a file; "" if nothing is."""
    for field, kinds in KINDS.items():
        value = record[field]
        if isinstance(value, bool) or not isinstance(value, kinds):
            return f"its `{field}` is of the type {type(value).__name__}"
    size = record["size"]
    if size is not None and not 0 <= size <= LARGEST_SIZE:
        return "its `size` is no number of bytes"
    return ""


def file_line(file: File) -> bytes:
    """The line of a file."""
    return _line({field: getattr(file, field) for field in FIELDS})


def progress_line(progress: ListingProgress) -> bytes:
    """The line that tells how far a listing got."""
    record: dict[str, Any] = {
        "folder": progress.folder,
        "complete": progress.complete,
        "position": progress.position,
    }
    if progress.label != "parent":  # which stands in no file of an older version
        record["label"] = progress.label
    return _line(record)


def write_listing(
    path: str | os.PathLike[str], files: Iterable[File], progress: ListingProgress
) -> None:
    """Writes a listing as a file, whole or not at all."""
    with atomic_write(path) as out:
        out.writelines(map(file_line, files))
        out.write(progress_line(progress))


def read_listing(path: str | os.PathLike[str]) -> SavedListing:
    """Reads a saved listing, also one that was interrupted.

    A last line that a kill cut short is left out.

    Raises:
        ValueError: A line is neither a file nor progress.
    """
    files = {}
    progress = ListingProgress()
    for record in _records(path):
        if isinstance(record, File):
            files[record.id] = record
        else:
            progress = record
    return SavedListing(files, progress)


def has_files(path: str | os.PathLike[str]) -> bool:
    """Whether a saved listing holds a file; no more is read than up to the first.

    Raises:
        ValueError: A line before it is neither a file nor progress.
    """
    return any(isinstance(record, File) for record in _records(path))


def _records(path: str | os.PathLike[str]) -> Iterator[File | ListingProgress]:
    """What the whole lines of a saved listing hold."""
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                record = _parse_line(line)
            except (ValueError, RecursionError):
                raise ValueError(
                    f"Line {number} of '{printable(str(path))}' is not a row of a listing: the "
                    "file is damaged, or another file. Delete it, and list again."
                ) from None
            yield record


def _parse_line(line: bytes) -> File | ListingProgress:
    """What a line holds.

    Raises:
        ValueError: It is neither a file nor progress.
        RecursionError: It is nested deeper than Python reads.
    """
    record = json.loads(line.decode("utf-8", "surrogatepass"))
    if isinstance(record, dict) and "complete" in record:
        return _progress_of_fields(record)
    return file_of_fields(record)


def _progress_of_fields(record: Mapping[str, Any]) -> ListingProgress:
    folder = record.get("folder")
    complete = record["complete"]
    position = record.get("position")
    is_progress = (
        isinstance(folder, (str, NoneType))
        and isinstance(complete, bool)
        and isinstance(position, (dict, NoneType))
    )
    if not is_progress:
        raise ValueError("it tells no progress")
    label = record.get("label", "parent")
    check_label(label)
    return ListingProgress(folder, complete, position, label)


def _line(record: Mapping[str, object]) -> bytes:
    """A line of JSON, with letters such as é as they are.

    A name that Unicode does not allow stands as JSON's escapes, and is read back as it was.
    """
    text = json.dumps(record, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")
