"""Turns pixels upright, as the EXIF orientation says."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["is_on_its_side", "turn_upright"]

# Orientations, as EXIF counts them: https://exiftool.org/TagNames/EXIF.html
MIRRORED = (2, 4, 5, 7)
QUARTERS = {3: 2, 4: 2, 5: -1, 6: -1, 7: 1, 8: 1}  # turns to the left that bring a picture upright
TURNED = range(2, 9)
ON_ITS_SIDE = range(5, 9)


def is_on_its_side(orientation: int) -> bool:
    """Whether width and height change places when a picture is turned upright."""
    return orientation in ON_ITS_SIDE


def turn_upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Turns and mirrors pixels of an orientation from 2 to 8; any other number leaves them.

    Example:
        >>> pixels = np.array([[1, 2], [3, 4]])
        >>> turn_upright(pixels, 6).tolist()
        [[3, 1], [4, 2]]
    """
    if orientation not in TURNED:
        return pixels
    upright = np.rot90(pixels, QUARTERS.get(orientation, 0))
    if orientation in MIRRORED:
        upright = upright[:, ::-1]
    return np.ascontiguousarray(upright)
