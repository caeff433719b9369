"""The stand-in lists as Drive does: searches, pages, masks, shortcuts, shared drives."""

import hashlib

import pytest
from googleapiclient.errors import HttpError
from pydrive2.files import ApiRequestError

from stand_in import FOLDER, SHORTCUT, Extra
from stand_in.clients import ask, connect, titles
from stand_in.fields import parse_mask, pick
from stand_in.messages import Refusal


@pytest.mark.parametrize(
    "q, expected",
    [
        (
            "'root' in parents and trashed = false",
            ["cats", "dogs", "empty.jpg", "it's.txt", "notes", "one/two.txt"],
        ),
        (f"mimeType = '{FOLDER}'", ["cats", "dogs"]),
        (
            f"'root' in parents and mimeType != '{FOLDER}' and mimeType contains 'text'",
            ["it's.txt", "one/two.txt"],
        ),
        (r"title = 'it\'s.txt'", ["it's.txt"]),
        ("title contains '.jpg' and not 'root' in parents", ["a.jpg", "b.jpg"]),
        ("(title = 'a.jpg' or title = 'c.png') and trashed = false", ["a.jpg", "c.png"]),
        ("trashed = true", ["b.jpg"]),
        ("title = 'absent'", []),
        ("modifiedDate < '1980-01-01T00:00:00'", []),
    ],
)
def test_a_search_finds_what_the_words_say(drive_server, folder, q, expected):
    server = drive_server(folder)
    if "true" in q:
        server.trash("cats/b.jpg")
    assert titles(connect(server), q) == expected


@pytest.mark.parametrize(
    "q",
    [
        "title =",
        "title = 'a' and",
        "size > '3'",
        "('x' in parents",
        "title ~ 'a'",
        " or ".join(["'x' in parents"] * 101),
    ],
)
def test_a_bad_search_is_refused(drive_server, folder, q):
    with pytest.raises(ApiRequestError, match="400"):
        titles(connect(drive_server(folder)), q)


def test_pages_follow_each_other_and_hold_each_file_once(drive_server, practice):
    server = drive_server(practice, page_size_limit=5)
    pages = list(connect(server).ListFile({"q": f"mimeType != '{FOLDER}'", "maxResults": 1000}))
    assert [len(page) for page in pages] == [5] * 7 + [1]
    assert len({file["id"] for page in pages for file in page}) == 36
    assert server.counts == {"list": 8}


@pytest.mark.parametrize(
    "order, expected",
    [
        ("title", ["a.jpg", "b.jpg", "c.png", "empty.jpg"]),
        ("title desc", ["empty.jpg", "c.png", "b.jpg", "a.jpg"]),
        ("quotaBytesUsed desc,title", ["b.jpg", "a.jpg", "c.png", "empty.jpg"]),
    ],
)
def test_a_sorted_listing_goes_on_in_its_order(drive_server, folder, order, expected):
    server = drive_server(folder, page_size_limit=3)
    listing = connect(server).ListFile({"q": "mimeType contains 'image'", "orderBy": order})
    assert [file["title"] for file in listing.GetList()] == expected
    assert server.counts == {"list": 2}


def test_a_mask_without_next_page_token_ends_the_listing_after_a_page(drive_server, practice):
    """The trap that real Drive sets, too."""
    drive = connect(drive_server(practice, page_size_limit=5))
    search = {"q": f"mimeType != '{FOLDER}'"}
    assert len(drive.ListFile({**search, "fields": "items(id)"}).GetList()) == 5
    assert len(drive.ListFile({**search, "fields": "items(id),nextPageToken"}).GetList()) == 36


def test_a_mask_gives_what_it_names_and_no_more(drive_server, folder):
    server = drive_server(folder)
    mask = "items(id,labels/trashed,parents(id)),nextPageToken"
    answer = ask(server, f"/drive/v2/files?q=title='a.jpg'&fields={mask}".replace(" ", "%20"))
    file = {
        "id": server.id("cats/a.jpg"),
        "labels": {"trashed": False},
        "parents": [{"id": server.id("cats")}],
    }
    assert answer.json == {"items": [file]}


