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
    with pytest.raises(ImageError, match="go up to 300"):
        DECODE(large)
    scaled = decoder((2, 3), color_mode="grayscale")(large)
    assert scaled.max() == 1


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
    assert " values " in DECODE.key
    assert "values" not in decoder((2, 3), interpolation="nearest").key
