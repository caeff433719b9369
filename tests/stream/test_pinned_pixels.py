"""Values that stay from version to version: keys of caches, what a seed draws, decoded pixels.

A change here reads old caches as empty, or trains otherwise with the same seed. It must be wanted.
"""

import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

from colab_helpers.stream import augmenter, decoder
from colab_helpers.stream.pixel_cache import pixel_key
from colab_helpers.stream.record_keys import record_key

FILE = SimpleNamespace(id="1AbC", version="7")
DECODE_KEY = "64x96x3 bilinear stretch pillow-12.3.0 rules-2"


def test_a_file_in_the_cache_of_bytes_keeps_its_key():
    assert record_key(FILE.id, FILE.version).hex() == "b632c63edd4ec103a6bdfea88a7ca369"


@pytest.mark.parametrize(
    "dtype, expected",
    [
        ("uint8", "473c9523aa1ed4d55e7620bb01049319"),
        ("uint16", "81e142bd6c9cade90b23e34fe0d5c6f6"),
        ("float32", "50d31090f77148ddf31439f7fc45053d"),
    ],
)
def test_pixels_in_the_cache_keep_their_key(dtype, expected):
    assert pixel_key(FILE, DECODE_KEY, (64, 96, 3), np.dtype(dtype)).hex() == expected


# What a seed draws --------------------------------------------------------------------------------

ALL_WORDS = {
    "rotation_range": 30,
    "width_shift_range": 0.2,
    "height_shift_range": 5,
    "shear_range": 10,
    "zoom_range": 0.3,
    "channel_shift_range": 9,
    "brightness_range": (0.8, 1.2),
    "horizontal_flip": True,
    "vertical_flip": True,
    "random_crop": 0.9,
}


def generator():
    """As a sequence makes it: seed, epoch, key of the file."""
    return np.random.Generator(np.random.PCG64((0, 1, 12345)))


def drawn_picture():
    y, x = np.mgrid[0:24, 0:36]
    return np.stack([x * 7 % 256, y * 10 % 256, x * y % 256], axis=2).astype(np.uint8)


UPPER = [[[189, 164, 37], [118, 153, 57], [46, 141, 103]]]
LOWER = [[[189, 113, 111], [118, 101, 189], [47, 90, 66]]]


@pytest.mark.parametrize(
    "fill_mode, first_row",
    [
        ("nearest", [[189, 206, 162], [117, 204, 151], [46, 192, 139]]),
        ("reflect", [[189, 206, 160], [117, 204, 151], [46, 192, 139]]),
        ("wrap", [[189, 1, 2], [117, 204, 151], [46, 192, 139]]),
        ("constant", [[9, 9, 9], [117, 204, 151], [46, 192, 139]]),
    ],
)
def test_a_seed_varies_a_picture_as_it_did(fill_mode, first_row):
    augment = augmenter(**ALL_WORDS, fill_mode=fill_mode, cval=9, library="pillow")
    varied = augment(drawn_picture(), generator())
    expected = [first_row, *UPPER, *LOWER]
    assert np.abs(np.subtract(varied[::8, ::12], expected)).max() <= 1  # where numbers round


@pytest.mark.parametrize(
    "words, next_number",
    [
        (ALL_WORDS, 0.7570589871013366),
        ({}, 0.3485239744311993),
        ({"width_shift_range": [4, 8], "height_shift_range": 3.0}, 0.3485239744311993),
        ({"width_shift_range": [0.1, 0.25], "zoom_range": (0.8, 1.2)}, 0.3485239744311993),
    ],
)
@pytest.mark.parametrize("library", ["pillow", "auto"])
def test_so_many_numbers_are_drawn_for_a_picture(words, next_number, library):
    """A number more or less, and whatever is drawn after it is another."""
    rng = generator()
    augmenter(**words, library=library)(np.zeros((60, 90, 3), np.uint8), rng)
    assert rng.random() == next_number


@pytest.mark.parametrize(
    "words, column",
    [
        ({"width_shift_range": [4, 8]}, 53),
        ({"width_shift_range": [0.1, 0.25, 0.5]}, 67),
        ({"width_shift_range": 30}, 43),
        ({"width_shift_range": 20.0}, 56),
    ],
)
def test_a_seed_shifts_a_line_to_where_it_did(words, column):
    image = np.zeros((60, 90, 1), np.uint8)
    image[:, 45] = 255
    varied = augmenter(**words, fill_mode="constant")(image, generator())
    assert int(varied[30, :, 0].argmax()) == column


# Decoded pixels -----------------------------------------------------------------------------------


def png_of(image):
    """A PNG written here, so that it does not depend on who writes PNGs."""
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    size = struct.pack(">IIBBBBB", image.shape[1], image.shape[0], 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", size), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + kind + body
        data += struct.pack(">I", zlib.crc32(kind + body))
    return data


@pytest.mark.parametrize(
    "choices, checksum",
    [
        ({}, 584106587),
        ({"fit": "crop"}, 248752316),
        ({"fit": "pad"}, 2797591823),
        ({"interpolation": "nearest"}, 578993235),
        ({"interpolation": "bicubic"}, 3595283170),
        ({"color_mode": "grayscale"}, 898073530),
    ],
)
def test_a_png_is_decoded_to_the_pixels_that_it_was(choices, checksum):
    decode = decoder((10, 12), **choices)
    assert zlib.crc32(decode(png_of(drawn_picture())).tobytes()) == checksum
