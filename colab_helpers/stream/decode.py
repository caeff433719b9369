"""Bytes to pixels: `decoder` turns any picture into an array of one fixed shape.

A usual JPEG is told by its header (`jpeg.py`) and may be decoded by OpenCV (`decode_opencv.py`).
Anything else is opened and judged (`opening.py`) and decoded by Pillow (`decode_pillow.py`). Both
fit it (`fitting.py`), resize it, and turn it upright (`turning.py`).

Example:
    >>> import io
    >>> from PIL import Image
    >>> from colab_helpers.stream import decoder
    >>> photo = io.BytesIO()
    >>> Image.new("RGB", (400, 300), "orange").save(photo, "JPEG")
    >>> decode = decoder(image_size=(64, 96), fit="crop")
    >>> image = decode(photo.getvalue())
    >>> image.shape, image.dtype
    ((64, 96, 3), dtype('uint8'))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image

from .checks import check_choice, checked_bytes, is_whole_number
from .decode_opencv import OPENCV_INTERPOLATIONS, decode_with_opencv
from .decode_pillow import PILLOW_INTERPOLATIONS, decode_with_pillow
from .fitting import ColorMode, Fit, Interpolation, Wanted, add_border
from .jpeg import read_jpeg_header
from .opencv import has_opencv, import_opencv
from .opening import ImageError, open_picture
from .shown import call_in_words

__all__ = ["ImageError", "decoder"]

Library = Literal["auto", "pillow", "opencv"]
RULES = "rules-2"  # another number whenever the same choices give other pixels


@dataclass(frozen=True)
class decoder:  # lower case, as functools.partial: a class that is used as a function
    """Returns `decode(data: bytes) -> uint8 array (height, width, channels)`, values 0 to 255.

    All that Pillow reads: EXIF orientation is applied, an animation gives its first frame,
    transparent parts become white, CMYK becomes RGB, 16 bits become 8, and HEIC works where
    `pillow-heif` is installed. Shrinking is antialiased. A large JPEG is decoded at 1/2, 1/4 or
    1/8 of its sides, but not below `image_size` (twice that for a sharper `interpolation` than
    "bilinear", and never for "nearest").

    On photographs 500 pixels high, at 224 x 224, the pixels differ from those of a full decode by
    1.2 of 255 on average with Pillow and by 1.5 with OpenCV, on the same enlarged to
    12 megapixels by 0.5 and by 1.7; Keras's own loader differs by 2.4 and 3.4. It is so at each
    size from 32 to 512: the difference is less than that of Keras's loader. `make bench` measures
    the numbers given here on any folder of photographs.

    Two decoders are equal when their choices are. They can be printed, pickled, and called from
    any number of threads.

    Example:
        ```python
        decode = decoder(image_size=(224, 224))
        pixels = decode(drive.read(file))
        ```

    Args:
        image_size: `(height, width)` in pixels.
        color_mode: "rgb" (3 channels) or "grayscale" (1 channel). "grayscale" with the
            interpolation "nearest" is for masks and keeps values as they are: a picture of indexed
            colours gives their numbers, transparent parts keep their value, and 16 or 32 bits and
            floats keep whole numbers from 0 to 255. Colours become grey. Greys of 1, 2 or 4 bits
            are spread from 0 to 255: 1 bit gives 0 and 255, 2 bits 0, 85, 170 and 255.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "box", "hamming" or
            "lanczos".
        fit: "stretch" to the size; "crop" the middle that has its proportions; or "pad" with black.
        library: "opencv" decodes usual JPEGs twice as fast as "pillow", and leaves all else to it.
            "auto" is OpenCV where it is installed and has the `interpolation` ("bilinear" or
            "area"), else Pillow. The decoder then says which it is: the two never give the same
            pixels, so that a model is used with the one that it was trained with.
        exact: Decode all of a JPEG, with Pillow, however little is wanted of it. 12 megapixels
            take three times as long.

    Raises:
        ValueError: A choice does not exist, or `image_size` is no size.
        ImportError: `library` is "opencv", and it is not installed.
        ImageError: Raised by `decode`: the data is no picture, is cut off or damaged, or claims
            more pixels than `PIL.Image.MAX_IMAGE_PIXELS` (89 million unless you set it; they
            take up to 2 GB while they are decoded), found out before decoding. Or it is a mask
            with other values than whole numbers from 0 to 255.
    """

    image_size: tuple[int, int]
    color_mode: ColorMode = "rgb"
    interpolation: Interpolation = "bilinear"
    fit: Fit = "stretch"
    library: Library = "auto"
    exact: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", checked_image_size(self.image_size))
        check_choice("color_mode", self.color_mode, get_args(ColorMode))
        check_choice("fit", self.fit, get_args(Fit))
        check_choice("interpolation", self.interpolation, PILLOW_INTERPOLATIONS)
        check_choice("library", self.library, get_args(Library))
        check_choice("exact", self.exact, (False, True))
        if self.library == "auto":
            object.__setattr__(self, "library", self._choose_library())
        if self.library == "opencv":
            check_choice("interpolation", self.interpolation, OPENCV_INTERPOLATIONS)
            check_choice("exact", self.exact, (False,))  # is Pillow's
            import_opencv()  # where it is not installed, this fails here and not later in a thread

    def __repr__(self) -> str:
        return call_in_words(self)

    def _choose_library(self) -> Library:
        suits_opencv = self.interpolation in OPENCV_INTERPOLATIONS and not self.exact
        return "opencv" if suits_opencv and has_opencv() else "pillow"

    @property
    def _wanted(self) -> Wanted:
        return Wanted(self.image_size, self.color_mode, self.interpolation, self.fit)

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)` of what `decode` returns."""
        channels = 3 if self.color_mode == "rgb" else 1
        return (*self.image_size, channels)

    @property
    def key(self) -> str:
        """All that changes the pixels, as a string: a cache keeps it beside them."""
        shape = "x".join(str(length) for length in self.shape)
        versions = f"pillow-{PIL.__version__}"
        if self.library == "opencv":
            versions += f" opencv-{import_opencv().__version__}"
        if self.exact:
            versions += " exact"
        if self._wanted.keeps_values:
            versions += " values-2"
        return f"{shape} {self.interpolation} {self.fit} {versions} {RULES}"

    def __call__(self, data: bytes) -> npt.NDArray[np.uint8]:
        """Decodes one picture.

        Args:
            data: The bytes of a file.

        Returns:
            uint8 array of `shape`, values 0 to 255; its own memory, so that it may be changed.

        Raises:
            ImageError: The data is no picture that can be decoded.
            TypeError: The data is no bytes.
        """
        advice = ": `data.read()`" if hasattr(data, "read") else ""
        data = checked_bytes(data, f"`decode` takes the bytes of a file{advice}")
        try:
            pixels = self._decode(data)
        except (ImageError, ImportError, MemoryError):
            raise
        except Image.DecompressionBombError:  # Pillow itself refuses from twice its limit on
            limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
            raise ImageError(f"The picture claims more than {limit:,} pixels.") from None
        except Exception as error:  # at damaged data, Pillow's plugins raise nearly everything
            reason = first_printable_line(error)
            raise ImageError(f"The picture is damaged or cut off ({reason}).") from error
        return add_border(pixels, self.shape)

    def _decode(self, data: bytes) -> npt.NDArray[np.uint8]:
        wanted = self._wanted
        header = read_jpeg_header(data)
        if header is not None and self.library == "opencv":
            pixels = decode_with_opencv(data, header, wanted)
            if pixels is not None:
                return pixels
        with open_picture(data, header) as picture:
            return decode_with_pillow(picture, wanted, exact=self.exact)


def checked_image_size(size: object) -> tuple[int, int]:
    """Returns `(height, width)` as a tuple of int, or refuses it."""
    if isinstance(size, (tuple, list)) and len(size) == 2:
        height, width = size
        if is_whole_number(height, least=1) and is_whole_number(width, least=1):
            return int(height), int(width)
    raise ValueError(
        f"`image_size` must be (height, width) in pixels. Received: image_size={size!r}"
    )


def first_printable_line(error: Exception) -> str:
    """What an error says, short enough for one sentence; its kind where it says nothing."""
    line = str(error).partition("\n")[0]
    printable = "".join(character for character in line if character.isprintable())
    return printable[:120].rstrip(".") or type(error).__name__
