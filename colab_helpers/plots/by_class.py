"""Pictures, a class in each row."""

from __future__ import annotations

import math
import textwrap
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..drive import File
from ..drive.arguments import check_whole_number, listed_files
from ..inventory.listing import check_labels, in_order, label_of
from .pictures import Decode, Picture, Read, count_broken, read_pictures, show_picture
from .style import hide_frame, new_figure, set_title
from .words import balance_in_words, escaped, refuse_nothing, shortened


@dataclass(frozen=True)
class Row:
    """Some pictures of one class, side by side."""

    label: str
    files: list[File]


@dataclass(frozen=True)
class Page:
    """The rows that one figure shows.

    Attributes:
        rows: From top to bottom.
        number: Which page it is, from 0.
        count: How many pages there are.
    """

    rows: list[Row]
    number: int
    count: int

    @property
    def files(self) -> list[File]:
        """All files of the page, in the order in which they are shown."""
        return [file for row in self.rows for file in row.files]


def plot_samples(
    files: Iterable[File],
    read: Read,
    decode: Decode,
    *,
    per_class: int = 6,
    rows: int = 8,
    page: int = 0,
    labels: Mapping[str, str] | None = None,
) -> Figure:
    """Shows pictures by class, a class in each row.

    What cannot be read or decoded is marked, with the reason. The first pages show every class;
    those that follow go on with the next pictures of each class. The rows of a class stand together
    on a page.

    Example:
        `plot_samples(drive.list_images("flowers17"), drive.read, decoder((64, 64)))`

    Args:
        files: What to show.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> uint8 array (height, width, channels)`.
        per_class: Pictures in a row.
        rows: Rows on a page.
        page: Which page, counted from 0.
        labels: Optional `{id: label}`, in place of the files' own labels.

    Raises:
        ValueError: There is no file, or no such page, or a number is none of at least 1.
    """
    check_whole_number("per_class", per_class, least=1)
    check_whole_number("rows", rows, least=1)
    check_whole_number("page", page)
    groups = group_by_class(files, labels)
    class_sizes = [len(group) for group in groups.values()]
    shown = choose_page(make_rows(groups, per_class), rows, page)
    pictures = read_pictures(shown.files, read, decode)
    figure = _draw_page(shown, pictures, columns=min(per_class, max(class_sizes)))
    set_title(figure, samples_title(class_sizes, shown, count_broken(pictures)))
    return figure


def group_by_class(
    files: Iterable[File], labels: Mapping[str, str] | None = None
) -> dict[str, list[File]]:
    """The files of each class, classes in alphabetical order."""
    check_labels(labels)
    groups = defaultdict(list)
    for file in listed_files(files):
        groups[label_of(file, labels)].append(file)
    refuse_nothing(groups, "files")
    return {label: groups[label] for label in in_order(groups)}


def make_rows(groups: Mapping[str, Sequence[File]], per_class: int) -> list[Row]:
    """A row of each class, then the next row of each class that has more, and so on."""
    longest = max(len(group) for group in groups.values())
    rows = []
    for start in range(0, longest, per_class):
        for label, group in groups.items():
            files = list(group[start : start + per_class])
            if files:
                rows.append(Row(label, files))
    return rows


def choose_page(rows: Sequence[Row], rows_on_page: int, page: int) -> Page:
    """The rows of page `page`, counted from 0.

    Raises:
        ValueError: There is no such page.
    """
    count = math.ceil(len(rows) / rows_on_page)
    if not 0 <= page < count:
        raise ValueError(f"`page` must be from 0 to {count - 1}. Received: page={page}")
    start = page * rows_on_page
    return Page(_by_class(rows[start : start + rows_on_page]), page, count)


def _by_class(rows: Iterable[Row]) -> list[Row]:
    """The rows with those of one class together; classes in the order of their first rows."""
    rows_of_class = defaultdict(list)
    for row in rows:
        rows_of_class[row.label].append(row)
    return [row for group in rows_of_class.values() for row in group]


def samples_title(class_sizes: Collection[int], page: Page, broken: int) -> str:
    """Says how many pictures there are, how many of the page are broken, and which page it is."""
    title = balance_in_words(class_sizes)
    if broken:
        title += f". {broken} of the {len(page.files)} shown cannot be read"
    if page.count > 1:
        title += f" (page {page.number + 1} of {page.count})"
    return title


def _draw_page(page: Page, pictures: Sequence[Picture | Exception], columns: int) -> Figure:
    width = max(1.3 * columns + 1.3, 4)
    height = 1.3 * len(page.rows) + 0.6
    figure, axes = new_figure(width, height, len(page.rows), columns)
    start = 0
    label_above = None
    for row, cells in zip(page.rows, axes):
        stop = start + len(row.files)
        _draw_row(cells, pictures[start:stop])
        if row.label != label_above:
            _write_label(cells[0], row.label)
        label_above = row.label
        start = stop
    return figure


def _write_label(cell: Axes, label: str) -> None:
    lines = textwrap.wrap(shortened(label, 28), 14)
    cell.set_ylabel(escaped("\n".join(lines)), rotation=0, ha="right", va="center")


def _draw_row(cells: Sequence[Axes], pictures: Sequence[Picture | Exception]) -> None:
    for cell in cells:
        hide_frame(cell)
    for cell, picture in zip(cells, pictures):
        show_picture(cell, picture)
