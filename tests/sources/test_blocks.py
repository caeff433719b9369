"""Blocks: fetched once for all who ask, kept on disk, a bounded number at a time."""

import dataclasses
import io
import multiprocessing
import os
import pickle
import tempfile
import threading

import pytest
from counted_folder import InMemory

from colab_helpers.sources.blocks import Block, Blocks, BlockSpan
from colab_helpers.sources.storage import SeekableFile, StreamedFile, read_in_pieces

CONTENT = bytes(range(256)) * 4


class CountedContent(InMemory):
    """A file of 1024 bytes that notes which ranges were read."""

    def __init__(self, content=CONTENT):
        super().__init__("content.bin", content)
        self.ranges = []

    def read(self, file, start=None, end=None):
        self.ranges.append((start, end))
        return super().read(file, start, end)


def spans_of(storage, size=100):
    """Spans that follow each other; the names are their numbers."""
    return [
        BlockSpan(str(number), storage.file, start, start + size)
        for number, start in enumerate(range(0, 1000, size))
    ]


@pytest.fixture(params=["on disk", "in memory"])
def room_on_disk(request, monkeypatch):
    """Once with a disk to write to, and once without."""
    if request.param == "in memory":
        monkeypatch.setattr(tempfile, "tempdir", os.devnull)


def test_a_block_is_read_by_positions_in_the_large_file(room_on_disk):
    """Whether it is kept on disk or in memory; behind its end there is nothing."""
    block = Block(100, CONTENT[100:200])
    assert block.read(100, 10) == CONTENT[100:110]
    assert block.read(150, 1) == CONTENT[150:151]
    assert block.read(190, 50) == CONTENT[190:200]
    assert block.read(500, 10) == b""


def test_a_block_is_fetched_once_for_all_its_reads(room_on_disk):
    storage = CountedContent()
    blocks = Blocks(storage.read, held_bytes=1000)
    span = spans_of(storage)[3]
    assert [blocks.get(span).read(300 + n, 1) for n in range(100)] == [
        CONTENT[n : n + 1] for n in range(300, 400)
    ]
    assert storage.ranges == [(300, 400)]


def test_threads_that_ask_at_once_wait_for_one_fetch():
    """Sixteen threads ask for a block that is on its way: there is one read."""
    storage = CountedContent()
    everyone_asked = threading.Event()

    def read(file, start, end):
        assert everyone_asked.wait(60)
        return storage.read(file, start, end)

    blocks = Blocks(read, held_bytes=1000)
    span = spans_of(storage)[0]
    found = []
    threads = [threading.Thread(target=lambda: found.append(blocks.get(span))) for _ in range(16)]
    for thread in threads:
        thread.start()
    everyone_asked.set()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert len(storage.ranges) == 1


def test_the_block_that_nobody_asked_for_the_longest_goes_first():
    storage = CountedContent()
    blocks = Blocks(storage.read, held_bytes=300)
    spans = spans_of(storage)
    for number in (0, 1, 2, 0, 3):
        blocks.get(spans[number])
    assert blocks.held == ["2", "0", "3"]
    blocks.get(spans[0])
    assert len(storage.ranges) == 4
    blocks.get(spans[1])
    assert len(storage.ranges) == 5
    assert blocks.held == ["3", "0", "1"]


@pytest.mark.parametrize("held_bytes, count", [(0, 1), (99, 1), (100, 1), (250, 2), (10_000, 10)])
def test_what_is_held_is_bounded_in_bytes(held_bytes, count):
    """As many blocks as fit, and one at least."""
    storage = CountedContent()
    blocks = Blocks(storage.read, held_bytes)
    for span in spans_of(storage):
        blocks.get(span)
    assert len(blocks.held) == count


def test_a_block_is_of_use_to_who_has_it_after_it_made_way():
    storage = CountedContent()
    blocks = Blocks(storage.read, held_bytes=100)
    spans = spans_of(storage)
    first = blocks.get(spans[0])
    for span in spans[1:]:
        blocks.get(span)
    assert first.read(0, 100) == CONTENT[:100]


def test_a_fetch_that_failed_is_tried_again_when_it_is_asked_for_again():
    """The error reaches who asked for it, as it was."""
    storage = CountedContent()
    errors = [ConnectionError("reset")]

    def read(file, start, end):
        if errors:
            raise errors.pop()
        return storage.read(file, start, end)

    blocks = Blocks(read, held_bytes=1000)
    span = spans_of(storage)[0]
    with pytest.raises(ConnectionError, match="reset"):
        blocks.get(span)
    assert blocks.get(span).read(0, 4) == CONTENT[:4]


def test_blocks_stay_behind_when_they_are_pickled():
    """The copy fetches anew, with the same bound."""
    storage = CountedContent()
    blocks = Blocks(storage.read, held_bytes=200)
    spans = spans_of(storage)
    blocks.get(spans[0])
    sent = pickle.dumps(blocks)
    copy = pickle.loads(sent)
    assert copy.held == []
    for span in spans[:5]:
        assert copy.get(span).read(span.start, 1) == CONTENT[span.start : span.start + 1]
    assert len(copy.held) == 2