def test_a_mask_of_unknown_names_is_refused(drive_server, folder):
    answer = ask(drive_server(folder), "/drive/v2/files?fields=items(id,colour)")
    assert answer.status == 400
    assert answer.json["error"]["errors"][0]["reason"] == "invalidParameter"


def test_a_star_as_mask_tells_all(drive_server, folder):
    server = drive_server(folder)
    all_of_it = ask(server, "/drive/v2/files?q=title='a.jpg'").json
    assert ask(server, "/drive/v2/files?q=title='a.jpg'&fields=*").json == all_of_it
    assert len(all_of_it["items"]) == 1


@pytest.mark.parametrize(
    "text, mask",
    [
        ("", {}),
        ("id", {"id": {}}),
        ("a,b/c", {"a": {}, "b": {"c": {}}}),
        ("a(b,c(d)),e", {"a": {"b": {}, "c": {"d": {}}}, "e": {}}),
        ("a/b(c)", {"a": {"b": {"c": {}}}}),
        (" a , b ", {"a": {}, "b": {}}),
    ],
)
def test_a_mask_is_read_as_the_guide_says(text, mask):
    assert parse_mask(text) == mask


@pytest.mark.parametrize("text", ["a(b", "a/"])
def test_a_mask_that_does_not_close_is_refused(text):
    with pytest.raises(Refusal, match="Invalid field selection"):
        parse_mask(text)


def test_a_mask_picks_from_lists_too():
    value = {"items": [{"id": 1, "size": 2}, {"id": 3}], "kind": "list"}
    assert pick(value, parse_mask("items/id")) == {"items": [{"id": 1}, {"id": 3}]}
    assert pick(value, {}) == value


