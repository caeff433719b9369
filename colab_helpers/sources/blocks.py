"""Blocks: ranges of a large file that are fetched whole, since neighbours are read together.

Drive counts requests, whatever their size. So a picture in an archive, or a row of a CSV, is not
asked for by itself: the block of some megabytes around it is, and kept on local disk for the reads
that follow.

Example:
    >>> from colab_helpers.drive import File
    >>> requests = []
    >>> def read(file, start, end):                 # with Drive: drive.read
    ...     requests.append((start, end))
    ...     return b"0123456789"[start:end]
    >>> blocks = Blocks(read, held_bytes=100)
    >>> file = File("1AbC", "digits.bin", "", "digits.bin", 10, None, version="1")
    >>> span = BlockSpan("1AbC#4", file, start=4, end=10)
    >>> blocks.get(span).read(5, 2), blocks.get(span).read(8, 1)
    (b'56', b'8')
    >>> requests
    [(4, 10)]
"""

from __future__ import annotations

import collections
import os
import tempfile
import threading
from concurrent.futures import CancelledError, Future
from typing import IO, NamedTuple

from ..drive import File
from ..drive.forks import restart_after_fork
from .storage import ReadRange

__all__ = ["BLOCK_BYTES", "HELD_BYTES", "Block", "Blocks", "BlockSpan"]

BLOCK_BYTES = 8 << 20  # read at a time: 160 photos of 50 kB, 180 rows of 64 x 64 x 3 values
HELD_BYTES = 256 << 20  # of blocks that are kept on local disk, for the reads that follow
FETCHES = 4  # blocks on their way at a time


class BlockSpan(NamedTuple):
    """Where a block lies.

    Attributes:
        name: Names the block; it is the `block` of the files in it.
        file: The large file that it is a part of.
        start: Its first byte in that file.
        end: The byte after its last.
    """

    name: str
    file: File
    start: int
    end: int


class Block:
    """The bytes of a block, in a file without a name, or in memory where the disk is full.

    Args:
        start: Where the block begins in the large file.
        content: Its bytes.
    """

    def __init__(self, start: int, content: bytes) -> None:
        self._start = start
        self._content = b""
        self._file = _written_to_disk(content)
        if self._file is None:
            self._content = content

    def read(self, position: int, size: int) -> bytes:
        """`size` bytes from `position` in the large file; fewer where the block ends."""
        offset = position - self._start
        if self._file is None:
            return self._content[offset : offset + size]
        return os.pread(self._file.fileno(), size, offset)


class Blocks:
    """Blocks as they are asked for: each is fetched once for all threads that want it.

    The thread that asks first fetches it, and the others wait. So no thread is left behind that
    the end of the program would have to wait for.

    When more bytes are held than allowed, the blocks that nobody asked for the longest go. A block
    whose fetching failed is fetched again when it is asked for again. Pickled or in a forked
    process, the blocks stay behind and are fetched anew.

    Args:
        read: Reads a range of a file.
        held_bytes: So many bytes of blocks are held at most; one block always is.
    """

    def __init__(self, read: ReadRange, held_bytes: int) -> None:
        self._read = read
        self._held_bytes = held_bytes
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Lets go of all blocks; in a forked process, of fetches too that only the parent ends."""
        self._lock = threading.Lock()
        self._fetching = threading.Semaphore(FETCHES)
        self._fetches: collections.OrderedDict[str, _Fetch] = collections.OrderedDict()

    def __reduce__(self) -> tuple[type[Blocks], tuple[ReadRange, int]]:
        """What a pickle holds: how to make it anew."""
        return Blocks, (self._read, self._held_bytes)

    @property
    def held(self) -> list[str]:
        """Names of the blocks that are held or on their way, the one last asked for at the end."""
        with self._lock:
            return list(self._fetches)

    def get(self, span: BlockSpan) -> Block:
        """The block at a span: at once where it is held, after a read otherwise.

        Raises:
            Exception: Whatever `read` raised, for each thread that waited for it.
        """
        while True:
            fetch, is_new = self._fetch_of(span)
            if is_new:
                self._do(fetch)
            try:
                return fetch.block.result()
            except CancelledError:  # the thread that fetched it was interrupted
                continue

    def _fetch_of(self, span: BlockSpan) -> tuple[_Fetch, bool]:
        """The fetch of a block, and whether the caller is to do it."""
        with self._lock:
            fetch = self._fetches.pop(span.name, None)
            is_new = fetch is None or fetch.failed
            if fetch is None or fetch.failed:
                fetch = _Fetch(span, Future())
                self._make_way(fetch.size)
            self._fetches[span.name] = fetch  # at the end: the one last asked for
        return fetch, is_new

    def _do(self, fetch: _Fetch) -> None:
        """Reads a block for all that wait for it."""
        span = fetch.span
        try:
            with self._fetching:
                block = Block(span.start, self._read(span.file, span.start, span.end))
        except Exception as error:
            fetch.block.set_exception(error)
        except BaseException:  # Ctrl-C is meant for this thread alone
            fetch.block.cancel()
            raise
        else:
            fetch.block.set_result(block)

    def _make_way(self, size: int) -> None:
        """Lets go of the blocks that nobody asked for the longest, until `size` bytes more fit."""
        held_bytes = sum(fetch.size for fetch in self._fetches.values())
        while self._fetches and held_bytes + size > self._held_bytes:
            _, oldest = self._fetches.popitem(last=False)
            held_bytes -= oldest.size


class _Fetch(NamedTuple):
    """A block that is on its way, or there, or failed."""

    span: BlockSpan
    block: Future[Block]

    @property
    def size(self) -> int:
        return self.span.end - self.span.start

    @property
    def failed(self) -> bool:
        """Whether it ended without a block."""
        if not self.block.done():
            return False
        return self.block.cancelled() or self.block.exception() is not None


def _written_to_disk(content: bytes) -> IO[bytes] | None:
    """A file without a name that holds `content`; None where the disk has no room for it."""
    try:
        file = tempfile.TemporaryFile(buffering=0)
        if file.write(content) == len(content):
            return file
    except OSError:
        pass
    return None
