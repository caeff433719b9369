"""Which codec a file of the HEIF family is made with: HEIC photos, AVIF, and their relatives.

Such a file names its brands at its beginning. A general one, such as `mif1`, stands for any codec.
Brands: https://www.iana.org/assignments/media-types/image/heif and
https://aomediacodec.github.io/av1-avif/
"""

from __future__ import annotations

from enum import Enum

__all__ = ["Codec", "codec_of"]

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
GENERAL_BRANDS = {b"mif1", b"msf1", b"mif2"}
MOST_BYTES_OF_BRANDS = 1024  # real files name less than twenty


class Codec(Enum):
    """What a file of the HEIF family has to be decoded with."""

    AVIF = "AVIF"
    HEIC = "HEIC"


def codec_of(data: bytes) -> Codec | None:
    r"""Returns the codec of a file of the HEIF family; None for any other file.

    Example:
        >>> codec_of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif")
        <Codec.AVIF: 'AVIF'>
        >>> codec_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        <Codec.HEIC: 'HEIC'>
    """
    brands = brands_of(data)
    if brands & HEIC_BRANDS:
        return Codec.HEIC
    if brands & AVIF_BRANDS:
        return Codec.AVIF
    return Codec.HEIC if brands & GENERAL_BRANDS else None


def brands_of(data: bytes) -> set[bytes]:
    """The first brand, and those that the file is compatible with."""
    if data[4:8] != b"ftyp":
        return set()
    length = min(int.from_bytes(data[:4], "big"), MOST_BYTES_OF_BRANDS)
    compatible = {data[place : place + 4] for place in range(16, length, 4)}
    return {data[8:12]} | compatible
