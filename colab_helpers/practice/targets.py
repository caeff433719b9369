"""What a picture shows, as it can be learnt: a mask, words and numbers, known exactly.

They come from the same drawing as the picture: nothing is guessed from its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .canvas import NO_THING, Canvas
from .light import ORANGE, PINK, RED, YELLOW

WARM_PAINTS = (RED, ORANGE, YELLOW, PINK)
SMALLEST_THING = 0.003  # share of the picture; what shows less of itself is not counted
PALETTE = (
    *(0, 0, 0),  # nothing: black
    *(230, 60, 60),  # balloons: red
    *(240, 200, 40),  # flowers: yellow
    *(60, 160, 230),  # a lighthouse: blue
    *(240, 240, 240),  # mountains: white
    *(60, 200, 110),  # sailing boats: green
)


@dataclass(frozen=True)
class Targets:
    """What can be learnt from a picture.

    Attributes:
        labels: Sorted words: one of "day", "evening" and "night"; and "several" (two things or
            more), "warm" (the nearest thing is red, orange, yellow or pink) and "water" where
            they are true.
        things: How many balloons, flowers, lighthouses, mountains or boats one sees.
        share: How much of the picture they cover, from 0 to 1.
    """

    labels: tuple[str, ...]
    things: int
    share: float


def mask_of(canvas: Canvas, value: int, reduction: int) -> Image.Image:
    """The mask of a picture that is drawn `reduction` times as large as it is kept.

    Args:
        canvas: The drawing.
        value: Of the pixels that show a thing, from 1 to 255.
        reduction: As `Image.reduce` takes it.

    Returns:
        An image with a palette ("P"), `value` where things cover at least half of a pixel, else 0.
    """
    shown = np.asarray(canvas.things) != NO_THING
    covered = Image.fromarray(np.where(shown, np.uint8(255), np.uint8(0))).reduce(reduction)
    mask = Image.fromarray(np.where(np.asarray(covered) >= 127, np.uint8(value), np.uint8(0)))
    mask.putpalette(PALETTE)
    return mask


def targets_of(canvas: Canvas, mask: Image.Image) -> Targets:
    """What can be learnt from a drawing; `mask` is that of `mask_of`."""
    pixels = np.bincount(np.asarray(canvas.things).ravel(), minlength=len(canvas.paints) + 1)
    shares = pixels[1:] / pixels.sum()
    things = int((shares >= SMALLEST_THING).sum())
    labels = [canvas.light.time]
    if things > 1:
        labels.append("several")
    if canvas.paints[-1] in WARM_PAINTS:
        labels.append("warm")
    if canvas.water:
        labels.append("water")
    share = float(np.mean(np.asarray(mask) != 0))
    return Targets(tuple(sorted(labels)), things, share)
