"""Pictures are varied as ImageDataGenerator varies them."""

import pickle

import numpy as np
import pytest
from PIL import Image
from scenes import difference, draw_scene, encoded

from colab_helpers.stream import augmenter, decoder

pytestmark = pytest.mark.filterwarnings("ignore:.*scipy.ndimage.interpolation:DeprecationWarning")


@pytest.fixture(scope="module")
def scene():
    return draw_scene()


class Drawn:
    """Stands for a generator: hands out given numbers from -1 (lowest) to 1 (highest).

    So a test can say what is drawn.
    """

    def __init__(self, *numbers):
        self.numbers = list(numbers)

    def uniform(self, low, high, size=None):
        if size:
            return np.array([self.uniform(low, high) for _ in range(size)])
        number = self.numbers.pop(0) if low != high and self.numbers else 0
        return (low + high) / 2 + number * (high - low) / 2


@pytest.fixture(scope="module")
def keras_image():
    return pytest.importorskip("keras.src.legacy.preprocessing.image")


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize(
    "ours, drawn, theirs",
    [
        ({"rotation_range": 30}, 1, {"theta": 30}),
        ({"width_shift_range": 0.2}, 1, {"tx": 0.2 * 120}),
        ({"height_shift_range": 0.2}, 1, {"ty": 0.2 * 120}),
        ({"width_shift_range": 7.0}, -1, {"tx": -7}),
        ({"shear_range": 20}, 1, {"shear": 20}),
        ({"zoom_range": (0.7, 0.9)}, 1, {"zx": 0.9, "zy": 0.8}),
        ({"zoom_range": 0.4}, 1, {"zx": 1.4, "zy": 1.0}),
    ],
)
def test_the_geometry_is_that_of_keras(keras_image, scene, fill_mode, ours, drawn, theirs):
    """One value is drawn, the others lie in the middle; Keras calls the shifts tx and ty."""
    pytest.importorskip("scipy")
    image = decoder((120, 120))(encoded(scene))
    expected = keras_image.apply_affine_transform(
        image.astype("float32"),
        **theirs,
        row_axis=0,
        col_axis=1,
        channel_axis=2,
        fill_mode=fill_mode,
        cval=50,
    )
    varied = augmenter(**ours, fill_mode=fill_mode, cval=50)(image, Drawn(drawn))
    # SciPy wraps with a period one pixel shorter, and mixes less at the border, where a row of
    # pixels differs.
    assert difference(varied, expected) < (4 if fill_mode == "wrap" else 1.5)


def test_a_shift_to_the_side_is_a_shift_to_the_side(scene):
    """In Keras's own generator, `width_shift_range` has come to move pictures up and down."""
    image = decoder((120, 160))(encoded(scene))
    assert np.array_equal(
        augmenter(width_shift_range=9.0)(image, Drawn(1))[:, :150], image[:, 9:159]
    )
    assert np.array_equal(augmenter(height_shift_range=9.0)(image, Drawn(1))[:110], image[9:119])


def test_an_int_shifts_by_whole_pixels_and_a_list_by_one_of_its_values():
    image = np.zeros((40, 40, 1), np.uint8)
    image[20, 20] = 255

    def shifts(**choice):
        augment, rng = augmenter(**choice, fill_mode="constant"), np.random.default_rng(0)
        found = [np.argwhere(augment(image, rng)[..., 0] > 200) for _ in range(200)]
        return {int(20 - places[0][1]) for places in found if len(places)}

    assert shifts(width_shift_range=3) == {-2, -1, 0, 1, 2}
    assert shifts(width_shift_range=[4, 8]) == {-8, -4, 4, 8}


def test_flips_happen_every_other_time(scene):
    image = decoder((30, 40))(encoded(scene))
    rng = np.random.default_rng(0)
    for words, axis in (({"horizontal_flip": True}, 1), ({"vertical_flip": True}, 0)):
        varied = [augmenter(**words)(image, rng) for _ in range(200)]
        flipped = sum(np.array_equal(one, np.flip(image, axis)) for one in varied)
        same = sum(np.array_equal(one, image) for one in varied)
        assert flipped + same == 200 and 70 < flipped < 130


def test_a_random_crop_shows_a_window_at_full_size(scene):
    image = decoder((100, 100))(encoded(scene))
    varied = augmenter(random_crop=0.5)(image, Drawn(-1, 1))  # leftmost, lowest
    window = Image.fromarray(image).resize(
        (100, 100), Image.Resampling.BILINEAR, box=(0, 50, 50, 100)
    )
    assert difference(varied[2:-2, 2:-2], np.asarray(window)[2:-2, 2:-2]) < 1


