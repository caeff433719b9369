"""Which file comes when."""

import numpy as np
import pytest
from numbered_photos import Photo, decode, epoch_of, jitter, numbers, photos, read, same

from colab_helpers.stream import StreamingSequence
from colab_helpers.stream.order import OPEN_BLOCKS


def test_order_and_augmentation_depend_on_neither_threads_nor_listing_order():
    files = photos(100)
    first, *others = [
        StreamingSequence(listing, read, decode, batch_size=16, seed=3, augment=jitter, reads=count)
        for listing, count in ((files, 1), (files, 32), (files[::-1], 8))
    ]
    for _ in range(2):
        expected = epoch_of(first)
        assert all(same(expected, epoch_of(other)) for other in others)


def test_each_epoch_and_each_seed_has_its_own_order():
    sequence = StreamingSequence(photos(100), read, decode, batch_size=100)
    orders = [numbers(epoch_of(sequence)[0][0]) for _ in range(3)]
    orders.append(
        numbers(StreamingSequence(photos(100), read, decode, batch_size=100, seed=1)[0][0])
    )
    assert len({tuple(order) for order in orders}) == 4
    assert all(sorted(order) == list(range(100)) for order in orders)


def test_without_shuffle_the_order_is_that_of_the_files():
    sequence = StreamingSequence(photos(10), read, decode, batch_size=4, shuffle=False)
    assert [numbers(images) for images, _ in epoch_of(sequence)] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]


def test_outside_an_epoch_the_index_counts():
    sequence = StreamingSequence(photos(10), read, decode, batch_size=4)
    batches = list(sequence)
    assert same([sequence[2], sequence[0], sequence[-1]], [batches[2], batches[0], batches[2]])
    assert same(epoch_of(sequence), batches)
    with pytest.raises(IndexError):
        sequence[3]


def test_what_a_user_does_to_a_batch_does_not_reach_training():
    sequence = StreamingSequence(photos(10), read, decode, batch_size=4)
    sequence[0][0][:] = 255
    assert numbers(sequence[0][0]) == numbers(epoch_of(sequence)[0][0]) != [65535] * 4


def test_blocks_are_visited_in_random_order_and_few_at_a_time():
    """Of 100 blocks of 20 files, about OPEN_BLOCKS are between first and last use at a time."""
    files = [Photo(f"id{n:05d}", f"{n}.jpg", "a", block=n // 20) for n in range(2000)]
    sequence = StreamingSequence(files, read, decode, batch_size=2000)
    order = np.array(numbers(sequence[0][0])) // 20
    assert sorted(order) == sorted(n // 20 for n in range(2000))
    spans = [(np.flatnonzero(order == block)[[0, -1]]) for block in range(100)]
    open_at = [sum(first <= place <= last for first, last in spans) for place in range(2000)]
    assert max(open_at) <= OPEN_BLOCKS + 1
    assert len(set(order[:40])) > 4, "files of several blocks are mixed"
    assert list(dict.fromkeys(order)) != sorted(set(order))
