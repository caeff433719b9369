"""Keeps the bytes of files on local disk: what was read from Drive once is not read again.

A record belongs to a file's `id` and `version`: a file changed on Drive is read again.

Example:
    >>> import tempfile, types
    >>> from colab_helpers.stream import cached
    >>> rose = types.SimpleNamespace(id="1AbC", version="md5-of-rose")
    >>> def read(file):
    ...     print("reading from Drive")
    ...     return b"the bytes of a rose"
    >>> read = cached(read, tempfile.mkdtemp(), max_bytes=1e9)
    >>> read(rose)
    reading from Drive
    b'the bytes of a rose'
    >>> read(rose)
    b'the bytes of a rose'
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .checks import check_function, checked_bytes
from .messages import file_named
from .record_keys import VersionedFile, file_key
from .records import CacheStats, Records
from .shown import in_words

__all__ = ["cached"]


def cached(
    read: Callable[..., bytes], folder: str | os.PathLike[str], *, max_bytes: float
) -> CachedRead:
    """Wraps `read` so that the bytes of a file are fetched once and then come from local disk.

    The cache is filled up to `max_bytes` and then stays. A file changed on Drive is read again.
    Threads and processes may share a folder. A damaged record is noticed and read again. A full
    disk turns caching off with one warning.

    Example:
        ```python
        read = cached(drive.read, "/content/cache", max_bytes=10e9)
        ```

    Args:
        read: A function `read(file) -> bytes`; `read(file, start, end)` if ranges are asked for.
        folder: Local folder for the cache, made if missing, of this user alone. Not one on a
            mounted Drive.
        max_bytes: The most the cache takes of the disk, in bytes.

    Returns:
        `read(file, start=None, end=None) -> bytes`, with `stats` and `close` as `PixelCache` has.

    Raises:
        ValueError: `max_bytes` is no number above 0, or `read` no function.
    """
    return CachedRead(read, folder, max_bytes)


class CachedRead:
    """What `cached` returns: a function `read` that remembers. It can be pickled, if `read` can."""

    def __init__(
        self, read: Callable[..., bytes], folder: str | os.PathLike[str], max_bytes: float
    ) -> None:
        check_function("read", read, "`drive.read`")
        self._read = read
        self._folder = folder
        self._max_bytes = max_bytes
        self._records = Records(folder, "bytes", max_bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process opens the same folder.
        return CachedRead, (self._read, self._folder, self._max_bytes)

    def __repr__(self) -> str:
        maker = f"cached({in_words(self._read)}, {os.fspath(self._folder)!r})"
        return self._records.in_words(maker, "file")

    @property
    def stats(self) -> CacheStats:
        """What this object did and what its folder holds, as `PixelCache.stats` tells it."""
        return self._records.stats

    def close(self) -> None:
        """Gives back to the disk what was reserved and not used; what is cached stays."""
        self._records.close()

    def __call__(
        self, file: VersionedFile, start: int | None = None, end: int | None = None
    ) -> bytes:
        """Returns the bytes of a file, or those from `start` up to, not including, `end`.

        A range of a file that is not cached is asked from the source, and not kept.

        Raises:
            TypeError: The source gave no bytes.
        """
        key = file_key(file)
        record = self._records.read(key)
        if record is not None and _is_range(start, end):
            return bytes(memoryview(record)[start:end])
        if start is not None or end is not None:
            return self._read(file, start, end)
        data = checked_bytes(self._read(file), f"`read` must give bytes for {file_named(file)}")
        self._records.put(key, data)
        return data


def _is_range(start: int | None, end: int | None) -> bool:
    """Whether a slice of bytes means what a source means by it; it says itself what it refuses."""
    first = start or 0
    return first >= 0 and (end is None or end >= first)
