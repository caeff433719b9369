"""Which file of a listing is meant by an id, a path or a name that was written elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..drive import File
from ..drive.files import has_image_ending
from ..drive.names import composed, printable

__all__ = ["FileKeys", "Found", "stem", "way_to"]

Way: TypeAlias = tuple[str, ...]  # the names on the way to a file, the last one its own


def way_to(path: str) -> Way:
    r"""A path as the names on it, whichever slashes stand between them.

    Example:
        >>> way_to(r"C:\photos\cat\1.jpg"), way_to("./cat//1.jpg"), way_to("1.jpg")
        (('C:', 'photos', 'cat', '1.jpg'), ('cat', '1.jpg'), ('1.jpg',))
    """
    names = re.split(r"[/\\]+", composed(printable(path)))
    return tuple(name for name in names if name not in ("", "."))


def stem(way: Way) -> Way:
    """A way whose last name lacks the ending of a picture.

    Example:
        >>> stem(("cat", "1.jpg")), stem(("cat", "1.2"))
        (('cat', '1'), ('cat', '1.2'))
    """
    if not way or not has_image_ending(way[-1]):
        return way
    return (*way[:-1], way[-1].rpartition(".")[0])


@dataclass(frozen=True)
class Found:
    """The files that a key may stand for.

    Attributes:
        files: Those that it fits best: one, unless it is ambiguous or stands for none.
        namesakes: With a name alone that is one file's whole path: all files of this name.
    """

    files: list[File]
    namesakes: list[File] = field(default_factory=list)


class FileKeys:
    r"""Finds files by an id, a path or a name.

    A path fits a file when one of the two ends with the other. The file with the most folders in
    common is meant.

    Example:
        >>> keys = FileKeys([File("1x", "1.jpg", "cat", "cat/1.jpg", 9, None, "1")])
        >>> fit = ("1x", "cat/1.jpg", "/data/cat/1.jpg", "1.jpg", r"cat\1", "dog/1.jpg")
        >>> [len(keys.find(key).files) for key in fit]
        [1, 1, 1, 1, 1, 0]

    Args:
        files: The listing.
    """

    def __init__(self, files: Sequence[File]) -> None:
        self._by_id: dict[str, list[File]] = defaultdict(list)
        self._by_path = _Ways()
        self._by_stem = _Ways()
        seen = set()
        for file in files:
            if file.id in seen:  # a listing may hold a file several times
                continue
            seen.add(file.id)
            way = way_to(file.path)
            if file.id != file.path:  # as in a local folder, where an id is no surer than a path
                self._by_id[printable(str(file.id))].append(file)
            self._by_path.add(way, file)
            if "/" in file.name:  # which stands as "_" in a path
                self._by_path.add(way_to(file.name), file)
            if has_image_ending(file.name):
                self._by_stem.add(stem(way), file)

    def find(self, key: str) -> Found:
        """The files that a key stands for; none, or several if it is ambiguous."""
        if printable(key) in self._by_id:
            return Found(self._by_id[printable(key)])
        way = way_to(key)
        for ways in (self._by_path, self._by_stem):
            found = ways.find(way)
            if found.files:
                return found
        return Found([])


class _Ways:
    """Files by the way to them, and by each end of it."""

    def __init__(self) -> None:
        self._by_way: dict[Way, list[File]] = defaultdict(list)
        self._by_end: dict[Way, list[File]] = defaultdict(list)

    def add(self, way: Way, file: File) -> None:
        self._by_way[way].append(file)
        for end in _ends(way):
            self._by_end[end].append(file)

    def find(self, way: Way) -> Found:
        for end in _ends(way):  # the longest first
            files = self._by_way.get(end)
            if files:
                is_name_alone = len(way) == 1
                return Found(files, self._by_end[end] if is_name_alone else [])
        return Found(self._by_end.get(way, []))


def _ends(way: Iterable[str]) -> Iterator[Way]:
    """A way, and what is left of it without its first name, its first two, and so on."""
    names = tuple(way)
    for start in range(len(names)):
        yield names[start:]
