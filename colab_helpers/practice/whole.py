"""Folders that are filled wholly or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def fill_whole(folder: Path, fill: Callable[[Path], object]) -> None:
    """Adds to `folder` what `fill` puts into an empty one; what is there already stays.

    It is moved to its place at the end. So a cell that is stopped leaves nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as unfinished:
        fill(Path(unfinished))
        for made in Path(unfinished).iterdir():
            _move_if_missing(made, folder / made.name)


def _move_if_missing(made: Path, place: Path) -> None:
    if place.exists():
        return
    try:
        os.rename(made, place)
    except OSError:
        if not place.exists():  # else another notebook was quicker
            raise
