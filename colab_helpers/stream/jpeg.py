"""Reads the header of a JPEG: its size, its EXIF orientation, and how often it is walked over.

One walk over the markers takes a tenth of what opening the file with Pillow takes. Whatever is out
of the ordinary is left to Pillow, and to the checks of `opening.py`.

The markers: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1. EXIF:
https://exiftool.org/TagNames/EXIF.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple

__all__ = ["END_OF_IMAGE", "JpegHeader", "START_OF_SCAN", "UPRIGHT", "read_jpeg_header"]

START_OF_IMAGE = b"\xff\xd8"
START_OF_SCAN = b"\xff\xda"
END_OF_IMAGE = b"\xff\xd9"
SCAN = 0xDA
APP1 = 0xE1
PROGRESSIVE_FRAME = 0xC2
FRAMES = (0xC0, 0xC1, PROGRESSIVE_FRAME)
# Other frames, restart marks, and marks that stand alone: a decoder may take them in its own way.
ODD_MARKERS = frozenset([0x01, *range(0xC3, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)])
ODD_MARKERS |= frozenset([*range(0xCD, 0xDA), 0xDC, 0xDE, 0xDF])
BITS = 8  # of a sample; others are rare
GREY_OR_COLOUR = (1, 3)  # components; four are CMYK
EXIF = b"Exif\0\0"
XMP_ORIENTATION = b"tiff:Orientation"
EXIF_ORIENTATION = 0x0112
SHORT = 3  # a type of EXIF: a number of 16 bits
ENTRY_BYTES = 12
NOT_GIVEN = 0
UPRIGHT = 1  # the orientation of a picture that needs no turn
ORIENTATIONS = range(1, 9)

ByteOrder = Literal["little", "big"]
BYTE_ORDERS: dict[bytes, ByteOrder] = {b"II*\0": "little", b"MM\0*": "big"}


class JpegHeader(NamedTuple):
    """What a usual JPEG says of itself.

    Attributes:
        width: In pixels, before it is turned upright.
        height: In pixels.
        orientation: 1 to 8, as EXIF counts them.
        is_one_scan: Whether a decoder walks over the picture once, whatever follows.
    """

    width: int
    height: int
    orientation: int
    is_one_scan: bool


class Segment(NamedTuple):
    """A marker and what belongs to it, without its length."""

    marker: int
    content: bytes
    end: int


def read_jpeg_header(data: bytes) -> JpegHeader | None:
    """Returns the header of a JPEG, grey or in colour, that has its end; None for anything else.

    Args:
        data: The bytes of a file.
    """
    try:
        return read_segments(data)
    except (IndexError, struct.error):  # cut off, or lengths that lead astray
        return None


def read_segments(data: bytes) -> JpegHeader | None:
    """Walks over the segments up to the first scan."""
    frame = None
    exif_blocks = []
    has_xmp_orientation = False
    for segment in segments(data):
        marker, content, end = segment
        if marker in ODD_MARKERS or (marker in FRAMES and frame is not None):
            return None
        if marker in FRAMES:
            frame = segment
        elif marker == APP1 and content.startswith(EXIF):
            exif_blocks.append(content[len(EXIF) :])
        elif marker == APP1:
            has_xmp_orientation |= XMP_ORIENTATION in content
        elif marker == SCAN:
            orientation = orientation_of(exif_blocks, has_xmp_orientation)
            if frame is None or orientation is None or not has_its_end(data, end):
                return None
            return header_of(frame, content, orientation)
    return None


def segments(data: bytes) -> Iterator[Segment]:
    """Each marker before the first scan's data, with what belongs to it."""
    if data[:2] != START_OF_IMAGE:
        return
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # fills up
            place += 1
            continue
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        yield Segment(marker, data[place + 4 : end], end)
        place = end


def header_of(frame: Segment, scan: bytes, orientation: int) -> JpegHeader | None:
    """Puts together what frame and scan say; None where that is odd."""
    bits, height, width, components = struct.unpack(">BHHB", frame.content[:6])
    if bits != BITS or components not in GREY_OR_COLOUR or height == 0 or width == 0:
        return None
    is_one_scan = frame.marker != PROGRESSIVE_FRAME and scan[0] == components
    return JpegHeader(width, height, orientation, is_one_scan)


def has_its_end(data: bytes, start_of_scan: int) -> bool:
    """Whether a JPEG's end follows its last scan, which it does not in a file cut off."""
    end = data.rfind(END_OF_IMAGE, start_of_scan)
    return end >= 0 and data.find(START_OF_SCAN, end) < 0


def orientation_of(exif_blocks: list[bytes], has_xmp_orientation: bool) -> int | None:
    """The orientation, 1 where nothing is said of it, None where it takes more to find it."""
    orientation: int | None = NOT_GIVEN
    if exif_blocks:
        orientation = read_exif_orientation(exif_blocks[0])
    is_odd = len(exif_blocks) > 1 or (orientation == NOT_GIVEN and has_xmp_orientation)
    if orientation is None or is_odd:
        return None
    return orientation or UPRIGHT


def read_exif_orientation(block: bytes) -> int | None:
    r"""Returns the orientation of an EXIF block, 0 where it gives none, None where it is odd.

    Example:
        >>> entry = b"\x01\x12" + b"\0\x03" + b"\0\0\0\x01" + b"\0\x06\0\0"
        >>> read_exif_orientation(b"MM\0*" + b"\0\0\0\x08" + b"\0\x01" + entry)
        6
    """
    byte_order = BYTE_ORDERS.get(block[:4])
    if byte_order is None:
        return None
    first = int.from_bytes(block[4:8], byte_order)
    count = int.from_bytes(block[first : first + 2], byte_order)
    entry_form = struct.Struct("<HHIH" if byte_order == "little" else ">HHIH")
    orientation = NOT_GIVEN
    for entry in range(first + 2, first + 2 + ENTRY_BYTES * count, ENTRY_BYTES):
        tag, kind, amount, value = entry_form.unpack_from(block, entry)
        if tag != EXIF_ORIENTATION:
            continue
        if orientation != NOT_GIVEN:  # given twice: Pillow 12 takes the last, Pillow 13 the first
            return None
        if kind != SHORT or amount != 1 or value not in ORIENTATIONS:
            return None
        orientation = value
    return orientation
