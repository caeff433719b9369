"""What drive.py promises about signing in, naming, listing, reading and uploading; faults are in test_reliability.py."""

import itertools
import json
import os
import pickle
import shutil
import stat
import sys
import threading
import types
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest
from stand_in import REFRESH_TOKEN, Extra, Fault

import colab_helpers.drive as drive_module
from colab_helpers.drive import (
    DriveError,
    LocalFolder,
    NotFoundError,
    QuotaError,
    SignInError,
    TransientError,
    connect,
)


@pytest.fixture(autouse=True)
def nobody_signed_in(monkeypatch, tmp_path):
    """No test sees the real home, working folder or environment."""
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def flowers(tmp_path):
    """flowers/{roses,tulips}/0..11.jpg, and a text beside them."""
    for label in ("roses", "tulips"):
        folder = tmp_path / "root" / "flowers" / label
        folder.mkdir(parents=True)
        for n in range(12):
            (folder / f"{n}.jpg").write_bytes(f"{label} {n} ".encode() * (n + 1))
    (tmp_path / "root" / "flowers" / "notes.txt").write_text("no picture")
    return tmp_path / "root"


@pytest.fixture(params=["Drive", "LocalFolder"])
def either(request, flowers, drive_server):
    """The same folder, once as a Drive and once as it is: both keep the same promises."""
    return (
        connect(flowers)
        if request.param == "LocalFolder"
        else connect(endpoint=drive_server(flowers).url)
    )


def at_once(drive):
    """Lets waiting take no time."""
    pace = drive.pydrive.auth.credentials.pace
    waits, start = [], pace.clock()
    pace.sleep = waits.append
    pace.clock = lambda: start + sum(waits)


def pages(server):
    return [
        one
        for one in server.log
        if one.kind == "list" and "in+parents" in one.target and "title+%3D" not in one.target
    ]


# ---- promises of both


def test_files_know_label_path_size_and_version(either, flowers):
    files = list(either.list_images("flowers"))
    assert sorted(file.path for file in files) == sorted(
        f"{label}/{n}.jpg" for label in ("roses", "tulips") for n in range(12)
    )
    for file in files:
        assert (file.label, file.name) == tuple(file.path.split("/"))
        assert file.size == os.path.getsize(flowers / "flowers" / file.path)
        assert isinstance(file.version, str) and file.version
    assert len({file.id for file in files}) == 24
    with pytest.raises(AttributeError):
        files[0].name = "other"


def test_read_gives_the_bytes_or_a_range_of_them(either, flowers):
    file = either.find("flowers/roses/11.jpg")
    data = (flowers / "flowers/roses/11.jpg").read_bytes()
    assert either.read(file) == data
    assert either.read(file, 5, 9) == data[5:9]
    assert either.read(file, 90) == data[90:]
    assert either.read(file, end=4) == data[:4]
    assert either.read(file, 90, 10_000) == data[90:]
    assert either.read(file, 7, 7) == either.read(file, 10_000, 10_001) == b""
    with pytest.raises(ValueError, match="Received: start=9, end=3"):
        either.read(file, 9, 3)


def test_an_empty_file_reads_as_no_bytes(either, flowers):
    (flowers / "flowers/roses/empty.jpg").touch()
    assert either.read(either.find("flowers/roses/empty.jpg")) == b""


def test_the_root_a_path_and_a_bare_name_lead_to_a_folder(either):
    assert len(list(either.list_images("."))) == 24
    assert len(list(either.list_images("flowers/roses"))) == 12
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


def test_a_listing_and_a_bound_read_travel_to_another_process(either):
    file = next(either.list_images("flowers"))
    read, again = pickle.loads(pickle.dumps((either.read, file)))
    assert read(again) == either.read(file)


# ---- listing a Drive


def test_nothing_is_asked_before_the_first_next_and_one_page_ahead_at_most(drive_server, flowers):
    server = drive_server(flowers, page_size_limit=5)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers/roses")
    assert not server.log
    for n, _ in enumerate(listing):
        assert len(pages(server)) <= n // 5 + 2
    assert len(pages(server)) == 3


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


