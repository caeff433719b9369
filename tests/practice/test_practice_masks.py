"""Promises of `make_practice_folder(masks=True)`: masks and a table that are exact."""

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colab_helpers import connect, pair, read_labels
from colab_helpers.practice import draw_picture, make_practice_folder, practice_path
from colab_helpers.practice.canvas import Canvas, Place
from colab_helpers.practice.light import BLUE, RED
from colab_helpers.practice.picture import draw_with_targets
from colab_helpers.practice.shapes import rectangle

CLASSES = 5
SQUARE = rectangle(-1, -1, 1, 1)


@pytest.fixture(scope="module")
def with_masks(tmp_path_factory):
    """A folder with practice, practice-masks and practice-targets.csv."""
    root = tmp_path_factory.mktemp("with-masks")
    make_practice_folder(root / "practice", files_per_class=4, troubles=True, masks=True)
    return root


def drawings(index, count=40):
    return [draw_with_targets(index, number) for number in range(count)]


def rows_of(root):
    with (root / "practice-targets.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pixels_of(image):
    return np.asarray(image, np.float64)


def test_each_drawn_picture_has_a_mask_of_its_size_and_a_row(with_masks):
    rows = rows_of(with_masks)
    masks = sorted((with_masks / "practice-masks").rglob("*.png"))
    assert len(rows) == len(masks) == 20
    assert list(rows[0]) == ["path", "labels", "things", "share"]
    for row in rows:
        mask_path = (with_masks / "practice-masks" / row["path"]).with_suffix(".png")
        with Image.open(with_masks / "practice" / row["path"]) as picture:
            with Image.open(mask_path) as mask:
                assert mask.size == picture.size
                assert mask.mode == "P"


def test_a_mask_tells_the_kind_of_thing_and_the_table_its_share(with_masks):
    kinds = ("balloon", "flower", "lighthouse", "mountain", "sailboat")
    for row in rows_of(with_masks):
        value = 1 + kinds.index(row["path"].split("/")[0])
        mask_path = (with_masks / "practice-masks" / row["path"]).with_suffix(".png")
        with Image.open(mask_path) as image:
            mask = np.asarray(image)
        assert set(np.unique(mask)) == {0, value}
        assert (mask == value).mean() == pytest.approx(float(row["share"]), abs=0.0001)


def test_a_second_round_of_classes_shows_the_same_kinds_of_things():
    assert np.asarray(draw_with_targets(CLASSES, 0).mask).max() == 1


def test_pictures_are_the_same_with_and_without_masks(with_masks, tmp_path):
    make_practice_folder(tmp_path / "practice", files_per_class=4, troubles=True)
    assert os.listdir(tmp_path) == ["practice"]
    plain = [path for path in (tmp_path / "practice").rglob("*") if path.is_file()]
    assert len(plain) == 32
    for path in plain:
        other = with_masks / path.relative_to(tmp_path)
        assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    "index, number, labels, things, share",
    [
        (0, 1, ("day", "warm"), 1, 0.1752),
        (1, 2, ("day", "warm"), 1, 0.0539),
        (2, 3, ("day", "warm", "water"), 1, 0.0394),
        (3, 4, ("night", "several", "water"), 5, 0.2497),
        (4, 5, ("night", "several", "water"), 3, 0.0862),
    ],
)
def test_what_is_drawn_never_changes(index, number, labels, things, share):
    drawing = draw_with_targets(index, number)
    assert drawing.targets.labels == labels
    assert drawing.targets.things == things
    assert drawing.targets.share == pytest.approx(share, abs=0.001)
    assert drawing.picture.tobytes() == draw_picture(index, number).tobytes()


def test_masks_belong_to_pictures_by_name(with_masks):
    """Only the troubles have none, and a warning says so."""
    source = connect(with_masks)
    with pytest.warns(UserWarning, match="comes from 2 folders"):
        files = list(source.list_images("practice"))
    with pytest.warns(UserWarning, match="have no mask"):
        masks = pair(files, source.list_images("practice-masks"))
    assert len(masks) == 20
    for file in files:
        if file.id in masks:
            assert Path(masks[file.id].path).with_suffix("") == Path(file.path).with_suffix("")


