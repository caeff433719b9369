"""From three numbers to one picture, and from a picture to the bytes of a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from math import cos

import numpy as np
import numpy.typing as npt
from PIL import Image

from .canvas import Canvas
from .light import pick
from .scenes import SCENES
from .targets import Targets, mask_of, targets_of

RATIOS = ((4, 3), (3, 2), (1, 1), (3, 4))  # width to height
SMALLEST = 160  # pixels on the longer side
LARGEST = 400  # pixels on the longer side
ENLARGED = 2  # pictures are drawn twice as large and reduced, which makes edges smooth
JPEG_QUALITY = 88
PNG_COMPRESSION = 3  # of 9: quick rather than small


@dataclass(frozen=True)
class Drawing:
    """A picture, and what is known of it.

    Attributes:
        picture: An RGB image.
        mask: An image of the same size, with a palette: 0 is nothing, 1 a balloon, 2 a flower, 3 a
            lighthouse, 4 a mountain, 5 a sailing boat.
        targets: Words and numbers.
    """

    picture: Image.Image
    mask: Image.Image
    targets: Targets


def draw_picture(index: int, number: int, *, seed: int = 0) -> Image.Image:
    """Draws one picture; it depends on its three numbers only.

    Example:
        >>> draw_picture(0, 1).size  # balloons
        (374, 249)

    Args:
        index: Of the class, from 0: balloon, flower, lighthouse, mountain, sailboat; then the same
            scenes again, each time in light of another colour.
        number: Of the picture within its class, 0 or above.
        seed: Another one gives other pictures.

    Returns:
        An RGB image, 160 to 400 pixels on its longer side.
    """
    return draw_with_targets(index, number, seed=seed).picture


def draw_with_targets(index: int, number: int, *, seed: int = 0) -> Drawing:
    """Draws one picture with its mask; for the numbers see `draw_picture`."""
    rng = np.random.default_rng((seed, index, number))
    width, height = _picture_size(rng)
    canvas = Canvas(rng, (ENLARGED * width, ENLARGED * height))
    round_number, scene = divmod(index, len(SCENES))
    draw_scene = list(SCENES.values())[scene]
    draw_scene(canvas, rng)
    pixels = np.asarray(canvas.image.reduce(ENLARGED), np.float32)
    exposure = (rng.uniform(0.88, 1.08) * _tint(round_number)).astype(np.float32)
    grain = rng.integers(-7, 8, (height, width, 1), np.int8)
    picture = Image.fromarray((pixels * exposure + grain).clip(0, 255).astype(np.uint8))
    mask = mask_of(canvas, scene + 1, ENLARGED)
    return Drawing(picture, mask, targets_of(canvas, mask))


def class_name(index: int) -> str:
    """The name of the class with this index.

    Example:
        >>> class_name(1), class_name(6)
        ('flower', 'flower_2')
    """
    round_number, scene = divmod(index, len(SCENES))
    name = list(SCENES)[scene]
    if round_number == 0:
        return name
    return f"{name}_{round_number + 1}"


def as_jpeg(image: Image.Image, *, exif: Image.Exif | bytes = b"") -> bytes:
    """The bytes of a JPEG file; `exif` is what a camera notes, such as the orientation."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, exif=exif)
    return out.getvalue()


def as_png(image: Image.Image) -> bytes:
    """The bytes of a PNG file."""
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=PNG_COMPRESSION)
    return out.getvalue()


def _picture_size(rng: np.random.Generator) -> tuple[int, int]:
    """(width, height) in pixels."""
    longest = rng.integers(SMALLEST, LARGEST + 1)
    ratio = pick(rng, RATIOS)
    width, height = (int(longest * side / max(ratio)) for side in ratio)
    return width, height


def _tint(round_number: int) -> npt.NDArray[np.float64]:
    """What the colour of the light makes of red, green and blue: nothing the first time."""
    if round_number == 0:
        return np.ones(3)
    return np.array([0.8 + 0.35 * cos(3.9 * round_number + phase) for phase in (0, 2, 4)])
