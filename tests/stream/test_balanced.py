"""Each class is drawn alike, whatever its size."""

import json
import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from numbered_photos import Photo, decode, epoch_of, numbers, photos, read, same

from colab_helpers.stream import PixelCache, StreamingSequence


def photos_of(*sizes, block_size=None):
    """So many photos of class 0, of class 1, and so on, numbered in this order."""
    classes = [number for number, size in enumerate(sizes) for _ in range(size)]
    return [
        Photo(f"id{n:05d}", f"{n}.jpg", f"class{c}", block=block_size and n // block_size)
        for n, c in enumerate(classes)
    ]


def noise(image, rng):
    varied = image.copy()
    varied[..., 2] = rng.integers(0, 256, image.shape[:2], np.uint8)
    return varied


def balanced(files, batch_size=8, **options):
    return StreamingSequence(files, read, decode, batch_size=batch_size, balanced=True, **options)


def drawn(batches):
    """How often each file was drawn, by class."""
    counts = defaultdict(Counter)
    for images, labels in batches:
        for number, label in zip(numbers(images), labels):
            counts[int(label)][number] += 1
    return counts


def random_sizes(seed):
    rng = random.Random(seed)
    return [rng.choice((1, 2, 5, 30, rng.randint(1, 60))) for _ in range(rng.randint(1, 6))]


@pytest.mark.parametrize("seed", range(6))
def test_classes_are_drawn_alike_and_each_file_before_one_comes_again(seed):
    sizes = random_sizes(seed)
    sequence = balanced(photos_of(*sizes), seed=seed)
    plain = StreamingSequence(photos_of(*sizes), read, decode, batch_size=8)
    so_far = defaultdict(Counter)
    for _ in range(4):
        batches = epoch_of(sequence)
        assert [len(images) for images, _ in batches] == [len(images) for images, _ in plain]
        of_epoch = drawn(batches)
        for label, count in of_epoch.items():
            so_far[label] += count
        for counts in (of_epoch, so_far):
            totals = [counts[label].total() for label in range(len(sizes))]
            assert max(totals) - min(totals) <= 1
            for label, size in enumerate(sizes):
                times = [*counts[label].values(), *[0] * (size - len(counts[label]))]
                assert max(times) - min(times) <= 1


def test_all_of_a_large_class_come_round_in_other_company_each_time():
    sequence = balanced(photos_of(90, 10))
    halves = [frozenset(drawn(epoch_of(sequence))[0]) for _ in range(8)]
    assert len(halves[0] | halves[1]) == 90
    assert len(set(halves)) > 2


def test_a_class_of_one_picture_among_large_ones_is_varied_anew_each_time():
    batches = epoch_of(balanced(photos_of(60, 59, 1), augment=noise))
    alone = [
        image.tobytes()
        for images, labels in batches
        for image in np.asarray(images)[np.asarray(labels) == 2]
    ]
    assert len(set(alone)) == len(alone) == 40


def test_classes_are_mixed_all_over_the_epoch():
    rare_in_batch = [(labels == 1).sum() for _, labels in epoch_of(balanced(photos_of(150, 10)))]
    assert sum(rare_in_batch) == 80
    assert all(0 < count < 8 for count in rare_in_batch)


def test_seed_epoch_and_ids_decide_and_neither_threads_nor_the_order_of_the_list():
    files = photos_of(40, 9, 3)
    first, *others = [
        balanced(listing, seed=seed, augment=noise, reads=count)
        for listing, seed, count in ((files, 1, 1), (files[::-1], 1, 16), (files, 2, 16))
    ]
    for _ in range(3):
        expected, again, other = map(epoch_of, (first, *others))
        assert same(expected, again) and not same(expected, other)


@pytest.mark.parametrize("block_size", [None, 7])
def test_from_any_batch_of_any_epoch_the_rest_is_the_same(block_size):
    def make():
        return balanced(photos_of(20, 9, 1, block_size=block_size), augment=noise)

    whole = make()
    epochs = [epoch_of(whole) for _ in range(3)]
    for epoch in range(2):
        for trained in range(1, 4):
            resumed = make()
            resumed.load_state_dict(json.loads(json.dumps(whole.state_dict(epoch, trained))))
            assert same(epoch_of(resumed), epochs[epoch][trained:])
            assert same(epoch_of(resumed), epochs[epoch + 1])


def test_an_epoch_in_ten_years_is_begun_at_once():
    sequence = balanced(photos_of(20, 9, 1))
    sequence.load_state_dict(sequence.state_dict(10**9, 0))
    assert [count.total() for count in drawn(epoch_of(sequence)).values()] == [10, 10, 10]


@pytest.mark.parametrize(
    "other, changed",
    [
        (StreamingSequence(photos_of(20, 10), read, decode, batch_size=8), "balanced"),
        (balanced(photos_of(10, 20)), "fingerprint"),
    ],
)
def test_the_place_of_a_run_in_which_other_files_were_drawn_is_refused(other, changed):
    sequence = balanced(photos_of(20, 10))
    for one, another in ((sequence, other), (other, sequence)):
        with pytest.raises(ValueError, match=f"`{changed}` was"):
            one.load_state_dict(another.state_dict(1, 2))


def test_shards_part_the_same_draws_between_them():
    sequence = balanced(photos_of(40, 9, 3), augment=noise)
    parts = [sequence.shard(index, 2) for index in range(2)]
    for _ in range(2):
        whole, *shares = [epoch_of(part) for part in (sequence, *parts)]
        for batch, first, second in zip(whole, *shares, strict=True):
            assert same([batch], [(np.concatenate([first[0], second[0]]), [*first[1], *second[1]])])


def test_in_order_and_length_are_those_of_the_files():
    sequence = balanced(photos_of(20, 9, 1))
    assert len(sequence) == 4
    listed = [file for _, _, files in sequence.in_order() for file in files]
    assert listed == list(sequence.files) == photos_of(20, 9, 1)


def test_blocks_are_kept_together_and_weights_and_inputs_meet_their_files():
    files = photos_of(300, 20, block_size=20)
    own = list(range(len(files)))
    sequence = balanced(files, sample_weight=own, inputs={"number": own})
    counts = Counter()
    order = []
    for inputs, labels, weights in epoch_of(sequence):
        shown = numbers(inputs["image"])
        assert weights.tolist() == inputs["number"].tolist() == shown
        assert labels.tolist() == [int(number >= 300) for number in shown]
        counts.update(labels.tolist())
        order += [number // 20 for number in shown if number < 300]
    assert counts == {0: 160, 1: 160}
    turns = sum(block != following for block, following in zip(order, order[1:]))
    spread = [max(places) - min(places) for places in places_of(order).values()]
    assert turns > 15 and np.mean(spread) < len(order) * 0.75


def places_of(values):
    places = defaultdict(list)
    for place, value in enumerate(values):
        places[value].append(place)
    return places


def test_a_cache_keeps_each_file_once_and_changes_nothing(tmp_path):
    def keyed(data):
        return decode(data)

    keyed.key, keyed.shape = "3x2", (3, 2, 3)
    cache = PixelCache(tmp_path, max_bytes=10**6)
    files = photos_of(20, 9, 1)
    cached, plain = [
        StreamingSequence(files, read, keyed, batch_size=8, balanced=True, augment=noise, cache=of)
        for of in (cache, None)
    ]
    for _ in range(3):
        assert same(epoch_of(cached), epoch_of(plain))
    assert cache.stats["records"] <= 30
    cache.close()


def test_of_a_dict_of_outputs_the_one_class_counts():
    files = photos_of(20, 4)
    sequence = balanced(
        files,
        labels={"kind": [file.label for file in files], "age": list(range(24))},
        label_mode={"kind": "categorical", "age": "raw"},
    )
    kinds = np.concatenate([labels["kind"] for _, labels in epoch_of(sequence)])
    assert kinds.sum(axis=0).tolist() == [12, 12]


@pytest.mark.parametrize(
    "options, cure",
    [
        ({"label_mode": None}, "must have one class"),
        ({"label_mode": "raw"}, "must have one class"),
        ({"label_mode": "multi_label"}, "must have one class"),
        ({"label_mode": "image"}, "must have one class"),
        ({"label_mode": {"kind": "int", "colour": "int"}}, "must have one class"),
        ({"shuffle": False}, "leave one of the two out"),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_made(options, cure):
    with pytest.raises(ValueError, match=cure):
        balanced(photos(10), **options)


def test_a_class_without_a_file_is_left_out():
    sequence = balanced(photos_of(12, 4), class_names=["class0", "none", "class1"])
    assert {label: count.total() for label, count in drawn(epoch_of(sequence)).items()} == {
        0: 8,
        2: 8,
    }


def test_a_bad_file_is_left_out_each_time_it_is_drawn():
    def refuse_one(file):
        if file.id == "id00020":
            raise OSError("it is gone")
        return read(file)

    sequence = StreamingSequence(
        photos_of(20, 2), refuse_one, decode, batch_size=8, balanced=True, on_bad_file="skip"
    )
    counts = drawn(epoch_of(sequence))
    assert counts[0].total() == 11 and set(counts[1]) == {21}
    assert [file.id for file, _ in sequence.skipped] == ["id00020"]
