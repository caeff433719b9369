"""How a Drive is listed: page by page, resumable, each file once."""

import gc
import itertools
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from colab_helpers.drive import connect
from colab_helpers.drive.listing import Place, Position
from stand_in import Extra, Fault, RandomFaults, every_fault

ROOT = Path(__file__).parents[2]


def pages_of_folders(server):
    """The requests for a page of what lies in a folder."""
    return [
        one
        for one in server.log
        if one.kind == "list" and "in+parents" in one.target and "title+%3D" not in one.target
    ]


def test_nothing_is_asked_before_the_first_next_and_one_page_ahead_at_most(drive_server, flowers):
    server = drive_server(flowers, page_size_limit=5)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers/roses")
    assert not server.log
    for number, _ in enumerate(listing):
        assert len(pages_of_folders(server)) <= number // 5 + 2
    assert len(pages_of_folders(server)) == 3


def test_a_listing_goes_on_after_a_kill_at_any_file(drive_server, flowers):
    """Wherever it is cut, what was given out before and what comes after make the whole listing."""
    drive = connect(endpoint=drive_server(flowers, page_size_limit=5).url)
    whole = {file.path for file in drive.list_images("flowers")}
    for cut in range(24):
        listing = drive.list_images("flowers")
        before = [file.path for file in itertools.islice(listing, cut)]
        position = json.loads(json.dumps(listing.position))
        after = [file.path for file in drive.list_images("flowers", position=position)]
        assert set(before) | set(after) == whole, cut
        assert len(before) + len(after) <= len(whole) + 5, cut


def test_to_go_on_leaves_the_position_that_was_given_as_it_was(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers, page_size_limit=5).url)
    listing = drive.list_images("flowers")
    next(listing)
    position = json.loads(json.dumps(listing.position))
    before = json.dumps(position)
    list(drive.list_images("flowers", position=position))
    assert json.dumps(position) == before


def test_a_position_is_kept_in_the_form_that_0_1_wrote(drive_server, flowers):
    server = drive_server(flowers, page_size_limit=5)
    listing = connect(endpoint=server.url).list_images("flowers")
    next(listing)
    position = json.loads(json.dumps(listing.position))
    top = server.id("flowers")
    assert position == {
        "name": "flowers",
        "drive": None,
        "folders": {
            top: "",
            server.id("flowers/roses"): "roses",
            server.id("flowers/tulips"): "tulips",
        },
        "links": {},
        "change_token": position["change_token"],
        "todo": position["todo"],
    }
    assert all(len(place) == 3 for place in position["todo"])


def test_a_position_of_0_1_is_gone_on_from(drive_server, flowers):
    server = drive_server(flowers)
    top, roses = server.id("flowers"), server.id("flowers/roses")
    position = {
        "name": "flowers",
        "drive": None,
        "folders": {top: "", roses: "roses"},
        "links": {},
        "change_token": "1",
        "todo": [[roses, "roses", None]],
    }
    files = list(connect(endpoint=server.url).list_images("flowers", position=position))
    assert {file.label for file in files} == {"roses"} and len(files) == 12


def test_a_position_becomes_json_and_comes_back():
    position = Position(
        name="flowers",
        drive="0LabDrive",
        folders={"1": "", "2": "roses"},
        links={"3": ["roses", "red.jpg"]},
        change_token="17",
        todo=[Place("2", "roses", "token"), Place("1", "", None)],
    )
    assert Position.from_json(json.loads(json.dumps(position.to_json()))) == position


def test_a_rejected_page_token_starts_the_folder_again_without_duplicates(drive_server, flowers):
    fault = Fault("error", kind="list", match="pageToken", status=400, reason="invalid")
    server = drive_server(flowers, page_size_limit=5, faults=[fault])
    paths = [file.path for file in connect(endpoint=server.url).list_images("flowers")]
    assert len(paths) == len(set(paths)) == 24


def test_an_empty_page_is_not_the_end(drive_server, flowers):
    fault = Fault("empty_page", kind="list", match="in+parents", times=2)
    server = drive_server(flowers, faults=[fault])
    assert len(list(connect(endpoint=server.url).list_images("flowers"))) == 24


