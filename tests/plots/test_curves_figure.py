"""Promises of `plot_learning_curves`: only validation tells of a best epoch."""

import math

import pytest
from figures_to_try import CURVES, words_of

from colab_helpers.plots import plot_learning_curves
from colab_helpers.plots.curves import curves_title, read_history


def test_a_history_object_may_be_given():
    """What `fit` returns, or its dict."""

    class History:
        history = CURVES

    figure = plot_learning_curves(History())
    assert words_of(figure) == words_of(plot_learning_curves(CURVES))


def test_curves_without_validation_call_no_epoch_the_best():
    """The lowest training loss is no finding."""
    figure = plot_learning_curves({"loss": [0.9, 0.3, 0.4], "accuracy": [0.5, 0.9, 0.8]})
    words = words_of(figure)
    assert "After 3 epochs: loss 0.4 in training" in words
    assert "est epoch" not in words


@pytest.mark.parametrize(
    "values, title",
    [
        (CURVES, "Best epoch: 2 of 3, with val_loss 1 and val_accuracy 0.6"),
        ({"loss": [1, 1], "val_loss": [3, 2]}, "Best epoch: 2 of 2, with val_loss 2"),
        (
            {"loss": [1] * 5, "val_loss": [1, 2, 3, 4, 5]},
            "Best epoch: 1 of 5, with val_loss 1; the 4 epochs after it did not help",
        ),
        (
            {"loss": [1, 1, 1], "val_loss": [math.nan, 0.12345, 3]},
            "Best epoch: 2 of 3, with val_loss 0.123",
        ),
        ({"mae": [3, 2]}, "After 2 epochs: mae 2 in training, none in validation"),
    ],
)
def test_the_title_names_the_best_epoch_where_there_is_one(values, title):
    assert curves_title(read_history(values)) == title


def test_validation_of_each_other_epoch_is_drawn_where_it_belongs():
    """Keras's lists do not tell of which epochs they are; with NaN in between, they do."""
    history = {"loss": [1, 0.8, 0.6, 0.5], "val_loss": [0.7, 0.9]}
    with pytest.raises(ValueError, match="2 numbers of 'val_loss' for 4 epochs.*put NaN"):
        plot_learning_curves(history)
    figure = plot_learning_curves({**history, "val_loss": [math.nan, 0.7, math.nan, 0.9]})
    assert "Best epoch: 2 of 4, with val_loss 0.7" in words_of(figure)


def test_each_metric_has_a_panel_and_the_learning_rate_has_none():
    values = {"loss": [1], "val_loss": [1], "mae": [1], "learning_rate": [1]}
    assert read_history(values).metrics == ["loss", "mae"]
    figure = plot_learning_curves(values)
    assert [axis.get_ylabel() for axis in figure.axes] == ["loss", "mae"]


def test_the_best_epoch_is_marked_in_each_panel():
    for axis in plot_learning_curves(CURVES).axes:
        marks = [line for line in axis.lines if line.get_label() == "best epoch"]
        assert [list(mark.get_xdata()) for mark in marks] == [[2, 2]]
