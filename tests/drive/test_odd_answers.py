"""Whatever a server answers ends in a DriveError: no raw error, no endless work, no bent data."""

import json
import random
import threading

import pytest
from hostile_server import head, whole

from colab_helpers.drive import DriveError, File, NotFoundError, TransientError

FOLDER = "application/vnd.google-apps.folder"
WATCHDOG = 60  # seconds in which even a slow machine is done
DEEP = b"[" * 200_000 + b"]" * 200_000
KNOWN = File("1AbC", "a.jpg", "x", "x/a.jpg", 3, "900150983cd24fb0d6963f7d28e17f72", "1")
UNKNOWN = File("1AbC", "a.jpg", "x", "x/a.jpg", None, None, "1")
ITEM = {"id": "1AbC", "title": "a.jpg", "mimeType": "image/jpeg", "fileSize": "3"}


@pytest.fixture
def answering(hostile_server, impatient):
    """A Drive whose every question gets this answer, in bytes."""

    def make(answer, **options):
        server = hostile_server(lambda connection, request: connection.sendall(answer))
        return impatient(server, **options)

    return make


def questions(drive, path):
    """All that a Drive can be asked."""
    return {
        "account": drive.account,
        "read": lambda: drive.read(KNOWN),
        "read of unknown size": lambda: drive.read(UNKNOWN),
        "read of a part": lambda: drive.read(UNKNOWN, 1, 2),
        "find": lambda: drive.find("1AbCdEfGhIjKlMnOpQrStUvWxYz123456"),
        "find by name": lambda: drive.find("photos/a.jpg"),
        "list": lambda: list(drive.list_images("photos")),
        "list by ID": lambda: list(drive.list_images("1AbCdEfGhIjKlMnOpQrStUvWxYz123456")),
        "list folders": lambda: list(drive.list_folders(".")),
        "upload": lambda: drive.upload(path),
    }


def error_of(ask):
    """What an act raises; it may also end well. A raw error fails the test."""
    try:
        ask()
    except DriveError as error:
        return error
    return None


# Errors


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b'"error"',
        b'{"error": null}',
        b'{"error": "invalid"}',
        b'{"error": []}',
        b'{"error": {"message": 7}}',
        b'{"error": {"message": ["a", {"b": 1}]}}',
        b'{"error": {"message": null, "errors": null}}',
        b'{"error": {"message": "m", "errors": [{"reason": ["a"]}]}}',
        b'{"error": {"message": "m", "errors": [{"reason": {"a": 1}}]}}',
        b'{"error": {"message": "m", "errors": {"reason": "a"}}}',
        b'{"error": {"message": "\\ud800", "errors": [7]}}',
        b'{"error": ' + DEEP + b"}",
        b'{"error": {"message": ' + DEEP + b"}}",
        b"\xff\xfe\x00",
        b"<html>",
        b"9" * 10_000,
    ],
    ids=lambda body: repr(body[:40]),
)
@pytest.mark.parametrize("status", [300, 304, 308, 400, 403, 404, 416, 429, 451, 503, 599, 999])
def test_an_error_answer_of_any_form_is_a_drive_error(answering, body, status, tmp_path):
    drive = answering(whole(body, status))
    (tmp_path / "a.txt").write_text("content")
    asked = questions(drive, tmp_path / "a.txt")
    for ask in (asked["account"], asked["read"], asked["upload"]):
        error = error_of(ask)
        assert isinstance(error, DriveError)
        assert error.status == status or status == 308  # which is a redirect to nowhere


@pytest.mark.parametrize(
    "retry_after",
    ["", "-1", "1e9", "9" * 400, "1, 2", "Mon, 01 Jan 0001 00:00:00 -0000", "\x80", "Mon"],
)
def test_any_retry_after_can_be_read(answering, retry_after, clock):
    drive = answering(whole(b"", 503, Retry_After=retry_after), attempts=3)
    assert isinstance(error_of(drive.account), TransientError)
    assert clock() <= 300


# Redirects


