"""A cache in use goes on in a forked child, whatever the parent's threads were about to do."""

import json

import pytest
from cached_photos import count_found, start_python

from colab_helpers.stream import PixelCache

FORK_WHILE_BUSY = """
import json
import os
import signal
import sys
import threading
import warnings

from cached_photos import Source, count_found, fill, photo
from colab_helpers.stream import PixelCache, cached

warnings.simplefilter("ignore", DeprecationWarning)  # Python's, about forks beside threads
folder, forks = sys.argv[1], 30
read = cached(Source(), folder, max_bytes=1e8)
cache = PixelCache(folder, max_bytes=1e8)
ended = threading.Event()


def keep_busy(start):
    number = start
    while not ended.is_set():
        count_found(cache, [number % 900])
        fill(cache, [number % 900])
        read(photo(number % 900))
        number += 1


def use_in_child(first):
    signal.alarm(20)  # a child that hangs is killed, and the parent sees it
    numbers = range(first, first + 10)
    assert all(fill(cache, numbers))
    assert count_found(cache, numbers) == 10
    assert count_found(cache, [number % 900 for number in numbers]) >= 0
    for number in numbers:
        assert read(photo(number)) == Source()(photo(number))
        assert read(photo(number)) == Source()(photo(number))
    assert cache.stats["damaged"] == 0
    assert not cache.stats["off"]
    assert not read.stats["off"]


def fork(first):
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        use_in_child(first)
        status = 0
    finally:
        os._exit(status)


threads = [threading.Thread(target=keep_busy, args=(300 * n,)) for n in range(3)]
for thread in threads:
    thread.start()
statuses = []
for number in range(forks):
    child = fork(1000 + 10 * number)
    statuses.append(os.waitpid(child, 0)[1])
ended.set()
for thread in threads:
    thread.join()
assert count_found(cache, range(1000, 1000 + 10 * forks)) == 10 * forks
print(json.dumps([statuses, cache.stats["damaged"], read.stats["damaged"]]))
"""


def test_a_child_forked_from_a_busy_cache_neither_hangs_nor_harms_it(tmp_path):
    process = start_python(FORK_WHILE_BUSY, tmp_path)
    answer, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    statuses, *damaged = json.loads(answer)
    assert statuses == [0] * 30
    assert damaged == [0, 0]
    assert count_found(PixelCache(tmp_path, max_bytes=1e8), range(1000, 1300)) == 300


KILLED_PARENT = """
import os
import sys
import time

from cached_photos import fill
from colab_helpers.stream import PixelCache
from colab_helpers.stream.record_files import RecordFiles

cache = PixelCache(sys.argv[1], max_bytes=1e8)
files = RecordFiles(sys.argv[1], "pixels", 10**8)
with files.locked():  # as another thread may hold it at the moment of a fork
    child = os.fork()
    if child == 0:
        files.drop_inherited_lock()
        print("child", flush=True)
        sys.stdin.read()
        os._exit(0)
    os.kill(os.getpid(), 9)
"""


def test_a_child_does_not_hold_the_lock_of_a_parent_that_was_killed(tmp_path):
    process = start_python(KILLED_PARENT, tmp_path)
    try:
        assert process.stdout.readline() == "child\n"
        process.wait(timeout=30)
        other = start_python(
            "import sys; from cached_photos import fill; from colab_helpers.stream import "
            "PixelCache; print(fill(PixelCache(sys.argv[1], max_bytes=1e8), [1]))",
            tmp_path,
        )
        try:
            answer, errors = other.communicate(timeout=60)
        finally:
            other.kill()
        assert answer == "[True]\n", errors
    finally:
        process.stdout.close()


@pytest.mark.parametrize("generations", [3])
def test_a_child_of_a_child_has_the_cache_too(tmp_path, generations):
    process = start_python(
        """
import os, signal, sys
from cached_photos import count_found, fill
from colab_helpers.stream import PixelCache
cache = PixelCache(sys.argv[1], max_bytes=1e6)
fill(cache, [0])
for generation in range(1, int(sys.argv[2]) + 1):
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(status != 0)
    signal.alarm(30)
    fill(cache, [generation])
    assert count_found(cache, range(generation + 1)) == generation + 1
""",
        tmp_path,
        generations,
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert count_found(PixelCache(tmp_path, max_bytes=1e6), range(generations + 1)) == 4


def test_in_a_child_that_cannot_open_the_cache_it_is_off_with_one_warning(tmp_path):
    process = start_python(
        """
import os, shutil, signal, sys, warnings
from pathlib import Path
from cached_photos import count_found, fill
from colab_helpers.stream import PixelCache
folder = Path(sys.argv[1], "cache")
cache = PixelCache(folder, max_bytes=1e6)
fill(cache, [0])
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    os._exit(status != 0)
signal.alarm(30)
shutil.rmtree(folder)
folder.write_text("no folder")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert count_found(cache, [0]) == 0
    assert fill(cache, [1]) == [False]
assert cache.stats["off"]
assert [str(one.message).partition(" is off")[1] for one in caught] == [" is off"]
os._exit(0)
""",
        tmp_path,
    )
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
