"""How many pictures each class has."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drive import File
from ..drive.arguments import listed_files
from ..inventory.listing import check_labels, label_of
from .style import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    font_size,
    new_figure,
    set_title,
    whole_number_ticks,
)
from .words import balance_in_words, escaped, refuse_nothing, shortened

MOST_BARS = 100  # more than these nobody can read in one figure
PART_NAME_LENGTH = 30  # letters
UNEVEN = 1.5  # the largest class by the smallest: from here on the title says it
PART_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED)


@dataclass(frozen=True)
class Balance:
    """How many pictures each class has, in each part.

    Attributes:
        parts: `{part: {label: pictures}}`; a listing that is not split is one part, named "".
        totals: `{label: pictures}` over all parts.
    """

    parts: dict[str, Counter[str]]
    totals: Counter[str]

    @property
    def labels(self) -> list[str]:
        """The classes, the largest first."""
        return sorted(self.totals, key=lambda label: (-self.totals[label], str(label)))

    @property
    def shown_labels(self) -> list[str]:
        """The classes that are drawn: all, or the largest and the smallest of too many."""
        labels = self.labels
        if len(labels) <= MOST_BARS:
            return labels
        half = MOST_BARS // 2
        return labels[:half] + labels[-half:]

    @property
    def largest(self) -> int:
        """Pictures in the largest class."""
        return max(self.totals.values())


def plot_class_balance(
    files: Iterable[File] | Mapping[str, Iterable[File]],
    *,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Counts pictures by class, as bars; of more than 100 classes, the 50 largest and 50 smallest.

    Example:
        `plot_class_balance({"train": train_files, "validation": validation_files})`

    Args:
        files: Iterable of files; or `{part: files}`, parts that share each bar.
        labels: Optional `{id: label}`, in place of the files' own labels.

    Raises:
        ValueError: There is no file.
    """
    balance = count_classes(files, labels)
    shown = balance.shown_labels
    rows_high = max(len(shown), 1.5 * min(len(shown), 24))  # few bars are drawn thicker
    figure, axes = new_figure(8, 0.17 * rows_high + 1.4)
    axis = axes[0, 0]
    _draw_bars(axis, balance, shown)
    _write_totals(axis, balance, shown)
    _set_axes(axis, balance, shown)
    if len(balance.parts) > 1:
        names = [escaped(shortened(name, PART_NAME_LENGTH)) for name in balance.parts]
        loc = "outside lower center"
        figure.legend(axis.containers, names, loc=loc, ncols=len(names), frameon=False)
    set_title(figure, balance_title(balance))
    return figure


def count_classes(
    files: Iterable[File] | Mapping[str, Iterable[File]],
    labels: Mapping[str, str] | None = None,
) -> Balance:
    """Counts the files of each class, in each part."""
    check_labels(labels)
    files_of_parts = files if isinstance(files, Mapping) else {"": files}
    parts = {}
    totals: Counter[str] = Counter()
    for name, part in files_of_parts.items():
        parts[name] = Counter(label_of(file, labels) for file in listed_files(part))
        totals += parts[name]
    refuse_nothing(totals, "files")
    return Balance(parts, totals)


def balance_title(balance: Balance) -> str:
    """Says how many classes there are, how uneven they are, and how large the parts are."""
    title = balance_in_words(balance.totals.values())
    ratio = balance.largest / min(balance.totals.values())
    if ratio >= UNEVEN:
        title += f": the largest has {ratio:.1f} times the smallest"
    if len(balance.totals) > MOST_BARS:
        title += f" (the {MOST_BARS // 2} largest and the {MOST_BARS // 2} smallest)"
    if len(balance.parts) > 1:
        sizes = [
            f"{shortened(name, PART_NAME_LENGTH)} {counts.total():,}"
            for name, counts in balance.parts.items()
        ]
        title += f" ({', '.join(sizes)})"
    return title


def _draw_bars(axis: Axes, balance: Balance, shown: Sequence[str]) -> None:
    """A bar for each class; the parts lie in it one behind another."""
    left = np.zeros(len(shown))
    for counts, colour in zip(balance.parts.values(), itertools.cycle(PART_COLOURS)):
        widths = np.array([counts[label] for label in shown])
        axis.barh(range(len(shown)), widths, left=left, color=colour)
        left += widths


def _write_totals(axis: Axes, balance: Balance, shown: Sequence[str]) -> None:
    gap = 0.005 * balance.largest
    size = font_size(len(shown))
    for place, label in enumerate(shown):
        total = balance.totals[label]
        axis.text(total + gap, place, f"{total:,}", va="center", fontsize=size)


def _set_axes(axis: Axes, balance: Balance, shown: Sequence[str]) -> None:
    names = [escaped(shortened(label, 30)) for label in shown]
    axis.set_yticks(range(len(shown)), names, fontsize=font_size(len(shown)))
    axis.set(xlabel="pictures", ylim=(len(shown) - 0.4, -0.6), xlim=(0, 1.1 * balance.largest))
    axis.xaxis.set_major_locator(whole_number_ticks())
