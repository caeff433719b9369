"""Moves a mask as its image is moved: no value of it is blended, and outside it has its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .variation import Variation
from .warp import Matrix, product, scaling

__all__ = ["move_mask"]

OUTSIDE = -1  # the number of no pixel


def move_mask(
    mask: npt.NDArray[Any], variation: Variation, image_shape: tuple[int, ...], cval: float
) -> npt.NDArray[Any]:
    """Moves a mask as a variation moves its image.

    Args:
        mask: uint8 or float array (height, width, channels), of any size.
        variation: What was drawn for the image.
        image_shape: Of the image, (height, width, channels).
        cval: The value outside.

    Returns:
        A contiguous array of the shape and dtype of the mask.
    """
    if variation.moves_nothing:
        return np.ascontiguousarray(variation.mirrored(mask))
    matrix = variation.matrix(*image_shape[:2])
    x = mask.shape[1] / image_shape[1]
    y = mask.shape[0] / image_shape[0]
    if (x, y) != (1, 1):
        matrix = product(scaling(x, y), matrix, scaling(1 / x, 1 / y))
    if mask.dtype == np.uint8:
        planes = [_warp(plane, matrix, round(cval)) for plane in mask.transpose(2, 0, 1)]
        return np.ascontiguousarray(np.stack(planes, axis=2))
    return _warp_floats(mask, matrix, cval)


def _warp_floats(mask: npt.NDArray[Any], matrix: Matrix, cval: float) -> npt.NDArray[Any]:
    """Moves the numbers of pixels instead of their values: Pillow knows no float of 64 bits."""
    height, width, channels = mask.shape
    numbers = np.arange(height * width, dtype=np.int32).reshape(height, width)
    places = _warp(numbers, matrix, OUTSIDE)
    moved: npt.NDArray[Any] = mask.reshape(-1, channels)[places]
    moved[places == OUTSIDE] = cval
    return moved


def _warp(plane: npt.NDArray[Any], matrix: Matrix, outside: int) -> npt.NDArray[Any]:
    image = Image.fromarray(plane)
    warped = image.transform(
        image.size,
        Image.Transform.AFFINE,
        matrix,
        Image.Resampling.NEAREST,
        fillcolor=outside,
    )
    return np.asarray(warped)