def test_a_rejected_page_token_starts_the_folder_again_without_duplicates(drive_server, flowers):
    server = drive_server(
        flowers,
        page_size_limit=5,
        faults=[Fault("error", kind="list", match="pageToken", status=400, reason="invalid")],
    )
    paths = [file.path for file in connect(endpoint=server.url).list_images("flowers")]
    assert len(paths) == len(set(paths)) == 24


def test_an_empty_page_is_not_the_end(drive_server, flowers):
    server = drive_server(
        flowers, faults=[Fault("empty_page", kind="list", match="in+parents", times=2)]
    )
    assert len(list(connect(endpoint=server.url).list_images("flowers"))) == 24


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
    listing = connect(endpoint=server.url).list_images("flowers")
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


def test_a_shortcut_lends_its_place_to_what_it_points_to(drive_server, flowers, tmp_path):
    server = drive_server(
        flowers,
        extra=[
            Extra(".", "garden", content=None),
            Extra("garden", "red.jpg", shortcut_to="flowers/roses/3.jpg"),
            Extra("garden", "beds", shortcut_to="flowers/tulips"),
        ],
    )
    drive = connect(endpoint=server.url)
    listing = drive.list_images("garden")
    files = {file.path: file for file in listing}
    assert (
        len(files) == 13
        and files["red.jpg"].label == "garden"
        and files["beds/0.jpg"].label == "beds"
    )
    assert drive.read(files["red.jpg"]) == (flowers / "flowers/roses/3.jpg").read_bytes()
    assert len(list(drive.list_images("garden/beds"))) == 12
    (flowers / "flowers/roses/3.jpg").write_bytes(b"repainted")
    changed, removed, _ = drive.list_changes(listing.position)
    assert [(file.path, file.label) for file in changed] == [("red.jpg", "garden")] and not removed


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
    with pytest.raises(NotFoundError, match="You see: Lab"):
        next(drive.list_images("Shared drives/Office"))


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
    listing = connect(endpoint=server.url).list_images(
        address.format(id=server.id("flowers/roses"))
    )
    assert len(list(listing)) == 12


def test_a_file_is_found_by_its_address_and_a_folder_is_no_file(drive_server, flowers):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    file_id = server.id("flowers/notes.txt")
    assert (
        drive.find(f"https://drive.google.com/file/d/{file_id}/view?usp=sharing").name
        == "notes.txt"
    )
    assert (
        drive.find(f"https://drive.google.com/uc?export=download&id={file_id}").name == "notes.txt"
    )
    with pytest.raises(NotFoundError, match="is a folder, not a file"):
        drive.find(server.id("flowers"))
    with pytest.raises(NotFoundError, match="nothing-here"):
        drive.find("https://drive.google.com/drive/nothing-here")


def test_a_resource_key_in_an_address_opens_the_folder_and_its_files(drive_server, flowers):
    server = drive_server(
        flowers, resource_keys={"flowers": "0-k3y", "flowers/roses/1.jpg": "0-f1le"}
    )
    drive = connect(endpoint=server.url)
    address = f"https://drive.google.com/drive/folders/{server.id('flowers')}"
    with pytest.raises(NotFoundError, match="Could not open"):
        next(drive.list_images(address))
    files = list(drive.list_images(f"{address}?resourcekey=0-k3y"))
    read = pickle.loads(pickle.dumps(drive.read))
    assert [read(file) for file in files] == [
        (flowers / "flowers" / file.path).read_bytes() for file in files
    ]


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
    if name != "..":
        assert [file.name for file in drive.list_images(f"flowers/{name}")] == [f"{name}.jpg"]


