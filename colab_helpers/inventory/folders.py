"""What the folders of a listing tell: the class, the part, or neither."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..drive import File
from ..drive.names import composed
from .listing import in_order, named

__all__ = [
    "depth_of_parts",
    "folders_of_parts",
    "is_beside_class_folders",
    "part_called",
    "words_on_folders",
    "words_on_parts",
]

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


def depth_of_parts(files: Iterable[File]) -> int:
    """How many folders all paths share before they part, or before one is called like a part.

    Example:
        >>> paths = ("data/train/cat/1.jpg", "data/test/cat/2.jpg")
        >>> depth_of_parts(File(path, "", "", path, 9, None, "1") for path in paths)
        1
    """
    ways = {tuple(_folders(file)) for file in files}
    depth = 0
    while True:
        names = {way[depth] if len(way) > depth else None for way in ways}
        if len(names) != 1 or None in names:
            return depth
        [name] = names
        if name is not None and part_called(name) in NAMES_OF_PARTS:
            return depth
        depth += 1


def folders_of_parts(files: Sequence[File]) -> dict[str, str]:
    """The folders in which a listing lies split already: `{"train": "Train", "val": "valid"}`.

    It is empty unless there is a folder to train on and another one.
    """
    depth = depth_of_parts(files)
    folders: dict[str, str] = {}
    for file in files:
        way = _folders(file)
        if len(way) > depth:
            folders.setdefault(part_called(way[depth]), way[depth])
    found = {part: folders[part] for part in NAMES_OF_PARTS if part in folders}
    if "train" not in found or len(found) == 1:
        return {}
    return found


def words_on_parts(folders: dict[str, str]) -> str:
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


def is_beside_class_folders(file: File) -> bool:
    """Whether a picture lies in the folder that was listed, and not in a class folder."""
    return "/" not in file.path


def words_on_folders(files: Sequence[File]) -> list[str]:
    """Says what is odd about the folders: a sentence each, with the line that cures it."""
    return [words for words in (_words_on_strays(files), _words_on_folders_within(files)) if words]


def _words_on_strays(files: Sequence[File]) -> str:
    strays = [file for file in files if is_beside_class_folders(file)]
    if not strays or len(strays) == len(files):
        return ""
    classes = in_order({composed(file.label) for file in strays})
    return (
        f"{len(strays)} pictures lie beside the class folders ({named(f.name for f in strays)}) "
        f"and count as the class {named(classes)}. To leave them out: "
        "`files = [file for file in files if '/' in file.path]`"
    )


def _words_on_folders_within(files: Sequence[File]) -> str:
    """Says which folders give a class their name though the class may be a folder above."""
    folders_by_label = _class_folders(files)
    odd = {
        label: sorted(folders) for label, folders in folders_by_label.items() if len(folders) > 1
    }
    all_folders = {folder for folders in folders_by_label.values() for folder in folders}
    for label, folders in folders_by_label.items():
        within = [folder for folder in folders if _lies_within(folder, all_folders)]
        if within:
            odd.setdefault(label, sorted(within))
    if not odd:
        return ""
    label, folders_of_label = next(iter(odd.items()))
    others = f" So do {len(odd) - 1} other classes." if len(odd) > 1 else ""
    return (
        f"The class {named([label])} comes from {named(folders_of_label)}: several folders, or one "
        f"within another class's.{others} If the first folder is the class: "
        '`list_images(folder, label="first")`, or '
        "`labels = {file.id: file.path.split('/')[0] for file in files}`."
    )


def _class_folders(files: Sequence[File]) -> dict[str, set[str]]:
    """The folders that a label is the name of; a source of one's own may label otherwise."""
    folders_by_label = defaultdict(set)
    for file in files:
        way = _folders(file)
        if way and composed(way[-1]) == composed(file.label):
            folders_by_label[composed(file.label)].add(composed("/".join(way)))
    return folders_by_label


def _lies_within(folder: str, folders: set[str]) -> bool:
    above, slash, _ = folder.rpartition("/")
    while slash:
        if above in folders:
            return True
        above, slash, _ = above.rpartition("/")
    return False


def _folders(file: File) -> list[str]:
    """The names of the folders on the way to a file."""
    return file.path.split("/")[:-1]
