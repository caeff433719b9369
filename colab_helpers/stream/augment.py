"""Pixels to varied pixels: `augmenter` turns, shifts, enlarges, mirrors and relights an image.

First a `Variation` is drawn: all random numbers, in an order that must stay, so that a seed gives
the pictures that it gave; new draws go last. Then the variation is applied: one warp for the whole
geometry (`warp.py`), flips, and light.

Example:
    >>> import numpy as np
    >>> from colab_helpers.stream import augmenter
    >>> augment = augmenter(rotation_range=20, horizontal_flip=True)
    >>> image = np.zeros((64, 96, 3), np.uint8)
    >>> augment(image, np.random.default_rng(seed=0)).shape
    (64, 96, 3)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import check_choice
from .warp import (
    FILL_MODES,
    FillMode,
    Matrix,
    rotation,
    scaling,
    shearing,
    translation,
    warp,
)

__all__ = ["augmenter"]

Shift = float | Sequence[float]


@dataclass(frozen=True)
class augmenter:  # lower case, as `decoder`
    """Returns `augment(image, rng) -> image`, varied as Keras's `ImageDataGenerator` does.

    Words and meanings are those of `ImageDataGenerator`. The same state of the generator `rng`
    gives the same picture. What lies between pixels is bilinear.

    Example:
        ```python
        augment = augmenter(rotation_range=20, zoom_range=0.2, horizontal_flip=True)
        varied = augment(image, np.random.default_rng(seed))
        ```

    Args:
        rotation_range: Degrees; turned by between `-rotation_range` and `+rotation_range`.
        width_shift_range: A float below 1 is a share of the width, from 1 on pixels; an int n
            means whole pixels from -n + 1 to n - 1; a list means one of its values, to either side.
        height_shift_range: The same, of the height.
        shear_range: Degrees of the shearing angle.
        zoom_range: A float z for 1 - z to 1 + z, or `(lowest, highest)`; width and height are
            drawn apart, and a value below 1 enlarges what is seen.
        channel_shift_range: What is added to all values, from minus to plus this, within the
            image's own range.
        brightness_range: A factor, `(lowest, highest)`; 1 leaves the brightness as it is.
        horizontal_flip: Mirror left and right, every other time.
        vertical_flip: Mirror top and bottom, every other time.
        fill_mode: What is seen outside the picture: "nearest", "reflect", "wrap" or "constant".
        cval: The value outside, for "constant".
        random_crop: A share such as 0.8: a window of this share of width and height, anywhere in
            the picture, is enlarged to its size. Not a word of ImageDataGenerator.

    Raises:
        ValueError: There is no such `fill_mode`, or `zoom_range`, `brightness_range` or
            `random_crop` is out of range.
    """

    rotation_range: float = 0.0
    width_shift_range: Shift = 0.0
    height_shift_range: Shift = 0.0
    shear_range: float = 0.0
    zoom_range: float | tuple[float, float] = 0.0
    channel_shift_range: float = 0.0
    brightness_range: tuple[float, float] | None = None
    horizontal_flip: bool = False
    vertical_flip: bool = False
    fill_mode: FillMode = "nearest"
    cval: float = 0.0
    random_crop: float = 1.0

    def __post_init__(self) -> None:
        check_choice("fill_mode", self.fill_mode, FILL_MODES)
        lowest_zoom, highest_zoom = self._zoom_factors
        if not 0 < lowest_zoom <= highest_zoom:
            self._refuse("zoom_range")
        if self.brightness_range:
            darkest, brightest = self.brightness_range
            if not 0 <= darkest <= brightest:
                self._refuse("brightness_range")
        if not 0 < self.random_crop <= 1:
            self._refuse("random_crop")

    def _refuse(self, name: str) -> None:
        raise ValueError(f"`{name}` is out of range. Received: {name}={getattr(self, name)!r}")

    @property
    def _zoom_factors(self) -> tuple[float, float]:
        """The lowest and the highest factor."""
        if isinstance(self.zoom_range, (int, float, np.number)):
            return 1 - self.zoom_range, 1 + self.zoom_range
        return self.zoom_range

    def __call__(self, image: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
        """Varies one image by values drawn from `rng`.

        Args:
            image: uint8 or float array (height, width, channels); it is not changed.
            rng: A `numpy.random.Generator`, which moves on.

        Returns:
            A contiguous array of the same shape and dtype.
        """
        height, width = image.shape[:2]
        variation = self._draw(height, width, rng)
        image = self._move(image, variation)
        image = relight(image, variation)
        return np.ascontiguousarray(image)

    def _draw(self, height: int, width: int, rng: np.random.Generator) -> Variation:
        """Draws all that is random; the order of the lines decides what each seed gives.

        So a line that draws something new goes last.
        """
        rotation_angle = draw_angle(self.rotation_range, rng)
        shear_angle = draw_angle(self.shear_range, rng)
        shift_x = draw_shift(self.width_shift_range, width, rng)
        shift_y = draw_shift(self.height_shift_range, height, rng)
        zoom_x, zoom_y = rng.uniform(*self._zoom_factors, 2)
        crop_x, crop_y = rng.uniform(0, 1 - self.random_crop, 2)
        flips_vertically = self.vertical_flip and rng.random() < 0.5
        flips_horizontally = self.horizontal_flip and rng.random() < 0.5
        brightness = rng.uniform(*self.brightness_range) if self.brightness_range else 1.0
        channel_shift = rng.uniform(-self.channel_shift_range, self.channel_shift_range)
        return Variation(
            rotation_angle=rotation_angle,
            shear_angle=shear_angle,
            shift_x=shift_x,
            shift_y=shift_y,
            zoom_x=zoom_x,
            zoom_y=zoom_y,
            crop_share=self.random_crop,
            crop_left=crop_x * width,
            crop_top=crop_y * height,
            flips_vertically=flips_vertically,
            flips_horizontally=flips_horizontally,
            brightness=brightness,
            channel_shift=channel_shift,
        )

    def _move(self, image: npt.NDArray[Any], variation: Variation) -> npt.NDArray[Any]:
        """Applies all that moves pixels."""
        height, width = image.shape[:2]
        matrix = variation.matrix(height, width)
        if not np.array_equal(matrix, np.eye(3)):
            image = warp(image, matrix, self.fill_mode, self.cval)
        if variation.flips_vertically:
            image = np.flip(image, axis=0)
        if variation.flips_horizontally:
            image = np.flip(image, axis=1)
        return image


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
    def only_crops(self) -> bool:
        """Whether nothing turns, shears, shifts or zooms."""
        moves = (self.rotation_angle, self.shear_angle, self.shift_x, self.shift_y)
        zooms = (self.zoom_x, self.zoom_y)
        return moves == (0, 0, 0, 0) and zooms == (1, 1)

    def matrix(self, height: int, width: int) -> Matrix:
        """Returns the matrix from a place in the result to its place in the image, without flips.

        Args:
            height: Of the image in pixels.
            width: Of the image in pixels.
        """
        crop = translation(self.crop_left, self.crop_top) @ scaling(
            self.crop_share, self.crop_share
        )
        if self.only_crops:
            return crop  # exact, while moving to the centre and back would round
        steps = [
            translation(width / 2, height / 2),
            rotation(self.rotation_angle),
            translation(self.shift_x, self.shift_y),
            shearing(self.shear_angle),
            scaling(self.zoom_x, self.zoom_y),
            translation(-width / 2, -height / 2),
            crop,
        ]
        product: Matrix = np.linalg.multi_dot(steps)
        return product


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
    if not isinstance(shift, (int, float, np.number)):
        distance = rng.choice(shift) * rng.choice((-1, 1))
        return float(distance * unit_of_shift(np.max(shift), size))
    if isinstance(shift, (int, np.integer)):
        return int(rng.integers(1 - shift, shift)) if shift else 0
    return rng.uniform(-shift, shift) * unit_of_shift(shift, size)


def unit_of_shift(largest: float, size: int) -> int:
    """Returns the pixels that 1 means: below 1 all of `size`, as it is a share, else one."""
    return size if largest < 1 else 1


def relight(image: npt.NDArray[Any], variation: Variation) -> npt.NDArray[Any]:
    """Multiplies by a brightness, then shifts all channels within the range that the image has."""
    factor = variation.brightness
    added = variation.channel_shift
    if factor == 1 and added == 0:
        return image
    if image.dtype == np.uint8:
        return relight_bytes(image, factor, added)
    number = image.dtype.type  # Python's floats would make float64 of float32
    brighter = image * number(factor)
    relit: npt.NDArray[Any] = (brighter + number(added)).clip(brighter.min(), brighter.max())
    return relit


def relight_bytes(image: npt.NDArray[np.uint8], factor: float, added: float) -> npt.NDArray[Any]:
    """Relights by a table: 256 values are computed instead of all pixels."""
    brighter = (np.arange(256) * factor).clip(0, 255)
    darkest = brighter[image.min()]
    brightest = brighter[image.max()]
    table = (brighter + added).clip(darkest, brightest).astype(np.uint8)
    return table[image]
