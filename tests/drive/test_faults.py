"""What happens when Drive and the network misbehave: the faults are scripted."""

import json
import logging
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.oauth2.credentials import Credentials
from shared_clock import SharedClock

from colab_helpers.drive import (
    Drive,
    DriveError,
    NotFoundError,
    QuotaError,
    SignInError,
    TransientError,
    connect,
)
from colab_helpers.drive.request import Request, ask_how_much_arrived
from stand_in import PRACTICE_TOKEN, Fault, RandomFaults, every_fault

# What passes is tried again


@pytest.mark.parametrize(
    "number",
    range(len(every_fault())),
    ids=lambda n: f"{every_fault()[n].do}-{every_fault()[n].status}-{every_fault()[n].reason}",
)
def test_a_fault_that_passes_costs_one_request_more(opened, photos, number):
    """Each fault there is, in a read: the right bytes all the same."""
    fault = every_fault()[number]
    fault.kind = "media"
    server, drive = opened([fault])
    file = drive.find("photos/3.jpg")
    data = (photos / "3.jpg").read_bytes()
    assert drive.read(file) == data
    assert server.counts["media"] == 2
    assert drive.read(file, 5, 500) == data[5:500]
    assert server.counts["media"] == 3


@pytest.mark.parametrize("kind", ["list", "get", "changes", "about"])
@pytest.mark.parametrize(
    "do, status",
    [
        ("html", 502),
        ("empty", 500),
        ("zero", 200),
        ("truncated", 200),
        ("short", 200),
        ("reset", 0),
        ("stall", 0),
        ("error", 408),
        ("error", 503),
    ],
)
def test_every_kind_of_request_passes_the_same_place(opened, clock, kind, do, status):
    server, drive = opened([Fault(do, kind=kind, status=status)])
    ask = {
        "list": lambda: drive.find("photos/1.jpg"),
        "get": lambda: drive.find(server.id("photos/1.jpg")),
        "about": drive.account,
        "changes": lambda: next(drive.list_images("photos")),
    }[kind]
    assert ask()
    assert drive.counts["passing"] == 1 and len(clock.waits) == 1


def test_requests_by_pydrive_pass_the_same_place(opened, clock):
    _, drive = opened([Fault(kind="list")])
    assert drive.pydrive.ListFile({"q": "title = '1.jpg'"}).GetList()
    assert drive.counts["passing"] == 1 and len(clock.waits) == 1


def test_waits_between_attempts_double(opened, clock):
    _, drive = opened([Fault(kind="media", times=5)])
    drive.read(drive.find("photos/0.jpg"))
    for wait, longest in zip(clock.waits, [1, 2, 4, 8, 16], strict=True):
        assert longest / 2 <= wait <= longest


def test_a_fault_that_lasts_is_told_with_name_attempts_and_what_to_do(opened):
    server, drive = opened([Fault(kind="media", times=10)])
    file = drive.find("photos/0.jpg")
    with pytest.raises(TransientError) as error:
        drive.read(file)
    assert server.counts["media"] == 10
    for part in ("'0.jpg'", file.id, "503 backendError", "10 attempts in", "Try again in some"):
        assert part in str(error.value)
    assert error.value.status == 503


def test_the_number_of_attempts_is_an_argument(drive_server, photos, clock, refreshable):
    server = drive_server(photos.parent, faults=[Fault(kind="media", times=3)])
    drive = Drive(refreshable(server), server.url, attempts=3, clock=clock, sleep=clock.sleep)
    with pytest.raises(TransientError, match="3 attempts in"):
        drive.read(drive.find("photos/0.jpg"))


@pytest.mark.parametrize("asks_for, waited", [("7", 7), ("2.5", 2.5), ("soon", 1), ("-3", 1)])
def test_a_retry_after_is_kept_to(opened, clock, asks_for, waited):
    """What cannot be understood is no Retry-After: then the wait is at most a second."""
    server, drive = opened([Fault(kind="media", retry_after=0)])
    file = drive.find("photos/0.jpg")
    respond = server.respond

    def with_header(request):
        response = respond(request)
        if "Retry-After" in response.headers:
            response.headers["Retry-After"] = asks_for
        return response

    server.respond = with_header
    drive.read(file)
    assert len(clock.waits) == 1
    assert waited / 2 <= clock.waits[0] <= waited


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_of_a_day_is_not_waited_for(opened, clock, status):
    fault = Fault("error", kind="media", status=status, retry_after=86400, times=None)
    _, drive = opened([fault])
    with pytest.raises(DriveError, match="2 attempts in 300 s"):
        drive.read(drive.find("photos/0.jpg"))
    assert clock() <= 300.1


