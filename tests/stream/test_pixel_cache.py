"""`PixelCache` returns what was put in, or nothing: never a wrong byte."""

import gc
import os
import pickle
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from cached_photos import (
    SHAPE,
    Source,
    bytes_on_disk,
    count_found,
    fill,
    holds,
    photo,
    pixels_of,
)

from colab_helpers.stream import PixelCache, cached


def test_what_was_put_in_comes_back_and_nothing_else_does(tmp_path):
    """A file is found by id, version, key and shape together."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    cache.put(photo(1), "key", pixels_of(photo(1)))
    assert count_found(cache, [1]) == 1
    assert not holds(cache, photo(2))
    assert not holds(cache, photo(1, version="2"))
    assert not holds(cache, photo(1), key="another key")
    assert not holds(cache, photo(1), shape=(30, 40, 4))


def test_a_batch_is_filled_where_the_cache_has_the_images(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    fill(cache, [1, 3])
    files = [photo(n) for n in (0, 1, 2, 3, 1)]
    out = np.empty((5, *SHAPE), np.uint8)
    found = cache.get_batch(files, "key", out)
    assert found.dtype == bool
    assert found.tolist() == [False, True, False, True, True]
    for row in np.flatnonzero(found):
        np.testing.assert_array_equal(out[row], pixels_of(files[row]))
    assert cache.stats["hits"] == 3
    assert cache.stats["misses"] == 2


def test_a_batch_of_no_files_finds_nothing(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    found = cache.get_batch([], "key", np.empty((0, *SHAPE), np.uint8))
    assert found.shape == (0,)


def test_pixels_are_read_straight_into_a_place_in_a_batch(tmp_path):
    """`out` may be a part of a larger array, and its neighbours stay as they are."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    fill(cache, [1])
    batch = np.full((3, *SHAPE), 7, np.uint8)
    assert cache.get_batch([photo(1)], "key", batch[1:2]).all()
    np.testing.assert_array_equal(batch[1], pixels_of(photo(1)))
    assert (batch[[0, 2]] == 7).all()


def test_a_second_run_finds_what_the_first_one_kept(tmp_path):
    """The index is built again from the disk, also while the first cache is still open."""
    first = PixelCache(tmp_path, max_bytes=1e7)
    fill(first, range(600))
    second = PixelCache(tmp_path, max_bytes=1e7)
    assert count_found(second, range(600)) == 600
    fill(first, range(600, 700))
    assert count_found(second, range(700)) == 700
    assert second.stats["records"] == 700


def test_arrays_that_would_be_filled_wrongly_are_refused(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    with pytest.raises(ValueError, match="contiguous"):
        cache.get_batch([photo(1)], "key", np.empty((1, 40, 80, 3), np.uint8)[:, :, ::2])
    with pytest.raises(ValueError, match="arrays of numbers.* Received: dtype object"):
        cache.put(photo(1), "key", np.full(SHAPE, None))


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "uint16", "int32", "float16", "float32", "float64", ">f4"]
)
def test_pixels_of_any_dtype_come_back_as_they_were(tmp_path, dtype):
    """Floats stay floats, numbers above 255 stay what they are, and NaN stays NaN."""
    pixels = np.linspace(0, 1, 300).reshape(10, 10, 3)
    if np.dtype(dtype).kind in "ui":
        pixels = pixels * np.iinfo(dtype).max
    pixels = pixels.astype(dtype)
    if np.dtype(dtype).kind == "f":
        pixels[0, 0, 0] = np.nan
    cache = PixelCache(tmp_path, max_bytes=1e6)
    assert cache.put(photo(1), "key", pixels)
    cache = PixelCache(tmp_path, max_bytes=1e6)
    out = np.empty((1, 10, 10, 3), np.dtype(dtype).newbyteorder("="))
    assert cache.get_batch([photo(1)], "key", out).all()
    np.testing.assert_array_equal(out[0], pixels)