def test_brightness_and_channel_shift_are_those_of_keras(scene):
    image = decoder((30, 40))(encoded(scene))
    assert np.array_equal(
        augmenter(brightness_range=(0.5, 1.5))(image, Drawn(-1)), (image * 0.5).astype(np.uint8)
    )
    shifted = augmenter(channel_shift_range=30)(image, Drawn(1))
    assert np.array_equal(shifted, np.clip(image.astype(int) + 30, image.min(), image.max()))


@pytest.mark.parametrize("factor, added", [(1.6, 40), (0.4, -60), (1.3, -25)])
def test_light_changes_in_the_order_of_keras_and_stays_within_bytes(
    keras_image, scene, factor, added
):
    """The channel shift first, within the image's own range; then brightness, within 0 to 255."""
    image = decoder((30, 40))(encoded(scene))
    varied = augmenter(channel_shift_range=abs(added), brightness_range=(factor, factor + 1e-9))(
        image, Drawn(0, np.sign(added))
    )
    shifted = keras_image.apply_channel_shift(image.astype("float32"), added, channel_axis=2)
    expected = keras_image.apply_brightness_shift(shifted, factor, scale=False)
    assert np.abs(varied - expected).max() <= 1


def test_floats_keep_what_brightness_makes_of_them():
    """Their white is not known: 1.0 times 1.5 is 1.5, where ImageDataGenerator rounds to bytes."""
    image = np.linspace(0, 1, 27, dtype=np.float32).reshape(3, 3, 3)
    brighter = augmenter(brightness_range=(1.5, 1.5))(image, Drawn(1))
    np.testing.assert_allclose(brighter, image * 1.5, rtol=1e-6)


def test_the_same_state_of_the_generator_gives_the_same_picture(scene):
    image = decoder((60, 60))(encoded(scene))
    augment = augmenter(
        rotation_range=30,
        width_shift_range=0.2,
        height_shift_range=5,
        shear_range=10,
        zoom_range=0.3,
        channel_shift_range=9,
        brightness_range=(0.8, 1.2),
        horizontal_flip=True,
        random_crop=0.9,
    )
    first, second = (augment(image, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first, second)
    assert difference(first, augment(image, np.random.default_rng(8))) > 5


def test_nothing_chosen_changes_nothing(scene):
    image = decoder((30, 40))(encoded(scene))
    assert np.array_equal(augmenter()(image, np.random.default_rng(0)), image)


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_shape_and_dtype_stay_and_the_picture_handed_in_too(dtype, channels):
    image = np.random.default_rng(0).integers(0, 256, (20, 31, channels)).astype(dtype)
    before = image.copy()
    rng = np.random.default_rng(0)
    for fill_mode in ("nearest", "reflect", "wrap", "constant"):
        augment = augmenter(
            rotation_range=180,
            zoom_range=(0.3, 4),
            height_shift_range=3.0,
            fill_mode=fill_mode,
            brightness_range=(0, 2),
            channel_shift_range=50,
            vertical_flip=True,
        )
        varied = augment(image, rng)
        assert varied.shape == image.shape
        assert varied.dtype == image.dtype
        assert varied.flags.c_contiguous
    assert np.array_equal(image, before)


def test_what_lies_outside_is_never_black_unless_asked():
    white = np.full((50, 70, 3), 255, np.uint8)
    rng = np.random.default_rng(0)
    for fill_mode in ("nearest", "reflect", "wrap"):
        augment = augmenter(
            rotation_range=180,
            width_shift_range=0.9,
            zoom_range=(0.2, 5),
            shear_range=40,
            fill_mode=fill_mode,
        )
        assert all((augment(white, rng) == 255).all() for _ in range(50))


def test_it_is_a_value_that_travels_to_another_process():
    augment = augmenter(rotation_range=20, zoom_range=(0.8, 1.2))
    assert pickle.loads(pickle.dumps(augment)) == augment
    assert eval(repr(augment)) == augment
    assert hash(augmenter(zoom_range=[0.8, 1.2])) == hash(augmenter(zoom_range=(0.8, 1.2)))
    assert augment != augmenter(rotation_range=21, zoom_range=(0.8, 1.2))
