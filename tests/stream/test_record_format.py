"""Files of a cache are written as ever, so that those of an earlier version go on being found."""

from types import SimpleNamespace

import numpy as np
import pytest

from colab_helpers.stream import PixelCache, cached
from colab_helpers.stream.record_keys import checksum, checksums, record_key
from colab_helpers.stream.record_table import IndexTable, Row

FILE = SimpleNamespace(id="1AbC", version="7")


def test_the_row_of_pixels_never_changes(tmp_path):
    """Key of 16 bytes, offset, length, checksum of the record, checksum of the row."""
    pixels = np.arange(60 * 90 * 3, dtype=np.uint32).astype(np.uint8).reshape(60, 90, 3)
    PixelCache(tmp_path, max_bytes=1e6).put(FILE, "64x96x3 bilinear", pixels)
    row = (tmp_path / "pixels.index").read_bytes().hex(" ", 8)
    assert (
        row
        == "f789fe3b7168138a 83fedd90efe3babf 0000000000000000 483f000000000000 51090193e61331b3"
    )


def test_the_row_of_bytes_never_changes(tmp_path):
    cached(lambda file: b"the bytes of a rose", tmp_path, max_bytes=1e6)(FILE)
    row = (tmp_path / "bytes.index").read_bytes().hex(" ", 8)
    assert (
        row
        == "b632c63edd4ec103 a6bdfea88a7ca369 0000000000000000 1300000000000000 281eb34aba4d48f1"
    )
    assert (tmp_path / "bytes.data").read_bytes()[:19] == b"the bytes of a rose"


def test_a_key_tells_apart_each_part():
    parts = [("a", "1"), ("a1",), ("1", "a"), ("a", 1), ("a", "1", None)]
    assert len({record_key(*one) for one in parts}) == len(parts)


@pytest.mark.parametrize("length", [0, 1, 4095, 4096, 4097, 12_288, 20_000])
def test_the_checksums_of_many_records_are_those_of_each(length):
    records = np.random.default_rng(0).integers(0, 256, (3, length), np.uint8)
    keys = [record_key(number) for number in range(3)]
    assert checksums(keys, records) == [
        checksum(key, record.tobytes()) for key, record in zip(keys, records)
    ]


@pytest.mark.parametrize("place", [0, 4095, 4096, 9999])
def test_a_flipped_bit_or_another_key_gives_another_checksum(place):
    record = bytearray(np.random.default_rng(0).bytes(10_000))
    right = checksum(b"a" * 16, record)
    assert checksum(b"b" * 16, record) != right
    record[place] ^= 1
    assert checksum(b"a" * 16, record) != right


def rows_with_one_slot(count):
    """Rows whose keys all begin alike, so that they stand for the same slot of a table."""
    return [Row(n, bytes(8) + n.to_bytes(8, "little"), n, 1, 0) for n in range(count)]


def test_rows_that_want_one_slot_are_all_found():
    rows = rows_with_one_slot(100)
    table = IndexTable(capacity=100, read_row=lambda number: rows[number])
    for row in rows:
        table.add(row)
    assert [table.find(row.key) for row in rows] == rows
    assert table.find(bytes(8) + b"no such!") is None


def test_a_damaged_row_hides_no_other():
    rows = rows_with_one_slot(10)
    damaged = set()
    table = IndexTable(10, lambda number: None if number in damaged else rows[number])
    for row in rows:
        table.add(row)
    damaged.add(3)
    assert table.find(rows[3].key) is None
    assert table.find(rows[9].key) == rows[9]


def test_a_later_row_of_a_key_replaces_the_earlier():
    rows = [Row(0, b"k" * 16, 0, 5, 0), Row(1, b"k" * 16, 5, 5, 0)]
    table = IndexTable(2, rows.__getitem__)
    for row in rows:
        table.add(row)
    assert table.find(b"k" * 16).offset == 5


@pytest.mark.parametrize("capacity", [1, 128, 129, 1000, 100_000])
def test_a_table_has_the_capacity_that_was_asked_for(capacity):
    assert IndexTable(capacity, lambda number: None).capacity >= capacity
