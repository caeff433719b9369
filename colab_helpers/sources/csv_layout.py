"""Where a row of a CSV has its label and its pixels: found from the first lines. Pure.

Example:
    >>> layout = find_layout([b"pixel0,pixel1,label", b"7,8,rose"], count=2)
    >>> layout.label_of(b"7,8,rose"), layout.values_of(b"7,8,rose")
    ('rose', [b'7', b'8'])
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from dataclasses import dataclass

from .csv_lines import as_text, is_number, split_fields
from .csv_sizes import fitting_sizes
from .csv_titles import (
    are_out_of_order,
    are_titles,
    label_among,
    label_titles,
    pixel_titles,
    titles_beside,
)

__all__ = ["CsvLayout", "find_layout"]

DELIMITERS = (b",", b";", b"\t")


@dataclass(frozen=True)
class CsvLayout:
    """Which column is what.

    Attributes:
        delimiter: What stands between two fields.
        columns: Fields in a row.
        label: Column of the label, counted from 0; None where there is none.
        left_out: Columns that are no pixels, falling.
        packed: Column that holds all pixels, separated by spaces; None where each has its own.
        has_titles: Whether the first line is no row.
    """

    delimiter: bytes
    columns: int
    label: int | None
    left_out: tuple[int, ...]
    packed: int | None
    has_titles: bool

    def fits(self, line: bytes) -> bool:
        """Whether a line has as many fields as a row has."""
        if b'"' in line:
            return len(split_fields(line, self.delimiter)) == self.columns
        return line.count(self.delimiter) == self.columns - 1

    def label_of(self, line: bytes) -> str:
        """The label of a line; empty where it has none."""
        if self.label is None:
            return ""
        fields = split_fields(line, self.delimiter, self.label + 1)
        return as_text(fields[self.label]) if self.label < len(fields) else ""

    def values_of(self, line: bytes) -> list[bytes]:
        """The values of the pixels of a line; another number of them where it is malformed."""
        fields = split_fields(line, self.delimiter)
        if self.packed is not None:
            return fields[self.packed].split() if self.packed < len(fields) else []
        for column in self.left_out:
            del fields[column : column + 1]
        return fields


def find_layout(lines: Sequence[bytes], count: int) -> CsvLayout:
    """Finds out where rows have their label and their pixels.

    Args:
        lines: The first lines that are not blank.
        count: Values that a picture has.

    Raises:
        ValueError: They do not fit so many values, or it is not certain what the label is.
    """
    delimiter = _delimiter_of(lines)
    rows = [split_fields(line, delimiter) for line in lines]
    titles = _titles_of(rows) if rows else None
    if titles is not None:
        rows = rows[1:]
    if not rows:
        raise ValueError("it has no rows")
    columns = _columns_of(rows)
    rows = [row for row in rows if len(row) == columns]
    packed = _packed_column(rows) if columns <= count else None
    left_out: list[int] = []
    if packed is not None:
        _check_packed(rows, packed, count)
        label = _label_beside(packed, columns, titles)
    elif titles is not None:
        label, left_out = _by_titles(titles, count)
    else:
        label, left_out = _by_content(rows, count)
    falling = tuple(sorted(left_out, reverse=True))
    return CsvLayout(delimiter, columns, label, falling, packed, titles is not None)


def _delimiter_of(lines: Sequence[bytes]) -> bytes:
    """The delimiter that stands in the lines most often."""
    together = b"".join(lines)
    return max(DELIMITERS, key=together.count)


def _titles_of(rows: list[list[bytes]]) -> list[str] | None:
    """The titles in the first line, one for each column; None where it is a row."""
    titles = [as_text(field) for field in rows[0]]
    if not are_titles(rows[0]):
        return None
    columns = _columns_of(rows[1:] or rows)
    if len(titles) == columns - 1:  # R gives the names of its rows no title
        titles.insert(0, "")
    return titles if len(titles) == columns else None


def _columns_of(rows: list[list[bytes]]) -> int:
    """Fields that most rows have."""
    ((columns, _),) = collections.Counter(map(len, rows)).most_common(1)
    return columns


def _packed_column(rows: list[list[bytes]]) -> int | None:
    """The column that holds several numbers, separated by spaces."""
    for row in rows:
        for column, field in enumerate(row):
            values = field.split()
            if len(values) > 1 and all(map(is_number, values)):
                return column
    return None


def _check_packed(rows: list[list[bytes]], packed: int, count: int) -> None:
    """Refuses pixels in one column that are of another size."""
    values = _columns_of([row[packed].split() for row in rows])
    if values != count:
        raise _misfit(values, count, fitting_sizes(values))


def _label_beside(packed: int, columns: int, titles: list[str] | None) -> int | None:
    """The column of the label, where another one holds all pixels."""
    others = [column for column in range(columns) if column != packed]
    if titles is not None:
        return label_among(others, titles)
    return others[0] if others else None


def _by_titles(titles: list[str], count: int) -> tuple[int | None, list[int]]:
    """The column of the label, and all that are no pixels, as the titles say."""
    pixels = set(pixel_titles(titles))
    if len(pixels) == count:
        _refuse_other_order([titles[column] for column in sorted(pixels)])
        others = [column for column in range(len(titles)) if column not in pixels]
        return label_among(others, titles), others
    label = label_among(label_titles(titles), titles)
    say_nothing = not pixels or all(title.isdecimal() for title in titles)
    if label is None and say_nothing and len(titles) == count + 1:
        label = 0
    left_out = titles_beside(titles)
    if label is not None and label not in left_out:
        left_out.append(label)
    values = len(titles) - len(left_out)
    if values != count:
        raise _misfit(values, count, fitting_sizes(values))
    return label, left_out


def _refuse_other_order(titles: list[str]) -> None:
    """Refuses pixels that stand in another order than their numbers: pictures would be jumbled."""
    if are_out_of_order(titles):
        raise ValueError(
            f"its pixels do not stand in the order of their numbers: {', '.join(titles[:4])}, "
            f"..., {titles[-1]}. Write the columns in that order"
        )


def _by_content(rows: list[list[bytes]], count: int) -> tuple[int | None, list[int]]:
    """The column of the label, and all that are no pixels, where no titles tell them."""
    columns = len(rows[0])
    words = [column for column in range(columns) if _is_of_words(rows, column)]
    if columns == count and not words:
        return None, []
    if columns != count + 1:
        raise _misfit(columns - 1, count, fitting_sizes(columns - 1, columns))
    label = words[0] if len(words) == 1 else 0
    return label, [label]


def _is_of_words(rows: list[list[bytes]], column: int) -> bool:
    """Whether a column holds words in most rows."""
    fields = [row[column].strip() for row in rows]
    words = [field for field in fields if field and not is_number(field)]
    return 2 * len(words) > len(fields)


def _misfit(values: int, count: int, sizes: list[str]) -> ValueError:
    """The error for rows of another size."""
    cure = f"; {' or '.join(sizes)} would fit" if sizes else ""
    return ValueError(f"its rows have {values} values, not {count}{cure}")
