"""A picture to decode and to vary, its bytes in any format, and how far two pictures are apart."""

import functools
import io

import numpy as np
from PIL import Image


@functools.cache
def draw_scene():
    """A colourful picture, smooth as a photograph is, 480 x 360."""
    rng = np.random.default_rng(0)
    rough = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    return rough.resize((480, 360), Image.Resampling.BICUBIC)


def encoded(image, format="PNG", **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def difference(one, other):
    return np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).mean()


def resized(image, size, interpolation=Image.Resampling.BILINEAR):
    return np.asarray(image.resize(size[::-1], interpolation))
