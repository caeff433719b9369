"""Whether a picture and a mask of one name lie in folders that fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ..drive import File
from ..drive.names import printable
from .file_keys import Way, stem, way_to

__all__ = ["PairFolders", "name_of", "words_on_other_folders"]

# How folders are called that tell pictures from masks, in any spelling: JPEGImages, photos_masks.
WORDS_OF_SIDES = re.compile(
    "image|img|photo|picture|jpeg|frame|rgb|scan"
    "|mask|label|annot|segm|trimap|matte|ground.?truth|^gt|gt$",
    re.IGNORECASE,
)


def name_of(file: File) -> str:
    """The name of a file without the ending of a picture."""
    return stem(way_to(file.path))[-1]


class PairFolders:
    """Compares the folders of pictures with those of masks.

    A folder that all pictures share, and that no mask lies in, tells that they are pictures: it
    does not count, and so with masks. `train/images` and `train/masks` are one folder then.

    Example:
        >>> def file(path):
        ...     return File(path, "1.jpg", "", path, 9, None, "1")
        >>> pictures = [file("train/images/1.jpg"), file("val/images/1.jpg")]
        >>> masks = [file("train/masks/1.png"), file("val/masks/1.png")]
        >>> folders = PairFolders(pictures, masks)
        >>> [folders.agree(picture, masks[0]) for picture in pictures]
        [True, False]

    Args:
        files: All pictures.
        mask_files: All masks.
    """

    def __init__(self, files: Sequence[File], mask_files: Sequence[File]) -> None:
        of_pictures = _shared_by_all(files)
        of_masks = _shared_by_all(mask_files)
        self._not_counted = {
            *(of_pictures - _all_names(mask_files)),
            *(of_masks - _all_names(files)),
        }
        last_of_pictures = self._last_folders(files)
        last_of_masks = self._last_folders(mask_files)
        self._of_both = last_of_pictures & last_of_masks
        self._tell = len(last_of_pictures) > 1 and len(last_of_masks) > 1
        self._tell = self._tell or _has_namesakes(files) or _has_namesakes(mask_files)

    def agree(self, picture: File, mask: File) -> bool:
        """Whether the folders of a picture and a mask may hold a pair.

        Their names must be one where names repeat, where both sides have several folders, and where
        the other side has a folder of the same name.
        """
        folders = self._folders(picture)[-1:]
        mask_folders = self._folders(mask)[-1:]
        if not folders or not mask_folders or folders == mask_folders:
            return True
        return not self._tell and self._of_both.isdisjoint((*folders, *mask_folders))

    def nearest(self, file: File, others: Iterable[File]) -> list[File]:
        """Those of the others that share most folders with a file, counted from it upwards."""
        by_count: dict[int, list[File]] = {}
        for other in others:
            count = _shared_folders(self._folders(file), self._folders(other))
            by_count.setdefault(count, []).append(other)
        return by_count[max(by_count)]

    def _folders(self, file: File) -> Way:
        return tuple(name for name in _folders_of(file) if name not in self._not_counted)

    def _last_folders(self, files: Iterable[File]) -> set[str]:
        return {name for file in files for name in self._folders(file)[-1:]}


def words_on_other_folders(files: Iterable[File], masks: Mapping[str, File]) -> str:
    """Says which picture has a mask from a folder of another name; "" where none has.

    Args:
        files: All pictures.
        masks: The mask of each by its id.
    """
    doubtful = [
        (file, masks[file.id])
        for file in files
        if file.id in masks and _names_differ(file, masks[file.id])
    ]
    if not doubtful:
        return ""
    file, mask = doubtful[0]
    return (
        f"{len(doubtful)} pictures and their masks lie in folders of different names, such as "
        f"'{printable(file.path)}' and '{printable(mask.path)}': see that they belong together."
    )


def _names_differ(picture: File, mask: File) -> bool:
    """Whether the last folders differ, those apart that tell pictures from masks."""
    folder, mask_folder = (
        [name for name in _folders_of(file) if not WORDS_OF_SIDES.search(name)][-1:]
        for file in (picture, mask)
    )
    return bool(folder and mask_folder and folder != mask_folder)


def _folders_of(file: File) -> Way:
    return way_to(file.path)[:-1]


def _all_names(files: Iterable[File]) -> set[str]:
    return {name for file in files for name in _folders_of(file)}


def _shared_by_all(files: Sequence[File]) -> set[str]:
    """The names of folders that all files lie in."""
    return set.intersection(*(set(_folders_of(file)) for file in files))


def _has_namesakes(files: Sequence[File]) -> bool:
    different = {file.id: name_of(file) for file in files}
    return len(set(different.values())) < len(different)


def _shared_folders(way: Way, other: Way) -> int:
    count = 0
    for folder, other_folder in zip(reversed(way), reversed(other)):
        if folder != other_folder:
            break
        count += 1
    return count
