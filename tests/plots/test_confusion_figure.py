"""Promises of `plot_confusion`: what was taken for what, at 2 classes and at 100."""

import itertools

import numpy as np
import pytest
from figures_to_try import class_names, confusion_of, guesses, words_of
from matplotlib.backends.backend_agg import FigureCanvasAgg

from colab_helpers.plots import plot_confusion
from colab_helpers.plots.mix_ups import MixUp, confusion_title, count_confusion


def extents(labels, renderer, low, high):
    """The (low, high) ends of each label along one axis, in order."""
    boxes = [label.get_window_extent(renderer) for label in labels]
    return sorted((getattr(box, low), getattr(box, high)) for box in boxes)


@pytest.mark.parametrize("classes", [2, 5, 17, 20, 100])
def test_names_beside_a_confusion_matrix_do_not_overlap(classes):
    """Each can be read, at 2 and at 100 classes."""
    figure = confusion_of(classes)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axis = figure.axes[0]
    across = extents(axis.get_xticklabels(), renderer, "x0", "x1")
    down = extents(axis.get_yticklabels(), renderer, "y0", "y1")
    for ends in (across, down):
        for (_, end), (start, _) in itertools.pairwise(ends):
            assert end <= start + 1


def test_probabilities_and_one_hot_labels_may_be_given():
    """`plot_confusion` takes what `predict_once` gives."""
    labels, predictions = guesses(3)
    expected = words_of(plot_confusion(labels, predictions, "abc"))
    one_hot = plot_confusion(np.eye(3)[labels], np.eye(3)[predictions], "abc")
    assert words_of(one_hot) == expected


def test_probabilities_of_a_single_unit_may_be_given():
    figure = plot_confusion([0, 1], np.array([[0.2], [0.9]]), "ab")
    assert words_of(figure) == "100% of 2 right"


def test_up_to_twenty_classes_the_counts_are_written_in():
    figure = plot_confusion([0, 0, 0, 1], [0, 0, 1, 1], ["cat", "dog"])
    written = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert written == {(0, 0): "2", (1, 0): "1", (1, 1): "1"}


def test_above_twenty_classes_the_most_frequent_mix_ups_stand_beside_the_matrix():
    labels = [3, 3, 3, 7, 8]
    predictions = [4, 4, 3, 9, 8]
    figure = plot_confusion(labels, predictions, class_names(21))
    matrix, bars = figure.axes[:2]
    assert not matrix.texts
    words = [text.get_text() for text in bars.texts]
    assert words == ["class 3 as class 4", r"Tyrannosaur…um) \$7 as class 9"]
    assert [bar.get_width() for bar in bars.patches] == [2, 1]


def test_mix_ups_are_ranked_and_right_answers_are_none():
    confusion = count_confusion([0, 0, 1, 1, 1, 2], [0, 1, 2, 2, 1, 0], ["a", "b", "c"])
    assert confusion.counts.tolist() == [[1, 1, 0], [0, 1, 2], [1, 0, 0]]
    assert confusion.mix_ups() == [MixUp("b", "c", 2), MixUp("a", "b", 1), MixUp("c", "a", 1)]


def test_no_more_than_fifteen_mix_ups_are_named():
    labels = np.arange(30)
    confusion = count_confusion(labels, (labels + 1) % 30, class_names(30))
    assert len(confusion.mix_ups()) == 15


def test_a_class_without_pictures_has_a_share_of_nothing():
    confusion = count_confusion([0, 0], [0, 1], ["a", "b"])
    assert confusion.shares.tolist() == [[0.5, 0.5], [0, 0]]


@pytest.mark.parametrize(
    "labels, predictions, title",
    [
        ([0, 1], [0, 1], "100% of 2 right"),
        ([0, 1], [1, 0], "0% of 2 right; no class was taken twice for the same other"),
        ([0, 0, 1], [0, 1, 1], "67% of 3 right; once, a was taken for b"),
        ([0, 1, 1, 1], [0, 1, 0, 0], "50% of 4 right; most often, b was taken for a (2x)"),
        ([0] * 1200, [0] * 1200, "100% of 1,200 right"),
        ([0] * 1200, [0] * 1199 + [1], "over 99% of 1,200 right; once, a was taken for b"),
    ],
)
def test_the_title_says_how_many_are_right_and_the_worst_mix_up(labels, predictions, title):
    assert confusion_title(count_confusion(labels, predictions, "ab")) == title
