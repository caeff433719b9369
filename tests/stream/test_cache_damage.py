"""Damage is noticed: a record is right or missing, and whole again once it was put again."""

import os
import random

import pytest
from cached_photos import count_found, fill, flip_bits, holds, photo, pixels_of

from colab_helpers.stream import PixelCache


@pytest.mark.parametrize("reopen", [False, True], ids=["open", "reopened"])
@pytest.mark.parametrize("name", ["pixels.data", "pixels.index"])
def test_flipped_bits_are_noticed_and_read_again(tmp_path, name, reopen):
    """One bit, in any place: the record is missing, never wrong; put again, it is whole again."""
    cache = PixelCache(tmp_path, max_bytes=1e7)
    fill(cache, range(100))
    cache.close()
    rng = random.Random(0)
    bits = 8 * (tmp_path / name).stat().st_size
    flip_bits(tmp_path / name, rng.sample(range(bits), 20))
    if reopen:
        cache = PixelCache(tmp_path, max_bytes=1e7)
    assert 80 <= count_found(cache, range(100)) < 100
    assert all(fill(cache, range(100)))
    assert count_found(cache, range(100)) == 100
    assert count_found(PixelCache(tmp_path, max_bytes=1e7), range(100)) == 100


SECOND_PAGE = slice(4096, 8192)
THIRD_PAGE = slice(8192, 12_288)
SHAPE_OF_PAGES = (128, 128, 3)  # 12 pages
RECORD = 128 * 128 * 3


def swap_pages(data):
    data[SECOND_PAGE], data[THIRD_PAGE] = data[THIRD_PAGE], data[SECOND_PAGE]


def lose_a_page(data):
    data[SECOND_PAGE] = bytes(4096)


def mix_up_records(data):
    data[:RECORD] = data[RECORD:]


@pytest.mark.parametrize("damage", [swap_pages, lose_a_page, mix_up_records])
def test_swapped_and_lost_pages_are_noticed(tmp_path, damage):
    """Pages in another order, of zeros, or of another record, are not taken for a record's own."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    for number in (1, 2):
        cache.put(photo(number), "key", pixels_of(photo(number), shape=SHAPE_OF_PAGES))
    cache.close()
    path = tmp_path / "pixels.data"
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(data)
    assert not holds(cache, photo(1), shape=SHAPE_OF_PAGES)
    assert cache.stats["damaged"] == 1


@pytest.mark.parametrize("name", ["pixels.data", "pixels.index"])
@pytest.mark.parametrize("share", [0, 0.3, 0.999])
@pytest.mark.parametrize("reopen", [False, True], ids=["open", "reopened"])
def test_a_cut_file_loses_records_but_gives_no_wrong_one(tmp_path, name, share, reopen):
    cache = PixelCache(tmp_path, max_bytes=1e7)
    fill(cache, range(50))
    cache.close()
    os.truncate(tmp_path / name, int(share * (tmp_path / name).stat().st_size))
    if reopen:
        cache = PixelCache(tmp_path, max_bytes=1e7)
    assert count_found(cache, range(50)) == int(share * 50)
    assert all(fill(cache, range(50)))
    assert count_found(cache, range(50)) == 50


def test_files_of_rubbish_are_an_empty_cache(tmp_path):
    (tmp_path / "pixels.index").write_bytes(random.Random(0).randbytes(4321))
    (tmp_path / "pixels.data").write_bytes(b"rubbish")
    cache = PixelCache(tmp_path, max_bytes=1e7)
    assert count_found(cache, range(10)) == 0
    assert all(fill(cache, range(10)))
    assert count_found(cache, range(10)) == 10