@pytest.mark.parametrize(
    "headers, said",
    [
        ({}, "without an address"),
        ({"Location": ""}, "one redirect after the other"),
        ({"Location": "/again"}, "one redirect after the other"),
        ({"Location": "ftp://example.com/"}, "none of HTTP"),
        ({"Location": "file:///etc/passwd"}, "none of HTTP"),
        ({"Location": "http://"}, ""),
        ({"Location": "http://[::1"}, "cannot be read"),
        ({"Location": "http://a:99999/"}, "cannot be read"),
        ({"Location": "http://a b/"}, "none of HTTP"),
        ({"Location": "http://\xe9\xe9/"}, "none of HTTP"),
        ({"Location": "http://" + "a" * 300 + ".invalid/"}, ""),
        ({"Location": "http://127.0.0.1:1/\r\n x"}, ""),
        ({"Location": "http://user:pass@127.0.0.1:1/"}, ""),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_that_leads_nowhere_is_a_drive_error(answering, headers, said, status):
    error = error_of(answering(whole(b"", status, **headers)).account)
    assert isinstance(error, DriveError) and said in str(error)


def test_a_redirect_is_followed_without_the_token_and_keys(hostile_server, impatient):
    """Also to the same host; what is asked for goes along."""

    def elsewhere(connection, request):
        assert "authorization" not in request.headers
        assert "x-goog-drive-resource-keys" not in request.headers
        assert request.headers["range"] == "bytes=0-1"
        connection.sendall(whole(b"ab", 206, Content_Range="bytes 0-1/3"))

    other = hostile_server(elsewhere)

    def answer(connection, request):
        connection.sendall(whole(b"", 302, Location=f"{other.url}/a%20b?q=\xe9"))

    drive = impatient(hostile_server(answer))
    assert drive.read(KNOWN, 0, 2) == b"ab"
    assert other.requests[0].target == "/a%20b?q=%C3%A9"


@pytest.mark.parametrize("method", ["upload", "make a folder"])
def test_what_writes_is_not_redirected(hostile_server, impatient, method, tmp_path):
    other = hostile_server(lambda connection, request: connection.sendall(whole(ITEM)))
    top = {"id": "root0", "title": "My Drive", "mimeType": FOLDER}

    def answer(connection, request):
        if request.method == "POST":
            connection.sendall(whole(b"", 307, Location=other.url))
        else:
            connection.sendall(whole({"items": []} if "/files?" in request.target else top))

    (tmp_path / "a.txt").write_text("content")
    drive = impatient(hostile_server(answer))
    folder = "." if method == "upload" else "new"
    error = error_of(lambda: drive.upload(tmp_path / "a.txt", folder))
    assert error.status == 307
    assert not other.requests


# Addresses that answers name


def test_the_token_goes_to_the_drive_alone(hostile_server, impatient, tmp_path):
    """Not where the beginning of an upload, or a link that PyDrive2 follows, leads to."""
    thief = hostile_server(lambda connection, request: connection.sendall(whole(ITEM)))
    top = {"id": "root0", "title": "My Drive", "mimeType": FOLDER}

    def answer(connection, request):
        if request.method == "POST":
            connection.sendall(whole(Location=f"{thief.url}/upload?upload_id=1"))
        elif "/files?" in request.target:
            connection.sendall(whole({"items": []}))
        elif "alt=media" in request.target:
            connection.sendall(whole(b"a", 206, Content_Location=thief.url + "/?alt=media"))
        else:
            connection.sendall(whole({**top, "downloadUrl": f"{thief.url}/media"}))

    (tmp_path / "a.txt").write_text("content")
    drive = impatient(hostile_server(answer))
    error = error_of(lambda: drive.upload(tmp_path / "a.txt"))
    assert "which is not where this Drive is" in str(error)
    file = drive.pydrive.CreateFile({"id": "1AbC"})
    with pytest.raises(DriveError, match="not where this Drive is"):
        file.GetContentString()
    with pytest.raises(DriveError):
        file.GetContentFile(str(tmp_path / "out"))
    assert not thief.requests


# Successes that are none


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b'"text"',
        b"{",
        DEEP,
        b'{"a": ' + DEEP + b"}",
        b"\xff",
        '{"user": {}}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"9" * 10_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_json_that_is_no_object_is_a_drive_error(answering, body, tmp_path):
    (tmp_path / "a.txt").write_text("content")
    drive = answering(whole(body))
    for name, ask in questions(drive, tmp_path / "a.txt").items():
        error = error_of(ask)
        assert isinstance(error, DriveError) or name.startswith("read"), name


@pytest.mark.parametrize("status", [100, 101, 102, 103, 199])
def test_a_status_that_is_no_answer_is_a_drive_error(answering, status):
    drive = answering(head(status), deadline=0.5)
    assert isinstance(error_of(drive.account), TransientError)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"garbage\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 -5 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000 + b"\r\n\r\n",
        b"H" * 70_000,
        b"\x00" * 100,
    ],
    ids=lambda data: repr(data[:45]),
)
def test_what_is_no_http_is_a_drive_error(hostile_server, impatient, data):
    def answer(connection, request):
        connection.sendall(data)
        connection.close()

    drive = impatient(hostile_server(answer), deadline=0.5)
    assert isinstance(error_of(drive.account), DriveError)
    assert isinstance(error_of(lambda: drive.read(KNOWN)), DriveError)


def test_a_key_that_would_be_another_header_is_not_sent(hostile_server, impatient):
    def answer(connection, request):
        connection.sendall(whole({**ITEM, "resourceKey": "k\r\nX-Evil: 1"}))

    server = hostile_server(answer)
    drive = impatient(server)
    file = drive.find("1AbCdEfGhIjKlMnOpQrStUvWxYz123456")
    assert isinstance(error_of(lambda: drive.read(file)), DriveError)
    assert not any("x-evil" in request.headers for request in server.requests)


# Uploads


@pytest.fixture
def uploading(hostile_server, impatient, tmp_path):
    """Uploads a file, each piece of which gets this answer."""

    def upload(begin, piece, **options):
        top = {"id": "root0", "title": "My Drive", "mimeType": FOLDER}

        def answer(connection, request):
            if request.method == "POST":
                address = f"{server.url}/upload?upload_id=1"
                connection.sendall(begin or whole(Location=address))
            elif request.method == "PUT":
                connection.sendall(piece)
            else:
                connection.sendall(whole({"items": []} if "/files?" in request.target else top))

        server = hostile_server(answer)
        (tmp_path / "a.txt").write_text("content")
        return impatient(server, **options).upload(tmp_path / "a.txt")

    return upload


