r"""The index of packed shards: which file lies where. It is a CSV, for people too.

Whoever opens it in a spreadsheet runs no formula: a text that one would take for a formula begins
with an apostrophe there, which is taken away when the index is read.

Example:
    >>> row = IndexRow("shard-00000.zip", "=1+1/1.jpg", "1AbC", "7", "=1+1", 9, "")
    >>> print(as_text([row]), end="")
    shard-00000.zip,'=1+1/1.jpg,1AbC,7,'=1+1,9,
    >>> rows_of(as_text([row])) == [row]
    True
"""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..atomic import atomic_write
from ..drive import File
from ..drive.spreadsheet import as_plain_text, from_cell
from .storage import Storage

__all__ = ["INDEX", "IndexRow", "as_stored", "as_text", "rows_of", "shards_of_index", "write_rows"]

INDEX = "index.csv"  # names what was packed
LARGEST_INDEX = 256 << 20  # bytes: two million files and more


class IndexRow(NamedTuple):
    """What became of a file: a row of `index.csv`, or of `unread.csv` with a reason.

    Attributes:
        shard: Name of the shard.
        path: In the shard.
        id: Of the file in the listing.
        version: Of the file in the listing.
        label: Of the file in the listing.
        size: Bytes in the shard.
        reason: Why the file could not be read; empty where it could.
    """

    shard: str
    path: str
    id: str
    version: str
    label: str
    size: int
    reason: str

    def as_text(self) -> dict[str, str]:
        """The row as `csv.DictReader` would give it."""
        return {column: str(value) for column, value in self._asdict().items()}


def as_text(rows: Iterable[IndexRow]) -> str:
    """Rows as a CSV without titles."""
    return as_stored("".join(_line(row.as_text().values()) for row in rows))


def as_stored(text: str) -> str:
    r"""A text as an index has it: what is no UTF-8 in a name stands as its escape.

    Example:
        >>> print(as_stored("caf\udce9"))
        caf\udce9
    """
    return text.encode("utf-8", "backslashreplace").decode()


def rows_of(text: str) -> list[IndexRow]:
    """The rows that `as_text` was given.

    Raises:
        ValueError: A row is none of ours.
        csv.Error: It is no CSV.
    """
    rows = []
    for fields in csv.reader(io.StringIO(text, newline="")):
        shard, path, file_id, version, label, size, reason = map(from_cell, fields)
        rows.append(IndexRow(shard, path, file_id, version, label, int(size), reason))
    return rows


def write_rows(path: str, rows: Iterable[IndexRow], columns: Sequence[str]) -> None:
    """Writes rows as a CSV with these columns and titles, whole or not at all."""
    lines = [_line(columns)]
    for row in rows:
        fields = row.as_text()
        lines.append(_line(fields[column] for column in columns))
    with atomic_write(path) as out:
        out.write(as_stored("".join(lines)).encode())


def shards_of_index(storage: Storage, index: File) -> list[str]:
    """Names of the shards that an `index.csv` names, in its order.

    Raises:
        ValueError: It is none that `pack` wrote.
    """
    if (index.size or 0) > LARGEST_INDEX:
        raise ValueError(f"it has {index.size} bytes, and {LARGEST_INDEX} are read")
    text = storage.read(index).decode("utf-8", "replace")
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        if "shard" not in (rows.fieldnames or ()):
            raise ValueError("it has no column 'shard'")
        names = dict.fromkeys(from_cell(row["shard"] or "") for row in rows)
    except csv.Error as error:
        raise ValueError(f"it is no CSV: {error}") from error
    for name in names:
        if not _is_name_of_shard(name):
            raise ValueError(f"{name!r} in its column 'shard' is the name of no ZIP")
    return list(names)


def _is_name_of_shard(name: str) -> bool:
    return name.lower().endswith(".zip") and name == posixpath.basename(name)


def _line(fields: Iterable[str]) -> str:
    """A line of a CSV, with its line break."""
    guarded = [as_plain_text(field) for field in fields]
    has_return = any("\r" in field for field in guarded)
    line = io.StringIO(newline="")
    # `csv` leaves a lone carriage return as it is, and then takes it for the end of a line.
    writer = csv.writer(
        line,
        lineterminator="\n",
        quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL,
    )
    writer.writerow(guarded)
    return line.getvalue()
