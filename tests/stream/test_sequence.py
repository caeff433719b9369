"""What StreamingSequence promises to those who train with it."""

import copy
import csv
import gc
import json
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np
import pytest

from colab_helpers.sequence import OPEN_BLOCKS, StreamingSequence


@dataclass(frozen=True)
class Photo:
    id: str
    name: str
    label: str | None
    version: str = "1"
    size: int = 2
    block: int | None = None


def photos(count, classes=2, **more):
    return [Photo(f"id{n:05d}", f"{n}.jpg", f"class{n % classes}", **more) for n in range(count)]


def read(file):
    return int(file.id[2:]).to_bytes(2, "big")


def decode(data):
    """An image that tells which file it was made from."""
    return np.full((3, 2, 3), list(data) + [7], np.uint8)


def jitter(image, rng):
    return image + rng.integers(0, 2, image.shape, np.uint8) * np.array([0, 0, 1], np.uint8)


def numbers(images):
    return [int(image[0, 0, 0]) * 256 + int(image[0, 0, 1]) for image in images]


def epoch_of(sequence):
    """One epoch as Keras asks for it, with Keras's own shuffled indices."""
    sequence.on_epoch_begin()
    batches = [sequence[index] for index in reversed(range(len(sequence)))]
    sequence.on_epoch_end()
    return batches


def same(batches, others):
    return len(batches) == len(others) and all(
        np.array_equal(a, b)
        for batch, other in zip(batches, others)
        for a, b in zip(batch, other, strict=True)
    )


def own_threads():
    return [thread for thread in threading.enumerate() if thread.name == "StreamingSequence"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    for thread in own_threads():
        thread.join(5)
    assert not own_threads()


class Reads:
    """A `read` that counts, and that waits where it is told to."""

    def __init__(self, hold=lambda file: False):
        self.count, self.now, self.most, self.hold = Counter(), 0, 0, hold
        self.changed, self.released = threading.Condition(), False

    def __call__(self, file):
        with self.changed:
            self.count[file.id] += 1
            self.now += 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.released or not self.hold(file), 30)
            self.now -= 1
        return read(file)

    def wait_until(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self), 30)

    def release(self):
        with self.changed:
            self.released = True
            self.changed.notify_all()


