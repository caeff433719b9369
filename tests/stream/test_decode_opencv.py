"""`library="opencv"` shows the same pictures as Pillow, sooner."""

import numpy as np
import pytest
from PIL import Image
from scenes import difference, draw_scene, encoded

from colab_helpers.stream import ImageError, decoder

pytest.importorskip("cv2", reason="NOT TESTED: needs opencv-python-headless")


@pytest.fixture(scope="module")
def scene():
    return draw_scene()


def test_opencv_shows_the_same_picture(scene):
    for data in (
        encoded(scene, "JPEG", quality=90),
        encoded(scene.resize((2000, 1500)), "JPEG", quality=90),
    ):
        for fit in ("stretch", "crop", "pad"):
            for color_mode in ("rgb", "grayscale"):
                for interpolation in ("bilinear", "area"):
                    for size in ((100, 100), (60, 120), (400, 500)):
                        how = {"image_size": size, "fit": fit, "color_mode": color_mode}
                        fast = decoder(library="opencv", interpolation=interpolation, **how)(data)
                        assert fast.shape == decoder(**how).shape
                        assert difference(fast, decoder(**how)(data)) < 4, (how, interpolation)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_opencv_turns_as_pillow_does(scene, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(scene, "JPEG", exif=exif, quality=90)
    fast = decoder((50, 90), library="opencv")
    assert difference(fast(data), decoder((50, 90))(data)) < 3


def test_opencv_leaves_to_pillow_what_it_reads_otherwise(scene):
    for data in (
        encoded(scene),
        encoded(scene.convert("CMYK"), "JPEG"),
        encoded(scene.convert("RGBA"), "WEBP"),
    ):
        assert np.array_equal(decoder((50, 90), library="opencv")(data), decoder((50, 90))(data))


def test_opencv_does_not_fill_what_is_cut_off(scene):
    data = encoded(scene, "JPEG")
    with pytest.raises(ImageError, match="truncated"):
        decoder((50, 90), library="opencv")(data[: len(data) // 2])


def test_opencv_has_a_key_of_its_own_and_two_interpolations():
    assert decoder((8, 8), library="opencv").key != decoder((8, 8)).key
    with pytest.raises(ValueError, match="'bilinear', 'area'"):
        decoder((8, 8), library="opencv", interpolation="bicubic")
