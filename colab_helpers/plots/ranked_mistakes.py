"""The most confident mistakes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drive import File
from ..drive.arguments import check_whole_number, listed_files
from ..drive.spreadsheet import as_cell
from .pictures import Decode, Read, read_pictures, show_picture
from .style import BLUE, RED, hide_frame, new_figure, set_title
from .words import escaped, shortened

if TYPE_CHECKING:
    import pandas as pd

MOST_COLUMNS = 6
NAME_LENGTH = 14  # letters
SURE = 0.9  # a confidence that the title counts


def plot_mistakes(
    table: pd.DataFrame,
    files: Sequence[File],
    read: Read,
    decode: Decode,
    *,
    count: int = 12,
) -> Figure:
    """Shows the most confident mistakes, each with what was expected and what was predicted.

    Example:
        `plot_mistakes(rank_mistakes(probabilities, labels, names), files, drive.read, decode)`

    Args:
        table: What `rank_mistakes` or `rank_labels` returns: `row`, `expected`, `predicted`,
            `confidence`, the surest first.
        files: The files that `row` counts in, as `predict_once` returns them.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`.
        count: Most pictures to show; with 0, the title stands alone.

    Raises:
        ValueError: `files` are not those that the table counts in.
    """
    check_whole_number("count", count, least=0)
    check_table(table, "rank_mistakes", "confidence")
    check_files(table, files)
    shown = table.head(count)
    surest = table.drop_duplicates("row")  # of several labels, several may be wrong
    sure = int((surest["confidence"] >= SURE).sum())
    if len(shown) == 0:
        figure = _draw_nothing()
    else:
        figure = _draw_mistakes(shown, files, read, decode)
    set_title(figure, mistakes_title(len(surest), len(files), sure, len(shown)))
    return figure


def check_table(table: Any, made_by: str, column: str) -> None:
    """Refuses what is no such ranking, as the table of another function is."""
    columns = list(getattr(table, "columns", ()))
    if not {"row", "expected", "predicted", column}.issubset(columns):
        received = f"the columns {columns}" if columns else type(table).__name__
        raise ValueError(f"`table` must be what `{made_by}` returns. Received: {received}")


def check_files(table: pd.DataFrame, files: Sequence[File]) -> None:
    """Refuses other files than the predicted ones: beside each mistake stood another picture."""
    files = listed_files(files)
    rows = table["row"].tolist()
    fits = all(row < len(files) for row in rows)
    if fits and "id" in table:
        fits = [as_cell(files[row].id) for row in rows] == table["id"].tolist()
    if not fits:
        raise ValueError(
            "`files` must be those that predict_once returned with the probabilities: files that "
            f"were skipped are not among them. Received: {len(files)} files"
        )


def mistakes_title(mistakes: int, pictures: int, sure: int, shown: int) -> str:
    """Says how many mistakes there are, how many of them are confident, and how many are shown.

    Example:
        >>> mistakes_title(mistakes=20, pictures=100, sure=4, shown=12)
        'Mistakes: 20 of 100 pictures, 4 at 90 % or surer. The 12 surest:'
    """
    if mistakes == 0:
        return f"No mistakes in {pictures:,} pictures"
    title = f"Mistakes: {mistakes} of {pictures:,} pictures"
    if sure:
        title += f", {sure} at {100 * SURE:.0f} % or surer"
    if 0 < shown < mistakes:
        title += f". The {shown} surest:"
    return title


def _draw_nothing() -> Figure:
    """A figure with room for its title alone."""
    figure, axes = new_figure(4, 0.6)
    hide_frame(axes[0, 0])
    return figure


def _draw_mistakes(
    shown: pd.DataFrame, files: Sequence[File], read: Read, decode: Decode
) -> Figure:
    columns = min(MOST_COLUMNS, len(shown))
    rows = math.ceil(len(shown) / MOST_COLUMNS)
    figure, axes = new_figure(max(1.8 * columns, 4), 2.4 * rows + 0.6, rows, columns)
    for cell in axes.flat:
        hide_frame(cell)
    pictures = read_pictures([files[row] for row in shown["row"]], read, decode)
    for cell, picture, mistake in zip(axes.flat, pictures, shown.itertuples()):
        show_picture(cell, picture)
        _write_answer(cell, mistake.expected, mistake.predicted, mistake.confidence)
    return figure


def _write_answer(cell: Axes, expected: str, predicted: str, confidence: float) -> None:
    """What was expected above the picture, what was predicted below it."""
    right = escaped(shortened(expected, NAME_LENGTH))
    wrong = escaped(shortened(predicted, NAME_LENGTH))
    cell.set_title(f"expected {right}", fontsize=9, color=BLUE)
    cell.set_xlabel(f"predicted {wrong}\n({confidence:.0%} sure)", fontsize=9, color=RED)
