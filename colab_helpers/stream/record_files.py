"""The two files of a cache: `<name>.data`, records one after another, and `<name>.index`.

The index has a row of 40 bytes for each record: key, offset, length, checksum, and a checksum of
the row itself. A record counts once its row is written, after its data: a kill at any moment
leaves nothing half done. Several processes may share the files.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from .own_files import OwnFile, make_own_folder, open_own
from .record_table import IndexTable, Row

if sys.platform != "win32":
    import fcntl

__all__ = ["RecordFiles"]

CONTENT = struct.Struct("<16sQQI")  # of a row: key, offset, length, checksum of the record
ROW_CHECKSUM = struct.Struct("<I")  # what follows it: a CRC of these bytes
ROW_BYTES = CONTENT.size + ROW_CHECKSUM.size
MOST_RESERVED = 64 << 20  # bytes that are reserved ahead
LONGEST_RECORD = 512 << 20  # bytes; a row that claims more was not written here
ROWS_TAKEN_IN_UNSEEN = 1 << 20  # memory is taken for so many before the first of them is looked at
MOST_DAMAGED_ROWS = 1000  # an index of more, and of mostly such, is rubbish
NO_LOCK = -1


class RecordFiles:
    """Both files, and a table of the rows that were taken in. Every method may raise OSError.

    Those marked *Locked* are called inside `with files.locked()`. There is no memory map: its
    pages count as the process's memory, and a full disk below one kills it.

    Args:
        folder: Local folder, made if missing.
        name: Of both files, without their endings.
        max_bytes: The most that both files take of the disk.

    Attributes:
        row_count: Rows of the index that were taken in.
        data_end: Where their data ends, in bytes.
    """

    row_count: int
    data_end: int

    def __init__(self, folder: str, name: str, max_bytes: int) -> None:
        if sys.platform == "win32":
            raise OSError("it needs Linux or macOS")
        make_own_folder(folder)
        path = os.path.join(folder, name)
        self._max_bytes = max_bytes
        self._lock_descriptor = NO_LOCK
        self._data = OwnFile(path + ".data")
        self._index = IndexFile(path + ".index")
        self._forget_rows()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes out. Threads of this one need a lock of their own."""
        # Opened anew, since a forked process shares what is open, and the lock with it.
        descriptor = open_own(self._index.path, os.O_RDONLY)
        self._lock_descriptor = descriptor
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not self._index.is_open_as(descriptor):
                raise OSError("another file has taken the place of its index")
            yield
        finally:
            # A child forked meanwhile holds the lock too, until it is undone in so many words.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            self._lock_descriptor = NO_LOCK
            os.close(descriptor)

    def drop_inherited_lock(self) -> None:
        """In a forked child: lets go of a lock that a thread of the parent held at that moment.

        It is not undone, since it is still the parent's.
        """
        if self._lock_descriptor != NO_LOCK:
            os.close(self._lock_descriptor)
            self._lock_descriptor = NO_LOCK

    # What is there -------------------------------------------------------------------------------

    @property
    def has_new_rows(self) -> bool:
        """Whether another process changed the index since rows were taken in."""
        return self._index.row_count() != self.row_count

    @property
    def size(self) -> int:
        """Bytes that the records and their rows take."""
        return self.data_end + self.row_count * ROW_BYTES

    def has_place_for(self, length: int) -> bool:
        """Whether one more record of so many bytes keeps to `max_bytes`."""
        return self.size + ROW_BYTES + length <= self._max_bytes

    def find(self, key: bytes) -> Row | None:
        """Returns the row of a record, of those taken in."""
        return self._table.find(key)

    def has_data_of(self, row: Row) -> bool:
        """Whether there are as many data as a row of the index claims."""
        end = row.offset + row.length
        return row.length <= LONGEST_RECORD and end <= max(self.data_end, self._data.size())

    def read_into(self, buffer: bytearray | memoryview, row: Row) -> bool:
        """Reads a record into a buffer of its length. False where bytes are missing."""
        return self._data.read_into(buffer, row.offset) == row.length

    def take_in_new_rows(self) -> None:
        """*Locked.* Takes in the rows that were added, by this process or another."""
        rows = self._index.row_count()
        if rows < self.row_count:  # emptied, or cut
            self._forget_rows()
        if self._table.capacity < self._capacity_for(rows):
            self._forget_rows(self._capacity_for(rows))
        while self.row_count < rows:
            if self.row_count == self._table.capacity:
                self._forget_rows(self._capacity_for(rows))
            self._take_in(self.row_count)
            if self._is_rubbish:
                self.empty()
                return

    def keep_to_bound(self) -> None:
        """*Locked.* Makes both files take no more than `max_bytes`, whoever made them longer."""
        if self._data.size() + self._index.size() > self._max_bytes:
            self.release_reserve()
        if self.size > self._max_bytes:
            self.empty()

    def _capacity_for(self, rows: int) -> int:
        """For how many rows memory is taken now: an index that claims many shows some first."""
        seen_twice = 2 * (self.row_count + 1)
        return min(rows, max(ROWS_TAKEN_IN_UNSEEN, seen_twice))

    def _take_in(self, number: int) -> None:
        row = self._index.read_row(number)
        if row is None:
            self._damaged_rows += 1
        elif self.has_data_of(row):
            self._table.add(row)
            self.data_end = max(self.data_end, row.offset + row.length)
        self.row_count = number + 1

    @property
    def _is_rubbish(self) -> bool:
        is_mostly_damaged = 2 * self._damaged_rows > self.row_count
        return is_mostly_damaged and self._damaged_rows > MOST_DAMAGED_ROWS

    # What changes ---------------------------------------------------------------------------------

    def append(self, key: bytes, record: bytes | memoryview, length: int, checksum: int) -> None:
        """*Locked.* Writes a new record, and then its row."""
        row = Row(self.row_count, key, self.data_end, length, checksum)
        self._reserve(row.offset + length)
        self._write(row, record)

    def rewrite(self, row: Row, record: bytes | memoryview, checksum: int) -> None:
        """*Locked.* Writes a record of the same length once more where it was."""
        self._reserve(row.offset + row.length)
        self._write(row._replace(checksum=checksum), record)

    def empty(self) -> None:
        """*Locked.* Forgets all records; the index first, so that no row leads to nothing."""
        self._index.truncate(0)
        self._data.truncate(0)
        self._forget_rows()

    def release_reserve(self) -> None:
        """*Locked.* Gives back to the disk what was reserved and not used."""
        self._data.truncate(self.data_end)

    def _forget_rows(self, capacity: int = 0) -> None:
        self._table = IndexTable(capacity, self._index.read_row)
        self._damaged_rows = 0
        self.row_count = 0
        self.data_end = 0

    def _write(self, row: Row, record: bytes | memoryview) -> None:
        self._data.write(record, row.offset)  # should it stop short, the record's checksum tells
        self._index.write_row(row)
        self.take_in_new_rows()

    def _reserve(self, end: int) -> None:
        """Makes the data file reach to `end`, and further in steps: a full disk is met early."""
        size = self._data.size()
        if size >= end:
            return
        left = self._max_bytes - end - (self.row_count + 1) * ROW_BYTES
        half_of_left = left // 2  # not all of it, as the index grows too
        ahead = max(0, min(end // 8, MOST_RESERVED, half_of_left))
        self._data.reserve(size, end + ahead - size)


class IndexFile(OwnFile):
    """The file of rows."""

    def row_count(self) -> int:
        """Whole rows, those damaged included."""
        return self.size() // ROW_BYTES

    def read_row(self, number: int) -> Row | None:
        """Returns a row, or None for one that is cut or damaged: nobody finds it."""
        packed = self.read(ROW_BYTES, number * ROW_BYTES)
        if len(packed) != ROW_BYTES:
            return None
        content = packed[: CONTENT.size]
        [row_checksum] = ROW_CHECKSUM.unpack(packed[CONTENT.size :])
        if zlib.crc32(content) != row_checksum:
            return None
        key, offset, length, checksum = CONTENT.unpack(content)
        return Row(number, key, offset, length, checksum)

    def write_row(self, row: Row) -> None:
        """Writes a row at its place."""
        content = CONTENT.pack(row.key, row.offset, row.length, row.checksum)
        row_checksum = ROW_CHECKSUM.pack(zlib.crc32(content))
        self.write(content + row_checksum, row.number * ROW_BYTES)
