"""Promises of `plot_class_balance`: every picture is counted, the title says how uneven it is."""

import pytest
from figures_to_try import make_files, words_of

from colab_helpers.plots import plot_class_balance
from colab_helpers.plots.balance import balance_title, count_classes
from colab_helpers.plots.words import balance_in_words


@pytest.mark.parametrize(
    "class_sizes, words",
    [
        ([1], "1 class, 1 picture"),
        ([5], "1 class, 5 pictures"),
        ([1, 1], "2 classes, 1 picture each"),
        ([1, 2], "2 classes, 1 to 2 pictures each"),
        ([80, 60, 1200], "3 classes, 60 to 1,200 pictures each"),
    ],
)
def test_class_sizes_in_words(class_sizes, words):
    assert balance_in_words(class_sizes) == words


@pytest.mark.parametrize(
    "files, title",
    [
        (make_files(4), "2 classes, 2 pictures each"),
        (
            make_files(4) + make_files(2, classes=1),
            "2 classes, 2 to 4 pictures each: the largest has 2.0 times the smallest",
        ),
        (make_files(101, classes=101), "(the 50 largest and the 50 smallest)"),
        ({"all": make_files(4)}, "2 classes, 2 pictures each"),
        (
            {"train": make_files(2000), "test": make_files(4)},
            "2 classes, 1,002 pictures each (train 2,000, test 4)",
        ),
    ],
)
def test_the_title_says_sizes_parts_and_an_uneven_balance(files, title):
    assert balance_title(count_classes(files)).endswith(title)


def test_an_iterator_is_counted_once_with_labels_of_ones_own():
    balance = count_classes(iter(make_files(5)), {"0": "rose", "1": "rose", "2": "tulip"})
    assert balance.totals == {"rose": 2, "tulip": 1, "(no label)": 2}


def test_the_largest_class_comes_first_and_equal_ones_by_name():
    labels = dict(zip("01234", ["b", "a", "c", "c", "d"]))
    assert count_classes(make_files(5), labels).labels == ["c", "a", "b", "d"]


def test_of_too_many_classes_the_largest_and_the_smallest_are_shown():
    labels = {str(number): f"class {number:03}" for number in range(150)}
    shown = count_classes(make_files(150), labels).shown_labels
    assert len(shown) == 100
    assert shown[0] == "class 000"
    assert shown[49:51] == ["class 049", "class 100"]


def test_each_class_has_a_bar_with_its_count_beside_it():
    figure = plot_class_balance({"train": make_files(30, 3), "test": make_files(9, 3)})
    axis = figure.axes[0]
    assert [text.get_text() for text in axis.texts] == ["13", "13", "13"]
    assert [bar.get_width() for bar in axis.patches] == [10, 10, 10, 3, 3, 3]
    assert words_of(figure) == "3 classes, 13 pictures each (train 30, test 9)"
