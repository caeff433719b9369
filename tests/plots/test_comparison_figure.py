"""Promises of `plot_comparison`: parts one behind another, their sum at the end, ways in order."""

from colab_helpers.plots import plot_comparison

ROWS = {"array": {"own": 293.0, "files": 7.4}, "stream": {"own": 58.0, "files": 10.0}}


def numbers_in(axis):
    return [text.get_text() for text in axis.texts]


def test_parts_lie_one_behind_another_and_their_sum_stands_at_the_end():
    axis = plot_comparison(ROWS, {"megabytes": ["own", "files"]}, "Memory").axes[0]
    own, files = axis.containers
    assert [bar.get_x() for bar in files] == [bar.get_width() for bar in own] == [293, 58]
    assert numbers_in(axis) == ["300", "68"]
    assert axis.get_legend() is not None


def test_the_first_way_is_at_the_top_and_only_the_first_panel_names_the_ways():
    left, right = plot_comparison(ROWS, {"a": ["own"], "b": ["files"]}, "Memory").axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["array", "stream"]
    assert left.yaxis_inverted()
    assert not right.get_yticklabels()
    assert left.get_legend() is None


def test_small_numbers_keep_a_decimal():
    axis = plot_comparison(ROWS, {"megabytes": ["files"]}, "Memory").axes[0]
    assert numbers_in(axis) == ["7.4", "10.0"]


def test_a_panel_of_many_parts_shows_all_of_them():
    parts = {str(number): 1.0 for number in range(7)}
    axis = plot_comparison({"way": parts}, {"megabytes": list(parts)}, "Memory").axes[0]
    assert len(axis.containers) == 7
    assert numbers_in(axis) == ["7.0"]