@pytest.mark.parametrize("column", ["labels", "things", "share"])
def test_the_table_gives_each_picture_its_targets(tmp_path, column):
    make_practice_folder(tmp_path / "practice", classes=2, files_per_class=3, masks=True)
    files = list(connect(tmp_path).list_images("practice"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_labels(tmp_path / "practice-targets.csv", files, label_column=column)
    assert len(found) == 6
    assert all(found.values())


def test_a_mask_is_of_what_is_drawn_and_still_seen():
    """What is drawn later hides it; what one can see through does not."""
    canvas = Canvas(np.random.default_rng(0), (200, 100))
    before = pixels_of(canvas.image)
    with canvas.thing(RED):
        canvas.polygon_at(Place(0.5, 0.5, 0.2), SQUARE, RED, lit=True)
    with canvas.thing(BLUE):
        canvas.disc((0.6, 0.5), 0.15, BLUE, lit=True)
    canvas.disc((0.45, 0.5), 0.05, BLUE.with_opacity(60))
    things = np.asarray(canvas.things)
    assert np.array_equal(things > 0, (pixels_of(canvas.image) != before).any(axis=-1))
    assert np.array_equal(things == 2, (pixels_of(canvas.image) == BLUE[:3]).all(axis=-1))
    canvas.disc((0.6, 0.5), 0.15, RED)
    assert not (np.asarray(canvas.things) == 2).any()


@pytest.mark.parametrize("index", range(CLASSES))
def test_a_picture_changes_where_its_mask_ends(index):
    """Along the outline of a mask, neighbouring pixels differ far more than elsewhere."""
    at_outlines = []
    elsewhere = []
    for drawing in drawings(index, 10):
        brightness = pixels_of(drawing.picture).mean(axis=-1)
        steps = np.abs(np.diff(brightness, axis=1))
        outline = np.diff(np.asarray(drawing.mask).astype(int), axis=1) != 0
        at_outlines.append(steps[outline].mean())
        elsewhere.append(steps[~outline].mean())
    assert np.mean(at_outlines) > 3 * np.mean(elsewhere)


def test_a_night_is_darker_than_an_evening_and_an_evening_than_a_day():
    brightness = {"day": [], "evening": [], "night": []}
    for index in range(CLASSES):
        for drawing in drawings(index, 20):
            [time] = set(drawing.targets.labels) & brightness.keys()
            brightness[time].append(pixels_of(drawing.picture).mean())
    day, evening, night = (np.mean(brightness[time]) for time in ("day", "evening", "night"))
    assert night < evening < day
    assert max(brightness["night"]) < np.median(brightness["day"])


@pytest.mark.parametrize(
    "index, has_water", [(0, False), (1, False), (2, True), (3, True), (4, True)]
)
def test_water_is_where_lighthouses_mountains_and_boats_are(index, has_water):
    for drawing in drawings(index, 5):
        assert ("water" in drawing.targets.labels) is has_water


def test_a_flower_is_warm_by_the_colour_under_its_mask():
    redness = {True: [], False: []}
    for drawing in drawings(1):
        pixels = pixels_of(drawing.picture)[np.asarray(drawing.mask) > 0].mean(axis=0)
        redness["warm" in drawing.targets.labels].append((pixels[0] - pixels[2]) / pixels.sum())
    assert np.mean(redness[True]) > np.mean(redness[False]) + 0.1


def test_several_are_two_or_more():
    for index in range(CLASSES):
        for drawing in drawings(index, 10):
            assert ("several" in drawing.targets.labels) is (drawing.targets.things > 1)
            assert drawing.targets.things >= 1
            assert 0.02 < drawing.targets.share < 0.5


def test_masks_are_added_to_a_practice_folder_that_is_there(tmp_path, monkeypatch):
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    make_practice_folder(tmp_path / "practice", classes=1, files_per_class=1)
    assert practice_path(tmp_path, masks=True) == str(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["practice", "practice-masks", "practice-targets.csv"]
    assert len(list((tmp_path / "practice").rglob("*.*"))) == 1
    assert len(list((tmp_path / "practice-masks").rglob("*.png"))) == 300
    assert len(rows_of(tmp_path)) == 300


@pytest.mark.parametrize("folder, name", [(".", "here"), ("below/..", "here"), ("..", "above")])
def test_masks_lie_beside_a_folder_that_is_given_without_its_name(
    folder, name, tmp_path, monkeypatch
):
    here = tmp_path / "above" / "here"
    (here / "below").mkdir(parents=True)
    monkeypatch.chdir(here)
    make_practice_folder(folder, classes=1, files_per_class=1, masks=True)
    beside = next(tmp_path.rglob(name)).parent
    assert {f"{name}-masks", f"{name}-targets.csv"} <= set(os.listdir(beside))
    assert not list(tmp_path.rglob(".*"))
