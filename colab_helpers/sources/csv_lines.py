r"""A line of a CSV of pixels: its label, its values, and what is wrong with them. Pure functions.

Example:
    >>> line = split_label(b"rose,0,128,255")
    >>> line.label, parse_values(line.values, count=3)
    ('rose', b'\x00\x80\xff')
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["LabelledLine", "is_number", "parse_values", "split_label"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some programs begin a file of UTF-8 with it
PIXEL_VALUES = range(256)
SHOWN_BYTES = 20  # of a value that is no number, in a message


class LabelledLine(NamedTuple):
    """A line, split.

    Attributes:
        label: What stands first.
        values: What follows, with its commas.
    """

    label: str
    values: bytes


def split_label(line: bytes) -> LabelledLine:
    """Splits a line into its label and its values; a label may be quoted.

    Example:
        >>> split_label(b'"rose, red",1,2')
        LabelledLine(label='rose, red', values=b'1,2')
    """
    line = line.removeprefix(BYTE_ORDER_MARK)
    if line.startswith(b'"'):
        label, _, values = line[1:].partition(b'",')
    else:
        label, _, values = line.partition(b",")
    return LabelledLine(label.decode("utf-8", "replace").strip(), values)


def is_number(value: bytes) -> bool:
    """Whether a value is a number, 255.0 and 2e2 too."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def parse_values(text: bytes, count: int) -> bytes:
    """The values of a row as bytes, one a value.

    Args:
        text: Numbers, separated by commas.
        count: So many there must be.

    Raises:
        ValueError: There are more or fewer, or one is no whole number from 0 to 255; the message
            says which.
    """
    values = text.split(b",")
    if len(values) != count:
        raise ValueError(f"it has {len(values)} values, not {count}")
    try:
        return bytes(map(int, values))  # the quick way, for rows as they should be
    except ValueError:
        return bytes(_whole_numbers(_numbers(values)))


def _numbers(values: list[bytes]) -> list[float]:
    numbers = []
    for column, value in enumerate(values, start=1):
        if not is_number(value):
            shown = value[:SHOWN_BYTES].decode("utf-8", "replace")
            raise ValueError(f"value {column} is {shown!r}, not a number")
        numbers.append(float(value))
    return numbers


def _whole_numbers(numbers: list[float]) -> list[int]:
    for column, number in enumerate(numbers, start=1):
        if number not in PIXEL_VALUES:
            raise ValueError(f"value {column} is {number:g}, not a whole number from 0 to 255")
    return [int(number) for number in numbers]
