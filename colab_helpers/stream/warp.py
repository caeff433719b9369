"""Moves the pixels of an image as a matrix says.

Coordinates are in pixels, x to the right and y down, from the upper left corner. A matrix leads
from a place (x, y, 1) in the result to the place in the image that is seen there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = [
    "FILL_MODES",
    "FillMode",
    "Matrix",
    "rotation",
    "scaling",
    "shearing",
    "translation",
    "warp",
]

FillMode = Literal["nearest", "reflect", "wrap", "constant"]
Matrix = npt.NDArray[np.float64]  # (3, 3)

# What numpy.pad calls them; "constant" needs no pad.
PAD_MODES: dict[str, Literal["edge", "symmetric", "wrap"]] = {
    "nearest": "edge",
    "reflect": "symmetric",
    "wrap": "wrap",
}
FILL_MODES = (*PAD_MODES, "constant")


def translation(x: float, y: float) -> Matrix:
    """Moves by x to the right and y down, in pixels."""
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def scaling(x: float, y: float) -> Matrix:
    """Multiplies x and y by factors."""
    return np.array([[x, 0.0, 0], [0, y, 0], [0, 0, 1]])


def rotation(angle: float) -> Matrix:
    """Turns around the upper left corner by an angle in radians."""
    cosine = math.cos(angle)
    sine = math.sin(angle)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])


def shearing(angle: float) -> Matrix:
    """Slants vertical lines by an angle in radians, as Keras's `apply_affine_transform` does."""
    return np.array([[1, -math.sin(angle), 0], [0, math.cos(angle), 0], [0, 0, 1]])


def warp(
    image: npt.NDArray[Any], matrix: Matrix, fill_mode: FillMode, cval: float
) -> npt.NDArray[Any]:
    """Returns the image that shows at each place p what lies at `matrix @ p`.

    Args:
        image: uint8 or float array (height, width, channels).
        matrix: From the result to the image, (3, 3).
        fill_mode: What is seen outside the image.
        cval: The value outside, for "constant".

    Returns:
        An array of the same shape and dtype.
    """
    height, width = image.shape[:2]
    size = (width, height)
    if fill_mode != "constant":
        margins = margins_seen(matrix, width, height)
        image = margins.lay_out(image, fill_mode)
        matrix = translation(margins.left, margins.top) @ matrix
    if image.dtype != np.uint8:
        return transform_floats(image, matrix, size, cval)
    if image.shape[2] == 3:
        return transform(image, matrix, size, fill=(int(cval),) * 3)
    planes = [transform(plane, matrix, size, fill=int(cval)) for plane in planes_of(image)]
    return np.stack(planes, axis=2)


@dataclass(frozen=True)
class Margins:
    """How many pixels outside an image are seen, at each side."""

    left: int
    top: int
    right: int
    bottom: int

    def lay_out(self, image: npt.NDArray[Any], fill_mode: FillMode) -> npt.NDArray[Any]:
        """Adds so much of the outside to the image."""
        rows = (self.top, self.bottom)
        columns = (self.left, self.right)
        return np.pad(image, (rows, columns, (0, 0)), PAD_MODES[fill_mode])


def margins_seen(matrix: Matrix, width: int, height: int) -> Margins:
    """Follows the corners of the result to where they lie in the image, and beyond by a pixel."""
    corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    seen = (matrix @ corners)[:2]
    before = 1 - np.floor(seen.min(axis=1))
    after = 1 + np.ceil(seen.max(axis=1)) - (width, height)
    left, top = np.maximum(0, before).astype(int)
    right, bottom = np.maximum(0, after).astype(int)
    return Margins(left, top, right, bottom)


def transform_floats(
    image: npt.NDArray[Any], matrix: Matrix, size: tuple[int, int], cval: float
) -> npt.NDArray[Any]:
    """Warps each channel in float32, which is what Pillow takes."""
    planes = []
    for plane in planes_of(image):
        planes.append(transform(plane.astype(np.float32), matrix, size, fill=float(cval)))
    return np.stack(planes, axis=2).astype(image.dtype)


def planes_of(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the channels, each an array (height, width)."""
    return image.transpose(2, 0, 1)


def transform(
    pixels: npt.NDArray[Any],
    matrix: Matrix,
    size: tuple[int, int],
    fill: float | tuple[int, ...],
) -> npt.NDArray[Any]:
    """Warps what Pillow can hold: one plane, or three channels of uint8.

    Args:
        pixels: uint8 array (height, width, 3) or (height, width), or float32 (height, width).
        matrix: From the result to the pixels, (3, 3).
        size: `(width, height)` of the result.
        fill: The value outside.
    """
    warped = Image.fromarray(pixels).transform(
        size,
        Image.Transform.AFFINE,
        matrix[:2].ravel().tolist(),
        Image.Resampling.BILINEAR,
        fillcolor=fill,
    )
    return np.asarray(warped)
