"""What is drawn to vary one image, and the one matrix that it all becomes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .warp import (
    Matrix,
    mirror,
    mirroring_ends,
    mirroring_sides,
    product,
    rotation,
    scaling,
    shearing,
    translation,
)

__all__ = ["Shift", "Variation", "draw_angle", "draw_shift"]

Shift = float | Sequence[float]


@dataclass(frozen=True)
class Variation:
    """What was drawn for one image: angles in radians, shifts and the crop's corner in pixels."""

    rotation_angle: float
    shear_angle: float
    shift_x: float
    shift_y: float
    zoom_x: float
    zoom_y: float
    crop_share: float
    crop_left: float
    crop_top: float
    flips_vertically: bool
    flips_horizontally: bool
    brightness: float
    channel_shift: float

    @property
    def moves_nothing(self) -> bool:
        """Whether nothing turns, shears, shifts, zooms or crops; a flip may be left."""
        return self._only_crops and self.crop_share == 1

    @property
    def _only_crops(self) -> bool:
        moves = (self.rotation_angle, self.shear_angle, self.shift_x, self.shift_y)
        zooms = (self.zoom_x, self.zoom_y)
        return moves == (0, 0, 0, 0) and zooms == (1, 1)

    def matrix(self, height: int, width: int) -> Matrix:
        """Returns the matrix from a place in the result to its place in the image, flips included.

        Args:
            height: Of the image in pixels.
            width: Of the image in pixels.
        """
        flips = []
        if self.flips_horizontally:
            flips.append(mirroring_sides(width))
        if self.flips_vertically:
            flips.append(mirroring_ends(height))
        crop = product(
            translation(self.crop_left, self.crop_top), scaling(self.crop_share, self.crop_share)
        )
        if self._only_crops:
            return product(crop, *flips)  # exact, while moving to the centre and back would round
        return product(
            translation(width / 2, height / 2),
            rotation(self.rotation_angle),
            translation(self.shift_x, self.shift_y),
            shearing(self.shear_angle),
            scaling(self.zoom_x, self.zoom_y),
            translation(-width / 2, -height / 2),
            crop,
            *flips,
        )

    def mirrored(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The image with the flips alone applied."""
        if not self.flips_vertically and not self.flips_horizontally:
            return image
        return mirror(image, vertically=self.flips_vertically, horizontally=self.flips_horizontally)


def draw_angle(degrees: float, rng: np.random.Generator) -> float:
    """Draws an angle in radians, of at most so many degrees to either side."""
    return math.radians(rng.uniform(-degrees, degrees))


def draw_shift(shift: Shift, size: int, rng: np.random.Generator) -> float:
    """Draws a shift in pixels by the rules for a list, an int or a float.

    Args:
        shift: As `width_shift_range`.
        size: Width or height of the image in pixels.
        rng: Moves on.
    """
    if isinstance(shift, Sequence):
        distance = rng.choice(shift) * rng.choice((-1, 1))
        return float(distance * unit_of_shift(max(shift), size))
    if isinstance(shift, (int, np.integer)):
        return int(rng.integers(1 - shift, shift)) if shift else 0
    return rng.uniform(-shift, shift) * unit_of_shift(shift, size)


def unit_of_shift(largest: float, size: int) -> int:
    """Returns the pixels that 1 means: below 1 all of `size`, as it is a share, else one."""
    return size if largest < 1 else 1
