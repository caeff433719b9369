"""Promises of `plot_mistakes` and `plot_timeline`, and of the words that all figures use."""

import pytest
from figures_to_try import BROKEN_ID, decode, make_files, mistakes_table, read, words_of

from colab_helpers.plots import plot_mistakes, plot_timeline
from colab_helpers.plots.epoch_times import timeline_title, waiting_share
from colab_helpers.plots.ranked_mistakes import mistakes_title
from colab_helpers.plots.words import shortened


@pytest.mark.parametrize(
    "counts, title",
    [
        ({"mistakes": 0, "sure": 0, "shown": 0}, "No mistakes in 1,000 pictures"),
        ({"mistakes": 3, "sure": 0, "shown": 3}, "Mistakes: 3 of 1,000 pictures"),
        ({"mistakes": 3, "sure": 0, "shown": 0}, "Mistakes: 3 of 1,000 pictures"),
        (
            {"mistakes": 3, "sure": 2, "shown": 3},
            "Mistakes: 3 of 1,000 pictures, 2 at 90 % or surer",
        ),
        (
            {"mistakes": 20, "sure": 0, "shown": 12},
            "Mistakes: 20 of 1,000 pictures. The 12 surest:",
        ),
    ],
)
def test_the_title_counts_mistakes_and_those_that_are_sure(counts, title):
    assert mistakes_title(pictures=1000, **counts) == title


def test_each_mistake_says_what_was_expected_and_what_was_predicted():
    figure = plot_mistakes(mistakes_table(5), make_files(9), read, decode, count=2)
    cells = figure.axes
    assert [cell.get_title() for cell in cells] == [r"expected Tyrannosa…m) \$"] * 2
    assert cells[0].get_xlabel() == "predicted cat\n(99% sure)"


def test_a_mistake_shows_the_picture_of_its_row_or_why_it_cannot_be_read():
    figure = plot_mistakes(mistakes_table(5), make_files(9), read, decode)
    shown = [int(cell.images[0].get_array()[0, 0, 0]) for cell in figure.axes if cell.images]
    assert shown == [0, 1, 2, 4]
    assert figure.axes[int(BROKEN_ID)].texts


def test_mistakes_that_are_not_shown_are_counted_all_the_same():
    figure = plot_mistakes(mistakes_table(5), make_files(9), read, decode, count=0)
    assert words_of(figure) == "Mistakes: 5 of 9 pictures, 1 at 90 % or surer"


@pytest.mark.parametrize(
    "training, waiting, share", [(10, 30, 0.75), (10, 0, 0), (0, 5, 1), (0, 0, 0)]
)
def test_the_waiting_share_is_part_of_the_time_on_the_clock(training, waiting, share):
    assert waiting_share({"training": training, "waiting": waiting}) == share


def test_the_waiting_share_is_the_meters_own_where_it_tells_one():
    epoch = {"training": 1.0, "waiting": 1.0, "waiting_share": 0.25}
    assert waiting_share(epoch) == 0.25


@pytest.mark.parametrize(
    "shares, title",
    [
        ([0.75], "The model waited for data 75% of the first epoch"),
        ([0.75, 0.1, 0.004], "The model waited for data 75% of the first epoch and 0% of the last"),
    ],
)
def test_the_title_says_how_long_the_model_waited(shares, title):
    assert timeline_title(shares) == title


def test_the_clock_and_the_threads_have_a_panel_each():
    epoch = {"training": 10.0, "waiting": 30.0, "reading": 300.0, "decoding": 12.0}
    clock, threads = plot_timeline([epoch]).axes
    assert [bar.get_width() for bar in clock.patches] == [10, 30]
    assert [bar.get_width() for bar in threads.patches] == [300, 12]


@pytest.mark.parametrize(
    "text, length, short",
    [
        ("rose", 4, "rose"),
        ("Tyrannosaurus rex", 10, "Tyrann…rex"),
        ("Tyrannosaurus rex", 17, "Tyrannosaurus rex"),
        (7, 10, "7"),
    ],
)
def test_a_long_name_loses_its_middle(text, length, short):
    assert shortened(text, length) == short
    assert len(short) <= length
