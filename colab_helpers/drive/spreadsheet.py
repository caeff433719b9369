"""Names from outside in a table that a spreadsheet may open: text, and never a formula."""

from __future__ import annotations

import re
from typing import Any

from .names import printable

__all__ = ["as_cell", "as_plain_text", "from_cell"]

TEXT_MARK = "'"  # what follows it is text to a spreadsheet
# What a spreadsheet takes for the beginning of a formula, and what looks as if it were marked, so
# that no two texts become one: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = re.compile(f"{TEXT_MARK}*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


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
    return shown if _is_number(shown) else as_plain_text(shown)


def as_plain_text(text: str) -> str:
    """A text with a mark before it where a spreadsheet would take it for a formula.

    Example:
        >>> as_plain_text("=1+1"), as_plain_text("'=1+1"), as_plain_text("rose")
        ("'=1+1", "''=1+1", 'rose')
    """
    return TEXT_MARK + text if FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """What stood before `as_plain_text` or `as_cell` marked it; anything else as it is.

    Example:
        >>> from_cell("'=1+1.jpg"), from_cell("'quoted'")
        ('=1+1.jpg', "'quoted'")
    """
    is_marked = text.startswith(TEXT_MARK) and FORMULA.match(text)
    return text.removeprefix(TEXT_MARK) if is_marked else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
