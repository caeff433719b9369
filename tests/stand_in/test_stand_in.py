"""The stand-in Drive answers Google's own client as Drive does; the plain PyDrive2 is the judge."""

import hashlib
import http.client
import io
import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from stand_in import (
    FOLDER,
    PRACTICE_TOKEN,
    REFRESH_TOKEN,
    Extra,
    Fault,
    RandomFaults,
    every_fault,
)
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload, build_http
from oauth2client.client import AccessTokenCredentials
from pydrive2.auth import GoogleAuth
from pydrive2.drive import GoogleDrive
from pydrive2.files import ApiRequestError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def connect():
    """The plain PyDrive2, pointed at a stand-in and otherwise untouched."""

    def connected(server, token=PRACTICE_TOKEN):
        auth = GoogleAuth()
        auth.credentials = AccessTokenCredentials(token, "tests")
        auth.service = build(
            "drive",
            "v2",
            http=auth.credentials.authorize(build_http()),
            cache_discovery=False,
            client_options={"api_endpoint": f"{server.url}/drive/v2/"},
        )
        auth.service._rootDesc["rootUrl"] = (
            f"{server.url}/"  # uploads go to another address than the rest
        )
        return GoogleDrive(auth)

    return connected


@pytest.fixture
def folder(tmp_path):
    """Two class folders and some odd names."""
    for name, content in {
        "cats/a.jpg": b"A" * 1000,
        "cats/b.jpg": b"B" * 2000,
        "dogs/c.png": b"C" * 10,
        "it's.txt": b"quoted",
        "one%2Ftwo.txt": b"slash",
        "notes.gdoc": b"{}",
        "empty.jpg": b"",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


def titles(drive, q, **parameters):
    return sorted(file["title"] for file in drive.ListFile({"q": q, **parameters}).GetList())


def raw(server, target, **headers):
    """One request without any client's help: the response, its body read."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.request(
        "GET", target, headers={"Authorization": f"Bearer {PRACTICE_TOKEN}", **headers}
    )
    response = connection.getresponse()
    response.content = response.read()
    connection.close()
    return response


# listing


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
    ],
)
def test_a_search_finds_what_the_words_say(drive_server, connect, folder, q, expected):
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
def test_a_bad_search_is_refused(drive_server, connect, folder, q):
    with pytest.raises(ApiRequestError, match="400"):
        titles(connect(drive_server(folder)), q)


def test_pages_follow_each_other_and_hold_each_file_once(drive_server, connect, practice):
    server = drive_server(practice, page_size_limit=5)
    pages = list(connect(server).ListFile({"q": f"mimeType != '{FOLDER}'", "maxResults": 1000}))
    assert [len(page) for page in pages] == [5] * 7 + [1]
    assert len({file["id"] for page in pages for file in page}) == 36
    assert server.counts == {"list": 8}


def test_a_mask_without_next_page_token_ends_the_listing_after_a_page(
    drive_server, connect, practice
):
    """The trap that real Drive sets, too."""
    server, q = drive_server(practice, page_size_limit=5), f"mimeType != '{FOLDER}'"
    assert len(connect(server).ListFile({"q": q, "fields": "items(id,title)"}).GetList()) == 5
    assert (
        len(connect(server).ListFile({"q": q, "fields": "items(id,title),nextPageToken"}).GetList())
        == 36
    )


def test_a_mask_gives_what_it_names_and_no_more(drive_server, folder):
    server = drive_server(folder)
    mask = "items(id,labels/trashed,parents(id)),nextPageToken"
    items = json.loads(
        raw(server, f"/drive/v2/files?q=title='a.jpg'&fields={mask}".replace(" ", "%20")).content
    )
    assert items == {
        "items": [
            {
                "id": server.id("cats/a.jpg"),
                "labels": {"trashed": False},
                "parents": [{"id": server.id("cats")}],
            }
        ]
    }
    refused = raw(server, "/drive/v2/files?fields=items(id,colour)")
    assert (refused.status, json.loads(refused.content)["error"]["errors"][0]["reason"]) == (
        400,
        "invalidParameter",
    )


def test_a_file_is_described_as_drive_does(drive_server, connect, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    file.FetchMetadata()
    assert (file["title"], file["fileSize"], file["mimeType"]) == ("a.jpg", "1000", "image/jpeg")
    assert file["md5Checksum"] == hashlib.md5(b"A" * 1000).hexdigest()
    assert file["parents"][0]["id"] == server.id("cats") and not file["parents"][0]["isRoot"]
    assert file["labels"]["trashed"] is False and file["modifiedDate"].endswith("Z")
    document = connect(server).CreateFile({"id": server.id("notes")})
    document.FetchMetadata()
    assert document["mimeType"].endswith("document") and "fileSize" not in document


def test_a_page_token_survives_what_comes_and_goes_and_is_refused_elsewhere(
    drive_server, connect, folder
):
    for n in range(6):
        (folder / "cats" / f"n{n}.jpg").write_bytes(b"N")
    server = drive_server(folder, page_size_limit=3)
    q = f"'{server.id('cats')}' in parents"
    listing = connect(server).ListFile({"q": q, "maxResults": 3})
    first = [file["title"] for file in next(listing)]
    (folder / "cats" / first[0]).unlink()
    (folder / "cats" / "new.jpg").write_bytes(b"new")
    titles(connect(server), q)  # somebody else looks, so that the stand-in knows
    assert [file["title"] for page in listing for file in page] == [
        "n1.jpg",
        "n2.jpg",
        "n3.jpg",
        "n4.jpg",
        "n5.jpg",
        "new.jpg",
    ]
    with pytest.raises(ApiRequestError, match="pageToken"):
        connect(server).ListFile({"q": "trashed = false", "pageToken": "bm9uc2Vuc2U="}).GetList()


def test_a_search_too_long_for_an_address_comes_as_a_post(drive_server, connect, folder):
    server = drive_server(folder)
    assert titles(
        connect(server),
        " or ".join(f"title = '{n}{'x' * 60}'" for n in range(40)) + " or title = 'a.jpg'",
    ) == ["a.jpg"]
    assert server.log[0].method == "GET" and len(server.log[0].target) < 200


def test_shortcuts_twins_and_resource_keys(drive_server, connect, folder):
    server = drive_server(
        folder,
        resource_keys={"dogs": "key"},
        extra=[
            Extra("cats", "a.jpg", b"twin"),
            Extra("", "to dogs", shortcut_to="dogs"),
            Extra("", "nowhere", shortcut_to="1" + "x" * 32),
        ],
    )
    drive = connect(server)
    assert titles(drive, f"'{server.id('cats')}' in parents") == ["a.jpg", "a.jpg", "b.jpg"]
    found = {
        file["title"]: file["shortcutDetails"]
        for file in drive.ListFile(
            {"q": "mimeType = 'application/vnd.google-apps.shortcut'"}
        ).GetList()
    }
    assert found["to dogs"] == {
        "targetId": server.id("dogs"),
        "targetMimeType": FOLDER,
        "targetResourceKey": "key",
    }
    assert found["nowhere"]["targetId"] == "1" + "x" * 32
    with pytest.raises(ApiRequestError, match="not found"):
        drive.CreateFile({"id": server.id("dogs")}).FetchMetadata()
    drive.CreateFile({"id": server.id("dogs"), "resourceKey": "key"}).FetchMetadata()


def test_shared_folders_and_shared_drives(drive_server, connect, folder):
    server = drive_server(
        None, shared={"theirs": folder / "cats"}, drives={"Team": folder / "dogs"}
    )
    drive = connect(server)
    assert titles(drive, "sharedWithMe") == ["theirs"]
    assert titles(drive, f"'{server.id('Team')}' in parents") == ["c.png"]
    files, drives = drive.auth.service.files(), drive.auth.service.drives()
    assert [one["name"] for one in drives.list().execute()["items"]] == ["Team"]
    assert (
        files.list(q=f"'{server.id('Team')}' in parents").execute()["items"] == []
    )  # without the all-drives words
    with pytest.raises(HttpError, match="not found"):
        files.get(fileId=server.id("Team/c.png")).execute()


def test_what_changed_since_a_token_is_told(drive_server, connect, folder):
    server = drive_server(folder)
    changes = connect(server).auth.service.changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    assert changes.list(pageToken=token).execute()["items"] == []
    removed = server.id("cats/b.jpg")
    (folder / "cats" / "b.jpg").unlink()
    (folder / "dogs" / "new.jpg").write_bytes(b"new")
    (folder / "cats" / "a.jpg").write_bytes(b"other")
    server.move("it's.txt", "dogs")
    answer = changes.list(pageToken=token).execute()
    assert {change["fileId"] for change in answer["items"] if change["deleted"]} == {removed}
    changed = {
        change["file"]["title"]: change["file"]["parents"][0]["id"]
        for change in answer["items"]
        if not change["deleted"]
    }
    assert changed == {
        "new.jpg": server.id("dogs"),
        "a.jpg": server.id("cats"),
        "it's.txt": server.id("dogs"),
    }
    assert changes.list(pageToken=answer["newStartPageToken"]).execute()["items"] == []


def test_a_mounted_folder_changes_too(drive_server, connect, folder):
    server = drive_server(None, mounts={"photos": folder})
    changes = connect(server).auth.service.changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    (folder / "cats" / "a.jpg").unlink()
    (folder / "cats" / "z.jpg").write_bytes(b"z")
    found = [
        change.get("file", {}).get("title")
        for change in changes.list(pageToken=token).execute()["items"]
    ]
    assert sorted(found, key=str) == [None, "z.jpg"]


def test_a_virtual_folder_lists_without_existing(drive_server, connect, practice):
    server = drive_server(practice, virtual={"big/first": 2500})
    files = connect(server).ListFile({"q": f"'{server.id('big/first')}' in parents"}).GetList()
    assert len(files) == 2500 and server.counts["list"] == 3
    assert files[7].GetContentIOBuffer().read()[:2] == b"\xff\xd8"


# reading


def test_a_file_is_read_whole_and_by_range(drive_server, connect, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    assert file.GetContentIOBuffer().read() == b"A" * 1000
    target = f"/drive/v2/files/{server.id('one/two.txt')}?alt=media"
    for sent, status, body, told in [
        ("bytes=1-2", 206, b"la", "bytes 1-2/5"),
        ("bytes=3-", 206, b"sh", "bytes 3-4/5"),
        ("bytes=-2", 206, b"sh", "bytes 3-4/5"),
        ("bytes=9-", 416, b"", "bytes */5"),
    ]:
        answer = raw(server, target, Range=sent)
        assert (answer.status, answer.content, answer.headers["Content-Range"]) == (
            status,
            body,
            told,
        )
    buffer = io.BytesIO()
    load = MediaIoBaseDownload(
        buffer, file.auth.service.files().get_media(fileId=server.id("cats/b.jpg")), 700
    )
    while not load.next_chunk()[1]:
        pass
    assert buffer.getvalue() == b"B" * 2000


def test_a_document_cannot_be_downloaded(drive_server, connect, folder):
    server = drive_server(folder)
    with pytest.raises(ApiRequestError, match="binary content"):
        connect(server).CreateFile({"id": server.id("notes")}).GetContentIOBuffer().read()


def test_a_token_is_asked_for_expires_and_is_refused(drive_server, connect, folder):
    now = [0.0]
    server = drive_server(folder, token_lifetime=5, clock=lambda: now[0])

    def ask(refresh_token):
        form = f"grant_type=refresh_token&refresh_token={refresh_token}&client_id=x&client_secret=y"
        with urllib.request.urlopen(f"{server.url}/token", form.encode(), timeout=5) as answer:
            return json.load(answer)

    token = ask(REFRESH_TOKEN)["access_token"]
    assert titles(connect(server, token), "title = 'a.jpg'") == ["a.jpg"]
    now[0] = 6.0
    assert raw(server, "/drive/v2/about", Authorization=f"Bearer {token}").status == 401
    assert raw(server, "/drive/v2/about", Authorization="").status == 401
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask("revoked")


def test_more_reads_than_the_window_allows_are_refused(drive_server, folder):
    now = [0.0]
    server = drive_server(folder, reads_per_window=(2, 1.0), clock=lambda: now[0])
    target = f"/drive/v2/files/{server.id('cats/a.jpg')}?alt=media"
    statuses = []
    for now[0] in (0.0, 0.5, 0.9, 1.1, 1.2, 1.6):
        statuses.append(raw(server, target).status)
    assert statuses == [200, 200, 403, 200, 403, 200]


# writing


def test_a_file_is_uploaded_updated_and_deleted(drive_server, connect, folder):
    server = drive_server(folder)
    drive = connect(server)
    file = drive.CreateFile({"title": "new/one.txt", "parents": [{"id": server.id("cats")}]})
    file.SetContentString("first")
    file.Upload()
    file_id = file["id"]
    assert (folder / "cats" / "new%2Fone.txt").read_text() == "first"
    file.SetContentString("second")
    file.Upload()
    assert (
        file["id"] == file_id and drive.CreateFile({"id": file_id}).GetContentString() == "second"
    )
    file.Delete()
    assert sorted(path.name for path in (folder / "cats").iterdir()) == ["a.jpg", "b.jpg"]


def test_a_folder_is_made_and_no_title_leaves_it(drive_server, connect, folder):
    server = drive_server(folder / "cats")
    drive = connect(server)
    made = drive.CreateFile({"title": "results", "mimeType": FOLDER})
    made.Upload()
    for title in ("../out.txt", "..", "."):
        file = drive.CreateFile({"title": title, "parents": [{"id": made["id"]}]})
        file.SetContentString("x")
        file.Upload()
    assert titles(drive, f"'{made['id']}' in parents") == [".", "..", "../out.txt"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "cats",
        "dogs",
        "empty.jpg",
        "it's.txt",
        "notes.gdoc",
        "one%2Ftwo.txt",
    ]


@pytest.mark.parametrize("resumable", [False, True])
def test_bytes_arrive_as_sent_by_multipart_and_in_pieces(drive_server, connect, folder, resumable):
    server = drive_server(folder)
    files, data = (
        connect(server).auth.service.files(),
        bytes(range(256)) * 4096 + b"\r\n\r\n--tail\n",
    )
    media = MediaIoBaseUpload(
        io.BytesIO(data), "image/png", chunksize=256 * 1024, resumable=resumable
    )
    answer = files.insert(
        body={"title": "p.png"}, media_body=media, fields="id,md5Checksum"
    ).execute()
    assert answer == {"id": server.id("p.png"), "md5Checksum": hashlib.md5(data).hexdigest()}
    assert (folder / "p.png").read_bytes() == data
    assert server.counts["upload"] == (6 if resumable else 1)


def test_an_upload_goes_on_after_a_lost_answer(drive_server, connect, folder):
    server = drive_server(folder, faults=[Fault("lost", kind="upload", match="upload_id")])
    data = b"0123456789abcdef" * 40_000
    media = MediaIoBaseUpload(io.BytesIO(data), "image/png", chunksize=256 * 1024, resumable=True)
    request = connect(server).auth.service.files().insert(body={"title": "p.png"}, media_body=media)
    with pytest.raises(OSError):
        request.next_chunk()
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    assert (folder / "p.png").read_bytes() == data and answer["fileSize"] == str(len(data))


def test_a_mounted_folder_is_never_written_to(drive_server, connect, folder, tmp_path_factory):
    server = drive_server(tmp_path_factory.mktemp("drive"), mounts={"photos": folder})
    drive = connect(server)
    file = drive.CreateFile({"title": "x.txt", "parents": [{"id": server.id("photos/cats")}]})
    file.SetContentString("x")
    for attempt in (file.Upload, drive.CreateFile({"id": server.id("photos/cats/a.jpg")}).Delete):
        with pytest.raises(ApiRequestError, match="permissions"):
            attempt()


# faults


@pytest.mark.parametrize(
    "fault, status, body",
    [
        (Fault("error", status=403, reason="downloadQuotaExceeded"), 403, b"downloadQuotaExceeded"),
        (Fault("html", status=502), 502, b"<!DOCTYPE html>"),
        (Fault("empty", status=500), 500, b""),
        (Fault("zero"), 200, b""),
        (Fault("truncated"), 200, b"A" * 500),
    ],
)
def test_a_scripted_fault_happens_once(drive_server, folder, fault, status, body):
    server = drive_server(folder, faults=[fault])
    fault.kind, fault.match = "media", "a.jpg"
    target = f"/drive/v2/files/{server.id('cats/a.jpg')}?alt=media"
    answer = raw(server, target)
    assert answer.status == status and (body in answer.content if body else not answer.content)
    assert raw(server, target).content == b"A" * 1000
    assert [entry.status for entry in server.log] == [status, 200]


def test_faults_of_the_connection(drive_server, folder):
    server = drive_server(
        folder,
        faults=[Fault("short"), Fault("flipped"), Fault("reset"), Fault(status=429, retry_after=7)],
    )
    target = f"/drive/v2/files/{server.id('cats/a.jpg')}?alt=media"
    with pytest.raises(http.client.IncompleteRead):
        raw(server, target)
    assert raw(server, target).content.count(b"A") == 999
    with pytest.raises(ConnectionResetError):
        raw(server, target)
    assert raw(server, target).headers["Retry-After"] == "7"


def test_a_stalled_answer_never_comes(drive_server, folder):
    server = drive_server(folder, faults=[Fault("stall")])
    connection = socket.create_connection(
        ("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=0.2
    )
    connection.sendall(b"GET /drive/v2/about HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.close()


def test_an_empty_page_has_a_next_page(drive_server, connect, folder):
    server = drive_server(
        folder, faults=[Fault("empty_page"), Fault("empty_page", match="pageToken")]
    )
    assert titles(connect(server), f"mimeType = '{FOLDER}'") == ["cats", "dogs"]
    assert server.counts["list"] == 3


def test_random_faults_are_a_share_and_the_same_for_the_same_seed():
    def drawn(seed):
        faults = RandomFaults(0.2, seed=seed)
        return [faults.pick("media", f"/files/{n % 500}") for n in range(2000)]

    happened = [fault.do + str(fault.status) for fault in drawn(1) if fault]
    assert (
        happened
        == [fault.do + str(fault.status) for fault in drawn(1) if fault]
        != [fault.do + str(fault.status) for fault in drawn(2) if fault]
    )
    assert 340 < len(happened) < 460 and len(set(happened)) == len(
        {f.do + str(f.status) for f in every_fault()}
    )
    assert RandomFaults(1.0).pick("list", "/files") is None


def test_it_serves_from_the_command_line(folder):
    command = [
        sys.executable,
        "-m",
        "tests.stand_in",
        str(folder / "dogs"),
        "--mount",
        f"photos={folder / 'cats'}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            request = urllib.request.Request(
                process.stdout.readline().strip() + "/drive/v2/files?q=title='photos'",
                headers={"Authorization": f"Bearer {PRACTICE_TOKEN}"},
            )
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert [item["title"] for item in json.load(answer)["items"]] == ["photos"]
        finally:
            process.terminate()
