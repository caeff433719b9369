"""Which images of an archive lie below a folder of it, and of which class each is. Pure.

Example:
    >>> file = File("1", "1.jpg", "2024", "pets/cat/2024/1.jpg", 9, None, version="1")
    >>> below = BelowFolder("pets")
    >>> below.holds(file.path), below.holds("plants/1.jpg"), below.folder_of(file.path)
    (True, False, 'cat/2024')
"""

from __future__ import annotations

import dataclasses
import itertools
import posixpath
from collections.abc import Iterable, Iterator

from ..drive import File
from ..drive.labels import FolderLabels, label_of_folder
from ..drive.names import composed

__all__ = ["BelowFolder", "missing_folder", "with_labels"]

MOST_NAMED = 10  # folders in a message


class BelowFolder:
    """What lies below a folder of an archive.

    Args:
        folder: A path in the archive, or "." for its top.

    Attributes:
        name: Of the folder; None at the top.
    """

    def __init__(self, folder: str) -> None:
        path = posixpath.normpath(folder.strip("/") or ".")
        parts = [] if path == "." else composed(path).split("/")
        self.name = parts[-1] if parts else None
        self._start = "".join(f"{part}/" for part in parts)
        self._depth = len(parts)

    def holds(self, path: str) -> bool:
        """Whether what has this path lies below the folder."""
        return composed(path).startswith(self._start)

    def folder_of(self, path: str) -> str:
        """The path, from here, of the folder that something lies in; "" for this one."""
        return "/".join(path.split("/")[self._depth : -1])


def with_labels(
    files: Iterable[File], below: BelowFolder, top_name: str, labels: FolderLabels
) -> Iterator[File]:
    """Yields files with the labels that their folders tell; those without one are left out.

    Args:
        files: Images below the folder.
        below: The folder that is listed.
        top_name: What stands for the name of the top.
        labels: Takes note of them.
    """
    for file in files:
        folder = below.folder_of(file.path)
        label = label_of_folder(folder, below.name or top_name, labels.label)
        labels.note(folder, label, file.name)
        if label == file.label:
            yield file
        elif label is not None:
            yield dataclasses.replace(file, label=label)


def missing_folder(folder: str, files: Iterable[File]) -> str:
    """The message for a folder that is not there; it names those that are."""
    folders = dict.fromkeys(posixpath.dirname(file.path) for file in files)
    folders.pop("", None)
    named = ", ".join(repr(name) for name in itertools.islice(folders, MOST_NAMED))
    if len(folders) > MOST_NAMED:
        named += f" and {len(folders) - MOST_NAMED} more"
    holds = (
        f"It holds images in {named}." if folders else "It has no folders: list_images() lists all."
    )
    return f"There is no folder {folder!r} in the archive. {holds}"
