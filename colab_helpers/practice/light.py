"""Colours, and what the light of a time of day makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

T = TypeVar("T")
OPAQUE = 255  # the opacity of what nothing is seen through


class Colour(NamedTuple):
    """A colour as it is in white light; each part from 0 to 255.

    Example:
        >>> Colour(214, 48, 10).darker(30)
        Colour(red=184, green=18, blue=0, opacity=255)
    """

    red: int
    green: int
    blue: int
    opacity: int = OPAQUE

    def darker(self, amount: float) -> Colour:
        """Takes `amount`, from -255 to 255, off each part; a negative one makes it lighter."""
        red, green, blue = (_limited(part - amount) for part in self[:3])
        return Colour(red, green, blue, self.opacity)

    def with_opacity(self, opacity: int) -> Colour:
        """The same colour, through which one sees more or less of what lies behind it."""
        return self._replace(opacity=opacity)


def _limited(part: float) -> int:
    return int(min(255, max(0, part)))


RED = Colour(214, 48, 49)
ORANGE = Colour(235, 120, 30)
YELLOW = Colour(244, 196, 48)
GREEN = Colour(38, 140, 90)
BLUE = Colour(40, 110, 190)
VIOLET = Colour(120, 70, 160)
PINK = Colour(236, 110, 150)
BRIGHT = (RED, ORANGE, YELLOW, GREEN, BLUE, VIOLET, PINK)
WHITE = Colour(250, 246, 238)
WOOD = Colour(84, 60, 42)


@dataclass(frozen=True)
class Light:
    """The light of a time of day.

    Attributes:
        zenith: Colour of the sky at the top of the picture.
        horizon: Colour of the sky where it meets the ground.
        on_things: What it leaves of the red, green and blue of all things, from 0 to 1.
        time: "day", "evening" or "night".
    """

    zenith: Colour
    horizon: Colour
    on_things: tuple[float, float, float]
    time: str = "day"

    @property
    def is_dark(self) -> bool:
        """Whether lamps are on."""
        return self.on_things[0] < 0.9

    @property
    def is_night(self) -> bool:
        """Whether stars are seen."""
        return self.time == "night"


MORNING = Light(Colour(110, 160, 215), Colour(252, 222, 190), (1.00, 0.93, 0.84))
NOON = Light(Colour(56, 122, 200), Colour(188, 220, 242), (1.00, 1.00, 0.98))
OVERCAST = Light(Colour(142, 154, 168), Colour(216, 220, 222), (0.84, 0.87, 0.90))
DUSK = Light(Colour(78, 66, 132), Colour(250, 150, 92), (0.84, 0.66, 0.60), "evening")
MOONLIGHT = Light(Colour(18, 26, 64), Colour(78, 92, 146), (0.52, 0.57, 0.76), "night")
LIGHTS = (MORNING, NOON, OVERCAST, DUSK, MOONLIGHT)


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices at random. What is listed twice is twice as likely."""
    return choices[int(rng.integers(len(choices)))]
