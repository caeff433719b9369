"""A decoder of masks keeps values as they stand in the file."""

import numpy as np
import pytest
from PIL import Image
from scenes import encoded

from colab_helpers.stream import ImageError, decoder

VALUES = np.array([[0, 1, 2], [3, 5, 255]], np.uint8)
DECODE = decoder((2, 3), color_mode="grayscale", interpolation="nearest")


def indexed(**info):
    image = Image.frombytes("P", (3, 2), VALUES.tobytes())
    colours = [0, 0, 0, 128, 0, 0, 0, 128, 0]
    image.putpalette(colours + [9] * (768 - len(colours)))
    return encoded(image, **info)


@pytest.mark.parametrize("transparency", [{}, {"transparency": 0}, {"transparency": b"\0\xff"}])
def test_a_picture_of_indexed_colours_gives_their_numbers(transparency):
    assert np.array_equal(DECODE(indexed(**transparency))[..., 0], VALUES)
    assert np.array_equal(DECODE(indexed(format="TIFF"))[..., 0], VALUES)


def test_grey_values_stay_also_where_they_are_transparent():
    assert np.array_equal(DECODE(encoded(Image.fromarray(VALUES)))[..., 0], VALUES)
    clear = encoded(Image.fromarray(VALUES), transparency=0)
    assert np.array_equal(DECODE(clear)[..., 0], VALUES)
    alpha = Image.merge("LA", (Image.fromarray(VALUES), Image.new("L", (3, 2), 0)))
    assert np.array_equal(DECODE(encoded(alpha))[..., 0], VALUES)


def test_values_of_sixteen_bits_stay_or_are_refused():
    for dtype in (np.uint16, np.int32):
        image = Image.fromarray(VALUES.astype(dtype))
        assert np.array_equal(DECODE(encoded(image, "TIFF"))[..., 0], VALUES)
    large = encoded(Image.fromarray(VALUES.astype(np.uint16) + 45))
    with pytest.raises(ImageError, match="go from 45 to 300"):
        DECODE(large)
    scaled = decoder((2, 3), color_mode="grayscale")(large)
    assert scaled.max() == 1


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
@pytest.mark.parametrize("row", [[0, 1, 1], [0, 1, 2], [0, 254, 255]])
def test_values_of_thirty_two_bits_stay(dtype, row):
    values = np.array([row, row], dtype)
    found = DECODE(encoded(Image.fromarray(values), "TIFF"))
    assert np.array_equal(found[..., 0], values)


@pytest.mark.parametrize(
    "dtype, value",
    [(np.int32, 256), (np.int32, -1), (np.float32, 0.5), (np.float32, 300), (np.float32, np.nan)],
)
def test_values_that_eight_bits_do_not_hold_are_refused(dtype, value):
    values = np.full((2, 3), 1, dtype)
    values[1, 1] = value
    with pytest.raises(ImageError, match=f"with {value} among them.*whole numbers from 0 to 255"):
        DECODE(encoded(Image.fromarray(values), "TIFF"))


def test_colours_keep_their_grey_where_they_are_transparent():
    grey = Image.fromarray(VALUES)
    for alpha in (0, 128, 255):
        clear = Image.merge("RGBA", (grey, grey, grey, Image.new("L", (3, 2), alpha)))
        assert np.array_equal(DECODE(encoded(clear))[..., 0], VALUES)
    colours = Image.merge("RGB", (grey, grey, grey))
    assert np.array_equal(DECODE(encoded(colours, transparency=(1, 1, 1)))[..., 0], VALUES)


def test_no_value_is_blended_in_any_size_and_fit():
    rng = np.random.default_rng(0)
    mask = Image.fromarray(rng.choice(np.array([0, 7, 255], np.uint8), (40, 60)))
    for fit in ("stretch", "crop", "pad"):
        for size in ((13, 29), (100, 90)):
            decode = decoder(size, color_mode="grayscale", interpolation="nearest", fit=fit)
            assert set(np.unique(decode(encoded(mask)))) <= {0, 7, 255}


def test_colours_are_shown_where_colours_are_wanted():
    shown = decoder((2, 3), interpolation="nearest")(indexed())
    assert shown[0, 1].tolist() == [128, 0, 0]
    grey = decoder((2, 3), color_mode="grayscale")(indexed())
    assert grey[0, 1, 0] == Image.new("RGB", (1, 1), (128, 0, 0)).convert("L").getpixel((0, 0))


def test_the_key_tells_values_from_what_older_decoders_gave():
    assert " values-2 " in DECODE.key
    assert "values" not in decoder((2, 3), interpolation="nearest").key
