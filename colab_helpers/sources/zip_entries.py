"""The directory of a ZIP, read in pieces: an entry for each member, one at a time.

`zipfile` would ask for the whole directory at once, however large it claims to be, and keep an
object for each member. Whatever is wrong with a directory raises `zipfile.BadZipFile`. The numbers
are those of the ZIP specification, sections 4.3.12 to 4.3.16 and 4.5.3:
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT

Example:
    >>> import io, zipfile
    >>> content = io.BytesIO()
    >>> with zipfile.ZipFile(content, "w") as archive:
    ...     archive.writestr("roses/1.jpg", b"the bytes of a rose")
    >>> directory = find_directory(content)
    >>> [(entry.name, entry.offset, entry.size) for entry in read_entries(content, directory)]
    [(b'roses/1.jpg', 0, 19)]
"""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, NamedTuple

from .storage import SeekableFile

__all__ = ["DirectoryPlace", "Entry", "extra_field", "find_directory", "read_entries"]

LARGEST_DIRECTORY = 256 << 20  # bytes: two million members and more
PIECE_BYTES = 16 << 20  # of a directory that are read at a time
LONGEST_COMMENT = (1 << 16) - 1  # of a ZIP, in bytes: what may follow its end record

END = struct.Struct("<4s4H2LH")
END_MARK = b"PK\5\6"
LOCATOR = struct.Struct("<4sLQL")
LOCATOR_MARK = b"PK\6\7"
LARGE_END = struct.Struct("<4sQ2H2L4Q")
LARGE_END_MARK = b"PK\6\6"
ENTRY = struct.Struct("<4s6H3L5H2L")
ENTRY_MARK = b"PK\1\2"
FIELD = struct.Struct("<HH")
LARGE_NUMBER = struct.Struct("<Q")

IN_LARGE_FIELD = 0xFFFFFFFF  # stands for a number that the field of large numbers holds
LARGE_FIELD = 0x0001


class DirectoryPlace(NamedTuple):
    """Where the directory of a ZIP lies.

    Attributes:
        start: Its first byte in the file.
        size: Its bytes.
        prefix: Bytes that somebody put before the ZIP, as before one that unpacks itself.
    """

    start: int
    size: int
    prefix: int


class Entry(NamedTuple):
    """What a directory says about a member.

    Attributes:
        name: As it stands there.
        flags: Bits, such as that of an encrypted member.
        method: How it is packed.
        made_by: The system, and version of the specification, of whoever packed it.
        needs: Ten times the version of the specification that is needed to unpack it.
        mode: What its system says of it, such as that it is a link.
        crc: Checksum of its content.
        packed_size: Its bytes in the ZIP.
        size: Its bytes, unpacked.
        offset: Where its header begins in the file.
        extra: Further fields.
        comment: As it stands there.
    """

    name: bytes
    flags: int
    method: int
    made_by: int
    needs: int
    mode: int
    crc: int
    packed_size: int
    size: int
    offset: int
    extra: bytes
    comment: bytes


def find_directory(file: IO[bytes] | SeekableFile) -> DirectoryPlace:
    """Finds the directory, by the record at the end of a ZIP.

    Raises:
        zipfile.BadZipFile: There is none, or it says what cannot be, or claims to be too large.
    """
    total = file.seek(0, os.SEEK_END)
    tail_start = max(0, total - END.size - LONGEST_COMMENT)
    file.seek(tail_start)
    tail = file.read(total - tail_start)
    place = tail.rfind(END_MARK)
    if place < 0 or place + END.size > len(tail):
        raise zipfile.BadZipFile("it is not a zip file, or its end is missing")
    _, disk, first_disk, _, _, size, offset, _ = END.unpack_from(tail, place)
    end = tail_start + place
    large_end = _large_end(file, end)
    if large_end is not None:
        end, disk, first_disk, size, offset = large_end
    if disk or first_disk:
        raise zipfile.BadZipFile("it is one of several parts; join them into one ZIP first")
    start = end - size
    if start < 0 or start < offset:
        raise zipfile.BadZipFile("Bad offset of its directory: its start is missing")
    if size > LARGEST_DIRECTORY:
        raise zipfile.BadZipFile(
            f"its directory claims {size} bytes, and {LARGEST_DIRECTORY} are read: use several ZIPs"
        )
    return DirectoryPlace(start, size, start - offset)


class _LargeEnd(NamedTuple):
    """What the end record for large numbers says."""

    place: int
    disk: int
    first_disk: int
    size: int
    offset: int


