"""What a record of a cache is found by, and what it is checked by."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .messages import file_named
from .record_table import KEY_BYTES

__all__ = ["VersionedFile", "checksum", "checksums", "file_key", "record_key"]

PAGE = 4096  # bytes
WORDS_PER_PAGE = PAGE // 8  # of 64 bits


class VersionedFile(Protocol):
    """A file as a cache sees it: `version` is another one when the content is."""

    @property
    def id(self) -> str:
        """Names the file for good."""
        ...

    @property
    def version(self) -> str:
        """Marks its content."""
        ...


def record_key(*parts: object) -> bytes:
    """Returns 16 bytes that stand for all parts: no name from Drive becomes a path.

    Example:
        >>> record_key("1AbC", "7").hex()
        'b632c63edd4ec103a6bdfea88a7ca369'

    Args:
        parts: A file's id and version, and whatever else tells records apart.
    """
    return hashlib.blake2b(repr(parts).encode(), digest_size=KEY_BYTES).digest()


def file_key(file: VersionedFile, *parts: object) -> bytes:
    """What a record of a file is found by, and by whatever else tells its records apart.

    Raises:
        TypeError: The file has no version: another content would be taken for the one that is kept.
    """
    version = getattr(file, "version", None)
    if version is None:
        raise TypeError(
            f"A cache knows a file by its `id` and `version`, and {file_named(file)} has no "
            "`version`: give it one that changes with the content, such as a checksum."
        )
    return record_key(file.id, version, *parts)


def checksum(key: bytes, record: bytes | bytearray | memoryview) -> int:
    """Returns the checksum of one record, as `checksums` does."""
    row = np.frombuffer(record, np.uint8).reshape(1, -1)
    return checksums([key], row)[0]


def checksums(keys: Sequence[bytes], records: npt.NDArray[np.uint8]) -> list[int]:
    """Returns for each record a CRC over its key, the sums of its pages, and what follows them.

    It catches each flipped bit, lost page and mixed-up record. A CRC over all bytes of an image
    of 150 kB takes 20 to 150 us, by zlib's version; this takes 5. The pages of all records are
    summed at once: each call of NumPy waits anew for the interpreter, which Keras keeps busy.

    Args:
        keys: Of the records, in their order.
        records: uint8 array (records, length), contiguous.
    """
    paged = records.shape[1] // PAGE * PAGE  # bytes in whole pages
    words = records[:, :paged].view(np.uint64)
    sums = np.add.reduce(words.reshape(len(records), -1, WORDS_PER_PAGE), axis=2)
    found = []
    for key, record, page_sums in zip(keys, records, sums):
        value = zlib.crc32(key)
        value = zlib.crc32(page_sums, value)
        value = zlib.crc32(record[paged:], value)
        found.append(value)
    return found
