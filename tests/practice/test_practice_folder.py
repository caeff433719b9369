"""Promises of `make_practice_folder`: class folders that are the same everywhere."""

import hashlib
from pathlib import Path

import pytest
from PIL import Image

from colab_helpers.practice import make_practice_folder


def contents(folder):
    """The checksum of each file, by its path below the folder."""
    files = [path for path in Path(folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
        for path in files
    }


def test_a_larger_folder_holds_the_smaller_one(tmp_path):
    small = contents(make_practice_folder(tmp_path / "small", classes=2, files_per_class=4))
    large = contents(make_practice_folder(tmp_path / "large", classes=3, files_per_class=6))
    assert small.items() <= large.items()
    assert len(small) == 8
    assert len(large) == 18


def test_another_seed_draws_other_pictures_of_the_same_names(tmp_path):
    one = contents(make_practice_folder(tmp_path / "one", classes=2, files_per_class=4))
    other = contents(make_practice_folder(tmp_path / "other", classes=2, files_per_class=4, seed=1))
    assert one.keys() == other.keys()
    assert not set(one.values()) & set(other.values())


def test_no_two_pictures_are_the_same(practice):
    found = contents(practice)
    assert len(found) == len(set(found.values())) == 36


def test_pictures_are_jpegs_and_pngs_of_many_sizes(practice):
    formats = set()
    modes = set()
    longest_sides = set()
    shapes = set()
    for path in Path(practice).rglob("*.*"):
        with Image.open(path) as image:
            image.load()
            formats.add((image.format, path.suffix))
            modes.add(image.mode)
            longest_sides.add(max(image.size))
            shapes.add("wide" if image.width >= image.height else "high")
    assert formats == {("JPEG", ".jpg"), ("PNG", ".png")}
    assert modes == {"RGB"}
    assert shapes == {"wide", "high"}
    assert min(longest_sides) >= 158
    assert max(longest_sides) <= 400
    assert len(longest_sides) > 20


def test_any_number_of_classes_has_names_and_pictures_of_their_own(tmp_path):
    folder = Path(make_practice_folder(tmp_path, classes=12, files_per_class=1))
    class_names = {path.name for path in folder.iterdir()}
    assert len(class_names) == 12
    assert len(set(contents(folder).values())) == 12
    assert {"balloon", "sailboat", "balloon_2", "flower_3"} <= class_names


@pytest.mark.parametrize("wrong", [{"classes": 0}, {"files_per_class": 0}])
def test_a_folder_of_nothing_is_refused(tmp_path, wrong):
    with pytest.raises(ValueError, match="Received"):
        make_practice_folder(tmp_path, **wrong)


@pytest.mark.parametrize("argument", ["classes", "files_per_class", "seed"])
@pytest.mark.parametrize("value", [None, 1.5, "2", True, -1])
def test_what_is_drawn_is_counted_in_whole_numbers(tmp_path, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be an integer of at least"):
        make_practice_folder(tmp_path / "flowers", **{argument: value})
    assert not (tmp_path / "flowers").exists()
