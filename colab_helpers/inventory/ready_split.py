"""Folders that are split already, such as train, val and test."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..drive import File
from ..drive.arguments import listed_files
from ..drive.names import composed, named
from ..drive.part_folders import depth_of_parts, part_called
from ..drive.telling import users_level
from .folders import folder_of
from .listing import check_labels, nothing_listed
from .parts import Part, classes_of
from .saved_format import file_of_record
from .splitting import words_on_missing_classes, words_on_shared_content

__all__ = ["split_by_folder"]


def split_by_folder(
    files: Iterable[File],
    folders: Sequence[str] = ("train", "val", "test"),
    *,
    labels: Mapping[str, str] | None = None,
) -> list[Part]:
    """Takes the parts of a listing from its folders, where it is split already.

    Example:
        >>> paths = ("Train/cat/1.jpg", "Train/dog/2.jpg", "valid/cat/3.jpg", "valid/dog/4.jpg")
        >>> files = [File(path, path[-5:], "", path, 9, None, "1") for path in paths]
        >>> train, val = split_by_folder(files, ("train", "val"))
        >>> [(file.name, file.label) for file in val], val.class_names
        ([('3.jpg', 'cat'), ('4.jpg', 'dog')], ['cat', 'dog'])

    Args:
        files: Iterable of files: the listing of the folder above.
        folders: Names of the parts' folders, in the order in which the parts are wanted. Capitals
            do not matter. "val", "valid" and "validation" are one name, as are "train" and
            "training", and "test" and "testing".
        labels: Optional `{id: label}`, where no class folders lie in these folders.

    Returns:
        A list of parts, one for each folder, each in the order of the listing. A `Part` is a list
        of files whose `class_names` are those of the whole. The label of a file is the name of the
        class folder: the first one below its part's, whatever lies deeper. Warnings name pictures
        that are left out, as they lie in none of the folders or beside the class folders, classes
        that are missing from a part, and copies in several parts.

    Raises:
        ValueError: There is no file, no such folder, or no class folder in them while `labels` does
            not tell the classes either.
    """
    check_labels(labels)
    files = listed_files(files)
    if not files:
        raise nothing_listed("split")
    ways = _ways_below(files, depth_of_parts(map(folder_of, files)))
    part_of_folder = _parts_by_folder(folders, ways)
    chosen: list[list[File]] = [[] for _ in folders]
    left_out = []
    for file, way in zip(files, ways):
        part = part_of_folder.get(way[0]) if len(way) > 1 else None
        has_class = labels is not None or len(way) > 2
        if part is not None and has_class:
            chosen[part].append(_relabelled(file, way, labels))
        else:
            left_out.append(file)
    every = [file for part in chosen for file in part]
    if not every:
        raise ValueError(
            f"There are no class folders in {named(folders)}. Give `labels={{id: label}}`, as "
            "`read_labels` makes it."
        )
    class_names = classes_of(every, labels)
    parts = [Part(part, class_names, folders_tell=labels is None) for part in chosen]
    for words in (
        _words_on_files_left_out(left_out),
        words_on_missing_classes(parts, labels, spreads_best=True),
        words_on_shared_content(parts),
    ):
        if words:
            warnings.warn(words, stacklevel=users_level())
    return parts


def _ways_below(files: Iterable[File], depth: int) -> list[list[str]]:
    """The names on the way to each file, from its part's folder on; the last is its own."""
    return [file.path.split("/")[depth:] for file in files]


def _parts_by_folder(folders: Sequence[str], ways: Iterable[Sequence[str]]) -> dict[str, int]:
    """The number of the part of each folder that holds one."""
    sizes = Counter(way[0] for way in ways if len(way) > 1)
    if isinstance(folders, str):
        raise ValueError(
            "`folders` must be a list of names, such as ('train', 'val', 'test'). "
            f"Received: folders={folders!r}"
        )
    part_of_folder: dict[str, int] = {}
    for part, folder in enumerate(folders):
        name = _folder_called(folder, sizes)
        if name in part_of_folder:
            raise ValueError(f"`folders` names one folder twice. Received: {tuple(folders)}")
        part_of_folder[name] = part
    return part_of_folder


def _folder_called(folder: str, sizes: Counter[str]) -> str:
    """The name of the folder that is meant: this one, else one that is called alike.

    Raises:
        ValueError: There is none, or there are several. It says which folders there are.
    """
    found = [name for name in sizes if composed(name) == composed(folder)]
    if not found:
        found = [name for name in sizes if part_called(name) == part_called(folder)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{named([name])} ({size})" for name, size in sizes.most_common(10))
    problem = f"may be each of {named(found)}" if found else "is not there"
    raise ValueError(
        f"The folder {named([folder])} {problem}. Give the folders' own names. Those that are "
        f"there, with so many pictures: {there or 'none'}."
    )


def _relabelled(file: File, way: Sequence[str], labels: Mapping[str, str] | None) -> File:
    """The file with the class folder as its label, unless `labels` tells its class."""
    if labels is not None:
        return file
    return dataclasses.replace(file_of_record(file), label=composed(way[1]))


def _words_on_files_left_out(files: Sequence[File]) -> str:
    if not files:
        return ""
    return (
        f"Left out {len(files)} pictures that lie in none of these folders, or in no class folder "
        f"there: {named(file.path for file in files)}."
    )
