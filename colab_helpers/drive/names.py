"""Names that came from outside: how they are shown, and when two are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["FILLERS", "composed", "decomposed", "is_unicode", "named", "printable"]

FILLERS = frozenset("\u034f\u115f\u1160\u3164\uffa0")  # letters to Unicode, and nothing to see
NAMES_SHOWN = 3  # in a message


def printable(text: str) -> str:
    r"""A name as it may be shown: what a screen would obey or hide stands as its escape.

    That are the characters which `repr` escapes: control characters, newlines, invisible
    characters, those that turn the direction of writing, and the bytes of a file name that are no
    UTF-8; and the few letters that show nothing. The result can be written to any stream in UTF-8.
    It is for people: open a file by its name or ID as it came.

    Example:
        >>> print(printable("rose\n\x1b[31m.jpg"), printable("caf\udce9.jpg"), printable("Café"))
        rose\n\x1b[31m.jpg caf\udce9.jpg Café
    """
    if text.isprintable() and FILLERS.isdisjoint(text):
        return text
    return "".join(_shown(character) for character in text)


def named(names: Iterable[object]) -> str:
    """Some names for a message: the first few, in quotes, and how many more there are.

    Example:
        >>> named(["a", "b"]), named("abcdef")
        ("'a', 'b'", "'a', 'b', 'c' and 3 more")
    """
    every = list(names)
    words = ", ".join(f"'{printable(str(name))}'" for name in every[:NAMES_SHOWN])
    more = len(every) - NAMES_SHOWN
    return f"{words} and {more} more" if more > 0 else words


def composed(text: str) -> str:
    r"""A name in Unicode's normal form C, in which names are compared.

    macOS takes "é" apart into a letter and an accent, other systems keep it as one character:
    https://www.unicode.org/reports/tr15/

    Example:
        >>> composed("Cafe\u0301") == "Café"
        True
    """
    return unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    """A name in Unicode's normal form D, as files from macOS often have it."""
    return unicodedata.normalize("NFD", text)


def is_unicode(text: str) -> bool:
    r"""Whether a name is text: a file's on this machine may hold bytes that are no UTF-8.

    Example:
        >>> is_unicode("Café"), is_unicode("Caf\udce9")
        (True, False)
    """
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _shown(character: str) -> str:
    if character.isprintable() and character not in FILLERS:
        return character
    return character.encode("unicode_escape").decode("ascii")
