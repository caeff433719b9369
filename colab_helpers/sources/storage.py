"""Where an archive or a CSV lies, and a file there as Python's own modules want to read it.

Example:
    >>> import zipfile, tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.drive import LocalFolder
    >>> path = Path(tempfile.mkdtemp(), "flowers.zip")
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("roses/1.jpg", b"the bytes of a rose")
    >>> storage = LocalFolder(path.parent)
    >>> with zipfile.ZipFile(SeekableFile(storage.read, storage.find("flowers.zip"))) as archive:
    ...     archive.namelist()
    ['roses/1.jpg']
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from ..drive import File

__all__ = [
    "LARGEST_READ",
    "ReadRange",
    "SeekableFile",
    "Storage",
    "StreamedFile",
    "UploadStorage",
    "read_in_pieces",
]

TAIL_BYTES = 1 << 20  # read from the end of a file at once: the directory of 10,000 ZIP members
LARGEST_READ = 256 << 20  # bytes that are read at once, whatever a file says of itself

ReadRange = Callable[[File, int, int], bytes]
"""`read(file, start, end) -> bytes` of a file from `start` up to, not including, `end`."""


class Storage(Protocol):
    """What `open_archive` and `open_csv` need: a `Drive`, a `LocalFolder`, or a class of yours."""

    def find(self, path: str) -> File:
        """The file at a path, or with an ID or an address."""
        ...

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to, not including, `end`."""
        ...


class UploadStorage(Storage, Protocol):
    """What `pack` uploads to: a `Drive`, a `LocalFolder`, or a class of yours."""

    def upload(self, path: str, folder: str) -> File:
        """Puts a local file into a folder, in place of one of the same name."""
        ...


class SeekableFile(io.RawIOBase):
    """A file that lies elsewhere, as `zipfile` reads one: mostly at its end, and back and forth.

    Args:
        read: Reads a range of the file.
        file: The file.
    """

    def __init__(self, read: ReadRange, file: File) -> None:
        self._read = read
        self._file = file
        self._total = file.size or 0
        self._position = 0
        self._window = b""  # what was read last
        self._window_start = 0

    def seekable(self) -> bool:
        """Whether one may seek: yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a position and returns it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._total}[whence]
        if origin + offset < 0:
            raise OSError("before the start")
        self._position = origin + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """The next `size` bytes, or all that follow; fewer at the end.

        Raises:
            ValueError: They are more than `LARGEST_READ`.
        """
        end = self._total
        if size is not None and size >= 0:
            end = min(self._total, self._position + size)
        if end - self._position > LARGEST_READ:
            raise ValueError(
                f"{self._file.name!r} claims {end - self._position} bytes in one piece, and "
                f"{LARGEST_READ} are read"
            )
        self._move_window(end)
        start = self._position - self._window_start
        content = self._window[start : end - self._window_start]
        self._position += len(content)
        return content

    def _move_window(self, end: int) -> None:
        """Reads so much that the window holds all from the position to `end`."""
        window_end = self._window_start + len(self._window)
        if self._window_start <= self._position <= end <= window_end:
            return
        start = min(self._position, max(0, self._total - TAIL_BYTES))
        tail_end = min(self._total, start + TAIL_BYTES)
        self._window = self._read(self._file, start, max(end, tail_end))
        self._window_start = start


class StreamedFile(io.RawIOBase):
    """A file that lies elsewhere, as `gzip` reads one: from its start to its end.

    Args:
        read: Reads a range of the file.
        file: The file.
    """

    def __init__(self, read: ReadRange, file: File) -> None:
        self._read = read
        self._file = file
        self._total = file.size or 0
        self._position = 0

    def readable(self) -> bool:
        """Whether one may read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills a buffer with what comes next, and returns how many bytes that is."""
        end = min(self._position + len(buffer), self._total)
        if end <= self._position:
            return 0
        content = self._read(self._file, self._position, end)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def read_in_pieces(read: ReadRange, file: File, piece_bytes: int) -> Iterator[bytes]:
    """Yields a whole file in pieces of so many bytes; the last may be shorter."""
    total = file.size or 0
    for start in range(0, total, piece_bytes):
        yield read(file, start, min(start + piece_bytes, total))
