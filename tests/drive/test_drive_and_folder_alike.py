"""What `Drive` and `LocalFolder` both promise: one suite, run over the same folder as each."""

import json
import os
import pathlib
import pickle

import pytest

from colab_helpers.drive import NotFoundError, Source


def test_both_are_sources(either):
    assert isinstance(either, Source)


def test_files_know_label_path_size_and_version(either, flowers):
    files = list(either.list_images("flowers"))
    expected = [f"{label}/{n}.jpg" for label in ("roses", "tulips") for n in range(12)]
    assert sorted(file.path for file in files) == sorted(expected)
    for file in files:
        assert (file.label, file.name) == tuple(file.path.split("/"))
        assert file.size == os.path.getsize(flowers / "flowers" / file.path)
        assert isinstance(file.version, str) and file.version
    assert len({file.id for file in files}) == 24


def test_a_file_cannot_be_changed(either):
    file = next(either.list_images("flowers"))
    with pytest.raises(AttributeError):
        file.name = "other"


def test_read_gives_the_bytes_or_a_range_of_them(either, flowers):
    file = either.find("flowers/roses/11.jpg")
    data = (flowers / "flowers/roses/11.jpg").read_bytes()
    assert either.read(file) == data
    assert either.read(file, 5, 9) == data[5:9]
    assert either.read(file, 90) == data[90:]
    assert either.read(file, end=4) == data[:4]


def test_a_range_beyond_the_end_gives_what_there_is(either, flowers):
    file = either.find("flowers/roses/11.jpg")
    data = (flowers / "flowers/roses/11.jpg").read_bytes()
    assert either.read(file, 90, 10_000) == data[90:]
    assert either.read(file, 7, 7) == b""
    assert either.read(file, 10_000, 10_001) == b""


def test_a_range_that_ends_before_it_begins_is_refused(either):
    file = either.find("flowers/roses/11.jpg")
    with pytest.raises(ValueError, match="Received: start=9, end=3"):
        either.read(file, 9, 3)


def test_an_empty_file_reads_as_no_bytes(either, flowers):
    (flowers / "flowers/roses/empty.jpg").touch()
    assert either.read(either.find("flowers/roses/empty.jpg")) == b""


@pytest.mark.parametrize("folder, count", [(".", 24), ("flowers/roses", 12), ("roses", 12)])
def test_the_root_a_path_and_a_bare_name_lead_to_a_folder(either, folder, count):
    assert len(list(either.list_images(folder))) == count


def test_paths_begin_below_the_folder_that_was_listed(either):
    roses = list(either.list_images("roses"))
    assert {file.path for file in roses} == {f"{n}.jpg" for n in range(12)}
    assert {file.label for file in roses} == {"roses"}


def test_find_gives_any_kind_of_file(either):
    assert either.read(either.find("flowers/notes.txt")) == b"no picture"


@pytest.mark.parametrize(
    "folder, says",
    [
        ("dandelions", "no folder 'dandelions'"),
        ("flowers/dandelions", "no folder 'flowers/dandelions'"),
        ("flowers/notes.txt", "is a file, not a folder"),
        ("empty", "no images in 'empty'"),
        ("texts", "such as 'readme.txt'"),
    ],
)
def test_a_folder_that_cannot_be_listed_is_named(either, flowers, folder, says):
    (flowers / "empty").mkdir()
    (flowers / "texts").mkdir()
    (flowers / "texts/readme.txt").write_text("no picture")
    with pytest.raises(NotFoundError, match=says):
        list(either.list_images(folder))


def test_two_folders_of_one_name_are_both_listed_in_the_error(either, flowers):
    (flowers / "old/roses").mkdir(parents=True)
    with pytest.raises(NotFoundError, match="There are 2 folders called 'roses'.*, "):
        next(either.list_images("roses"))


@pytest.mark.parametrize(
    "path, says", [("flowers/nix.jpg", "nix.jpg"), ("flowers/roses", "is a folder, not a file")]
)
def test_find_says_what_is_not_there(either, path, says):
    with pytest.raises(NotFoundError, match=says):
        either.find(path)


def test_the_folders_in_a_folder_are_told_by_id_and_name(either):
    folders = {name: folder_id for folder_id, name in either.list_folders("flowers")}
    assert set(folders) == {"roses", "tulips"}
    assert len(list(either.list_images(folders["roses"]))) == 12