def small_model(**compiled):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((3, 2, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    return model


# Laziness


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


# Order


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
    """With 100 blocks of 20 files, at no moment are files of more than OPEN_BLOCKS blocks between first and last use."""
    files = [Photo(f"id{n:05d}", f"{n}.jpg", "a", block=n // 20) for n in range(2000)]
    sequence = StreamingSequence(files, read, decode, batch_size=2000)
    order = np.array(numbers(sequence[0][0])) // 20
    assert sorted(order) == sorted(n // 20 for n in range(2000))
    spans = [(np.flatnonzero(order == block)[[0, -1]]) for block in range(100)]
    open_at = [sum(first <= place <= last for first, last in spans) for place in range(2000)]
    assert max(open_at) <= OPEN_BLOCKS + 1
    assert len(set(order[:40])) > 4, "files of several blocks are mixed"
    assert list(dict.fromkeys(order)) != sorted(set(order))


# Inside Keras


def test_fit_trains_on_the_batches_of_the_plan_and_reads_none_twice():
    reads, seen = Reads(), []

    class Watched(StreamingSequence):
        def __getitem__(self, index):
            batch = super().__getitem__(index)
            seen.append(numbers(batch[0]))
            return batch

    train = Watched(photos(40), reads, decode, batch_size=8)
    val_reads = Reads()
    val = StreamingSequence(photos(12), val_reads, decode, batch_size=8, shuffle=False)
    plan = StreamingSequence(photos(40), read, decode, batch_size=8)
    small_model().fit(train, validation_data=val, epochs=3, verbose=0)
    assert seen[2:] == [numbers(images) for _ in range(3) for images, _ in epoch_of(plan)]
    assert set(reads.count.values()) == {3} and set(val_reads.count.values()) == {3}


def test_fit_again_goes_on_with_the_next_epoch_and_evaluate_and_predict_see_every_file():
    reads = Reads()
    sequence = StreamingSequence(photos(20), reads, decode, batch_size=8, shuffle=False)
    model = small_model(metrics=["accuracy"])
    model.fit(sequence, epochs=1, verbose=0)
    model.fit(sequence, epochs=1, verbose=0)
    assert model.predict(sequence, verbose=0).shape == (20, 2)
    assert 0 <= model.evaluate(sequence, verbose=0)[1] <= 1
    assert set(reads.count.values()) == {4}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, None])
def test_after_an_interrupted_fit_the_next_one_trains_on_a_whole_epoch(stop):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True
                if stop:
                    raise stop("enough")

    sequence = StreamingSequence(photos(64), read, decode, batch_size=4)
    model = small_model()
    try:
        model.fit(sequence, epochs=2, verbose=0, callbacks=[Stop()])
    except (KeyboardInterrupt, ValueError) as error:
        assert stop and "enough" in str(error)
    steps = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    model.fit(sequence, epochs=1, verbose=0, callbacks=[count])
    assert steps == list(range(16))


def test_a_failed_read_leaves_fit_with_its_own_text_and_stays_as_last_error():
    class Refused(Exception):
        pass

    def refuse(file):
        if file.id == "id00003":
            raise Refused(
                f"Could not read '{file.name}' (id {file.id}): Drive said 404. Share it again."
            )
        return read(file)

    sequence = StreamingSequence(photos(20), refuse, decode, batch_size=8, shuffle=False)
    with pytest.raises(Exception, match="Drive said 404. Share it again"):
        small_model().fit(sequence, verbose=0)
    assert type(sequence.last_error) is Refused


# Bad files


def broken(data):
    if data[1] % 5 == 2:
        raise ValueError("it is cut off")
    return decode(data)


def test_raise_names_the_file_and_what_to_do():
    sequence = StreamingSequence(photos(20), read, broken, batch_size=20)
    with pytest.raises(
        RuntimeError, match=r"'\d+\.jpg' \(id id000\d\d\): it is cut off.*on_bad_file"
    ):
        sequence[0]
    assert isinstance(sequence.last_error.__cause__, ValueError)


def test_skip_shrinks_the_batch_says_so_once_and_lists_the_files(capsys, tmp_path):
    sequence = StreamingSequence(
        photos(20), read, broken, batch_size=10, shuffle=False, on_bad_file="skip"
    )
    for _ in range(2):
        batches = epoch_of(sequence)
        assert (
            [len(images) for images, _ in batches]
            == [len(labels) for _, labels in batches]
            == [8, 8]
        )
        assert not {2, 7, 12, 17} & {n for images, _ in batches for n in numbers(images)}
    assert sorted(file.id for file, _ in sequence.skipped) == [
        "id00002",
        "id00007",
        "id00012",
        "id00017",
    ]
    said = capsys.readouterr().out
    assert said.count("Left out 4 of 20 files") == 1 and "it is cut off" in said
    sequence.save_skipped(tmp_path / "skipped.csv")
    with open(tmp_path / "skipped.csv", encoding="utf-8") as rows:
        assert {row["id"]: row["reason"] for row in csv.DictReader(rows)}[
            "id00007"
        ] == "it is cut off"


def test_a_batch_of_which_nothing_is_left_is_an_error_that_says_so():
    def nothing(data):
        raise ValueError("it is cut off")

    sequence = StreamingSequence(photos(4), read, nothing, on_bad_file="skip")
    with pytest.raises(ValueError, match=r"All 4 files of a batch were left out.*it is cut off"):
        sequence[0]


@pytest.mark.parametrize(
    "error", [MemoryError, type("SignedOut", (Exception,), {"ends_run": True})]
)
def test_skip_does_not_swallow_what_ends_a_run(error):
    def refuse(file):
        raise error("no more")

    sequence = StreamingSequence(photos(4), refuse, decode, on_bad_file="skip")
    with pytest.raises(Exception, match="no more"):
        sequence[0]
    assert not sequence.skipped


def test_images_of_two_shapes_are_refused_with_both_shapes():
    sequence = StreamingSequence(
        photos(4), read, lambda data: np.zeros((2 + data[1] // 3, 2, 3), np.uint8), reads=1
    )
    with pytest.raises(RuntimeError, match=r"shape \(\d, 2, 3\) where others have \(\d, 2, 3\)"):
        sequence[0]


# Labels and pixels


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("int", np.array([0, 1, 0, 1], np.int32)),
        ("categorical", np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)),
        ("binary", np.array([[0], [1], [0], [1]], np.float32)),
    ],
)
def test_labels_have_the_forms_of_image_dataset_from_directory(mode, expected):
    _, labels = StreamingSequence(photos(4), read, decode, label_mode=mode, shuffle=False)[0]
    assert labels.dtype == expected.dtype and np.array_equal(labels, expected)


def test_without_labels_a_batch_is_its_images():
    unlabelled = [Photo(file.id, file.name, None) for file in photos(4)]
    sequence = StreamingSequence(unlabelled, read, decode, label_mode=None)
    assert sequence[0].shape == (4, 3, 2, 3) and sequence.labels is None
    assert [labels for _, labels, _ in sequence.in_order()] == [None]


def test_labels_may_come_from_a_mapping_and_classes_in_an_order_of_ones_own():
    labels = {file.id: "cat" if n < 3 else "dog" for n, file in enumerate(photos(4))}
    sequence = StreamingSequence(
        photos(4), read, decode, labels=labels, class_names=["dog", "cat"], shuffle=False
    )
    assert sequence.class_names == ["dog", "cat"]
    assert list(sequence.labels) == list(sequence[0][1]) == [1, 1, 1, 0]


def test_pixels_are_scaled_as_asked():
    def image(data):
        return np.random.default_rng(data[1]).integers(0, 256, (3, 2, 3), np.uint8)

    def batch(**how):
        return StreamingSequence(photos(4), read, image, shuffle=False, **how)[0][0]

    raw = batch()
    assert raw.dtype == np.uint8
    assert batch(dtype="float16").dtype == np.float16 and np.array_equal(
        batch(dtype="float16"), raw
    )
    assert np.array_equal(batch(normalize="unit"), raw.astype(np.float32) / 255)
    scores = batch(normalize="zscore")
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(scores.std(axis=(1, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"reads": 0},
        {"seed": -1},
        {"label_mode": "sparse"},
        {"dtype": "int8"},
        {"normalize": "max"},
        {"normalize": "unit", "dtype": "uint8"},
        {"on_bad_file": "ignore"},
        {"cache": object()},
    ],
)
def test_wrong_arguments_are_named_with_what_was_received(wrong):
    with pytest.raises(ValueError, match="Received: "):
        StreamingSequence(photos(4), read, decode, **wrong)


@pytest.mark.parametrize(
    "files, how, said",
    [
        ([], {}, "There are no files"),
        ([Photo("1", "a.jpg", None)], {}, r"'a.jpg' \(id 1\) has the label None"),
        (photos(4), {"class_names": ["class0"]}, "class1.*Received: class_names=\\['class0'\\]"),
        (photos(6, classes=3), {"label_mode": "binary"}, "needs two classes"),
    ],
)
def test_files_and_labels_that_do_not_fit_are_named(files, how, said):
    with pytest.raises(ValueError, match=said):
        len(StreamingSequence(files, read, decode, **how))


def test_in_order_gives_each_file_once_as_listed_and_not_augmented():
    sequence = StreamingSequence(
        photos(20), read, broken, batch_size=8, augment=jitter, on_bad_file="skip"
    )
    images, labels, files = zip(*sequence.in_order())
    kept = [n for n in range(20) if n % 5 != 2]
    assert [n for batch in images for n in numbers(batch)] == kept
    assert [file.id for batch in files for file in batch] == [f"id{n:05d}" for n in kept]
    assert all((batch[..., 2] == 7).all() for batch in images)
    assert [int(label) for batch in labels for label in batch] == [n % 2 for n in kept]


# The cache


class Kept:
    """A cache in a dictionary."""

    def __init__(self, room=10**6):
        self.pixels, self.room = {}, room

    def get_batch(self, files, key, out):
        found = [self.pixels.get((file.id, file.version, key)) for file in files]
        for row, pixels in zip(out, found):
            if pixels is not None:
                row[:] = pixels
        return np.array([pixels is not None for pixels in found])

    def put(self, file, key, pixels):
        if len(self.pixels) < self.room:
            self.pixels[file.id, file.version, key] = pixels.copy()
        return (file.id, file.version, key) in self.pixels


def keyed(data):
    return decode(data)


keyed.key, keyed.shape = "3x2", (3, 2, 3)


@pytest.mark.parametrize("room", [100, 10, 0])
def test_cached_pixels_are_neither_read_nor_decoded_again_and_change_no_batch(room):
    reads = Reads()
    sequence = StreamingSequence(
        photos(50), reads, keyed, batch_size=8, augment=jitter, cache=Kept(room)
    )
    plain = StreamingSequence(photos(50), read, keyed, batch_size=8, augment=jitter)
    for _ in range(3):
        assert same(epoch_of(sequence), epoch_of(plain))
    assert reads.count.total() == 3 * 50 - 2 * min(room, 50)
    assert sequence.stats["cached"] == 2 * min(room, 50)


def test_with_a_cache_an_image_that_cannot_be_augmented_is_one_bad_file():
    def fragile(image, rng):
        if image[0, 0, 1] == 3:
            raise ValueError("it will not turn")
        return image

    sequence = StreamingSequence(
        photos(8), read, keyed, cache=Kept(), augment=fragile, on_bad_file="skip"
    )
    assert [len(epoch_of(sequence)[0][0]) for _ in range(2)] == [7, 7]


# Parts, places, copies


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


@pytest.mark.parametrize(
    "twin", [copy.copy, copy.deepcopy, lambda sequence: pickle.loads(pickle.dumps(sequence))]
)
def test_a_copy_gives_the_same_batches_on_its_own(twin):
    sequence = StreamingSequence(iter(photos(30)), read, decode, batch_size=8, augment=jitter)
    sequence.on_epoch_begin()
    first = sequence[0]
    other = twin(sequence)
    assert same(list(other)[1:2], epoch_of(sequence)[1:2])
    assert len(first[0]) == 8 and other.stats["images"] > 0


# Threads


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


def test_what_waits_for_a_batch_when_the_epoch_is_ended_gets_it_from_the_next():
    """With `steps_per_epoch`, Keras looks ahead past the steps it takes."""
    reads = Reads(hold=lambda file: True)
    sequence = StreamingSequence(photos(10), reads, decode, batch_size=4)
    sequence.on_epoch_begin()
    given = []
    waiting = threading.Thread(target=lambda: given.append(sequence[1]))
    waiting.start()
    while not sequence._asked:
        pass
    sequence.on_epoch_end()
    reads.release()
    waiting.join(10)
    assert same(given, [sequence[1]])


def test_stats_tell_where_the_time_went():
    sequence = StreamingSequence(photos(50), read, decode, batch_size=8)
    epoch_of(sequence)
    assert sequence.stats["images"] == 50
    assert all(sequence.stats[name] > 0 for name in ("reading", "decoding", "waiting"))


ON_ANOTHER_BACKEND = """
import json, keras, numpy as np
from types import SimpleNamespace as File
from colab_helpers.sequence import StreamingSequence
read, batches = [], []
files = [File(id=str(n), name=f"{n}.jpg", label="ab"[n % 2]) for n in range(24)]
def make(**more):
    return StreamingSequence(files, lambda file: read.append(file.id) or bytes([int(file.id)]),
                             lambda data: np.full((2, 2, 3), data[0], np.uint8), batch_size=4, **more)
class Watched(StreamingSequence):
    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        batches.append(images[:, 0, 0, 0].tolist())
        images[:] = 0  # what the user does to a batch is the user's
        return images, labels
def model():
    layers = [keras.Input((2, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    built = keras.Sequential(layers)
    built.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return built
expected = make()
epochs = []
for _ in range(2):
    expected.on_epoch_begin()
    epochs.append([expected[k][0][:, 0, 0, 0].tolist() for k in range(len(expected))])
    expected.on_epoch_end()
read.clear()
sequence = make()
sequence.__class__ = Watched
anew = keras.callbacks.LambdaCallback(  # as ResumeTraining does
    on_epoch_begin=lambda epoch, logs: sequence.load_state_dict(sequence.state_dict(epoch, 0)))
model().fit(sequence, epochs=2, verbose=0, callbacks=[anew])
print(json.dumps({"expected": sum(epochs, []), "seen": batches, "reads": len(read)}))
batches.clear()
few = make()
few.__class__ = Watched
model().fit(few, epochs=3, steps_per_epoch=1, validation_data=make(shuffle=False), validation_steps=2, verbose=0)
print(json.dumps(batches))
"""


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_fit_reads_each_file_once_an_epoch_in_the_same_order_on_every_backend(backend):
    """On JAX, `fit` begins an epoch to see a batch, drops it, and begins anew: that is no epoch, and costs no read."""
    pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_BACKEND],
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    whole, few = map(json.loads, done.stdout.splitlines()[-2:])
    assert whole["seen"][-12:] == whole["expected"]
    assert whole["reads"] == 48
    assert len({tuple(batch) for batch in few}) >= 3  # three epochs, each of one batch
