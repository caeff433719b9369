"""Which class a picture belongs to, by its folders, and what is doubtful about that.

Pure: it looks at names alone, so that a Drive, a folder and an archive name classes alike.
"""

from __future__ import annotations

import posixpath
import unicodedata
import warnings
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Literal

from .errors import NotFoundError
from .names import FILLERS, composed, named
from .part_folders import folders_of_parts, words_on_parts
from .telling import users_level

__all__ = [
    "FolderLabels",
    "Label",
    "check_label",
    "label_kept",
    "label_of_folder",
    "looks",
    "print_alike",
]

Label = Literal["parent", "first"] | None
LABELS = ("parent", "first", None)
MOST_NAMED = 3  # classes that a warning tells of


def check_label(label: object) -> None:
    """Raises a ValueError unless `label` is one of the two words, or None."""
    if label not in LABELS:
        raise ValueError(
            '`label` must be "parent", the folder that a picture lies in, "first", the first '
            "folder below the listed one, or None, where the folders do not matter. "
            f"Received: label={label!r}"
        )


def label_kept(known: Label, label: Label) -> Label:
    """Which folder is the class in a listing that goes on from a position.

    Example:
        >>> label_kept("first", "parent"), label_kept("parent", None)
        ('first', None)

    Args:
        known: Of the listing that the position is of.
        label: As it is asked for now; "parent" asks for nothing.

    Raises:
        ValueError: It is another.
    """
    if label is None and known != "first":
        return None
    if label not in ("parent", known):
        raise ValueError(
            f"`position` is of a listing with label={known!r}. List from the start, without a "
            f"position, for another. Received: label={label!r}"
        )
    return known


def label_of_folder(path: str, listed_name: str, label: Label) -> str | None:
    """The label of the pictures that lie in a folder.

    Example:
        >>> label_of_folder("cat/2024", "pets", "parent"), label_of_folder("", "pets", "parent")
        ('2024', 'pets')
        >>> label_of_folder("cat/2024", "pets", "first"), label_of_folder("", "pets", "first")
        ('cat', None)

    Args:
        path: Of the folder, below the listed one; "" for that one.
        listed_name: Name of the listed folder.
        label: Which folder is the class.

    Returns:
        The label, composed; None for the listed folder itself where the first below is the class.
    """
    if label == "first":
        first = path.partition("/")[0]
        return composed(first) if first else None
    return composed(posixpath.basename(path) or listed_name)


def looks(name: str) -> str:
    r"""What there is to see of a name: two that look alike cannot be told apart on a screen.

    Example:
        >>> looks("cat\u200b") == looks("cat ") == looks("cat") != looks("Cat")
        True
    """
    seen = [" " if character.isspace() else character for character in composed(name)]
    visible = [character for character in seen if not _is_invisible(character)]
    return " ".join("".join(visible).split())


def _is_invisible(character: str) -> bool:
    """Whether a character takes no place on a screen: joiners, marks of direction, fillers."""
    return unicodedata.category(character) in ("Cf", "Cc") or character in FILLERS


