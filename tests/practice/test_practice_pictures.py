"""Promises of `draw_picture`: pictures to learn with, the same everywhere."""

import numpy as np
import pytest

from colab_helpers.practice import draw_picture
from colab_helpers.practice.light import Colour
from colab_helpers.practice.picture import class_name
from colab_helpers.practice.shapes import mirrored, oval, rectangle, trapezoid

CLASSES = 5


def pixels(index, number, **options):
    return np.asarray(draw_picture(index, number, **options))


def nearest_class(train, test):
    """The class of the nearest training picture; both arrays are (classes, pictures, features)."""
    classes, per_class = train.shape[:2]
    distances = np.linalg.norm(test[:, :, None, None] - train[None, None], axis=-1)
    return distances.reshape(classes, test.shape[1], -1).argmin(axis=-1) // per_class


def accuracy(features):
    train, test = features[:, :40], features[:, 40:]
    expected = np.arange(len(features))[:, None]
    return (nearest_class(train, test) == expected).mean()


def test_a_picture_depends_on_its_three_numbers_only():
    """What was drawn before changes nothing; each of the three numbers does."""
    first = pixels(0, 1, seed=0)
    others = [pixels(1, 1, seed=0), pixels(0, 2, seed=0), pixels(0, 1, seed=1)]
    assert np.array_equal(pixels(0, 1), first)
    assert not any(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("index", range(3 * CLASSES))
def test_every_class_draws_rgb_pictures_of_the_promised_size(index):
    for number in range(4):
        picture = draw_picture(index, number)
        assert picture.mode == "RGB"
        assert 158 <= max(picture.size) <= 400
        assert np.asarray(picture).std() > 10  # something is on it


def test_classes_differ_by_shape_and_not_by_one_mean_colour():
    """One who sees mean colours is often wrong; one who sees edges is mostly right."""
    pictures = np.array(
        [
            [np.asarray(draw_picture(index, number).resize((16, 16))) for number in range(60)]
            for index in range(CLASSES)
        ],
        float,
    )
    mean_colours = pictures.mean(axis=(2, 3))
    edges = np.abs(np.diff(pictures.mean(axis=-1), axis=2)).reshape(CLASSES, 60, -1)
    assert accuracy(mean_colours) < 0.75
    assert accuracy(edges) > 0.6


@pytest.mark.parametrize(
    "index, name",
    [
        (0, "balloon"),
        (1, "flower"),
        (2, "lighthouse"),
        (3, "mountain"),
        (4, "sailboat"),
        (5, "balloon_2"),
        (14, "sailboat_3"),
    ],
)
def test_a_class_is_named_for_its_scene_and_its_round(index, name):
    assert class_name(index) == name


@pytest.mark.parametrize(
    "amount, parts",
    [(0, (100, 200, 250)), (30.7, (69, 169, 219)), (-20, (120, 220, 255)), (255, (0, 0, 0))],
)
def test_a_darker_colour_stays_a_colour(amount, parts):
    """Parts stay whole numbers from 0 to 255, and the opacity stays what it was."""
    colour = Colour(100, 200, 250, opacity=9)
    assert colour.darker(amount) == (*parts, 9)


@pytest.mark.parametrize(
    "outline, corners",
    [
        (rectangle(0, 1, 2, 3), [(0, 1), (2, 1), (2, 3), (0, 3)]),
        (trapezoid(2, 0, 1, 5), [(-2, 0), (2, 0), (1, 5), (-1, 5)]),
        (mirrored([(1, 2), (-3, 4)]), [(-1, 2), (3, 4)]),
    ],
)
def test_an_outline_lists_its_corners(outline, corners):
    assert list(outline) == corners


def test_an_oval_is_as_long_as_it_says_wherever_it_is_turned():
    for angle in (0, 0.5, 2.0):
        away = np.array(oval((3, 4), 2, 0.5, angle)) - (3, 4)
        radii = np.hypot(*away.T)
        assert radii.max() == pytest.approx(2)
        assert radii.min() >= 0.5
