"""A member of a ZIP, from the block that it lies in: unpacked, its length and checksum compared."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from .blocks import Block
from .zip_directory import LOCAL_HEADER_BYTES, ArchivedImage

__all__ = ["unpack"]

LOCAL_HEADER = b"PK\3\4"  # how a member begins
NAME_AND_EXTRA_LENGTHS = 26  # where they stand in a member's header


def unpack(image: ArchivedImage, block: Block) -> bytes:
    """The content of an image.

    Raises:
        zipfile.BadZipFile: It is damaged, or its end is missing.
    """
    content = _unpacked(image, _packed(image, block))
    if len(content) != image.size:
        raise zipfile.BadZipFile("its end is missing")
    return content


def _packed(image: ArchivedImage, block: Block) -> bytes:
    """An image as it lies in the ZIP."""
    header = block.read(image.offset, LOCAL_HEADER_BYTES)
    if len(header) < LOCAL_HEADER_BYTES or not header.startswith(LOCAL_HEADER):
        raise zipfile.BadZipFile("its header is missing")
    name_length, extra_length = struct.unpack_from("<HH", header, NAME_AND_EXTRA_LENGTHS)
    start = image.offset + LOCAL_HEADER_BYTES + name_length + extra_length
    return block.read(start, image.packed_size)


def _unpacked(image: ArchivedImage, packed: bytes) -> bytes:
    """What `packed` unpacks to, as far as it goes."""
    info = zipfile.ZipInfo(image.file.name)
    info.compress_type = image.method
    info.compress_size = image.packed_size
    info.file_size = image.size
    info.CRC = int(image.file.version, 16)
    try:
        return zipfile.ZipExtFile(io.BytesIO(packed), "r", info).read(image.size + 1)
    except EOFError:
        return b""
    except zlib.error as error:
        raise zipfile.BadZipFile(f"it is damaged ({error})") from error
