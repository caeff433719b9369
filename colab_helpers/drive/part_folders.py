"""Folders into which pictures are split already, such as train, val and test.

Pure: it looks at the paths of folders alone, "" being the listed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .names import composed, named

__all__ = ["depth_of_parts", "folders_of_parts", "part_called", "words_on_parts"]

# Folders into which a data set is split, and what else each is called.
NAMES_OF_PARTS = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}


def part_called(name: str) -> str:
    """The usual name of the part that a folder holds; of any other folder, its name to compare.

    Example:
        >>> part_called("Validation"), part_called("TRAIN"), part_called("Roses")
        ('val', 'train', 'roses')
    """
    name = composed(name).casefold()
    for part, names in NAMES_OF_PARTS.items():
        if name in names:
            return part
    return name


def depth_of_parts(folders: Iterable[str]) -> int:
    """How many folders all paths share before they part, or before one is called like a part.

    Example:
        >>> depth_of_parts(["data/train/cat", "data/test/cat"])
        1
    """
    ways = {_way(folder) for folder in folders}
    depth = 0
    while True:
        names = {way[depth] if len(way) > depth else None for way in ways}
        if len(names) != 1 or None in names:
            return depth
        [name] = names
        if name is not None and part_called(name) in NAMES_OF_PARTS:
            return depth
        depth += 1


def folders_of_parts(folders: Iterable[str]) -> dict[str, str]:
    """The folders that hold the parts of a split: `{"train": "Train", "val": "valid"}`.

    It is empty unless there is a folder to train on and another one.

    Example:
        >>> folders_of_parts(["data/Train/cat", "data/valid/cat"]), folders_of_parts(["train"])
        ({'train': 'Train', 'val': 'valid'}, {})

    Args:
        folders: Paths of the folders that pictures lie in.
    """
    different = dict.fromkeys(folders)
    depth = depth_of_parts(different)
    names: dict[str, str] = {}
    for way in map(_way, different):
        if len(way) > depth:
            names.setdefault(part_called(way[depth]), way[depth])
    found = {part: names[part] for part in NAMES_OF_PARTS if part in names}
    if "train" not in found or len(found) == 1:
        return {}
    return found


def words_on_parts(folders: Mapping[str, str]) -> str:
    """Says how to keep the split that the folders hold; "" where they hold none.

    Args:
        folders: As `folders_of_parts` returns them.
    """
    if not folders:
        return ""
    names = ", ".join(f"{part}_files" for part in folders)
    return (
        f"The pictures look split already, into the folders {named(folders.values())}. To keep "
        f"them apart: `{names} = split_by_folder(files, {tuple(folders)})`"
    )


def _way(folder: str) -> tuple[str, ...]:
    """The names on the way to a folder."""
    return tuple(folder.split("/")) if folder else ()
