"""A token endpoint that is slow, or repeats what it was sent: nobody waits, nothing is told."""

import contextlib
import logging
import math
import multiprocessing
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hostile_server import whole

from colab_helpers.drive import Drive, DriveError, SignInError, TransientError

SECRETS = ("client-secret", "1//refresh", "ya29.")
WATCHDOG = 30  # seconds in which even a slow machine is done


def json_answer(body, status=200):
    return whole(body, status, Content_Type="application/json")


def good_answer(server):
    """A token that the stand-in takes."""
    server.tokens["ya29.good"] = math.inf
    return json_answer({"access_token": "ya29.good", "expires_in": 3600})


def say(connection, answer):
    """Sends an answer, and nothing after it."""
    connection.sendall(answer)
    connection.shutdown(socket.SHUT_WR)


def never_end(connection, endpoint):
    """Sends a header byte by byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not endpoint.pause(0.02):
        connection.sendall(b"x")


@pytest.fixture
def drive_with(drive_server, photos, clock, refreshable):
    """Opens a Drive whose token ran out, and a token endpoint; waits take no time."""

    def open_drive(endpoint, **options):
        credentials = refreshable(endpoint, token="ya29.too-old", refresh_token="1//refresh")
        url = drive_server(photos.parent).url
        return Drive(credentials, url, clock=clock, sleep=clock.sleep, **options)

    return open_drive


@pytest.fixture
def good_later(drive_server, photos, hostile_server, clock, refreshable):
    """Opens a Drive whose token endpoint begins with some bad answers, and then gives a token."""

    def open_drive(count, answer_badly, **options):
        server = drive_server(photos.parent)

        def answer(connection, request):
            if len(endpoint.requests) <= count:
                answer_badly(connection, endpoint)
            else:
                say(connection, good_answer(server))

        endpoint = hostile_server(answer)
        credentials = refreshable(endpoint, token=None)
        return Drive(credentials, server.url, clock=clock, sleep=clock.sleep, **options), endpoint

    return open_drive


# --- it is slow


def test_a_slow_endpoint_is_asked_once_and_holds_nobody_beyond_the_deadline(
    drive_with, hostile_server
):
    endpoint = hostile_server(lambda connection, request: never_end(connection, endpoint))
    drive = drive_with(endpoint, deadline=0.5, attempts=1)
    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(drive.find, "photos/0.jpg") for _ in range(8)]
        for one in found:
            with pytest.raises(TransientError, match="no fresh token could be had.*too slowly"):
                one.result(WATCHDOG)
    assert len(endpoint.requests) < 8


def test_after_a_slow_answer_another_one_is_asked_for(good_later):
    drive, endpoint = good_later(2, never_end, deadline=0.3)
    assert drive.find("photos/0.jpg").name == "0.jpg"
    assert len(endpoint.requests) == 3


def put_name(drive, names):
    names.put(drive.find("photos/0.jpg").name)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_forked_while_a_token_is_awaited_gets_its_own(good_later):
    asked = threading.Event()

    def answer_too_late(connection, endpoint):
        asked.set()
        endpoint.pause(WATCHDOG)

    drive, _ = good_later(1, answer_too_late, attempts=1)

    def ask():
        with contextlib.suppress(DriveError):  # the test is over when the answer comes
            drive.find("photos/0.jpg")

    threading.Thread(target=ask, daemon=True).start()
    assert asked.wait(WATCHDOG)
    context = multiprocessing.get_context("fork")
    names = context.Queue()
    child = context.Process(target=put_name, args=[drive, names])
    child.start()
    try:
        assert names.get(timeout=WATCHDOG) == "0.jpg"
    finally:
        child.kill()
        child.join()


# --- it repeats what it was sent


def told(error):
    """An error's text, and the variables of all frames that it brings along but the tests' own."""
    parts = []
    errors = [error]
    for one in errors:
        parts += [str(one), repr(one), repr(vars(one))]
        errors += [more for more in (one.__cause__, one.__context__) if more is not None]
        traceback = one.__traceback__
        while traceback is not None:
            frame = traceback.tb_frame
            if Path(frame.f_code.co_filename).resolve() != Path(__file__).resolve():
                parts += [repr(value) for value in frame.f_locals.values()]
            traceback = traceback.tb_next
    return "\n".join(parts)


REPEATED = {
    "description": lambda form: {"error": "invalid_grant", "error_description": form},
    "other fields": lambda form: {"error": "invalid_client", "error_uri": form, form: form},
    "code": lambda form: {"error": form},
    "html": lambda form: f"<html>{form}</html>".encode(),
    "token": lambda form: {"access_token": f"{form}\r\nX: y", "expires_in": 3600},
    "expiry": lambda form: {"access_token": "ya29.x", "expires_in": form},
}


@pytest.mark.parametrize("way", REPEATED)
@pytest.mark.parametrize("status", [200, 400, 401, 404, 500])
def test_what_a_token_endpoint_repeats_is_told_nowhere(
    drive_with, hostile_server, caplog, way, status
):
    caplog.set_level(logging.DEBUG, "colab_helpers")
    endpoint = hostile_server(
        lambda connection, request: say(
            connection, json_answer(REPEATED[way](request.body.decode()), status)
        )
    )
    drive = drive_with(endpoint)
    with pytest.raises(DriveError, match="Could not look for 'photos'") as failed:
        drive.find("photos/0.jpg")
    assert all(b"client-secret" in request.body for request in endpoint.requests)
    own = [str(record) for record in caplog.records if record.name.startswith("colab_helpers")]
    everything = "".join([told(failed.value), repr(drive), *own])
    assert not [secret for secret in SECRETS if secret in everything]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_carries_no_secret_to_somebody_else(drive_with, hostile_server, status):
    thief = hostile_server(lambda connection, request: say(connection, json_answer({})))
    moved = whole(status=status, Location=thief.url)
    endpoint = hostile_server(lambda connection, request: say(connection, moved))
    with pytest.raises(TransientError, match=f"the server said {status}"):
        drive_with(endpoint).find("photos/0.jpg")
    assert endpoint.requests and not thief.requests


# --- what is final, and what passes


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client", "admin_policy_enforced"])
@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_sign_in_that_is_over_says_so_at_once(drive_with, hostile_server, status, code):
    refusal = json_answer({"error": code}, status)
    endpoint = hostile_server(lambda connection, request: say(connection, refusal))
    with pytest.raises(SignInError, match=rf"the sign-in has ended \({code}: .*run connect"):
        drive_with(endpoint).find("photos/0.jpg")
    assert len(endpoint.requests) == 1


PASSING = {
    "internal failure": json_answer({"error": "internal_failure"}, 400),
    "unavailable": json_answer({"error": "temporarily_unavailable"}, 400),
    "a page of a hotel's network": whole(b"<html>Sign in</html>", 400),
    "nothing": whole(b"", 403),
    "too many": json_answer({"error": "rate_limit_exceeded"}, 429),
    "a fault with a code": json_answer({"error": "invalid_grant"}, 504),
    "a page that claims success": whole(b"<html>Sign in</html>"),
    "no token": json_answer({"expires_in": 3600}),
    "an empty token": json_answer({"access_token": "", "expires_in": 3600}),
    "a number": json_answer({"access_token": 1, "expires_in": 3600}),
    "a list": json_answer([]),
    "deep": whole(b"[" * 100_000),
    "no HTTP": b"no HTTP at all\r\n\r\n",
    "silence": b"",
}


@pytest.mark.parametrize("kind", PASSING)
def test_what_is_not_final_passes(good_later, kind):
    drive, endpoint = good_later(3, lambda connection, endpoint: say(connection, PASSING[kind]))
    assert drive.find("photos/0.jpg").name == "0.jpg"
    assert len(endpoint.requests) == 4