def test_a_file_is_described_as_drive_does(drive_server, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    file.FetchMetadata()
    assert file["title"] == "a.jpg"
    assert file["fileSize"] == "1000"
    assert file["mimeType"] == "image/jpeg"
    assert file["md5Checksum"] == hashlib.md5(b"A" * 1000).hexdigest()
    assert file["parents"][0]["id"] == server.id("cats")
    assert not file["parents"][0]["isRoot"]
    assert file["labels"]["trashed"] is False
    assert file["modifiedDate"].endswith("Z")


def test_a_google_document_has_no_size(drive_server, folder):
    server = drive_server(folder)
    document = connect(server).CreateFile({"id": server.id("notes")})
    document.FetchMetadata()
    assert document["mimeType"].endswith("document")
    assert "fileSize" not in document


def a_search_for_cats(drive_server, folder):
    """Many cats in pages of three: a drive, what it searches for, and the listing."""
    for number in range(6):
        (folder / "cats" / f"n{number}.jpg").write_bytes(b"N")
    server = drive_server(folder, page_size_limit=3)
    drive = connect(server)
    q = f"'{server.id('cats')}' in parents"
    return drive, q, drive.ListFile({"q": q, "maxResults": 3})


def test_a_page_token_survives_what_comes_and_goes(drive_server, folder):
    drive, q, listing = a_search_for_cats(drive_server, folder)
    first = [file["title"] for file in next(listing)]
    (folder / "cats" / first[0]).unlink()
    (folder / "cats" / "new.jpg").write_bytes(b"new")
    titles(drive, q)  # somebody else looks, so that the stand-in knows
    following = [file["title"] for page in listing for file in page]
    assert following == ["n1.jpg", "n2.jpg", "n3.jpg", "n4.jpg", "n5.jpg", "new.jpg"]


def test_a_later_page_leaves_out_what_was_removed_since_the_first(drive_server, folder):
    _, _, listing = a_search_for_cats(drive_server, folder)
    next(listing)
    (folder / "cats" / "n2.jpg").unlink()
    following = [file["title"] for page in listing for file in page]
    assert following == ["n1.jpg", "n3.jpg", "n4.jpg", "n5.jpg"]


def test_a_page_token_of_another_search_is_refused(drive_server, folder):
    drive = connect(drive_server(folder, page_size_limit=1))
    listing = drive.ListFile({"q": f"mimeType = '{FOLDER}'", "maxResults": 1})
    next(listing)
    for token in (listing["pageToken"], "bm9uc2Vuc2U=", "x"):
        with pytest.raises(ApiRequestError, match="pageToken"):
            drive.ListFile({"q": "trashed = false", "pageToken": token}).GetList()


def any_of(*wanted):
    """A search for titles that is too long for an address."""
    others = [f"title = '{number}{'x' * 60}'" for number in range(40)]
    return " or ".join([*others, *(f"title = '{title}'" for title in wanted)])


def test_a_search_too_long_for_an_address_comes_as_a_post(drive_server, folder):
    server = drive_server(folder)
    assert titles(connect(server), any_of("a.jpg")) == ["a.jpg"]
    assert server.log[0].method == "GET"
    assert len(server.log[0].target) < 200


def test_two_long_searches_are_not_taken_for_one(drive_server, folder):
    """Pages are remembered; the words of a search that is sent in the body count, too."""
    drive = connect(drive_server(folder))
    assert titles(drive, any_of("a.jpg")) == ["a.jpg"]
    assert titles(drive, any_of("b.jpg")) == ["b.jpg"]


def test_two_files_may_have_one_name(drive_server, folder):
    server = drive_server(folder, extra=[Extra("cats", "a.jpg", b"twin")])
    in_cats = f"'{server.id('cats')}' in parents"
    assert titles(connect(server), in_cats) == ["a.jpg", "a.jpg", "b.jpg"]
    assert len(server.titled("a.jpg")) == 2


def test_a_shortcut_names_its_target(drive_server, folder):
    nowhere = "1" + "x" * 32
    server = drive_server(
        folder,
        resource_keys={"dogs": "key"},
        extra=[
            Extra("", "to dogs", shortcut_to="dogs"),
            Extra("", "nowhere", shortcut_to=nowhere),
        ],
    )
    found = connect(server).ListFile({"q": f"mimeType = '{SHORTCUT}'"}).GetList()
    details = {file["title"]: file["shortcutDetails"] for file in found}
    assert details["to dogs"] == {
        "targetId": server.id("dogs"),
        "targetMimeType": FOLDER,
        "targetResourceKey": "key",
    }
    assert details["nowhere"]["targetId"] == nowhere


def test_without_its_resource_key_a_folder_is_not_found(drive_server, folder):
    server = drive_server(folder, resource_keys={"dogs": "key"})
    drive = connect(server)
    with pytest.raises(ApiRequestError, match="not found"):
        drive.CreateFile({"id": server.id("dogs")}).FetchMetadata()
    drive.CreateFile({"id": server.id("dogs"), "resourceKey": "key"}).FetchMetadata()


def test_what_others_have_shared_is_listed(drive_server, folder):
    server = drive_server(None, shared={"theirs": folder / "cats"})
    assert titles(connect(server), "sharedWithMe") == ["theirs"]


def test_shared_drives_are_seen_by_those_who_know_them(drive_server, folder):
    """Without the parameters that say so, nothing on a shared drive is listed or found."""
    server = drive_server(None, drives={"Team": folder / "dogs"})
    drive = connect(server)
    assert titles(drive, f"'{server.id('Team')}' in parents") == ["c.png"]
    files = drive.auth.service.files()
    drives = drive.auth.service.drives()
    assert [one["name"] for one in drives.list().execute()["items"]] == ["Team"]
    assert drives.get(driveId=server.id("Team")).execute()["name"] == "Team"
    assert files.list(q=f"'{server.id('Team')}' in parents").execute()["items"] == []
    with pytest.raises(HttpError, match="not found"):
        files.get(fileId=server.id("Team/c.png")).execute()


def test_a_virtual_folder_lists_without_existing(drive_server, practice):
    server = drive_server(practice, virtual={"big/first": 2500})
    in_first = f"'{server.id('big/first')}' in parents"
    files = connect(server).ListFile({"q": in_first}).GetList()
    assert len(files) == 2500
    assert server.counts["list"] == 3
    assert files[7].GetContentIOBuffer().read()[:2] == b"\xff\xd8"


def test_the_account_is_told(drive_server, folder):
    server = drive_server(folder)
    about = connect(server).GetAbout()
    assert about["rootFolderId"] == server.id("")
    assert about["user"]["emailAddress"] == "practice@example.com"
