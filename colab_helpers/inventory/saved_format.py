"""How a saved listing is written: a line of JSON a file, and lines that tell how far it got.

    {"id": "1AbC", "name": "1.jpg", "label": "rose", "path": "rose/1.jpg", "size": 50000, ...}
    {"folder": "flowers17", "complete": true, "position": {...}}

Files that any version saved can be read, so the fields and their names stay as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..atomic import atomic_write
from ..drive import File

__all__ = [
    "Position",
    "Progress",
    "SavedListing",
    "as_file",
    "file_line",
    "progress_line",
    "read_listing",
    "write_listing",
]

FIELDS = ("id", "name", "label", "path", "size", "md5", "version", "block")

Position = dict[str, Any]  # what a listing goes on with; only its source knows what is in it


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a listing got, as a line of the file tells it. The last such line counts.

    Attributes:
        folder: What was listed; None where it is not known.
        complete: Whether the listing came to its end.
        position: Where it goes on, or since when to ask for changes; None where it is not known.
    """

    folder: str | None = None
    complete: bool = False
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class SavedListing:
    """What a saved listing holds.

    Attributes:
        files: By id, in the order of the listing.
        progress: How far the listing got.
    """

    files: Mapping[str, File]
    progress: Progress


def as_file(listed: File) -> File:
    """A `File` with the attributes of a file of any source; `block` may be missing there."""
    if isinstance(listed, File):
        return listed
    return File(**{field: getattr(listed, field, None) for field in FIELDS})


def file_line(file: File) -> bytes:
    """The line of a file."""
    return _line({field: getattr(file, field) for field in FIELDS})


def progress_line(progress: Progress) -> bytes:
    """The line that tells how far a listing got."""
    return _line(
        {
            "folder": progress.folder,
            "complete": progress.complete,
            "position": progress.position,
        }
    )


def write_listing(path: str | os.PathLike[str], files: Iterable[File], progress: Progress) -> None:
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
    progress = Progress()
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                record = _parse_line(line)
            except (ValueError, TypeError, KeyError):
                raise ValueError(
                    f"Line {number} of '{path}' is not a row of a listing: the file is damaged, "
                    "or another file. Delete it, and list again."
                ) from None
            if isinstance(record, File):
                files[record.id] = record
            else:
                progress = record
    return SavedListing(files, progress)


def _parse_line(line: bytes) -> File | Progress:
    record = json.loads(line.decode("utf-8", "surrogatepass"))
    if not isinstance(record, dict):
        raise TypeError("neither a file nor progress")
    if "id" in record:
        return File(**{field: record[field] for field in FIELDS})
    return Progress(
        folder=record.get("folder"),
        complete=bool(record.get("complete")),
        position=record.get("position"),
    )


def _line(record: Mapping[str, object]) -> bytes:
    """A line of JSON with names in plain letters; also names that are not Unicode come back."""
    text = json.dumps(record, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")
