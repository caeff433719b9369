"""Pictures and their masks: which belongs to which, by their names."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..drive import File
from ..drive.arguments import listed_files
from ..drive.names import named, printable
from ..drive.telling import users_level
from .listing import nothing_listed
from .pair_folders import PairFolders, name_of, words_on_other_folders

__all__ = ["pair"]

MASK_ENDING = "_mask"


def pair(files: Iterable[File], mask_files: Iterable[File]) -> dict[str, File]:
    """Finds the mask of each picture by its name: `cat_1.png` or `cat_1_mask.png` of `cat_1.jpg`.

    Where names repeat, where both sides have several folders, or where a folder of one side is
    called as one of the other, a mask lies in a folder that is called as its picture's. A folder
    that all pictures share, or all masks, does not count: `train/images` and `train/masks` are one.

    Example:
        >>> pictures = [File("1", "cat_1.jpg", "photos", "cat_1.jpg", 9, None, "1")]
        >>> masks = [File("2", "cat_1_mask.png", "masks", "cat_1_mask.png", 9, None, "1")]
        >>> masks_by_id = pair(pictures, masks)
        >>> masks_by_id["1"].name
        'cat_1_mask.png'

    Args:
        files: Iterable of pictures.
        mask_files: Iterable of masks. What is in `files` too is no mask.

    Returns:
        `{id of the picture: file of its mask}`, as `StreamingSequence` takes it for `labels` with
        `label_mode="image"`. A warning names pictures without a mask and masks without a picture,
        and a picture whose mask lies in a folder of another name, unless such names say images or
        masks.

    Raises:
        ValueError: There is no picture or no mask, a mask may belong to several pictures or a
            picture to several masks, or none belong together.
    """
    files = listed_files(files)
    mask_files = listed_files(mask_files, "mask_files")
    pictures = {file.id for file in files}
    different = {file.id: file for file in mask_files if file.id not in pictures}
    mask_files = list(different.values())
    if not files:
        raise nothing_listed("pair")
    if not mask_files:
        raise ValueError("`mask_files` holds no file that is not in `files` too: list the masks.")
    folders = PairFolders(files, mask_files)
    masks_of_picture = _masks_of_pictures(files, mask_files, folders)
    masks = {}
    for file in files:
        if masks_of_picture[file.id]:
            masks[file.id] = _only_mask(file, masks_of_picture[file.id], folders)
    without_mask = [file for file in files if file.id not in masks]
    used = {mask.id for mask in masks.values()}
    left_over = [file for file in mask_files if file.id not in used]
    if not masks:
        raise _no_pair(without_mask, left_over)
    for words in (
        _words_on_left_overs(without_mask, left_over),
        words_on_other_folders(files, masks),
    ):
        if words:
            warnings.warn(words, stacklevel=users_level())
    return masks


def _masks_of_pictures(
    files: Iterable[File], mask_files: Iterable[File], folders: PairFolders
) -> Mapping[str, Sequence[File]]:
    """By the picture's id, the masks whose nearest picture it is."""
    pictures_of_name = _by_name(files)
    masks_of_picture: dict[str, list[File]] = defaultdict(list)
    for mask in mask_files:
        picture = _only_picture(mask, _of_one_name(mask, pictures_of_name), folders)
        if picture is not None:
            masks_of_picture[picture.id].append(mask)
    return masks_of_picture


def _by_name(files: Iterable[File]) -> dict[str, list[File]]:
    """Different files by their names without the ending."""
    files_of_name: dict[str, dict[str, File]] = defaultdict(dict)
    for file in files:
        files_of_name[name_of(file)][file.id] = file
    return {name: list(group.values()) for name, group in files_of_name.items()}


def _of_one_name(mask: File, pictures_of_name: Mapping[str, list[File]]) -> list[File]:
    """The pictures whose name a mask has."""
    name = name_of(mask)
    pictures = pictures_of_name.get(name)
    if pictures is None:
        pictures = pictures_of_name.get(name.removesuffix(MASK_ENDING), [])
    return pictures


def _only_picture(mask: File, pictures: Sequence[File], folders: PairFolders) -> File | None:
    """The picture that a mask belongs to; None where there is none."""
    if not pictures:
        return None
    nearest = folders.nearest(mask, pictures)
    agreeing = [picture for picture in nearest if folders.agree(picture, mask)]
    if len(agreeing) > 1:
        raise _ambiguous("mask", mask, "pictures", agreeing)
    return agreeing[0] if agreeing else None


def _only_mask(file: File, masks: Sequence[File], folders: PairFolders) -> File:
    nearest = folders.nearest(file, masks)
    if len(nearest) > 1:
        raise _ambiguous("picture", file, "masks", nearest)
    return nearest[0]


def _no_pair(files: Sequence[File], mask_files: Sequence[File]) -> ValueError:
    pictures_of_name = _by_name(files)
    for mask in mask_files:
        if pictures := _of_one_name(mask, pictures_of_name):
            return ValueError(
                "No mask lies in a folder that is called as the folder of the picture of its name: "
                f"such as the picture '{printable(pictures[0].path)}' and the mask "
                f"'{printable(mask.path)}'. Call the folders of masks as those of their pictures."
            )
    return ValueError(
        f"No mask has the name of a picture. The pictures begin with {_paths(files)}, the masks "
        f"with {_paths(mask_files)}. A mask is called as its picture, or so with '{MASK_ENDING}' "
        "at the end."
    )


def _ambiguous(kind: str, file: File, others_kind: str, others: Sequence[File]) -> ValueError:
    return ValueError(
        f"The {kind} '{printable(file.path)}' may belong to {len(others)} {others_kind}: "
        f"{_paths(others)}. Give each a name of its own, or call the folders of masks as those of "
        "their pictures."
    )


def _words_on_left_overs(without_mask: Sequence[File], left_over: Sequence[File]) -> str:
    sentences = []
    if without_mask:
        sentences.append(
            f"{len(without_mask)} pictures have no mask: {_paths(without_mask)}. Leave them out: "
            "`[file for file in files if file.id in masks]`."
        )
    if left_over:
        sentences.append(f"{len(left_over)} masks belong to no picture: {_paths(left_over)}.")
    return " ".join(sentences)


def _paths(files: Iterable[File]) -> str:
    return named(file.path for file in files)
