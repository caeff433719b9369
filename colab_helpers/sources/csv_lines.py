r"""A line of a CSV of pixels: its fields, its values, and what is wrong with them. Pure functions.

Example:
    >>> fields = split_fields(b'"rose, red",0,128,"255"', b",")
    >>> fields[0], parse_values(fields[1:], count=3)
    (b'rose, red', b'\x00\x80\xff')
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from ..drive.names import composed

__all__ = ["as_text", "is_blank", "is_number", "parse_values", "split_fields"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some programs begin a file of UTF-8 with it
PIXEL_VALUES = range(256)
SHOWN_BYTES = 20  # of a value that is no number, in a message
NOTHING = b' \t\r",;'  # what a spreadsheet leaves of a row without content


def split_fields(line: bytes, delimiter: bytes, most_splits: int = -1) -> list[bytes]:
    """The fields of a line, without the quotes that some stand in.

    Example:
        >>> split_fields(b'"rose; red";1;" 2"', b";")
        [b'rose; red', b'1', b' 2']

    Args:
        line: Without its line break.
        delimiter: What stands between two fields: one byte.
        most_splits: What follows so many fields may stay unsplit; -1 splits all.
    """
    line = line.removeprefix(BYTE_ORDER_MARK).rstrip(b"\r")
    if b'"' not in line:
        return line.split(delimiter, most_splits)
    fields = []
    position = 0
    while position <= len(line) and (match := _field(delimiter).match(line, position)):
        quoted, plain = match.groups()
        fields.append(plain if quoted is None else quoted.replace(b'""', b'"'))
        position = match.end() + 1
    return fields


@functools.cache
def _field(delimiter: bytes) -> re.Pattern[bytes]:
    """A field up to the next delimiter, in quotes or not."""
    in_quotes = rb' *"([^"]*(?:""[^"]*)*)" *'
    plain = rb"([^%s]*)" % delimiter
    return re.compile(rb"(?:%s|%s)(?=%s|\Z)" % (in_quotes, plain, delimiter))


def as_text(field: bytes) -> str:
    """A field as text in Unicode's form C; what is no UTF-8 in it is kept, byte by byte."""
    return composed(field.decode("utf-8", "surrogateescape").strip())


def is_blank(line: bytes) -> bool:
    """Whether a line holds nothing: no field that is not empty."""
    return not line.removeprefix(BYTE_ORDER_MARK).strip(NOTHING)


def is_number(value: bytes) -> bool:
    """Whether a value is a number, 255.0 and 2e2 too."""
    try:
        float(value)
    except ValueError:
        return False
    return b"_" not in value  # which Python takes for a number


def parse_values(values: Sequence[bytes], count: int) -> bytes:
    """The values of a row as bytes, one a value.

    Args:
        values: Numbers.
        count: So many there must be.

    Raises:
        ValueError: There are more or fewer, or one is no whole number from 0 to 255; the message
            says which.
    """
    if len(values) != count:
        raise ValueError(f"it has {len(values)} values, not {count}")
    try:
        quick = bytes(map(int, values))  # for rows as they should be
    except ValueError:
        return bytes(_whole_numbers(_numbers(values)))
    if b"_" in b"".join(values):
        _numbers(values)
    return quick


def _numbers(values: Sequence[bytes]) -> list[float]:
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
