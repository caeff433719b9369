"""Promises of `make_practice_folder(troubles=True)`: they are those of a real Drive."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colab_helpers.practice import draw_picture, make_practice_folder
from colab_helpers.stream import ImageError, decoder


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("troubled")
    return Path(make_practice_folder(folder, classes=2, files_per_class=2, troubles=True))


def test_what_is_no_picture_is_refused_and_all_else_can_be_decoded(troubled):
    decode = decoder((64, 64))
    refused = set()
    for path in troubled.rglob("*.*"):
        try:
            decode(path.read_bytes())
        except ImageError:
            refused.add(path.name)
    assert refused == {"broken.jpg", "empty.jpg", "notes.txt", "page.jpg", "photo.heic"}


def test_a_copy_has_the_bytes_of_another_file(troubled):
    balloons = troubled / "balloon"
    copy = balloons / "copy of balloon_001.jpg"
    assert copy.read_bytes() == (balloons / "balloon_001.jpg").read_bytes()


def test_two_files_of_one_name_are_two_pictures(troubled):
    one, other = troubled.rglob("IMG_0001.jpg")
    assert one.read_bytes() != other.read_bytes()


def test_a_picture_that_lies_on_its_side_stands_upright_when_decoded(troubled):
    decode = decoder((64, 64))
    upright = np.asarray(draw_picture(0, 0).resize((64, 64)), float)
    rotated = decode((troubled / "balloon" / "rotated.jpg").read_bytes())
    assert np.abs(rotated - upright).mean() < 6


def test_some_pictures_are_in_print_colours_or_transparent(troubled):
    for name, mode in (("cmyk.jpg", "CMYK"), ("transparent.png", "RGBA")):
        with Image.open(troubled / "balloon" / name) as image:
            assert image.mode == mode


def test_some_names_hold_a_quote_a_space_and_a_heart(troubled):
    assert (troubled / "more pictures" / "balloon" / "grandma's \u2665.jpg").is_file()
