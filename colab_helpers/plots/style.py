"""How all figures look: colours, an empty figure, its title, its axes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, TypeAlias

import matplotlib.pyplot as plt
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..drive.names import printable
from .words import escaped

# Okabe and Ito, "Color Universal Design" (2008), https://jfly.uni-koeln.de/color/
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
RED = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
GREY = "#6b6b6b"

DPI = 100  # pixels an inch
TITLE_SIZE = 11  # points
LETTERS_PER_INCH = 10.5  # of a title of that size

Grid: TypeAlias = npt.NDArray[Any]  # of Axes, (rows, columns)


def new_figure(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    *,
    width_ratios: Sequence[float] | None = None,
) -> tuple[Figure, Grid]:
    """An empty figure, and its axes as an array (rows, columns).

    Args:
        width: In inches.
        height: In inches.
        rows: How many axes stand below each other.
        columns: How many axes stand side by side.
        width_ratios: How the width is shared among the columns.
    """
    with plt.rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(width, height),
            dpi=DPI,
            layout="constrained",
            squeeze=False,
            width_ratios=width_ratios,
        )
    # An open figure would be shown a second time by the inline backend, and kept by pyplot.
    plt.close(figure)
    return figure, axes


def set_title(figure: Figure, words: str) -> None:
    """Writes the title in as many lines as the width of the figure asks for."""
    letters = int(figure.get_figwidth() * LETTERS_PER_INCH)
    figure.suptitle(escaped(textwrap.fill(printable(words), letters)), fontsize=TITLE_SIZE)


def font_size(count: int) -> float:
    """The size, in points, of the names beside this many rows."""
    if count <= 30:
        return 9
    if count <= 60:
        return 8
    return 6.5


def whole_number_ticks() -> MaxNLocator:
    """Places ticks at whole numbers only."""
    return MaxNLocator(integer=True, min_n_ticks=1, steps=[1, 2, 5, 10])


def hide_frame(axis: Axes) -> None:
    """Takes away the ticks, the background and the spines."""
    axis.set(xticks=[], yticks=[])
    axis.patch.set_visible(False)
    axis.spines[:].set_visible(False)
