"""A CSV that lies packed by gzip, unpacked to this machine: one cannot read a gzip at random."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterable, Iterator
from typing import IO

from ..drive import File
from .storage import ReadRange, StreamedFile

__all__ = ["GZIP_START", "UnpackedCsv", "copied", "unpacked_pieces"]

GZIP_START = b"\x1f\x8b"  # RFC 1952, https://www.rfc-editor.org/rfc/rfc1952#page-5
ALWAYS_ALLOWED_BYTES = 1 << 30  # what unpacks to so many, or fewer, is never taken for a bomb
MOST_TIMES = 200  # its size that a gzip unpacks to: rows of digits take 10, drawings 50


def unpacked_pieces(read: ReadRange, file: File, piece_bytes: int) -> Iterator[bytes]:
    """Yields what a gzip holds.

    Raises:
        ValueError: It unpacks to more than a CSV of pixels does.
        EOFError: It is cut.
        gzip.BadGzipFile: It is damaged.
        zlib.error: It is damaged.
    """
    allowed = max(ALWAYS_ALLOWED_BYTES, MOST_TIMES * (file.size or 0))
    packed = io.BufferedReader(StreamedFile(read, file), piece_bytes)
    total = 0
    with gzip.GzipFile(fileobj=packed) as content:
        while piece := content.read(piece_bytes):
            total += len(piece)
            if total > allowed:
                raise ValueError(f"it unpacks to more than {allowed} bytes, as a bomb does")
            yield piece


def copied(pieces: Iterable[bytes], out: IO[bytes]) -> Iterator[bytes]:
    """Yields the pieces as they come, and writes each to `out` before.

    Raises:
        ValueError: The disk is full.
    """
    for piece in pieces:
        try:
            out.write(piece)
        except OSError as error:
            raise ValueError(
                f"it cannot be unpacked to this disk ({error.strerror}); name a place with more "
                "room by `index=`"
            ) from error
        yield piece


class UnpackedCsv:
    """The unpacked CSV, open to be read at random; pickled, it opens the same file again.

    Args:
        path: Where it lies.

    Attributes:
        path: The same.

    Raises:
        OSError: It is not there.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open(path, "rb", buffering=0)

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return _opened_again, (self.path, self.stamp)

    @property
    def stamp(self) -> str:
        """Another one when the file is."""
        status = os.fstat(self._file.fileno())
        return f"{status.st_size}-{status.st_mtime_ns}"

    def read(self, start: int, size: int) -> bytes:
        """`size` bytes from `start`; fewer at the end."""
        return os.pread(self._file.fileno(), size, start)


def _opened_again(path: str, stamp: str) -> UnpackedCsv:
    """The file that was open in another process."""
    unpacked = UnpackedCsv(path)
    if unpacked.stamp != stamp:
        raise ValueError(f"{path!r} is another file since the CSV was opened: open it again")
    return unpacked
