"""Answers in pages that do not come to an end are an error that says so, wherever there are pages.

Each act runs in a thread of its own: one that does not end fails the test, and hangs nobody.
"""

import itertools
import threading

import pytest
from told_drive import FOLDER, INVALID_TOKEN, item, page_number, telling

from colab_helpers.drive import DriveError
from colab_helpers.drive.paging import Page, PageWatch, each_page

WATCHDOG = 60  # seconds in which even a slow machine is done
LISTED = {  # a listing that came to its end, as the changes since are asked for
    "name": "My Drive",
    "drive": None,
    "folders": {"root0": ""},
    "links": {},
    "change_token": "1",
    "todo": [],
}


def error_of(act):
    """What an act raises; the test fails where it does not end."""
    raised = []

    def run():
        try:
            act()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WATCHDOG)
    assert not thread.is_alive(), "it does not end"
    return raised[0] if raised else None


def same_token(parameters):
    return {"items": [], "nextPageToken": "T"}


def same_token_with_items(parameters):
    return {"items": [item("i", "a.jpg")], "nextPageToken": "T"}


def tokens_in_a_circle(parameters):
    following = (page_number(parameters) + 1) % 3
    name = f"{following}.jpg"
    return {"items": [item(name, name)], "nextPageToken": str(following)}


def empty_pages(parameters):
    return {"items": [], "nextPageToken": str(page_number(parameters) + 1)}


def same_items(parameters):
    return {"items": [item("i", "a.jpg")], "nextPageToken": str(page_number(parameters) + 1)}


def every_token_refused(parameters):
    if "pageToken" in parameters:
        return INVALID_TOKEN, 400
    return {"items": [item("i", "a.jpg")], "nextPageToken": "T"}


ENDLESS = [same_token, same_token_with_items, tokens_in_a_circle, empty_pages, same_items]


@pytest.mark.parametrize("pages", [*ENDLESS, every_token_refused])
def test_a_listing_without_end_is_an_error(hostile_server, impatient, pages):
    drive = impatient(hostile_server(telling(pages)))
    error = error_of(lambda: list(drive.list_images(".")))
    assert isinstance(error, DriveError)
    assert "does not come to an end" in str(error) and "root0" in str(error)


@pytest.mark.parametrize("pages", ENDLESS)
@pytest.mark.parametrize(
    "ask",
    [
        lambda drive: drive.find("a.jpg"),
        lambda drive: list(drive.list_images("a/b")),
        lambda drive: list(drive.list_folders(".")),
    ],
    ids=["find", "path", "list_folders"],
)
def test_a_search_without_end_is_an_error(hostile_server, impatient, pages, ask):
    drive = impatient(hostile_server(telling(pages)))
    error = error_of(lambda: ask(drive))
    assert isinstance(error, DriveError) and "does not come to an end" in str(error)


@pytest.mark.parametrize(
    "changes",
    [
        lambda parameters: {"items": [], "nextPageToken": "T"},
        lambda parameters: {"items": [], "nextPageToken": str(page_number(parameters) + 1)},
    ],
    ids=["same token", "empty pages"],
)
def test_changes_without_end_are_an_error(hostile_server, impatient, changes):
    drive = impatient(hostile_server(telling(same_token, changes=changes)))
    error = error_of(lambda: drive.list_changes(LISTED))
    assert isinstance(error, DriveError) and "does not come to an end" in str(error)


def test_shared_drives_without_end_are_an_error(hostile_server, impatient):
    def drives(parameters):
        return {"items": [], "nextPageToken": "T"}

    drive = impatient(hostile_server(telling(same_token, drives=drives)))
    error = error_of(lambda: list(drive.list_images("Shared drives/Lab")))
    assert isinstance(error, DriveError) and "does not come to an end" in str(error)


def test_the_101st_shared_drive_is_found(hostile_server, impatient):
    def drives(parameters):
        number = page_number(parameters)
        items = [
            {"id": f"0D{n}", "name": f"Lab {n}"} for n in range(100 * number, 100 * number + 100)
        ]
        told = {"items": items}
        if number < 2:
            told["nextPageToken"] = str(number + 1)
        return told

    def pages(parameters):
        return {"items": [item("1", "a.jpg")]}

    drive = impatient(hostile_server(telling(pages, drives=drives)))
    assert [file.name for file in drive.list_images("Shared drives/Lab 100")] == ["a.jpg"]
    with pytest.raises(
        DriveError, match="There are 0 shared drives called 'Lab 300'.*and 280 more"
    ):
        next(drive.list_images("Shared drives/Lab 300"))


def test_folders_in_folders_without_end_are_an_error(hostile_server, impatient):
    """Each folder holds another one."""
    numbers = itertools.count()

    def pages(parameters):
        return {"items": [item(f"f{next(numbers)}", "deeper", FOLDER)]}

    drive = impatient(hostile_server(telling(pages)))
    error = error_of(lambda: list(drive.list_images(".")))
    assert isinstance(error, DriveError) and "2000 folders deep" in str(error)


def test_a_folder_may_be_begun_again_as_long_as_it_gets_further(hostile_server, impatient):
    """Each token is good once and no longer: page 2, then page 3, ... is refused at first."""
    refused = set()

    def pages(parameters):
        number = page_number(parameters)
        if number and number not in refused:
            refused.add(number)
            return INVALID_TOKEN, 400
        told = {"items": [item(f"i{number}", f"{number}.jpg")]}
        if number < 4:
            told["nextPageToken"] = str(number + 1)
        return told

    drive = impatient(hostile_server(telling(pages)))
    assert [file.id for file in drive.list_images(".")] == ["i0", "i1", "i2", "i3", "i4"]


def test_pages_that_come_to_an_end_are_all_given():
    pages = {None: Page([1], "a"), "a": Page([], "b"), "b": Page([], "b2"), "b2": Page([2], None)}
    assert [page.entries for page in each_page(pages.get, "count")] == [[1], [], [], [2]]


def test_an_empty_page_may_say_to_ask_for_it_again():
    watch = PageWatch("count")
    for page in [Page([], "a"), Page([], "a"), Page([1], "b"), Page([2], None)]:
        watch.see(page)
