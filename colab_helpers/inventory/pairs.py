"""Pictures and their masks: which belongs to which, by their names."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ..drive import File
from ..drive.names import named, printable
from .file_keys import Way, stem, way_to
from .listing import nothing_listed

__all__ = ["pair"]

MASK_ENDING = "_mask"


def pair(files: Iterable[File], mask_files: Iterable[File]) -> dict[str, File]:
    """Finds the mask of each picture by its name: `cat_1.png` or `cat_1_mask.png` of `cat_1.jpg`.

    Where several files have the name, those of the same folders belong together.

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
        `label_mode="image"`. A warning names pictures without a mask and masks without a picture.

    Raises:
        ValueError: There is no picture or no mask, a mask may belong to several pictures or a
            picture to several masks, or none belong together.
    """
    files = list(files)
    pictures = {file.id for file in files}
    mask_files = [file for file in mask_files if file.id not in pictures]
    if not files:
        raise nothing_listed("pair")
    if not mask_files:
        raise ValueError("`mask_files` holds no file that is not in `files` too: list the masks.")
    masks_of_picture = _masks_of_pictures(files, mask_files)
    masks = {}
    for file in files:
        if masks_of_picture[file.id]:
            masks[file.id] = _only_mask(file, masks_of_picture[file.id])
    without_mask = [file.path for file in files if file.id not in masks]
    used = {mask.id for mask in masks.values()}
    left_over = [file.path for file in mask_files if file.id not in used]
    if not masks:
        raise ValueError(
            f"No mask has the name of a picture. The pictures begin with {named(without_mask)}, "
            f"the masks with {named(left_over)}. A mask is called as its picture, or so with "
            f"'{MASK_ENDING}' at the end."
        )
    if without_mask or left_over:
        warnings.warn(_words_on_left_overs(without_mask, left_over), stacklevel=2)
    return masks


def _masks_of_pictures(
    files: Iterable[File], mask_files: Iterable[File]
) -> Mapping[str, Sequence[File]]:
    """By the picture's id, the masks whose nearest picture it is."""
    pictures_of_name = _by_name(files)
    masks_of_name = _by_name(mask_files)
    repeats = _has_repeated(pictures_of_name) or _has_repeated(masks_of_name)
    masks_of_picture: dict[str, list[File]] = defaultdict(list)
    for name, masks in masks_of_name.items():
        pictures = pictures_of_name.get(name)
        if pictures is None:
            pictures = pictures_of_name.get(name.removesuffix(MASK_ENDING), [])
        for mask in masks:
            picture = _only_picture(mask, pictures, folders_must_agree=repeats)
            if picture is not None:
                masks_of_picture[picture.id].append(mask)
    return masks_of_picture


def _by_name(files: Iterable[File]) -> dict[str, list[File]]:
    """Different files by their names without the ending."""
    files_of_name: dict[str, dict[str, File]] = defaultdict(dict)
    for file in files:
        files_of_name[_way(file)[-1]][file.id] = file
    return {name: list(group.values()) for name, group in files_of_name.items()}


def _has_repeated(files_of_name: Mapping[str, Sequence[File]]) -> bool:
    return any(len(group) > 1 for group in files_of_name.values())


def _only_picture(mask: File, pictures: Sequence[File], *, folders_must_agree: bool) -> File | None:
    """The picture that a mask belongs to; None where there is none."""
    if not pictures:
        return None
    nearest = _nearest(mask, pictures)
    if folders_must_agree:
        nearest = [picture for picture in nearest if _agree(picture, mask)]
    if len(nearest) > 1:
        raise _ambiguous("mask", mask, "pictures", nearest)
    return nearest[0] if nearest else None


def _agree(picture: File, mask: File) -> bool:
    """Whether the folders of two files have one name, or one of them lies in none."""
    folders = _way(picture)[:-1]
    mask_folders = _way(mask)[:-1]
    return not folders or not mask_folders or folders[-1] == mask_folders[-1]


def _only_mask(file: File, masks: Sequence[File]) -> File:
    nearest = _nearest(file, masks)
    if len(nearest) > 1:
        raise _ambiguous("picture", file, "masks", nearest)
    return nearest[0]


def _nearest(file: File, others: Sequence[File]) -> list[File]:
    """Those of the others that share most folders with a file, counted from the file upwards."""
    shared = [_shared_folders(_way(file), _way(other)) for other in others]
    most = max(shared)
    return [other for other, count in zip(others, shared) if count == most]


def _shared_folders(way: Way, other: Way) -> int:
    count = 0
    for folder, other_folder in zip(reversed(way[:-1]), reversed(other[:-1])):
        if folder != other_folder:
            break
        count += 1
    return count


def _way(file: File) -> Way:
    return stem(way_to(file.path))


def _ambiguous(kind: str, file: File, others_kind: str, others: Sequence[File]) -> ValueError:
    return ValueError(
        f"The {kind} '{printable(file.path)}' may belong to {len(others)} {others_kind}: "
        f"{named(other.path for other in others)}. Rename them so that names tell, or list the "
        "two folders so that the same folders lie below them."
    )


def _words_on_left_overs(without_mask: Sequence[str], left_over: Sequence[str]) -> str:
    sentences = []
    if without_mask:
        sentences.append(
            f"{len(without_mask)} pictures have no mask: {named(without_mask)}. Leave them out: "
            "`[file for file in files if file.id in masks]`."
        )
    if left_over:
        sentences.append(f"{len(left_over)} masks belong to no picture: {named(left_over)}.")
    return " ".join(sentences)
