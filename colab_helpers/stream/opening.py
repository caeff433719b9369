"""Opens the bytes of a picture, and refuses what should not be decoded.

Pillow reads only the header here: what is refused costs no decoding.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

__all__ = ["ImageError", "Picture", "open_picture", "read_orientation"]

# The tag, as Exif 2.32 numbers it: https://exiftool.org/TagNames/EXIF.html
EXIF_ORIENTATION = 0x0112
UPRIGHT = 1  # the orientation of a picture that needs no turn
ON_ITS_SIDE = 5  # from this orientation on, width and height change places
JPEG_FORMATS = ("JPEG", "MPO")  # an MPO is several JPEGs, of which the first is shown
LONGEST_SIDE = 65_535  # pixels; a JPEG holds no more, and Pillow spends 8 bytes on each row
DRAWINGS = ("EPS", "WMF")  # formats for which Pillow would start other programs
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
START_OF_SCAN = b"\xff\xda"  # markers of a JPEG: https://www.w3.org/Graphics/JPEG/itu-t81.pdf
END_OF_IMAGE = b"\xff\xd9"
MOST_SCANS = 100  # real JPEGs have one to ten
BYTES_PER_CHANCE_SCAN = 16_384  # two given bytes stand by chance once in 65,536

# Readable files with odd metadata, and sizes that are refused here anyhow, are not worth a
# warning from a thread.
warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageError(ValueError):
    """The bytes are no picture that can be decoded; the message is one sentence that says why."""


@dataclass(frozen=True)
class Picture:
    """A picture whose header has been read.

    Attributes:
        data: The bytes of the file.
        image: Pillow's image, not loaded yet.
        orientation: 1 to 8, as EXIF counts them. For a JPEG only: Pillow turns a TIFF by itself
            while it loads it, so that any other format is asked after loading.
    """

    data: bytes
    image: ImageFile.ImageFile
    orientation: int

    @property
    def is_jpeg(self) -> bool:
        """Whether the file is a JPEG, or several of them in an MPO."""
        return self.image.format in JPEG_FORMATS

    @property
    def is_on_its_side(self) -> bool:
        """Whether width and height change places when the picture is turned upright."""
        return self.orientation >= ON_ITS_SIDE

    @property
    def has_its_end(self) -> bool:
        """Whether a JPEG's end follows its last scan, which it does not in a file cut off."""
        return self.data.rfind(END_OF_IMAGE) > self.data.rfind(START_OF_SCAN)


@contextmanager
def open_picture(data: bytes) -> Iterator[Picture]:
    """Opens a picture; only its header is read.

    Example:
        >>> with open_picture(b"<!DOCTYPE html>") as picture:
        ...     pass
        Traceback (most recent call last):
        ...
        colab_helpers.stream.opening.ImageError: This is no picture in any format that Pillow reads.

    Args:
        data: The bytes of a file.

    Yields:
        The picture, open until the block ends.

    Raises:
        ImageError: The data is no picture, or one that would cost too much.
    """
    if not data:
        raise ImageError("The file is empty.")
    if is_heic(data):
        register_heic()
    try:
        image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise ImageError("This is no picture in any format that Pillow reads.") from None
    refuse_drawing(image)
    refuse_too_many_pixels(image)
    refuse_too_many_scans(image, data)
    orientation = UPRIGHT
    if image.format in JPEG_FORMATS:
        orientation = read_orientation(image)
    with image:
        yield Picture(data, image, orientation)


def read_orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation, 1 to 8; a broken EXIF block costs the turn, not the picture."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, UPRIGHT))
    except Exception:
        return UPRIGHT


def is_heic(data: bytes) -> bool:
    """Whether the data begins as a HEIC photo does."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS


def register_heic() -> None:
    """Teaches Pillow to read HEIC, once, where `pillow-heif` is installed."""
    if "HEIF" in Image.ID:
        return
    try:
        import pillow_heif
    except ImportError:
        raise ImageError("A HEIC photo can be read after `pip install pillow-heif`.") from None
    pillow_heif.register_heif_opener()


def refuse_drawing(image: ImageFile.ImageFile) -> None:
    """Refuses formats that another program would have to draw."""
    if image.format in DRAWINGS:
        raise ImageError(f"This is a drawing in the format {image.format}, which is not read.")


def refuse_too_many_pixels(image: ImageFile.ImageFile) -> None:
    """Refuses a picture that claims more pixels than Pillow's limit, or a very long side."""
    width, height = image.size
    limit = Image.MAX_IMAGE_PIXELS or math.inf
    if width * height <= limit and max(width, height) <= LONGEST_SIDE:
        return
    raise ImageError(
        f"The picture claims {width:,} x {height:,} pixels, and {limit:,} pixels and "
        f"{LONGEST_SIDE:,} a side are the most that is decoded."
    )


def refuse_too_many_scans(image: ImageFile.ImageFile, data: bytes) -> None:
    """Refuses a JPEG of very many scans.

    A scan costs a dozen bytes and makes a decoder walk over the whole picture. A large file may
    hold more marks of a scan by chance, such as a photo with a film appended to it.
    """
    is_jpeg_inside = image.info.get("compression") == "jpeg"
    if image.format not in (*JPEG_FORMATS, "BLP") and not is_jpeg_inside:
        return
    scans = len(re.findall(START_OF_SCAN, data))
    if scans > MOST_SCANS + len(data) // BYTES_PER_CHANCE_SCAN:
        raise ImageError(
            f"The picture is a JPEG of more than {MOST_SCANS} scans, which would take very long "
            "to decode."
        )
