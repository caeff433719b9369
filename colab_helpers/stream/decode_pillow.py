"""Decodes a picture of any format with Pillow: each step of the way is a function."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

from .fitting import Wanted
from .jpeg import UPRIGHT
from .opening import ImageError, Picture, read_orientation
from .turning import is_on_its_side, turn_upright

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
# Of a reduced JPEG, kernels sharper than "bilinear" need so many times the pixels that they make.
SHARE_FOR_SHARP_KERNELS = 2
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
PLACE_OF_BITS = 24  # in a PNG, of the bits of a sample: https://www.w3.org/TR/png/#11IHDR
TRANSPARENT_MODES = ("RGBA", "RGBa", "LA", "La", "PA")
# No file of these modes says what white is: it is the least of these that holds the brightest
# pixel, or else the brightest pixel itself.
WHITES = {"I": (65_535,), "F": (1, 255, 65_535)}


def decode_with_pillow(picture: Picture, wanted: Wanted, *, exact: bool) -> npt.NDArray[np.uint8]:
    """Decodes a picture of any format; (height, width) or (height, width, 3).

    Args:
        picture: Its header has been read.
        wanted: What pixels are wanted of it.
        exact: Whether all of a JPEG is decoded, however little of it is wanted.
    """
    mode = "RGB" if wanted.color_mode == "rgb" else "L"
    reduces = not exact and wanted.interpolation != "nearest"
    turns_last = picture.is_jpeg and reduces  # when few pixels are left
    orientation = picture.orientation if turns_last else UPRIGHT
    if is_on_its_side(orientation):
        wanted = wanted.on_its_side()
    covered = reduce_jpeg(picture, mode, wanted) if reduces else None
    picture.image.load()
    image = picture.image if turns_last else upright_image(picture)
    width, height = covered or image.size
    fitting = wanted.fit_picture(width, height)
    if wanted.keeps_values:
        image = values_in(image)
    image = make_resizable(image, mode)
    image = image.resize(fitting.size, PILLOW_INTERPOLATIONS[wanted.interpolation], box=fitting.box)
    image = lay_on_white(image)
    if image.mode != mode:
        image = image.convert(mode)
    return turn_upright(np.array(image), orientation)


def reduce_jpeg(picture: Picture, mode: str, wanted: Wanted) -> tuple[float, float] | None:
    """Has a large JPEG decoded at 1/2, 1/4 or 1/8 of its sides, where that is enough.

    Returns:
        The width and height that the picture covers on its pixels: the last row and column may
        stand for less than a whole pixel. None where the picture is no JPEG.
    """
    width, height = wanted.fit_picture(*picture.image.size).size
    share = 1 if wanted.interpolation == "bilinear" else SHARE_FOR_SHARP_KERNELS
    draft = picture.image.draft(mode, (share * width, share * height))
    if draft is None:
        return None
    _, (_, _, covered_width, covered_height) = draft
    return covered_width, covered_height


def upright_image(picture: Picture) -> Image.Image:
    """Turns a loaded picture upright."""
    image = picture.image
    if image.format == "PNG":
        adjust_transparent_value(image, bits=picture.data[PLACE_OF_BITS])
    orientation = picture.orientation if picture.is_jpeg else read_orientation(image)
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def adjust_transparent_value(image: Image.Image, bits: int) -> None:
    """Brings the transparent value of a PNG from the bits of the file to those of the pixels."""
    value = image.info.get("transparency")
    if image.mode in ("1", "L") and isinstance(value, int) and bits < 8:
        brightest = 2**bits - 1
        image.info["transparency"] = min(value, brightest) * 255 // brightest
    if image.mode == "RGB" and isinstance(value, tuple):
        unused_bits = max(0, bits - 8)
        image.info["transparency"] = tuple(sample >> unused_bits & 255 for sample in value)


def values_in(image: Image.Image) -> Image.Image:
    """The values of a mask as they stand in its file: numbers of colours, not the colours.

    What is transparent has its values too, grey or in colours.

    Raises:
        ImageError: Values of more than 8 bits are not whole numbers from 0 to 255.
    """
    values = np.asarray(image)
    if image.mode in ("P", "L", "LA", "La", "PA"):
        return Image.fromarray(values if values.ndim == 2 else values[..., 0])
    if image.mode in ("RGB", "RGBA", "RGBa"):
        return Image.fromarray(np.ascontiguousarray(values[..., :3]))
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(bytes_of_same_values(values))
    return image


def bytes_of_same_values(values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Numbers of more than 8 bits as uint8, where it holds them."""
    are_bytes = (values >= 0) & (values <= 255) & (values % 1 == 0)
    if are_bytes.all():
        return values.astype(np.uint8)
    refused = values[~are_bytes][0]
    raise ImageError(
        f"Its values go from {values.min():g} to {values.max():g}, with {refused:g} among them, "
        "and those of a mask must be whole numbers from 0 to 255: another `interpolation` than "
        '"nearest" scales them.'
    )


def make_resizable(image: Image.Image, mode: str) -> Image.Image:
    """Converts to what is resized well: "L", "RGB" or, where parts are transparent, "RGBA"."""
    if image.mode.startswith("I;16"):
        return hide_transparent_value(keep_upper_bytes(image), image)
    if image.mode in WHITES:
        return hide_transparent_value(scale_to_bytes(image), image)
    if image.mode == "LAB":
        return convert_lab(image)
    if is_transparent(image):
        return convert_transparent(image)
    if image.mode in (mode, "L"):
        return image
    if image.mode == "1":
        return image.convert("L")
    return image.convert(mode)


def is_transparent(image: Image.Image) -> bool:
    """Whether a picture says, in one of its ways, which parts are transparent."""
    if image.mode in TRANSPARENT_MODES or "transparency" in image.info:
        return True
    return image.palette is not None and image.palette.mode.endswith("A")


def hide_transparent_value(grey: Image.Image, image: Image.Image) -> Image.Image:
    """Makes transparent what has the transparent value, which more than 8 bits tell apart.

    Args:
        grey: The picture in 8 bits.
        image: The same as it was.
    """
    value = image.info.get("transparency")
    if not isinstance(value, int):
        return grey
    alpha = np.where(np.asarray(image) == value, 0, 255).astype(np.uint8)
    return Image.merge("LA", (grey, Image.fromarray(alpha))).convert("RGBA")


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
