"""What the figures promise: the title says the finding, nothing is cut off, nothing stays behind in pyplot."""

import functools
import io
import warnings

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from colab_helpers import plots
from colab_helpers.inventory import File

LONG = "Tyrannosaurus rex (fossil, museum) $"


def make(count, classes=2, size=50_000):
    return [
        File(str(n), f"{n}.jpg", f"{LONG}{n % classes}" if n % classes == 1 else f"class_{n % classes}", f"{n}.jpg",
             size + 13 * n, None, "1") for n in range(count)
    ]  # fmt: skip


def read(file):
    if file.id == "3":
        raise ValueError(
            "cannot identify image file: it begins with <html>, $not$ with a picture's first bytes"
        )
    return bytes([int(file.id) % 256]) * (20 * 20 * 3)


def decode(data):
    return np.frombuffer(data, "uint8").reshape(20, 20, 3)


def jpeg(file):
    out = io.BytesIO()
    Image.new("RGB", (300 + int(file.id), 200)).save(out, "JPEG")
    return out.getvalue()


def lighter(image, rng):
    return np.clip(image.astype(int) + rng.integers(10, 50), 0, 255).astype("uint8")


def words_of(figure):
    return figure.get_suptitle().replace("\n", " ").replace(r"\$", "$")


def guesses(classes, per_class=20):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(classes), per_class)
    return labels, np.where(
        rng.random(len(labels)) < 0.8, labels, rng.integers(0, classes, len(labels))
    )


def names(classes):
    return [f"{LONG}{n}" if n % 7 == 0 else f"class {n}" for n in range(classes)]


def mistakes_table(count):
    return pd.DataFrame(
        {
            "row": range(count),
            "expected": LONG,
            "predicted": "cat",
            "confidence": np.linspace(0.99, 0.5, count),
        }
    )


def meter(epochs):
    return [
        {"training": 10.0, "waiting": 30.0 / (n + 1), "reading": 300.0, "decoding": 12.0}
        for n in range(epochs)
    ]


CURVES = {
    "loss": [3, 2, 1.0],
    "val_loss": [3, 1, 2.0],
    "accuracy": [0.1, 0.5, 0.9],
    "val_accuracy": [0.1, 0.6, 0.5],
}
FIGURES = {
    "samples of 2 classes": lambda: plots.samples(make(40), read, decode),
    "samples of 100 classes": lambda: plots.samples(make(300, 100), read, decode, page=1),
    "samples of one picture": lambda: plots.samples(make(1), read, decode),
    "balance of 1 class": lambda: plots.class_balance(make(5, 1)),
    "balance of 2 classes": lambda: plots.class_balance(make(40)),
    "balance of 100 classes": lambda: plots.class_balance(make(1000, 100)),
    "balance of 1000 classes": lambda: plots.class_balance(make(2000, 1000)),
    "balance of parts": lambda: plots.class_balance({"train": make(90, 17), "test": make(40, 17)}),
    "sizes": lambda: plots.sizes(make(40)),
    "sizes over a wide range": lambda: plots.sizes(make(40, size=0) + make(3, size=9_000_000)),
    "sizes in pixels": lambda: plots.sizes(make(40), jpeg),
    "augmentations": lambda: plots.augmentations(np.zeros((20, 20, 3), "uint8"), lighter),
    "augmentations of a grey picture": lambda: plots.augmentations(
        np.zeros((20, 20, 1), "uint8"), lighter, count=3
    ),
    "curves": lambda: plots.learning_curves(CURVES),
    "curves of one epoch": lambda: plots.learning_curves({"loss": [0.3], "learning_rate": [0.1]}),
    "confusion of 2": lambda: plots.confusion(*guesses(2), names(2)),
    "confusion of 5": lambda: plots.confusion(*guesses(5), names(5)),
    "confusion of 17": lambda: plots.confusion(*guesses(17), names(17)),
    "confusion of 100": lambda: plots.confusion(*guesses(100), names(100)),
    "mistakes": lambda: plots.mistakes(mistakes_table(20), make(100), read, decode),
    "one mistake": lambda: plots.mistakes(mistakes_table(1), make(100), read, decode),
    "no mistakes": lambda: plots.mistakes(mistakes_table(0), make(100), read, decode),
    "timeline": lambda: plots.timeline(meter(5)),
    "timeline of one epoch": lambda: plots.timeline(meter(1)),
    "timeline of 60 epochs": lambda: plots.timeline(meter(60)),
}


@functools.cache
def drawn(name):
    return FIGURES[name]()


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_and_no_warning_is_in_the_way(name):
    """Every text that is drawn lies within the figure, with long names and with dollars in them."""
    with warnings.catch_warnings(action="error"):
        figure = drawn(name)
        figure.savefig(io.BytesIO(), format="png")
    renderer = FigureCanvasAgg(figure).get_renderer()
    box = figure.get_tightbbox(renderer)  # of all that is drawn, in inches
    assert box.x0 > -0.01 and box.y0 > -0.01
    assert box.x1 < figure.get_figwidth() + 0.01 and box.y1 < figure.get_figheight() + 0.01


