"""Large photos, and masks, made smaller before they are packed."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

__all__ = ["SmallerImage", "make_label_smaller", "make_smaller"]

SIZABLE_MODES = ("RGB", "L", "CMYK", "RGBA", "LA", "P")  # of Pillow; others are left as they are
LABEL_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I")  # which a PNG holds as they are
JPEG_QUALITY = 90
PLACE_OF_BITS = 24  # in a PNG, of the bits of a sample: https://www.w3.org/TR/png/#11IHDR


class SmallerImage(NamedTuple):
    """An image that was made smaller.

    Attributes:
        content: Its file.
        extension: The ending of a name for it: ".jpeg" or ".png".
    """

    content: bytes
    extension: str


def make_smaller(content: bytes, longest_side: int) -> SmallerImage | None:
    """Makes an image smaller and turns it upright; None where it is small enough already.

    Example:
        >>> from PIL import Image
        >>> photo = io.BytesIO()
        >>> Image.new("RGB", (900, 300), "teal").save(photo, "png")
        >>> smaller = make_smaller(photo.getvalue(), longest_side=300)
        >>> smaller.extension, Image.open(io.BytesIO(smaller.content)).size
        ('.jpeg', (300, 100))
        >>> make_smaller(photo.getvalue(), longest_side=900) is None
        True

    Args:
        content: An image file that Pillow reads.
        longest_side: In pixels.

    Returns:
        A JPEG of quality 90, or a PNG of what has transparency. None, too, for a mode of Pillow's
        that neither holds, and for a PNG with a transparent value of other than 8 bits.
    """
    from PIL import Image, ImageOps

    image: Image.Image = Image.open(io.BytesIO(content))
    if max(image.size) <= longest_side or image.mode not in SIZABLE_MODES:
        return None
    if "transparency" in image.info:
        if not _is_of_bytes(image, content):
            return None  # Pillow would compare its transparent value with other ones
        image = image.convert("RGBA")
    elif image.mode == "P":
        image = image.convert("RGB")
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    image = ImageOps.exif_transpose(image)
    kind = "png" if image.mode.endswith("A") else "jpeg"
    out = io.BytesIO()
    image.save(out, kind, quality=JPEG_QUALITY, icc_profile=image.info.get("icc_profile"))
    return SmallerImage(out.getvalue(), f".{kind}")


def _is_of_bytes(image: Any, content: bytes) -> bool:
    """Whether values have 8 bits in the file, too; only a PNG may have others in these modes."""
    return image.format != "PNG" or image.mode == "P" or content[PLACE_OF_BITS] == 8


def make_label_smaller(content: bytes, longest_side: int) -> SmallerImage | None:
    """Makes a mask smaller, of the values that it has; None where it is small enough already.

    Example:
        >>> from PIL import Image
        >>> mask = io.BytesIO()
        >>> Image.radial_gradient("L").point(lambda value: 7 * (value > 99)).save(mask, "png")
        >>> smaller = make_label_smaller(mask.getvalue(), longest_side=100)
        >>> image = Image.open(io.BytesIO(smaller.content))
        >>> image.size, sorted(set(image.tobytes()))
        ((100, 100), [0, 7])

    Args:
        content: An image file that Pillow reads.
        longest_side: In pixels.

    Returns:
        A PNG, upright; the indices of a palette are its values.
    """
    from PIL import Image, ImageOps

    image: Image.Image = Image.open(io.BytesIO(content))
    if max(image.size) <= longest_side or image.mode not in LABEL_MODES:
        return None
    if image.mode == "I":
        if not _fits_png(image):
            return None
        image = image.convert("I;16")  # the other is no mode of PNGs, and Pillow 13 says so
    share = longest_side / max(image.size)
    width, height = (max(1, round(side * share)) for side in image.size)
    smaller = image.resize((width, height), Image.Resampling.NEAREST)
    smaller = ImageOps.exif_transpose(smaller)
    out = io.BytesIO()
    options = {"bits": 8} if smaller.mode == "P" else {}  # else those of the palette's length
    smaller.save(out, "png", **options)
    return SmallerImage(out.getvalue(), ".png")


def _fits_png(image: Any) -> bool:
    """Whether a PNG holds whole numbers as they are: it has 16 bits for each."""
    least, most = image.getextrema()
    return bool(least >= 0 and most < 1 << 16)
