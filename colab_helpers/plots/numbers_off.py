"""Predicted numbers against the true ones, and the pictures that are farthest off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drive import File
from ..drive.arguments import check_whole_number
from ..evaluation import report_numbers
from .pictures import Decode, Read, read_pictures, show_picture
from .ranked_mistakes import check_files, check_table
from .style import BLUE, GREY, RED, hide_frame, new_figure, set_title
from .words import refuse_nothing

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 3
MOST_PICTURES = 6


def plot_numbers(
    table: pd.DataFrame, files: Sequence[File], read: Read, decode: Decode, *, count: int = 6
) -> Figure:
    """Shows predicted against true numbers, and beside it the pictures that are farthest off.

    Example:
        `plot_numbers(rank_numbers(predictions, labels, files), files, drive.read, decode)`

    Args:
        table: What `rank_numbers` returns of one number a picture: `row`, `expected`, `predicted`
            and `error`, the worst first.
        files: The files that `row` counts in, as `predict_once` returns them.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`.
        count: Most pictures to show, up to 6; with 0, the plot stands alone.

    Raises:
        ValueError: The table is empty, or of several numbers a picture, or `files` are not those
            that it counts in.
    """
    check_whole_number("count", count, least=0)
    check_table(table, "rank_numbers", "error")
    refuse_nothing(table, "table")
    if table["expected"].dtype == object:
        raise ValueError(
            "`table` is of several numbers a picture: rank one of them, such as "
            "`rank_numbers(predictions[:, 0], labels[:, 0], files)`. "
            f"Received: {table['expected'].iloc[0]}"
        )
    check_files(table, files)
    shown = table.head(min(count, MOST_PICTURES))
    if len(shown) == 0:
        figure, axes = new_figure(4.4, 3.9)
    else:
        figure, axes = _draw_pictures(shown, files, read, decode)
    _draw_dots(axes[0, 0], table, len(shown))
    scores = report_numbers(table["predicted"].to_numpy(), table["expected"].to_numpy())
    error, r2 = scores.loc["number", ["mean_absolute_error", "r2"]]
    set_title(figure, numbers_title(error, r2, len(table), len(shown)))
    return figure


def numbers_title(error: float, r2: float, pictures: int, shown: int) -> str:
    """Says how far off the predictions are, and how many pictures are shown.

    Example:
        >>> numbers_title(error=0.0214, r2=0.876, pictures=60, shown=6)
        'Off by 0.0214 on average, R2 0.88 (60 pictures). The 6 farthest off:'
    """
    noun = "picture" if pictures == 1 else "pictures"
    explained = "" if np.isnan(r2) else f", R2 {r2:.2f}"
    title = f"Off by {error:.3g} on average{explained} ({pictures:,} {noun})"
    if 0 < shown < pictures:
        title += f". The {shown} farthest off:" if shown > 1 else ". The farthest off:"
    return title


def _draw_pictures(
    shown: pd.DataFrame, files: Sequence[File], read: Read, decode: Decode
) -> tuple[Figure, Any]:
    """Pictures in up to two rows, and left of them room for the plot."""
    columns = min(MOST_COLUMNS, len(shown))
    rows = 2 if len(shown) > MOST_COLUMNS else 1
    ratios = [2.2 if rows == 2 else 1.8, *[1] * columns]
    height = 2.3 * rows if rows == 2 else 3.2
    figure, axes = new_figure(
        1.8 * sum(ratios), height + 0.5, rows, columns + 1, width_ratios=ratios
    )
    for cell in axes[:, 1:].flat:
        hide_frame(cell)
    if rows == 2:
        grid = axes[0, 0].get_gridspec()
        axes[0, 0].set_subplotspec(grid[:, 0])
        axes[1, 0].remove()
    pictures = read_pictures([files[row] for row in shown["row"]], read, decode)
    for cell, picture, number in zip(axes[:, 1:].flat, pictures, shown.itertuples()):
        show_picture(cell, picture)
        cell.set_title(f"expected {number.expected:.3g}", fontsize=9, color=BLUE)
        cell.set_xlabel(f"predicted {number.predicted:.3g}", fontsize=9, color=RED)
    return figure, axes


def _draw_dots(axis: Axes, table: pd.DataFrame, marked: int) -> None:
    """A dot a picture; the diagonal is where predictions are right."""
    ends = table[["expected", "predicted"]].to_numpy()
    least, most = ends.min(), ends.max()
    axis.plot([least, most], [least, most], color=GREY, linewidth=1, label="right")
    others = table.iloc[marked:]
    axis.plot(others["expected"], others["predicted"], "o", color=BLUE, alpha=0.6, markersize=5)
    if marked:
        worst = table.head(marked)
        label = "the pictures shown" if marked > 1 else "the picture shown"
        axis.plot(worst["expected"], worst["predicted"], "o", color=RED, markersize=5, label=label)
    axis.set(xlabel="expected", ylabel="predicted")
    axis.legend(frameon=False, fontsize=8)
