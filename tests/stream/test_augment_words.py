"""A word that `augmenter` does not have, or a value that a word cannot have, is told at once."""

import inspect
import math

import numpy as np
import pytest

from colab_helpers.stream import augmenter


@pytest.mark.parametrize(
    "word, where_it_went",
    [
        ("rescale", "`normalize` of the sequence, or a Rescaling"),
        ("featurewise_center", "`normalize` of the sequence, or a Rescaling"),
        ("featurewise_std_normalization", "Normalization layer"),
        ("samplewise_center", "`normalize` of the sequence"),
        ("samplewise_std_normalization", "Normalization layer"),
        ("zca_whitening", "Normalization layer in the model comes closest"),
        ("zca_epsilon", "Normalization layer in the model comes closest"),
        ("preprocessing_function", "`augment` of the sequence may be a function of your own"),
        ("validation_split", r"`split\(files, "),
        ("subset", r"`split\(files, "),
        ("data_format", r"\(height, width, channels\)"),
        ("dtype", "argument of StreamingSequence"),
        ("interpolation_order", "bilinear"),
        ("seed", "argument of StreamingSequence"),
        ("batch_size", "argument of StreamingSequence"),
        ("target_size", r"decoder\(image_size="),
        ("width_shift", "did you mean `width_shift_range`?"),
        ("height_range", "did you mean `height_shift_range`?"),
        ("zoom", "did you mean `zoom_range`?"),
        ("rotation", "did you mean `rotation_range`?"),
        ("horizontal_flips", "did you mean `horizontal_flip`?"),
        ("xyz", "its words are rotation_range, "),
    ],
)
def test_a_word_that_is_not_there_is_told_with_where_it_went(word, where_it_went):
    with pytest.raises(TypeError, match=rf"augmenter\(\) has no word `{word}`: .*{where_it_went}"):
        augmenter(rotation_range=20, **{word: 1})


def test_help_shows_the_words_that_there_are():
    assert list(inspect.signature(augmenter).parameters)[:2] == [
        "rotation_range",
        "width_shift_range",
    ]
    assert augmenter(20) == augmenter(rotation_range=20)


NO_NUMBERS = ("20", None, math.nan, math.inf, (1, 2), True, 1j)
WRONG = {
    "rotation_range": (*NO_NUMBERS, -1, [5]),
    "shear_range": (*NO_NUMBERS, -0.1),
    "width_shift_range": ("0.1", None, math.nan, -0.1, -3, [], ["a"], [math.nan], True, {}),
    "height_shift_range": (None, -math.inf, [[1, 2]], [None]),
    "zoom_range": ("0.2", None, -0.2, 1.0, 3, math.nan, (0, 1), (1.2, 0.8), (-1, 1), [0.5]),
    "channel_shift_range": (*NO_NUMBERS, -5),
    "brightness_range": (0.5, "1", (-1, 1), (1.5, 0.5), (1, math.nan), (1,), (), (1, math.inf)),
    "horizontal_flip": (0.5, 1, "no", None),
    "vertical_flip": (0.5, 0, "vertical"),
    "fill_mode": ("mirror", None, "edge", []),
    "cval": ("white", None, math.nan, math.inf, (0, 0, 0), True),
    "random_crop": (0, 1.5, -0.5, math.nan, "0.5", (0.5, 1), None),
    "library": ("cv2", None, True),
}


@pytest.mark.parametrize(
    "word, value", [(word, value) for word, values in WRONG.items() for value in values]
)
def test_a_value_that_a_word_cannot_have_is_told_when_it_is_made(word, value):
    with pytest.raises(ValueError, match=rf"`{word}` must be .*Received: {word}="):
        augmenter(**{word: value})


@pytest.mark.parametrize(
    "words",
    [
        {"rotation_range": np.int64(20), "shear_range": np.float32(0.5)},
        {"width_shift_range": np.array([1.0, 2.0]), "height_shift_range": [0.1]},
        {"zoom_range": np.array([0.5, 2.0]), "brightness_range": [0, 0]},
        {"zoom_range": 0, "horizontal_flip": np.True_, "cval": -1},
        {"rotation_range": 720, "width_shift_range": 300, "zoom_range": (1e-3, 50)},
    ],
)
def test_whatever_means_a_number_is_taken_for_one(words):
    image = np.full((9, 12, 3), 200, np.uint8)
    assert (augmenter(**words)(image, np.random.default_rng(0)) == 200).mean() > 0.9 or (
        "brightness_range" in words
    )


@pytest.mark.parametrize("library", ["pillow", "auto"])
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((1, 9, 9, 3), np.uint8),
        np.full((9, 9, 3), 300, np.int32),
        np.full((9, 9, 3), 300, np.uint16),
        np.zeros((9, 9, 3), bool),
        np.full((9, 9, 3), None),
    ],
    ids=lambda image: f"{image.dtype} {image.ndim}",
)
def test_pixels_that_would_be_bent_are_refused(image, library):
    augment = augmenter(brightness_range=(1.1, 1.2), rotation_range=5, library=library)
    with pytest.raises(ValueError, match="takes an image .* of uint8 or floats.* Received: "):
        augment(image, np.random.default_rng(0))


@pytest.mark.parametrize("library", ["pillow", "auto"])
def test_a_fill_that_bytes_cannot_hold_is_refused_and_floats_take_it(library):
    augment = augmenter(width_shift_range=5.0, fill_mode="constant", cval=-1, library=library)
    with pytest.raises(ValueError, match="`cval` must be from 0 to 255 for an image of uint8"):
        augment(np.zeros((9, 9, 3), np.uint8), np.random.default_rng(0))
    varied = augment(np.ones((9, 9, 3), np.float32), np.random.default_rng(0))
    assert sorted(set(varied.ravel())) == [-1, 1]


def test_a_zoom_out_of_all_proportion_takes_no_memory():
    image = np.full((200, 200, 3), 7, np.uint8)
    augment = augmenter(zoom_range=(5000, 5000), library="pillow")
    with pytest.raises(ValueError, match="pixels around a picture of 200 x 200 are seen"):
        augment(image, np.random.default_rng(0))


@pytest.mark.parametrize("library", ["opencv", "pillow"])
@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 0, 3), (5, 5, 0)])
def test_an_image_without_a_pixel_is_refused_whichever_library(library, shape):
    augment = augmenter(rotation_range=20, library=library)
    empty = np.zeros(shape, np.uint8)
    image = np.zeros((5, 5, 3), np.uint8)
    with pytest.raises(ValueError, match=r"with a pixel at least.*Received: uint8 \(\d, \d, \d\)"):
        augment(empty, np.random.default_rng(0))
    with pytest.raises(ValueError, match="with a pixel at least"):
        augment.with_mask(image, empty, np.random.default_rng(0))


@pytest.mark.parametrize("image", [None, [[1]], "rose.jpg"])
def test_what_is_no_array_is_no_image(image):
    with pytest.raises(ValueError, match=f"takes an image.*Received: {type(image).__name__}$"):
        augmenter()(image, np.random.default_rng(0))


@pytest.mark.parametrize("rng", [None, 0])
def test_a_seed_is_no_generator(rng):
    image = np.zeros((5, 5, 3), np.uint8)
    words = r"`rng` must be a `numpy.random.Generator`, such as `np.random.default_rng\(0\)`"
    with pytest.raises(ValueError, match=words):
        augmenter(rotation_range=20)(image, rng)
    with pytest.raises(ValueError, match=words):
        augmenter(rotation_range=20).with_mask(image, image, rng)
