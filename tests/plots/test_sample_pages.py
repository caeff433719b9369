"""Promises of `plot_samples`: pages that show every picture once, by class."""

import pytest
from figures_to_try import decode, make_files, read, words_of

from colab_helpers.plots import plot_samples
from colab_helpers.plots.by_class import Row, choose_page, group_by_class, make_rows


class Noted:
    """Reads as `read` does, and remembers what was read."""

    def __init__(self):
        self.numbers = []

    def __call__(self, file):
        self.numbers.append(int(file.id))
        return read(file)


def test_all_pages_together_show_every_picture_once():
    noted = Noted()
    for page in range(3):
        plot_samples(iter(make_files(70, 3)), noted, decode, page=page, per_class=10, rows=3)
    assert sorted(noted.numbers) == list(range(70))


def test_the_first_page_shows_every_class():
    noted = Noted()
    plot_samples(make_files(70, 3), noted, decode, per_class=10, rows=3)
    assert {number % 3 for number in noted.numbers} == {0, 1, 2}


@pytest.mark.parametrize("page", [-1, 3])
def test_a_page_that_is_not_there_is_refused(page):
    with pytest.raises(ValueError, match=f"from 0 to 2. Received: page={page}"):
        plot_samples(make_files(70, 3), read, decode, page=page, per_class=10, rows=3)


def test_rows_take_turns_among_the_classes_until_all_pictures_are_shown():
    groups = {"a": [1, 2, 3, 4, 5], "b": [6], "c": [7, 8, 9]}
    rows = [(row.label, row.files) for row in make_rows(groups, per_class=2)]
    assert rows == [
        ("a", [1, 2]),
        ("b", [6]),
        ("c", [7, 8]),
        ("a", [3, 4]),
        ("c", [9]),
        ("a", [5]),
    ]


@pytest.mark.parametrize("page, labels", [(0, "ab"), (1, "cd"), (2, "e")])
def test_a_page_holds_so_many_rows_and_the_last_one_what_remains(page, labels):
    chosen = choose_page([Row(label, []) for label in "abcde"], rows_on_page=2, page=page)
    assert "".join(row.label for row in chosen.rows) == labels
    assert chosen.number == page
    assert chosen.count == 3


def test_rows_of_one_class_stand_together_on_a_page():
    """Its name stands once, beside the first of them."""
    chosen = choose_page([Row(label, []) for label in "abcaca"], rows_on_page=5, page=0)
    assert "".join(row.label for row in chosen.rows) == "aabcc"
    labels = {"0": "a", "1": "a", "2": "b"}
    figure = plot_samples(make_files(3), read, decode, per_class=1, labels=labels)
    assert [axis.get_ylabel() for axis in figure.axes] == ["a", "", "b"]


def test_labels_of_ones_own_replace_those_of_the_files():
    groups = group_by_class(make_files(3), labels={"0": "rose", "2": "rose"})
    ids = {label: [file.id for file in files] for label, files in groups.items()}
    assert ids == {"(no label)": ["1"], "rose": ["0", "2"]}
    figure = plot_samples(make_files(3), read, decode, labels={"0": "rose", "2": "rose"})
    assert words_of(figure) == "2 classes, 1 to 2 pictures each"


def test_a_broken_picture_is_crossed_out_and_says_why():
    """The reason is in the cell, shortened; an error without words gives its type."""

    def fails(file):
        raise KeyError if file.id == "0" else ValueError("no $ picture")

    figure = plot_samples(make_files(2), fails, decode)
    reasons = {text.get_text() for axis in figure.axes for text in axis.texts}
    assert reasons == {"KeyError", r"no \$ picture"}
    assert words_of(figure) == "2 classes, 1 picture each. 2 of the 2 shown cannot be read"


def test_a_lost_sign_in_is_not_drawn_as_a_broken_picture():
    """What ends a run ends the figure too; no other picture would come."""

    class SignInLost(Exception):
        ends_run = True

    def fails(file):
        raise SignInLost("sign in again")

    with pytest.raises(SignInLost):
        plot_samples(make_files(4), fails, decode)
