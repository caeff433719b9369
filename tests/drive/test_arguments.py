"""What a user gives by mistake: the error says what is wanted, and the line to write."""

import pathlib

import numpy as np
import pytest

from colab_helpers.drive.addresses import parse_address


@pytest.mark.parametrize("path", ["flowers/roses/0.jpg", pathlib.Path("flowers/roses/0.jpg")])
def test_a_path_is_no_file_to_read(either, path):
    with pytest.raises(TypeError) as raised:
        either.read(path)
    assert "Write: drive.read(drive.find('flowers/roses/0.jpg'))." in str(raised.value)


@pytest.mark.parametrize("file", [None, 7, b"1.jpg", ["1.jpg"], object()])
def test_what_is_no_file_is_not_read(either, file):
    with pytest.raises(TypeError, match="`read` takes a file as `list_images` and `find` give it"):
        either.read(file)


def test_files_are_read_one_by_one(either):
    files = list(either.list_images("flowers"))
    with pytest.raises(TypeError, match="for file in drive.list_images"):
        either.read(files)


class OnlyAnId:
    id = "1AbC"


def test_what_has_an_id_alone_is_no_file(either):
    with pytest.raises(TypeError, match="`read` takes a file as `list_images` and `find` give it"):
        either.read(OnlyAnId())


@pytest.mark.parametrize("wrong", ["5", "5GB", 1.0, 1.5, b"1", [1]])
def test_a_range_is_of_whole_numbers(either, wrong):
    file = either.find("flowers/roses/5.jpg")
    with pytest.raises(TypeError, match="`start` must be a whole number of bytes"):
        either.read(file, wrong)
    with pytest.raises(TypeError, match="`end` must be a whole number of bytes"):
        either.read(file, 0, wrong)


def test_a_range_may_be_of_numpys_whole_numbers(either):
    file = either.find("flowers/roses/5.jpg")
    assert either.read(file, np.int64(1), np.int32(4)) == either.read(file, 1, 4)


@pytest.mark.parametrize(
    "folder, line",
    [
        (None, 'drive.list_images("path/to/folder")'),
        (7, 'drive.list_images("path/to/folder")'),
        (b"flowers", 'drive.list_images("path/to/folder")'),
        (["flowers"], "drive.list_images(folder) for one folder after the other"),
        (("1AbC", "flowers"), "drive.list_images(folder_id)"),
    ],
)
def test_a_folder_is_a_text(either, folder, line):
    """Said when the listing is made, and not at the first file."""
    with pytest.raises(TypeError) as raised:
        either.list_images(folder)
    assert f"Write: {line}" in str(raised.value) and "Received: " in str(raised.value)
    with pytest.raises(TypeError):
        list(either.list_folders(folder))


def test_a_file_is_no_folder_and_no_path(either):
    file = either.find("flowers/roses/0.jpg")
    with pytest.raises(TypeError, match=r"Write: drive.read\(file\)"):
        either.list_images(file)
    with pytest.raises(TypeError, match=r"Write: drive.read\(file\), as it is found already"):
        either.find(file)


def test_paths_of_pathlib_are_taken(either):
    assert len(list(either.list_images(pathlib.Path("flowers/roses")))) == 12
    assert either.find(pathlib.Path("flowers/notes.txt")).name == "notes.txt"
    assert len(dict(either.list_folders(pathlib.Path("flowers")))) == 2


@pytest.mark.parametrize(
    "position",
    [
        {"name": "flowers"},
        {"todo": []},
        {"name": "a", "drive": None, "folders": {}, "links": {}, "change_token": "1", "todo": 7},
        {"name": "a", "drive": None, "folders": 7, "links": {}, "change_token": "1", "todo": []},
        {
            "name": "a",
            "drive": None,
            "folders": {"1": ["2", "b"]},
            "links": {},
            "change_token": "1",
            "todo": [],
        },
        {
            "name": "a",
            "drive": None,
            "folders": {"1": ""},
            "links": {},
            "change_token": "1",
            "todo": [["2", "b", None]],
        },
    ],
)
def test_a_position_that_is_none_is_refused(drive_server, flowers, position):
    from colab_helpers.drive import connect

    drive = connect(endpoint=drive_server(flowers).url)
    with pytest.raises(ValueError, match="`position` must be what `listing.position` was"):
        drive.list_images("flowers", position=position)


def test_an_address_keeps_the_text_for_messages():
    assert parse_address(" /content/drive/MyDrive/a ").text == "/content/drive/MyDrive/a"
