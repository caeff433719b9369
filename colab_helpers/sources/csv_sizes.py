"""Which sizes of a picture a number of values fits. Pure."""

from __future__ import annotations

import itertools
import math

__all__ = ["CHANNELS", "fitting_sizes"]

CHANNELS = {"rgb": 3, "grayscale": 1}  # by color mode
LONGEST_TO_SHORTEST = 2  # of the sides of a picture that is worth a mention


def fitting_sizes(*counts: int) -> list[str]:
    """What to write for pictures of so many values: squares, or else what is nearly one.

    Example:
        >>> fitting_sizes(783, 784), fitting_sizes(7)
        (["image_size=(28, 28), color_mode='grayscale'"], [])
    """
    squares = []
    others = []
    for count, (color_mode, channels) in itertools.product(counts, CHANNELS.items()):
        pixels, rest = divmod(count, channels)
        if rest or not pixels:
            continue
        height = _height(pixels)
        width = pixels // height
        said = f"image_size=({height}, {width}), color_mode={color_mode!r}"
        if height == width:
            squares.append(said)
        elif width <= LONGEST_TO_SHORTEST * height:
            others.append(said)
    return squares or others


def _height(pixels: int) -> int:
    """The shorter side of the rectangle of so many pixels that is the nearest to a square."""
    for height in range(math.isqrt(pixels), 0, -1):
        if pixels % height == 0:
            return height
    return 1
