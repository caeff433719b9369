"""Parts of batches, places in a run, and copies."""

import copy
import json
import pickle

import numpy as np
import pytest
from numbered_photos import Photo, decode, epoch_of, jitter, numbers, photos, read, same

from colab_helpers.stream import StreamingSequence


def test_shards_part_each_batch_between_them():
    sequence = StreamingSequence(photos(42), read, decode, batch_size=8, seed=5)
    parts = [sequence.shard(index, 2) for index in range(2)]
    for _ in range(2):
        whole, *shares = [epoch_of(part) for part in (sequence, *parts)]
        for batch, *share in zip(whole, *shares, strict=True):
            assert sorted(numbers(batch[0])) == sorted(
                n for images, _ in share for n in numbers(images)
            )
            assert len(share[0][0]) == len(share[1][0])
    with pytest.raises(ValueError, match="must divide"):
        sequence.shard(0, 3)
    with pytest.raises(ValueError, match="must be one of"):
        sequence.shard(2, 2)


def test_from_any_place_in_an_epoch_the_rest_is_the_same():
    def make():
        return StreamingSequence(photos(30), read, decode, batch_size=8, seed=1, augment=jitter)

    whole = make()
    epochs = [epoch_of(whole) for _ in range(3)]
    for trained in range(5):
        resumed = make()
        resumed[0], resumed[1]  # as Keras does
        resumed.on_epoch_end()
        resumed.load_state_dict(json.loads(json.dumps(whole.state_dict(1, trained))))
        assert len(resumed) == 4
        expected = epochs[1][trained:] or epochs[2]
        assert same(epoch_of(resumed), expected)
        assert same(epoch_of(resumed), epochs[2]) or trained == 4


@pytest.mark.parametrize(
    "changed", [{"files": photos(31)}, {"seed": 2}, {"batch_size": 4}, {"shuffle": False}]
)
def test_a_state_of_other_batches_is_refused_with_what_changed(changed):
    same_but = {"files": photos(30), "read": read, "decode": decode, "batch_size": 8}
    state = StreamingSequence(**same_but).state_dict(1, 2)
    with pytest.raises(ValueError, match=f"`{next(iter(changed))}` was"):
        StreamingSequence(**same_but | changed).load_state_dict(state)


@pytest.mark.parametrize("balanced", [False, True])
def test_a_state_of_files_in_other_blocks_is_refused(balanced):
    """As after `open_archive(..., block_bytes=...)`, or when a folder was packed meanwhile."""

    def sequence_with(block_of):
        files = [
            Photo(f"id{n:05d}", f"{n}.jpg", f"class{n % 2}", block=block_of(n)) for n in range(60)
        ]
        return StreamingSequence(files, read, decode, batch_size=8, balanced=balanced)

    unlike = [
        sequence_with(lambda n: None),
        sequence_with(lambda n: n // 10),
        sequence_with(lambda n: n // 20),
    ]
    for sequence in unlike:
        for other in unlike:
            state = json.loads(json.dumps(other.state_dict(1, 3)))
            if other is sequence:
                sequence.load_state_dict(state)
                continue
            with pytest.raises(ValueError, match="`fingerprint` was"):
                sequence.load_state_dict(state)


def test_a_state_does_not_hang_on_the_order_of_the_listing():
    files = [Photo(f"id{n:05d}", f"{n}.jpg", "a", block=n // 10) for n in range(60)]
    here, there = (StreamingSequence(some, read, decode) for some in (files, files[::-1]))
    for sequence in (here, there):
        sequence.load_state_dict(there.state_dict(1, 0))
    assert same(list(here), list(there))


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda sequence: pickle.loads(pickle.dumps(sequence))]
)
def test_a_copy_gives_the_same_batches_on_its_own(twin):
    sequence = StreamingSequence(iter(photos(30)), read, decode, batch_size=8, augment=jitter)
    whole_epoch = list(sequence)
    sequence.on_epoch_begin()
    sequence[0]
    other = twin(sequence)
    assert same(list(other), whole_epoch)
    assert same(epoch_of(other), whole_epoch)
    assert other.stats["images"] > 0
    sequence.close()


@pytest.fixture
def four_batches():
    return StreamingSequence(photos(8), read, decode, batch_size=2)


@pytest.mark.parametrize("index", [slice(0, 1), "0", True, 1.0, None, (0, 1)])
def test_what_is_no_index_names_one_batch_and_what_to_write(four_batches, index):
    with pytest.raises(TypeError) as caught:
        four_batches[index]
    assert "write `[sequence[index] for index in range(2)]`" in str(caught.value)
    assert str(caught.value).endswith(f"Received: index={index!r}")


@pytest.mark.parametrize("index", [4, 100, -5])
def test_an_index_that_there_is_not_says_which_there_are(four_batches, index):
    with pytest.raises(IndexError, match=rf"from 0 to 3, or from -4 to -1.* index={index}"):
        four_batches[index]


def test_a_negative_index_counts_from_the_end(four_batches):
    assert same([four_batches[-1]], [four_batches[np.int64(3)]])


@pytest.mark.parametrize("index, count", [(0, "2"), (0, None), (0, 0), (0, 2.0)])
def test_shards_are_counted_in_whole_numbers(four_batches, index, count):
    with pytest.raises(ValueError, match="`count` must be an integer of at least 1. Received:"):
        four_batches.shard(index, count)


@pytest.mark.parametrize("state", [None, {}, {"epoch": 0}, "state.json"])
def test_what_is_no_state_is_refused(four_batches, state):
    with pytest.raises(ValueError, match="`state` must be what `sequence.state_dict.*Received:"):
        four_batches.load_state_dict(state)


@pytest.mark.parametrize("batches", [None, 1.5, -1])
def test_a_place_is_counted_in_whole_batches(four_batches, batches):
    with pytest.raises(ValueError, match="`batches_trained` must be an integer of at least 0"):
        four_batches.state_dict(0, batches)
