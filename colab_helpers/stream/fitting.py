"""What pixels a decoder's user wants, and how a picture of any size is brought to them.

Pure arithmetic: nothing here knows Pillow or OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["ColorMode", "Fit", "Fitting", "Interpolation", "Wanted", "add_border"]

ColorMode = Literal["rgb", "grayscale"]
Fit = Literal["stretch", "crop", "pad"]
# The names of Keras, then those of its `load_img`.
Interpolation = Literal[
    "bilinear", "nearest", "bicubic", "area", "lanczos3", "box", "hamming", "lanczos"
]
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels


@dataclass(frozen=True)
class Wanted:
    """The choices of a decoder's user, whichever library decodes.

    Attributes:
        image_size: `(height, width)` in pixels.
        color_mode: "rgb" or "grayscale".
        interpolation: How pixels are resized.
        fit: How a picture of other proportions is brought to `image_size`.
    """

    image_size: tuple[int, int]
    color_mode: ColorMode
    interpolation: Interpolation
    fit: Fit

    @property
    def keeps_values(self) -> bool:
        """Whether values stay as they are in the file, as those of a mask must."""
        return self.color_mode == "grayscale" and self.interpolation == "nearest"

    def on_its_side(self) -> Wanted:
        """What is wanted of a picture before a quarter turn: its fits are symmetric, so they stay.

        Example:
            >>> Wanted((90, 120), "rgb", "bilinear", "crop").on_its_side().image_size
            (120, 90)
        """
        height, width = self.image_size
        return replace(self, image_size=(width, height))

    def fit_picture(self, width: float, height: float) -> Fitting:
        """Says how a picture of this width and height, in pixels, is brought to `image_size`.

        Example:
            >>> wanted = Wanted((90, 120), "rgb", "bilinear", "crop")
            >>> wanted.fit_picture(640, 360)
            Fitting(size=(120, 90), box=(80.0, 0, 560.0, 360))
        """
        if self.fit == "crop":
            return crop_to_proportions(width, height, self.image_size)
        if self.fit == "pad":
            return shrink_to_fit_inside(width, height, self.image_size)
        wanted_height, wanted_width = self.image_size
        return Fitting((wanted_width, wanted_height), (0, 0, width, height))


@dataclass(frozen=True)
class Fitting:
    """How a picture is brought to the size wanted.

    Attributes:
        size: `(width, height)` in pixels to resize to, in Pillow's and OpenCV's order.
        box: The part of the picture that is resized.
    """

    size: tuple[int, int]
    box: Box

    @property
    def shrinking(self) -> float:
        """How many pixels of the picture become one, along the side where these are fewer."""
        left, top, right, bottom = self.box
        width, height = self.size
        return min((right - left) / width, (bottom - top) / height)


def crop_to_proportions(width: float, height: float, image_size: tuple[int, int]) -> Fitting:
    """Takes the largest middle part that has the proportions of `image_size`."""
    wanted_height, wanted_width = image_size
    scale = max(wanted_width / width, wanted_height / height)
    left = max(0, (width - wanted_width / scale) / 2)
    top = max(0, (height - wanted_height / scale) / 2)
    return Fitting((wanted_width, wanted_height), (left, top, width - left, height - top))


def shrink_to_fit_inside(width: float, height: float, image_size: tuple[int, int]) -> Fitting:
    """Takes the whole picture, at the largest size that `image_size` has room for."""
    wanted_height, wanted_width = image_size
    scale = min(wanted_width / width, wanted_height / height)
    fitted_width = max(1, round(width * scale))
    fitted_height = max(1, round(height * scale))
    return Fitting((fitted_width, fitted_height), (0, 0, width, height))


def add_border(pixels: npt.NDArray[np.uint8], shape: tuple[int, int, int]) -> npt.NDArray[np.uint8]:
    """Puts pixels into the middle of a black picture, where they do not fill it already.

    Args:
        pixels: uint8 array (height, width) or (height, width, channels).
        shape: `(height, width, channels)` wanted.
    """
    height, width = pixels.shape[:2]
    pixels = pixels.reshape(height, width, -1)
    if pixels.shape == shape:
        return pixels
    missing = np.subtract(shape, pixels.shape)
    before = missing // 2
    after = missing - before
    return np.pad(pixels, np.stack([before, after], axis=1))
