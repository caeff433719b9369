"""What every look at a listing needs: labels and classes, names in a message, empty listings."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from ..drive import File
from ..drive.names import composed, printable

__all__ = [
    "NO_LABEL",
    "check_labels",
    "class_named",
    "in_order",
    "label_of",
    "nothing_listed",
]

NO_LABEL = "(no label)"


def label_of(file: File, labels: Mapping[str, str] | None) -> str:
    r"""The class of a file: what `labels` says, or the name of its folder.

    A name is one name, whichever way its accents are written (Unicode's normal form C).

    Example:
        >>> file = File("1x", "a.jpg", "cafe\u0301", "cafe\u0301/a.jpg", 9, None, "1")
        >>> label_of(file, None), label_of(file, {"1x": "cat"}), label_of(file, {})
        ('café', 'cat', '(no label)')

    Args:
        file: A file of a listing.
        labels: `{id: label}`, or None where the folders tell the class.

    Returns:
        The label; "(no label)" for a file that has none.

    Raises:
        ValueError: The label is a list, an array or the like, which names no class.
    """
    label = file.label if labels is None else labels.get(file.id)
    return class_named(label, f"'{printable(file.name)}' (id {printable(str(file.id))})")


def class_named(label: Any, owner: str) -> str:
    """The class that a label names; "(no label)" for None and for NaN, which pandas writes for it.

    Args:
        label: Of a picture.
        owner: Whose label it is, for the message of the error.

    Raises:
        ValueError: It is a list, an array or the like, which names no class.
    """
    if isinstance(label, str):
        return composed(label)
    if not isinstance(label, Hashable):
        raise ValueError(
            f"{owner} has the label {label!r}, which names no class: give one name for each "
            "picture."
        )
    is_missing = label is None or (isinstance(label, float) and math.isnan(label))
    return NO_LABEL if is_missing else label  # type: ignore[return-value]  # a number, then


def check_labels(labels: Mapping[str, str] | None) -> None:
    """Refuses labels that are no mapping, such as a list in the order of the files.

    Raises:
        ValueError: They are neither None nor a mapping.
    """
    if labels is None or isinstance(labels, Mapping):
        return
    raise ValueError(
        "`labels` must be a mapping, {id: label}. From labels in the order of the files it is made "
        "by `dict(zip([file.id for file in files], labels))`. "
        f"Received: {type(labels).__name__}"
    )


def in_order(class_names: Iterable[str]) -> list[str]:
    """Class names in the order of their numbers, as `StreamingSequence` sorts them.

    Example:
        >>> in_order({"dog", "cat"})
        ['cat', 'dog']
    """
    try:
        return sorted(class_names)
    except TypeError:  # numbers and words do not compare
        return sorted(class_names, key=str)


def nothing_listed(action: str) -> ValueError:
    """The error for a listing without a file.

    Args:
        action: What was to be done with the files, such as "split".

    Returns:
        The error, to be raised by the caller.
    """
    return ValueError(
        f"There is nothing to {action}: 0 images were listed. Check the folder's name, that "
        "pictures lie in it or in folders below it, and that `files` is not an iterator that was "
        "used before."
    )
