"""What is transparent, and which codec a file has, is read as the file says it."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image
from scenes import difference, draw_scene, encoded, resized

from colab_helpers.stream import ImageError, decoder


@pytest.fixture(scope="module")
def scene():
    return draw_scene()


# Transparent values of PNG ------------------------------------------------------------------------

GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6


def png(colour, bits, samples, *chunks):
    """A PNG of one row; `samples` are packed in as many bits each."""
    packed = "".join(f"{sample:0{bits}b}" for sample in samples)
    packed += "0" * (-len(packed) % 8)
    row = b"\0" + int(packed, 2).to_bytes(len(packed) // 8, "big")
    channels = {GREY: 1, COLOUR: 3, PALETTE: 1, GREY_ALPHA: 2, COLOUR_ALPHA: 4}[colour]
    header = struct.pack(">IIBBBBB", len(samples) // channels, 1, bits, colour, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in parts:
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    return data


def row_of(data, width):
    image = decoder((1, width), interpolation="nearest")(data)
    return [tuple(pixel) for pixel in image[0].tolist()]


WHITE = (255, 255, 255)


@pytest.mark.parametrize(
    "bits, samples, transparent, expected",
    [
        (1, [0, 1, 0, 1], 0, [255, 255, 255, 255]),
        (1, [0, 1, 0, 1], 1, [0, 255, 0, 255]),
        (2, [0, 1, 2, 3], 1, [0, 255, 170, 255]),
        (4, [0, 5, 10, 15], 5, [0, 255, 170, 255]),
        (8, [0, 85, 170, 85], 85, [0, 255, 170, 255]),
        (16, [0, 0x5534, 0x5535, 0xAA00], 0x5534, [0, 255, 0x55, 0xAA]),
        (16, [0, 0x0001, 0x0100, 0xFFFF], 0, [255, 0, 1, 255]),
    ],
)
def test_the_transparent_value_of_a_grey_png_becomes_white(bits, samples, transparent, expected):
    """In 16 bits, the value next to it stays, though both are one in 8."""
    data = png(GREY, bits, samples, (b"tRNS", struct.pack(">H", transparent)))
    difference_of_rounding = np.subtract(row_of(data, 4), [(grey,) * 3 for grey in expected])
    assert np.abs(difference_of_rounding).max() <= 1


@pytest.mark.parametrize(
    "bits, samples, expected",
    [(1, [0, 1], [0, 255]), (2, [0, 1, 2, 3], [0, 85, 170, 255]), (4, [0, 1, 15], [0, 17, 255])],
)
def test_in_a_mask_greys_of_few_bits_are_spread_from_0_to_255(bits, samples, expected):
    decode = decoder((1, len(samples)), color_mode="grayscale", interpolation="nearest")
    assert decode(png(GREY, bits, samples)).ravel().tolist() == expected


@pytest.mark.parametrize("bits, scale", [(8, 1), (16, 257)])
def test_the_transparent_colour_of_a_png_becomes_white(bits, scale):
    samples = [10 * scale, 20 * scale, 30 * scale, 40 * scale, 50 * scale, 60 * scale]
    hidden = struct.pack(">HHH", *samples[:3])
    data = png(COLOUR, bits, samples, (b"tRNS", hidden))
    assert row_of(data, 2) == [WHITE, (40, 50, 60)]


@pytest.mark.parametrize("alphas", [b"\0", b"\xff\0", b"\x80\0\xff"])
def test_transparent_colours_of_a_palette_become_white(alphas):
    palette = bytes([0, 0, 0, 200, 0, 0, 0, 0, 200])
    data = png(PALETTE, 2, [0, 1, 2, 1], (b"PLTE", palette), (b"tRNS", alphas))
    opaque = [(0, 0, 0), (200, 0, 0), (0, 0, 200)]
    expected = []
    for index in (0, 1, 2, 1):
        alpha = alphas[index] / 255 if index < len(alphas) else 1
        expected.append([value * alpha + 255 * (1 - alpha) for value in opaque[index]])
    assert np.abs(np.subtract(row_of(data, 4), expected)).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_an_alpha_channel_of_a_png_shows_white(bits):
    full = 2**bits - 1
    grey = png(GREY_ALPHA, bits, [0, full, 0, 0])
    assert row_of(grey, 2) == [(0, 0, 0), WHITE]
    colour = png(COLOUR_ALPHA, bits, [full, 0, 0, full, full, 0, 0, 0])
    assert row_of(colour, 2) == [(255, 0, 0), WHITE]


def test_a_palette_with_its_own_alpha_shows_white():
    image = Image.new("P", (4, 1))
    image.putpalette([200, 0, 0, 255, 0, 200, 0, 0], rawmode="RGBA")
    image.putdata([0, 1, 0, 1])
    data = encoded(image, "PNG")
    assert row_of(data, 4) == [(200, 0, 0), WHITE, (200, 0, 0), WHITE]


# CMYK ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["auto", "pillow"])
def test_a_cmyk_jpeg_has_its_colours_whichever_library_decodes(scene, library):
    """Programs write it inverted, as Adobe's do, and say so in a segment of their own."""
    data = encoded(scene.convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data
    for fit in ("stretch", "crop"):
        image = decoder((90, 120), library=library, fit=fit)(data)
        assert difference(image, resized(scene, (90, 120))) < 4


# HEIC, AVIF, and files that name both -------------------------------------------------------------


def with_brands(data, first, *compatible):
    """The same file, with other brands at its beginning."""
    rest = data[int.from_bytes(data[:4], "big") :]
    assert (16 + 4 * len(compatible)) <= len(data) - len(rest)
    brands = first + bytes(4) + b"".join(compatible)
    padding = len(data) - len(rest) - 8 - len(brands)
    brands += compatible[-1] * (padding // 4)
    return data[:8] + brands + rest


@pytest.fixture(scope="module")
def avif(scene):
    if "AVIF" not in Image.SAVE:
        Image.init()
    if "AVIF" not in Image.SAVE:
        pytest.skip("NOT TESTED: this Pillow has no AVIF")
    return encoded(scene, "AVIF", quality=90)


@pytest.mark.parametrize(
    "brands", [(b"avif", b"mif1"), (b"mif1", b"avif"), (b"msf1", b"mif1", b"avif")]
)
def test_an_avif_is_read_whatever_brand_comes_first(scene, avif, brands):
    data = with_brands(avif, *brands)
    assert difference(decoder((90, 120))(data), resized(scene, (90, 120))) < 5


def test_an_avif_does_not_need_pillow_heif(monkeypatch, scene, avif):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    data = with_brands(avif, b"mif1", b"avif")
    assert decoder((9, 12))(data).shape == (9, 12, 3)


@pytest.mark.parametrize("brands", [None, (b"mif1", b"heic")])
def test_heic_is_read_where_pillow_heif_is_installed(scene, brands):
    pillow_heif = pytest.importorskip("pillow_heif", reason="NOT TESTED: needs pillow-heif")
    written = io.BytesIO()
    pillow_heif.from_pillow(scene).save(written, quality=90)
    data = written.getvalue()
    if brands:
        data = with_brands(data, *brands)
    assert difference(decoder((90, 120))(data), resized(scene, (90, 120))) < 5


@pytest.mark.parametrize(
    "brands", [b"heic\0\0\0\0mif1heic", b"mif1\0\0\0\0mif1heic", b"msf1\0\0\0\0hevcmif1"]
)
def test_without_pillow_heif_a_heic_photo_names_it(monkeypatch, brands):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])
    with pytest.raises(ImageError, match="pip install pillow-heif"):
        decoder((8, 8))(b"\0\0\0\x18ftyp" + brands + bytes(100))


@pytest.mark.parametrize("brands", [b"avif\0\0\0\0avifmif1", b"mif1\0\0\0\0avifmif1"])
def test_an_avif_that_cannot_be_read_is_called_one(brands):
    with pytest.raises(ImageError, match="AVIF"):
        decoder((8, 8))(b"\0\0\0\x18ftyp" + brands + bytes(100))


@pytest.mark.parametrize("brand", [b"isom", b"qt  ", b"mp42", b"crx "])
def test_a_film_is_no_picture(brand):
    with pytest.raises(ImageError, match="no picture"):
        decoder((8, 8))(b"\0\0\0\x18ftyp" + brand + bytes(4) + b"isommp42" + bytes(100))
