"""Many folders are listed at a time: how many pages are asked for, in what order, and for how long.

Nothing here is timed: a server that holds back its answers tells how many are asked for at once.
"""

import itertools
import json
import threading

import pytest
from told_drive import FOLDER, item, telling

from colab_helpers.drive import Drive, DriveError, File, Listing, TransientError, connect
from colab_helpers.drive.pages_ahead import MOST_IN_FLIGHT, Coming, PagesAhead
from colab_helpers.drive.paging import Page
from stand_in import Extra, Fault, RandomFaults

WATCHDOG = 60  # seconds in which even a slow machine is done


def class_folders(count, deeper=False):
    """`Extra`s for photos/<number>/1.jpg, or photos/<number>/images/1.jpg."""
    yield Extra(".", "photos")
    for number in range(count):
        yield Extra("photos", f"{number}")
        above = f"photos/{number}"
        if deeper:
            yield Extra(above, "images")
            above += "/images"
        yield Extra(above, "1.jpg", f"{number}".encode())


def pages_asked(server):
    return sum(one.kind == "list" and "title+%3D" not in one.target for one in server.log)


@pytest.mark.filterwarnings("ignore:The class:UserWarning")
@pytest.mark.parametrize("deeper", [False, True])
def test_many_folders_are_listed_at_a_time_in_their_order(drive_server, deeper):
    server = drive_server(None, extra=class_folders(60, deeper), latency=0.02)
    files = list(connect(endpoint=server.url).list_images("photos"))
    below = "/images/1.jpg" if deeper else "/1.jpg"
    assert [file.path for file in files] == [f"{number}{below}" for number in range(60)]
    assert 4 < server.most_in_flight <= MOST_IN_FLIGHT
    assert pages_asked(server) == 1 + 60 * (2 if deeper else 1)


@pytest.mark.filterwarnings("ignore:.*beside the class folders:UserWarning")
def test_the_order_is_that_of_one_page_after_another(drive_server):
    """The pages of a folder; after each, the folders that are on it."""
    extra = [Extra(".", "photos")]
    for number in range(6):
        extra.append(Extra("photos", f"{number}.jpg", b"1"))
        extra.append(Extra("photos", f"f{number}"))
        for name in ("a", "b", "c"):
            extra.append(Extra(f"photos/f{number}", f"{name}.jpg", b"1"))
    drive = connect(endpoint=drive_server(None, extra=extra, page_size_limit=4).url)
    paths = [file.path for file in drive.list_images("photos")]
    of_the_top = [path for path in paths if "/" not in path]
    of_folders = [path.partition("/")[0] for path in paths if path.endswith("a.jpg")]
    assert of_the_top == [f"{number}.jpg" for number in range(6)]
    assert of_folders == ["f4", "f5", "f2", "f3", "f0", "f1"]
    assert paths[:6] == of_the_top


def test_whoever_reads_a_few_files_asks_for_a_few_pages(drive_server):
    server = drive_server(None, extra=class_folders(100))
    listing = connect(endpoint=server.url).list_images("photos")
    assert not server.log
    for count in range(1, 40):
        next(listing)
        taken = count + 1  # pages, with that of the top
        assert pages_asked(server) <= taken + taken * MOST_IN_FLIGHT / 2
        if count < 3:
            assert pages_asked(server) <= 2 * taken


def test_a_listing_goes_on_after_a_kill_among_many_folders(drive_server):
    server = drive_server(None, extra=class_folders(30))
    drive = connect(endpoint=server.url)
    whole = [file.path for file in drive.list_images("photos")]
    for cut in range(0, 30, 4):
        listing = drive.list_images("photos")
        before = [file.path for file in itertools.islice(listing, cut)]
        position = json.loads(json.dumps(listing.position))
        after = [file.path for file in drive.list_images("photos", position=position)]
        assert list(dict.fromkeys(before + after)) == whole
        assert len(before) + len(after) <= len(whole) + 1


def listing_threads():
    return [thread for thread in threading.enumerate() if thread.name == "listing"]


def test_a_listing_that_is_given_up_asks_for_no_more(drive_server):
    server = drive_server(None, extra=class_folders(200))
    before = listing_threads()
    listing = connect(endpoint=server.url).list_images("photos")
    list(itertools.islice(listing, 20))
    threads = [thread for thread in listing_threads() if thread not in before]
    assert threads
    del listing
    for thread in threads:
        thread.join(WATCHDOG)
        assert not thread.is_alive()
    assert pages_asked(server) < 120
    assert server.in_flight == 0


def test_a_listing_that_is_given_up_does_not_try_again(drive_server, refreshable):
    """Its next pages fail, and wait to be asked for again; nobody wants them any more."""
    is_given_up = threading.Event()
    server = drive_server(None, extra=class_folders(200))
    drive = Drive(refreshable(server), server.url, attempts=1000, sleep=is_given_up.wait)
    listing = drive.list_images("photos")
    before = listing_threads()
    list(itertools.islice(listing, 20))
    server.faults = [Fault("error", kind="list", status=503, times=None)]
    next(listing)
    threads = [thread for thread in listing_threads() if thread not in before]
    del listing
    is_given_up.set()
    for thread in threads:
        thread.join(WATCHDOG)
        assert not thread.is_alive()
    assert len(server.log) < 150


