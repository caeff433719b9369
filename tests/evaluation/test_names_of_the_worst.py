"""From files to a ranking: each answer, label and name is of one and the same picture."""

import io

import numpy as np
import pytest
from PIL import Image

from colab_helpers.drive import File
from colab_helpers.evaluation import predict_once, rank_labels, rank_numbers
from colab_helpers.stream import PixelCache, StreamingSequence, augmenter, decoder

SIZE = (4, 4)
WORDS = ["sea", "sky", "sun"]
DAMAGED = {3, 16}
FILES = [File(f"id{n:02}", f"cat_{n}.jpg", "x", f"x/{n}.jpg", 9, None, "1") for n in range(23)]
NUMBERS = {file.id: n for n, file in enumerate(FILES)}


def read(file):
    """A picture whose pixels are its number; two are damaged."""
    number = NUMBERS[file.id]
    if number in DAMAGED:
        return b"no picture"
    data = io.BytesIO()
    Image.fromarray(np.full((*SIZE, 3), number, np.uint8)).save(data, "PNG")
    return data.getvalue()


def words_of(number):
    return [word for bit, word in enumerate(WORDS) if number >> bit & 1]


class Model:
    """Answers by the number that it sees."""

    def __init__(self, answer):
        self.answer = answer

    def predict_on_batch(self, images):
        return np.array([self.answer(int(number)) for number in images[:, 0, 0, 0]], "float32")


@pytest.fixture(params=[{}, {"batch_size": 5}, {"batch_size": 5, "cache": True}], ids=str)
def stream(request, tmp_path):
    """Makes a sequence that shuffles, varies and weighs pictures, and leaves out damaged ones."""
    options = dict(request.param)
    if options.pop("cache", False):
        options["cache"] = PixelCache(tmp_path, max_bytes=1e6)

    def make(labels, label_mode):
        return StreamingSequence(
            FILES[::-1],
            read,
            decoder(SIZE),
            labels=labels,
            label_mode=label_mode,
            sample_weight=NUMBERS,
            augment=augmenter(brightness_range=(2, 3)),
            on_bad_file="skip",
            **options,
        )

    return make


def test_numbers_stay_with_their_pictures(stream):
    sequence = stream({id: 10.0 * n for id, n in NUMBERS.items()}, "raw")
    model = Model(lambda number: [10.0 * number + number % 7])
    predictions, labels, files = predict_once(model, sequence)
    table = rank_numbers(predictions, labels, files)
    assert len(table) == len(FILES) - len(DAMAGED)
    for id, name, expected, error in zip(*(table[c] for c in ("id", "name", "expected", "error"))):
        number = NUMBERS[id]
        assert (name, expected, error) == (f"cat_{number}.jpg", 10 * number, number % 7)
    assert table["error"].is_monotonic_decreasing


def test_labels_stay_with_their_pictures(stream):
    sequence = stream({id: words_of(n) for id, n in NUMBERS.items()}, "multi_label")
    # Right about the first two words; the third is said where the number is odd.
    model = Model(
        lambda number: [number & 1, number >> 1 & 1, 0.6 + number / 100 if number & 1 else 0]
    )
    answers, labels, files = predict_once(model, sequence)
    table = rank_labels(answers, labels, sequence.class_names, files)
    wrong = {n for n in NUMBERS.values() if (n & 1) != (n >> 2 & 1)} - DAMAGED
    assert {NUMBERS[id] for id in table["id"]} == wrong
    assert set(table["label"]) == {"sun"}
    for id, name, predicted in zip(table["id"], table["name"], table["predicted"]):
        assert name == f"cat_{NUMBERS[id]}.jpg"
        assert predicted == ("sun" if NUMBERS[id] & 1 else "not sun")
