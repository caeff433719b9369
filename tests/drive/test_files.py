"""What a file is: when two are equal, what counts as a picture, what order people expect."""

import mimetypes
import pickle

import pytest

from colab_helpers.drive import File
from colab_helpers.drive.files import (
    check_range,
    has_image_ending,
    is_hidden,
    is_image,
    natural_order,
)
from colab_helpers.drive.items import as_file, below, is_folder, target_id

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"


def file(**changes):
    values = {
        "id": "1AbC",
        "name": "1.jpg",
        "label": "rose",
        "path": "rose/1.jpg",
        "size": 9,
        "md5": None,
        "version": "1",
    }
    return File(**{**values, **changes})


@pytest.mark.parametrize(
    "changes, equal",
    [
        ({}, True),
        ({"name": "2.jpg", "label": "tulip", "path": "a/b", "size": None, "md5": "0"}, True),
        ({"block": "flowers.zip"}, True),
        ({"id": "2DeF"}, False),
        ({"version": "2"}, False),
    ],
)
def test_files_are_equal_when_id_and_version_are(changes, equal):
    assert (file() == file(**changes)) == equal
    assert (len({file(), file(**changes)}) == 1) == equal


def test_a_file_travels_whole():
    travelled = pickle.loads(pickle.dumps(file(block="flowers.zip")))
    assert repr(travelled) == repr(file(block="flowers.zip"))


@pytest.mark.parametrize(
    "name, mime_type, expected",
    [
        ("1.jpg", None, True),
        ("1.JPG", None, True),
        ("1.heic", "application/octet-stream", True),
        ("scan", "image/tiff", True),
        ("scan", None, False),
        ("jpg", None, False),
        ("notes.txt", None, False),
        ("movie.mp4", "video/mp4", False),
        ("drawing", "application/vnd.google-apps.drawing", False),
        ("1.svg", None, True),
        ("1.svg.gz", None, False),
        ("1.svg.gz", "image/svg+xml", True),
    ],
)
def test_a_picture_is_told_by_its_type_or_its_name(name, mime_type, expected):
    assert is_image(name, mime_type) == expected


@pytest.mark.parametrize(
    "name, expected",
    [("1.jpg", True), ("1.JPG", True), ("1.heic", True), ("1.svg", False), ("jpg", False)],
)
def test_an_ending_stands_for_a_picture_on_every_machine(name, expected, monkeypatch):
    """This machine's own table of types is not asked."""
    monkeypatch.setattr(mimetypes, "guess_type", None)
    assert has_image_ending(name) == expected


def test_names_are_in_the_order_people_count():
    names = ["a.jpg", "B 2.jpg", "b 10.jpg", "b 10 1.jpg", "2.jpg", "10.jpg", "²"]
    ordered = ["2.jpg", "10.jpg", "a.jpg", "B 2.jpg", "b 10 1.jpg", "b 10.jpg", "²"]
    assert sorted(names, key=natural_order) == ordered


@pytest.mark.parametrize(
    "name, hidden",
    [
        (".DS_Store", True),
        (".ipynb_checkpoints", True),
        (".thumbnails", True),
        (".Trash-0", True),
        ("._1.jpg", True),
        ("__MACOSX", True),
        ("Thumbs.db", True),
        ("desktop.ini", True),
        ("@eaDir", True),
        ("lost+found", True),
        ("$RECYCLE.BIN", True),
        ("$Recycle.Bin", True),
        ("#recycle", True),
        ("System Volume Information", True),
        ("a.jpg", False),
        ("macosx", False),
        ("roses.", False),
        ("_thumbnails", False),
        ("..", False),
        ("...and more.jpg", False),
    ],
)
def test_what_a_system_made_for_itself_is_hidden(name, hidden):
    assert is_hidden(name) == hidden


@pytest.mark.parametrize("start, end", [(None, None), (0, 0), (3, None), (None, 3), (3, 3)])
def test_a_range_that_can_be_is_let_through(start, end):
    check_range(start, end)


@pytest.mark.parametrize(
    "path, name, expected",
    [
        ("", "1.jpg", "1.jpg"),
        ("roses", "1.jpg", "roses/1.jpg"),
        ("roses", "a/b", "roses/a_b"),
        ("roses", "/etc", "roses/_etc"),
        ("roses", "a\0b", "roses/a_b"),
        ("roses", ".", "roses/_"),
        ("roses", "..", "roses/__"),
        ("roses", "...", "roses/..."),
    ],
)
def test_no_name_adds_a_step_to_a_path(path, name, expected):
    assert below(path, name) == expected


def test_an_item_with_a_checksum_has_it_as_its_version():
    item = {"id": "1", "title": "a/b.jpg", "fileSize": "9", "md5Checksum": "abc"}
    assert repr(as_file(item, "roses", "roses")) == repr(
        File("1", "a/b.jpg", "roses", "roses/a_b.jpg", 9, "abc", "abc")
    )


def test_an_item_without_a_checksum_has_date_and_size_as_its_version():
    item = {"id": "1", "title": "essay", "modifiedDate": "2026-11-01"}
    assert as_file(item).version == "2026-11-01-None"
    assert as_file(item).size is None


@pytest.mark.parametrize(
    "item, folder, leads_to",
    [
        ({"id": "1", "mimeType": "image/jpeg"}, False, "1"),
        ({"id": "1", "mimeType": FOLDER}, True, "1"),
        (
            {
                "id": "1",
                "mimeType": SHORTCUT,
                "shortcutDetails": {"targetId": "2", "targetMimeType": FOLDER},
            },
            True,
            "2",
        ),
        (
            {
                "id": "1",
                "mimeType": SHORTCUT,
                "shortcutDetails": {"targetId": "2", "targetMimeType": "image/jpeg"},
            },
            False,
            "2",
        ),
    ],
)
def test_an_item_leads_to_a_file_or_a_folder(item, folder, leads_to):
    assert is_folder(item) == folder
    assert target_id(item) == leads_to
