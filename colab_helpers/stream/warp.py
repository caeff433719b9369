"""Moves the pixels of an image as a matrix says.

Coordinates are in pixels, x to the right and y down, from the upper left corner. A matrix leads
from a place (x, y) in the result to the place in the image that is seen there:
`(a * x + b * y + c, d * x + e * y + f)`. It is six numbers and no array, as these are multiplied
for each image.
"""

from __future__ import annotations

import functools
import math
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

__all__ = [
    "FILL_MODES",
    "FillMode",
    "Matrix",
    "mirror",
    "mirroring_ends",
    "mirroring_sides",
    "product",
    "rotation",
    "scaling",
    "shearing",
    "translation",
]

FillMode = Literal["nearest", "reflect", "wrap", "constant"]
FILL_MODES = get_args(FillMode)


class Matrix(NamedTuple):
    """The first two rows of a matrix (3, 3); the third is 0, 0, 1."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a place in the result lies in the image."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def after(self, inner: Matrix) -> Matrix:
        """The matrix that applies `inner` first, and then this one."""
        return Matrix(
            a=self.a * inner.a + self.b * inner.d,
            b=self.a * inner.b + self.b * inner.e,
            c=self.a * inner.c + self.b * inner.f + self.c,
            d=self.d * inner.a + self.e * inner.d,
            e=self.d * inner.b + self.e * inner.e,
            f=self.d * inner.c + self.e * inner.f + self.f,
        )


def product(*steps: Matrix) -> Matrix:
    """The matrix that applies the last of these first.

    Example:
        >>> product(translation(5, 0), scaling(2, 2)).place(10, 10)
        (25, 20)
    """
    return functools.reduce(Matrix.after, steps)


def translation(x: float, y: float) -> Matrix:
    """Moves by x to the right and y down, in pixels."""
    return Matrix(1, 0, x, 0, 1, y)


def scaling(x: float, y: float) -> Matrix:
    """Multiplies x and y by factors."""
    return Matrix(x, 0, 0, 0, y, 0)


def rotation(angle: float) -> Matrix:
    """Turns around the upper left corner by an angle in radians."""
    cosine = math.cos(angle)
    sine = math.sin(angle)
    return Matrix(cosine, -sine, 0, sine, cosine, 0)


def shearing(angle: float) -> Matrix:
    """Slants vertical lines by an angle in radians, as Keras's `apply_affine_transform` does."""
    return Matrix(1, -math.sin(angle), 0, 0, math.cos(angle), 0)


def mirroring_sides(width: int) -> Matrix:
    """Mirrors left and right of a width in pixels."""
    return Matrix(-1, 0, width, 0, 1, 0)


def mirroring_ends(height: int) -> Matrix:
    """Mirrors top and bottom of a height in pixels."""
    return Matrix(1, 0, 0, 0, -1, height)


def mirror(image: npt.NDArray[Any], *, vertically: bool, horizontally: bool) -> npt.NDArray[Any]:
    """Mirrors an image (height, width, channels) top and bottom, left and right."""
    pixel = np.dtype((np.void, image.shape[2] * image.itemsize))
    pixels = np.ascontiguousarray(image).view(pixel)  # whole ones move faster than channels
    if vertically:
        pixels = pixels[::-1]
    if horizontally:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels).view(image.dtype)
