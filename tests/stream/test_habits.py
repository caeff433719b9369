"""Whoever asks for one index after the other is read ahead for, outside of an epoch too."""

import gc
import threading
import weakref

import pytest
from numbered_photos import (
    Reads,
    broken,
    decode,
    epoch_of,
    jitter,
    own_threads,
    photos,
    read,
    same,
)

from colab_helpers.stream import StreamingSequence

BATCH = 4
AHEAD = 4  # batches: four times the reads in flight


def sequence_of(reads=read, count=80, **options):
    return StreamingSequence(photos(count), reads, decode, batch_size=BATCH, reads=4, **options)


def each_index(sequence):
    return [sequence[index] for index in range(len(sequence))]


def wait_for_threads():
    for thread in own_threads():
        thread.join(10)
    assert not own_threads()


def test_a_loop_over_indices_gives_what_iterating_gives_and_reads_each_file_once():
    reads = Reads()
    sequence = sequence_of(reads, augment=jitter)
    expected = list(sequence_of(augment=jitter))
    assert same(each_index(sequence), expected)
    assert set(reads.count.values()) == {1} and len(reads.count) == 80
    assert same(each_index(sequence), expected)
    assert same(epoch_of(sequence), expected)


def test_from_the_second_index_on_so_much_is_read_ahead_as_in_an_epoch():
    reads = Reads()
    sequence = sequence_of(reads)
    sequence[7]
    assert reads.count.total() == BATCH
    sequence[8]
    reads.wait_until(lambda reads: reads.count.total() == BATCH * (2 + AHEAD))
    wait_for_threads()
    assert reads.count.total() == BATCH * (2 + AHEAD)
    sequence[9]
    wait_for_threads()
    assert reads.count.total() == BATCH * (3 + AHEAD)


@pytest.mark.parametrize("indices", [[0], [3, 0, 9], [5, 5], [8, 7, 6], [0, 2, 4], [-1, 0]])
def test_other_looks_read_their_own_batches_and_nothing_else(indices):
    reads = Reads()
    sequence = sequence_of(reads)
    for index in indices:
        sequence[index]
    wait_for_threads()
    assert reads.count.total() <= BATCH * len(indices)


def test_a_slow_read_delays_its_own_batch_and_no_other():
    """While one file of batch 2 hangs, all that may be read ahead of it is read."""
    slow = sequence_of(label_mode="raw", labels=list(range(80)))[2][1][0]
    reads = Reads(hold=lambda file: file.id == f"id{int(slow):05d}")
    sequence = sequence_of(reads)
    given = []
    loop = threading.Thread(target=lambda: given.extend(each_index(sequence)))
    loop.start()
    reads.wait_until(lambda reads: reads.count.total() == BATCH * (3 + AHEAD) and reads.now == 1)
    assert not given
    reads.release()
    loop.join(30)
    assert same(given, list(sequence_of()))


def test_another_index_ends_it():
    reads = Reads(hold=lambda file: reads.count.total() > 3 * BATCH)
    sequence = sequence_of(reads)
    sequence[4], sequence[5]
    reads.wait_until(lambda reads: reads.now == 4)
    begun = reads.count.total()
    looks = threading.Thread(target=lambda: sequence[0])
    looks.start()
    reads.wait_until(lambda reads: reads.now == 8)
    reads.release()
    looks.join(30)
    wait_for_threads()
    assert reads.count.total() == begun + BATCH


@pytest.mark.parametrize("end", ["collected", "closed", "epoch", "placed"])
def test_it_ends_with_the_sequence_and_with_an_epoch_that_begins(end):
    reads = Reads(hold=lambda file: reads.count.total() > 3 * BATCH)
    sequence = sequence_of(reads)
    sequence[4], sequence[5]
    reads.wait_until(lambda reads: reads.now == 4)
    begun = reads.count.total()
    if end == "collected":
        gone = weakref.ref(sequence)
        del sequence
        gc.collect()
        assert gone() is None
    elif end == "closed":
        sequence.close()
    elif end == "placed":
        sequence.load_state_dict(sequence.state_dict(1, 2))
    else:
        sequence.on_epoch_begin()
        sequence.close()
        begun += 4
    reads.release()
    wait_for_threads()
    assert reads.count.total() <= begun


def test_an_epoch_that_begins_in_a_loop_is_whole_and_so_is_the_loop():
    sequence = sequence_of(augment=jitter)
    expected = list(sequence_of(augment=jitter))
    before = [sequence[index] for index in range(7)]
    assert same(epoch_of(sequence), expected)
    assert same(before, expected[:7])
    of_next = list(sequence)
    assert not same(of_next, expected)
    assert same([sequence[index] for index in range(7, 20)], of_next[7:])


def test_in_an_epoch_a_loop_leaves_it_as_it_is_and_nothing_is_read_ahead_twice():
    reads = Reads()
    sequence = sequence_of(reads)
    expected = list(sequence_of())
    sequence.on_epoch_begin()
    taken = [sequence[index] for index in range(10)]
    assert same([sequence[index] for index in range(5)], taken[:5])
    wait_for_threads()
    assert reads.count.total() == BATCH * (10 + AHEAD + 5)
    taken += [sequence[index] for index in range(10, 20)]
    assert same(taken, expected)


def test_what_a_user_sets_between_two_indices_has_its_effect():
    sequence = sequence_of(augment=jitter)
    varied, plain = list(sequence_of(augment=jitter)), list(sequence_of())
    assert same([sequence[index] for index in range(4)], varied[:4])
    sequence.augment = None
    assert same([sequence[index] for index in range(4, 20)], plain[4:])


def test_a_loop_goes_on_behind_a_batch_that_fails():
    sequence = StreamingSequence(photos(40), read, broken, batch_size=2, shuffle=False, reads=4)
    seen = []
    for index in range(len(sequence)):
        try:
            seen.append(sequence[index][1].tolist())
        except RuntimeError as error:
            seen.append(str(error).split()[0])
    whole = [isinstance(labels, list) for labels in seen]
    assert whole == [not any(n % 5 == 2 for n in (k, k + 1)) for k in range(0, 40, 2)]


def test_threads_that_share_a_loop_get_each_batch():
    sequence = sequence_of(augment=jitter)
    given = {}

    def work(first):
        for index in range(first, 20, 3):
            given[index] = sequence[index]

    threads = [threading.Thread(target=work, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert same([given[index] for index in range(20)], list(sequence_of(augment=jitter)))


def test_two_threads_that_ask_for_one_index_do_not_share_its_pixels():
    """Whoever changes them in place changes them for itself."""
    waits_for = {file.id for file in photos(80)[4 * BATCH : 5 * BATCH]}
    reads = Reads(hold=lambda file: file.id in waits_for)
    sequence = sequence_of(reads, shuffle=False)
    sequence[3]
    shown = []
    threads = [threading.Thread(target=lambda: shown.append(sequence[4][0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    reads.wait_until(lambda reads: sum(reads.count[id] for id in waits_for) == 2 * BATCH)
    reads.release()
    for thread in threads:
        thread.join(60)
    one, other = shown
    assert (one == other).all() and one is not other
