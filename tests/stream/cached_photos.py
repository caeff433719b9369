"""Photos whose pixels are known, to fill caches with, and ways to look at and to damage these."""

import os
import random
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SHAPE = (40, 40, 3)


def photo(number, version="1"):
    return SimpleNamespace(id=f"id-{number}", version=version)


def pixels_of(file, key="key", shape=SHAPE):
    seed = f"{file.id} {file.version} {key}"
    data = random.Random(seed).randbytes(int(np.prod(shape)))
    return np.frombuffer(data, np.uint8).reshape(shape)


def fill(cache, numbers):
    """Puts photos into a cache; returns for each whether it was taken."""
    return [cache.put(photo(n), "key", pixels_of(photo(n))) for n in numbers]


def holds(cache, file, key="key", shape=SHAPE):
    """Whether a cache has pixels of a file; which these are is not looked at."""
    return bool(cache.get_batch([file], key, np.empty((1, *shape), np.uint8))[0])


def count_found(cache, numbers):
    """Counts the photos that the cache has; each must have its own pixels."""
    out = np.empty((1, *SHAPE), np.uint8)
    found = 0
    for number in numbers:
        if cache.get_batch([photo(number)], "key", out)[0]:
            found += 1
            assert (out[0] == pixels_of(photo(number))).all()
    return found


def bytes_on_disk(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def flip_bits(path, positions):
    data = bytearray(path.read_bytes())
    for position in positions:
        data[position // 8] ^= 1 << position % 8
    path.write_bytes(data)


class Source:
    """Files of some kilobytes, and a record of which were read."""

    def __init__(self):
        self.reads = []

    def __call__(self, file, start=None, end=None):
        self.reads.append(file.id)
        return random.Random(file.id + file.version).randbytes(5000)[start:end]


def start_python(code, *arguments):
    """Starts a process that runs `code` and can import this module and the library."""
    here = Path(__file__).parent
    paths = os.pathsep.join((str(here), str(here.parents[1])))
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    )
