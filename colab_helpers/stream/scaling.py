"""Pixels as a model wants them: the numbers of a batch, scaled and cast.

Example:
    >>> pixels = np.array([[[[0, 51, 255]]]], np.uint8)
    >>> scale(pixels, normalize="unit", dtype="float32")
    array([[[[0. , 0.2, 1. ]]]], dtype=float32)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import check_choice

__all__ = ["dtype_of", "scale"]

NORMALIZATIONS = (None, "unit", "zscore")


def dtype_of(normalize: str | None, dtype: str | None) -> str:
    """The dtype of the images that a model is given.

    Args:
        normalize: One of `NORMALIZATIONS`.
        dtype: As the user gave it; None leaves the choice.

    Raises:
        ValueError: One of the two is not allowed, or the two do not go together.
    """
    check_choice("normalize", normalize, NORMALIZATIONS)
    if normalize is None:
        dtype = dtype or "uint8"
        check_choice("dtype", dtype, ("uint8", "float16", "float32"))
    else:
        dtype = dtype or "float32"
        check_choice("dtype", dtype, ("float16", "float32"))
    return dtype


def scale(pixels: npt.NDArray[Any], normalize: str | None, dtype: str) -> npt.NDArray[Any]:
    """Scales a batch of pixels.

    Args:
        pixels: `(n, height, width, channels)`, 0 to 255.
        normalize: None leaves the values as they are, "unit" divides them by 255, "zscore" gives
            each image mean 0 and standard deviation 1, as
            `tf.image.per_image_standardization` does.
        dtype: Of the result, such as "uint8" or "float32".

    Returns:
        An array of the same shape; `pixels` itself where nothing is to be done.
    """
    if normalize is None:
        return pixels.astype(dtype, copy=False)
    images = pixels.astype(np.float32)
    if normalize == "unit":
        images /= 255
    else:
        for image in images:
            _standardize(image)
    return images.astype(dtype, copy=False)


def _standardize(image: npt.NDArray[np.float32]) -> None:
    """Gives one image mean 0 and standard deviation 1, in place."""
    image -= image.mean()
    # An image of one colour has no deviation; this least one is TensorFlow's.
    least_deviation = image.size**-0.5
    image /= max(image.std(), least_deviation)
