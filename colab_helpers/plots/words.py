"""Words in figures: names cut to length, counts in words, the error for empty input."""

from __future__ import annotations

from collections.abc import Collection, Sized

from ..drive.names import printable


def shortened(text: object, length: int) -> str:
    """A name as it may be shown, without what does not fit: it is taken out of the middle.

    Example:
        >>> shortened("Tyrannosaurus rex", 10)
        'Tyrann…rex'
    """
    name = printable(str(text))
    if len(name) <= length:
        return name
    kept_at_the_end = length // 3
    kept_at_the_start = length - kept_at_the_end - 1
    return f"{name[:kept_at_the_start]}…{name[-kept_at_the_end:]}"


def escaped(text: str) -> str:
    """Keeps matplotlib from reading what stands between two dollars as mathematics.

    It comes last, after the text is cut and broken into lines: a line that ended between a dollar
    and its backslash would be mathematics again.
    """
    return text.replace("$", r"\$")


def share_in_words(share: float) -> str:
    """A share as a whole percentage, and never as all or nothing where it is not quite that.

    Example:
        >>> share_in_words(0.75), share_in_words(1), share_in_words(0.998), share_in_words(0.002)
        ('75%', '100%', 'over 99%', 'under 1%')
    """
    words = f"{share:.0%}"
    if words == "100%" and share < 1:
        return "over 99%"
    if words == "0%" and share > 0:
        return "under 1%"
    return words


def balance_in_words(class_sizes: Collection[int]) -> str:
    """How many classes there are, and how many pictures each has.

    Example:
        >>> balance_in_words([80, 60, 1200])
        '3 classes, 60 to 1,200 pictures each'
    """
    smallest = min(class_sizes)
    largest = max(class_sizes)
    span = f"{smallest:,}" if smallest == largest else f"{smallest:,} to {largest:,}"
    pictures = "picture" if largest == 1 else "pictures"
    if len(class_sizes) == 1:
        return f"1 class, {span} {pictures}"
    return f"{len(class_sizes)} classes, {span} {pictures} each"


def refuse_nothing(values: Sized, name: str) -> None:
    """Raises `ValueError` where there is nothing to draw; `name` is the argument that is empty."""
    if len(values) == 0:
        raise ValueError(
            f"There is nothing to draw: `{name}` is empty. "
            "An iterator is empty when it was used before."
        )
