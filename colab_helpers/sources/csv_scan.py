r"""One pass through a CSV of pixels, to learn where its rows lie, with a piece in memory.

    pieces of the file -> lines -> layout, rows -> a CsvTable of arrays

Example:
    >>> pieces = [b"rose,0,1\ntul", b"ip,2,3\n"]
    >>> table = scan(pieces, count=2)
    >>> table.starts, table.ends, [table.labels[code] for code in table.codes]
    (array([0, 9]), array([ 8, 18]), ['rose', 'tulip'])
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from .csv_layout import CsvLayout, find_layout
from .csv_lines import is_blank, parse_values
from .csv_table import CsvTable

__all__ = ["longest_row", "scan"]

LONGEST_LABEL = 1000  # characters
LABEL_BYTES = 256  # of a row, beside its values
MOST_BYTES_A_VALUE = 64  # with its comma; of a longer row, which is malformed, the end is not read
ALWAYS_ALLOWED_BYTES = 1 << 20  # a line of so many, or fewer, is never refused for its length
FIRST_LINES = 16  # that tell the layout
FIRST_BYTES = 8 << 20  # enough of them, where lines are long
# Lines; with more, it is another file than one thinks, or made to do harm.
MOST_BLANK = 100_000
MOST_MALFORMED = 10_000


class Line(NamedTuple):
    """A line of the CSV.

    Attributes:
        number: Counted from 1.
        start: Its first byte in the file.
        end: The byte after its last, which begins the line break.
        text: Its bytes.
    """

    number: int
    start: int
    end: int
    text: bytes


def longest_row(count: int) -> int:
    """Bytes of the longest row that may be right."""
    return LABEL_BYTES + count * MOST_BYTES_A_VALUE


def scan(pieces: Iterable[bytes], count: int) -> CsvTable:
    """Finds the rows of a CSV.

    Args:
        pieces: The file from its start to its end, cut anywhere.
        count: Values in a row.

    Raises:
        ValueError: It has no rows, or they do not fit; or a line is longer than any row, or too
            many are blank or malformed.
    """
    filled = _filled(split_lines(pieces, longest_row(count)))
    first = list(_first_lines(filled))
    layout = find_layout([line.text for line in first], count)
    if layout.has_titles:
        del first[0]
    _check_values(first, layout, count)
    return _table(itertools.chain(first, filled), layout, longest_row(count))


def _filled(lines: Iterable[Line]) -> Iterator[Line]:
    """Yields the lines that are not blank."""
    blank = 0
    for line in lines:
        if not is_blank(line.text):
            yield line
            continue
        blank += 1
        if blank > MOST_BLANK:
            raise ValueError(f"more than {MOST_BLANK} lines are blank, such as line {line.number}")


def _first_lines(lines: Iterable[Line]) -> Iterator[Line]:
    """Yields as many of the first lines as are needed to learn the layout."""
    for number, line in enumerate(lines, start=1):
        yield line
        if number == FIRST_LINES or line.end > FIRST_BYTES:
            return


def _check_values(lines: Iterable[Line], layout: CsvLayout, count: int) -> None:
    """Raises a ValueError where none of the first rows has pixels."""
    first_error = None
    for line in lines:
        try:
            parse_values(layout.values_of(line.text), count)
        except ValueError as error:
            first_error = first_error or ValueError(f"in line {line.number}, {error}")
        else:
            return
    if first_error is not None:
        raise first_error


def _table(lines: Iterable[Line], layout: CsvLayout, longest: int) -> CsvTable:
    """Notes where the rows lie.

    The label of a malformed line is a class only where other rows are of it.
    """
    numbers = array("q")
    starts = array("q")
    ends = array("q")
    codes = array("q")
    labels: dict[str, int] = {}
    malformed: dict[int, str] = {}
    for row, line in enumerate(lines):
        numbers.append(line.number)
        starts.append(line.start)
        ends.append(min(line.end, line.start + longest))
        label = _label_of(line, layout)
        if layout.fits(line.text):
            codes.append(labels.setdefault(label, len(labels)))
            continue
        codes.append(0)
        malformed[row] = label
        if len(malformed) > MOST_MALFORMED:
            raise ValueError(
                f"more than {MOST_MALFORMED} lines have not {layout.columns} columns, such as line "
                f"{line.number}"
            )
    for row, label in malformed.items():
        codes[row] = labels.get(label, 0)
    return CsvTable(
        lines=np.array(numbers, np.int64),
        starts=np.array(starts, np.int64),
        ends=np.array(ends, np.int64),
        codes=np.array(codes, np.int64),
        labels=tuple(labels),
        layout=layout,
    )


def _label_of(line: Line, layout: CsvLayout) -> str:
    label = layout.label_of(line.text)
    if len(label) <= LONGEST_LABEL:
        return label
    if layout.fits(line.text):
        raise ValueError(f"the label in line {line.number} has {len(label)} characters")
    return ""


def split_lines(pieces: Iterable[bytes], longest: int) -> Iterator[Line]:
    r"""Yields the lines of a file.

    Example:
        >>> for line in split_lines([b"on", b"e\ntwo"], longest=10):
        ...     print(line)
        Line(number=1, start=0, end=3, text=b'one')
        Line(number=2, start=4, end=7, text=b'two')

    Args:
        pieces: The file from its start to its end, cut anywhere.
        longest: Bytes of the longest line that may be right.

    Raises:
        ValueError: A line is longer, and longer than `ALWAYS_ALLOWED_BYTES`.
    """
    allowed = max(longest, ALWAYS_ALLOWED_BYTES)
    number = 1
    start = 0
    begun = b""  # of a line that goes on in the next piece
    piece_start = 0
    for piece in pieces:
        position = 0
        while (line_break := piece.find(b"\n", position)) >= 0:
            yield Line(number, start, piece_start + line_break, begun + piece[position:line_break])
            number += 1
            start = piece_start + line_break + 1
            begun = b""
            position = line_break + 1
        begun += piece[position:]
        piece_start += len(piece)
        if len(begun) > allowed:
            raise ValueError(f"line {number} is longer than {longest} bytes")
    if begun:
        yield Line(number, start, piece_start, begun)
