"""Class folders of pictures, drawn where they are missing."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from .picture import as_jpeg, as_png, class_name, draw_picture
from .troubles import add_troubles


def make_practice_folder(
    folder: str | os.PathLike[str],
    *,
    classes: int = 5,
    files_per_class: int = 60,
    seed: int = 0,
    troubles: bool = False,
) -> str:
    """Draws class folders below `folder`, and returns it as a string.

    Example:
        `make_practice_folder("pictures/practice", classes=3, files_per_class=20)`

    Args:
        folder: Where to; it is made if it does not exist. Files of the same names are replaced.
        classes: How many: balloon, flower, lighthouse, mountain, sailboat, balloon_2 and so on.
        files_per_class: How many pictures in each, about 20 kB, every third a PNG and the others
            JPEGs.
        seed: Another seed draws other pictures.
        troubles: Whether to add what else a real Drive holds: files that are no pictures, pictures
            that are unusual, and names that are not easy.

    Raises:
        ValueError: `classes` or `files_per_class` is below 1.
    """
    if classes < 1 or files_per_class < 1:
        raise ValueError(
            "`classes` and `files_per_class` must be at least 1. "
            f"Received: {classes}, {files_per_class}"
        )
    for index in range(classes):
        _draw_class(Path(folder), index, files_per_class, seed)
    if troubles:
        add_troubles(Path(folder), seed=seed)
    return str(folder)


def practice_path(root: str | os.PathLike[str] = "practice_drive") -> str | None:
    """Draws the folder `practice` below `root`, once, so that `root` can stand in for a Drive.

    Example:
        `drive = connect(practice_path()); files = drive.list_images("practice")`

    Args:
        root: Where to; it is made if it does not exist. Draw another time by deleting `practice`.

    Returns:
        `root`; or None where the environment variable COLAB_HELPERS_DRIVE already names a source.
    """
    if os.environ.get("COLAB_HELPERS_DRIVE"):
        return None
    practice = Path(root, "practice")
    if not practice.is_dir():
        os.makedirs(root, exist_ok=True)
        _draw_whole_or_not_at_all(practice)
    return str(root)


def _draw_class(folder: Path, index: int, files: int, seed: int) -> None:
    name = class_name(index)
    class_folder = folder / name
    class_folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, files + 1):
        picture = draw_picture(index, number, seed=seed)
        stem = f"{name}_{number:03}"
        if number % 3 == 0:
            (class_folder / f"{stem}.png").write_bytes(as_png(picture))
        else:
            (class_folder / f"{stem}.jpg").write_bytes(as_jpeg(picture))


def _draw_whole_or_not_at_all(practice: Path) -> None:
    """Draws in a temporary folder, which is moved to its place at the end.

    So a cell that was stopped leaves nothing.
    """
    with tempfile.TemporaryDirectory(prefix=".practice-", dir=practice.parent) as unfinished:
        drawn = make_practice_folder(Path(unfinished, "practice"))
        with contextlib.suppress(OSError):  # another notebook was quicker
            os.rename(drawn, practice)
