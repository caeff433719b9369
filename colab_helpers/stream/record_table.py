"""A hash table from keys to rows of an index that lies on disk: 8 to 16 bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["KEY_BYTES", "IndexTable", "Row"]

KEY_BYTES = 16
SMALLEST_CAPACITY = 128  # rows
FREE = 0


class Row(NamedTuple):
    """A row of the index: where a record lies.

    Attributes:
        number: Place of the row in the index, from 0.
        key: 16 bytes that stand for the record.
        offset: Place of the record among the data, in bytes.
        length: Of the record, in bytes.
        checksum: Of the record and its key.
    """

    number: int
    key: bytes
    offset: int
    length: int
    checksum: int


class Probe(NamedTuple):
    """Where a search ended: at the slot of this row, or at a free slot."""

    slot: int
    row: Row | None


class IndexTable:
    """An open-addressing hash table, which holds only numbers of rows.

    Keys are compared with those on disk, so a look-up reads one row, seldom two. Readers need no
    lock: a row that is being added is seen, or not seen yet.

    Example:
        >>> rows = [Row(0, b"a" * 16, 0, 100, 0), Row(1, b"b" * 16, 100, 50, 0)]
        >>> table = IndexTable(capacity=2, read_row=lambda number: rows[number])
        >>> for row in rows:
        ...     table.add(row)
        >>> table.find(b"b" * 16).offset
        100
        >>> table.find(b"c" * 16) is None
        True

    Args:
        capacity: Rows that fit in at least; the table does not grow.
        read_row: Returns the row of a number, or None for one that is damaged.
    """

    def __init__(self, capacity: int, read_row: Callable[[int], Row | None]) -> None:
        self._read_row = read_row
        rows = max(capacity, SMALLEST_CAPACITY)
        slots = 1 << (2 * rows).bit_length()  # at least twice the rows, so that searches are short
        self._slots = array("I", [FREE]) * slots  # a row's number + 1

    @property
    def capacity(self) -> int:
        """Rows that fit in."""
        return len(self._slots) // 2

    def find(self, key: bytes) -> Row | None:
        """Returns the row of a key, or None where there is none."""
        return self._probe(key).row

    def add(self, row: Row) -> None:
        """Takes in a row; it replaces an earlier one of the same key."""
        slot = self._probe(row.key).slot
        self._slots[slot] = row.number + 1

    def _probe(self, key: bytes) -> Probe:
        slots = self._slots
        slot = int.from_bytes(key[:8], "little") % len(slots)
        while slots[slot] != FREE:
            row = self._read_row(slots[slot] - 1)
            if row is not None and row.key == key:
                return Probe(slot, row)
            slot = (slot + 1) % len(slots)
        return Probe(slot, None)
