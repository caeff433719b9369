"""The stand-in gives bytes as Drive does: whole, by range, to those with a token, at a rate."""

import io
import json
import urllib.error
import urllib.request

import pytest
from googleapiclient.http import MediaIoBaseDownload
from pydrive2.files import ApiRequestError

from stand_in import REFRESH_TOKEN
from stand_in.clients import ask, connect, titles
from stand_in.media import Span, span_of


def media(server, path):
    """The address of a file's bytes."""
    return f"/drive/v2/files/{server.id(path)}?alt=media"


def test_a_file_is_read_whole(drive_server, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    assert file.GetContentIOBuffer().read() == b"A" * 1000


@pytest.mark.parametrize(
    "sent, status, body, told",
    [
        ("bytes=1-2", 206, b"la", "bytes 1-2/5"),
        ("bytes=3-", 206, b"sh", "bytes 3-4/5"),
        ("bytes=-2", 206, b"sh", "bytes 3-4/5"),
        ("bytes=9-", 416, b"", "bytes */5"),
    ],
)
def test_a_range_is_told_with_its_place(drive_server, folder, sent, status, body, told):
    server = drive_server(folder)
    answer = ask(server, media(server, "one/two.txt"), Range=sent)
    assert answer.status == status
    assert answer.content == body
    assert answer.headers["Content-Range"] == told


@pytest.mark.parametrize(
    "wanted, size, span",
    [
        ("bytes=0-0", 5, Span(0, 1)),
        ("bytes=0-99", 5, Span(0, 5)),
        ("bytes=2-", 5, Span(2, 5)),
        ("bytes=-3", 5, Span(2, 5)),
        ("bytes=-99", 5, Span(0, 5)),
        ("bytes=7-9", 5, Span(7, 5)),
        ("bytes=-", 5, None),
        ("lines=1-2", 5, None),
    ],
)
def test_a_range_header_is_read_as_http_says(wanted, size, span):
    assert span_of(wanted, size) == span


def test_googles_own_download_in_pieces_puts_the_file_together(drive_server, folder):
    server = drive_server(folder)
    request = connect(server).auth.service.files().get_media(fileId=server.id("cats/b.jpg"))
    buffer = io.BytesIO()
    download = MediaIoBaseDownload(buffer, request, 700)
    is_done = False
    while not is_done:
        _, is_done = download.next_chunk()
    assert buffer.getvalue() == b"B" * 2000


def test_a_document_cannot_be_downloaded(drive_server, folder):
    server = drive_server(folder)
    document = connect(server).CreateFile({"id": server.id("notes")})
    with pytest.raises(ApiRequestError, match="binary content"):
        document.GetContentIOBuffer().read()


def ask_for_token(server, refresh_token):
    form = f"grant_type=refresh_token&refresh_token={refresh_token}&client_id=x&client_secret=y"
    with urllib.request.urlopen(f"{server.url}/token", form.encode(), timeout=5) as answer:
        return json.load(answer)["access_token"]


def test_a_token_is_good_for_its_lifetime(drive_server, folder):
    now = [0.0]
    server = drive_server(folder, token_lifetime=5, clock=lambda: now[0])
    token = ask_for_token(server, REFRESH_TOKEN)
    assert titles(connect(server, token), "title = 'a.jpg'") == ["a.jpg"]
    now[0] = 6.0
    assert ask(server, "/drive/v2/about", Authorization=f"Bearer {token}").status == 401


def test_all_tokens_can_be_made_to_expire(drive_server, folder):
    """Those given until then are refused; a new one is good."""
    server = drive_server(folder)
    old = ask_for_token(server, REFRESH_TOKEN)
    server.expire_tokens()
    assert ask(server, "/drive/v2/about", Authorization=f"Bearer {old}").status == 401
    new = ask_for_token(server, REFRESH_TOKEN)
    assert ask(server, "/drive/v2/about", Authorization=f"Bearer {new}").status == 200


def test_without_a_token_nothing_is_answered(drive_server, folder):
    assert ask(drive_server(folder), "/drive/v2/about", Authorization="").status == 401


def test_a_revoked_refresh_token_gets_no_token(drive_server, folder):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask_for_token(drive_server(folder), "revoked")


def test_more_reads_than_the_window_allows_are_refused(drive_server, folder):
    now = [0.0]
    server = drive_server(folder, reads_per_window=(2, 1.0), clock=lambda: now[0])
    statuses = []
    for now[0] in (0.0, 0.5, 0.9, 1.1, 1.2, 1.6):
        statuses.append(ask(server, media(server, "cats/a.jpg")).status)
    assert statuses == [200, 200, 403, 200, 403, 200]


def test_an_address_that_is_unknown_is_said_to_be(drive_server, folder):
    for target in ("/drive/v2/parents", "/drive/v3/files", "/drive/v2/about/me"):
        answer = ask(drive_server(folder), target)
        assert answer.status == 404
        assert "Not on the stand-in" in answer.json["error"]["message"]