@pytest.mark.parametrize(
    "begin, piece",
    [
        (whole(b"{}"), b""),
        (None, whole(b"", 308)),
        (None, whole(b"", 308, Range="bytes=0-2")),
        (None, whole(b"", 308, Range="bytes=0-99")),
        (None, whole(b"", 308, Range="bytes=0--1")),
        (None, whole(b"", 308, Range="0")),
        (None, whole(b"", 308, Range="")),
        (None, whole(b"", 308, Location="ftp://a/")),
        (None, whole(b"[]")),
        (None, whole(b"{}")),
        (None, whole({"id": 7, "title": "a.txt", "mimeType": "text/plain"})),
        (None, whole({**ITEM, "md5Checksum": 7})),
        (None, whole(b"", 204)),
    ],
    ids=repr,
)
def test_an_upload_ends_whatever_is_answered(uploading, begin, piece):
    outcome = []
    ask = threading.Thread(
        target=lambda: outcome.append(error_of(lambda: uploading(begin, piece, attempts=3))),
        daemon=True,
    )
    ask.start()
    ask.join(WATCHDOG)
    assert outcome and isinstance(outcome[0], DriveError)


# What nobody thought of


VALUES = [None, True, -1, 0, 1e400, 10**30, "", "x", "1AbC", "\ud800\n", [], [None], {}, {"id": 7}]
KEYS = [
    "id",
    "title",
    "mimeType",
    "fileSize",
    "md5Checksum",
    "modifiedDate",
    "resourceKey",
    "shortcutDetails",
    "parents",
    "labels",
    "items",
    "nextPageToken",
    "newStartPageToken",
    "startPageToken",
    "user",
    "driveId",
    "kind",
]
GOOD = {
    "id": "root0",
    "title": "photos",
    "mimeType": FOLDER,
    "startPageToken": "7",
    "user": {"emailAddress": "me"},
    "items": [ITEM],
}


def odd_value(draw, depth=0):
    if depth > 2 or draw.random() < 0.6:
        return draw.choice(VALUES)
    if draw.random() < 0.5:
        return [odd_value(draw, depth + 1) for _ in range(draw.randrange(3))]
    return {draw.choice(KEYS): odd_value(draw, depth + 1) for _ in range(draw.randrange(4))}


def odd_object(draw):
    answer = dict(GOOD)
    for _ in range(draw.randrange(1, 4)):
        key = draw.choice(KEYS)
        if draw.random() < 0.3:
            answer.pop(key, None)
        else:
            answer[key] = odd_value(draw)
    if draw.random() < 0.5:
        item = {**ITEM, draw.choice(KEYS): odd_value(draw)}
        answer["items"] = [item, ITEM]
    return json.dumps(answer).encode()


def odd_answer(draw):
    """One answer, honest in nothing but that it ends."""
    body = odd_object(draw)
    headers = {}
    status = draw.choice([200] * 12 + [201, 204, 206, 300, 302, 304, 308, 401, 403, 404, 416, 503])
    if draw.random() < 0.1:
        body = draw.randbytes(draw.randrange(50))
    if draw.random() < 0.1:
        body = body[: draw.randrange(len(body) + 1)]
    for name, values in {
        "Content-Encoding": ["gzip", "deflate", "br", ""],
        "Content-Range": ["bytes 0-2/3", "bytes */0", "bytes */*", "x", "bytes 1-1/3"],
        "Location": ["/", "http://", "\xff", "http://[", "//"],
        "Range": ["bytes=0-2", "x"],
        "Retry-After": ["0", "x", "nan"],
        "Content-Location": ["/x"],
    }.items():
        if draw.random() < 0.1:
            headers[name] = draw.choice(values)
    return whole(body, status, **headers)


@pytest.mark.parametrize("seed", range(20))
def test_no_answer_leads_to_a_raw_error(hostile_server, impatient, tmp_path, monkeypatch, seed):
    draw = random.Random(seed)
    lock = threading.Lock()

    def answer(connection, request):
        with lock:
            data = odd_answer(draw)
        connection.sendall(data)

    (tmp_path / "a.txt").write_text("content")
    drive = impatient(hostile_server(answer), attempts=2)
    outcomes = []
    failures = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: failures.append(failure.exc_value))

    def ask_all():
        for _ in range(8):
            for ask in questions(drive, tmp_path / "a.txt").values():
                outcomes.append(error_of(ask))

    asking = threading.Thread(target=ask_all, daemon=True)
    asking.start()
    asking.join(WATCHDOG)
    assert not failures, repr(failures[0])
    assert len(outcomes) == 80


def test_a_file_that_is_gone_in_the_middle_says_so(answering):
    error = error_of(lambda: answering(whole(b"", 404)).read(KNOWN))
    assert isinstance(error, NotFoundError)
