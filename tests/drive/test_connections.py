"""How connections are kept, and what happens when a server ends one."""

import threading

import pytest
from google.oauth2.credentials import Credentials
from hostile_server import head, whole

from colab_helpers.drive import TransientError
from colab_helpers.drive.request import LedAstray
from colab_helpers.drive.transport import Transport

FOLDER = "application/vnd.google-apps.folder"
ME = whole({"user": {"emailAddress": "me"}})


def test_one_connection_serves_one_request_after_the_other(hostile_server, impatient):
    ports = set()

    def answer(connection, request):
        ports.add(connection.getpeername()[1])
        connection.sendall(ME)

    drive = impatient(hostile_server(answer))
    assert [drive.account() for _ in range(5)] == ["me"] * 5
    assert len(ports) == 1


def test_each_thread_has_a_connection_of_its_own(hostile_server, impatient):
    ports = set()
    all_there = threading.Barrier(4, timeout=60)

    def answer(connection, request):
        ports.add(connection.getpeername()[1])
        connection.sendall(ME)

    drive = impatient(hostile_server(answer), deadline=60)

    def ask():
        drive.account()
        all_there.wait()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(ports) == 4


@pytest.mark.parametrize("says_so", [True, False])
def test_a_server_that_ends_each_connection_costs_no_attempt(hostile_server, impatient, says_so):
    """Whether it says that it will, or ends an idle one without a word."""
    headers = {"Connection": "close"} if says_so else {}
    ended = threading.Event()

    def answer(connection, request):
        connection.sendall(whole({"user": {"emailAddress": "me"}}, **headers))
        connection.shutdown(2)
        ended.set()

    drive = impatient(hostile_server(answer))
    for _ in range(3):
        ended.clear()
        assert drive.account() == "me"
        assert ended.wait(60)
    assert drive.counts["passing"] == 0


def test_an_answer_that_ends_with_its_connection_is_whole(hostile_server, impatient):
    """As HTTP/1.0 has it."""

    def answer(connection, request):
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b'{"user": {"emailAddress": "me"}}')
        connection.shutdown(2)

    drive = impatient(hostile_server(answer))
    assert [drive.account() for _ in range(3)] == ["me"] * 3


def test_what_would_make_two_folders_is_sent_once(hostile_server, impatient, tmp_path):
    """Also when the server ends the connection without an answer."""
    top = {"id": "root0", "title": "My Drive", "mimeType": FOLDER}

    def answer(connection, request):
        if request.method == "POST":
            connection.shutdown(2)
        else:
            connection.sendall(whole({"items": []} if "/files?" in request.target else top))

    (tmp_path / "a.txt").write_text("content")
    server = hostile_server(answer)
    drive = impatient(server, attempts=5)
    with pytest.raises(TransientError, match="make the folder 'new'"):
        drive.upload(tmp_path / "a.txt", "new")
    posts = [request for request in server.requests if request.method == "POST"]
    looked = [request for request in server.requests if "new" in request.target]
    assert len(posts) == len(looked), "before each one it is looked whether the folder is there"


def test_a_body_that_no_answer_of_its_status_has_is_not_the_next_answer(hostile_server, impatient):
    def answer(connection, request):
        is_first = len(server.requests) == 1
        connection.sendall(head(304, Content_Length=len(ME)) + ME if is_first else ME)

    server = hostile_server(answer)
    drive = impatient(server)
    with pytest.raises(Exception, match="304"):
        drive.account()
    assert drive.account() == "me"
    assert len(server.requests) == 2


def test_redirects_to_ever_other_hosts_leave_no_connections_behind(hostile_server, impatient):
    others = [hostile_server(lambda connection, request: connection.sendall(ME)) for _ in range(9)]
    turns = iter(others)

    def answer(connection, request):
        connection.sendall(whole(status=302, Location=next(turns).url))

    drive = impatient(hostile_server(answer))
    assert [drive.account() for _ in others] == ["me"] * 9
    assert others[0].was_left.wait(60)


@pytest.mark.parametrize(
    "endpoint, uri, is_home",
    [
        ("http://127.0.0.1:80", "http://127.0.0.1/drive/v2", True),
        ("http://127.0.0.1:80", "http://127.0.0.1:81/", False),
        ("http://127.0.0.1:80", "http://localhost:80/", False),
        ("https://www.googleapis.com", "https://www.googleapis.com/upload/drive", True),
        ("https://www.googleapis.com", "https://doc-0k.googleusercontent.com/docs", True),
        ("https://www.googleapis.com", "https://docs.google.com/export", True),
        ("https://www.googleapis.com", "http://www.googleapis.com/drive", False),
        ("https://www.googleapis.com", "https://www.googleapis.com.evil.example/", False),
        ("https://www.googleapis.com", "https://evilgoogle.com/", False),
        ("https://www.googleapis.com", "https://www.googleapis.com@evil.example/", False),
        ("https://drive.example", "https://www.googleapis.com/", False),
    ],
)
def test_the_token_goes_to_the_drives_own_hosts(endpoint, uri, is_home):
    transport = Transport(Credentials(token="secret"), endpoint, deadline=1, attempts=1)
    if is_home:
        transport.check_address(uri)
    else:
        with pytest.raises(LedAstray, match="not where this Drive is"):
            transport.check_address(uri)
