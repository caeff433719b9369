"""What is read ahead, how far, and what it takes."""

import threading

import pytest
from numbered_photos import Reads, decode, epoch_of, numbers, own_threads, photos, read, same

from colab_helpers.stream import StreamingSequence


def test_nothing_is_listed_or_read_when_it_is_made():
    reads, listed = Reads(), []
    sequence = StreamingSequence((listed.append(file) or file for file in photos(5)), reads, decode)
    assert not listed and not reads.count
    assert len(sequence) == 1
    assert len(listed) == 5 and not reads.count


def test_an_epoch_reads_each_file_once_and_nothing_past_its_end():
    reads = Reads()
    sequence = StreamingSequence(photos(50), reads, decode, batch_size=8, reads=4)
    for epochs in (1, 2):
        epoch_of(sequence)
        assert set(reads.count.values()) == {epochs} and len(reads.count) == 50


@pytest.mark.parametrize("batch_size", [1, 8, 100])
def test_reading_ahead_covers_four_times_the_reads_in_flight_and_is_bounded(batch_size):
    reads = Reads()
    sequence = StreamingSequence(photos(1000), reads, decode, batch_size=batch_size, reads=4)
    sequence.on_epoch_begin()
    sequence[0]
    batches = 1 + -(-16 // batch_size)
    reads.wait_until(lambda reads: reads.count.total() == batches * batch_size)
    sequence.on_epoch_end()
    for thread in own_threads():
        thread.join(5)
    assert reads.count.total() == batches * batch_size


def test_all_reads_are_in_flight_at_once_and_no_more():
    reads = Reads(hold=lambda file: True)
    sequence = StreamingSequence(photos(200), reads, decode, reads=16)
    sequence.on_epoch_begin()
    reads.wait_until(lambda reads: reads.now == 16)
    reads.release()
    assert len(sequence[0][0]) == 32 and reads.most == 16
    sequence.on_epoch_end()


def test_large_originals_wait_for_room():
    """Files of 10 MB: no more than three at a time are held undecoded, whatever `reads` is."""
    reads = Reads()
    sequence = StreamingSequence(photos(60, size=10 * 2**20), reads, decode, reads=32)
    assert sorted(n for images, _ in sequence for n in numbers(images)) == list(range(60))
    assert reads.most <= 3


def test_one_slow_read_holds_up_no_decoder():
    """All that may be read ahead is decoded while the very first read hangs."""
    first = next(iter(StreamingSequence(photos(1000), read, decode, batch_size=4)))
    slow = f"id{numbers(first[0])[0]:05d}"
    reads, decoded, done = Reads(hold=lambda file: file.id == slow), [], threading.Event()

    def count(data):
        decoded.append(data)
        if len(decoded) == 5 * 4 - 1:
            done.set()
        return decode(data)

    sequence = StreamingSequence(photos(1000), reads, count, batch_size=4, reads=4)
    sequence.on_epoch_begin()
    assert done.wait(30)
    reads.release()
    assert same([sequence[0]], [first])
    sequence.close()


def test_memory_is_used_again_and_never_while_someone_holds_it():
    sequence = StreamingSequence(photos(2000), read, decode, batch_size=10, reads=5)
    sequence.on_epoch_begin()
    first = sequence[0][0]
    held, places = first[2:4], {first.ctypes.data}
    expected = numbers(first[2:4])
    del first
    places |= {sequence[k][0].ctypes.data for k in range(1, 200)}
    sequence.on_epoch_end()
    assert numbers(held) == expected
    assert len(places) <= 1 + 2 + 4 * 5 // 10 + 2, (
        "what is held, decoded, waited for, and handed over"
    )