class FolderLabels:
    """The labels of one listing, and what is doubtful about them.

    Example:
        >>> labels = FolderLabels("first")
        >>> labels.note("cat/2024", "cat", "1.jpg")
        >>> labels.doubts("pets")
        []

    Args:
        label: Which folder is the class; None where nobody asks for the class.

    Attributes:
        label: As given.
        beside: Name of a picture that lies directly in the listed folder, if one does.
    """

    def __init__(self, label: Label) -> None:
        self.label: Label = label
        self.beside: str | None = None
        self._folders: dict[str, str | None] = {}  # {path of each that holds pictures: label}

    def note(self, path: str, label: str | None, name: str) -> None:
        """Takes note of a picture.

        Args:
            path: Of the folder it lies in, below the listed one.
            label: Of that folder, as `label_of_folder` says; None where it tells none.
            name: Of the picture.
        """
        if not path and self.beside is None:
            self.beside = name
        if label is not None or path not in self._folders:
            self._folders[path] = label

    def say(self, folder: str) -> None:
        """Warns of what is doubtful, once a listing has come to its end.

        Args:
            folder: As the user named it.
        """
        if self.label is None:
            return
        doubts = self.doubts(folder) + print_alike(set(self._labels().values()))
        if doubts:
            warnings.warn(" ".join(doubts), stacklevel=users_level())

    def doubts(self, folder: str | None = None) -> list[str]:
        """What is doubtful about the folders as classes, with what cures it, a sentence each.

        Args:
            folder: As the user named it; None where it is not known.
        """
        where = "folder" if folder is None else repr(folder)
        parts = words_on_parts(folders_of_parts(self._folders))
        doubts = [parts] if parts else []
        if self.label == "first":
            return doubts + list(self._left_out(where))
        if parts:
            return doubts  # in each part the same classes come again, and folders lie in folders
        doubts += self._ambiguous()
        if doubts:
            doubts.append(
                "If the first folder below the listed one is the class, write "
                f'list_images({where}, label="first"). If the classes are right as they are, '
                "there is nothing to do."
            )
        return doubts

    def no_class(self, folder: str) -> NotFoundError | None:
        """The error where all pictures were left out; None where none was."""
        if self.label != "first" or self.beside is None:
            return None
        return NotFoundError(
            f"The pictures in {folder!r} lie directly in it, such as {self.beside!r}: no folder "
            "below it is their class. Name the folder above it, or write "
            f'list_images({folder!r}, label="parent").'
        )

    def _labels(self) -> dict[str, str]:
        """The label of each folder that tells one, by its path."""
        return {path: label for path, label in self._folders.items() if label is not None}

    def _left_out(self, where: str) -> Iterator[str]:
        if self.beside is not None:
            yield (
                f"Pictures that lie directly in {where}, such as {self.beside!r}, have no class "
                f'and are left out. To list them too, write list_images({where}, label="parent")'
                ", or move them into a class folder."
            )

    def _ambiguous(self) -> Iterator[str]:
        """What is doubtful where the folder that a picture lies in is its class."""
        labels = self._labels()
        if self.beside is not None and len(self._folders) > 1:
            yield f"{self.beside!r} lies beside the class folders: its class is {labels['']!r}."
        yield from _nested(labels)
        yield from _from_several_folders(labels)


def print_alike(labels: Collection[str]) -> list[str]:
    """Says which labels look the same on a screen, and yet are different classes."""
    by_looks: dict[str, list[str]] = {}
    for label in sorted(labels):
        by_looks.setdefault(looks(label), []).append(label)
    return [
        f"The classes {named(twins)} look alike on a screen and are {len(twins)} classes: rename "
        "a folder if they should be one."
        for twins in by_looks.values()
        if len(twins) > 1
    ]


def _nested(labels: Mapping[str, str]) -> Iterator[str]:
    """Says where a folder of pictures lies within another."""
    for path in sorted(labels):
        above = posixpath.dirname(path)
        while above:
            if above in labels:
                yield (
                    f"The folder {above!r} holds pictures and {path!r} in it holds some too: they "
                    f"are of the classes {labels[above]!r} and {labels[path]!r}."
                )
                return
            above = posixpath.dirname(above)


def _from_several_folders(labels: Mapping[str, str]) -> Iterator[str]:
    """Says which labels come from folders that lie in different ones."""
    by_label: dict[str, dict[str, str]] = {}
    for path, label in sorted(labels.items()):
        by_label.setdefault(label, {}).setdefault(composed(path), path)
    several = {label: paths for label, paths in by_label.items() if len(paths) > 1}
    for label, paths in islice(several.items(), MOST_NAMED):
        yield f"The class {label!r} comes from {len(paths)} folders: {named(paths.values())}."
    if len(several) > MOST_NAMED:
        yield f"So do {len(several) - MOST_NAMED} more classes."
