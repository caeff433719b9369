"""What a scene stands on: hills, a plain, the sea, a lake."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .canvas import NO_THING, Canvas, Place, soft_noise
from .light import Colour
from .shapes import rectangle

SEA = Colour(38, 98, 136)
LAKE = Colour(46, 90, 116)
SUN_ON_WATER = Colour(255, 240, 200, 110)
RIPPLE = Colour(255, 255, 255, 40)
GLINT = ((-1.0, 0.0), (0.0, -0.12), (1.0, 0.0), (0.0, 0.12))  # a flat rhombus


def draw_hills(
    canvas: Canvas,
    rng: np.random.Generator,
    base: float,
    height: float,
    colour: Colour,
    far: float = 0.0,
) -> None:
    """A row of hills that rise from `base`, a y in the picture, by up to `height`."""
    across = np.linspace(0, 1, 50)
    heights = soft_noise(rng, (5, 3), size=(15, 3))[1]
    ridge = base - height * np.interp(across, np.linspace(0, 1, 15), heights)
    canvas.polygon([(0, 1), *zip(across, ridge), (1, 1)], colour, far=far)


def draw_plain(canvas: Canvas, rng: np.random.Generator, colour: Colour) -> None:
    """A plain from the horizon down: paler far off, with specks."""
    for near in np.linspace(0, 1, 14):
        strip = rectangle(0, canvas.below_horizon(near), 1, 1)
        canvas.polygon(strip, colour, far=0.5 * (1 - near) ** 2)
    for x, chance, tone in rng.uniform(0, 1, (60, 3)):
        near = chance**2  # squared: more of them are far off
        speck = colour.darker(20 - 40 * tone).with_opacity(130)
        draw_glint(canvas, x, near, 0.01 + 0.07 * near, speck)


def draw_sea(canvas: Canvas, rng: np.random.Generator) -> None:
    """Water from the horizon down, with the light of the sun on it."""
    canvas.water = True
    draw_plain(canvas, rng, SEA)
    for step in np.linspace(0, 1, 26):
        x = canvas.sun[0] + rng.normal(0, 0.02 + 0.04 * step)
        draw_glint(canvas, x, step**1.5, 0.02 + 0.05 * step, SUN_ON_WATER, lit=True)


def draw_lake(canvas: Canvas, rng: np.random.Generator) -> None:
    """Water from the horizon down, which mirrors what was drawn above it."""
    canvas.water = True
    width, height = canvas.size
    shore = int(canvas.horizon * height)
    above = canvas.image.crop((0, max(0, 2 * shore - height), width, shore))
    blurred = above.resize((width // 3, height // 8))
    water = Image.new("RGB", blurred.size, canvas.seen(LAKE)[:3])
    mirror = Image.blend(blurred, water, 0.35).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    canvas.image.paste(mirror.resize((width, height - shore)), (0, shore))
    canvas.things.paste(NO_THING, (0, shore, width, height))
    for x, chance in rng.uniform(0, 1, (40, 2)):
        draw_glint(canvas, x, chance**2, 0.01 + 0.06 * chance, RIPPLE)


def draw_glint(
    canvas: Canvas, x: float, near: float, scale: float, colour: Colour, *, lit: bool = False
) -> None:
    """A flat speck on the ground, `near` from 0 (the horizon) to 1 (the lower edge)."""
    canvas.polygon_at(Place(x, canvas.below_horizon(near), scale), GLINT, colour, lit=lit)
