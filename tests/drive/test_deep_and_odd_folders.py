"""Folders as deep as a system allows, names that are no UTF-8, forks, and interrupts."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from forked import WATCHDOG, in_a_child
from told_drive import FOLDER, item, telling

from colab_helpers.drive import DriveError, connect
from colab_helpers.drive.names import printable
from stand_in import Extra

DEEP = 1300  # folders in folders
ROOT = Path(__file__).parents[2]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


# Deep


@pytest.fixture
def nest(tmp_path):
    """Makes folders in one another, with a picture in each hundredth, and takes them away again."""
    root = tmp_path / "root"

    def make(name, levels):
        root.mkdir()
        descriptor = os.open(root, os.O_RDONLY)
        for level in range(levels):
            os.mkdir(name, dir_fd=descriptor)
            below = os.open(name, os.O_RDONLY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
            if level % 100 == 99:
                picture = os.open("1.jpg", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor)
                os.write(picture, b"deep")
                os.close(picture)
        os.close(descriptor)
        return root

    yield make
    subprocess.run(["rm", "-r", str(root)], check=True)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_deep_folders_are_listed_and_read_on_this_machine(nest):
    drive = connect(nest("d", DEEP))
    listing = drive.list_images(".")
    files = list(listing)
    assert [file.path.count("d") for file in files] == list(range(100, DEEP + 1, 100))
    assert drive.read(files[-1]) == b"deep"
    assert drive.list_changes(listing.position).files == []
    with pytest.raises(DriveError, match="no folder 'none'"):
        list(drive.list_images("none"))


def test_a_path_that_the_system_does_not_take_is_a_drive_error(nest):
    drive = connect(nest("d" * 250, levels=20))
    with pytest.raises(DriveError, match="too long.*Move it nearer to the top"):
        list(drive.list_images("."))


@pytest.fixture
def deep_drive(hostile_server, impatient):
    """A Drive with `DEEP` folders in one another, of long names, a picture in each."""

    def pages(parameters):
        parent = parameters["q"].rpartition("'")[0].rpartition("'")[2]
        level = 0 if parent == "root0" else int(parent[1:])
        items = [item(f"i{level}", "1.jpg")]
        if level < DEEP:
            items.append(item(f"f{level + 1}", f"{level + 1}".rjust(100, "d"), FOLDER))
        return {"items": items}

    return impatient(hostile_server(telling(pages)))


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
def test_deep_folders_make_no_long_position(deep_drive):
    listing = deep_drive.list_images(".")
    before = [next(listing) for _ in range(DEEP - 100)]
    assert before[-1].path.count("/") == DEEP - 101
    position = json.dumps(listing.position)
    assert len(position) < 500 * DEEP
    assert len(pickle.dumps(listing.position)) < 500 * DEEP
    after = list(deep_drive.list_images(".", position=json.loads(position)))
    assert len({file.id for file in [*before, *after]}) == DEEP + 1
    assert after[-1].path.count("/") == DEEP


# Names that are no UTF-8


@pytest.fixture
def odd_names(tmp_path):
    """A folder of pictures whose folder and names are bytes of Latin-1, and worse."""
    root = os.fsencode(tmp_path / "root")
    os.makedirs(os.path.join(root, b"caf\xe9"))
    for name in (b"1\xe9.jpg", b"2\n\x1b[2J.jpg", b"3.jpg"):
        with open(os.path.join(root, b"caf\xe9", name), "wb") as picture:
            picture.write(name)
    return os.fsdecode(root)


def test_a_name_that_is_no_utf_8_stops_nothing(odd_names):
    drive = connect(odd_names)
    files = list(drive.list_images("."))
    assert [drive.read(file) for file in files] == [b"1\xe9.jpg", b"2\n\x1b[2J.jpg", b"3.jpg"]
    assert [printable(file.name) for file in files] == [
        r"1\udce9.jpg",
        r"2\n\x1b[2J.jpg",
        "3.jpg",
    ]
    assert {printable(file.label) for file in files} == {r"caf\udce9"}
    assert drive.find(files[0].path) == files[0]
    ((folder_id, name),) = drive.list_folders(".")
    assert len(list(drive.list_images(folder_id))) == len(list(drive.list_images(name))) == 3
    assert pickle.loads(pickle.dumps(files)) == files


def test_messages_about_such_names_can_be_printed(odd_names):
    drive = connect(odd_names)
    files = list(drive.list_images("."))
    said = [repr(files)]
    for file in files:
        os.remove(os.path.join(odd_names, file.path))
    os.mkdir(os.path.join(odd_names, os.fsdecode(b"\xe9")))
    for ask in [
        *(lambda file=file: drive.read(file) for file in files),
        *(lambda file=file: drive.find(file.path) for file in files),
        lambda: list(drive.list_images(os.fsdecode(b"caf\xe9"))),
        lambda: list(drive.list_images(os.fsdecode(b"caf\xe8"))),
        lambda: list(drive.list_images("../" + os.fsdecode(b"\xe9"))),
    ]:
        with pytest.raises(DriveError) as raised:
            ask()
        said.append(str(raised.value))
    for text in said:
        assert text.encode("utf-8").decode("utf-8").isprintable(), text


def test_such_a_name_is_not_on_a_drive_and_can_be_uploaded(drive_server, odd_names, tmp_path):
    (tmp_path / "drive").mkdir()
    drive = connect(endpoint=drive_server(tmp_path / "drive").url)
    name = os.fsdecode(b"1\xe9.jpg")
    with pytest.raises(DriveError, match="no file"):
        drive.find(name)
    with pytest.raises(DriveError, match="no folder"):
        next(drive.list_images(name))
    path = os.path.join(odd_names, os.fsdecode(b"caf\xe9"), name)
    assert drive.upload(path, "flowers").name == r"1\xe9.jpg"


# Forks and interrupts


def folders(count):
    yield Extra(".", "photos")
    for number in range(count):
        yield Extra("photos", f"{number}")
        yield Extra(f"photos/{number}", "1.jpg", b"1")


@needs_fork
@pytest.mark.parametrize("taken", [0, 1, 5, 20])
def test_a_child_goes_on_with_a_listing_and_so_does_its_parent(drive_server, taken):
    """Also while pages are asked for by threads that the child does not have."""
    server = drive_server(None, extra=folders(40), latency=0.01)
    listing = connect(endpoint=server.url).list_images("photos")
    for _ in range(taken):
        next(listing)
    assert in_a_child(lambda: len(list(listing)) == 40 - taken)
    assert len(list(listing)) == 40 - taken


@needs_fork
def test_a_child_may_give_up_a_listing_and_make_another(drive_server):
    server = drive_server(None, extra=folders(40), latency=0.01)
    drive = connect(endpoint=server.url)
    listings = [drive.list_images("photos")]
    for _ in range(10):
        next(listings[0])

    def begin_anew():
        listings.clear()
        return len(list(drive.list_images("photos"))) == 40

    assert in_a_child(begin_anew)
    assert len(list(listings[0])) == 30


LISTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from google.oauth2.credentials import Credentials
from colab_helpers.drive import Drive
drive = Drive(Credentials(token="SECRET"), sys.argv[1], deadline=3600)
listing = drive.list_images(".")
for _ in range(int(sys.argv[2])):
    next(listing)
print("listed", flush=True)
"""
GOES_ON = LISTS + "list(listing)"
ENDS = LISTS + "sys.stdin.readline()"


