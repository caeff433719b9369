"""Titles of the columns of a CSV of pixels: what each column is. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .csv_lines import PIXEL_VALUES, as_text, is_number

__all__ = [
    "are_out_of_order",
    "are_titles",
    "label_among",
    "label_titles",
    "pixel_titles",
    "titles_beside",
]

# What a column of labels is called in data sets that many use.
LABELS = frozenset(
    (
        "label",
        "labels",
        "class",
        "classes",
        "class_name",
        "class_id",
        "class_label",
        "classname",
        "category",
        "target",
        "targets",
        "y",
        "emotion",
        "digit",
        "letter",
        "character",
        "species",
        "breed",
        "diagnosis",
        "dx",
    )
)
NO_LABELS = frozenset(  # what is neither a label nor a pixel
    (
        "",
        "index",
        "id",
        "image_id",
        "imageid",
        "usage",
        "split",
        "subset",
        "fold",
        "filename",
        "file",
    )
)
MOST_DIGITS = 10  # of the number of a column
UNNAMED = re.compile(r"unnamed:?_*\d+")  # how pandas reads a column without a title
DIGITS = re.compile(r"\d+")
# pixel0, px_12, 784, 28x28, r3, pixel_1_2_r
PIXEL = re.compile(r"([a-z]*)[_.]?\d+(?:[_.x,]\d+)*(?:_?[rgba])?")


def are_titles(fields: Sequence[bytes]) -> bool:
    """Whether a first line holds titles: mostly words, or the numbers that pandas gives columns.

    Example:
        >>> are_titles([b"label", b"pixel0", b"pixel1"]), are_titles([b"label", b"0", b"1"])
        (True, True)
        >>> are_titles([b"rose", b"0", b"1"])
        False
    """
    filled = [field for field in fields if field.strip()]
    words = [field for field in filled if not all(map(is_number, field.split()))]
    return 2 * len(words) > len(filled) or _are_numbered([as_text(field) for field in fields])


def _are_numbered(titles: Sequence[str]) -> bool:
    """Whether titles are 0, 1, 2, ... beside those of columns that have a name.

    A dark picture may begin so too. It has no label that is a usual title, and no value above 255.
    """
    numbers = [int(title) for title in titles if title.isdecimal() and len(title) < MOST_DIGITS]
    if not numbers or numbers[0] > 1 or numbers != list(range(numbers[0], numbers[-1] + 1)):
        return False
    others = {_plain(title) for title in titles if not title.isdecimal()}
    return len(numbers) > len(PIXEL_VALUES) or any(map(_is_known, others))


def _is_known(title: str) -> bool:
    return title in LABELS or _is_no_label(title)


def _is_no_label(title: str) -> bool:
    return title in NO_LABELS or UNNAMED.fullmatch(title) is not None


def pixel_titles(titles: Sequence[str]) -> list[int]:
    """The columns whose titles are those of pixels.

    Example:
        >>> pixel_titles(["pixel0", "pixel1", "label"]), pixel_titles(["class 1", "1x1", "1x2"])
        ([0, 1], [1, 2])
    """
    columns = []
    for column, title in enumerate(titles):
        match = PIXEL.fullmatch(_plain(title))
        if match is not None and match[1] not in LABELS:
            columns.append(column)
    return columns


def are_out_of_order(titles: Sequence[str]) -> bool:
    """Whether the numbers in titles of pixels go up and down, as after a sort of them as words.

    Of 2x1 either number may be that of the row. Titles of several words, as r0 and g0, are not
    compared.

    Example:
        >>> are_out_of_order(["p0", "p1", "p10", "p2"]), are_out_of_order(["1x1", "2x1", "1x2"])
        (True, False)
    """
    plain = [_plain(title) for title in titles]
    if len({DIGITS.sub("", title) for title in plain}) > 1:
        return False
    numbers = [[_in_size(digits) for digits in DIGITS.findall(title)] for title in plain]
    columns_first = [several[::-1] for several in numbers]
    return numbers != sorted(numbers) and columns_first != sorted(columns_first)


def _in_size(digits: str) -> tuple[int, str]:
    """What compares as the number does, however long it is."""
    digits = digits.lstrip("0")
    return len(digits), digits


def label_titles(titles: Sequence[str]) -> list[int]:
    """The columns whose titles are usual for labels."""
    return [column for column, title in enumerate(titles) if _plain(title) in LABELS]


def titles_beside(titles: Sequence[str]) -> list[int]:
    """The columns whose titles say that they are neither pixels nor labels."""
    return [column for column, title in enumerate(titles) if _is_no_label(_plain(title))]


def label_among(columns: Sequence[int], titles: Sequence[str]) -> int | None:
    """Which of some columns, none of pixels, is the label; None where none is.

    Example:
        >>> label_among([0, 2], ["emotion", "pixels", "Usage"]), label_among([0], ["id", "pixels"])
        (0, None)

    Raises:
        ValueError: It could be several; the message names them.
    """
    candidates = [column for column in columns if not _is_no_label(_plain(titles[column]))]
    known = label_titles(titles)
    usual = [column for column in candidates if column in known]
    exact = [column for column in usual if _plain(titles[column]) == "label"]
    for choice in (exact, usual, candidates):
        if len(choice) == 1:
            return choice[0]
    if not candidates:
        return None
    names = ", ".join(repr(titles[column]) for column in candidates)
    raise ValueError(f"its label could be in {names}: change the title of the right one to 'label'")


def _plain(title: str) -> str:
    """A title without what is chance in it: capitals, spaces, hyphens."""
    return re.sub(r"[\s\-]+", "_", title.strip().lower())
