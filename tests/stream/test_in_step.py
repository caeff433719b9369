"""Whatever a seed draws, nothing of a batch is out of step with its pictures."""

import random
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numbered_photos import Photo, photos

from colab_helpers.stream import PixelCache, StreamingSequence, augmenter

SITUATIONS = range(30)
SIZE = (4, 6)


def read(file):
    """The number of a picture, or of the picture whose mask it is."""
    return int(file.id[-5:]).to_bytes(2, "big")


def places():
    """A number of its own for each place in a picture."""
    return np.arange(SIZE[0] * SIZE[1], dtype=np.uint8).reshape(SIZE)


@dataclass(frozen=True)
class Decode:
    """Tells the number, and which place was where; the channels of a mask are others."""

    is_of_masks: bool = False
    bad: frozenset = frozenset()

    @property
    def shape(self):
        return (*SIZE, 2 if self.is_of_masks else 3)

    @property
    def key(self):
        return f"{self}"

    def __call__(self, data):
        number = int.from_bytes(data, "big")
        if number in self.bad:
            raise ValueError("it is cut off")
        if self.is_of_masks:
            return np.stack([np.full(SIZE, number, np.uint8), places() + 100], axis=2)
        zeros = np.zeros(SIZE, np.uint8)
        return np.stack([zeros, zeros + number, places()], axis=2)


def turned_over(image, mask, rng):
    if rng.random() < 0.5:
        return image[::-1], mask[::-1]
    return image, mask


def drawn_sequence(draw, folder):
    """A sequence with everything that goes with a picture, in a situation of its own."""
    files = photos(draw.randrange(5, 60), block=None)
    if draw.random() < 0.3:
        files = [replace(file, block=n // 4) for n, file in enumerate(files)]
    if draw.random() < 0.3:
        files += draw.choices(files, k=5)
    bad = frozenset(n for n in range(60) if draw.random() < 0.15)
    bad_masks = frozenset(n for n in range(60) if draw.random() < 0.1)
    skips = draw.random() < 0.6 and len(bad | bad_masks) < len(files)
    ids = {file.id: int(file.id[2:]) for file in files}

    def given(of_number):
        if draw.random() < 0.5:
            return {id: of_number(number) for id, number in ids.items()}
        return [of_number(ids[file.id]) for file in files]

    return StreamingSequence(
        files,
        read,
        Decode(bad=bad if skips else frozenset()),
        decode_label=Decode(is_of_masks=True, bad=bad_masks if skips else frozenset()),
        labels={
            "number": given(lambda number: number),
            "digits": given(lambda number: [int(digit) for digit in set(str(number))]),
            "points": given(lambda number: [[number, 0], [0, -number]]),
            "mask": given(lambda number: Photo(f"mask{number:05d}", f"{number}.png", None)),
            "kind": given(lambda number: f"class{number % 2}"),
        },
        label_mode={
            "number": "raw",
            "points": "raw",
            "mask": "image",
            "again": "input",
            "digits": "multi_label",
            "kind": "int",
        },
        class_names={"digits": range(10), "kind": ["class0", "class1"]},
        sample_weight=given(lambda number: number / 2),
        inputs={"place": given(lambda number: [number] * 3)},
        batch_size=draw.choice([2, 4, 6, 8]),
        shuffle=(shuffle := draw.random() < 0.7),
        seed=draw.randrange(5),
        reads=draw.choice([1, 4, 32]),
        augment=draw.choice([None, turned_over, augmenter(horizontal_flip=True)]),
        cache=PixelCache(folder, max_bytes=draw.choice([4000, 1e7]))
        if draw.random() < 0.5
        else None,
        on_bad_file="skip" if skips else "raise",
        balanced=shuffle and draw.random() < 0.4,
    )


def check(images, labels, place=None, weights=None):
    """Compares all that goes with pictures with the numbers that these show."""
    numbers = images[:, 0, 0, 1].astype(int)
    assert labels["number"].tolist() == numbers.tolist()
    assert labels["points"].tolist() == [[[n, 0], [0, -n]] for n in numbers]
    assert labels["kind"].tolist() == (numbers % 2).tolist()
    assert [set(np.flatnonzero(row)) for row in labels["digits"]] == [
        {int(digit) for digit in str(n)} for n in numbers
    ]
    assert np.array_equal(labels["again"], images)
    assert (labels["mask"][..., 0] == numbers[:, None, None]).all()
    assert np.array_equal(labels["mask"][..., 1], images[..., 2] + 100)
    assert place[:, 0].tolist() == numbers.tolist()
    if weights is not None:
        assert weights["number"].tolist() == (numbers / 2).tolist()
        assert weights["mask"].shape == (len(numbers), 1, 1, 1)
    return numbers.tolist()


def check_batch(batch):
    inputs, labels, weights = batch
    return check(inputs["image"], labels, inputs["place"], weights)


def epoch_of(sequence, epoch, first=0):
    sequence.load_state_dict(sequence.state_dict(epoch, first))
    sequence.on_epoch_begin()
    shown = [check_batch(sequence[index]) for index in range(len(sequence))]
    sequence.on_epoch_end()
    return shown


@pytest.mark.parametrize("seed", SITUATIONS)
def test_all_that_goes_with_a_picture_stays_with_it(seed, tmp_path):
    draw = random.Random(seed)
    sequence = drawn_sequence(draw, tmp_path)
    kept = 0
    for inputs, labels, files in sequence.in_order():
        shown = check(inputs["image"], labels, inputs["place"])
        assert shown == [int(file.id[2:]) for file in files]
        kept += len(files)
    epochs = [epoch_of(sequence, epoch) for epoch in range(2)]
    assert epoch_of(sequence, 1) == epochs[1]
    first = draw.randrange(len(sequence))
    assert epoch_of(sequence, 1, first) == epochs[1][first:]
    assert [check_batch(batch) for batch in [sequence[0], sequence[0]]]
    parts = [sequence.shard(index, 2) for index in range(2)]
    by_part = [epoch_of(part, 1) for part in parts]
    if not sequence.skipped:
        whole = epochs[1][: len(by_part[0])]
        assert [one + other for one, other in zip(*by_part)] == whole
    assert sequence.balanced or sum(map(len, epochs[0])) >= kept