def test_two_things_of_one_name_are_listed_with_their_ids(drive_server, flowers):
    server = drive_server(
        flowers,
        extra=[Extra(".", "other"), Extra("other", "0.jpg", b"1"), Extra("other", "0.jpg", b"2")],
    )
    folder = server.add(Extra(".", "flowers"))
    drive = connect(endpoint=server.url)
    with pytest.raises(NotFoundError) as error:
        next(drive.list_images("flowers"))
    folders = [entry.id for entry in server.tree.entries.values() if entry.title == "flowers"]
    assert len(folders) == 2 and all(one in str(error.value) for one in [*folders, folder])
    assert len(list(drive.list_images(next(one for one in folders if one != folder)))) == 24
    assert len(list(drive.list_images("other"))) == 2
    with pytest.raises(NotFoundError, match="There are 2 files called '0.jpg': id .*, id "):
        drive.find("other/0.jpg")


def test_google_documents_are_no_images_and_say_so_when_read(drive_server, flowers):
    (flowers / "flowers/essay.gdoc").touch()
    drive = connect(endpoint=drive_server(flowers).url)
    assert len(list(drive.list_images("flowers"))) == 24
    with pytest.raises(DriveError, match="'essay' .*Google document"):
        drive.read(drive.find("flowers/essay"))


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
    assert {file.name for file in connect(endpoint=server.url).list_images(".")} == {
        "no ending",
        "PHOTO.HEIC",
    }


@pytest.mark.parametrize("change", ["rename", "move", "add", "trash"])
def test_when_a_folder_changed_only_a_full_listing_can_tell(drive_server, flowers, change):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers")
    next(listing)
    assert drive.list_changes(listing.position) is None, "not at its end"
    list(listing)
    if change == "rename":
        roses = drive.pydrive.CreateFile({"id": server.id("flowers/roses")})
        roses["title"] = "dog roses"
        roses.Upload()
    elif change == "move":
        server.move("flowers/roses", ".")
    elif change == "add":
        server.add(Extra("flowers", "lilies"))
    else:
        server.trash("flowers/roses")
    assert drive.list_changes(listing.position) is None


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


# ---- reading and uploading


def test_a_file_changed_or_deleted_after_listing_says_so(drive_server, flowers):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    changed, deleted = drive.find("flowers/roses/0.jpg"), drive.find("flowers/roses/1.jpg")
    (flowers / "flowers/roses/0.jpg").write_bytes(b"another content")
    (flowers / "flowers/roses/1.jpg").unlink()
    at_once(drive)
    with pytest.raises(
        NotFoundError, match=rf"'0.jpg' \(id {changed.id}\): it was changed on Drive"
    ):
        drive.read(changed)
    list(drive._named("0.jpg", server.id("flowers/roses")))
    with pytest.raises(NotFoundError, match=rf"'1.jpg' \(id {deleted.id}\): Drive said 404"):
        drive.read(deleted)


