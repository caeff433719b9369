"""What somebody else planted in a cache's folder is neither followed, nor believed, nor harmed."""

import os
import struct
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from cached_photos import SHAPE, Source, count_found, fill, photo, pixels_of

from colab_helpers.stream import PixelCache, cached
from colab_helpers.stream.record_keys import record_key

NAMES = ("pixels.data", "pixels.index", "bytes.data", "bytes.index")
RECORD = int(np.prod(SHAPE))
PRECIOUS = b"my only copy\n" * 1000


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def use_both_caches(folder):
    """Writes to and reads from both caches; returns the warnings that they gave."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        read = cached(Source(), folder, max_bytes=1e6)
        cache = PixelCache(folder, max_bytes=1e6)
        for number in range(3):
            assert read(photo(number)) == Source()(photo(number))
            fill(cache, [number])
        count_found(cache, range(3))
        cache.close()
        read.close()
    ours = [warning for warning in seen if warning.category is not ResourceWarning]
    return [str(warning.message) for warning in ours]  # others close what they left, meanwhile


# Links, and files of others -----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("plant", [os.symlink, os.link], ids=["symlink", "second name"])
def test_a_planted_link_is_not_followed(tmp_path, folder, name, plant):
    victim = tmp_path / "victim"
    victim.write_bytes(PRECIOUS)
    plant(victim, folder / name)
    [warning] = use_both_caches(folder)
    assert victim.read_bytes() == PRECIOUS
    assert "is off" in warning and "link" in warning or "second name" in warning
    assert "name another folder" in warning


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_link_to_nothing_makes_no_file_there(tmp_path, folder, name):
    os.symlink(tmp_path / "nothing", folder / name)
    assert len(use_both_caches(folder)) == 1
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_refused_and_not_waited_for(folder, make):
    make(folder / "pixels.data")
    make(folder / "bytes.index")
    assert len(use_both_caches(folder)) == 2


def test_a_link_that_comes_later_is_not_followed_either(tmp_path, folder):
    """In the place of the index, on which the lock of each change is taken."""
    cache = PixelCache(folder, max_bytes=1e6)
    fill(cache, [1])
    victim = tmp_path / "victim"
    victim.write_bytes(PRECIOUS)
    (folder / "pixels.index").unlink()
    os.symlink(victim, folder / "pixels.index")
    with pytest.warns(UserWarning, match="is a link, which is not followed"):
        fill(cache, [2])
    assert count_found(cache, [1]) == 1
    assert victim.read_bytes() == PRECIOUS


def test_an_index_that_was_exchanged_turns_caching_off(folder):
    cache = PixelCache(folder, max_bytes=1e6)
    fill(cache, [1])
    (folder / "pixels.index").unlink()
    (folder / "pixels.index").write_bytes(b"")
    with pytest.warns(UserWarning, match="another file has taken the place"):
        fill(cache, [2])
    assert count_found(cache, [1]) == 1


needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away"
)
SOMEBODY = 54_321


@needs_root
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_user_is_left_alone(folder, name):
    (folder / name).write_bytes(PRECIOUS)
    os.chown(folder / name, SOMEBODY, -1)
    [warning] = use_both_caches(folder)
    assert f"belongs to another user (uid {SOMEBODY})" in warning
    assert (folder / name).read_bytes() == PRECIOUS


@needs_root
def test_a_folder_of_another_user_is_left_alone(folder):
    os.chown(folder, SOMEBODY, -1)
    warned = use_both_caches(folder)
    assert len(warned) == 2
    assert "the folder belongs to another user" in warned[0]
    assert list(folder.iterdir()) == []


def test_a_link_of_ones_own_to_the_folder_is_followed(tmp_path, folder):
    os.symlink(folder, tmp_path / "short")
    assert use_both_caches(tmp_path / "short") == []
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)


def test_folder_and_files_are_their_owners_alone(tmp_path):
    use_both_caches(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()} == {0o600}


# Rows that lie ------------------------------------------------------------------------------------


def row(key, offset, length, checksum=0):
    """A row of the index, with the checksum of its own that makes it look right."""
    content = struct.pack("<16sQQI", key, offset, length, checksum)
    return content + struct.pack("<I", zlib.crc32(content))


LIES = {
    "40 GB": (0, 40 << 30),
    "40 GB further on": (40 << 30, RECORD),
    "beyond all numbers": (2**64 - 1, 2**64 - 1),
    "just beyond": (1, 20 * RECORD),
    "negative": (2**64 - 10, 10),
    "nothing": (0, 0),
    "too short": (0, 10),
    "another record": (RECORD, RECORD),
    "half of two": (RECORD // 2, RECORD),
}


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "reopened"])
@pytest.mark.parametrize("offset, length", LIES.values(), ids=LIES)
def test_a_row_that_lies_costs_nothing_and_is_mended(folder, offset, length, is_open):
    read = cached(Source(), folder, max_bytes=100e9)
    pixels = PixelCache(folder, max_bytes=100e9)
    for number in range(20):
        read(photo(number))
    fill(pixels, range(20))
    for name, key in (
        ("bytes", record_key("id-1", "1")),
        ("pixels", record_key("id-1", "1", "key", SHAPE)),
    ):
        with open(folder / f"{name}.index", "r+b") as index:
            index.seek(40)
            index.write(row(key, offset, length))
    if not is_open:
        read = cached(Source(), folder, max_bytes=100e9)
        pixels = PixelCache(folder, max_bytes=100e9)
    tracemalloc.start()
    try:
        for _ in range(3):
            for number in range(20):
                assert read(photo(number)) == Source()(photo(number))
            count_found(pixels, range(20))
            fill(pixels, range(20))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000
    assert count_found(pixels, range(20)) == 20
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000


def test_a_long_record_in_a_file_of_holes_is_not_read(folder):
    """The file is 40 GB long, as the row says, and takes no place on the disk."""
    read = cached(Source(), folder, max_bytes=100e9)
    read(photo(1))
    os.truncate(folder / "bytes.data", 40 << 30)
    with open(folder / "bytes.index", "r+b") as index:
        index.write(row(record_key("id-1", "1"), 0, 40 << 30))
    tracemalloc.start()
    try:
        for opened in (read, cached(Source(), folder, max_bytes=100e9)):
            assert opened(photo(1)) == Source()(photo(1))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000


def test_an_index_of_holes_is_an_empty_cache(folder):
    """40 GB long: a billion rows, none of which is one."""
    fill(PixelCache(folder, max_bytes=1e12), range(3))
    os.truncate(folder / "pixels.index", 40 << 30)
    tracemalloc.start()
    try:
        cache = PixelCache(folder, max_bytes=1e12)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000
    assert all(fill(cache, range(10)))
    assert count_found(cache, range(10)) == 10
    assert (folder / "pixels.index").stat().st_size == 400


def test_rows_that_overlap_never_give_a_wrong_byte(folder):
    """All rows lead to one place: whichever record is written there, the others are missing."""
    cache = PixelCache(folder, max_bytes=1e6)
    fill(cache, range(10))
    keys = [record_key(f"id-{number}", "1", "key", SHAPE) for number in range(10)]
    with open(folder / "pixels.index", "r+b") as index:
        index.write(b"".join(row(key, 7, RECORD) for key in keys))
    for opened in (cache, PixelCache(folder, max_bytes=1e6)):
        for _ in range(3):
            count_found(opened, range(10))  # compares each byte
            fill(opened, range(10))
        assert count_found(opened, range(10)) == 10
    cache.put(photo(11), "key", pixels_of(photo(11)))
    assert count_found(cache, [11]) == 1
