"""Public folders with an API key, which stands in the place of a sign-in and is as secret."""

import json
import pickle
import socket

import pytest
from error_reports import report
from google.auth.api_key import Credentials
from hostile_server import head, whole

from colab_helpers.drive import Drive, DriveError, File, NotFoundError, SignInError, connect
from colab_helpers.drive.messages import hide_secrets
from colab_helpers.drive.problems import ProblemKind, judge
from stand_in import PRACTICE_API_KEY, Extra

KEY = "AIza-SECRET_KEY.42"
FILE = File("1AbC", "a.jpg", "x", "x/a.jpg", 3, "900150983cd24fb0d6963f7d28e17f72", "1")


@pytest.fixture
def public(drive_server, flowers):
    """A stand-in whose folder flowers/roses anyone with the link may see."""
    return drive_server(flowers, public=["flowers/roses"])


@pytest.fixture
def drive(public):
    return connect(api_key=PRACTICE_API_KEY, endpoint=public.url)


def test_a_public_folder_is_listed_and_read_by_its_id_or_address(public, drive, flowers):
    folder_id = public.id("flowers/roses")
    address = f"https://drive.google.com/drive/folders/{folder_id}?usp=sharing"
    for folder in (folder_id, address):
        files = list(drive.list_images(folder))
        assert len(files) == 12 and {file.label for file in files} == {"roses"}
    for file in files:
        assert drive.read(file) == (flowers / "flowers/roses" / file.name).read_bytes()
    assert drive.find(files[0].id).name == files[0].name
    assert drive.read(files[0], 0, 5) == b"roses"


def test_folders_within_a_public_one_are_public_too(public, flowers):
    public.tree.find("flowers").public = True
    drive = connect(api_key=PRACTICE_API_KEY, endpoint=public.url)
    assert len(list(drive.list_images(public.id("flowers")))) == 24
    names = [name for _, name in drive.list_folders(public.id("flowers"))]
    assert sorted(names) == ["roses", "tulips"]


def test_a_folder_with_a_resource_key_is_opened_by_its_address(public, drive):
    folder_id = public.id("flowers/roses")
    public.tree.find(folder_id).resource_key = "0-key"
    with pytest.raises(NotFoundError):
        next(drive.list_images(folder_id))
    address = f"https://drive.google.com/drive/folders/{folder_id}?resourcekey=0-key"
    assert len(list(drive.list_images(address))) == 12


def test_the_key_travels_in_a_header_and_stands_in_no_address(public, drive):
    list(drive.list_images(public.id("flowers/roses")))
    assert public.log
    assert not any(PRACTICE_API_KEY in logged.target for logged in public.log)


@pytest.mark.parametrize(
    "folder", [".", "flowers", "flowers/roses", "Shared with me/x", "Shared drives/Team/x"]
)
def test_a_name_is_nobodys_and_asks_for_nothing_but_the_id(public, drive, folder):
    for ask in (lambda: next(drive.list_images(folder)), lambda: drive.find(folder)):
        with pytest.raises(SignInError, match="Give the ID .*address.*or sign in: connect()"):
            ask()
    assert not public.log


def test_what_is_not_public_is_not_found_and_the_message_says_how_to_share_it(public, drive):
    for asked in (public.id("flowers/tulips"), public.id("flowers"), "a_name_that_may_be_an_id"):
        with pytest.raises(NotFoundError, match='"Anyone with the link".*sign in') as raised:
            next(drive.list_images(asked))
        assert raised.value.status == 404


def test_nothing_is_written_and_nobody_has_an_address(public, drive, tmp_path):
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(SignInError, match="Could not upload 'note.txt'.*Sign in: connect()"):
        drive.upload(tmp_path / "note.txt", public.id("flowers/roses"))
    with pytest.raises(SignInError, match="Could not ask who is signed in: with an API key"):
        drive.account()
    assert not public.log


