"""What was taken for what.

Two figures: of up to 20 classes a matrix with the counts written in; of more, a matrix, and beside
it the most frequent mix-ups as bars.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation import class_indices
from ..evaluation.class_numbers import expected_and_predicted
from .style import RED, font_size, new_figure, set_title, whole_number_ticks
from .words import escaped, refuse_nothing, share_in_words, shortened

MOST_CLASSES_WITH_COUNTS = 20
MOST_LEVEL_NAMES = 5  # of more classes, the names below the matrix stand upright
MOST_MIX_UPS = 15
NAME_LENGTH = 18  # letters


@dataclass(frozen=True)
class MixUp:
    """One class that was taken for another, so many times."""

    expected: str
    predicted: str
    count: int


@dataclass(frozen=True)
class Confusion:
    """How often each class was taken for each.

    Attributes:
        counts: int array (classes, classes): a row for what was expected, a column for what was
            predicted.
        names: Names of the classes, cut to a length that fits.
    """

    counts: npt.NDArray[np.int_]
    names: list[str]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """The same as shares of each row, from 0 to 1; a row without pictures is all 0."""
        row_sums = self.counts.sum(axis=1, keepdims=True)
        shares: npt.NDArray[np.float64] = self.counts / np.maximum(row_sums, 1)
        return shares

    @property
    def has_counts_written_in(self) -> bool:
        """Whether the classes are few enough for it."""
        return len(self.names) <= MOST_CLASSES_WITH_COUNTS

    def mix_ups(self) -> list[MixUp]:
        """The most frequent ones, the most frequent first."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        by_frequency = np.argsort(-wrong, axis=None, kind="stable")
        found = []
        for place in by_frequency[:MOST_MIX_UPS]:
            row, column = divmod(int(place), len(self.names))
            count = int(wrong[row, column])
            if count > 0:
                found.append(MixUp(self.names[row], self.names[column], count))
        return found


def plot_confusion(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_names: Sequence[str]
) -> Figure:
    """Shows what was taken for what: in rows what was expected, the shade is the share of the row.

    Example:
        >>> figure = plot_confusion([0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
        >>> print(figure.get_suptitle())
        75% of 4 right; once, cat was taken for dog

    Args:
        labels: Class indices `(n,)` or one-hot rows `(n, classes)`.
        predictions: Class indices `(n,)` or probabilities `(n, classes)` or `(n, 1)`.
        class_names: Names in the order of the indices. Up to 20 classes, the counts are written
            in; above, the most frequent mix-ups stand beside the matrix.

    Raises:
        ValueError: There is no picture, labels and predictions are not of the same pictures, or
            `class_names` does not name their classes, each one.
    """
    confusion = count_confusion(labels, predictions, class_names)
    if confusion.has_counts_written_in:
        figure = _draw_matrix_with_counts(confusion)
    else:
        figure = _draw_matrix_and_mix_ups(confusion)
    set_title(figure, confusion_title(confusion))
    return figure


def count_confusion(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_names: Sequence[str]
) -> Confusion:
    """Counts how often each class was taken for each; see `plot_confusion`."""
    refuse_nothing(class_indices(labels), "labels")
    expected, predicted = expected_and_predicted(labels, predictions, class_names, stacklevel=3)
    counts = np.zeros((len(class_names), len(class_names)), int)
    np.add.at(counts, (expected, predicted), 1)
    return Confusion(counts, [shortened(name, NAME_LENGTH) for name in class_names])


def confusion_title(confusion: Confusion) -> str:
    """Says how many are right, and what was most often taken for what."""
    total = confusion.counts.sum()
    right = np.trace(confusion.counts) / total
    title = f"{share_in_words(right)} of {total:,} right"
    mix_ups = confusion.mix_ups()
    if not mix_ups:
        return title
    worst = mix_ups[0]
    words = f"{worst.expected} was taken for {worst.predicted}"
    if worst.count > 1:
        return f"{title}; most often, {words} ({worst.count}x)"
    if len(mix_ups) > 1:
        return f"{title}; no class was taken twice for the same other"
    return f"{title}; once, {words}"


def _draw_matrix_with_counts(confusion: Confusion) -> Figure:
    side = min(0.42 * len(confusion.names) + 3.5, 11)
    figure, axes = new_figure(side + 0.8, side - 0.6)
    axis = axes[0, 0]
    _draw_matrix(figure, axis, confusion)
    _write_counts(axis, confusion)
    return figure


def _draw_matrix_and_mix_ups(confusion: Confusion) -> Figure:
    side = min(0.08 * len(confusion.names) + 5, 13)
    figure, axes = new_figure(side + 4.8, side, 1, 2, width_ratios=[side, 3.4])
    matrix, bars = axes[0]
    _draw_matrix(figure, matrix, confusion)
    _draw_mix_ups(bars, confusion.mix_ups())
    return figure


def _draw_matrix(figure: Figure, axis: Axes, confusion: Confusion) -> None:
    """Shades and names, and a bar that says what the shades mean."""
    image = axis.imshow(confusion.shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    count = len(confusion.names)
    size = font_size(count)
    names = [escaped(name) for name in confusion.names]
    if count <= MOST_LEVEL_NAMES:
        wrapped = [escaped("\n".join(textwrap.wrap(name, 10))) for name in confusion.names]
        axis.set_xticks(range(count), wrapped, rotation=0, fontsize=size)
    else:
        axis.set_xticks(range(count), names, rotation=90, fontsize=size)
    axis.set_yticks(range(count), names, fontsize=size)
    axis.set(xlabel="predicted", ylabel="expected")
    axis.spines[:].set_visible(True)
    label = "share of the expected class"
    figure.colorbar(image, ax=axis, label=label, shrink=0.6, format="{x:.0%}")


def _write_counts(axis: Axes, confusion: Confusion) -> None:
    shares = confusion.shares
    for row, column in zip(*np.nonzero(confusion.counts)):
        count = confusion.counts[row, column]
        colour = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, count, ha="center", va="center", size=9, color=colour)


def _draw_mix_ups(axis: Axes, mix_ups: Sequence[MixUp]) -> None:
    """A bar for each, its words above it."""
    lengths = [mix_up.count for mix_up in mix_ups]
    axis.barh(range(len(mix_ups)), lengths, height=0.25, color=RED)
    for place, mix_up in enumerate(mix_ups):
        words = escaped(f"{mix_up.expected} as {mix_up.predicted}")
        axis.text(0, place - 0.2, words, va="bottom", fontsize=8)
    axis.set(yticks=[], xlabel="pictures", title="most frequent mix-ups")
    axis.set_ylim(MOST_MIX_UPS - 0.5, -0.8)  # the most frequent on top
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_major_locator(whole_number_ticks())
