"""How a file or folder is named: what an address says, and what it leads to."""

import os
import pickle
import shutil

import pytest

from colab_helpers.drive import NotFoundError, connect
from colab_helpers.drive.addresses import Address, parse_address
from stand_in import Extra

FOLDER_PAGE = "https://drive.google.com/drive/folders"

# What somebody types or pastes, and what it says beside the text.
ADDRESSES = {
    ".": {},
    "": {},
    "/": {},
    "My Drive": {},
    "My Drive/": {},
    "flowers": {"names": ("flowers",)},
    " flowers ": {"names": ("flowers",)},
    "flowers/roses": {"names": ("flowers", "roses")},
    "/flowers//./roses/": {"names": ("flowers", "roses")},
    "My Drive/flowers": {"names": ("flowers",)},
    "flowers/My Drive": {"names": ("flowers", "My Drive")},
    "..": {"names": ("..",)},
    "Shared with me": {"top": "Shared with me"},
    "Shared with me/roses": {"top": "Shared with me", "names": ("roses",)},
    "Shared drives": {"names": ("Shared drives",)},
    "Shared drives/Lab": {"shared_drive": "Lab"},
    "Shared drives/Lab/a/b": {"shared_drive": "Lab", "names": ("a", "b")},
    f"{FOLDER_PAGE}/1AbC": {"file_id": "1AbC"},
    f"{FOLDER_PAGE}/1AbC/": {"file_id": "1AbC"},
    f"{FOLDER_PAGE}/1-A_b?usp=sharing": {"file_id": "1-A_b"},
    "https://drive.google.com/drive/u/0/folders/1AbC": {"file_id": "1AbC"},
    f"{FOLDER_PAGE}/1AbC?resourcekey=0-k3y": {"file_id": "1AbC", "resource_key": "0-k3y"},
    f"{FOLDER_PAGE}/1AbC?usp=x&resourceKey=0-k": {"file_id": "1AbC", "resource_key": "0-k"},
    "drive.google.com/drive/folders/1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/file/d/1AbC/view?usp=sharing": {"file_id": "1AbC"},
    "https://docs.google.com/document/d/1AbC/edit": {"file_id": "1AbC"},
    "https://drive.google.com/open?id=1AbC&authuser=0": {"file_id": "1AbC"},
    "https://drive.google.com/uc?export=download&id=1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/uc?id=1AbC&export=download&confirm=t": {"file_id": "1AbC"},
    "https://docs.google.com/uc?export=download&id=1AbC": {"file_id": "1AbC"},
    "https://drive.usercontent.google.com/download?id=1AbC&export=download&authuser=0": {
        "file_id": "1AbC"
    },
    "https://drive.usercontent.google.com/uc?id=1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/thumbnail?id=1AbC&sz=w1000": {"file_id": "1AbC"},
    "https://drive.google.com/folderview?id=1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/drive/mobile/folders/1AbC?usp=sharing": {"file_id": "1AbC"},
    "https://drive.google.com/drive/u/0/mobile/folders/1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/drive/u/0/#folders/1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/a/example.com/file/d/1AbC/view": {"file_id": "1AbC"},
    "https://drive.google.com/a/example.com/folders/1AbC": {"file_id": "1AbC"},
    "https://docs.google.com/spreadsheets/u/0/d/1AbC/edit#gid=0": {"file_id": "1AbC"},
    "https://docs.google.com/file/d/1AbC/preview": {"file_id": "1AbC"},
    "https://lh3.googleusercontent.com/d/1AbC=w1000": {"file_id": "1AbC"},
    "https://www.googleapis.com/drive/v3/files/1AbC?alt=media": {"file_id": "1AbC"},
    "https://www.googleapis.com/drive/v2/files/1AbC": {"file_id": "1AbC"},
    "https://colab.research.google.com/drive/1AbC?usp=sharing": {"file_id": "1AbC"},
    "<https://drive.google.com/drive/folders/1AbC>": {"file_id": "1AbC"},
    '"https://drive.google.com/drive/folders/1AbC"': {"file_id": "1AbC"},
    "HTTPS://Drive.Google.com/drive/folders/1AbC": {"file_id": "1AbC"},
    "https://accounts.google.com/ServiceLogin?continue="
    "https%3A%2F%2Fdrive.google.com%2Fdrive%2Ffolders%2F1AbC": {"file_id": "1AbC"},
    "https://drive.google.com/drive/my-drive": {},
    "https://drive.google.com/drive/my-drive?hl=de": {},
    "/content/drive": {},
    "/content/drive/": {},
    "/content/drive/MyDrive": {},
    "/content/drive/MyDrive/": {},
    "/content/drive/MyDrive/flowers/roses": {"names": ("flowers", "roses")},
    "/content/drive/My Drive/flowers": {"names": ("flowers",)},
    "/content/gdrive/MyDrive/flowers": {"names": ("flowers",)},
    "/content/somewhere/MyDrive/flowers": {"names": ("flowers",)},
    "content/drive/MyDrive/flowers": {"names": ("flowers",)},
    "drive/MyDrive/flowers": {"names": ("flowers",)},
    "./drive/MyDrive/flowers": {"names": ("flowers",)},
    "/gdrive/My Drive/flowers": {"names": ("flowers",)},
    "/mnt/drive/MyDrive/flowers": {"names": ("flowers",)},
    "MyDrive": {},
    "MyDrive/flowers": {"names": ("flowers",)},
    "MyDrive/MyDrive": {"names": ("MyDrive",)},
    "/content/drive/Shareddrives/Lab/a/b": {"shared_drive": "Lab", "names": ("a", "b")},
    "/content/drive/Shared drives/Lab": {"shared_drive": "Lab"},
    "Shareddrives/Lab/a": {"shared_drive": "Lab", "names": ("a",)},
    "/content/drive/.shortcut-targets-by-id/1AbC/Pets/cat": {"top": "1AbC", "names": ("cat",)},
    "/content/drive/.shortcut-targets-by-id/1AbC/Pets": {"top": "1AbC"},
    r"G:\My Drive\flowers\roses": {"names": ("flowers", "roses")},
    "G:/My Drive/flowers": {"names": ("flowers",)},
    "/Users/me/Library/CloudStorage/GoogleDrive-me@example.com/My Drive/flowers": {
        "names": ("flowers",)
    },
    "/content/flowers": {"names": ("content", "flowers")},
    "content/drive": {"names": ("content", "drive")},
    "flowers/MyDrive": {"names": ("flowers", "MyDrive")},
    r"flowers\roses": {"names": (r"flowers\roses",)},
    " https://drive.google.com/drive/u/1/my-drive ": {},
    "https://drive.google.com/drive/shared-with-me": {"top": "Shared with me"},
    "https://drive.google.com/drive/nothing-here": {
        "names": ("https:", "drive.google.com", "drive", "nothing-here")
    },
    "https://example.com/folders/1AbC": {"names": ("https:", "example.com", "folders", "1AbC")},
}


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_says(text):
    expected = {"text": text.strip(), **ADDRESSES[text]}
    assert parse_address(text) == Address(**expected)


