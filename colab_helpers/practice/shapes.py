"""Outlines: lists of points (x, y); y grows downwards."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin
from typing import TypeAlias

import numpy as np

Point: TypeAlias = tuple[float, float]
Outline: TypeAlias = Sequence[Point]


def rectangle(left: float, top: float, right: float, bottom: float) -> Outline:
    """A rectangle between two corners.

    Example:
        >>> rectangle(0, 0, 2, 1)
        [(0, 0), (2, 0), (2, 1), (0, 1)]
    """
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def trapezoid(half_width: float, y: float, other_half_width: float, other_y: float) -> Outline:
    """A shape with two level edges, each with its middle at x = 0.

    Args:
        half_width: Half the length of the first edge.
        y: Where the first edge is.
        other_half_width: Half the length of the second edge.
        other_y: Where the second edge is.
    """
    return [
        (-half_width, y),
        (half_width, y),
        (other_half_width, other_y),
        (-other_half_width, other_y),
    ]


def oval(center: Point, long: float, short: float, angle: float) -> Outline:
    """A turned ellipse.

    Args:
        center: Its middle.
        long: Its radius along the axis that `angle` turns.
        short: Its radius across that axis.
        angle: How far it is turned, in radians.
    """
    x, y = center
    outline = []
    for turn in np.linspace(0, 2 * pi, 16):
        along = long * cos(turn)
        across = short * sin(turn)
        outline.append(
            (
                x + along * cos(angle) - across * sin(angle),
                y + along * sin(angle) + across * cos(angle),
            )
        )
    return outline


def mirrored(outline: Outline) -> Outline:
    """The same shape with left and right exchanged, about x = 0."""
    return [(-x, y) for x, y in outline]
