"""A picture to draw on, which begins as a sky.

Places in the picture are given in shares of its width and height: (0, 0) is the top left corner,
(1, 1) the bottom right one. Radii and scales are shares of its shorter side.

A thing, such as a boat, is drawn in coordinates of its own: (0, 0) is its middle or its foot, and
y grows downwards as well. A `Place` says where in the picture that point comes to lie, and how
long one unit is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from .light import LIGHTS, OPAQUE, WHITE, Colour, Light, pick
from .shapes import Outline, Point

SKY_SIZE = (64, 48)  # pixels, (width, height): a sky is soft, so few are enough
STARS = 40
NO_THING = 0
STAR = Colour(255, 255, 240)
SUN = Colour(255, 250, 225, 235)
GLOW = (1, 0.92, 0.75)  # of the sun: the share of red, green and blue in it

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing stands, and how large it is.

    Attributes:
        x: Where in the picture its point (0, 0) lies, from left to right.
        y: The same from top to bottom.
        scale: Length of its unit, as a share of the picture's shorter side.
        far: How much of it is lost in the haze, from 0 (near) to 1.
    """

    x: float
    y: float
    scale: float
    far: float = 0.0


class Canvas:
    """A picture that begins as a sky.

    Attributes:
        size: (width, height) in pixels.
        light: The time of day.
        haze: What distance turns all colours to: float array (3,), from 0 to 255.
        horizon: Its y, a share of the picture's height.
        sun: Where the sun or the moon stands.
        image: What is drawn, an RGB image.
        water: Whether there is water in it.
        things: Which thing each pixel shows: an "L" image, 0 for none, 1 for the first one.
        paints: The main colour of each thing, in the order in which they are drawn.
    """

    def __init__(self, rng: np.random.Generator, size: tuple[int, int]) -> None:
        self.size = size
        self.light = pick(rng, LIGHTS)
        self.haze = np.array(self.light.horizon[:3]) + rng.normal(0, 6, 3)
        self.horizon = rng.uniform(0.5, 0.7)
        self.sun = (rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.4))
        self.image = self._sky(rng)
        self.water = False
        self.things = Image.new("L", size)
        self.paints: list[Colour] = []
        self._thing = NO_THING
        self._pen = ImageDraw.Draw(self.image, "RGBA")
        self._things_pen = ImageDraw.Draw(self.things)
        if self.light.is_night:
            self._stars(rng)
        self.disc(self.sun, 0.035, SUN, lit=True)

    @contextlib.contextmanager
    def thing(self, paint: Colour) -> Iterator[None]:
        """What is drawn meanwhile is one thing, whose main colour is `paint`.

        What one can see through, such as a shadow, does not count: it shows what lies behind it.
        """
        self.paints.append(paint)
        self._thing = len(self.paints)
        yield
        self._thing = NO_THING

    def polygon(
        self, outline: Outline, colour: Colour, *, lit: bool = False, far: float = 0.0
    ) -> None:
        """Fills an outline that is given in places of the picture.

        Args:
            outline: Its corners.
            colour: Its colour in white light.
            lit: Whether it shines by itself.
            far: How much of it is lost in the haze, from 0 (near) to 1.
        """
        width, height = self.size
        corners = [(x * width, y * height) for x, y in outline]
        self._pen.polygon(corners, self.seen(colour, lit=lit, far=far))
        if colour.opacity == OPAQUE:
            self._things_pen.polygon(corners, self._thing)

    def polygon_at(
        self, place: Place, outline: Outline, colour: Colour, *, lit: bool = False
    ) -> None:
        """Fills an outline that is given in the coordinates of a thing; see `polygon`."""
        width, height = self.size
        unit = place.scale * min(self.size)
        unit_across = unit / width
        unit_down = unit / height
        corners = [(place.x + x * unit_across, place.y + y * unit_down) for x, y in outline]
        self.polygon(corners, colour, lit=lit, far=place.far)

    def disc(
        self,
        center: Point,
        radius: float,
        colour: Colour,
        *,
        wide: float = 1.0,
        lit: bool = False,
        far: float = 0.0,
    ) -> None:
        """Fills an ellipse, `wide` times as wide as high; for the other words see `polygon`."""
        x = center[0] * self.size[0]
        y = center[1] * self.size[1]
        half_height = radius * min(self.size)
        half_width = half_height * wide
        box = (x - half_width, y - half_height, x + half_width, y + half_height)
        self._pen.ellipse(box, self.seen(colour, lit=lit, far=far))
        if colour.opacity == OPAQUE:
            self._things_pen.ellipse(box, self._thing)

    def seen(self, colour: Colour, *, lit: bool = False, far: float = 0.0) -> Colour:
        """What a colour looks like in this light, from this distance."""
        near_by = np.array(colour[:3], float)
        if not lit:
            near_by = near_by * self.light.on_things
        seen = near_by * (1 - far) + self.haze * far
        red, green, blue = seen.clip(0, 255).astype(int).tolist()
        return Colour(red, green, blue, colour.opacity)

    def below_horizon(self, near: float) -> float:
        """The y of a place on the ground, for `near` from 0 (the horizon) to 1 (the lower edge)."""
        return self.horizon + (1 - self.horizon) * near

    def _sky(self, rng: np.random.Generator) -> Image.Image:
        colours = _clear_sky(self.light, self.haze, self.horizon, self.sun)
        clouds = np.array(WHITE[:3]) * (0.35 + 0.65 * np.array(self.light.on_things))
        cover = _cloud_cover(rng)[..., None]
        colours += (clouds - colours) * cover * rng.uniform(0.4, 1.6)
        sky = Image.fromarray(colours.clip(0, 255).astype(np.uint8))
        return sky.resize(self.size, Image.Resampling.BICUBIC)

    def _stars(self, rng: np.random.Generator) -> None:
        for x, y in rng.uniform(0, 1, (STARS, 2)) * (1, self.horizon):
            self.disc((x, y), rng.uniform(0.001, 0.003), STAR, lit=True)


def soft_noise(
    rng: np.random.Generator, cells: tuple[int, int], size: tuple[int, int] = SKY_SIZE
) -> npt.NDArray[np.float32]:
    """Random numbers from about 0 to 1 that change softly from place to place.

    Args:
        rng: Where the randomness comes from.
        cells: How many numbers are drawn, as (across, down); those between are interpolated.
        size: (width, height) of the result.

    Returns:
        float32 array (height, width).
    """
    across, down = cells
    rough = Image.fromarray(rng.random((down, across), np.float32))
    return np.asarray(rough.resize(size, Image.Resampling.BICUBIC))


def _clear_sky(light: Light, haze: Floats, horizon: float, sun: Point) -> Floats:
    """Zenith above, haze at the horizon, a glow about the sun: float array (height, width, 3)."""
    width, height = SKY_SIZE
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    depth = np.clip(y / horizon, 0, 1)[..., None] ** 1.3
    glow = np.exp(-((x - sun[0]) ** 2 + (y - sun[1]) ** 2) / 0.02)
    sky: Floats = np.array(light.zenith[:3]) * (1 - depth) + haze * depth
    sky += 90 * glow[..., None] * GLOW
    return sky


def _cloud_cover(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """How much of the sky the clouds hide, from 0 to 0.5: float32 array (height, width)."""
    large_clouds = soft_noise(rng, (3, 6))
    small_clouds = soft_noise(rng, (8, 14))
    return (large_clouds + 0.6 * small_clouds - 0.8).clip(0, 0.5)
