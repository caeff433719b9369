"""How things are shown where a bare name stands in a notebook: a text, and a small table.

Nothing is read, listed or asked for it, and nobody else's code runs: of a function or an object
that is not of this package only the name is shown, as its own `repr` might hold a secret.
"""

from __future__ import annotations

import dataclasses
import functools
import html
import types
from collections.abc import Sequence
from typing import Any

from .messages import printable

__all__ = ["call_in_words", "counted", "html_table", "in_words", "size_in_words", "text_table"]

PACKAGE = __name__.partition(".")[0]
UNITS = ("bytes", "kB", "MB", "GB", "TB")
LEFT = "text-align: left; vertical-align: top"
RIGHT = "text-align: right; vertical-align: top"

Rows = Sequence[tuple[str, str]]


def in_words(thing: object) -> str:
    """What a user gave, on one line: its `repr` where it is of this package, else its name.

    Example:
        >>> in_words(len), in_words("abc".upper), in_words(object())
        ('len', 'str.upper', 'object')
    """
    try:
        return printable(_words(thing))
    except Exception:  # a name that is none
        return printable(type(thing).__name__)


def _words(thing: object) -> str:
    if isinstance(thing, functools.partial):
        return _words(thing.func)
    if isinstance(thing, (types.MethodType, types.BuiltinMethodType)):
        owner = thing.__self__
        is_of_module = owner is None or isinstance(owner, types.ModuleType)
        return thing.__name__ if is_of_module else f"{_words(owner)}.{thing.__name__}"
    if isinstance(thing, (types.FunctionType, type)):
        return thing.__name__
    kind = type(thing)
    is_ours = kind.__module__.partition(".")[0] == PACKAGE
    return repr(thing) if is_ours else kind.__name__


def call_in_words(made: Any) -> str:
    """The call that makes a dataclass, without the words that change nothing."""
    words = [
        f"{word.name}={getattr(made, word.name)!r}"
        for word in dataclasses.fields(made)
        if getattr(made, word.name) != word.default
    ]
    return f"{type(made).__name__}({', '.join(words)})"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number of things, in words.

    Example:
        >>> counted(1, "file"), counted(1200, "file"), counted(2, "class", "classes")
        ('1 file', '1,200 files', '2 classes')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def size_in_words(size: float) -> str:
    """A number of bytes as people say it, in the units of disks.

    Example:
        >>> size_in_words(20e9), size_in_words(204_718_080), size_in_words(7)
        ('20 GB', '205 MB', '7 bytes')
    """
    for unit in UNITS[:-1]:
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} {UNITS[-1]}"


def text_table(title: str, rows: Rows) -> str:
    """A title, and a line for each row."""
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"  {name:<{width}}  {value}" for name, value in rows]
    return "\n".join([title, *lines])


def html_table(titles: tuple[str, str], rows: Rows, *, are_numbers: bool = False) -> str:
    """A table for a notebook, in the colours of its theme; all is escaped.

    Args:
        titles: Of the two columns.
        rows: What stands below.
        are_numbers: Whether the second column holds numbers.
    """
    lines = [_line("th", titles, are_numbers)]
    lines.extend(_line("td", row, are_numbers) for row in rows)
    return f"<table style='color: inherit'>{''.join(lines)}</table>"


def _line(tag: str, cells: tuple[str, str], are_numbers: bool) -> str:
    styles = (LEFT, RIGHT if are_numbers else LEFT)
    written = [
        f"<{tag} style='{style}'>{html.escape(cell)}</{tag}>" for style, cell in zip(styles, cells)
    ]
    return f"<tr>{''.join(written)}</tr>"
