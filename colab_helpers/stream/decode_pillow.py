"""Decodes a picture of any format with Pillow: each step of the way is a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from .fitting import Wanted
from .opening import Picture, read_orientation

__all__ = ["PILLOW_INTERPOLATIONS", "decode_with_pillow"]

# Pillow antialiases all but "nearest".
PILLOW_INTERPOLATIONS = {
    "bilinear": Image.Resampling.BILINEAR,
    "nearest": Image.Resampling.NEAREST,
    "bicubic": Image.Resampling.BICUBIC,
    "area": Image.Resampling.BOX,
    "lanczos3": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
    "lanczos": Image.Resampling.LANCZOS,
}
# What turns a picture of each EXIF orientation upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TRANSPARENT_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
# No file of these modes says what white is: it is the least of these that holds the brightest
# pixel, or else the brightest pixel itself.
WHITES = {"I": (65_535,), "F": (1, 255, 65_535)}


@dataclass(frozen=True)
class Loaded:
    """Pixels, and the width and height that the picture covers on them, in pixels.

    The last row and column of a reduced JPEG may stand for less than a whole pixel.
    """

    image: Image.Image
    width: float
    height: float


def decode_with_pillow(picture: Picture, wanted: Wanted) -> npt.NDArray[np.uint8]:
    """Decodes a picture of any format; (height, width) or (height, width, 3)."""
    mode = "RGB" if wanted.color_mode == "rgb" else "L"
    upright = turn_upright(load(picture, mode, wanted.image_size), picture)
    fitting = wanted.fit_picture(upright.width, upright.height)
    image = make_resizable(upright.image, mode)
    image = image.resize(fitting.size, PILLOW_INTERPOLATIONS[wanted.interpolation], box=fitting.box)
    image = lay_on_white(image)
    if image.mode != mode:
        image = image.convert(mode)
    return np.array(image)


def load(picture: Picture, mode: str, image_size: tuple[int, int]) -> Loaded:
    """Decodes the pixels: of a large JPEG at a reduced size, not below twice the one wanted."""
    height, width = image_size
    least_size = (2 * width, 2 * height)
    if picture.is_on_its_side:
        least_size = (2 * height, 2 * width)
    draft = picture.image.draft(mode, least_size)
    picture.image.load()
    if draft is None:
        return Loaded(picture.image, *picture.image.size)
    _, (_, _, covered_width, covered_height) = draft
    return Loaded(picture.image, covered_width, covered_height)


def turn_upright(loaded: Loaded, picture: Picture) -> Loaded:
    """Applies the EXIF orientation."""
    orientation = picture.orientation
    if not picture.is_jpeg:
        orientation = read_orientation(loaded.image)
    if orientation not in TURNS:
        return loaded
    image = loaded.image.transpose(TURNS[orientation])
    return Loaded(image, *image.size)


def make_resizable(image: Image.Image, mode: str) -> Image.Image:
    """Converts to what is resized well: "L", "RGB" or, where parts are transparent, "RGBA"."""
    if image.mode.startswith("I;16"):
        return keep_upper_bytes(image)
    if image.mode in WHITES:
        return scale_to_bytes(image)
    if image.mode == "LAB":
        return convert_lab(image)
    if image.mode in TRANSPARENT_MODES or "transparency" in image.info:
        return convert_transparent(image)
    if image.mode in (mode, "L"):
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert(mode)


def keep_upper_bytes(image: Image.Image) -> Image.Image:
    """16 bits become 8."""
    values = np.asarray(image)
    return Image.fromarray((values >> 8).astype(np.uint8))


def scale_to_bytes(image: Image.Image) -> Image.Image:
    """Numbers of 32 bits, whole or float, become 0 to 255; what is no number becomes black."""
    values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
    brightest = max(float(values.max()), 1e-30)
    white: float = brightest
    for candidate in WHITES[image.mode]:
        if brightest <= candidate:
            white = candidate
            break
    scaled = (values * (255 / white)).clip(0, 255)
    return Image.fromarray(scaled.astype(np.uint8))


def convert_lab(image: Image.Image) -> Image.Image:
    """CIELAB becomes sRGB."""
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    return cast(Image.Image, converted)  # None only where it converts in place


def convert_transparent(image: Image.Image) -> Image.Image:
    """Whatever says which parts are transparent becomes RGBA."""
    if image.mode == "La":  # Pillow knows no direct way
        image = image.convert("LA")
    return image.convert("RGBA")


def lay_on_white(image: Image.Image) -> Image.Image:
    """Shows a white page behind transparent parts."""
    if image.mode != "RGBA":
        return image
    page = Image.new("RGBA", image.size, "white")
    page.alpha_composite(image)
    return page
