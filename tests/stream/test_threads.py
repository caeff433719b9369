"""No thread outlives its use."""

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
from numbered_photos import Reads, decode, epoch_of, own_threads, photos, read, same

from colab_helpers.stream import StreamingSequence
from colab_helpers.stream.keys import random_keys
from colab_helpers.stream.order import Draws
from colab_helpers.stream.pixel_types import PixelTypes
from colab_helpers.stream.prefetch import Prefetcher
from colab_helpers.stream.rows import Recipe
from colab_helpers.stream.tally import Tally


@pytest.mark.parametrize("leave", ["break", "error", "collected", "closed"])
def test_no_thread_outlives_its_use(leave):
    """The fixture above looks for threads that are left."""

    def sometimes(file):
        if leave == "error" and file.id == "id00150":
            raise ValueError("no")
        return read(file)

    sequence = StreamingSequence(photos(1000), sometimes, decode, batch_size=4, reads=8)
    if leave in ("break", "error"):
        try:
            for count, _ in enumerate(sequence):
                if leave == "break" and count == 3:
                    break
        except RuntimeError as error:
            assert "150.jpg" in str(error)
        return
    sequence.on_epoch_begin()
    sequence[0]
    assert own_threads()
    if leave == "closed":
        sequence.close()
    else:
        gone = weakref.ref(sequence)
        del sequence
        gc.collect()
        assert gone() is None


def test_whoever_waits_for_a_batch_gets_it_though_the_sequence_is_closed_meanwhile():
    expected = StreamingSequence(photos(10), read, decode, batch_size=4)[0]
    reads = Reads(hold=lambda file: True)
    sequence = StreamingSequence(photos(10), reads, decode, batch_size=4)
    sequence.on_epoch_begin()
    given = []
    waiting = threading.Thread(target=lambda: given.append(sequence[1]))
    waiting.start()
    reads.wait_until(lambda reads: reads.now == 10)
    sequence.close()
    reads.release()
    waiting.join(10)
    assert same(given, [expected])


def test_an_epoch_that_pauses_keeps_what_was_read_and_lets_its_threads_go():
    """`steps_per_epoch` ends an epoch in its middle; the next one goes on there."""
    reads = Reads()
    sequence = StreamingSequence(photos(100), reads, decode, batch_size=10, reads=2)
    seen = []
    for start in (0, 5):
        sequence.on_epoch_begin()
        seen += [sequence[index] for index in range(start, start + 5)]
        sequence.on_epoch_end()
        for thread in own_threads():
            thread.join(5)
        assert not own_threads()
    assert same(seen, list(StreamingSequence(photos(100), read, decode, batch_size=10)))
    assert set(reads.count.values()) == {1}


ON_ONE_CORE = """
import os
import threading

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from numbered_photos import decode, epoch_of, photos, read

from colab_helpers.stream import StreamingSequence

sequence = StreamingSequence(photos(50), read, decode, batch_size=8)
epoch_of(sequence)
names = [thread.name for thread in threading.enumerate()]
print(sequence.decoders, sum("decoder_" in name for name in names))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds a process to cores")
def test_a_process_that_may_use_one_core_decodes_in_one_thread():
    """A container may have fewer cores than its machine."""
    found = subprocess.run(
        [sys.executable, "-c", ON_ONE_CORE],
        cwd=Path(__file__).parent,
        env={**os.environ, "KERAS_BACKEND": "numpy"},  # the one that is imported fastest
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["1", "1"]


@pytest.mark.parametrize("cores, decoders", [(1, 1), (6, 6), (96, 8)])
def test_decoders_are_one_for_each_core_and_no_more_than_eight(monkeypatch, cores, decoders):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert StreamingSequence(photos(4), read, decode).decoders == decoders


def test_stats_tell_where_the_time_went():
    sequence = StreamingSequence(photos(50), read, decode, batch_size=8)
    epoch_of(sequence)
    assert sequence.stats["images"] == 50
    assert all(sequence.stats[name] > 0 for name in ("reading", "decoding", "waiting"))


def test_a_pass_that_is_over_keeps_no_memory_until_a_garbage_collection():
    """Batches of many passes would pile up: 5 MB each, and some for each pass."""
    files = photos(20)
    keys = random_keys(file.id for file in files)
    recipe = Recipe(
        files=files,
        read=read,
        decode=decode,
        cache=None,
        augment=None,
        variation_seed=(0,),
        pixel_types=PixelTypes(None, "uint8"),
        skips_bad_files=False,
    )
    gc.collect()
    gc.disable()
    try:
        prefetcher = Prefetcher(
            recipe,
            lambda place: Draws(np.arange(10 * place, 10 * place + 10), keys[:10]),
            range(2),
            reads=4,
            batch_size=10,
            tally=Tally(),
        )
        assert [len(prefetcher.take(place).good) for place in range(2)] == [10, 10]
        for thread in own_threads():
            thread.join(5)
        gone = weakref.ref(prefetcher)
        del prefetcher
        assert gone() is None
    finally:
        gc.enable()