def test_pixels_of_one_dtype_are_never_taken_for_those_of_another(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    for number, dtype in enumerate((np.uint8, np.int8, np.bool_)):
        cache.put(photo(number), "key", np.ones(SHAPE, dtype))
        others = {np.uint8, np.int8, np.bool_, np.float32} - {dtype}
        for other in others:
            found = cache.get_batch([photo(number)], "key", np.empty((1, *SHAPE), other))
            assert not found.any()


def test_a_view_is_kept_as_the_pixels_that_it_shows(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    mirrored = pixels_of(photo(1))[:, ::-1]
    assert cache.put(photo(1), "key", mirrored)
    out = np.empty((1, *SHAPE), np.uint8)
    assert cache.get_batch([photo(1)], "key", out).all()
    np.testing.assert_array_equal(out[0], mirrored)


@pytest.mark.parametrize(
    "wrong, advice",
    [
        (0, "such as 5e9"),
        (-1, "such as 5e9"),
        (float("nan"), "such as 5e9"),
        (float("inf"), "such as 5e9"),
        (None, "such as 5e9"),
        (True, "such as 5e9"),
        ("5GB", r"write max_bytes=5e\+09"),
        ("5 gb", r"write max_bytes=5e\+09"),
        ("500MiB", "write max_bytes=5.24288e\\+08"),
        ("1.5T", r"write max_bytes=1.5e\+12"),
        ("1000", "write max_bytes=1000"),
        ("much", "write max_bytes=5e9 for 5 GB"),
    ],
)
def test_a_bound_that_is_no_number_of_bytes_is_refused_with_what_to_write(tmp_path, wrong, advice):
    message = f"`max_bytes` must be a number of bytes above 0.*{advice}.*Received: max_bytes="
    with pytest.raises(ValueError, match=message):
        PixelCache(tmp_path, max_bytes=wrong)
    with pytest.raises(ValueError, match=message):
        cached(Source(), tmp_path, max_bytes=wrong)


def test_names_from_drive_never_become_paths(tmp_path):
    """Whatever an id holds: two files in the folder that was named, readable by the owner only."""
    folder = tmp_path / "cache"
    cache = PixelCache(folder, max_bytes=1e6)
    for name in ("../../escape", "/etc/passwd", "a\0b", "\udc80", "x" * 5000, ""):
        file = SimpleNamespace(id=name, version="../v")
        assert cache.put(file, "../key", pixels_of(photo(1)))
        assert holds(cache, file, "../key")
    assert sorted(path.name for path in folder.iterdir()) == ["pixels.data", "pixels.index"]
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_both_caches_may_share_a_folder_and_travel_to_another_process(tmp_path):
    pixels = PixelCache(tmp_path, max_bytes=1e6)
    read = cached(Source(), tmp_path, max_bytes=1e6)
    fill(pixels, range(5))
    read(photo(1))
    pixels, read = pickle.loads(pickle.dumps((pixels, read)))
    assert count_found(pixels, range(5)) == 5
    assert pixels.stats["max_bytes"] == 1_000_000
    read(photo(1))
    assert read.stats["hits"] == 1


def test_a_cache_that_nobody_holds_leaves_no_file_open(tmp_path):
    """At once, not when garbage is collected: many caches are made in a long session."""
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(5):
            fill(PixelCache(tmp_path, max_bytes=1e6), [1])
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        gc.enable()


# Bounds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_bytes", [100, 5000, 20_000, 1_000_000, 3_333_333])
def test_a_cache_never_takes_more_than_its_bytes(tmp_path, max_bytes):
    """Filled, then frozen: what is in stays in; what does not fit is refused."""
    cache = PixelCache(tmp_path, max_bytes=max_bytes)
    kept = fill(cache, range(1000))
    assert bytes_on_disk(tmp_path) <= max_bytes
    assert kept == [True] * sum(kept) + [False] * (1000 - sum(kept))
    assert sum(kept) == max_bytes // (np.prod(SHAPE) + 40)
    assert count_found(cache, range(1000)) == sum(kept)
    assert cache.stats["full"] == (sum(kept) < 1000)
    cache.close()
    assert bytes_on_disk(tmp_path) == cache.stats["bytes"]


def test_two_caches_on_one_folder_keep_to_one_bound(tmp_path):
    caches = [PixelCache(tmp_path, max_bytes=1e6) for _ in range(2)]
    for number in range(500):
        fill(caches[number % 2], [number])
    assert bytes_on_disk(tmp_path) <= 1e6
    assert caches[0].stats["records"] == caches[1].stats["records"] > 200


def test_a_first_epoch_larger_than_the_cache_keeps_what_it_filled(tmp_path):
    """Misses alone do not empty it, with many reads ahead of their puts as well."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    count_found(cache, range(1000))
    kept = sum(fill(cache, range(1000)))
    assert count_found(cache, range(1000)) == kept > 200


def test_a_cache_full_of_another_data_set_is_filled_anew(tmp_path):
    """Without a single hit in as many look-ups as it has records, what it holds is of no use."""
    fill(PixelCache(tmp_path, max_bytes=1e6), range(1000))
    cache = PixelCache(tmp_path, max_bytes=1e6)
    for number in range(2000, 3000):
        if not count_found(cache, [number]):
            fill(cache, [number])
    assert count_found(cache, range(2000, 3000)) > 200
    assert bytes_on_disk(tmp_path) <= 1e6


def test_a_smaller_bound_than_last_time_is_kept_to(tmp_path):
    fill(PixelCache(tmp_path, max_bytes=1e6), range(100))
    cache = PixelCache(tmp_path, max_bytes=1e5)
    assert bytes_on_disk(tmp_path) <= 1e5
    assert sum(fill(cache, range(100))) == count_found(cache, range(100)) == 20


def test_a_record_costs_at_most_sixteen_bytes_of_memory(tmp_path):
    """The caches of a hundred thousand photos must not be what fills the memory."""
    tiny = np.zeros((2, 2, 3), np.uint8)
    cache = PixelCache(tmp_path, max_bytes=1e8)
    for number in range(3000):
        cache.put(photo(number), "key", tiny)
    tracemalloc.start()
    try:
        second = PixelCache(tmp_path, max_bytes=1e8)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert second.stats["records"] == 3000
    assert taken <= 16 * 3000 + 10_000  # the second number for the object itself


def test_a_file_without_a_version_is_refused_by_both_caches(tmp_path):
    """Another content under its id would be taken for what is kept."""
    unknown = photo(1, version=None)
    cache = PixelCache(tmp_path / "pixels", max_bytes=1e6)
    with pytest.raises(TypeError, match=r"id-1.*has no `version`"):
        cache.put(unknown, "key", np.zeros(SHAPE, np.uint8))
    with pytest.raises(TypeError, match=r"id-1.*has no `version`"):
        cache.get_batch([unknown], "key", np.zeros((1, *SHAPE), np.uint8))
    read = cached(lambda file: b"", tmp_path / "bytes", max_bytes=1e6)
    with pytest.raises(TypeError, match=r"id-1.*has no `version`"):
        read(unknown)