def test_a_listing_goes_on_where_it_was_and_hears_of_no_changes(drive_server, flowers):
    server = drive_server(flowers, public=["flowers"], page_size_limit=4)
    drive = connect(api_key=PRACTICE_API_KEY, endpoint=server.url)
    listing = drive.list_images(server.id("flowers"))
    first = [next(listing) for _ in range(6)]
    saved = json.loads(json.dumps(listing.position))
    rest = list(drive.list_images(server.id("flowers"), position=saved))
    assert {file.id for file in [*first, *rest]} == {file.id for file in [*first, *listing]}
    assert drive.list_changes(listing.position) is None
    assert connect(endpoint=server.url).list_changes(listing.position) is None


def test_a_shortcut_to_what_is_not_public_is_left_out(public, drive):
    public.add(Extra("flowers/roses", "secret.jpg", shortcut_to="flowers/tulips/1.jpg"))
    assert len(list(drive.list_images(public.id("flowers/roses")))) == 12


# A key that will not do


def test_a_wrong_key_ends_the_run_and_says_where_to_get_one(public):
    drive = connect(api_key=KEY, endpoint=public.url)
    with pytest.raises(SignInError, match="API_KEY_INVALID .*Copy the API key again") as raised:
        next(drive.list_images(public.id("flowers/roses")))
    assert raised.value.ends_run
    assert len(public.log) == 1


def refusal(reason, detail=None):
    error = {"errors": [{"reason": reason}], "message": "Drive's own words"}
    if detail is not None:
        error["details"] = [{"@type": "Help"}, {"reason": detail}]
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    "status, reason, detail, error, advice",
    [
        (400, "badRequest", "API_KEY_INVALID", SignInError, "Copy the API key again"),
        (400, "keyInvalid", None, SignInError, "Copy the API key again"),
        (400, "keyExpired", None, SignInError, "make a new one"),
        (403, "ipRefererBlocked", None, SignInError, "from anywhere"),
        (
            403,
            "forbidden",
            "API_KEY_HTTP_REFERRER_BLOCKED",
            SignInError,
            "a notebook is no website",
        ),
        (403, "forbidden", "API_KEY_IP_ADDRESS_BLOCKED", SignInError, "Colab's addresses change"),
        (403, "forbidden", "API_KEY_SERVICE_BLOCKED", SignInError, "for the Google Drive API"),
        (403, "accessNotConfigured", "SERVICE_DISABLED", SignInError, "Switch the Drive API on"),
        (401, "required", "CREDENTIALS_MISSING", SignInError, "not enough for this. Sign in"),
        (403, "insufficientFilePermissions", None, DriveError, "share it so, or sign in"),
        (404, "notFound", None, NotFoundError, "share it so, or sign in"),
    ],
)
def test_an_answer_about_a_key_calls_for(status, reason, detail, error, advice):
    problem = judge(status, refusal(reason, detail), by_key=True)
    assert problem.error is error and problem.kind is ProblemKind.FINAL
    assert advice in problem.advice


@pytest.mark.parametrize("details", [None, 5, "API_KEY_INVALID", [5, None], [{"reason": 5}], {}])
def test_odd_details_of_an_error_say_nothing(details):
    body = {"error": {"errors": [{"reason": "notFound"}], "message": "", "details": details}}
    assert judge(404, json.dumps(body).encode()).said == "Drive said 404 notFound"


@pytest.mark.parametrize(
    "key", ["", "  ", "two words", "with\nnewline", "ünïcode", 54_321, b"bytes"]
)
def test_what_is_no_key_is_refused_and_not_shown(key):
    with pytest.raises(ValueError, match="`api_key` must be an API key") as raised:
        connect(api_key=key)
    assert not str(key).strip() or repr(key) not in report(raised.value)


@pytest.mark.parametrize(
    "options",
    [{"source": "."}, {"credentials": object()}, {"upload": True}],
)
def test_a_key_is_a_way_in_of_its_own(options):
    with pytest.raises(ValueError) as raised:
        connect(api_key=KEY, **options)
    assert KEY not in report(raised.value)


def test_spaces_around_a_key_do_not_matter(public):
    drive = connect(api_key=f" {PRACTICE_API_KEY}\n", endpoint=public.url)
    assert len(list(drive.list_images(public.id("flowers/roses")))) == 12


