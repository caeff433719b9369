"""Files, numbers and figures for the tests: many and few, long names, dollars, broken pictures."""

import functools

import matplotlib

matplotlib.use("agg")

import numpy as np
import pandas as pd

from colab_helpers import plots
from colab_helpers.drive import File
from colab_helpers.evaluation import compare_masks, rank_labels, rank_numbers

LONG_NAME = "Tyrannosaurus rex (fossil, museum) $"
BROKEN_ID = "3"
CURVES = {
    "loss": [3, 2, 1.0],
    "val_loss": [3, 1, 2.0],
    "accuracy": [0.1, 0.5, 0.9],
    "val_accuracy": [0.1, 0.6, 0.5],
}


def make_files(count, classes=2):
    """Files of ids "0", "1" and so on, dealt out to the classes in turn."""
    files = []
    for number in range(count):
        index = number % classes
        label = f"{LONG_NAME}{index}" if index == 1 else f"class_{index}"
        name = f"{number}.jpg"
        files.append(File(str(number), name, label, name, 50_000, None, "1"))
    return files


def read(file):
    """Bytes that `decode` makes a picture of; one file is broken."""
    if file.id == BROKEN_ID:
        raise ValueError(
            "cannot identify image file: it begins with <html>, $not$ with a picture's first bytes"
        )
    return bytes([int(file.id) % 256]) * (20 * 20 * 3)


def decode(data):
    return np.frombuffer(data, "uint8").reshape(20, 20, 3)


def guesses(classes, per_class=20):
    """Labels, and predictions of which about four in five are right."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), per_class)
    others = rng.integers(0, classes, len(labels))
    is_right = rng.random(len(labels)) < 0.8
    return labels, np.where(is_right, labels, others)


def class_names(classes):
    return [f"{LONG_NAME}{n}" if n % 7 == 0 else f"class {n}" for n in range(classes)]


def mistakes_table(count):
    return pd.DataFrame(
        {
            "row": range(count),
            "expected": LONG_NAME,
            "predicted": "cat",
            "confidence": np.linspace(0.99, 0.5, count),
        }
    )


def meter_history(epochs):
    """Epochs in which the model waits less and less."""
    return [
        {"training": 10.0, "waiting": 30.0 / number, "reading": 300.0, "decoding": 12.0}
        for number in range(1, epochs + 1)
    ]


def comparison_of(ways):
    """Ways of which each takes more than the one before."""
    names = class_names(ways)
    rows = {name: {"own": 10 * n, "of files $": n, "speed": n / 10} for n, name in enumerate(names)}
    panels = {"megabytes": ["own", "of files $"], "pictures a second": ["speed"]}
    return plots.plot_comparison(rows, panels, "Costs a few $, or many $")


def words_of(figure):
    """The title as a reader sees it, in one line."""
    return figure.get_suptitle().replace("\n", " ").replace(r"\$", "$")


def samples_of(count, classes=2, **options):
    return plots.plot_samples(make_files(count, classes), read, decode, **options)


def balance_of(count, classes=2):
    return plots.plot_class_balance(make_files(count, classes))


def balance_of_parts():
    parts = {"train": make_files(90, 17), "test": make_files(40, 17)}
    return plots.plot_class_balance(parts)


def confusion_of(classes):
    return plots.plot_confusion(*guesses(classes), class_names(classes))


def mistakes_of(count):
    return plots.plot_mistakes(mistakes_table(count), make_files(100), read, decode)


class Masks:
    """A model and its sequence in one: masks of two classes, and of pixels that do not count."""

    label_mode = "image"

    def __init__(self, files):
        self.files = files

    def in_order(self):
        for number, file in enumerate(self.files):
            image = np.full((1, 20, 30, 3), number, "float32")
            mask = np.zeros((1, 20, 30, 1), "uint8")
            mask[:, 4:12, 3 + number % 9 : 15] = 1 + number % 2
            mask[:, 0] = 255
            yield image, mask, [file]

    def predict_on_batch(self, images):
        answers = np.zeros((1, 20, 30, 3))
        answers[..., 0] = 0.5
        answers[:, 6:14, 5:17, 1] = 0.6
        return answers


MASK_NAMES = ["nothing", LONG_NAME, "cat"]


def compared_masks(files, **options):
    sequence = Masks(files)
    return compare_masks(sequence, sequence, ignore_class=255, **options)


def masks_of(count, **options):
    return plots.plot_masks(compared_masks(make_files(count)), MASK_NAMES, **options)


def numbers_of(pictures, **options):
    files = make_files(pictures)
    expected = np.random.default_rng(0).random(pictures)
    table = rank_numbers(expected * 0.8 + 0.1, expected, files)
    return plots.plot_numbers(table, files, read, decode, **options)


def wrong_labels():
    files = make_files(20)
    shares = np.random.default_rng(1).random((20, 2))
    table = rank_labels(shares, np.tile([[1, 0], [0, 0]], (10, 1)), ["sea", LONG_NAME], files)
    return plots.plot_mistakes(table, files, read, decode)


FIGURES = {
    "samples of 2 classes": lambda: samples_of(40),
    "samples of 100 classes": lambda: samples_of(300, 100, page=1),
    "samples of one picture": lambda: samples_of(1),
    "balance of 1 class": lambda: balance_of(5, 1),
    "balance of 2 classes": lambda: balance_of(40),
    "balance of 100 classes": lambda: balance_of(1000, 100),
    "balance of 1000 classes": lambda: balance_of(2000, 1000),
    "balance of parts": balance_of_parts,
    "curves": lambda: plots.plot_learning_curves(CURVES),
    "curves of one epoch": lambda: plots.plot_learning_curves(
        {"loss": [0.3], "learning_rate": [0.1]}
    ),
    "confusion of 2": lambda: confusion_of(2),
    "confusion of 5": lambda: confusion_of(5),
    "confusion of 17": lambda: confusion_of(17),
    "confusion of 20": lambda: confusion_of(20),
    "confusion of 100": lambda: confusion_of(100),
    "mistakes": lambda: mistakes_of(20),
    "one mistake": lambda: mistakes_of(1),
    "no mistakes": lambda: mistakes_of(0),
    "wrong labels": wrong_labels,
    "numbers": lambda: numbers_of(40),
    "numbers beside 3 pictures": lambda: numbers_of(40, count=3),
    "numbers of one picture": lambda: numbers_of(1),
    "numbers alone": lambda: numbers_of(40, count=0),
    "masks": lambda: masks_of(20),
    "masks of three pictures": lambda: masks_of(3),
    "masks of one picture": lambda: masks_of(1),
    "comparison of one": lambda: comparison_of(1),
    "comparison of 15": lambda: comparison_of(15),
    "timeline": lambda: plots.plot_timeline(meter_history(5)),
    "timeline of one epoch": lambda: plots.plot_timeline(meter_history(1)),
    "timeline of 60 epochs": lambda: plots.plot_timeline(meter_history(60)),
}


@functools.cache
def drawn(name):
    """The figure of this name, drawn once for all tests."""
    return FIGURES[name]()