@pytest.mark.parametrize(
    "text, maybe_id",
    [
        ("1AbCdEfGhIjKlMnO", "1AbCdEfGhIjKlMnO"),
        ("My Drive/1AbCdEfGhIjKlMnO", "1AbCdEfGhIjKlMnO"),
        ("a-name_of_letters", "a-name_of_letters"),
        ("fourteen-chars", None),
        ("a name with spaces", None),
        ("folder/1AbCdEfGhIjKlMnO", None),
        ("https://drive.google.com/open?id=1AbCdEfGhIjKlMnO", None),
    ],
)
def test_one_long_name_without_spaces_may_be_an_id(text, maybe_id):
    assert parse_address(text).maybe_id == maybe_id


@pytest.mark.parametrize(
    "address",
    [
        "{id}",
        "https://drive.google.com/drive/folders/{id}",
        "https://drive.google.com/drive/u/0/folders/{id}?usp=sharing",
        "https://drive.google.com/drive/u/1/folders/{id}?resourcekey=0-ignored&usp=drive_link",
        "https://drive.google.com/open?id={id}&authuser=0",
        " drive.google.com/drive/folders/{id} ",
    ],
)
def test_a_folder_is_named_by_its_id_or_a_pasted_address(drive_server, flowers, address):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    folder = address.format(id=server.id("flowers/roses"))
    assert len(list(drive.list_images(folder))) == 12


@pytest.mark.parametrize(
    "address",
    [
        "https://drive.google.com/file/d/{id}/view?usp=sharing",
        "https://drive.google.com/uc?export=download&id={id}",
    ],
)
def test_a_file_is_found_by_its_address(drive_server, flowers, address):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    file_id = server.id("flowers/notes.txt")
    assert drive.find(address.format(id=file_id)).name == "notes.txt"


@pytest.mark.parametrize(
    "address",
    [
        "/content/drive/MyDrive/flowers/roses",
        "MyDrive/flowers/roses",
        "drive/MyDrive/flowers/roses",
        "/content/drive/.shortcut-targets-by-id/{id}/flowers/roses",
        "/content/drive/.shortcut-targets-by-id/{roses}/roses",
    ],
)
def test_a_folder_is_named_as_where_it_would_be_mounted(drive_server, flowers, address):
    server = drive_server(flowers)
    folder = address.format(id=server.id("flowers"), roses=server.id("flowers/roses"))
    assert len(list(connect(endpoint=server.url).list_images(folder))) == 12


def test_a_shared_drive_is_named_as_where_it_would_be_mounted(drive_server, flowers):
    drive = connect(endpoint=drive_server(None, drives={"Lab": flowers}).url)
    assert len(list(drive.list_images("/content/drive/Shareddrives/Lab/flowers/roses"))) == 12


def test_a_path_of_too_many_steps_is_refused(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers).url)
    with pytest.raises(NotFoundError, match="has 1300 steps"):
        drive.find("/".join(["a"] * 1300))


def test_a_folder_is_no_file(drive_server, flowers):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    with pytest.raises(NotFoundError, match="is a folder, not a file"):
        drive.find(server.id("flowers"))