def test_credentials_of_google_auth_that_hold_a_key_are_one_too(public):
    drive = Drive(Credentials(PRACTICE_API_KEY), public.url)
    assert len(list(drive.list_images(public.id("flowers/roses")))) == 12
    with pytest.raises(SignInError, match="Give the ID"):
        drive.find("flowers/roses/1.jpg")


# A key is a secret


@pytest.mark.parametrize("url", ["http://example.com", "ftp://127.0.0.1", "http://10.0.0.1"])
def test_a_key_does_not_travel_unencrypted(url):
    with pytest.raises(SignInError, match="without https") as raised:
        connect(api_key=KEY, endpoint=url)
    assert KEY not in report(raised.value)


def test_a_key_goes_nowhere_else_by_a_redirect(hostile_server):
    other = hostile_server(lambda connection, request: connection.sendall(whole({})))
    moved = whole(b"", 302, Location=f"{other.url}/drive/v2/files/1AbC")
    server = hostile_server(lambda connection, request: connection.sendall(moved))
    drive = connect(api_key=KEY, endpoint=server.url, attempts=1)
    with pytest.raises(DriveError):
        drive.read(FILE)
    assert server.requests[0].headers["x-goog-api-key"] == KEY
    assert other.requests
    assert not any("x-goog-api-key" in request.headers for request in other.requests)


def echo_key(status):
    def answer(server, request):
        sent = request.headers["x-goog-api-key"]
        body = {"error": {"errors": [{"reason": sent}], "message": f"You sent {sent}"}}
        return whole(body, status, X_Echo=sent)

    return answer


PLAIN_ANSWERS = {
    "404": lambda server, request: whole({"error": {"message": "none"}}, 404),
    "cut short": lambda server, request: head(Content_Length=100) + b"abc",
    "garbage": lambda server, request: b"garbage\r\n\r\n",
}
ECHOES = {f"echo {status}": echo_key(status) for status in (200, 400, 401, 403, 500)}


@pytest.mark.parametrize(
    "answer", [*PLAIN_ANSWERS.values(), *ECHOES.values()], ids=[*PLAIN_ANSWERS, *ECHOES]
)
@pytest.mark.parametrize("asks_for", ["read", "find"])
def test_no_error_shows_the_key(hostile_server, clock, answer, asks_for):
    def answer_and_end(connection, request):
        connection.sendall(answer(server, request))
        connection.shutdown(socket.SHUT_RDWR)

    server = hostile_server(answer_and_end)
    key = Credentials(KEY)
    drive = Drive(key, server.url, attempts=2, deadline=5, clock=clock, sleep=clock.sleep)
    with pytest.raises(DriveError) as raised:
        drive.read(FILE) if asks_for == "read" else drive.find("1AbC_1AbC_1AbC_1AbC")
    assert KEY not in report(raised.value)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("x-goog-api-key: abc", "x-goog-api-key: ..."),
        ("/drive/v2/files?q=x&key=abc&alt=json", "/drive/v2/files?q=x&key=...&alt=json"),
        ("the key AIzaSyAbc is bad", "the key AIza... is bad"),
        ("?resourcekey=0-x", "?resourcekey=0-x"),
    ],
)
def test_what_looks_like_a_key_is_hidden(text, shown):
    assert hide_secrets(text) == shown


def test_a_key_is_neither_shown_nor_pickled(public, drive, monkeypatch):
    folder_id = public.id("flowers/roses")
    told = repr(drive) + str(vars(drive)) + str(pickle.dumps(drive)) + str(pickle.dumps(drive.read))
    assert PRACTICE_API_KEY not in told
    with pytest.raises(SignInError, match="does not travel.*COLAB_HELPERS_API_KEY"):
        pickle.loads(pickle.dumps(drive))
    monkeypatch.setenv("COLAB_HELPERS_API_KEY", PRACTICE_API_KEY)
    again = pickle.loads(pickle.dumps(drive))
    assert len(list(again.list_images(folder_id))) == 12
    with pytest.raises(SignInError):
        again.account()


def test_the_key_of_the_environment_is_no_way_in_by_itself(monkeypatch):
    monkeypatch.setenv("COLAB_HELPERS_API_KEY", KEY)
    with pytest.raises(SignInError, match="Nobody is signed in"):
        connect()