def test_of_many_threads_none_waits_longer_than_another_for_a_drive_that_refuses_all(
    drive_server, photos
):
    """A refusal with Retry-After holds up all; the last in the line is not held up by each."""
    clock = SharedClock(8)
    fault = Fault("error", kind="media", status=429, retry_after=300, times=None)
    server = drive_server(photos.parent, faults=[fault])
    drive = connect(endpoint=server.url)
    file = drive.find("photos/0.jpg")
    patient = Drive(Credentials(PRACTICE_TOKEN), server.url, clock=clock, sleep=clock.sleep)

    def read():
        with pytest.raises(QuotaError):
            patient.read(file)
        waited.append(clock())
        clock.leave()

    waited = []
    threads = [threading.Thread(target=read, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(waited) == 8
    assert max(waited) <= 301


def test_refusals_that_do_not_end_end_the_read_after_minutes(opened):
    fault = Fault("error", kind="media", status=403, reason="userRateLimitExceeded", times=None)
    server, drive = opened([fault])
    said = "'0.jpg'.*userRateLimitExceeded.*attempts in 3.. s. Lower `reads`"
    with pytest.raises(QuotaError, match=said):
        drive.read(drive.find("photos/0.jpg"))
    assert server.counts["media"] < 160


@pytest.mark.parametrize(
    "content_range, asks",
    [
        ("bytes 0-262143/700000", "bytes */700000"),
        ("bytes 262144-699999/700000", "bytes */700000"),
        ("bytes 0-262143/*", "bytes */*"),
    ],
)
def test_after_a_fault_in_an_upload_it_is_asked_how_much_arrived(content_range, asks):
    piece = Request("https://...", "PUT", b"...", {"content-range": content_range}, 5)
    question = ask_how_much_arrived(piece)
    assert question.headers == {"content-range": asks, "content-length": "0"}
    assert question.body is None and question.uri == piece.uri


@pytest.mark.parametrize("headers", [{}, {"content-range": "bytes */9"}, {"range": "bytes=0-9"}])
def test_any_other_request_is_sent_again_as_it_is(headers):
    request = Request("https://...", "GET", None, headers, 5)
    assert ask_how_much_arrived(request) == request


@pytest.mark.parametrize(
    "method, uri, headers, is_repeatable",
    [
        ("GET", "/files", {}, True),
        ("PUT", "/files/1", {}, True),
        ("POST", "/files", {}, False),
        ("POST", "/upload/files?uploadType=resumable", {}, True),
        ("POST", "/files", {"x-http-method-override": "GET"}, True),
    ],
)
def test_what_would_make_two_of_something_is_sent_once(method, uri, headers, is_repeatable):
    assert Request(uri, method, None, headers, 5).is_repeatable == is_repeatable


# What cannot pass is not tried again


@pytest.mark.parametrize(
    "status, reason, error_class, advice",
    [
        (403, "downloadQuotaExceeded", QuotaError, "make a copy"),
        (403, "dailyLimitExceeded", QuotaError, "tomorrow"),
        (403, "cannotDownloadAbusiveFile", DriveError, "only its owner"),
        (403, "insufficientPermissions", SignInError, "upload=True"),
        (404, "notFound", NotFoundError, "list again"),
        (400, "badRequest", DriveError, "Check"),
    ],
)
def test_what_cannot_pass_is_told_at_once(opened, clock, status, reason, error_class, advice):
    fault = Fault("error", kind="media", status=status, reason=reason)
    server, drive = opened([fault])
    file = drive.find("photos/4.jpg")
    with pytest.raises(error_class) as error:
        drive.read(file)
    assert type(error.value) is error_class
    assert server.counts["media"] == 1 and not clock.waits
    for part in ("'4.jpg'", file.id, f"{status} {reason}", advice):
        assert part in str(error.value)


def test_an_answer_that_drips_has_a_deadline():
    """A socket's own time-out would wait for each byte anew; this one sends a byte each 10 ms."""
    done = threading.Event()
    whole = 100_000
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            connection, _ = server.accept()
            connection.recv(10_000)
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {whole}\r\n\r\n".encode())
            for _ in range(whole):
                if done.wait(0.01):
                    return
                connection.sendall(b"x")

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        drive = connect(endpoint=url, deadline=0.2, attempts=1)
        with pytest.raises(TransientError, match="timed out"):
            drive.account()
        done.set()


def test_no_secret_is_logged_at_any_level(opened, caplog):
    caplog.set_level(logging.DEBUG, "colab_helpers")
    _, drive = opened([Fault(kind="media"), Fault("reset", kind="media")])
    drive.read(drive.find("photos/0.jpg"))
    assert "503" in caplog.text and PRACTICE_TOKEN not in caplog.text


@pytest.mark.slow
def test_ten_thousand_reads_with_one_fault_in_five_are_all_right(
    drive_server, tmp_path, refreshable
):
    """Every fault there is; each picture once, right to the byte, at most 1.5 requests for each."""
    folder = tmp_path / "root" / "many"
    folder.mkdir(parents=True)
    for number in range(10_000):
        content = random.Random(number).randbytes(500 + number % 100)
        (folder / f"{number}.jpg").write_bytes(content)
    server = drive_server(folder.parent, faults=RandomFaults(0.2, seed=3))
    drive = Drive(
        refreshable(server),
        server.url,
        deadline=0.5,
        sleep=lambda seconds: time.sleep(seconds / 100),
    )
    files = list(drive.list_images("many"))
    with ThreadPoolExecutor(32) as pool:
        contents = list(pool.map(drive.read, files))
    assert len({file.name for file in files}) == 10_000
    for file, content in zip(files, contents, strict=True):
        assert content == (folder / file.name).read_bytes()
    print(json.dumps({"requests": server.counts["media"], **drive.counts}))
    assert 10_000 < server.counts["media"] <= 15_000
