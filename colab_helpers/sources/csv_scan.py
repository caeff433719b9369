r"""One pass through a CSV of pixels, to learn where its rows lie, with a piece in memory.

    pieces of the file -> lines -> rows -> a CsvTable of arrays

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

__all__ = ["CsvTable", "load_table", "save_table", "scan"]

HEAD_BYTES = 256  # of a line that are kept in the pass: the longest label, and the first value
MOST_BYTES_A_VALUE = 64  # with its comma; of a longer row, which is malformed, the end is not read
ALWAYS_ALLOWED_BYTES = 1 << 20  # a line of so many, or fewer, is never refused for its length


@dataclass(frozen=True)
class CsvTable:
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
        head: Its first bytes, at most `HEAD_BYTES`.
    """

    number: int
    start: int
    end: int
    head: bytes


class FoundRow(NamedTuple):
    """A line that is a row."""

    line: Line
    label: str


def scan(pieces: Iterable[bytes], count: int) -> CsvTable:
    """Finds the rows of a CSV.

    Args:
        pieces: The file from its start to its end, cut anywhere.
        count: Values in a row.

    Raises:
        ValueError: It has no rows, or a line that is longer than any row.
    """
    longest = HEAD_BYTES + count * MOST_BYTES_A_VALUE
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
    return CsvTable(
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
        ValueError: A line is longer, and longer than `ALWAYS_ALLOWED_BYTES`.
    """
    allowed = max(longest, ALWAYS_ALLOWED_BYTES)
    number = 1
    start = 0
    head = b""
    piece_start = 0
    for piece in pieces:
        position = 0
        while (line_break := piece.find(b"\n", position)) >= 0:
            missing = HEAD_BYTES - len(head)
            head_end = min(line_break, position + missing)
            head += piece[position:head_end]
            yield Line(number, start, piece_start + line_break, head)
            number += 1
            start = piece_start + line_break + 1
            head = b""
            position = line_break + 1
        missing = HEAD_BYTES - len(head)
        head += piece[position : position + missing]
        piece_start += len(piece)
        if piece_start - start > allowed:
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


def save_table(table: CsvTable, path: str, of: str) -> None:
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


def load_table(path: str, of: str) -> CsvTable | None:
    """Loads a table that `save_table` wrote for the same CSV; None where it is of another one.

    Raises:
        Exception: There is none, or it is damaged.
    """
    with np.load(path) as saved:
        if str(saved["of"]) != of:
            return None
        return CsvTable(**{field.name: saved[field.name] for field in fields(CsvTable)})
