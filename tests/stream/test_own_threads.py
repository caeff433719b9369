"""Keras starts no threads for a sequence, and deals it out to no processes."""

import types

import keras
import numpy as np
import pytest
from numbered_photos import decode, photos, read, small_model

from colab_helpers.stream import StreamingSequence


def sequence_of(**options):
    return StreamingSequence(photos(40), read, decode, batch_size=8, **options)


@pytest.mark.parametrize("count", [0, 2, 8, None])
def test_workers_of_keras_are_refused_with_the_cure(count):
    sequence = sequence_of()
    with pytest.raises(ValueError, match=r"leave `workers` at 1, and give it `reads=...`"):
        sequence.workers = count
    assert sequence.workers == 1


def test_processes_of_keras_are_refused():
    sequence = sequence_of()
    with pytest.raises(ValueError, match="leave `use_multiprocessing` at False"):
        sequence.use_multiprocessing = True
    assert sequence.use_multiprocessing is False


def test_what_changes_nothing_may_be_set():
    sequence = sequence_of()
    sequence.workers = 1
    sequence.use_multiprocessing = False
    sequence.max_queue_size = 3
    small_model().fit(sequence, verbose=0)


def distribution(**attributes):
    return types.SimpleNamespace(**attributes)


@pytest.fixture
def set_distribution(monkeypatch):
    """What `keras.distribution.distribution()` tells, as Keras 3.16 does on several machines."""

    def set_to(value):
        monkeypatch.setattr(keras.distribution, "distribution", lambda: value)

    return set_to


def test_shards_dealt_out_by_keras_are_refused_with_the_cure(set_distribution):
    sequence = sequence_of()
    set_distribution(distribution(auto_shard_dataset=True, num_data_shards=2))
    with pytest.raises(ValueError, match=r"auto_shard_dataset=False.*sequence.shard"):
        sequence.on_epoch_begin()


@pytest.mark.parametrize(
    "harmless",
    [
        None,
        distribution(auto_shard_dataset=False, num_data_shards=2),
        distribution(auto_shard_dataset=True, num_data_shards=1),
        distribution(auto_shard_dataset=True),
    ],
)
def test_what_deals_out_nothing_is_taken(harmless, set_distribution):
    sequence = sequence_of()
    set_distribution(harmless)
    sequence.on_epoch_begin()
    assert len(sequence[0][0]) == 8
    sequence.close()


def test_files_left_out_are_told_once_an_epoch_in_which_they_were_found(capsys):
    def broken(data):
        if data[1] % 2:
            raise ValueError("it is cut off")
        return decode(data)

    train = StreamingSequence(photos(40), read, broken, batch_size=4, on_bad_file="skip")
    val = StreamingSequence(photos(12), read, broken, batch_size=4, on_bad_file="skip")
    small_model().fit(train, validation_data=val, epochs=3, verbose=0)
    said = capsys.readouterr().out
    assert said.count("Left out") == 2
    assert "Left out 20 of 40 files" in said and "Left out 6 of 12 files" in said
    assert np.isfinite(train.stats["images"])
