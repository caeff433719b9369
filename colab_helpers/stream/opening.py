"""Opens the bytes of a picture, and refuses what should not be decoded.

Pillow reads only the header here: what is refused costs no decoding.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

from .containers import sizes_inside
from .heif import Codec, codec_of
from .jpeg import START_OF_SCAN, UPRIGHT, JpegHeader

__all__ = ["ImageError", "Picture", "is_within_limits", "open_picture", "read_orientation"]

EXIF_ORIENTATION = 0x0112  # https://exiftool.org/TagNames/EXIF.html
JPEG_FORMATS = ("JPEG", "MPO")  # an MPO is several JPEGs, of which the first is shown
LONGEST_SIDE = 65_535  # pixels; a JPEG holds no more, and Pillow spends 8 bytes on each row
DRAWINGS = ("EPS", "WMF")  # formats for which Pillow would start other programs
# Formats in which a file of any other format may lie, or data that are no picture.
WRAPPERS = ("IPTC", "MIC", "FPX", "BUFR", "GRIB", "HDF5", "MPEG")
COMPRESSED_FITS = "fits_gzip"  # Pillow walks over its pixels in Python
MOST_SCANS = 100  # real JPEGs have one to ten
BYTES_PER_CHANCE_SCAN = 16_384  # two given bytes stand by chance once in 65,536
NO_PICTURE = "This is no picture in any format that Pillow reads."
NO_HEIC = "A HEIC photo can be read after `pip install pillow-heif`."
NO_AVIF = "An AVIF photo can be read by Pillow 11.3 and newer."

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


@contextmanager
def open_picture(data: bytes, header: JpegHeader | None = None) -> Iterator[Picture]:
    """Opens a picture; only its header is read.

    Example:
        >>> with open_picture(b"<!DOCTYPE html>") as picture:
        ...     pass
        Traceback (most recent call last):
        ...
        colab_helpers.stream.opening.ImageError: This is no picture in any format that Pillow reads.

    Args:
        data: The bytes of a file.
        header: What `read_jpeg_header` says of it, which need not be found out once more.

    Yields:
        The picture, open until the block ends.

    Raises:
        ImageError: The data is no picture, or one that would cost too much.
    """
    if header is not None:
        refuse_too_many_pixels(header.width, header.height)
        image = identify(data, formats=("JPEG",), or_say=NO_PICTURE)
    else:
        image = open_any(data)
    if header is None or not header.is_one_scan:
        refuse_too_many_scans(image, data)
    orientation = UPRIGHT
    if header is not None:
        orientation = header.orientation
    elif image.format in JPEG_FORMATS:
        orientation = read_orientation(image)
    with image:
        yield Picture(data, image, orientation)


def open_any(data: bytes) -> ImageFile.ImageFile:
    """Opens a picture of any format, and refuses those that are not decoded."""
    if not data:
        raise ImageError("The file is empty.")
    for width, height in sizes_inside(data):
        refuse_too_many_pixels(width, height)
    formats = prepare_formats(data)
    image = identify(data, formats, or_say=NO_AVIF if formats else NO_PICTURE)
    refuse_format(image)
    refuse_too_many_pixels(*image.size)
    return image


def identify(data: bytes, formats: tuple[str, ...] | None, or_say: str) -> ImageFile.ImageFile:
    """Has Pillow read the header, in one of these formats; None tries all."""
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        raise ImageError(or_say) from None


def read_orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation, 1 to 8; a broken EXIF block costs the turn, not the picture."""
    try:
        return int(image.getexif().get(EXIF_ORIENTATION, UPRIGHT))
    except Exception:
        return UPRIGHT


def prepare_formats(data: bytes) -> tuple[str, ...] | None:
    """Makes ready for the codec of a HEIF file; returns the formats to try, None for all."""
    codec = codec_of(data)
    if codec is Codec.HEIC:
        register_heic()
    if codec is not Codec.AVIF:
        return None
    Image.init()
    if "AVIF" not in Image.OPEN:
        raise ImageError(NO_AVIF)
    return ("AVIF",)


def register_heic() -> None:
    """Teaches Pillow to read HEIC, once, where `pillow-heif` is installed."""
    if "HEIF" in Image.ID:
        return
    try:
        import pillow_heif
    except ImportError:
        raise ImageError(NO_HEIC) from None
    pillow_heif.register_heif_opener()


def refuse_format(image: ImageFile.ImageFile) -> None:
    """Refuses formats that another program would have to draw, or that may hold any other."""
    if image.format in DRAWINGS:
        raise ImageError(f"This is a drawing in the format {image.format}, which is not read.")
    is_compressed_fits = image.format == "FITS" and image.tile[0][0] == COMPRESSED_FITS
    if image.format in WRAPPERS or is_compressed_fits:
        raise ImageError(f"This is a file in the format {image.format}, which is not read.")


def is_within_limits(width: int, height: int) -> bool:
    """Whether a picture has no more pixels than Pillow's limit, and no very long side."""
    limit = Image.MAX_IMAGE_PIXELS or math.inf
    return width * height <= limit and max(width, height) <= LONGEST_SIDE


def refuse_too_many_pixels(width: int, height: int) -> None:
    """Refuses a picture that claims more than the limits."""
    if is_within_limits(width, height):
        return
    limit = Image.MAX_IMAGE_PIXELS or math.inf
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
    if has_too_many_scans(data):
        raise ImageError(
            f"The picture is a JPEG of more than {MOST_SCANS} scans, which would take very long "
            "to decode."
        )


def has_too_many_scans(data: bytes) -> bool:
    """Whether a JPEG holds more marks of a scan than real pictures do, and chance adds."""
    return data.count(START_OF_SCAN) > MOST_SCANS + len(data) // BYTES_PER_CHANCE_SCAN
