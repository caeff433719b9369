"""Threads and processes fill one cache together, and one that is killed harms nobody."""

import multiprocessing
import random
import threading

import pytest
from cached_photos import count_found, fill, start_python

from colab_helpers.stream import PixelCache


def fill_what_is_missing(cache, seed, count):
    """Looks for photos in an order of one's own, and puts in those that are not there."""
    numbers = list(range(count))
    random.Random(seed).shuffle(numbers)
    for number in numbers:
        if not count_found(cache, [number]):
            fill(cache, [number])


def test_many_threads_read_and_write_at_once(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e7)
    wrong = []

    def work(seed):
        try:
            fill_what_is_missing(cache, seed, 300)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert count_found(cache, range(300)) == 300
    assert cache.stats["damaged"] == 0
    assert cache.stats["records"] == 300


def write_and_read(folder, seed, ended, inherited=None):
    cache = inherited or PixelCache(folder, max_bytes=1e7)
    fill_what_is_missing(cache, seed, 400)
    ended.put((count_found(cache, range(400)), cache.stats["damaged"]))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("inherit", [False, True], ids=["own", "forked"])
def test_two_processes_fill_one_folder(tmp_path, inherit):
    """One of them writes each record, and both read both's; so do forked copies of one cache."""
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
    assert count_found(cache, range(400)) == 400


FILL_UNTIL_KILLED = """
import sys
from cached_photos import fill
from colab_helpers.stream import PixelCache

cache = PixelCache(sys.argv[1], max_bytes=1e7)
print("started", flush=True)
fill(cache, range(100_000))
"""


def test_a_killed_writer_leaves_a_good_cache(tmp_path):
    """SIGKILL at a random moment of filling: what is there is right, and filling goes on."""
    for moment in (1, 3, 40):
        writer = start_python(FILL_UNTIL_KILLED, tmp_path)
        writer.stdout.readline()
        watched = PixelCache(tmp_path, max_bytes=1e7)
        start = watched.stats["records"]
        for _ in range(100_000):
            count_found(watched, [-1])  # a miss looks at the disk again
            if watched.stats["records"] >= start + moment:
                break
        writer.kill()
        writer.communicate()
    cache = PixelCache(tmp_path, max_bytes=1e7)
    before = cache.stats["records"]
    assert before >= 44
    assert count_found(cache, range(before)) == before
    fill(cache, range(before + 20))
    assert count_found(cache, range(before + 20)) == before + 20
    assert cache.stats["damaged"] == 0