def test_many_threads_read_over_one_connection_each(drive_server, flowers):
    server = drive_server(flowers, latency=0.01)
    drive = connect(endpoint=server.url)
    files, wrong = list(drive.list_images("flowers")), []

    def read_all():
        for file in files:
            if drive.read(file) != (flowers / "flowers" / file.path).read_bytes():
                wrong.append(file)

    threads = [threading.Thread(target=read_all) for _ in range(16)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    assert not wrong and server.counts["media"] == 16 * 24 and server.most_in_flight > 8


def test_the_same_content_is_not_uploaded_twice(drive_server, flowers, tmp_path):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    (tmp_path / "weights.h5").write_bytes(os.urandom(600_000))
    assert drive.upload(tmp_path / "weights.h5", "results").md5
    uploads = server.counts["upload"]
    drive.upload(tmp_path / "weights.h5", "results")
    assert server.counts["upload"] == uploads


def test_an_upload_to_a_folder_by_id_or_of_an_empty_file_works(drive_server, flowers, tmp_path):
    server = drive_server(flowers)
    (tmp_path / "done").touch()
    file = connect(endpoint=server.url).upload(tmp_path / "done", server.id("flowers"))
    assert file.size == 0 and server.id("flowers/done") == file.id


def test_an_upload_where_nothing_may_be_written_says_so(drive_server, flowers, tmp_path):
    server = drive_server(None, mounts={"flowers": flowers / "flowers"})
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(
        DriveError, match="upload 'note.txt' to 'flowers'.*403 insufficientFilePermissions"
    ):
        connect(endpoint=server.url).upload(tmp_path / "note.txt", "flowers")


# ---- a folder on this machine


def test_a_folder_is_listed_in_the_order_people_count(flowers):
    assert [file.name for file in connect(flowers).list_images("flowers/roses")] == [
        f"{n}.jpg" for n in range(12)
    ]


def test_links_in_circles_end_and_nothing_is_written_through_a_link_outside(flowers, tmp_path):
    (flowers / "flowers/roses/up").symlink_to(flowers / "flowers")
    (tmp_path / "outside").mkdir()
    (flowers / "way out").symlink_to(tmp_path / "outside")
    (tmp_path / "x.txt").write_text("x")
    drive = connect(flowers)
    assert len(list(drive.list_images("."))) == 24
    for folder in ("way out", "way out/new", "../outside", str(tmp_path / "outside")):
        with pytest.raises(DriveError, match="outside|leads out"):
            drive.upload(tmp_path / "x.txt", folder)
    assert not os.listdir(tmp_path / "outside")
    for path in ("../secret", "/etc/passwd"):
        with pytest.raises(NotFoundError, match="outside"):
            drive.find(path)


def test_a_mount_that_fell_away_is_transient_and_says_what_to_do(flowers, monkeypatch):
    drive = connect(flowers)
    file = drive.find("flowers/roses/0.jpg")

    def broken(*_, **__):
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr("builtins.open", broken)
    with pytest.raises(TransientError, match="'0.jpg'.*endpoint is not connected.*mount it again"):
        drive.read(file)


def test_a_copy_that_fails_leaves_no_half_file(flowers, tmp_path, monkeypatch):
    (tmp_path / "model.keras").write_bytes(b"1")
    monkeypatch.setattr(
        drive_module.shutil, "copyfile", lambda *_: (_ for _ in ()).throw(OSError(28, "No space"))
    )
    with pytest.raises(DriveError, match="No space"):
        connect(flowers).upload(tmp_path / "model.keras", "results")
    assert not os.listdir(flowers / "results")


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(NotFoundError, match="no folder '.*/nowhere'"):
        connect("nowhere")


# ---- signing in


def test_without_any_way_in_the_ways_in_are_told():
    with pytest.raises(SignInError) as error:
        connect()
    assert error.value.ends_run
    for way in ("Colab", "client_secrets.json", "credentials=", "COLAB_HELPERS_DRIVE"):
        assert way in str(error.value)


def test_the_environment_names_a_folder_or_a_stand_in(monkeypatch, flowers, drive_server):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", str(flowers))
    assert isinstance(connect(), LocalFolder)
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", drive_server(flowers).url)
    assert len(list(connect().list_images("flowers"))) == 24
    assert len(list(connect(flowers).list_images("flowers"))) == 24, "a source given counts first"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "https://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com:80",
        "http://example.com/#127.0.0.1",
        "http://10.0.0.1:8080",
        "ftp://127.0.0.1",
        "http://127.0.0.1\\@example.com",
        "http://127.0.0.1:80@example.com",
    ],
)
def test_the_practice_token_goes_to_this_machine_only(monkeypatch, url):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", url)
    with pytest.raises(SignInError, match="this machine"):
        connect()
    with pytest.raises(SignInError, match="this machine"):
        connect(endpoint=url)


def test_credentials_do_not_travel_unencrypted():
    with pytest.raises(SignInError, match="without https"):
        connect(credentials=object(), endpoint="http://example.com")


def test_a_url_is_no_source():
    with pytest.raises(SignInError, match="list_images"):
        connect("https://drive.google.com/drive/folders/1abc")


class Shell:
    """What IPython's get_ipython returns in Colab, as far as its module's name tells."""


Shell.__module__ = "google.colab._shell"


