"""What a listing does with entries that no honest Drive sends: left out and said, or refused."""

import itertools
import reprlib

import pytest
from told_drive import FOLDER, SHORTCUT, item, telling

from colab_helpers.drive import DriveError
from colab_helpers.drive.answers import flaw_of_change, flaw_of_item, flaw_of_shared_drive

GOOD = item("good", "good.jpg")
CHANGE = {"fileId": "1", "file": item("1", "a.jpg", parents=[{"id": "root0"}], labels={})}
ODD_ITEMS = [
    None,
    7,
    "text",
    [],
    {},
    {"id": "1"},
    {"id": "1", "title": "a.jpg"},
    {"title": "a.jpg", "mimeType": "image/jpeg"},
    item(None, "a.jpg"),
    item(7, "a.jpg"),
    item("", "a.jpg"),
    item("a' or 1 = 1", "a.jpg"),
    item("a\x1b[2J", "a.jpg"),
    item("1", None),
    item("1", 7),
    item("1", ["a.jpg"]),
    item("1", "a.jpg", None),
    item("1", "a.jpg", 7),
    item("1", "a.jpg", fileSize="-1"),
    item("1", "a.jpg", fileSize=-1),
    item("1", "a.jpg", fileSize="abc"),
    item("1", "a.jpg", fileSize=1.5),
    item("1", "a.jpg", fileSize="٣"),
    item("1", "a.jpg", fileSize="9" * 5000),
    item("1", "a.jpg", fileSize={}),
    item("1", "a.jpg", md5Checksum=7),
    item("1", "a.jpg", modifiedDate=["now"]),
    item("1", "a.jpg", resourceKey=7),
    item("1", "a.jpg", SHORTCUT),
    item("1", "a.jpg", SHORTCUT, shortcutDetails=None),
    item("1", "a.jpg", SHORTCUT, shortcutDetails="2"),
    item("1", "a.jpg", SHORTCUT, shortcutDetails={}),
    item("1", "a.jpg", SHORTCUT, shortcutDetails={"targetId": 2}),
    item("1", "a.jpg", SHORTCUT, shortcutDetails={"targetId": "2", "targetMimeType": 7}),
    item("1", "a.jpg", parents="root0"),
    item("1", "a.jpg", parents=[7]),
    item("1", "a.jpg", parents=[{}]),
    item("1", "a.jpg", labels=7),
]
FINE_ITEMS = [
    GOOD,
    item("1", ""),
    item("1", "a\nb\x1b[2J.jpg"),
    item("1", "a.jpg", fileSize=10),
    item("1", "a.jpg", fileSize="0"),
    item("1", "a.jpg", modifiedDate="the day before yesterday"),
    item("1", "a folder", FOLDER),
    item("1", "a.jpg", SHORTCUT, shortcutDetails={"targetId": "2"}),
    item("1", "a.jpg", parents=[{"id": "root0"}], labels={"trashed": False}),
]


@pytest.mark.parametrize("odd", ODD_ITEMS, ids=reprlib.repr)
def test_an_entry_that_cannot_be_used_is_left_out_and_said(hostile_server, impatient, caplog, odd):
    drive = impatient(hostile_server(telling(lambda parameters: {"items": [odd, GOOD]})))
    assert [file.id for file in drive.list_images(".")] == ["good"]
    assert "Left out 1 of the 2 entries" in caplog.text and "\x1b" not in caplog.text


@pytest.mark.parametrize("odd", ODD_ITEMS, ids=reprlib.repr)
def test_an_odd_entry_is_never_found(hostile_server, impatient, odd):
    drive = impatient(hostile_server(telling(lambda parameters: {"items": [odd]})))
    with pytest.raises(DriveError):
        drive.find("a.jpg")
    assert dict(drive.list_folders(".")) == {"Shared with me": "Shared with me"}


@pytest.mark.parametrize("fine", FINE_ITEMS, ids=reprlib.repr)
def test_an_unusual_entry_is_no_odd_one(fine):
    assert flaw_of_item(fine) is None


def test_many_odd_entries_are_said_in_a_line(hostile_server, impatient, caplog):
    drive = impatient(hostile_server(telling(lambda parameters: {"items": [7] * 500 + [GOOD]})))
    assert len(list(drive.list_images("."))) == 1
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"items": {}},
        {"items": "abc"},
        {"items": 7},
        {"items": None},
        {"items": [GOOD], "nextPageToken": 7},
        {"items": [GOOD], "nextPageToken": ["T"]},
    ],
    ids=reprlib.repr,
)
def test_a_page_that_is_none_is_a_drive_error(hostile_server, impatient, answer):
    drive = impatient(hostile_server(telling(lambda parameters: answer)))
    with pytest.raises(DriveError, match="odd|no JSON|no object|cut short"):
        list(drive.list_images("."))
    with pytest.raises(DriveError):
        list(drive.list_folders("."))