def test_a_folders_name_is_told_by_its_path_and_its_id(either):
    """In the form in which it can be a step of a path."""
    folder_id = {name: folder_id for folder_id, name in either.list_folders("flowers")}["roses"]
    assert either.folder_name("flowers/roses") == either.folder_name(folder_id) == "roses"
    with pytest.raises(NotFoundError, match="no folder 'dandelions'"):
        either.folder_name("dandelions")


def test_upload_makes_the_folders_and_replaces_what_has_the_name(either, flowers, tmp_path):
    local = tmp_path / "model.keras"
    local.write_bytes(b"one")
    first = either.upload(local, "results/run1")
    assert either.read(either.find("results/run1/model.keras")) == b"one"
    local.write_bytes(b"another")
    second = either.upload(local, "results/run1")
    assert either.read(either.find("results/run1/model.keras")) == b"another"
    assert first.id == second.id and first.version != second.version
    assert os.listdir(flowers / "results/run1") == ["model.keras"]


def test_changes_since_a_listing_are_told(either, flowers):
    listing = either.list_images("flowers")
    before = {file.path: file.id for file in listing}
    assert either.list_changes(listing.position)[:2] == ([], [])
    (flowers / "flowers/roses/0.jpg").write_bytes(b"another content")
    (flowers / "flowers/tulips/new.jpg").write_bytes(b"new")
    (flowers / "flowers/tulips/3.jpg").unlink()
    position = json.loads(json.dumps(listing.position))
    changed, removed, after = either.list_changes(position)
    assert {(file.path, file.label) for file in changed} == {
        ("roses/0.jpg", "roses"),
        ("tulips/new.jpg", "tulips"),
    }
    assert removed == [before["tulips/3.jpg"]]
    assert either.list_changes(after)[:2] == ([], [])


def test_the_parts_of_what_changed_have_names(either):
    listing = either.list_images("flowers")
    list(listing)
    changes = either.list_changes(listing.position)
    assert (changes.files, changes.removed_ids, changes.position) == tuple(changes)


def test_changes_of_a_listing_that_did_not_end_are_not_told(either):
    listing = either.list_images("flowers")
    assert either.list_changes(listing.position) is None
    next(listing)
    assert either.list_changes(listing.position) is None


def test_a_folder_whose_last_picture_is_gone_has_changed(either, flowers):
    (flowers / "beds").mkdir()
    (flowers / "beds/1.jpg").write_bytes(b"a bed")
    listing = either.list_images("beds")
    (bed,) = listing
    (flowers / "beds/1.jpg").unlink()
    files, removed, position = either.list_changes(listing.position)
    assert (files, removed) == ([], [bed.id])
    (flowers / "beds/2.jpg").write_bytes(b"another bed")
    assert [file.path for file in either.list_changes(position).files] == ["2.jpg"]


def test_a_position_keeps_the_label_that_it_was_made_with(either):
    listing = either.list_images(".", label="first")
    labels = {file.label for file in listing}
    after = either.list_images(".", position=json.loads(json.dumps(listing.position)))
    assert after.label == "first" and after.position == listing.position
    list(after)
    assert labels == {"flowers"} and after.position.get("label") == "first"


def test_a_position_of_one_label_is_none_for_another(either):
    listing = either.list_images("flowers")
    list(listing)
    with pytest.raises(ValueError, match="is of a listing with label='parent'"):
        either.list_images("flowers", position=listing.position, label="first")


@pytest.mark.parametrize("position", [{"todo": []}, {"folder": 7}, {"label": "second"}, [1], "1"])
def test_a_position_that_no_listing_had_is_refused(either, position):
    with pytest.raises(ValueError, match="`position` must be what `listing.position` was"):
        either.list_images("flowers", position=position)


def test_the_top_may_be_given_as_a_path(either):
    assert list(either.list_folders(pathlib.Path("."))) == list(either.list_folders("."))


def test_a_listing_and_a_bound_read_travel_to_another_process(either):
    file = next(either.list_images("flowers"))
    read, again = pickle.loads(pickle.dumps((either.read, file)))
    assert read(again) == either.read(file)
