"""Sizes that pictures inside of a file claim: some of these Pillow decodes while it opens the file.

An ICO or ICNS is a list of pictures, each with a header of its own that need not agree with the
list. Of a WebP, Pillow makes place for two frames before it tells their size.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

__all__ = ["sizes_inside"]

Size = tuple[int, int]  # width, height in pixels

ICO = b"\0\0\1\0"
ICO_ENTRY = struct.Struct("<8xII")  # of 16 bytes: length and offset of a picture
BITMAP = struct.Struct("<4xii")  # width and height in a bitmap's header
PNG = re.compile(rb"\x89PNG\r\n\x1a\n.{4}IHDR(.{4})(.{4})", re.DOTALL)
JPEG_2000 = re.compile(rb"\xff\x4f\xff\x51.{4}(.{4})(.{4})|ihdr(.{4})(.{4})", re.DOTALL)
JPEG_FRAME = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf].{3}(.{2})(.{2})", re.DOTALL)
ICNS = b"icns"
BLP_OF_JPEG = b"BLP1\0\0\0\0"
WEBP_CANVAS = b"VP8X"


def sizes_inside(data: bytes) -> Iterator[Size]:
    r"""Returns width and height of each picture that a container says it holds.

    Example:
        >>> list(sizes_inside(b"RIFF....WEBPVP8X........\x0f\0\0\x1f\0\0"))
        [(16, 32)]
        >>> list(sizes_inside(b"no container"))
        []
    """
    if data.startswith(ICO):
        yield from sizes_in_icon(data)
    elif data.startswith(ICNS):
        yield from sizes_marked(PNG, data)
        yield from sizes_marked(JPEG_2000, data)
    elif data.startswith(BLP_OF_JPEG):
        yield from ((width, height) for height, width in sizes_marked(JPEG_FRAME, data))
    elif data[12:16] == WEBP_CANVAS:
        width = 1 + int.from_bytes(data[24:27], "little")
        height = 1 + int.from_bytes(data[27:30], "little")
        yield width, height


def sizes_marked(mark: re.Pattern[bytes], data: bytes) -> Iterator[Size]:
    """The two numbers that follow each mark."""
    for found in mark.finditer(data):
        first, second = (int.from_bytes(number, "big") for number in found.groups() if number)
        yield first, second


def sizes_in_icon(data: bytes) -> Iterator[Size]:
    """What the pictures that an icon's list names say of themselves: PNGs, or bitmaps."""
    count = int.from_bytes(data[4:6], "little")
    listed = data[6 : 6 + count * ICO_ENTRY.size]
    whole = len(listed) // ICO_ENTRY.size * ICO_ENTRY.size
    for _, offset in ICO_ENTRY.iter_unpack(listed[:whole]):
        header = data[offset : offset + 24]
        if PNG.match(header):
            yield from sizes_marked(PNG, header)
        elif len(header) >= BITMAP.size:
            width, height_of_picture_and_mask = BITMAP.unpack_from(header)
            yield abs(width), abs(height_of_picture_and_mask) // 2
