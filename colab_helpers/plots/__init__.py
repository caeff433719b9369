"""Figures that say what they show: one function, one figure, returned.

Each returns a `matplotlib.figure.Figure` that pyplot has let go of. As the last expression of a
cell it is shown exactly once, in mid-cell by `display(figure)`, and in a script by
`figure.savefig("name.png")`. Titles state the finding; colours are those of Okabe and Ito (2008),
which colour-blind readers can tell apart.

Arguments of one name mean the same everywhere: `files` is an iterable of files,
`read(file) -> bytes`, `decode(bytes) -> uint8 array (height, width, channels)` as `decoder` makes
it, and `labels` an optional `{id: label}` for folders that do not tell the class. What is empty
raises `ValueError`, except a table without mistakes: `plot_mistakes` says that there are none.

Example:
    >>> from colab_helpers.plots import plot_learning_curves
    >>> figure = plot_learning_curves({"loss": [1.0, 0.5, 0.3], "val_loss": [1.1, 0.7, 0.8]})
    >>> print(figure.get_suptitle())
    Best epoch: 2 of 3, with val_loss 0.7

What all figures share:

    style.py            colours, an empty figure, its title, its axes
    words.py            names cut to length, counts in words, the error for empty input
    pictures.py         reads a screenful of pictures, draws one, marks a broken one

A file for each figure. In each, data flows from what is counted (a small dataclass) to the
drawing; a function of numbers alone says the title.

    by_class.py         plot_samples: pictures, a class in each row
    balance.py          plot_class_balance: how many pictures each class has
    curves.py           plot_learning_curves: loss and metrics by epoch
    mix_ups.py          plot_confusion: what was taken for what
    ranked_mistakes.py  plot_mistakes: the most confident mistakes
    numbers_off.py      plot_numbers: predicted against true, and what is farthest off
    worst_masks.py      plot_masks: pictures with their masks and the predicted ones
    epoch_times.py      plot_timeline: where the time of each epoch went
    comparison.py       plot_comparison: ways to do one thing, what each takes
"""

from .balance import plot_class_balance
from .by_class import plot_samples
from .comparison import plot_comparison
from .curves import plot_learning_curves
from .epoch_times import plot_timeline
from .mix_ups import plot_confusion
from .numbers_off import plot_numbers
from .ranked_mistakes import plot_mistakes
from .worst_masks import plot_masks

__all__ = [
    "plot_samples",
    "plot_class_balance",
    "plot_learning_curves",
    "plot_timeline",
    "plot_confusion",
    "plot_mistakes",
    "plot_numbers",
    "plot_masks",
    "plot_comparison",
]

samples = plot_samples  # the name until 0.2; gone in 0.3
class_balance = plot_class_balance  # the name until 0.2; gone in 0.3
learning_curves = plot_learning_curves  # the name until 0.2; gone in 0.3
timeline = plot_timeline  # the name until 0.2; gone in 0.3
confusion = plot_confusion  # the name until 0.2; gone in 0.3
mistakes = plot_mistakes  # the name until 0.2; gone in 0.3
