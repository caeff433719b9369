"""A sequence as a `tf.data.Dataset`."""

import gc
import sys

import keras
import numpy as np
import pytest
from numbered_photos import (
    Reads,
    broken,
    decode,
    epoch_of,
    jitter,
    numbers,
    own_threads,
    photos,
    read,
    same,
    small_model,
)

from colab_helpers.stream import StreamingSequence

tf = pytest.importorskip("tensorflow")

SHOWN = list(range(30))
MODES = [
    {"label_mode": "int"},
    {"label_mode": "binary", "normalize": "unit"},
    {"label_mode": None},
    {"label_mode": "categorical", "sample_weight": SHOWN},
    {"label_mode": "raw", "labels": [[n, n] for n in SHOWN], "inputs": {"place": SHOWN}},
    {"label_mode": None, "inputs": {"place": SHOWN}},
    {
        "label_mode": {"kind": "int", "age": "raw", "again": "input"},
        "labels": {"kind": [f"class{n % 2}" for n in SHOWN], "age": SHOWN},
        "sample_weight": SHOWN,
    },
    {"label_mode": "image", "labels": photos(30)[::-1], "decode_label": decode},
]


def sequence_of(reads=read, **options):
    return StreamingSequence(photos(30), reads, decode, batch_size=4, reads=2, **options)


def arrays(elements):
    return [tf.nest.map_structure(np.asarray, element) for element in elements]


def flat(batches):
    return [tf.nest.flatten(batch) for batch in batches]


def wait_for_threads():
    for thread in own_threads():
        thread.join(10)
    assert not own_threads()


@pytest.mark.parametrize("options", MODES)
def test_its_elements_are_batches_of_the_sequence_and_it_knows_their_form(options):
    expected = list(sequence_of(**options))
    dataset = sequence_of(**options).as_dataset()
    given = arrays(dataset)
    tf.nest.assert_same_structure(given[0], expected[0])
    assert same(flat(given), flat(expected))
    for spec, array in zip(
        tf.nest.flatten(dataset.element_spec), tf.nest.flatten(expected[0]), strict=True
    ):
        assert spec.shape.as_list() == [None, *array.shape[1:]]
        assert spec.dtype == array.dtype
    assert dataset.cardinality() == len(expected) == 8


def test_each_iteration_is_the_next_epoch_and_reads_each_file_once():
    reads = Reads()
    plain = sequence_of(augment=jitter)
    dataset = sequence_of(reads, augment=jitter).as_dataset()
    for epoch in range(1, 4):
        assert same(arrays(dataset), epoch_of(plain))
        assert set(reads.count.values()) == {epoch} and len(reads.count) == 30


@pytest.mark.parametrize("ahead", [0, 2])
def test_an_iteration_that_is_broken_off_ends_its_reads_and_the_next_begins_at_the_front(ahead):
    reads = Reads()
    sequence = StreamingSequence(photos(80), reads, decode, batch_size=4, reads=2)
    expected = list(StreamingSequence(photos(80), read, decode, batch_size=4))
    dataset = sequence.as_dataset()
    if ahead:
        dataset = dataset.prefetch(ahead)
    assert same(arrays(dataset.take(3)), expected[:3])
    gc.collect()
    wait_for_threads()
    assert reads.count.total() <= 4 * (3 + ahead + 1 + 2)
    assert same(arrays(dataset), expected)
    assert not same(arrays(dataset), expected)


def test_fit_trains_on_it_as_on_the_sequence():
    weights = []
    for as_given in (lambda sequence: sequence, StreamingSequence.as_dataset):
        model = small_model()
        given = as_given(sequence_of(augment=jitter))
        validation = as_given(sequence_of(shuffle=False))
        model.fit(given, epochs=2, shuffle=False, verbose=0, validation_data=validation)
        weights.append(model.get_weights())
    assert all(np.array_equal(one, other) for one, other in zip(*weights, strict=True))


def test_it_is_a_look_while_the_sequence_is_in_fit():
    seen = []

    def look(batch, logs):
        if batch == 2:
            seen.append(arrays(train.as_dataset()))

    def trained(*callbacks):
        model = small_model()
        model.fit(train, epochs=2, verbose=0, callbacks=list(callbacks))
        return model.get_weights()

    train = sequence_of(augment=jitter)
    with_looks = trained(keras.callbacks.LambdaCallback(on_train_batch_end=look))
    plain = sequence_of(augment=jitter)
    assert same(seen[0], epoch_of(plain)) and same(seen[1], epoch_of(plain))
    train = sequence_of(augment=jitter)
    assert all(np.array_equal(one, other) for one, other in zip(with_looks, trained(), strict=True))


@pytest.mark.parametrize("look", ["index", "predict", "another"])
def test_who_looks_at_the_sequence_meanwhile_takes_nothing_from_an_iteration(look):
    sequence = sequence_of(augment=jitter)
    given = []
    for element in sequence.as_dataset():
        given += arrays([element])
        if look == "index":
            sequence[len(given) % 5]
        elif look == "predict" and len(given) == 3:
            small_model().predict(sequence, verbose=0)
        elif look == "another" and len(given) == 3:
            arrays(sequence.as_dataset())
    assert same(given, list(sequence_of(augment=jitter)))


def test_from_a_place_in_an_epoch_its_rest_comes_and_then_whole_epochs():
    sequence = sequence_of()
    epochs = [epoch_of(sequence) for _ in range(3)]
    resumed = sequence_of()
    resumed.load_state_dict(sequence.state_dict(1, 5))
    dataset = resumed.as_dataset()
    assert dataset.cardinality() == tf.data.UNKNOWN_CARDINALITY
    assert same(arrays(dataset), epochs[1][5:])
    assert same(arrays(dataset), epochs[2])


def test_to_go_into_the_middle_of_an_epoch_afterwards_is_refused_and_to_its_front_is_not():
    sequence = sequence_of()
    expected = [epoch_of(sequence) for _ in range(3)]
    dataset = sequence.as_dataset()
    sequence.load_state_dict(sequence.state_dict(1, 5))
    with pytest.raises(tf.errors.OpError, match="Call `as_dataset` again"):
        arrays(dataset)
    sequence.load_state_dict(sequence.state_dict(2, 0))
    assert same(arrays(dataset), expected[2])


def test_two_iterations_at_once_see_the_same_epoch():
    dataset = sequence_of(augment=jitter).as_dataset()
    expected = list(sequence_of(augment=jitter))
    pairs = arrays(tf.data.Dataset.zip((dataset, dataset)))
    assert same([one for one, _ in pairs], expected)
    assert same([other for _, other in pairs], expected)


def test_a_bad_file_is_told_and_remembered():
    sequence = StreamingSequence(photos(30), read, broken, batch_size=2, shuffle=False)
    dataset = sequence.as_dataset()
    with pytest.raises(tf.errors.OpError, match=r"2\.jpg"):
        arrays(dataset)
    assert "2.jpg" in str(sequence.last_error)


def test_what_was_left_out_is_told_at_the_end_of_an_epoch(capsys):
    sequence = StreamingSequence(photos(30), read, broken, batch_size=8, on_bad_file="skip")
    shown = [n for images, _ in arrays(sequence.as_dataset()) for n in numbers(images)]
    assert sorted(shown) == [n for n in range(30) if n % 5 != 2]
    assert "Left out 6 of" in capsys.readouterr().out


def test_without_tensorflow_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match="pip install tensorflow"):
        sequence_of().as_dataset()
