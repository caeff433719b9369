"""The caches return what was put in, or nothing: never a wrong byte, whatever happens to the disk."""

import multiprocessing
import os
from pathlib import Path
import pickle
import random
import shutil
import subprocess
import sys
import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from colab_helpers.cache import PixelCache, cached

SHAPE = (40, 40, 3)


def photo(number, version="1"):
    return SimpleNamespace(id=f"id-{number}", version=version)


def pixels_of(file, key="key", shape=SHAPE):
    seed = f"{file.id} {file.version} {key}"
    return np.frombuffer(random.Random(seed).randbytes(int(np.prod(shape))), np.uint8).reshape(
        shape
    )


def fill(cache, numbers):
    return [cache.put(photo(n), "key", pixels_of(photo(n))) for n in numbers]


def check(cache, numbers):
    """Counts the photos that the cache has; each must have its own pixels."""
    found = 0
    for number in numbers:
        out = np.empty(SHAPE, np.uint8)
        if cache.get(photo(number), "key", out):
            found += 1
            np.testing.assert_array_equal(out, pixels_of(photo(number)))
    return found


def used(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


class Source:
    """Files of some kilobytes, and a count of how often each was read."""

    def __init__(self):
        self.reads = []

    def __call__(self, file, start=None, end=None):
        self.reads.append(file.id)
        return random.Random(file.id + file.version).randbytes(5000)[start:end]


# What a cache promises


def test_what_was_put_in_comes_back_and_nothing_else_does(tmp_path):
    """A file is found by id, version, key and shape together."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    cache.put(photo(1), "key", pixels_of(photo(1)))
    assert check(cache, [1]) == 1
    out = np.empty(SHAPE, np.uint8)
    assert not cache.get(photo(2), "key", out)
    assert not cache.get(photo(1, version="2"), "key", out)
    assert not cache.get(photo(1), "another key", out)
    assert not cache.get(photo(1), "key", np.empty((30, 40, 4), np.uint8))


def test_a_second_run_finds_what_the_first_one_kept(tmp_path):
    """The index is built again from the disk, also while the first cache is still open."""
    first = PixelCache(tmp_path, max_bytes=1e7)
    fill(first, range(600))
    second = PixelCache(tmp_path, max_bytes=1e7)
    assert check(second, range(600)) == 600
    fill(first, range(600, 700))
    assert check(second, range(700)) == 700
    assert second.stats["records"] == 700


def test_pixels_are_read_straight_into_a_place_in_a_batch(tmp_path):
    """`out` may be one image of a larger array, and its neighbours stay as they are."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    fill(cache, [1])
    batch = np.full((3, *SHAPE), 7, np.uint8)
    assert cache.get(photo(1), "key", batch[1])
    np.testing.assert_array_equal(batch[1], pixels_of(photo(1)))
    assert (batch[[0, 2]] == 7).all()


def test_arrays_that_would_be_filled_wrongly_are_refused(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    with pytest.raises(ValueError, match="Received: float32"):
        cache.get(photo(1), "key", np.empty(SHAPE, np.float32))
    with pytest.raises(ValueError, match="contiguous"):
        cache.put(photo(1), "key", pixels_of(photo(1))[:, ::2])
    with pytest.raises(ValueError, match="`max_bytes` must be above 0. Received: 0"):
        PixelCache(tmp_path, max_bytes=0)


def test_a_cached_read_asks_its_source_once(tmp_path):
    """Bytes come back as they were, ranges too; a new version is read again."""
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    whole = Source()(photo(1))
    assert [read(photo(1)) for _ in range(3)] == [whole] * 3
    assert read(photo(1), 10, 20) == whole[10:20]
    assert read(photo(1), start=4000) == whole[4000:]
    assert source.reads == ["id-1"]
    assert read(photo(1, version="2")) != whole
    assert len(source.reads) == 2


def test_a_range_of_what_is_not_cached_passes_through(tmp_path):
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    assert read(photo(1), 10, 20) == Source()(photo(1))[10:20]
    assert read.stats["records"] == 0


def test_an_empty_file_is_cached_too(tmp_path):
    asked = []
    read = cached(lambda file: asked.append(file) or b"", tmp_path, max_bytes=1e6)
    assert (read(photo(1)), read(photo(1)), len(asked)) == (b"", b"", 1)


def test_an_error_of_the_source_passes_and_is_not_cached(tmp_path):
    answers = [OSError("throttled"), b"fine"]

    def source(file):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    read = cached(source, tmp_path, max_bytes=1e6)
    with pytest.raises(OSError, match="throttled"):
        read(photo(1))
    assert read(photo(1)) == b"fine"


def test_names_from_drive_never_become_paths(tmp_path):
    """Whatever an id holds, two files are written, in the folder that was named, readable by their owner only."""
    folder = tmp_path / "cache"
    cache = PixelCache(folder, max_bytes=1e6)
    for name in ("../../escape", "/etc/passwd", "a\0b", "\udc80", "x" * 5000, ""):
        file = SimpleNamespace(id=name, version="../v")
        assert cache.put(file, "../key", pixels_of(photo(1)))
        assert cache.get(file, "../key", np.empty(SHAPE, np.uint8))
    assert sorted(path.name for path in folder.iterdir()) == ["pixels.data", "pixels.index"]
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_both_caches_may_share_a_folder_and_travel_to_another_process(tmp_path):
    pixels = PixelCache(tmp_path, max_bytes=1e6)
    read = cached(Source(), tmp_path, max_bytes=1e6)
    fill(pixels, range(5))
    read(photo(1))
    pixels, read = pickle.loads(pickle.dumps((pixels, read)))
    assert check(pixels, range(5)) == 5
    read(photo(1))
    assert read.stats["hits"] == 1


# Bounds


@pytest.mark.parametrize("max_bytes", [100, 5000, 20_000, 1_000_000, 3_333_333])
def test_a_cache_never_takes_more_than_its_bytes(tmp_path, max_bytes):
    """Filled, then frozen: what is in stays in; what does not fit is refused."""
    cache = PixelCache(tmp_path, max_bytes=max_bytes)
    kept = fill(cache, range(1000))
    assert used(tmp_path) <= max_bytes
    assert kept == [True] * sum(kept) + [False] * (1000 - sum(kept))
    assert sum(kept) == max_bytes // (np.prod(SHAPE) + 40)
    assert check(cache, range(1000)) == sum(kept)
    assert cache.stats["full"] == (sum(kept) < 1000)
    cache.close()
    assert used(tmp_path) == cache.stats["bytes"]


def test_two_caches_on_one_folder_keep_to_one_bound(tmp_path):
    caches = [PixelCache(tmp_path, max_bytes=1e6) for _ in range(2)]
    for number in range(500):
        fill(caches[number % 2], [number])
    assert used(tmp_path) <= 1e6
    assert caches[0].stats["records"] == caches[1].stats["records"] > 200


def test_a_first_epoch_larger_than_the_cache_keeps_what_it_filled(tmp_path):
    """Misses alone do not empty it, with many reads ahead of their puts as well."""
    cache = PixelCache(tmp_path, max_bytes=1e6)
    check(cache, range(1000))
    kept = sum(fill(cache, range(1000)))
    assert check(cache, range(1000)) == kept > 200


def test_a_cache_full_of_another_data_set_is_filled_anew(tmp_path):
    """Without a single hit in as many look-ups as it has records, what it holds is of no use."""
    fill(PixelCache(tmp_path, max_bytes=1e6), range(1000))
    cache = PixelCache(tmp_path, max_bytes=1e6)
    for number in range(2000, 3000):
        if not check(cache, [number]):
            fill(cache, [number])
    assert check(cache, range(2000, 3000)) > 200
    assert used(tmp_path) <= 1e6


def test_a_smaller_bound_than_last_time_is_kept_to(tmp_path):
    fill(PixelCache(tmp_path, max_bytes=1e6), range(100))
    cache = PixelCache(tmp_path, max_bytes=1e5)
    assert used(tmp_path) <= 1e5
    assert sum(fill(cache, range(100))) == check(cache, range(100)) == 20


def test_a_record_costs_a_few_bytes_of_memory(tmp_path):
    """The caches of a hundred thousand photos must not be what fills the memory."""
    tiny = np.zeros((2, 2, 3), np.uint8)
    cache = PixelCache(tmp_path, max_bytes=1e8)
    for number in range(3000):
        cache.put(photo(number), "key", tiny)
    assert cache._table.itemsize * len(cache._table) <= 16 * 3000


# Many at once


def test_many_threads_read_and_write_at_once(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e7)
    wrong = []

    def work(seed):
        numbers = list(range(300))
        random.Random(seed).shuffle(numbers)
        try:
            for number in numbers:
                if not check(cache, [number]):
                    fill(cache, [number])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert check(cache, range(300)) == 300
    assert cache.stats["damaged"] == 0
    assert cache.stats["records"] == 300


def write_and_read(folder, seed, ended, inherited=None):
    cache = inherited or PixelCache(folder, max_bytes=1e7)
    numbers = list(range(400))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        if not check(cache, [number]):
            fill(cache, [number])
    ended.put((check(cache, range(400)), cache.stats["damaged"]))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("inherit", [False, True], ids=["own", "forked"])
def test_two_processes_fill_one_folder(tmp_path, inherit):
    """Each record is written once, by one of them, and both read both's; so do forked copies of one cache."""
    context = multiprocessing.get_context("fork")
    ended = context.Queue()
    shared = PixelCache(tmp_path, max_bytes=1e7) if inherit else None
    writers = [
        context.Process(target=write_and_read, args=(tmp_path, seed, ended, shared))
        for seed in range(2)
    ]
    for writer in writers:
        writer.start()
    assert [ended.get(timeout=60) for _ in writers] == [(400, 0)] * 2
    for writer in writers:
        writer.join()
    cache = PixelCache(tmp_path, max_bytes=1e7)
    assert cache.stats["records"] == 400
    assert check(cache, range(400)) == 400


KILLED = """
import sys
sys.path[:0] = sys.argv[2:]
from test_cache import PixelCache, fill
cache = PixelCache(sys.argv[1], max_bytes=1e7)
print("started", flush=True)
fill(cache, range(100_000))
"""


def test_a_killed_writer_leaves_a_good_cache(tmp_path):
    """SIGKILL at a random moment of filling: what is there is right, and filling goes on."""
    here = os.path.dirname(__file__)
    for moment in (1, 3, 40):
        command = [sys.executable, "-c", KILLED, str(tmp_path), here, str(Path(here).parents[1])]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE)
        writer.stdout.readline()
        watched = PixelCache(tmp_path, max_bytes=1e7)
        start = watched.stats["records"]
        for _ in range(100_000):
            check(watched, [-1])  # a miss looks at the disk again
            if watched.stats["records"] >= start + moment:
                break
        writer.kill()
        writer.wait()
        writer.stdout.close()
    cache = PixelCache(tmp_path, max_bytes=1e7)
    before = cache.stats["records"]
    assert before >= 44
    assert check(cache, range(before)) == before
    fill(cache, range(before + 20))
    assert check(cache, range(before + 20)) == before + 20
    assert cache.stats["damaged"] == 0


# Damage


def flip(path, positions):
    data = bytearray(path.read_bytes())
    for position in positions:
        data[position // 8] ^= 1 << position % 8
    path.write_bytes(data)


@pytest.mark.parametrize("reopen", [False, True], ids=["open", "reopened"])
@pytest.mark.parametrize("name", ["pixels.data", "pixels.index"])
def test_flipped_bits_are_noticed_and_read_again(tmp_path, name, reopen):
    """One bit, in any place: the record is missing, never wrong; put again, it is whole again."""
    cache = PixelCache(tmp_path, max_bytes=1e7)
    fill(cache, range(100))
    cache.close()
    rng = random.Random(0)
    places = rng.sample(range(8 * (tmp_path / name).stat().st_size), 20)
    flip(tmp_path / name, places)
    if reopen:
        cache = PixelCache(tmp_path, max_bytes=1e7)
    found = check(cache, range(100))
    assert 80 <= found < 100
    assert all(fill(cache, range(100)))
    assert check(cache, range(100)) == 100
    assert check(PixelCache(tmp_path, max_bytes=1e7), range(100)) == 100


def test_swapped_and_lost_pages_are_noticed(tmp_path):
    """Pages of one record in another order, or of another record, or of zeros, are not taken for it."""
    shape = (128, 128, 3)  # 12 pages
    image = pixels_of(photo(1), shape=shape)
    for number, damage in enumerate(["swap", "zero", "other"]):
        cache = PixelCache(tmp_path / damage, max_bytes=1e6)
        cache.put(photo(1), "key", image)
        cache.put(photo(2), "key", pixels_of(photo(2), shape=shape))
        cache.close()
        path = tmp_path / damage / "pixels.data"
        data = bytearray(path.read_bytes())
        page, size = slice(4096, 8192), image.size
        if damage == "swap":
            data[page], data[8192:12288] = data[8192:12288], data[page]
        elif damage == "zero":
            data[page] = bytes(4096)
        else:
            data[:size] = data[size:]
        path.write_bytes(data)
        assert not cache.get(photo(1), "key", np.empty(shape, np.uint8)), number
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
    assert check(cache, range(50)) == int(share * 50)
    assert all(fill(cache, range(50)))
    assert check(cache, range(50)) == 50


def test_damaged_bytes_are_read_again_and_mended(tmp_path):
    source = Source()
    read = cached(source, tmp_path, max_bytes=1e6)
    read(photo(1))
    flip(tmp_path / "bytes.data", [12345])
    assert [read(photo(1)) for _ in range(3)] == [Source()(photo(1))] * 3
    assert source.reads == ["id-1"] * 2
    assert read.stats["damaged"] == 1


def test_files_of_rubbish_are_an_empty_cache(tmp_path):
    (tmp_path / "pixels.index").write_bytes(random.Random(0).randbytes(4321))
    (tmp_path / "pixels.data").write_bytes(b"rubbish")
    cache = PixelCache(tmp_path, max_bytes=1e7)
    assert check(cache, range(10)) == 0
    assert all(fill(cache, range(10)))
    assert check(cache, range(10)) == 10


# A full disk

FULL_DISK = """
import sys, warnings
sys.path[:0] = sys.argv[2:]
import resource
from test_cache import PixelCache, Source, cached, check, fill, photo
{limit}
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    cache = PixelCache(sys.argv[1], max_bytes=1e9)
    kept = fill(cache, range(1000))
    assert kept == sorted(kept, reverse=True) and 100 < sum(kept) < 1000, sum(kept)
    assert check(cache, range(1000)) == sum(kept)
    assert cache.stats["off"]
    read = cached(Source(), sys.argv[1], max_bytes=1e9)
    for number in range(1000):
        assert read(photo(number)) == Source()(photo(number))
print([str(warning.message) for warning in seen])
"""


def run_full(folder, limit=""):
    here = os.path.dirname(__file__)
    command = [
        sys.executable,
        "-c",
        FULL_DISK.format(limit=limit),
        str(folder),
        here,
        str(Path(here).parents[1]),
    ]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    return eval(answer.stdout)


def test_a_full_disk_turns_caching_off_with_one_warning(tmp_path):
    """A disk of 2 MB: what was cached stays readable, the rest is read from its source, the run goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(
            "only root may mount a small disk; the next test limits the size of a file instead"
        )
    try:
        warned = run_full(disk)
        assert os.statvfs(disk).f_bavail >= 0
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert len(warned) == 2  # one of each cache
    assert "No space left on device" in warned[0]
    assert "Free some disk" in warned[0]


def test_a_limit_on_the_size_of_files_does_no_more_harm(tmp_path):
    """The kernel refuses to let a file grow beyond a megabyte."""
    warned = run_full(tmp_path, "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))")
    assert len(warned) == 2
    assert "File too large" in warned[0]


def test_a_folder_that_cannot_be_made_is_one_warning(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="Caching in .* is off") as seen:
        cache = PixelCache(tmp_path / "file" / "cache", max_bytes=1e6)
        read = cached(Source(), tmp_path / "file" / "cache", max_bytes=1e6)
    assert len(seen) == 2
    assert not any(fill(cache, range(3)))
    assert check(cache, range(3)) == 0
    assert read(photo(1)) == Source()(photo(1))


def test_a_folder_removed_in_the_middle_of_a_run_does_no_harm(tmp_path):
    cache = PixelCache(tmp_path / "cache", max_bytes=1e6)
    fill(cache, range(10))
    shutil.rmtree(tmp_path / "cache")
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        fill(cache, range(10, 20))
    assert check(cache, range(10)) == 10
    assert len(seen) == 1
