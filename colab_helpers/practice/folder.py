"""Class folders of pictures, drawn where they are missing; with masks and a table on request."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .checks import check_whole_number
from .picture import Drawing, as_jpeg, as_png, class_name, draw_with_targets
from .targets import Targets
from .troubles import add_troubles
from .whole import fill_whole

COLUMNS = ("path", "labels", "things", "share")


@dataclass(frozen=True)
class DrawnFile:
    """A picture and where it belongs.

    Attributes:
        path: Below the practice folder, with slashes.
        drawing: The picture with its mask and targets.
    """

    path: str
    drawing: Drawing


def make_practice_folder(
    folder: str | os.PathLike[str],
    *,
    classes: int = 5,
    files_per_class: int = 60,
    seed: int = 0,
    troubles: bool = False,
    masks: bool = False,
) -> str:
    """Draws class folders below `folder`, and returns it as a string.

    Example:
        `make_practice_folder("pictures/practice", classes=3, files_per_class=20)`

    With `masks`, what can be learnt beside the class comes to lie beside the folder: for
    `pictures/practice/balloon/balloon_001.jpg` these two.

    - Its mask `pictures/practice-masks/balloon/balloon_001.png`, an indexed PNG of the same size:
      0 is nothing, 1 a balloon, 2 a flower, 3 a lighthouse, 4 a mountain, 5 a sailing boat.
    - A row of `pictures/practice-targets.csv`, such as
      `balloon/balloon_001.jpg,day warm,1,0.1752`, with the columns

      - `path`: of the picture, below `folder`;
      - `labels`: words with spaces between them. One of day, evening and night is always there.
        The others are there where they are true: several (two things or more), warm (the main
        colour of the nearest thing is red, orange, yellow or pink), water;
      - `things`: how many balloons, flowers (blossoms), lighthouses (towers), mountains or boats
        one sees; what shows less of itself than 0.3 % of the picture is not counted;
      - `share`: how much of the picture they cover, from 0 to 1.

    Args:
        folder: Where to; it is made if it does not exist. Files of the same names are replaced.
        classes: How many: balloon, flower, lighthouse, mountain, sailboat, balloon_2 and so on.
        files_per_class: How many pictures in each, about 20 kB, every third a PNG and the others
            JPEGs.
        seed: Another seed draws other pictures.
        troubles: Whether to add what else a real Drive holds: files that are no pictures, pictures
            that are unusual, and names that are not easy. They have neither mask nor row.
        masks: Whether to add masks and the table.

    Raises:
        ValueError: `classes` or `files_per_class` is no integer or below 1, or `seed` below 0.
    """
    check_whole_number("classes", classes, least=1)
    check_whole_number("files_per_class", files_per_class, least=1)
    check_whole_number("seed", seed, least=0)
    pictures = Path(folder)
    whole_path = os.path.abspath(folder)  # "." has no name of its own
    rows = []
    for drawn in _drawn_files(classes, files_per_class, seed):
        _write(pictures / drawn.path, _encoded(drawn))
        if masks:
            mask = Path(f"{whole_path}-masks", drawn.path).with_suffix(".png")
            _write(mask, as_png(drawn.drawing.mask))
            rows.append(_row(drawn.path, drawn.drawing.targets))
    if masks:
        _write_table(Path(f"{whole_path}-targets.csv"), rows)
    if troubles:
        add_troubles(pictures, seed=seed)
    return str(folder)


def practice_path(
    root: str | os.PathLike[str] = "practice_drive", *, masks: bool = False
) -> str | None:
    """Draws the folder `practice` below `root`, once, so that `root` can stand in for a Drive.

    Example:
        `drive = connect(practice_path()); files = drive.list_images("practice")`

    Args:
        root: Where to; it is made if it does not exist. Draw another time by deleting `practice`.
        masks: Whether to add `practice-masks` and `practice-targets.csv` beside it, where they are
            missing; see `make_practice_folder`.

    Returns:
        `root`; or None where the environment variable COLAB_HELPERS_DRIVE already names a source.
    """
    if os.environ.get("COLAB_HELPERS_DRIVE"):
        return None
    names = ["practice"]
    if masks:
        names += ["practice-masks", "practice-targets.csv"]
    if not all(Path(root, name).exists() for name in names):
        fill_whole(Path(root), lambda empty: make_practice_folder(empty / "practice", masks=masks))
    return str(root)


def _drawn_files(classes: int, files_per_class: int, seed: int) -> Iterator[DrawnFile]:
    for index in range(classes):
        name = class_name(index)
        for number in range(1, files_per_class + 1):
            ending = "png" if number % 3 == 0 else "jpg"
            drawing = draw_with_targets(index, number, seed=seed)
            yield DrawnFile(f"{name}/{name}_{number:03}.{ending}", drawing)


def _encoded(drawn: DrawnFile) -> bytes:
    if drawn.path.endswith(".png"):
        return as_png(drawn.drawing.picture)
    return as_jpeg(drawn.drawing.picture)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _row(path: str, targets: Targets) -> tuple[str, str, int, str]:
    return path, " ".join(targets.labels), targets.things, f"{targets.share:.4f}"


def _write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