def test_pages_are_at_most_so_many_ahead_however_slow_their_reader_is():
    asked = []

    def ask(coming, is_wanted):
        asked.append(coming)
        return Page([item(str(n), f"{n}.jpg") for n in range(1000)], None)

    coming = [Coming(str(number), None, str(number)) for number in range(1000)]
    with PagesAhead(ask) as pages:
        for number in range(100):
            pages.take(coming[number])
            pages.ask_ahead(coming[number + 1 :], known=())
    assert len(asked) <= 100 + 2 * MOST_IN_FLIGHT + 2


def test_where_drive_asks_to_slow_down_all_folders_come_all_the_same(
    drive_server, refreshable, clock
):
    too_fast = Fault("error", status=403, reason="userRateLimitExceeded")
    faults = RandomFaults(0.3, kind="list", choices=[too_fast], seed=2)
    server = drive_server(None, extra=class_folders(60), faults=faults)
    drive = Drive(refreshable(server), server.url, clock=clock, sleep=clock.sleep)
    paths = [file.path for file in drive.list_images("photos")]
    assert paths == [f"{number}/1.jpg" for number in range(60)]
    assert drive.counts["rate"] > 5


def test_a_folder_met_twice_is_listed_once(drive_server):
    """Also when it was asked for at its second place before it came at its first."""
    extra = list(class_folders(20))
    extra += [Extra(f"photos/{n}", "again", shortcut_to=f"photos/{19 - n}") for n in range(20)]
    server = drive_server(None, extra=extra, latency=0.005)
    files = list(connect(endpoint=server.url).list_images("photos"))
    assert len(files) == len({file.id for file in files}) == 20
    assert pages_asked(server) == 21


# What fails in between


def test_after_an_error_the_listing_goes_on_where_it_was(drive_server, refreshable, clock):
    """Each file comes once, in order, whatever failed before."""
    fault = Fault("error", kind="list", match="in+parents", status=403, reason="teamDriveDisabled")
    server = drive_server(None, extra=class_folders(30))
    drive = connect(credentials=refreshable(server), endpoint=server.url, attempts=1)
    listing = drive.list_images("photos")
    paths = [next(listing).path]
    server.faults = [fault, fault, fault]
    fault.times = 3
    failed = 0
    while True:
        try:
            paths.append(next(listing).path)
        except StopIteration:
            break
        except DriveError:
            failed += 1
    assert failed > 0
    assert paths == [f"{number}/1.jpg" for number in range(30)]


def test_a_folder_that_could_not_be_listed_is_asked_for_again_by_the_same_listing(drive_server):
    fault = Fault("error", kind="list", match="in+parents", status=403, reason="noSuchRight")
    server = drive_server(None, extra=class_folders(3), faults=[fault])
    listing = connect(endpoint=server.url).list_images("photos")
    with pytest.raises(DriveError, match="noSuchRight"):
        next(listing)
    assert len(list(listing)) == 3


def test_an_empty_folder_is_an_error_however_often_it_is_asked(either, flowers):
    (flowers / "empty").mkdir()
    listing = either.list_images("empty")
    for _ in range(3):
        with pytest.raises(DriveError, match="There are no images in 'empty'"):
            next(listing)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, MemoryError])
@pytest.mark.parametrize("failing", range(6))
def test_an_interrupted_listing_goes_on_where_it_was(error, failing):
    """A cell that was stopped and is run again loses no file and gets none twice."""
    names = ["a", "b", "c", "d", "e", "f"]
    failures = [error]

    def walk(at):
        for name in names[at.get("done", 0) :]:
            if failures and names.index(name) == failing:
                raise failures.pop()
            yield File(name, name, "label", name, 1, None, "1")
            at["done"] = 2 * (names.index(name) // 2)  # behind, as a page is

    listing = Listing(walk)
    before = []
    with pytest.raises(error):
        for file in listing:
            before.append(file.id)
    assert [*before, *(file.id for file in listing)] == names


def test_an_error_of_one_folder_comes_at_its_turn(hostile_server, impatient):
    """Not before the files of the folders before it."""

    def pages(parameters):
        if "'root0'" in parameters["q"]:
            return {"items": [item(f"f{n}", f"f{n}", FOLDER) for n in range(20)]}
        number = parameters["q"].partition("'f")[2].partition("'")[0]
        if number == "15":
            return {"error": {"message": "broken"}}, 500
        return {"items": [item(f"i{number}", f"{number}.jpg")]}

    listing = impatient(hostile_server(telling(pages))).list_images(".")
    before = list(itertools.islice(listing, 15))
    assert [file.id for file in before] == [f"i{number}" for number in range(15)]
    with pytest.raises(TransientError, match="f15"):
        next(listing)
