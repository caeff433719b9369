"""Promises of practice.py: pictures to learn with, the same everywhere, and the troubles of a real Drive."""

import hashlib
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colab_helpers.images import ImageError, decoder
from colab_helpers.practice import draw_picture, make_practice_folder, practice_drive


def contents(folder):
    files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
        for path in files
    }


def test_the_same_seed_draws_the_same_files_and_a_larger_folder_holds_the_smaller(tmp_path):
    small = contents(make_practice_folder(tmp_path / "small", classes=2, files_per_class=4))
    large = contents(make_practice_folder(tmp_path / "large", classes=3, files_per_class=6))
    other = contents(make_practice_folder(tmp_path / "other", classes=2, files_per_class=4, seed=1))
    assert small.items() <= large.items() and len(large) == 18
    assert small.keys() == other.keys() and not set(small.values()) & set(other.values())


def test_no_two_pictures_are_the_same(practice):
    found = contents(practice)
    assert len(found) == len(set(found.values())) == 36


def test_pictures_are_jpegs_and_pngs_of_many_sizes(practice):
    seen = []
    for path in Path(practice).rglob("*.*"):
        with Image.open(path) as image:
            image.load()
            seen.append((image.format, image.mode, max(image.size), image.size[0] >= image.size[1]))
            assert {"JPEG": ".jpg", "PNG": ".png"}[image.format] == path.suffix
    formats, modes, longest, shapes = (set(column) for column in zip(*seen))
    assert formats == {"JPEG", "PNG"} and modes == {"RGB"} and shapes == {True, False}
    assert min(longest) >= 158 and max(longest) <= 400 and len(longest) > 20


def test_any_number_of_classes_has_names_and_pictures_of_their_own(tmp_path):
    folder = Path(make_practice_folder(tmp_path, classes=12, files_per_class=1))
    assert len(list(folder.iterdir())) == 12 == len(set(contents(folder).values()))
    assert {"balloon", "sailboat", "balloon_2", "flower_3"} <= {
        path.name for path in folder.iterdir()
    }


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"files_per_class": 0}])
def test_a_folder_of_nothing_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="Received"):
        make_practice_folder(tmp_path, **wrong)


def test_three_hundred_pictures_take_seconds():
    start = time.process_time()
    for number in range(20):
        draw_picture(number % 5, number)
    assert (time.process_time() - start) / 20 < 0.03  # 0.007 when the machine is free


def test_classes_differ_by_shape_and_not_by_one_mean_colour():
    """A nearest-mean-colour classifier is often wrong, and one that sees the picture is mostly right."""
    decode = decoder((16, 16))
    pictures = np.array(
        [[np.asarray(draw_picture(c, n).resize((16, 16))) for n in range(60)] for c in range(5)]
    )
    assert pictures.shape[2:] == decode.shape
    pictures = pictures.astype(float)

    def accuracy(features):
        train, test = features[:, :40], features[:, 40:]
        distances = np.linalg.norm(
            test[:, :, None, None] - train[None, None], axis=-1
        )  # to every training picture
        nearest = distances.reshape(5, 20, -1).argmin(axis=-1) // 40
        return (nearest == np.arange(5)[:, None]).mean()

    edges = np.abs(np.diff(pictures.mean(axis=-1), axis=2)).reshape(5, 60, -1)
    assert accuracy(pictures.mean(axis=(2, 3))) < 0.75
    assert accuracy(edges) > 0.6


def test_troubles_are_those_of_a_real_drive(tmp_path):
    folder = Path(make_practice_folder(tmp_path, classes=2, files_per_class=2, troubles=True))
    decode = decoder((64, 64))
    refused = {}
    for path in folder.rglob("*.*"):
        try:
            decode(path.read_bytes())
        except ImageError as error:
            refused[path.name] = str(error)
    assert set(refused) == {"broken.jpg", "empty.jpg", "notes.txt", "page.jpg", "photo.heic"}
    found = contents(folder)
    assert found["balloon/copy of balloon_001.jpg"] == found["balloon/balloon_001.jpg"]
    assert len([name for name in found if name.endswith("IMG_0001.jpg")]) == 2
    assert found["balloon/IMG_0001.jpg"] != found["more pictures/balloon/IMG_0001.jpg"]
    upright = np.asarray(draw_picture(0, 0).resize((64, 64)), float)
    assert np.abs(decode((folder / "balloon/rotated.jpg").read_bytes()) - upright).mean() < 6
    with Image.open(folder / "balloon/cmyk.jpg") as image:
        assert image.mode == "CMYK"


def test_the_practice_drive_is_drawn_once(tmp_path, monkeypatch):
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    monkeypatch.chdir(tmp_path)
    drawn = []
    monkeypatch.setattr(
        "colab_helpers.practice.draw_picture",
        lambda *one, **how: drawn.append(one) or Image.new("RGB", (9, 9)),
    )
    assert practice_drive() == "practice_drive"
    assert len(drawn) == 300 and os.listdir("practice_drive") == ["practice"]
    assert practice_drive() == "practice_drive" and len(drawn) == 300


def test_a_source_named_by_the_environment_needs_no_practice_drive(tmp_path, monkeypatch):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", "http://127.0.0.1:8080")
    assert practice_drive(tmp_path / "drive") is None and not (tmp_path / "drive").exists()


def test_a_drawing_that_was_stopped_leaves_no_half_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)

    def stop(index, number, seed):
        raise KeyboardInterrupt

    monkeypatch.setattr("colab_helpers.practice.draw_picture", stop)
    with pytest.raises(KeyboardInterrupt):
        practice_drive(tmp_path)
    assert not (tmp_path / "practice").exists()
