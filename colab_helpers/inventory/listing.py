"""What every look at a listing needs: the label of a file, and the error for an empty listing."""

from __future__ import annotations

from collections.abc import Mapping

from ..drive import File

__all__ = ["label_of", "nothing_listed"]

NO_LABEL = "(no label)"


def label_of(file: File, labels: Mapping[str, str] | None) -> str:
    """The class of a file: what `labels` says, or the name of its folder.

    Example:
        >>> file = File("1x", "a.jpg", "photos", "photos/a.jpg", 9, None, "1")
        >>> label_of(file, None), label_of(file, {"1x": "cat"}), label_of(file, {})
        ('photos', 'cat', '(no label)')

    Args:
        file: A file of a listing.
        labels: `{id: label}`, or None where the folders tell the class.

    Returns:
        The label; "(no label)" for a file that `labels` does not name.
    """
    if labels is None:
        return file.label
    return labels.get(file.id, NO_LABEL)


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
