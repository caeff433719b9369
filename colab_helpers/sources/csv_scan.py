r"""One pass through a CSV of pixels, to learn where its rows lie, with a piece in memory.

    pieces of the file -> lines -> rows -> a RowTable of arrays

Example:
    >>> pieces = [b"rose,0,1\ntul", b"ip,2,3\n"]
    >>> table = scan(pieces, count=2)
    >>> table.starts, table.ends, table.labels[table.codes]
    (array([0, 9]), array([ 8, 18]), array(['rose', 'tulip'], dtype='<U5'))
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..atomic import atomic_write
from .csv_lines import is_number, split_label

__all__ = ["RowTable", "load_table", "save_table", "scan"]

HEAD_BYTES = 256  # of a line that are kept in the pass: the longest label, and the first value
VALUE_BYTES = 64  # in a row; of a longer row, which is malformed, no more is read later on
SHORTEST_LIMIT = 1 << 20  # bytes: no line is refused for its length below that


@dataclass(frozen=True)
class RowTable:
    """Where the rows of a CSV lie; int64 arrays of shape `(rows,)`, and the labels.

    Attributes:
        lines: Number of the row's line, counted from 1; rising.
        starts: Its first byte in the CSV; rising.
        ends: The byte after its last.
        codes: Its place in `labels`.
        labels: Each label once, as strings of shape `(labels,)`.
    """

    lines: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    labels: npt.NDArray[np.str_]


class Line(NamedTuple):
    """A line of the CSV.

    Attributes:
        number: Counted from 1.
        start: Its first byte in the file.
        end: The byte after its last, which begins the line break.
        head: Its first bytes, at most 256.
    """

    number: int
    start: int
    end: int
    head: bytes


class FoundRow(NamedTuple):
    """A line that is a row."""

    line: Line
    label: str


def scan(pieces: Iterable[bytes], count: int) -> RowTable:
    """Finds the rows of a CSV.

    Args:
        pieces: The file from its start to its end, cut anywhere.
        count: Values in a row.

    Raises:
        ValueError: It has no rows, or a line that is longer than any row.
    """
    longest = VALUE_BYTES * count + HEAD_BYTES
    lines = array("q")
    starts = array("q")
    ends = array("q")
    codes = array("q")
    labels: dict[str, int] = {}
    for line, label in find_rows(split_lines(pieces, longest)):
        lines.append(line.number)
        starts.append(line.start)
        ends.append(min(line.end, line.start + longest))
        codes.append(labels.setdefault(label, len(labels)))
    if not lines:
        raise ValueError("it has no rows")
    return RowTable(
        lines=np.array(lines, np.int64),
        starts=np.array(starts, np.int64),
        ends=np.array(ends, np.int64),
        codes=np.array(codes, np.int64),
        labels=np.array(list(labels)),
    )


def split_lines(pieces: Iterable[bytes], longest: int) -> Iterator[Line]:
    r"""Yields the lines of a file.

    Example:
        >>> for line in split_lines([b"on", b"e\ntwo"], longest=10):
        ...     print(line)
        Line(number=1, start=0, end=3, head=b'one')
        Line(number=2, start=4, end=7, head=b'two')

    Args:
        pieces: The file from its start to its end, cut anywhere.
        longest: Bytes of the longest line that may be right.

    Raises:
        ValueError: A line is longer, and longer than a MiB.
    """
    number = 1
    start = 0
    head = b""
    piece_start = 0
    for piece in pieces:
        position = 0
        while (line_break := piece.find(b"\n", position)) >= 0:
            head += piece[position : min(line_break, position + HEAD_BYTES - len(head))]
            yield Line(number, start, piece_start + line_break, head)
            number += 1
            start = piece_start + line_break + 1
            head = b""
            position = line_break + 1
        head += piece[position : position + HEAD_BYTES - len(head)]
        piece_start += len(piece)
        if piece_start - start > max(longest, SHORTEST_LIMIT):
            raise ValueError(f"line {number} is longer than {longest} bytes")
    if start < piece_start:
        yield Line(number, start, piece_start, head)


def find_rows(lines: Iterable[Line]) -> Iterator[FoundRow]:
    """Yields the lines that are rows: neither blank, nor a first line with titles."""
    for line in lines:
        if not line.head.strip():
            continue
        label, values = split_label(line.head)
        if line.number == 1 and _is_title(values.partition(b",")[0].strip()):
            continue
        yield FoundRow(line, label)


def _is_title(first_value: bytes) -> bool:
    return first_value != b"" and not is_number(first_value)


def save_table(table: RowTable, path: str, of: str) -> None:
    """Saves a table as an .npz, whole or not at all; `of` names the CSV and its version."""
    with atomic_write(path) as out:
        np.savez(
            out,
            of=np.array(of),
            lines=table.lines,
            starts=table.starts,
            ends=table.ends,
            codes=table.codes,
            labels=table.labels,
        )


def load_table(path: str, of: str) -> RowTable | None:
    """Loads a table that `save_table` wrote for the same CSV; None where it is of another one.

    Raises:
        Exception: There is none, or it is damaged.
    """
    with np.load(path) as saved:
        if str(saved["of"]) != of:
            return None
        return RowTable(**{field.name: saved[field.name] for field in fields(RowTable)})
