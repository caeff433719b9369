"""Blocks: fetched once for all who ask, kept on disk, a bounded number at a time."""

import io
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
