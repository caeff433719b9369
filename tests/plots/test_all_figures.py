"""What all figures promise: a title that says the finding, nothing cut off, nothing left behind."""

import io
import warnings

import matplotlib.pyplot as plt
import pytest
from figures_to_try import FIGURES, decode, drawn, mistakes_table, read, words_of
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from colab_helpers import plots
from colab_helpers.drive import File


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_and_no_warning_is_in_the_way(name):
    """Every text that is drawn lies within the figure, with long names and with dollars in them."""
    with warnings.catch_warnings(action="error"):
        figure = drawn(name)
        figure.savefig(io.BytesIO(), format="png")
    renderer = FigureCanvasAgg(figure).get_renderer()
    box = figure.get_tightbbox(renderer)  # of all that is drawn, in inches
    assert box.x0 > -0.01
    assert box.y0 > -0.01
    assert box.x1 < figure.get_figwidth() + 0.01
    assert box.y1 < figure.get_figheight() + 0.01


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_stays_behind_in_pyplot(name):
    """A figure is shown once, and freed when its last name goes."""
    assert isinstance(drawn(name), Figure)
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
        ("curves", "Best epoch: 2 of 3, with val_loss 1 and val_accuracy 0.6"),
        (
            "confusion of 2",
            "92% of 40 right; most often, Tyrannosaur…um) $0 was taken for class 1 (2x)",
        ),
        ("mistakes", "Mistakes: 20 of 100 pictures, 4 at 90 % or surer. The 12 surest:"),
        ("no mistakes", "No mistakes in 100 pictures"),
        ("wrong labels", "Mistakes: 15 of 20 pictures, 6 at 90 % or surer. The 12 surest:"),
        ("numbers", "Off by 0.0526 on average, R2 0.96 (40 pictures). The 6 farthest off:"),
        ("numbers alone", "Off by 0.0526 on average, R2 0.96 (40 pictures)"),
        ("numbers of one picture", "Off by 0.0274 on average (1 picture)"),
        ("masks", "Masks overlap by 36% (intersection over union, 20 pictures). The 4 worst:"),
        ("masks of one picture", "Masks overlap by 66% (intersection over union, 1 picture)"),
        ("comparison of 15", "Costs a few $, or many $"),
        ("timeline", "The model waited for data 75% of the first epoch and 38% of the last"),
    ],
)
def test_the_title_says_the_finding(figure, finding):
    """A reader who sees the title alone knows what the figure found."""
    assert words_of(drawn(figure)) == finding


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.plot_samples([], read, decode),
        lambda: plots.plot_class_balance(iter([])),
        lambda: plots.plot_class_balance({"train": [], "test": []}),
        lambda: plots.plot_learning_curves({}),
        lambda: plots.plot_learning_curves({"loss": []}),
        lambda: plots.plot_confusion([], [], "ab"),
        lambda: plots.plot_timeline([]),
        lambda: plots.plot_numbers(
            mistakes_table(0).rename(columns={"confidence": "error"}), [], read, decode
        ),
        lambda: plots.plot_comparison({}, {"MB": ["own"]}, "None"),
    ],
)
def test_nothing_to_draw_says_so(draw):
    """Empty input, or an iterator used before, is named."""
    message = "nothing to draw.*An iterator is empty when it was used before"
    with pytest.raises(ValueError, match=message):
        draw()


@pytest.mark.parametrize(
    "old_name, name",
    [
        ("samples", "plot_samples"),
        ("class_balance", "plot_class_balance"),
        ("learning_curves", "plot_learning_curves"),
        ("confusion", "plot_confusion"),
        ("mistakes", "plot_mistakes"),
        ("timeline", "plot_timeline"),
    ],
)
def test_the_old_names_go_on_working(old_name, name):
    assert getattr(plots, old_name) is getattr(plots, name)


@pytest.mark.parametrize(
    "draw, words",
    [
        (lambda: plots.plot_samples(None, read, decode), "`files` must be a list of files"),
        (lambda: plots.plot_samples("roses", read, decode), "`files` must be a list of files"),
        (lambda: plots.plot_class_balance({"train": "roses"}), "`files` must be a list of files"),
        (
            lambda: plots.plot_samples([], read, decode, per_class=0),
            "`per_class` must be an integer",
        ),
        (lambda: plots.plot_samples([], read, decode, rows=None), "`rows` must be an integer"),
        (lambda: plots.plot_samples([], read, decode, page="1"), "`page` must be an integer"),
        (
            lambda: plots.plot_mistakes(mistakes_table(3), [], read, decode, count=1.5),
            "`count` must be an integer of at least 0",
        ),
        (
            lambda: plots.plot_mistakes(None, [], read, decode),
            "`table` must be what `rank_mistakes`",
        ),
        (
            lambda: plots.plot_numbers(mistakes_table(3), [], read, decode),
            "`table` must be what `rank_numbers` returns. Received: the columns .*'confidence'",
        ),
        (lambda: plots.plot_timeline(object()), r"plot_timeline\(meter.history\)"),
        (lambda: plots.plot_learning_curves(None), "`history` must be what `model.fit` returned"),
        (
            lambda: plots.plot_learning_curves({"loss": 1.0}),
            "`history` must be what `model.fit` returned",
        ),
        (
            lambda: plots.plot_comparison({"own": {"MB": 1}}, {"size": ["GB"]}, "Sizes"),
            r"names the column 'GB', which the row 'own' has not. Received: the columns \['MB'\]",
        ),
    ],
)
def test_what_cannot_be_drawn_says_what_can(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()


def test_a_source_in_place_of_its_read_is_refused():
    """Else each picture would be crossed out."""
    file = File("1", "1.jpg", "cat", "1.jpg", 9, None, "1")
    with pytest.raises(ValueError, match="`read` must be a function, such as `drive.read`"):
        plots.plot_samples([file], object(), decode)
    with pytest.raises(ValueError, match=r"`decode` must be a function, such as `decoder\("):
        plots.plot_samples([file], read, None)
