"""`python -m tests.benchmarks.decoders FOLDER`: how many threads decode best on this machine.

Pictures of a local folder, to 224 x 224, in as many threads as are named: images a second, and how
many cores were at work. Augmented pictures come from a `PixelCache` that holds all of them.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from colab_helpers import PixelCache, StreamingSequence, augmenter, connect, decoder  # noqa: E402
from colab_helpers.stream import threads  # noqa: E402
from tests.benchmarks.augment import WORDS  # noqa: E402
from tests.benchmarks.measure import SIZE, machine  # noqa: E402

LIBRARIES = ("pillow", "opencv")


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.decoders", description=__doc__
    )
    parser.add_argument("folder", type=Path, help="photographs in class folders")
    parser.add_argument("--threads", default="1,2,4,8,16")
    choice = parser.parse_args()
    counts = [int(count) for count in choice.threads.split(",")]
    print(f"{machine()}\n\n| what | threads | images/s | cores at work |\n|---|---|---|---|")
    drive = connect(choice.folder)
    files = list(drive.list_images("."))
    with tempfile.TemporaryDirectory() as cache:
        for library in LIBRARIES:
            decode = decoder(SIZE, library=library)
            sequence = StreamingSequence(files, drive.read, decode, batch_size=64)
            print_rows(f"decoded by {library}", sequence, counts)
        for library in LIBRARIES:
            sequence = StreamingSequence(
                files,
                drive.read,
                decoder(SIZE),
                batch_size=64,
                cache=PixelCache(cache, max_bytes=8e9),
                augment=augmenter(**WORDS, library=library),
            )
            run_epoch(sequence)  # fills the cache
            print_rows(f"augmented by {library}", sequence, counts)


def print_rows(what, sequence, counts):
    """A row for each number of threads, which are begun anew for it."""
    for count in counts:
        threads.usable_cores = lambda count=count: count
        threads.MOST_DECODERS = count
        threads.decoders.renew()
        begun, cpu = time.perf_counter(), time.process_time()
        images = run_epoch(sequence)
        seconds = time.perf_counter() - begun
        cores = (time.process_time() - cpu) / seconds
        print(f"| {what} | {count} | {images / seconds:,.0f} | {cores:.1f} |", flush=True)


def run_epoch(sequence):
    """How many images came."""
    sequence.on_epoch_begin()
    images = sum(len(sequence[index][0]) for index in range(len(sequence)))
    sequence.on_epoch_end()
    return images


if __name__ == "__main__":
    main()