@pytest.mark.parametrize("classes", [2, 5, 17, 20, 100])
def test_names_beside_a_confusion_matrix_do_not_overlap(classes):
    """Each can be read, at 2 and at 100 classes."""
    figure = plots.confusion(*guesses(classes), names(classes))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axis = figure.axes[0]
    for labels, low, high in (
        (axis.get_xticklabels(), "x0", "x1"),
        (axis.get_yticklabels(), "y0", "y1"),
    ):
        boxes = sorted(
            (label.get_window_extent(renderer) for label in labels),
            key=lambda box: getattr(box, low),
        )
        assert all(getattr(a, high) <= getattr(b, low) + 1 for a, b in zip(boxes, boxes[1:]))


def test_nothing_stays_behind_in_pyplot():
    """A figure is shown once, and freed when its last name goes."""
    for name in FIGURES:
        assert isinstance(drawn(name), matplotlib.figure.Figure)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "figure, finding",
    [
        ("samples of 2 classes", "2 classes, 20 pictures each. 1 of the 40 shown cannot be read"),
        ("samples of 100 classes", "100 classes, 3 pictures each (page 2 of 13)"),
        ("samples of one picture", "1 class, 1 picture"),
        ("balance of parts", "17 classes, 7 to 9 pictures each (train 90, test 40)"),
        (
            "balance of 1000 classes",
            "1000 classes, 2 pictures each (the 50 largest and the 50 smallest)",
        ),
        ("sizes over a wide range", "Most files have 0.05 to 0.49 kB, 1 are empty"),
        (
            "sizes in pixels",
            "Most files have 50 to 50 kB; of 40 opened, 100% are wider than high, 0% higher than wide",
        ),
        ("curves", "Best epoch: 2 of 3, with val_loss 1 and val_accuracy 0.6"),
        ("mistakes", "Mistakes: 20 of 100 pictures, 4 at 90 % or surer. The 12 surest:"),
        ("no mistakes", "No mistakes in 100 pictures"),
        ("timeline", "The model waited for data 75% of the first epoch and 38% of the last"),
    ],
)
def test_the_title_says_the_finding(figure, finding):
    """A reader who sees the title alone knows what the figure found."""
    assert words_of(drawn(figure)) == finding


def test_pages_show_every_picture_once():
    """The first pages show every class; all pages together show each picture once."""
    shown = []

    def noted(file):
        shown.append(int(file.id))
        return read(file)

    files = make(70, 3)
    for page in range(3):
        plots.samples(iter(files), noted, decode, page=page, per_class=10, rows=3)
        if page == 0:
            assert {n % 3 for n in shown} == {0, 1, 2}
    assert sorted(shown) == list(range(70))
    with pytest.raises(ValueError, match="from 0 to 2. Received: page=3"):
        plots.samples(files, read, decode, page=3, per_class=10, rows=3)


def test_a_lost_sign_in_is_not_drawn_as_a_broken_picture():
    """What ends a run ends the figure too; no other picture would come."""

    class SignInLost(Exception):
        ends_run = True

    def fails(file):
        raise SignInLost("sign in again")

    with pytest.raises(SignInLost):
        plots.samples(make(4), fails, decode)


def test_settings_that_change_nothing_are_named():
    """An augmenter left at its defaults is noticed."""
    figure = plots.augmentations(np.zeros((20, 20, 3), "uint8"), lambda image, rng: image)
    assert words_of(figure).startswith("Nothing changes")


def test_variants_follow_from_the_seed():
    """The same seed draws the same variants; a generator goes on."""

    def pixels(rng):
        figure = plots.augmentations(np.zeros((20, 20, 3), "uint8"), lighter, rng, count=2)
        return [int(axis.images[0].get_array()[0, 0, 0]) for axis in figure.axes]

    assert pixels(0) == pixels(0) == pixels(np.random.default_rng(0)) != pixels(1)


def test_probabilities_and_one_hot_labels_may_be_given():
    """`confusion` takes what `predict_once` gives."""
    labels, predictions = guesses(3)
    expected = words_of(plots.confusion(labels, predictions, "abc"))
    assert words_of(plots.confusion(np.eye(3)[labels], np.eye(3)[predictions], "abc")) == expected
    assert words_of(plots.confusion([0, 1], np.array([[0.2], [0.9]]), "ab")) == "100% of 2 right"


def test_a_history_object_may_be_given():
    """What `fit` returns, or its dict."""

    class History:
        history = CURVES

    assert words_of(plots.learning_curves(History())) == words_of(plots.learning_curves(CURVES))


def test_curves_without_validation_call_no_epoch_the_best():
    """The lowest training loss is no finding."""
    words = words_of(plots.learning_curves({"loss": [0.9, 0.3, 0.4], "accuracy": [0.5, 0.9, 0.8]}))
    assert "After 3 epochs: loss 0.4 in training" in words
    assert "est epoch" not in words


def test_nothing_to_draw_says_so():
    """Empty input, or an iterator used before, is named."""
    calls = (
        lambda: plots.samples([], read, decode),
        lambda: plots.class_balance(iter([])),
        lambda: plots.sizes([]),
        lambda: plots.learning_curves({}),
        lambda: plots.confusion([], [], "ab"),
        lambda: plots.timeline([]),
    )
    for call in calls:
        with pytest.raises(
            ValueError, match="nothing to draw.*An iterator is empty when it was used before"
        ):
            call()