class Interrupted:
    """Reads that Ctrl-C interrupts the first time, once another thread waits for the block."""

    def __init__(self):
        self.storage = CountedContent()
        self.first_is_reading = threading.Event()
        self.go_on = threading.Event()

    def read(self, file, start, end):
        if not self.first_is_reading.is_set():
            self.first_is_reading.set()
            assert self.go_on.wait(60)
            raise KeyboardInterrupt
        return self.storage.read(file, start, end)


def test_whoever_waits_for_a_block_gets_it_though_the_one_who_fetched_it_was_interrupted():
    """Ctrl-C ends the thread that it is meant for, and no other."""
    interrupted = Interrupted()
    blocks = Blocks(interrupted.read, held_bytes=1000)
    span = spans_of(interrupted.storage)[0]
    found = []

    def fetch_and_be_interrupted():
        with pytest.raises(KeyboardInterrupt):
            blocks.get(span)
        found.append("interrupted")

    first = threading.Thread(target=fetch_and_be_interrupted)
    first.start()
    assert interrupted.first_is_reading.wait(60)
    second = threading.Thread(target=lambda: found.append(blocks.get(span).read(0, 4)))
    second.start()
    interrupted.go_on.set()
    first.join(60)
    second.join(60)
    assert sorted(map(str, found)) == sorted(["interrupted", str(CONTENT[:4])])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_fetches_blocks_by_itself():
    """Also one whose fetch was under way in a thread that only the parent has."""
    storage = CountedContent()
    is_reading = threading.Event()
    go_on = threading.Event()

    def read(file, start, end):
        if threading.current_thread() is not threading.main_thread():
            is_reading.set()
            assert go_on.wait(60)
        return storage.read(file, start, end)

    blocks = Blocks(read, held_bytes=1000)
    held, under_way = spans_of(storage)[:2]
    blocks.get(held)
    thread = threading.Thread(target=blocks.get, args=(under_way,), daemon=True)
    thread.start()
    assert is_reading.wait(60)
    context = multiprocessing.get_context("fork")
    child = context.Process(target=read_two_blocks, args=(blocks, held, under_way))
    child.start()
    child.join(60)
    ended_by_itself = child.exitcode is not None
    child.kill()
    child.join()
    go_on.set()
    thread.join(60)
    assert ended_by_itself
    assert child.exitcode == 0
    assert blocks.get(under_way).read(100, 4) == CONTENT[100:104]


def read_two_blocks(blocks, held, under_way):
    assert blocks.held == []
    assert blocks.get(held).read(0, 4) == CONTENT[:4]
    assert blocks.get(under_way).read(100, 4) == CONTENT[100:104]


# Files that lie elsewhere


def test_a_seekable_file_reads_as_any_file_does():
    """Seeks from the start, from here and from the end; reads at and behind the end."""
    storage = CountedContent()
    remote = SeekableFile(storage.read, storage.file)
    local = io.BytesIO(CONTENT)
    steps = [(0, 0, 10), (5, 1, 10), (-20, 2, 100), (0, 2, 1), (2000, 0, 5), (0, 0, -1)]
    for offset, whence, size in steps:
        assert remote.seek(offset, whence) == local.seek(offset, whence)
        assert remote.read(size) == local.read(size)
        assert remote.tell() == local.tell()
    with pytest.raises(OSError, match="before the start"):
        remote.seek(-1)


def test_a_seekable_file_asks_for_no_gigabytes_at_once():
    """However large a part of it claims to be."""
    storage = CountedContent()
    large = dataclasses.replace(storage.file, size=3 << 30)
    with pytest.raises(ValueError, match="'content.bin' claims 3221225472 bytes in one piece"):
        SeekableFile(storage.read, large).read()
    assert storage.ranges == []


def test_a_seekable_file_asks_for_its_end_once():
    """All that `zipfile` looks at in the last MiB comes with one read."""
    storage = CountedContent()
    remote = SeekableFile(storage.read, storage.file)
    for position in (1000, 10, 500):
        remote.seek(position)
        remote.read(20)
    assert storage.ranges == [(0, 1024)]


def test_a_streamed_file_is_read_in_large_pieces_from_start_to_end():
    storage = CountedContent()
    stream = io.BufferedReader(StreamedFile(storage.read, storage.file), 400)
    assert b"".join(iter(lambda: stream.read(7), b"")) == CONTENT
    assert [start for start, _ in storage.ranges] == [0, 400, 800]


@pytest.mark.parametrize("piece_bytes", [1, 300, 512, 1024, 5000])
def test_a_file_in_pieces_is_the_whole_file(piece_bytes):
    storage = CountedContent()
    pieces = list(read_in_pieces(storage.read, storage.file, piece_bytes))
    assert b"".join(pieces) == CONTENT
    assert {len(piece) for piece in pieces[:-1]} <= {piece_bytes}
