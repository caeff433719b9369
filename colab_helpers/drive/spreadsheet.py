"""Names from outside in a table that a spreadsheet may open: text, and never a formula."""

from __future__ import annotations

from typing import Any

from .names import printable

__all__ = ["as_cell", "from_cell"]

# What a spreadsheet takes for the beginning of a formula:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
TEXT_MARK = "'"  # what follows it is text to a spreadsheet


def as_cell(value: Any) -> Any:
    r"""A name as it stands in a table: printable, and no formula where the table is saved as CSV.

    What is no text stays as it is: a source of one's own may number its files and classes.

    Example:
        >>> as_cell("rose.jpg"), as_cell("-5"), as_cell(7), as_cell("=1+1.jpg"), as_cell("a\nb.jpg")
        ('rose.jpg', '-5', 7, "'=1+1.jpg", 'a\\nb.jpg')
    """
    if not isinstance(value, str):
        return value
    shown = printable(value)
    if shown.startswith(FORMULA_MARKS) and not _is_number(shown):
        return TEXT_MARK + shown
    return shown


def from_cell(text: str) -> str:
    """What stood before `as_cell` made a formula text of it; anything else as it is.

    Example:
        >>> from_cell("'=1+1.jpg"), from_cell("'quoted'")
        ('=1+1.jpg', "'quoted'")
    """
    following = text.removeprefix(TEXT_MARK)
    if following != text and following.startswith(FORMULA_MARKS):
        return following
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
