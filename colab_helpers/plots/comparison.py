"""Several ways to do one thing, beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import BLUE, GREEN, ORANGE, PURPLE, SKY, new_figure, set_title
from .words import escaped, refuse_nothing, shortened

COLOURS = (BLUE, SKY, GREEN, ORANGE, PURPLE)
NAME_LENGTH = 40  # letters
MOST_TICKS = 4  # more of them meet those of the next panel
NEEDS_DECIMALS = 20  # below it a whole number says too little


def plot_comparison(
    rows: Mapping[str, Mapping[str, float]], panels: Mapping[str, Sequence[str]], title: str
) -> Figure:
    """Compares ways to do one thing: a row for each way, a panel for each measure.

    Example:
        >>> rows = {"array": {"MB": 288.0, "speed": 1890.0}, "stream": {"MB": 58.0, "speed": 262.0}}
        >>> panels = {"megabytes": ["MB"], "pictures a second": ["speed"]}
        >>> print(plot_comparison(rows, panels, "The stream is small").get_suptitle())
        The stream is small

    Args:
        rows: `{way: {column: number}}`, drawn from the top down.
        panels: `{what is measured: columns}`, from left to right. Where a panel has several
            columns, their bars lie one behind another. The number at the end is their sum.
        title: What the figure shows.

    Raises:
        ValueError: There is no row, or no panel, or a row lacks a column.
    """
    refuse_nothing(rows, "rows")
    refuse_nothing(panels, "panels")
    for column in itertools.chain.from_iterable(panels.values()):
        for way, row in rows.items():
            if column not in row:
                raise ValueError(
                    f"`panels` names the column {column!r}, which the row {way!r} has not. "
                    f"Received: the columns {list(row)}"
                )
    figure, axes = new_figure(10, 0.3 * len(rows) + 1.3, columns=len(panels))
    for axis, (words, columns) in zip(axes[0], panels.items()):
        _draw_panel(axis, rows, columns)
        axis.set(xlabel=escaped(words), yticks=[], ylim=(len(rows) - 0.4, -0.6))
    names = [escaped(shortened(way, NAME_LENGTH)) for way in rows]
    axes[0, 0].set_yticks(range(len(rows)), names)
    set_title(figure, title)
    return figure


def _draw_panel(
    axis: Axes, rows: Mapping[str, Mapping[str, float]], columns: Sequence[str]
) -> None:
    """A bar for each row; its parts lie one behind another, and their sum stands at its end."""
    ends = np.zeros(len(rows))
    for column, colour in zip(columns, itertools.cycle(COLOURS)):
        widths = np.array([row[column] for row in rows.values()], float)
        axis.barh(range(len(rows)), widths, left=ends, color=colour, label=escaped(column))
        ends += widths
    decimals = 0 if ends.max() >= NEEDS_DECIMALS else 1
    for place, end in enumerate(ends):
        axis.annotate(
            f"{end:,.{decimals}f}", (end, place), (4, 0), textcoords="offset points", va="center"
        )
    axis.margins(x=0.2)  # room for the numbers
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator(MOST_TICKS))
    if len(columns) > 1:
        axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=len(columns), frameon=False)
