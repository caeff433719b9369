"""Words about files and errors, which can be said whatever these are made of."""

from __future__ import annotations

__all__ = ["file_named", "printable", "shortened", "text_of"]

SHOWN_CHARACTERS = 60  # of a value in an error message


def printable(text: str) -> str:
    r"""A text in which what a screen would obey, or hide, stands as an escape.

    Example:
        >>> print(printable("rose\n\x1b[31m.jpg"))
        rose\n\x1b[31m.jpg
    """
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def file_named(file: object) -> str:
    """A file as messages show it, also one whose name or id is nothing that could be shown.

    Example:
        >>> from types import SimpleNamespace as File
        >>> file_named(File(id="1", name="rose.jpg")), file_named(None)
        ("'rose.jpg' (id 1)", "'None' (id None)")
    """
    return f"'{_attribute(file, 'name')}' (id {_attribute(file, 'id')})"


def _attribute(thing: object, name: str) -> str:
    try:
        return printable(str(getattr(thing, name, None)))
    except BaseException:  # a property, or a `__str__`, of somebody else's
        return "?"


def text_of(error: BaseException) -> str:
    """What an error says on one line; its kind, where it says nothing.

    Example:
        >>> text_of(ValueError("it is cut off")), text_of(KeyError()), text_of(ValueError())
        ('it is cut off', 'KeyError()', 'ValueError()')
    """
    try:
        return printable(str(error) or repr(error))
    except BaseException:  # its `__str__` fails
        return type(error).__name__


def shortened(value: object) -> str:
    """A value as a message shows it.

    Example:
        >>> shortened("rose"), len(shortened("rose" * 99))
        ("'rose'", 63)
    """
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