def _large_end(file: IO[bytes] | SeekableFile, end: int) -> _LargeEnd | None:
    """The end record for large numbers, before the usual one; None where there is none."""
    locator = _read_at(file, end - LOCATOR.size, LOCATOR.size)
    if not locator.startswith(LOCATOR_MARK):
        return None
    _, _, noted_place, _ = LOCATOR.unpack(locator)
    for place in (end - LOCATOR.size - LARGE_END.size, noted_place):
        record = _read_at(file, place, LARGE_END.size)
        if record.startswith(LARGE_END_MARK):
            _, _, _, _, disk, first_disk, _, _, size, offset = LARGE_END.unpack(record)
            return _LargeEnd(place, disk, first_disk, size, offset)
    raise zipfile.BadZipFile("its end record for large numbers is missing")


def _read_at(file: IO[bytes] | SeekableFile, place: int, size: int) -> bytes:
    """So many bytes at a place; none where they are not all there."""
    if place < 0:
        return b""
    file.seek(place)
    content = file.read(size)
    return content if len(content) == size else b""


def read_entries(file: IO[bytes] | SeekableFile, directory: DirectoryPlace) -> Iterator[Entry]:
    """Yields the entries of a directory, in its order.

    Raises:
        zipfile.BadZipFile: It is cut off, or what stands there is no entry.
    """
    pieces = _Pieces(file, directory)
    while pieces.left:
        fields = ENTRY.unpack(pieces.take(ENTRY.size))
        mark, made_by, needs, flags, method, _, _, crc, packed_size, size = fields[:10]
        name_length, extra_length, comment_length, _, _, attributes, offset = fields[10:]
        if mark != ENTRY_MARK:
            raise zipfile.BadZipFile("Bad magic number in its directory: it is damaged")
        name = pieces.take(name_length)
        extra = pieces.take(extra_length)
        comment = pieces.take(comment_length)
        size, packed_size, offset = _large_numbers((size, packed_size, offset), extra)
        yield Entry(
            name=name,
            flags=flags,
            method=method,
            made_by=made_by,
            needs=needs,
            mode=attributes >> 16,
            crc=crc,
            packed_size=packed_size,
            size=size,
            offset=offset + directory.prefix,
            extra=extra,
            comment=comment,
        )


class _Pieces:
    """The bytes of a directory, taken one part after another.

    Attributes:
        left: Bytes that were not taken yet.
    """

    def __init__(self, file: IO[bytes] | SeekableFile, directory: DirectoryPlace) -> None:
        self.left = directory.size
        self._file = file
        self._next = directory.start
        self._unread = directory.size
        self._piece = b""
        self._position = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        if size > self.left:
            raise zipfile.BadZipFile("its directory is cut off")
        if self._position + size > len(self._piece):
            self._read_on()
        end = self._position + size
        taken = self._piece[self._position : end]
        if len(taken) != size:
            raise zipfile.BadZipFile("its directory is cut off")
        self._position = end
        self.left -= size
        return taken

    def _read_on(self) -> None:
        self._file.seek(self._next)
        more = self._file.read(min(PIECE_BYTES, self._unread))
        self._next += len(more)
        self._unread -= len(more)
        self._piece = self._piece[self._position :] + more
        self._position = 0


def _large_numbers(numbers: tuple[int, ...], extra: bytes) -> list[int]:
    """Numbers of an entry, those that need it taken from the field of large numbers."""
    if IN_LARGE_FIELD not in numbers:
        return list(numbers)
    field = extra_field(extra, LARGE_FIELD)
    large = []
    position = 0
    for number in numbers:
        if number == IN_LARGE_FIELD:
            if position + LARGE_NUMBER.size > len(field):
                raise zipfile.BadZipFile("a large number is missing in its directory")
            (number,) = LARGE_NUMBER.unpack_from(field, position)
            position += LARGE_NUMBER.size
        large.append(number)
    return large


def extra_field(extra: bytes, wanted: int) -> bytes:
    r"""The content of one of the further fields of an entry; empty where it has none.

    Example:
        >>> extra_field(b"\1\0\2\0ab\5\0\1\0c", 5)
        b'c'
    """
    position = 0
    while position + FIELD.size <= len(extra):
        kind, size = FIELD.unpack_from(extra, position)
        position += FIELD.size
        if kind == wanted:
            return extra[position : position + size]
        position += size
    return b""
