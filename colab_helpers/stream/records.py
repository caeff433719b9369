"""Checked records on local disk, bounded in bytes, for both caches.

They keep what `PixelCache` and `cached` promise. Full, they stay as they are: evicting the least
recently used would not help, as each epoch reads everything in a new order. Only a cache full of
what nobody asks for any more is emptied and filled anew.

    records         what is kept, counted, mended, given up
      record_keys     what a record is found by, and checked by
      max_bytes       the bound, as its user writes it
      record_files    the two files on disk
        own_files       what somebody else planted is refused
        record_table    from keys to rows of the index, in memory

A forked process keeps what it was given of these: it opens the files anew when it first asks.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from .forks import renew_after_fork
from .max_bytes import checked_max_bytes
from .messages import text_of
from .record_files import LONGEST_RECORD, RecordFiles
from .record_keys import checksum, checksums
from .record_table import Row
from .shown import counted, size_in_words

__all__ = ["CacheStats", "Records"]


class CacheStats(TypedDict):
    """What a cache did, and what it holds; `PixelCache.stats` tells what each number means."""

    hits: int
    misses: int
    damaged: int
    records: int
    bytes: int
    max_bytes: int
    full: bool
    off: bool


@dataclass(slots=True)
class Lookup:
    """How it went with one key: whether it has a row of the index, its bytes came, and rightly."""

    key: bytes
    index_row: Row | None
    is_within_data: bool = False
    is_complete: bool = False
    is_sound: bool = False

    @property
    def length(self) -> int:
        """Bytes to make place for: none where the index claims what cannot be."""
        return self.index_row.length if self.index_row and self.is_within_data else 0

    @property
    def is_damaged(self) -> bool:
        """Whether there is a record, and it could not be read as it was written."""
        return self.index_row is not None and not self.is_sound

    def compare(self, checksum_found: int) -> None:
        """Compares the checksum of what came with the one of the index."""
        if self.index_row is not None and self.is_complete:
            self.is_sound = checksum_found == self.index_row.checksum


class Records:
    """Keeps records by their keys, in two files below a folder.

    Args:
        folder: Local folder, made if missing.
        name: Of the two files, without their endings.
        max_bytes: The most that both files take of the disk.

    Raises:
        ValueError: `max_bytes` is not above 0.
    """

    def __init__(self, folder: str | os.PathLike[str], name: str, max_bytes: float) -> None:
        self._max_bytes = checked_max_bytes(max_bytes)
        self._folder = os.fspath(folder)
        self._name = name
        self._lock = threading.Lock()
        self._opened: RecordFiles | None = None
        self._is_inherited = False  # by a forked process, which opens files of its own
        self._suspects: set[bytes] = set()  # keys of damaged records, written again when put again
        self._hits = 0
        self._misses = 0
        self._damaged = 0
        self._added = 0
        self._full = False
        self._off = False
        self._open()
        renew_after_fork(self)

    @property
    def stats(self) -> CacheStats:
        """What was done and what is kept."""
        return self._stats(self._files)

    def in_words(self, maker: str, noun: str) -> str:
        """What is kept, in a line, for which nothing is opened or read.

        Args:
            maker: What made the cache, as code.
            noun: What a record is.
        """
        if self._is_inherited:
            return f"{maker}: not opened yet in this process"
        stats = self._stats(self._opened)
        held, most = size_in_words(stats["bytes"]), size_in_words(stats["max_bytes"])
        words = f"{maker}: {counted(stats['records'], noun)}, {held} of at most {most}"
        if stats["off"]:
            words += "; it is off, as the disk failed"
        return f"{words}; it is full" if stats["full"] else words

    def _stats(self, files: RecordFiles | None) -> CacheStats:
        return {
            "hits": self._hits,
            "misses": self._misses,
            "damaged": self._damaged,
            "records": files.row_count if files else 0,
            "bytes": files.size if files else 0,
            "max_bytes": self._max_bytes,
            "full": self._full,
            "off": self._off,
        }

    def close(self) -> None:
        """Gives back to the disk what was reserved and not used. What is cached stays."""
        files = self._files
        if files is None:
            return
        try:
            with self._locked(files):
                files.take_in_new_rows()
                files.release_reserve()
        except OSError:
            pass  # it stays reserved

    # Opening, also in a forked process ------------------------------------------------------------

    @property
    def _files(self) -> RecordFiles | None:
        """The files, or None where they could not be opened."""
        if self._is_inherited:
            self._open()
        return self._opened

    def _open(self) -> None:
        problem: OSError | None = None
        try:
            with self._lock:
                if self._opened is None:
                    self._opened = self._open_files()
        except OSError as error:
            problem = error
        self._is_inherited = False  # before switching off, which asks for the files
        if problem is not None:
            self._switch_off(problem)

    def _open_files(self) -> RecordFiles:
        files = RecordFiles(self._folder, self._name, self._max_bytes)
        with files.locked():
            files.take_in_new_rows()
            files.keep_to_bound()
        return files

    def renew(self) -> None:
        """In a forked process: forgets a lock that another thread held, and what is shared."""
        self._lock = threading.Lock()
        if self._opened is not None:
            self._opened.drop_inherited_lock()
            self._opened = None
            self._is_inherited = True

    @contextmanager
    def _locked(self, files: RecordFiles) -> Iterator[None]:
        """Keeps out other threads, then other processes."""
        with self._lock, files.locked():
            yield

    # Reading: find, fill, compare, count ----------------------------------------------------------

    def read(self, key: bytes) -> bytearray | None:
        """Returns a record, or None where there is none, or a damaged one."""
        lookup = self._find(key)
        record = bytearray(lookup.length)
        self._fill(lookup, record)
        if lookup.is_complete:
            lookup.compare(checksum(key, record))
        self._count([lookup])
        return record if lookup.is_sound else None

    def read_many(self, keys: Sequence[bytes], out: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
        """Reads records of one length into an array.

        Args:
            keys: Of the records.
            out: uint8 array (keys, length), contiguous, that is filled.

        Returns:
            bool array (keys,): False where there is no record, or a damaged one; its place in
            `out` then holds anything.
        """
        lookups = [self._find(key) for key in keys]
        for lookup, buffer in zip(lookups, out):
            self._fill(lookup, buffer.data)
        if any(lookup.is_complete for lookup in lookups):
            for lookup, checksum_found in zip(lookups, checksums(keys, out)):
                lookup.compare(checksum_found)
        self._count(lookups)
        return np.array([lookup.is_sound for lookup in lookups], np.bool_)

    def _find(self, key: bytes) -> Lookup:
        """Looks for a key in the index, also among what another process has just added."""
        files = self._files
        if files is None:
            return Lookup(key, index_row=None)
        try:
            index_row = files.find(key)
            if index_row is None and files.has_new_rows:
                with self._locked(files):
                    files.take_in_new_rows()
                index_row = files.find(key)
            is_within_data = index_row is not None and files.has_data_of(index_row)
        except OSError:
            return Lookup(key, index_row=None)
        return Lookup(key, index_row, is_within_data)

    def _fill(self, lookup: Lookup, buffer: bytearray | memoryview) -> None:
        """Reads the record that was found into a buffer of its length."""
        files = self._files
        if files is None or lookup.index_row is None or not lookup.is_within_data:
            return
        try:
            lookup.is_complete = files.read_into(buffer, lookup.index_row)
        except OSError:
            lookup.is_complete = False

    def _count(self, lookups: Sequence[Lookup]) -> None:
        """Counts hits and misses, and remembers which records are damaged."""
        damaged = {lookup.key for lookup in lookups if lookup.is_damaged}
        hits = sum(lookup.is_sound for lookup in lookups)
        with self._lock:
            self._hits += hits
            self._misses += len(lookups) - hits
            self._damaged += len(damaged)
            self._suspects |= damaged

    # Writing --------------------------------------------------------------------------------------

    def put(self, key: bytes, record: bytes | memoryview) -> bool:
        """Keeps a record, or writes one again that was found damaged.

        Args:
            key: Of the record.
            record: Bytes, or a view of such, contiguous.

        Returns:
            True if the cache now holds it; False when it is full or switched off.
        """
        files = self._files
        if self._off or files is None:
            return False
        try:
            with self._locked(files):
                return self._write(files, key, record)
        except OSError as error:
            self._switch_off(error)
            return False

    def _write(self, files: RecordFiles, key: bytes, record: bytes | memoryview) -> bool:
        files.take_in_new_rows()
        index_row = files.find(key)
        if index_row is None:
            return self._append(files, key, record)
        if key not in self._suspects:
            return True  # another thread or process was first
        # The place that a damaged row names may be another record's, so a new one is better.
        if files.has_place_for(len(record)) or not files.has_data_of(index_row):
            return self._append(files, key, record)
        if index_row.length == len(record):
            files.rewrite(index_row, record, checksum(key, record))
            self._suspects.discard(key)
            return True
        return False

    def _append(self, files: RecordFiles, key: bytes, record: bytes | memoryview) -> bool:
        length = len(record)
        if length > LONGEST_RECORD:
            return False
        if not files.has_place_for(length) and self._is_of_no_use(files):
            files.empty()
            self._added = 0
        if not files.has_place_for(length):
            self._full = True
            return False
        files.append(key, record, length, checksum(key, record))
        self._suspects.discard(key)
        self._added += 1
        return True

    def _is_of_no_use(self, files: RecordFiles) -> bool:
        """Whether the records are mostly others', and none of them was ever asked for here."""
        if self._hits > 0:
            return False
        is_mostly_others = files.row_count > 2 * self._added
        asked_for_as_many = self._misses > files.row_count
        return is_mostly_others and asked_for_as_many

    def _switch_off(self, error: OSError) -> None:
        self.close()
        if self._off:
            return
        self._off = True
        reason = text_of(error).rstrip(".")
        warnings.warn(
            f"Caching in {self._folder!r} is off: {reason}. The run goes on, and reads what is not "
            "cached yet from its source. Free some disk, lower `max_bytes` or name another "
            "folder, then make it again.",
            stacklevel=3,
        )