def test_a_listing_survives_one_fault_in_three(opened):
    choices = [fault for fault in every_fault() if fault.do != "flipped" and fault.status != 401]
    faults = RandomFaults(0.33, kind="list", choices=choices, seed=1)
    server, drive = opened(faults, page_size_limit=1)
    names = sorted(file.name for file in drive.list_images("photos"))
    assert names == [f"{n}.jpg" for n in range(10)]
    assert server.counts["list"] > 12


def test_files_that_come_and_go_meanwhile_do_no_harm(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers, page_size_limit=3).url)
    listing = drive.list_images("flowers")
    paths = [next(listing).path for _ in range(4)]
    (flowers / "flowers/roses/new.jpg").write_bytes(b"new")
    (flowers / "flowers/roses/0.jpg").unlink()
    (flowers / "flowers/tulips/11.jpg").unlink()
    paths += [file.path for file in listing]
    assert len(paths) == len(set(paths)) >= 23


def test_a_folder_deleted_meanwhile_is_left_out(drive_server, flowers, caplog):
    server = drive_server(flowers, page_size_limit=2)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers")
    first = next(listing)
    other = "tulips" if first.label == "roses" else "roses"
    server.tree.remove(server.tree.find(f"flowers/{other}"))
    for file in (flowers / "flowers" / other).iterdir():
        file.unlink()
    (flowers / "flowers" / other).rmdir()
    assert {file.label for file in listing} == {first.label}
    assert other in caplog.text


def test_shortcuts_are_followed_once_even_in_circles(drive_server, flowers):
    server = drive_server(
        flowers,
        extra=[
            Extra("flowers/roses", "back to the top", shortcut_to="flowers"),
            Extra("flowers/roses", "one tulip.jpg", shortcut_to="flowers/tulips/0.jpg"),
            Extra("flowers", "gone", shortcut_to="1ThisFileIsNotThereAnyMore000000000"),
            Extra("flowers", "also tulips", shortcut_to="flowers/tulips"),
        ],
    )
    files = list(connect(endpoint=server.url).list_images("flowers"))
    assert len(files) == len({file.id for file in files}) == 24


@pytest.mark.filterwarnings("ignore:'red.jpg' lies beside:UserWarning")
def test_a_shortcut_lends_its_place_to_what_it_points_to(drive_server, flowers):
    server = drive_server(
        flowers,
        extra=[
            Extra(".", "garden", content=None),
            Extra("garden", "red.jpg", shortcut_to="flowers/roses/3.jpg"),
            Extra("garden", "beds", shortcut_to="flowers/tulips"),
        ],
    )
    drive = connect(endpoint=server.url)
    files = {file.path: file for file in drive.list_images("garden")}
    assert len(files) == 13
    assert files["red.jpg"].label == "garden"
    assert files["beds/0.jpg"].label == "beds"
    assert drive.read(files["red.jpg"]) == (flowers / "flowers/roses/3.jpg").read_bytes()
    assert len(list(drive.list_images("garden/beds"))) == 12


def test_an_image_is_told_by_its_type_or_its_name(drive_server):
    server = drive_server(
        None,
        extra=[
            Extra(".", "no ending", b"1", mime_type="image/jpeg"),
            Extra(".", "PHOTO.HEIC", b"2", mime_type="x/y"),
            Extra(".", "text.txt", b"3"),
            Extra(".", "drawing", b"4", mime_type="application/vnd.google-apps.drawing"),
        ],
    )
    files = connect(endpoint=server.url).list_images(".")
    assert {file.name for file in files} == {"no ending", "PHOTO.HEIC"}


@pytest.fixture
def virtual_drive(tmp_path):
    """A Drive with 5,000 files in `many`, served by a process of its own, as Drive is."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "one.jpg").write_bytes(b"1")
    program = [sys.executable, "-m", "tests.stand_in", str(tmp_path / "one")]
    options = ["--virtual", "many=5000"]
    with subprocess.Popen(program + options, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        yield connect(endpoint=server.stdout.readline().strip())
        server.terminate()


def test_a_listed_file_takes_at_most_450_bytes(virtual_drive):
    list(virtual_drive.list_images("many"))
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        files = list(virtual_drive.list_images("many"))
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(files) == 5000
    assert taken / len(files) <= 450
