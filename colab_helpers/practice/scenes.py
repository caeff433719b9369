"""One scene for each class: balloons, flowers, a lighthouse, mountains, sailing boats.

A scene draws from the back to the front. Each thing in it is drawn in coordinates of its own, as
`canvas.py` explains: the envelope of a balloon, for example, is a disc of radius 1 about (0, 0),
and its basket hangs below at y = 1.6 to 1.9.

The order in which random numbers are drawn is part of a picture: a draw added, left out or moved
changes every picture of the class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi, sin
from typing import TypeAlias

import numpy as np

from .canvas import Canvas, Place
from .landscape import draw_hills, draw_lake, draw_plain, draw_sea
from .light import (
    BLUE,
    BRIGHT,
    GREEN,
    ORANGE,
    PINK,
    RED,
    VIOLET,
    WHITE,
    WOOD,
    YELLOW,
    Colour,
    pick,
)
from .shapes import Outline, Point, mirrored, oval, rectangle, trapezoid

Scene: TypeAlias = Callable[[Canvas, np.random.Generator], None]

# --- balloons ----------------------------------------------------------------------------------

BASKET = Colour(122, 82, 48)
SHEEN = Colour(255, 255, 255, 34)


def draw_balloons(canvas: Canvas, rng: np.random.Generator) -> None:
    """Hot-air balloons over hills."""
    draw_hills(canvas, rng, canvas.horizon + 0.22, 0.16, Colour(96, 130, 110), far=0.5)
    draw_hills(canvas, rng, canvas.horizon + 0.3, 0.12, Colour(86, 126, 62), far=0.1)
    nearest = rng.uniform(0.16, 0.28)
    others = rng.uniform(0.06, 0.18, rng.integers(0, 3))
    for scale in sorted([nearest, *others]):
        draw_balloon(canvas, rng, scale)


def draw_balloon(canvas: Canvas, rng: np.random.Generator, scale: float) -> None:
    """A balloon in stripes of two colours; a small one is far off."""
    x = rng.uniform(0.15, 0.85)
    y = rng.uniform(0.22, 0.5)
    place = Place(x, y, scale, far=max(0, 0.4 - 2.5 * scale))
    outer = pick(rng, BRIGHT)
    inner = pick(rng, (*BRIGHT, WHITE, WHITE))
    with canvas.thing(outer):
        _draw_ropes(canvas, place)
        _draw_skirt(canvas, place, outer, inner)
        _draw_envelope(canvas, place, outer, inner)
        canvas.polygon_at(place, trapezoid(0.2, 1.6, 0.16, 1.9), BASKET)


def _draw_ropes(canvas: Canvas, place: Place) -> None:
    for left in (-0.17, 0.17):
        canvas.polygon_at(place, rectangle(left, 1.3, left + 0.04, 1.7), WOOD)


def _draw_skirt(canvas: Canvas, place: Place, outer: Colour, inner: Colour) -> None:
    """The lower part of the envelope, which narrows towards the basket."""
    canvas.polygon_at(place, trapezoid(0.84, 0.55, 0.84 / 4, 1.35), outer)
    canvas.polygon_at(place, trapezoid(0.4, 0.8, 0.4 / 4, 1.35), inner)


def _draw_envelope(canvas: Canvas, place: Place, outer: Colour, inner: Colour) -> None:
    """Ellipses of equal height, each narrower than the one below it, seen as stripes."""
    center = (place.x, place.y)
    for wide, colour in ((1, outer), (0.8, inner), (0.55, outer), (0.25, inner)):
        canvas.disc(center, place.scale, colour, wide=wide, far=place.far)
    towards_light = (place.x - 0.2 * place.scale, place.y - 0.2 * place.scale)
    canvas.disc(towards_light, place.scale * 0.6, SHEEN)


# --- flowers -----------------------------------------------------------------------------------

MEADOW = Colour(84, 136, 60)
STEM = Colour(56, 112, 48)
LEAF = Colour(70, 130, 56)
HEART = Colour(222, 164, 46)
HEART_RIM = Colour(150, 96, 30)
SPOT_COLOURS = (YELLOW, GREEN, Colour(60, 110, 44), Colour(150, 190, 90))
BLOSSOM_COLOURS = (RED, ORANGE, YELLOW, BLUE, VIOLET, PINK, WHITE, WHITE)


def draw_flowers(canvas: Canvas, rng: np.random.Generator) -> None:
    """Large blossoms before a meadow out of focus."""
    canvas.horizon = rng.uniform(0.2, 0.45)
    draw_plain(canvas, rng, MEADOW)
    for x, near, size in rng.uniform(0, 1, (30, 3)):
        spot = pick(rng, SPOT_COLOURS).with_opacity(60)
        canvas.disc((x, canvas.below_horizon(near)), 0.02 + 0.05 * near * size, spot)
    colour = pick(rng, BLOSSOM_COLOURS)
    scales = rng.uniform(0.14, 0.3, rng.integers(1, 5))
    for scale in sorted(scales):
        draw_flower(canvas, rng, scale, colour)


def draw_flower(canvas: Canvas, rng: np.random.Generator, scale: float, colour: Colour) -> None:
    """A blossom on a stem that leans to one side."""
    x = rng.uniform(0.15, 0.85)
    y = rng.uniform(0.3, 0.65)
    lean = rng.uniform(-0.5, 0.5)
    place = Place(x, y, scale)
    _draw_stem(canvas, place, lean)
    with canvas.thing(colour):
        _draw_blossom(canvas, rng, place, colour)
        canvas.disc((x, y), scale * 0.24, HEART_RIM)
        canvas.disc((x, y), scale * 0.19, HEART)


def _draw_stem(canvas: Canvas, place: Place, lean: float) -> None:
    stem = ((-0.05, 0), (0.05, 0), (lean + 0.08, 6), (lean - 0.06, 6))
    leaf = oval((0.45 + lean / 3, 1.5), 0.5, 0.16, -0.6)
    canvas.polygon_at(place, stem, STEM)
    canvas.polygon_at(place, leaf, LEAF)


def _draw_blossom(canvas: Canvas, rng: np.random.Generator, place: Place, colour: Colour) -> None:
    """Two rings of petals, the inner one smaller, darker and turned a little."""
    petals = int(rng.integers(5, 13))
    start = rng.uniform(0, pi)
    for ring, shade in ((1.0, 0), (0.74, 22)):
        ring_place = Place(place.x, place.y, place.scale * ring)
        for number in range(petals):
            angle = start + 2 * pi * (number + ring) / petals
            middle = (0.55 * cos(angle), 0.55 * sin(angle))
            petal = oval(middle, 0.46, 1.2 / petals + 0.05, angle)
            every_other = 14 * (number % 2)
            canvas.polygon_at(ring_place, petal, colour.darker(shade + every_other))


# --- lighthouse --------------------------------------------------------------------------------

ROCK = Colour(96, 94, 80)
SHADE = Colour(20, 20, 40, 60)
BEAM = Colour(255, 240, 180, 60)
GALLERY = Colour(50, 50, 56)
LAMP = Colour(255, 232, 150)
STRIPE_COLOURS = (RED, BLUE, ORANGE, Colour(40, 44, 52))
BANDS = 6
BAND_HEIGHT = 0.32


def draw_lighthouse(canvas: Canvas, rng: np.random.Generator) -> None:
    """A striped tower on a rock by the sea; after dark its lamp shines."""
    draw_sea(canvas, rng)
    x = rng.uniform(0.2, 0.8)
    foot = canvas.horizon + rng.uniform(0.02, 0.1)
    scale = rng.uniform(0.16, 0.2)
    place = Place(x, foot, scale)
    _draw_rock(canvas, rng, Place(x, foot + 0.06, scale))
    stripe = pick(rng, STRIPE_COLOURS)
    with canvas.thing(stripe):
        _draw_tower(canvas, place, stripe)
        if canvas.light.is_dark:
            _draw_beams(canvas, place)
        canvas.polygon_at(place, trapezoid(0.27, -1.9, 0.27, -2), GALLERY)
        canvas.polygon_at(place, trapezoid(0.14, -2, 0.14, -2.3), LAMP, lit=True)
        canvas.polygon_at(place, ((-0.2, -2.3), (0.2, -2.3), (0, -2.6)), stripe)  # the roof


def _draw_rock(canvas: Canvas, rng: np.random.Generator, place: Place) -> None:
    """A dark layer, then a lighter one a little lower."""
    foot = ((-2.6, 0.5), (-1.2, 0.75), (1.4, 0.8), (2.7, 0.45))
    for drop, shade in ((0, 24), (0.08, 0)):
        ridge = []
        for angle in np.linspace(0, pi, 16):
            roughness = rng.uniform(0.7, 1.2)
            ridge.append((2.2 * cos(angle), drop - 0.5 * sin(angle) * roughness))
        canvas.polygon_at(place, [*ridge, *foot], ROCK.darker(shade))


def _draw_tower(canvas: Canvas, place: Place, stripe: Colour) -> None:
    """Bands of two colours from the ground up, each with its shaded side."""
    for band in range(BANDS):
        colour = stripe if band % 2 else WHITE
        canvas.polygon_at(place, _part_of_band(band, left_edge=-1), colour)
        canvas.polygon_at(place, _part_of_band(band, left_edge=0.3), SHADE)


def _part_of_band(band: int, left_edge: float) -> Outline:
    """A band of the tower, from `left_edge` (-1 is its left side) to its right side."""
    low = -BAND_HEIGHT * band
    high = -BAND_HEIGHT * (band + 1)
    half_width_low = 0.36 + 0.09 * low
    half_width_high = 0.36 + 0.09 * high
    return [
        (half_width_low * left_edge, low),
        (half_width_low, low),
        (half_width_high, high),
        (half_width_high * left_edge, high),
    ]


def _draw_beams(canvas: Canvas, place: Place) -> None:
    lamp = (0, -2.15)
    beams = ((-6, -2.8), lamp, (6, -2.8), (6, -1.5), lamp, (-6, -1.5))
    canvas.polygon_at(place, beams, BEAM, lit=True)


# --- mountains ---------------------------------------------------------------------------------

CLIFF = Colour(88, 92, 112)
SHADED_CLIFF = Colour(62, 66, 90)
SNOW = Colour(246, 248, 255)
SHADED_SNOW = Colour(184, 196, 226)
WOODED_HILL = Colour(44, 82, 58)


@dataclass(frozen=True)
class Peak:
    """A mountain, given in places of the picture.

    Attributes:
        x: Where its top is, from left to right.
        base: Where its foot is, from top to bottom.
        wide: Half the width of its foot.
        height: From foot to top.
    """

    x: float
    base: float
    wide: float
    height: float

    def point(self, side: float, down: float) -> Point:
        """A place on it: `side` from -1 (left) to 1, `down` from 0 (the top) to 1 (the foot)."""
        return self.x + side * self.wide, self.base - self.height * (1 - down)

    def outline(self, *points: Point) -> Outline:
        """Several such places, each given as (side, down)."""
        return [self.point(side, down) for side, down in points]


def draw_mountains(canvas: Canvas, rng: np.random.Generator) -> None:
    """Snowy peaks and firs, and their picture in a lake."""
    _draw_range(canvas, rng, highest=0.45, far=0.5)
    _draw_range(canvas, rng, highest=0.36, far=0.15)
    draw_hills(canvas, rng, canvas.horizon, 0.06, WOODED_HILL, far=0.1)
    draw_lake(canvas, rng)
    for x, scale in rng.uniform((-0.05, 0.09), (1.05, 0.2), (8, 2)):
        _draw_fir(canvas, Place(x, 1.03, scale))


def _draw_range(canvas: Canvas, rng: np.random.Generator, highest: float, far: float) -> None:
    """One to three peaks, spread over the width, drawn in any order."""
    count = int(rng.integers(1, 4))
    for position in rng.permutation(count):
        x = (position + rng.uniform(0.2, 0.8)) / count
        wide = rng.uniform(0.3, 0.5)
        height = rng.uniform(0.7, 1) * highest
        _draw_peak(canvas, Peak(x, canvas.horizon + 0.01, wide, height), far)


def _draw_peak(canvas: Canvas, peak: Peak, far: float) -> None:
    top = (0, 0)
    foot_left = (-1, 1)
    foot_right = (1, 1)
    snow_line_left = ((-0.38, 0.38), (-0.2, 0.52), (-0.1, 0.3))
    snow_line_right = ((0.07, 0.55), (0.2, 0.34), (0.36, 0.36))
    whole = peak.outline(foot_left, top, foot_right)
    shaded_side = peak.outline(top, foot_right, (0.1, 1), (-0.06, 0.5))
    snow = peak.outline(top, *snow_line_left, *snow_line_right)
    shaded_snow = peak.outline(top, (-0.02, 0.3), *snow_line_right)
    with canvas.thing(CLIFF):
        canvas.polygon(whole, CLIFF, far=far)
        canvas.polygon(shaded_side, SHADED_CLIFF, far=far)
        canvas.polygon(snow, SNOW, far=far * 0.6)
        canvas.polygon(shaded_snow, SHADED_SNOW, far=far * 0.6)


def _draw_fir(canvas: Canvas, place: Place) -> None:
    """Four tiers, each narrower, higher up and lighter than the one below it."""
    for tier in range(4):
        half_width = 0.42 - 0.08 * tier
        foot = -0.4 * tier - 0.2
        branches = ((-half_width, foot), (half_width, foot), (0, foot - 0.8))
        canvas.polygon_at(place, branches, Colour(36 + 5 * tier, 74 + 6 * tier, 52))


# --- sailing boats -----------------------------------------------------------------------------

COAST = Colour(90, 110, 120)
DARK_WATER = Colour(20, 40, 60, 90)
SAIL_COLOURS = (WHITE, WHITE, *BRIGHT)
HULL_COLOURS = (WHITE, WOOD, *BRIGHT)

# A boat that goes to the right; (0, 0) is the foot of its mast.
SHADOW_ON_WATER = ((-0.8, 0.1), (0.8, 0.1), (0.5, 0.5), (-0.4, 0.5))
MAST = rectangle(-0.03, -2, 0.03, 0)
MAINSAIL = ((0.06, -1.95), (0.45, -1.1), (0.72, -0.25), (0.06, -0.18))
FORESAIL = ((-0.06, -1.7), (-0.6, -0.2), (-0.06, -0.18))
HULL = ((-0.85, -0.08), (0.95, -0.08), (0.62, 0.24), (-0.6, 0.24))
RAIL = ((-0.85, -0.08), (0.95, -0.08), (0.9, -0.01), (-0.82, -0.01))


def draw_sailboats(canvas: Canvas, rng: np.random.Generator) -> None:
    """Sailing boats on open water; about every other picture has a coast behind them."""
    if rng.random() < 0.5:
        draw_hills(canvas, rng, canvas.horizon + 0.01, 0.08, COAST, far=0.5)
    draw_sea(canvas, rng)
    nearest = rng.uniform(0.18, 0.32)
    others = rng.uniform(0.07, 0.16, rng.integers(0, 3))
    for scale in sorted([nearest, *others]):
        draw_sailboat(canvas, rng, scale)


def draw_sailboat(canvas: Canvas, rng: np.random.Generator, scale: float) -> None:
    """A boat with two sails, which goes to the left or to the right."""
    x = rng.uniform(0.2, 0.8)
    y = canvas.horizon + 0.02 + scale * rng.uniform(0.6, 0.9)
    place = Place(x, y, scale, far=max(0, 0.3 - scale))
    goes_left = rng.choice((-1, 1)) == -1
    sail = pick(rng, SAIL_COLOURS)
    paint = pick(rng, HULL_COLOURS)
    parts = (
        (SHADOW_ON_WATER, DARK_WATER),
        (MAST, WOOD),
        (MAINSAIL, sail),
        (FORESAIL, sail.darker(30)),
        (HULL, paint),
        (RAIL, paint.darker(40)),
    )
    with canvas.thing(sail):
        for outline, colour in parts:
            turned = mirrored(outline) if goes_left else outline
            canvas.polygon_at(place, turned, colour)


SCENES: dict[str, Scene] = {
    "balloon": draw_balloons,
    "flower": draw_flowers,
    "lighthouse": draw_lighthouse,
    "mountain": draw_mountains,
    "sailboat": draw_sailboats,
}