def test_an_address_without_an_id_is_named(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers).url)
    with pytest.raises(NotFoundError, match="nothing-here"):
        drive.find("https://drive.google.com/drive/nothing-here")


def test_a_name_that_looks_like_an_id_is_a_name(drive_server, flowers):
    name = "a-name-like-an-id"
    (flowers / "flowers").rename(flowers / name)
    drive = connect(endpoint=drive_server(flowers).url)
    assert len(list(drive.list_images(name))) == 24


def test_a_resource_key_in_an_address_opens_the_folder_and_its_files(drive_server, flowers):
    server = drive_server(
        flowers, resource_keys={"flowers": "0-k3y", "flowers/roses/1.jpg": "0-f1le"}
    )
    drive = connect(endpoint=server.url)
    address = f"{FOLDER_PAGE}/{server.id('flowers')}"
    with pytest.raises(NotFoundError, match="Could not open"):
        next(drive.list_images(address))
    files = list(drive.list_images(f"{address}?resourcekey=0-k3y"))
    read = pickle.loads(pickle.dumps(drive.read))
    for file in files:
        assert read(file) == (flowers / "flowers" / file.path).read_bytes()


def test_shared_drives_and_what_others_shared_are_reached_by_name(drive_server, flowers):
    (flowers / "lab").mkdir()
    shutil.copytree(flowers / "flowers/roses", flowers / "lab/beds")
    server = drive_server(
        None, shared={"from a friend": flowers / "flowers"}, drives={"Lab": flowers / "lab"}
    )
    drive = connect(endpoint=server.url)
    assert len(list(drive.list_images("Shared with me/from a friend"))) == 24
    assert len(list(drive.list_images("Shared with me"))) == 24
    listing = drive.list_images("Shared drives/Lab/beds")
    files = list(listing)
    assert len(files) == 12
    assert drive.read(files[0]) == (flowers / "lab/beds" / files[0].path).read_bytes()
    assert drive.list_changes(listing.position)[:2] == ([], [])


def test_a_shared_drive_that_is_not_there_is_named_with_those_that_are(drive_server, flowers):
    drive = connect(endpoint=drive_server(None, drives={"Lab": flowers}).url)
    with pytest.raises(NotFoundError, match="0 shared drives called 'Office'. You see: Lab"):
        next(drive.list_images("Shared drives/Office"))


@pytest.mark.parametrize(
    "name", ["it's", "back\\slash", "a/b", "..", "'; or 1 = 1", "ünïcødé 花", "50% & more?"]
)
def test_any_name_can_be_listed_and_none_leads_upwards(drive_server, flowers, name):
    server = drive_server(
        flowers,
        extra=[
            Extra("flowers", name, id="folder-of-an-odd-name"),
            Extra("folder-of-an-odd-name", f"{name}.jpg", b"odd"),
        ],
    )
    drive = connect(endpoint=server.url)
    file = next(file for file in drive.list_images("flowers") if file.name.startswith(name))
    assert file.name == f"{name}.jpg" and drive.read(file) == b"odd"
    assert os.path.normpath(os.path.join("top", file.path)) == os.path.join("top", file.path)
    assert file.path.count("/") == 1 and file.path.split("/")[0] == file.label


@pytest.mark.parametrize("name", ["it's", "back\\slash", "a/b", "'; or 1 = 1", "50% & more?"])
def test_a_folder_of_an_odd_name_is_found_by_it(drive_server, flowers, name):
    server = drive_server(
        flowers,
        extra=[
            Extra("flowers", name, id="folder-of-an-odd-name"),
            Extra("folder-of-an-odd-name", "1.jpg", b"odd"),
        ],
    )
    drive = connect(endpoint=server.url)
    assert [file.name for file in drive.list_images(f"flowers/{name}")] == ["1.jpg"]


def test_two_folders_of_one_name_are_listed_with_their_ids(drive_server, flowers):
    server = drive_server(flowers)
    full = server.id("flowers")
    empty = server.add(Extra(".", "flowers"))
    drive = connect(endpoint=server.url)
    with pytest.raises(NotFoundError, match="There are 2 folders called 'flowers'") as error:
        next(drive.list_images("flowers"))
    assert full in str(error.value) and empty in str(error.value)
    assert len(list(drive.list_images(full))) == 24


def test_two_files_of_one_name_are_listed_with_their_ids(drive_server, flowers):
    server = drive_server(
        flowers,
        extra=[Extra(".", "other"), Extra("other", "0.jpg", b"1"), Extra("other", "0.jpg", b"2")],
    )
    drive = connect(endpoint=server.url)
    assert len(list(drive.list_images("other"))) == 2
    with pytest.raises(NotFoundError, match="There are 2 files called '0.jpg': id .*, id "):
        drive.find("other/0.jpg")


def test_the_top_offers_what_others_shared_as_a_folder(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers, shared={"from a friend": flowers}).url)
    folders = dict(drive.list_folders())
    assert list(folders.values()) == ["flowers", "Shared with me"]
    assert list(dict(drive.list_folders("Shared with me")).values()) == ["from a friend"]
