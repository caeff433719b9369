"""Pictures with their masks beside the predicted ones, the worst first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..drive.arguments import check_whole_number
from ..evaluation.mask_tables import check_mask_names
from ..evaluation.masks import ComparedMask, ComparedMasks
from .pictures import Picture, show_picture
from .style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, hide_frame, new_figure, set_title
from .words import escaped, share_in_words, shortened

PICTURES_A_ROW = 2
WIDTH = 1.6  # of a picture, or a mask, in inches
NAME_LENGTH = 14  # letters, of a class
FILE_NAME_LENGTH = 20
NAMES_A_PICTURE = 3  # in a row of the legend, for each picture in a row
NOTHING = "#1a1a1a"  # class 0, which is the ground in most data sets
NOT_COUNTED = "#dddddd"
COLOURS = (NOTHING, ORANGE, SKY, GREEN, RED, PURPLE, BLUE, "#F0E442", GREY)  # classes beyond repeat


def plot_masks(compared: ComparedMasks, class_names: Sequence[str], *, count: int = 4) -> Figure:
    """Shows the worst predicted masks, each with its picture and the true mask before it.

    Example:
        `plot_masks(compare_masks(model, test), ["nothing", "balloon", "flower"])`

    Args:
        compared: What `compare_masks` returns; it keeps the masks of its 12 worst pictures, or as
            many as its `keep` says.
        class_names: Names in the order of the numbers in the masks, from 0.
        count: Most pictures to show.

    Raises:
        ValueError: `class_names` does not name each class, or `compared` kept no masks.
    """
    check_whole_number("count", count, least=0)
    check_mask_names(compared, class_names)
    shown = compared.worst[:count]
    if not shown:
        raise ValueError(
            "There is nothing to draw: let `compare_masks` keep masks, and `count` be at least 1. "
            f"Received: {len(compared.worst)} kept masks, count={count}"
        )
    figure = _draw_masks(shown, compared.files)
    figure.legend(
        handles=_legend_of(shown, class_names),
        loc="outside lower center",
        ncols=NAMES_A_PICTURE * min(PICTURES_A_ROW, len(shown)),
        frameon=False,
        fontsize=9,
    )
    title = masks_title(compared.mean_overlap, len(compared.files), len(shown))
    set_title(figure, title)
    return figure


def masks_title(overlap: float, pictures: int, shown: int) -> str:
    """Says how well masks overlap, and how many pictures are shown.

    Example:
        >>> masks_title(overlap=0.8461, pictures=60, shown=4)
        'Masks overlap by 85% (intersection over union, 60 pictures). The 4 worst:'
    """
    noun = "picture" if pictures == 1 else "pictures"
    by = share_in_words(overlap)
    title = f"Masks overlap by {by} (intersection over union, {pictures:,} {noun})"
    if shown < pictures:
        title += f". The {shown} worst:" if shown > 1 else ". The worst:"
    return title


def _draw_masks(shown: Sequence[ComparedMask], files: Sequence[Any]) -> Figure:
    columns = min(PICTURES_A_ROW, len(shown))
    rows = math.ceil(len(shown) / PICTURES_A_ROW)
    height, width = shown[0].expected.shape
    cell_height = 0.4 + WIDTH * min(max(height / width, 0.5), 2)
    figure, axes = new_figure(3 * WIDTH * columns, rows * cell_height + 0.9, rows, 3 * columns)
    for cell in axes.flat:
        hide_frame(cell)
    for number, mask in enumerate(shown):
        row, column = divmod(number, PICTURES_A_ROW)
        _draw_one(axes[row, 3 * column : 3 * column + 3], mask, files[mask.row].name)
    return figure


def _draw_one(cells: npt.NDArray[Any], mask: ComparedMask, name: str) -> None:
    """A picture, its mask, the predicted mask."""
    picture, expected, predicted = cells
    show_picture(picture, _as_shown(mask.image))
    picture.set_title(escaped(shortened(name, FILE_NAME_LENGTH)), fontsize=9)
    show_mask(expected, mask.expected)
    expected.set_title("expected", fontsize=9, color=BLUE)
    show_mask(predicted, mask.predicted)
    overlap = "" if np.isnan(mask.overlap) else f", IoU {mask.overlap:.2f}"  # no pixel may count
    predicted.set_title(f"predicted{overlap}", fontsize=9, color=RED)


def show_mask(cell: Axes, mask: npt.NDArray[np.int_]) -> None:
    """A mask in the colours of its classes."""
    colours = np.array([to_rgb(colour) for colour in (*COLOURS, NOT_COUNTED)])
    numbers = np.where(mask < 0, len(COLOURS), mask % len(COLOURS))
    cell.imshow(colours[numbers], interpolation="nearest")


def _legend_of(shown: Sequence[ComparedMask], class_names: Sequence[str]) -> list[Patch]:
    """A patch for each class that is to be seen."""
    numbers: set[int] = set()
    for mask in shown:
        numbers.update(np.unique(mask.expected).tolist(), np.unique(mask.predicted).tolist())
    patches = []
    for number in sorted(numbers - {-1}):
        name = escaped(shortened(class_names[number], NAME_LENGTH))
        patches.append(Patch(color=COLOURS[number % len(COLOURS)], label=name))
    if -1 in numbers:
        patches.append(Patch(facecolor=NOT_COUNTED, edgecolor=GREY, label="(does not count)"))
    return patches


def _as_shown(image: Picture) -> Picture:
    """Pixels that can be drawn: those of a network's own scale are brought into 0 to 1."""
    pixels = np.asarray(image)
    if pixels.dtype.kind == "u":
        return pixels
    pixels = pixels.astype(float)
    least, most = np.nanmin(pixels), np.nanmax(pixels)
    if least >= 0 and most <= 1:
        return pixels
    return np.asarray((pixels - least) / max(most - least, 1e-9))
