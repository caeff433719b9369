"""Promises of `plot_masks` and `plot_numbers`: worst first, each beside what it is told by."""

import numpy as np
import pytest
from figures_to_try import (
    MASK_NAMES,
    compared_masks,
    decode,
    make_files,
    masks_of,
    numbers_of,
    read,
)
from matplotlib.colors import to_hex

from colab_helpers.evaluation import rank_masks, rank_numbers
from colab_helpers.plots import plot_masks, plot_numbers
from colab_helpers.plots.style import ORANGE, RED


def test_each_picture_stands_beside_its_mask_and_the_predicted_one_worst_first():
    table = rank_masks(compared_masks(make_files(20)), MASK_NAMES)
    cells = masks_of(20).axes
    assert len(cells) == 12
    for place in range(4):
        picture, expected, predicted = cells[3 * place : 3 * place + 3]
        assert picture.get_title() == table["name"][place]
        assert expected.get_title() == "expected"
        assert predicted.get_title() == f"predicted, IoU {table['iou'][place]:.2f}"


def test_a_mask_is_drawn_in_the_colours_of_the_legend():
    figure = masks_of(1)
    [legend] = figure.legends
    shown = dict(zip([text.get_text() for text in legend.get_texts()], legend.get_patches()))
    assert list(shown) == ["nothing", r"Tyrannosa…m) \$", "(does not count)"]
    drawn = figure.axes[1].images[0].get_array()
    assert to_hex(drawn[5, 5]) == to_hex(shown[r"Tyrannosa…m) \$"].get_facecolor()).lower()
    assert to_hex(drawn[5, 5]) == ORANGE.lower()
    assert to_hex(drawn[0, 0]) == to_hex(shown["(does not count)"].get_facecolor())


def test_pictures_of_any_scale_can_be_drawn():
    """Those of `preprocess_input` lie in -1 to 1, or around 0."""
    images = [cell.images[0].get_array() for cell in masks_of(20).axes[::3]]
    assert all(0 <= image.min() <= image.max() <= 1 for image in images)


def test_fewer_masks_than_were_asked_for_are_drawn_and_none_is_refused():
    compared = compared_masks(make_files(9), keep=2)
    assert len(plot_masks(compared, MASK_NAMES, count=9).axes) == 6
    with pytest.raises(ValueError, match="0 kept masks"):
        plot_masks(compared_masks(make_files(9), keep=0), MASK_NAMES)


def test_names_of_other_masks_are_refused():
    with pytest.raises(ValueError, match="gives 3 classes.*has 2 names"):
        plot_masks(compared_masks(make_files(2)), MASK_NAMES[:2])


def test_the_pictures_that_are_farthest_off_stand_beside_the_plot():
    files = make_files(9)
    expected = np.arange(9.0)
    said = expected + [0, 0, 5, 0, 9, 0, 0, -7, 0]
    figure = plot_numbers(rank_numbers(said, expected, files), files, read, decode, count=3)
    plot, *cells = figure.axes
    assert [cell.get_title() for cell in cells] == ["expected 4", "expected 7", "expected 2"]
    assert cells[1].get_xlabel() == "predicted 0"
    assert [cell.images[0].get_array()[0, 0, 0] for cell in cells] == [4, 7, 2]
    marked = next(line for line in plot.lines if line.get_color() == RED)
    assert sorted(marked.get_xdata()) == [2, 4, 7]


def test_all_pictures_are_in_the_plot():
    plot = numbers_of(40).axes[0]
    dots = [line for line in plot.lines if line.get_marker() == "o"]
    assert sum(len(line.get_xdata()) for line in dots) == 40


def test_files_of_other_predictions_are_refused():
    files = make_files(9)
    table = rank_numbers(np.zeros(8), np.ones(8), files[1:])
    for others in (files, files[:3]):
        with pytest.raises(ValueError, match="those that predict_once returned"):
            plot_numbers(table, others, read, decode)


def test_several_numbers_a_picture_are_refused_with_the_line_that_takes_one():
    table = rank_numbers(np.zeros((3, 2)), np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"rank_numbers\(predictions\[:, 0\]"):
        plot_numbers(table, make_files(3), read, decode)
