"""What figures promise of names from outside: any name is drawn as it reads, and stops nothing."""

import io
import warnings

import matplotlib

matplotlib.use("agg")

import numpy as np
import pandas as pd
import pytest
from figures_to_try import compared_masks, decode

from colab_helpers import plots
from colab_helpers.drive import File
from colab_helpers.evaluation import rank_numbers

NAMES = {
    "mathematics": "$x^2$ and $y_$",
    "dollars at a break": "$" * 40,
    "dollars and hyphens": "a-$b-$c-$d-$e-$f-$g-$h",
    "an open formula": "$\\frac{$ {",
    "backslashes": "\\alpha \\$ \\",
    "an escape sequence": "\x1b[31mred\x1b[0m",
    "lines": "first\nsecond\rthird",
    "a bell": "\x07\x00",
    "not UTF-8": "caf\udce9\udcff",
    "a turned direction": "\u202egpj.exe",
    "an underscore": "_hidden",
    "spaces": "   ",
    "a percent": "100% {x} %s",
}


def make_files(name):
    return [
        File(f"{n}", f"{name}.jpg", f"{name}{n % 2}", f"{n}.jpg", 9, None, "1") for n in range(4)
    ]


def read_with_error(file):
    raise OSError(f"cannot read {file.name}")


def read(file):
    return bytes(20 * 20 * 3)


def mistakes(name):
    table = pd.DataFrame(
        {"row": [0], "expected": [name], "predicted": [f"{name} 2"], "confidence": [0.9]}
    )
    return plots.plot_mistakes(table, make_files(name), read, decode)


def masks(name):
    return plots.plot_masks(
        compared_masks(make_files(name)), ["nothing", name, f"{name} 2"], count=1
    )


def numbers(name):
    table = rank_numbers([1, 2, 3, 4], [2, 2, 3, 3], make_files(name))
    return plots.plot_numbers(table, make_files(name), read_with_error, decode)


FIGURES = {
    "samples": lambda name: plots.plot_samples(make_files(name), read, decode),
    "broken samples": lambda name: plots.plot_samples(make_files(name), read_with_error, decode),
    "balance": lambda name: plots.plot_class_balance(make_files(name)),
    "parts": lambda name: plots.plot_class_balance({name: make_files(name), "b": make_files("b")}),
    "small confusion": lambda name: plots.plot_confusion([0, 1], [1, 1], [name, f"{name} 2"]),
    "large confusion": lambda name: plots.plot_confusion(
        np.arange(25), np.zeros(25, int), [f"{name}{number}" for number in range(25)]
    ),
    "curves": lambda name: plots.plot_learning_curves({"loss": [1, 2], name: [0.1, 0.2]}),
    "mistakes": mistakes,
    "masks": masks,
    "numbers": numbers,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("figure", FIGURES)
def test_any_name_is_drawn_without_an_error_or_a_warning(figure, name):
    with warnings.catch_warnings(action="error"):
        FIGURES[figure](name).savefig(io.BytesIO(), format="png")


def test_a_name_with_dollars_reads_as_it_is():
    """What matplotlib draws is the name itself, with its dollars."""
    figure = plots.plot_class_balance([File("1", "1.jpg", "$a$ and $b$", "x/1.jpg", 9, None, "1")])
    figure.canvas.draw()
    [label] = figure.axes[0].get_yticklabels()
    assert label.get_text() == r"\$a\$ and \$b\$"


def test_a_part_whose_name_begins_with_an_underscore_is_in_the_legend():
    """Matplotlib leaves such names out where it collects them itself."""
    figure = plots.plot_class_balance({"_train": make_files("a"), "$test$": make_files("a")})
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["_train", r"\$test\$"]


def test_labels_that_are_no_mapping_are_refused_with_the_line_that_makes_one():
    for draw in (
        lambda files, labels: plots.plot_class_balance(files, labels=labels),
        lambda files, labels: plots.plot_samples(files, read, decode, labels=labels),
    ):
        with pytest.raises(ValueError, match=r"`labels` must be a mapping.*Received: list"):
            draw(make_files("a"), ["a"] * 4)


def test_classes_of_one_picture_and_an_absent_class_are_drawn():
    """Three pictures of a class, of which a part has none."""
    files = make_files("a")
    parts = {"train": files[:1], "validation": files[1:2], "test": []}
    figure = plots.plot_class_balance(parts)
    assert "test 0" in figure.get_suptitle().replace("\n", " ")
