"""What the augmentation explorer promises; tests/browser looks at it in a real page."""

import html
import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ipywidgets")

from colab_helpers.stream import augmenter
from colab_helpers.widgets import AugmentationExplorer
from colab_helpers.widgets.augmentation_explorer import augmenter_code, tiled, to_png

HEIGHT, WIDTH = 32, 48  # of the photo, in pixels


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def grid_of(explorer):
    """The pictures as they are before they are enlarged."""
    shown = pixels_of(explorer.picture.value)
    enlarged = shown.shape[1] // (4 * WIDTH)
    return shown[::enlarged, ::enlarged]


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3)).astype("uint8")


def test_moving_a_slider_changes_the_picture_and_the_code(photo):
    """The first picture stays the photo itself; the line is the one that makes what is seen."""
    explorer = AugmentationExplorer(photo, augmenter)
    assert explorer.code == "augment = augmenter()"
    before = grid_of(explorer)
    explorer.controls["rotation_range"].value = 40
    explorer.controls["horizontal_flip"].value = True
    after = grid_of(explorer)
    assert explorer.code == "augment = augmenter(rotation_range=40, horizontal_flip=True)"
    np.testing.assert_array_equal(after[:HEIGHT, :WIDTH], photo)
    assert (after[:, WIDTH + 4 :] != before[:, WIDTH + 4 :]).any()
    assert html.unescape(explorer.code_line.value).endswith(f">{explorer.code}</pre>")


def test_the_code_makes_the_augmenter_that_is_seen(photo):
    """Every control of the explorer is a word of `augmenter`."""
    explorer = AugmentationExplorer(photo, augmenter)
    for word, control in explorer.controls.items():
        chosen = {"fill_mode": "wrap", "random_crop": 0.7}
        control.value = chosen.get(word, getattr(control, "max", True))
    names = {"augmenter": augmenter}
    exec(explorer.code, names)
    expected = names["augment"](photo, np.random.default_rng(1))
    np.testing.assert_array_equal(explorer.augment(photo, np.random.default_rng(1)), expected)
    assert set(explorer.settings) == set(explorer.controls)


def test_other_variants_and_the_same_again(photo):
    """The button draws others; the seed alone decides which."""
    explorer = AugmentationExplorer(photo, augmenter, rotation_range=40)
    first = grid_of(explorer)
    explorer.other_variants.click()
    assert (grid_of(explorer) != first).any()
    again = AugmentationExplorer(photo, augmenter, rotation_range=40)
    np.testing.assert_array_equal(grid_of(again), first)


def test_a_grey_photo_is_fine(photo):
    AugmentationExplorer(photo[..., :1], augmenter, vertical_flip=True)


def test_unknown_settings_are_refused_with_those_that_exist(photo):
    with pytest.raises(ValueError, match="rotation_range.*Received: brightness"):
        AugmentationExplorer(photo, augmenter, brightness=2)


# The parts of it that need no page


def test_a_setting_is_written_without_the_noise_of_its_steps(photo):
    explorer = AugmentationExplorer(photo, augmenter, zoom_range=0.1 + 0.2)
    assert explorer.settings == {"zoom_range": 0.3}


@pytest.mark.parametrize(
    "settings, code",
    [
        ({}, "augment = augmenter()"),
        ({"zoom_range": 0.2}, "augment = augmenter(zoom_range=0.2)"),
        ({"fill_mode": "wrap"}, "augment = augmenter(fill_mode='wrap')"),
    ],
)
def test_the_line_of_code_names_what_differs(settings, code):
    assert augmenter_code(settings) == code


def test_pictures_stand_row_by_row_with_white_between_them():
    pictures = [np.full((2, 3, 1), shade, np.uint8) for shade in (10, 20, 30)]
    whole = tiled(pictures, columns=2, gap=1)
    assert whole.shape == (5, 7, 3)
    np.testing.assert_array_equal(whole[0, :, 0], [10, 10, 10, 255, 20, 20, 20])
    np.testing.assert_array_equal(whole[:, 0, 0], [10, 10, 255, 30, 30])


@pytest.mark.parametrize(
    "width, shown", [(48, 192), (100, 200), (149, 298), (150, 150), (300, 300)]
)
def test_no_picture_is_shown_smaller_than_150_pixels(width, shown):
    explorer = AugmentationExplorer(np.zeros((2, width, 3), np.uint8), augmenter)
    whole = pixels_of(explorer.picture.value)
    enlarged = shown // width
    assert whole.shape[1] == 4 * shown + 3 * 4 * enlarged


def test_a_small_picture_is_enlarged_without_blur():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    shown = pixels_of(to_png(picture, enlarged=3))
    assert shown.shape == (6, 6, 3)
    np.testing.assert_array_equal(shown[::3, ::3], picture)


@pytest.mark.parametrize("image", [None, "rose.jpg", np.zeros((8, 8)), np.zeros((0, 8, 3))])
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ValueError, match=r"`image` must be an array.*decode\(drive.read\(file\)\)"):
        AugmentationExplorer(image, augmenter)


def test_an_augmenter_that_is_made_already_has_no_sliders():
    image = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match=r"write AugmentationExplorer\(image, augmenter\)"):
        AugmentationExplorer(image, augmenter())
    with pytest.raises(ValueError, match="`seed` must be an integer of at least 0"):
        AugmentationExplorer(image, augmenter, seed=None)
