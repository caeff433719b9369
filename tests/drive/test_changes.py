"""What a Drive tells of changes since a listing, and when only a full listing can tell."""

import pytest

from colab_helpers.drive import connect
from colab_helpers.inventory import refresh_inventory, take_inventory
from stand_in import Extra


@pytest.fixture
def server(drive_server, flowers):
    return drive_server(flowers)


@pytest.fixture
def drive(server):
    return connect(endpoint=server.url)


@pytest.fixture
def listed(drive):
    """The position of a listing of `flowers` that came to its end."""
    listing = drive.list_images("flowers")
    list(listing)
    return listing.position


def rename(drive, file_id, title):
    file = drive.pydrive.CreateFile({"id": file_id})
    file["title"] = title
    file.Upload()


def test_a_folder_that_was_renamed_needs_a_full_listing(server, drive, listed):
    rename(drive, server.id("flowers/roses"), "dog roses")
    assert drive.list_changes(listed) is None


def test_a_folder_that_was_moved_needs_a_full_listing(server, drive, listed):
    server.move("flowers/roses", ".")
    assert drive.list_changes(listed) is None


def test_a_folder_that_was_added_needs_a_full_listing(server, drive, listed):
    server.add(Extra("flowers", "lilies"))
    assert drive.list_changes(listed) is None


def test_a_folder_that_was_trashed_needs_a_full_listing(server, drive, listed):
    server.trash("flowers/roses")
    assert drive.list_changes(listed) is None


def test_the_folder_that_was_listed_may_be_renamed(server, drive, listed):
    rename(drive, server.id("flowers"), "blossoms")
    assert drive.list_changes(listed)[:2] == ([], [])


def test_what_happens_elsewhere_is_no_matter(server, drive, listed):
    server.add(Extra(".", "cars"))
    server.add(Extra("cars", "red.jpg", b"a car"))
    assert drive.list_changes(listed).files == []


def test_files_moved_in_and_out_and_trashed_are_changes(drive_server, flowers):
    (flowers / "other").mkdir()
    (flowers / "other/lily.jpg").write_bytes(b"lily")
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers")
    ids = {file.path: file.id for file in listing}
    server.move("flowers/roses/1.jpg", "other")
    server.move("other/lily.jpg", "flowers/tulips")
    server.trash("flowers/roses/4.jpg")
    changed, removed, _ = drive.list_changes(listing.position)
    assert [file.path for file in changed] == ["tulips/lily.jpg"]
    assert set(removed) & set(ids.values()) == {ids["roses/1.jpg"], ids["roses/4.jpg"]}


def test_a_file_that_a_shortcut_led_to_keeps_the_shortcuts_place(drive_server, flowers):
    server = drive_server(
        flowers,
        extra=[
            Extra(".", "garden", content=None),
            Extra("garden", "red.jpg", shortcut_to="flowers/roses/3.jpg"),
        ],
    )
    drive = connect(endpoint=server.url)
    listing = drive.list_images("garden")
    list(listing)
    (flowers / "flowers/roses/3.jpg").write_bytes(b"repainted")
    changed, removed, _ = drive.list_changes(listing.position)
    assert [(file.path, file.label) for file in changed] == [("red.jpg", "garden")]
    assert not removed


@pytest.mark.parametrize("shortcut", ["garden/own/red.jpg", "garden/far away"])
@pytest.mark.parametrize("happens", ["trash", "remove", "move"])
def test_what_a_shortcut_led_to_goes_with_it(drive_server, flowers, tmp_path, shortcut, happens):
    """Of one that is gone, Drive tells the ID alone: the pictures stay where they were."""
    extra = [
        Extra(".", "garden", content=None),
        Extra("garden", "own", content=None),
        Extra("garden/own", "own.jpg", b"own"),
        Extra("garden/own", "red.jpg", shortcut_to="flowers/roses/3.jpg"),
        Extra("garden", "far away", shortcut_to="flowers/tulips"),
    ]
    server = drive_server(flowers, extra=extra)
    drive = connect(endpoint=server.url)
    saved = tmp_path / "saved.jsonl"
    before = take_inventory(drive, "garden", saved)
    if happens == "move":
        server.move(shortcut, "flowers")
    else:
        getattr(server, happens)(shortcut)
    after = refresh_inventory(drive, saved)
    assert after == list(drive.list_images("garden"))
    assert len(after) < len(before)


def test_a_shortcut_that_came_later_goes_again(drive_server, flowers):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers/roses")
    list(listing)
    server.add(Extra("flowers/roses", "red.jpg", shortcut_to="flowers/tulips/3.jpg"))
    changed, _, position = drive.list_changes(listing.position)
    assert [file.name for file in changed] == ["red.jpg"]
    server.remove("flowers/roses/red.jpg")
    assert drive.list_changes(position) is None


@pytest.mark.parametrize("by", ["path", "ID", "bare name"])
def test_a_folder_of_a_shared_drive_follows_the_changes_of_that_drive(drive_server, flowers, by):
    server = drive_server(None, drives={"Lab": flowers})
    drive = connect(endpoint=server.url)
    folder_id = server.id("Lab/flowers")
    asked = {"path": "Shared drives/Lab/flowers", "ID": folder_id, "bare name": "flowers"}[by]
    listing = drive.list_images(asked)
    assert len(list(listing)) == 24
    assert listing.position["drive"] == server.id("Lab")
    (flowers / "flowers/roses/1.jpg").write_bytes(b"another content")
    changed, removed, _ = drive.list_changes(listing.position)
    assert [file.path for file in changed] == ["roses/1.jpg"] and not removed


def test_changes_come_in_pages(drive_server, flowers):
    server = drive_server(flowers, page_size_limit=2)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers/roses")
    list(listing)
    for number in range(5):
        (flowers / f"flowers/roses/{number}.jpg").write_bytes(b"another content")
    changed, removed, position = drive.list_changes(listing.position)
    assert sorted(file.name for file in changed) == [f"{n}.jpg" for n in range(5)]
    assert drive.list_changes(position)[:2] == ([], [])
