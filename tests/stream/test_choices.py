"""A wrong argument is told in Keras's words; a size is reached by plain arithmetic."""

from types import SimpleNamespace

import numpy as np
import pytest

from colab_helpers.stream import StreamingSequence, decoder
from colab_helpers.stream.checks import check_choice, check_whole_number, is_whole_number
from colab_helpers.stream.fitting import Fitting, Wanted


@pytest.mark.parametrize(
    "value, allowed",
    [("pad", ("crop", "pad")), (None, ("crop", None)), (2, range(3)), ("a", {"a": 1})],
)
def test_what_is_allowed_passes(value, allowed):
    check_choice("fit", value, allowed)


@pytest.mark.parametrize("value", ["fill", None, ["crop"], 3])
def test_what_is_not_allowed_is_shown_beside_what_is(value):
    with pytest.raises(ValueError) as caught:
        check_choice("fit", value, {"crop": 1, "pad": 2})
    assert str(caught.value) == f"`fit` must be one of 'crop', 'pad'. Received: fit={value!r}"


@pytest.mark.parametrize("value", [1, 32, np.int64(1)])
def test_a_whole_number_that_is_large_enough_passes(value):
    check_whole_number("reads", value, least=1)


@pytest.mark.parametrize(
    "value, is_one",
    [
        (2, True),
        (np.uint8(3), True),
        (1, False),
        (2.0, False),
        (np.float32(2), False),
        ("2", False),
    ],
)
def test_a_whole_number_is_an_integer_of_at_least_so_much(value, is_one):
    assert is_whole_number(value, least=2) is is_one


@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None])
def test_what_is_no_whole_number_or_too_small_is_told(value):
    with pytest.raises(ValueError) as caught:
        check_whole_number("reads", value, least=1)
    expected = f"`reads` must be an integer of at least 1. Received: reads={value!r}"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "fit, picture, size, box",
    [
        ("stretch", (640, 360), (120, 90), (0, 0, 640, 360)),
        ("crop", (640, 360), (120, 90), (80, 0, 560, 360)),
        ("crop", (360, 640), (120, 90), (0, 185, 360, 455)),
        ("crop", (120, 90), (120, 90), (0, 0, 120, 90)),
        ("pad", (640, 360), (120, 68), (0, 0, 640, 360)),
        ("pad", (360, 640), (51, 90), (0, 0, 360, 640)),
        ("pad", (5000, 1), (120, 1), (0, 0, 5000, 1)),
        ("pad", (12, 9), (120, 90), (0, 0, 12, 9)),
    ],
)
def test_each_fit_says_what_is_resized_to_what(fit, picture, size, box):
    """`size` and `picture` are (width, height); 90 x 120 pixels are wanted."""
    wanted = Wanted((90, 120), "rgb", "bilinear", fit)
    fitting = wanted.fit_picture(*picture)
    assert fitting.size == size
    assert fitting.box == pytest.approx(box)


def test_shrinking_counts_along_the_side_that_shrinks_less():
    assert Fitting(size=(100, 100), box=(0, 0, 800, 300)).shrinking == 3


@pytest.mark.parametrize("argument", ["batch_size", "reads", "seed"])
def test_true_is_no_number(argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer .*{argument}=True"):
        StreamingSequence([], len, len, **{argument: True})


def test_true_is_no_height():
    with pytest.raises(ValueError, match=r"`image_size` must be \(height, width\)"):
        decoder((True, 8))


def test_a_number_is_no_list_of_class_names():
    with pytest.raises(ValueError, match="`class_names` must be a list of names. Received: 5"):
        len(StreamingSequence([SimpleNamespace(id="1", name="1.jpg")], len, len, class_names=5))


@pytest.mark.parametrize("decode_label", ["a", 5])
def test_what_decodes_labels_is_a_function(decode_label):
    with pytest.raises(ValueError, match="`decode_label` must be a function, such as `decoder"):
        StreamingSequence([], len, len, label_mode="image", decode_label=decode_label)
