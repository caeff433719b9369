"""`library="opencv"` varies pictures as Pillow does: the same draws, values within rounding."""

import pickle
import sys

import numpy as np
import pytest
from scenes import draw_scene

from colab_helpers.stream import augmenter

cv2 = pytest.importorskip("cv2", reason="NOT TESTED: needs opencv-python-headless")
needs_opencv_5 = pytest.mark.skipif(
    int(cv2.__version__.split(".")[0]) < 5,
    reason="NOT TESTED: OpenCV 4 reads between pixels no finer than to 1/32",
)
ALL_WORDS = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 9,
    "shear_range": 15,
    "zoom_range": 0.4,
    "horizontal_flip": True,
    "vertical_flip": True,
    "random_crop": 0.8,
    "brightness_range": (0.8, 1.2),
    "channel_shift_range": 20,
}


def generator(seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def scene():
    return np.asarray(draw_scene().resize((160, 120)))


@needs_opencv_5
@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_bytes_differ_by_their_rounding_alone(scene, fill_mode, channels):
    image = np.concatenate([scene, 255 - scene], axis=2)[..., :channels]
    geometry = {word: ALL_WORDS[word] for word in list(ALL_WORDS)[:8]}
    words = {**geometry, "fill_mode": fill_mode, "cval": 50}
    pillow = augmenter(**words, library="pillow")
    opencv = augmenter(**words, library="opencv")
    for seed in range(20):
        one = pillow(image, generator(seed)).astype(int)
        other = opencv(image, generator(seed)).astype(int)
        assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
def test_on_average_no_opencv_differs_by_more_than_rounding(scene, fill_mode):
    words = {**ALL_WORDS, "fill_mode": fill_mode}
    for seed in range(10):
        one = augmenter(**words, library="pillow")(scene, generator(seed)).astype(int)
        other = augmenter(**words, library="opencv")(scene, generator(seed)).astype(int)
        assert np.abs(one - other).mean() < 1


@needs_opencv_5
@pytest.mark.parametrize("fill_mode", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats_are_equal(scene, fill_mode, dtype):
    image = (scene / 255).astype(dtype)
    words = {**ALL_WORDS, "channel_shift_range": 0.1, "fill_mode": fill_mode, "cval": -1}
    for seed in range(10):
        one = augmenter(**words, library="pillow")(image, generator(seed))
        other = augmenter(**words, library="opencv")(image, generator(seed))
        assert one.dtype == other.dtype == dtype
        np.testing.assert_allclose(one, other, atol=1e-3 if dtype == "float16" else 1e-4)


@pytest.mark.parametrize("words", [{"horizontal_flip": True}, {"vertical_flip": True}, {}])
def test_what_moves_whole_pixels_gives_equal_bytes(scene, words):
    for seed in range(6):
        one = augmenter(**words, library="pillow")(scene, generator(seed))
        assert np.array_equal(one, augmenter(**words, library="opencv")(scene, generator(seed)))


def test_an_image_that_may_not_be_written_to_is_varied_and_left_alone(scene):
    image = scene.copy()
    image.flags.writeable = False
    varied = augmenter(**ALL_WORDS, library="opencv")(image, generator(0))
    assert varied.shape == image.shape
    assert np.array_equal(image, scene)


def test_a_picture_too_long_for_opencv_is_left_to_pillow():
    image = np.arange(40_000 * 3, dtype=np.uint32).astype(np.uint8).reshape(1, 40_000, 3)
    one = augmenter(zoom_range=0.2, library="opencv")(image, generator(0))
    assert np.array_equal(one, augmenter(zoom_range=0.2, library="pillow")(image, generator(0)))


def test_auto_is_opencv_and_says_so():
    augment = augmenter(rotation_range=20)
    assert augment.library == "opencv"
    assert "library='opencv'" in repr(augment)
    assert augment == augmenter(rotation_range=20, library="opencv")
    assert pickle.loads(pickle.dumps(augment)) == augment


def test_where_opencv_is_missing_it_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ImportError, match="pip install opencv-python-headless"):
        augmenter(rotation_range=20, library="opencv")
