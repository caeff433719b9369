"""An error report with the variables of all frames, and every message, keep the token."""

import json
import socket
import ssl
import threading

import pytest
from error_reports import report
from google.oauth2.credentials import Credentials
from hostile_server import head, whole

from colab_helpers.drive import Drive, DriveError, File, NotFoundError
from colab_helpers.drive.messages import hide_secrets
from colab_helpers.drive.problems import connection_failed, judge
from stand_in import Fault

TOKEN = "SECRET-TOKEN-42"
FILE = File("1AbC", "a.jpg", "x", "x/a.jpg", 3, "900150983cd24fb0d6963f7d28e17f72", "1")


def refuse(status, reason):
    error = {"errors": [{"reason": reason}], "code": status, "message": reason}
    return lambda server, request: whole({"error": error}, status)


def cut_short(server, request):
    return head(Content_Length=100) + b"abc"


def garbage(server, request):
    return b"garbage\r\n\r\n"


def echo_all(status):
    """Repeats the whole request: in the status line, in headers, in the body."""

    def answer(server, request):
        sent = request.headers["authorization"]
        message = f"You sent {sent}, which is {TOKEN}; {'x' * 150} {TOKEN}"
        body = {"error": {"errors": [{"reason": sent}], "message": message}, "echo": sent}
        return whole(body, status, X_Echo=sent)

    return answer


def echo_as_status(server, request):
    return f"{request.headers['authorization']}\r\n\r\n".encode()


def echo_as_redirect(server, request):
    return whole(b"", 302, Location=f"http://{TOKEN}.invalid/{TOKEN}")


def echo_as_address(server, request):
    return whole(b"", 302, Location=f"ftp://{TOKEN}/")


ANSWERS = {
    "401": refuse(401, "authError"),
    "403": refuse(403, "insufficientPermissions"),
    "404": refuse(404, "notFound"),
    "429": refuse(429, "rateLimitExceeded"),
    "503": refuse(503, "backendError"),
    "cut short": cut_short,
    "garbage": garbage,
    "304": lambda server, request: whole(b"", 304),
    "odd item": lambda server, request: whole({"id": 5, "title": TOKEN, "echo": f"Bearer {TOKEN}"}),
    "echo 200": echo_all(200),
    "echo 401": echo_all(401),
    "echo 403": echo_all(403),
    "echo 500": echo_all(500),
    "echo as status": echo_as_status,
    "echo as redirect": echo_as_redirect,
    "echo as address": echo_as_address,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("asks_for", ["read", "find", "account"])
def test_no_error_shows_the_token(hostile_server, impatient, answer, asks_for):
    server = hostile_server(lambda connection, request: connection.sendall(answer(server, request)))
    drive = impatient(server, deadline=0.5, attempts=2, token=TOKEN)  # some are never whole
    ask = {
        "read": lambda: drive.read(FILE),
        "find": lambda: drive.find("photos/a.jpg"),
        "account": drive.account,
    }[asks_for]
    with pytest.raises(DriveError) as raised:
        ask()
    told = report(raised.value)
    assert TOKEN not in told and TOKEN.lower() not in told.lower()


def test_a_file_that_was_changed_shows_no_token(hostile_server, impatient):
    """The error that is raised while an answer is looked at."""
    changed = {"id": "1AbC", "title": "a.jpg", "mimeType": "image/jpeg", "md5Checksum": "another"}

    def answer(connection, request):
        is_media = "alt=media" in request.target
        connection.sendall(whole(b"longer than it was" if is_media else changed))

    drive = impatient(hostile_server(answer), attempts=5, token=TOKEN)
    with pytest.raises(NotFoundError) as raised:
        drive.read(FILE)
    assert TOKEN not in report(raised.value)


def test_an_interrupt_in_the_middle_of_a_request_shows_no_token(
    hostile_server, impatient, monkeypatch
):
    """Or whatever else nobody foresaw: the frames that sent the request are left out."""

    def interrupted(*arguments):
        raise KeyboardInterrupt

    drive = impatient(hostile_server(lambda connection, request: None), token=TOKEN)
    monkeypatch.setattr(socket, "getaddrinfo", interrupted)
    with pytest.raises(KeyboardInterrupt) as raised:
        drive.read(FILE)
    told = report(raised.value)
    assert TOKEN not in told
    assert "It arose in " in told


@pytest.mark.parametrize("token", ["with\nnewline", "with\u2028line", "ünïcode", "", "a b\x00"])
def test_a_token_that_no_header_can_hold_is_not_shown(hostile_server, token):
    server = hostile_server(lambda connection, request: connection.sendall(whole({})))
    drive = Drive(Credentials(token=token), server.url, attempts=1, deadline=5)
    with pytest.raises(DriveError) as raised:
        drive.account()
    assert not token or token not in report(raised.value)


def test_no_thread_that_fails_shows_the_token(drive_server, flowers, monkeypatch):
    """A thread's error is printed by whoever watches threads."""
    failures = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    server = drive_server(flowers, faults=[Fault(status=404, reason="notFound", times=None)])
    drive = Drive(Credentials(token=TOKEN), server.url)
    thread = threading.Thread(target=drive.account)
    thread.start()
    thread.join(60)
    assert failures
    assert TOKEN not in report(failures[0].exc_value)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("Authorization: Bearer ya29.a0-b_c", "Authorization: Bearer ..."),
        ('{"authorization": "Bearer abc.def"}', '{"authorization": "Bearer ..."}'),
        ("authorization=abc", "authorization=..."),
        ("refresh_token=1//0abc&client_secret=GOCSPX-abc", "refresh_token=...&client_secret=..."),
        ("token ya29.abc is bad", "token ya29.... is bad"),
        ("1//0abc-def was revoked", "1//... was revoked"),
        (f"{TOKEN} is bad", "... is bad"),
        ("File not found: 1AbC", "File not found: 1AbC"),
        ("the bearer", "the bearer"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text, shown):
    assert hide_secrets(text, TOKEN) == shown


def test_what_a_server_says_is_hidden_first_and_cut_then():
    """Half a token is no better."""
    message = "x" * 190 + f" {TOKEN}"
    body = json.dumps({"error": {"message": message}}).encode()
    said = judge(400, body, token=TOKEN).said
    assert "SECRET" not in said and said.endswith("...)")
    assert "SECRET" not in connection_failed(ssl.SSLError(1, message), TOKEN).said


def test_what_a_server_says_is_shown_and_not_obeyed():
    body = json.dumps({"error": {"message": "\x1b[2J\nline \u202e"}}).encode()
    assert judge(400, body).said == r"Drive said 400 (\x1b[2J\nline \u202e)"
