"""How a saved listing is written: a line of JSON a file, and lines that tell how far it got.

    {"id": "1AbC", "name": "1.jpg", "label": "rose", "path": "rose/1.jpg", "size": 50000, ...}
    {"folder": "flowers17", "complete": true, "position": {...}}

Files that any version saved can be read, so the fields and their names stay as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..atomic import atomic_write
from ..drive import File

__all__ = [
    "ListingProgress",
    "SavedListing",
    "SavedPosition",
    "file_line",
    "file_of_record",
    "has_files",
    "progress_line",
    "read_listing",
    "write_listing",
]

FIELDS = ("id", "name", "label", "path", "size", "md5", "version", "block")

SavedPosition = dict[str, Any]  # what a listing goes on with; only its source knows what is in it


@dataclass(frozen=True, slots=True)
class ListingProgress:
    """How far a listing got, as a line of the file tells it. The last such line counts.

    Attributes:
        folder: What was listed; None where it is not known.
        complete: Whether the listing came to its end.
        position: Where it goes on, or since when to ask for changes; None where it is not known.
    """

    folder: str | None = None
    complete: bool = False
    position: SavedPosition | None = None


@dataclass(frozen=True, slots=True)
class SavedListing:
    """What a saved listing holds.

    Attributes:
        files: By id, in the order of the listing.
        progress: How far the listing got.
    """

    files: Mapping[str, File]
    progress: ListingProgress


def file_of_record(listed: File) -> File:
    """A `File` with the attributes of a file of any source; `block` may be missing there."""
    if isinstance(listed, File):
        return listed
    return File(**{field: getattr(listed, field, None) for field in FIELDS})


def file_line(file: File) -> bytes:
    """The line of a file."""
    return _line({field: getattr(file, field) for field in FIELDS})


def progress_line(progress: ListingProgress) -> bytes:
    """The line that tells how far a listing got."""
    return _line(
        {
            "folder": progress.folder,
            "complete": progress.complete,
            "position": progress.position,
        }
    )


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
            except (ValueError, TypeError, KeyError):
                raise ValueError(
                    f"Line {number} of '{path}' is not a row of a listing: the file is damaged, "
                    "or another file. Delete it, and list again."
                ) from None
            yield record


def _parse_line(line: bytes) -> File | ListingProgress:
    record = json.loads(line.decode("utf-8", "surrogatepass"))
    if not isinstance(record, dict):
        raise TypeError("neither a file nor progress")
    if "id" in record:
        return File(**{field: record[field] for field in FIELDS})
    return ListingProgress(
        folder=record.get("folder"),
        complete=bool(record.get("complete")),
        position=record.get("position"),
    )


def _line(record: Mapping[str, object]) -> bytes:
    """A line of JSON, with letters such as é as they are.

    A name that Unicode does not allow is written too, and is read back as it was.
    """
    text = json.dumps(record, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")
