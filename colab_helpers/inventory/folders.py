"""Where the files of a listing lie: in which folder, and of which class that one is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from ..drive import File
from ..drive.labels import FolderLabels
from ..drive.names import composed
from ..drive.part_folders import folders_of_parts, words_on_parts

__all__ = ["folder_labels", "folder_of", "is_beside_class_folders", "words_on_split"]


def folder_of(file: File) -> str:
    """The path of the folder that a file lies in; "" for the one that was listed.

    Example:
        >>> folder_of(File("1x", "1.jpg", "cat", "pets/cat/1.jpg", 9, None, "1"))
        'pets/cat'
    """
    return posixpath.dirname(file.path)


def is_beside_class_folders(file: File) -> bool:
    """Whether a picture lies in the folder that was listed, and not in a class folder."""
    return not folder_of(file)


def words_on_split(files: Iterable[File]) -> str:
    """Says how to keep the split that the folders hold; "" where they hold none."""
    return words_on_parts(folders_of_parts(map(folder_of, files)))


def folder_labels(files: Iterable[File]) -> FolderLabels:
    """What the folders of a listing tell of its classes, and what is doubtful about them.

    A folder tells the class of its files if that has its name; a source of one's own may label
    otherwise.
    """
    noted = FolderLabels("parent")
    for file in files:
        folder = folder_of(file)
        label = composed(str(file.label))
        is_told_by_folder = not folder or composed(posixpath.basename(folder)) == label
        noted.note(folder, label if is_told_by_folder else None, file.name)
    return noted