@pytest.fixture
def silent_server(hostile_server):
    """It tells of twenty folders, of the first three what they hold, and of the others nothing."""

    def pages(parameters):
        if "'root0'" in parameters["q"]:
            return {"items": [item(f"f{n}", f"{n}", FOLDER) for n in range(20)]}
        name = parameters["q"].rpartition("'")[0].rpartition("'f")[2]
        if int(name) >= 3:
            server.asked.set()
            server.pause(WATCHDOG)
        return {"items": [item(f"i{name}", f"{name}.jpg")]}

    server = hostile_server(telling(pages))
    server.asked = threading.Event()
    return server


def start(code, server, taken):
    return subprocess.Popen(
        [sys.executable, "-c", code, server.url, str(taken)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_an_interrupt_ends_a_listing_that_waits_for_a_silent_server(silent_server):
    program = start(GOES_ON, silent_server, taken=0)
    try:
        assert program.stdout.readline() == "listed\n"
        assert silent_server.asked.wait(WATCHDOG)
        program.send_signal(signal.SIGINT)
        _, told = program.communicate(timeout=WATCHDOG / 2)
    finally:
        program.kill()
    assert "KeyboardInterrupt" in told and "SECRET" not in told


def test_the_end_of_a_program_does_not_wait_for_pages_asked_for_ahead(silent_server):
    program = start(ENDS, silent_server, taken=3)
    try:
        assert program.stdout.readline() == "listed\n"
        assert silent_server.asked.wait(WATCHDOG)
        _, told = program.communicate("\n", timeout=WATCHDOG / 2)
    finally:
        program.kill()
    assert program.returncode == 0 and told == ""
