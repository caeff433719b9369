"""Makes an image brighter or darker: `relight` shifts all channels, then multiplies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["relight"]


def relight(image: npt.NDArray[Any], added: float, factor: float) -> npt.NDArray[Any]:
    """Adds within the range that the image has, then multiplies: ImageDataGenerator's order.

    Args:
        image: uint8 or float array. What uint8 cannot hold is cut off at 0 and 255; floats are not
            cut off after the multiplication, since their white is not known.
        added: To all channels.
        factor: For all channels.
    """
    if factor == 1 and added == 0:
        return image
    if image.dtype == np.uint8:
        return relight_bytes(image, added, factor)
    number = image.dtype.type  # Python's floats would make float64 of float32
    shifted = image
    if added != 0:
        shifted = (image + number(added)).clip(image.min(), image.max())
    relit: npt.NDArray[Any] = shifted * number(factor)
    return relit


def relight_bytes(image: npt.NDArray[np.uint8], added: float, factor: float) -> npt.NDArray[Any]:
    """Relights by a table: 256 values are computed instead of all pixels."""
    values = np.arange(256)
    if added != 0:
        values = (values + added).clip(image.min(), image.max()).astype(np.uint8)
    table = (values * factor).clip(0, 255).astype(np.uint8)
    return table[image]