def in_colab(monkeypatch, authenticate):
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=Shell))
    colab = types.ModuleType("google.colab")
    colab.auth = types.SimpleNamespace(authenticate_user=authenticate)
    monkeypatch.setitem(sys.modules, "google.colab", colab)


def test_in_colab_one_sign_in_is_asked_for(monkeypatch):
    import google.auth
    from google.oauth2.credentials import Credentials

    asked = []
    in_colab(monkeypatch, lambda: asked.append("sign in"))
    monkeypatch.setattr(
        google.auth, "default", lambda scopes: (Credentials(token="ya29.secret"), "project")
    )
    drive = connect()
    assert asked == ["sign in"] and "secret" not in repr(drive) + str(vars(drive)) + str(
        pickle.dumps(drive.read)
    )
    assert "googleapis.com" in repr(drive)


def test_a_refused_sign_in_in_colab_says_what_to_do(monkeypatch):
    in_colab(monkeypatch, lambda: (_ for _ in ()).throw(RuntimeError("ya29.secret")))
    with pytest.raises(SignInError, match="refused.*Run the cell again") as error:
        connect()
    assert "secret" not in str(error.value)


def own_machine(url, monkeypatch, answer="code=4/the-code"):
    """client_secrets.json beside us, and a browser that answers at once."""
    opened = []
    with open("client_secrets.json", "w") as file:
        json.dump(
            {
                "installed": {
                    "client_id": "the-client",
                    "client_secret": "the-secret",
                    "auth_uri": f"{url}/auth",
                    "token_uri": f"{url}/token",
                    "redirect_uris": ["http://localhost"],
                }
            },
            file,
        )

    def browse(address, **_):
        opened.append(address)
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        threading.Thread(target=lambda: urllib.request.urlopen(f"{back}?{answer}").read()).start()

    monkeypatch.setattr("webbrowser.open", browse)
    return opened


def test_on_ones_own_machine_the_browser_is_asked_once_for_reading_only(
    drive_server, flowers, monkeypatch, tmp_path
):
    server = drive_server(flowers)
    opened = own_machine(server.url, monkeypatch)
    monkeypatch.setattr(drive_module, "GOOGLE", server.url)
    saved = tmp_path / "home/.config/colab_helpers/drive.readonly.json"
    drive = connect()
    assert len(list(drive.list_images("flowers"))) == 24
    assert parse_qs(urlsplit(opened[0]).query)["scope"] == [
        "https://www.googleapis.com/auth/drive.readonly"
    ]
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600 and REFRESH_TOKEN in saved.read_text()
    saved.chmod(0o644)
    again = connect()
    assert next(again.list_images("flowers")) and len(opened) == 1
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    for secret in (REFRESH_TOKEN, "the-secret", "ya29."):
        assert secret not in repr(drive) + str(vars(drive)) + str(pickle.dumps(drive))
    connect(upload=True)
    assert parse_qs(urlsplit(opened[1]).query)["scope"] == ["https://www.googleapis.com/auth/drive"]


def test_a_sign_in_refused_in_the_browser_says_what_to_do(drive_server, monkeypatch):
    own_machine(drive_server(None).url, monkeypatch, answer="error=access_denied")
    with pytest.raises(SignInError, match="client_secrets.json .*rejected.*run connect"):
        connect()


def test_broken_client_secrets_say_so():
    with open("client_secrets.json", "w") as file:
        file.write("{}")
    with pytest.raises(SignInError, match="Could not sign in with client_secrets.json"):
        connect()


def test_the_public_names_are_these():
    assert sorted(drive_module.__all__) == sorted(
        [
            "connect",
            "Drive",
            "LocalFolder",
            "File",
            "Listing",
            "DriveError",
            "SignInError",
            "NotFoundError",
            "QuotaError",
            "TransientError",
        ]
    )
    for error in (SignInError, NotFoundError, QuotaError, TransientError):
        assert (
            issubclass(error, DriveError)
            and pickle.loads(pickle.dumps(error("text", 404, "why"))).status == 404
        )