@pytest.mark.parametrize("token", [None, 7, ["1"], {}], ids=reprlib.repr)
def test_an_end_of_changes_that_is_no_text_is_a_drive_error(hostile_server, impatient, token):
    def start(parameters):
        return {"startPageToken": token}

    server = hostile_server(telling(lambda parameters: {"items": [GOOD]}, startPageToken=start))
    with pytest.raises(DriveError, match="odd"):
        list(impatient(server).list_images("."))


@pytest.mark.parametrize(
    "odd",
    [7, {}, {"fileId": 7}, {"fileId": "1", "file": 7}, {"fileId": "1", "file": {}}],
    ids=reprlib.repr,
)
def test_after_an_odd_change_only_a_full_listing_can_tell(hostile_server, impatient, odd):
    """Nobody would know what became of a file, and the next time the same change would come."""
    assert flaw_of_change(odd) and not flaw_of_change(CHANGE)

    def changes(parameters):
        return {"items": [CHANGE, odd], "newStartPageToken": "9"}

    server = hostile_server(telling(lambda parameters: {"items": [GOOD]}, changes=changes))
    drive = impatient(server)
    listing = drive.list_images(".")
    list(listing)
    assert drive.list_changes(listing.position) is None


def test_a_change_of_a_shared_drive_itself_is_no_change_of_a_file(hostile_server, impatient):
    def changes(parameters):
        assert "changeType" in parameters["fields"]
        of_a_drive = {"changeType": "drive", "deleted": False}
        return {"items": [of_a_drive, CHANGE], "newStartPageToken": "9"}

    server = hostile_server(telling(lambda parameters: {"items": [GOOD]}, changes=changes))
    drive = impatient(server)
    listing = drive.list_images(".")
    list(listing)
    assert [file.id for file in drive.list_changes(listing.position).files] == ["1"]


@pytest.mark.parametrize("odd", [7, {}, {"id": "1"}, {"id": "1", "name": 7}, {"name": "a"}])
def test_an_odd_shared_drive_is_left_out(odd):
    assert flaw_of_shared_drive(odd) and not flaw_of_shared_drive({"id": "1", "name": "Lab"})


@pytest.mark.parametrize("target", [FOLDER, SHORTCUT])
def test_a_shortcut_that_leads_to_another_kind_is_left_out(hostile_server, impatient, target):
    """It claims to lead to a picture."""
    shortcut = item("s", "a.jpg", SHORTCUT)
    shortcut["shortcutDetails"] = {"targetId": "t", "targetMimeType": "image/jpeg"}
    told = item("t", "a.jpg", target, shortcutDetails={"targetId": "t2"})
    if target == FOLDER:
        del told["shortcutDetails"]
    server = hostile_server(
        telling(lambda parameters: {"items": [shortcut, GOOD]}, t=lambda parameters: told)
    )
    assert [file.id for file in impatient(server).list_images(".")] == ["good"]


def test_names_from_outside_are_shown_and_not_obeyed(hostile_server, impatient, caplog):
    """In warnings and in errors alike: escape sequences, newlines and marks of direction."""
    evil = "\x1b[2J\r\nDONE\u202e\x9b"
    twins = [item("1", evil, FOLDER), item("2", evil, FOLDER)]
    server = hostile_server(
        telling(
            lambda parameters: {"items": twins if "title" in parameters["q"] else [7, *twins]},
            drives=lambda parameters: {"items": [{"id": "0D", "name": evil}]},
        )
    )
    drive = impatient(server)
    said = []
    for ask in [
        lambda: next(drive.list_images(evil)),
        lambda: drive.find(evil),
        lambda: list(drive.list_images("Shared drives/none")),
        lambda: list(drive.list_images(f"Shared drives/{evil}x")),
        lambda: list(drive.list_images(".")),
    ]:
        with pytest.raises(DriveError) as raised:
            ask()
        said.append(str(raised.value))
    said += [record.getMessage() for record in caplog.records]
    assert len(said) > 5
    for text in said:
        assert text.isprintable(), text


def test_every_message_of_the_room_ends_with_one_full_stop(either, caplog):
    """And holds no two in a row."""
    said = []
    for ask, path in itertools.product(
        [either.find, lambda path: list(either.list_images(path)), either.list_folders],
        ["none", "flowers/none", "flowers", "flowers/notes.txt", "flowers/roses/0.jpg"],
    ):
        try:
            list(ask(path))
        except DriveError as error:
            said.append(str(error))
        except TypeError:
            pass  # a File is no list
    assert len(said) > 5
    for text in said:
        assert text.endswith(".") and ".." not in text, text
