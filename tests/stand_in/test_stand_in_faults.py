"""What goes wrong on the stand-in is what a test has asked for, when it has asked for it."""

import http.client
import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from stand_in import FOLDER, PRACTICE_TOKEN, FakeDrive, Fault, RandomFaults, every_fault
from stand_in.clients import ask, connect, titles

ROOT = Path(__file__).parents[2]


def picture(server):
    """The address of the bytes of cats/a.jpg."""
    return f"/drive/v2/files/{server.id('cats/a.jpg')}?alt=media"


@pytest.mark.parametrize(
    "fault, status, body",
    [
        (
            {"do": "error", "status": 403, "reason": "downloadQuotaExceeded"},
            403,
            b"downloadQuotaExceeded",
        ),
        ({"do": "html", "status": 502}, 502, b"<!DOCTYPE html>"),
        ({"do": "empty", "status": 500}, 500, b""),
        ({"do": "zero"}, 200, b""),
        ({"do": "truncated"}, 200, b"A" * 500),
    ],
)
def test_a_scripted_fault_happens_once(drive_server, folder, fault, status, body):
    server = drive_server(folder, faults=[Fault(kind="media", match="a.jpg", **fault)])
    answer = ask(server, picture(server))
    assert answer.status == status
    assert body in answer.content
    assert bool(answer.content) == bool(body)
    assert ask(server, picture(server)).content == b"A" * 1000
    assert [entry.status for entry in server.log] == [status, 200]


def test_half_a_body_ends_with_the_connection(drive_server, folder):
    server = drive_server(folder, faults=[Fault("short")])
    with pytest.raises(http.client.IncompleteRead):
        ask(server, picture(server))


def test_one_bit_of_a_body_is_wrong(drive_server, folder):
    server = drive_server(folder, faults=[Fault("flipped")])
    assert ask(server, picture(server)).content.count(b"A") == 999


def test_a_connection_is_reset(drive_server, folder):
    server = drive_server(folder, faults=[Fault("reset")])
    with pytest.raises(ConnectionResetError):
        ask(server, picture(server))
    assert server.log[0].status == 0


@pytest.mark.parametrize("retry_after, sent", [(7, "7"), (2.5, "2.5"), ("soon", "soon")])
def test_an_error_says_when_to_ask_again(drive_server, folder, retry_after, sent):
    server = drive_server(folder, faults=[Fault(status=429, retry_after=retry_after)])
    assert ask(server, picture(server)).headers["Retry-After"] == sent


def test_a_stalled_answer_never_comes(drive_server, folder):
    server = drive_server(folder, faults=[Fault("stall")])
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
        connection.sendall(b"GET /drive/v2/about HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_an_empty_page_has_a_next_page(drive_server, folder):
    faults = [Fault("empty_page"), Fault("empty_page", match="pageToken")]
    server = drive_server(folder, faults=faults)
    assert titles(connect(server), f"mimeType = '{FOLDER}'") == ["cats", "dogs"]
    assert server.counts["list"] == 3


def test_a_function_may_choose_the_faults(drive_server, folder):
    """It sees each request, and gives a fault or None; others may be given while it is served."""
    server = drive_server(folder)
    server.faults = lambda request: Fault("zero") if request.kind == "media" else None
    assert ask(server, picture(server)).content == b""
    assert ask(server, "/drive/v2/about").status == 200
    server.faults = []
    assert ask(server, picture(server)).content == b"A" * 1000


def test_a_fault_that_never_happened_is_told(folder):
    faults = [Fault("zero", kind="media"), Fault("zero", kind="upload"), Fault("zero", times=None)]
    with FakeDrive(folder, faults=faults) as server:
        ask(server, picture(server))
        assert server.unused_faults == faults[1:]
        ask(server, "/drive/v2/about")
        assert server.unused_faults == faults[1:2]


def draw(seed):
    """What happens to 2,000 requests for 500 files."""
    faults = RandomFaults(0.2, seed=seed)
    drawn = [faults.pick("media", f"/files/{number % 500}") for number in range(2000)]
    return [(fault.do, fault.status, fault.reason) if fault else None for fault in drawn]


def test_random_faults_are_the_same_for_the_same_seed():
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_random_faults_are_a_share_of_every_kind():
    happened = [fault for fault in draw(1) if fault]
    assert 340 < len(happened) < 460
    assert set(happened) == {(fault.do, fault.status, fault.reason) for fault in every_fault()}
    assert RandomFaults(1.0).pick("list", "/files") is None


def test_forgotten_pages_are_told_again(drive_server, folder):
    server = drive_server(folder)
    before = titles(connect(server), "trashed = false")
    server.forget_pages()
    assert titles(connect(server), "trashed = false") == before


def test_a_port_that_is_taken_is_an_error(drive_server, folder):
    port = int(drive_server(folder).url.rpartition(":")[2])
    with pytest.raises(OSError):
        with FakeDrive(folder, port=port):
            pass


def test_it_serves_from_the_command_line(folder):
    command = [
        *(sys.executable, "-m", "tests.stand_in", str(folder / "dogs")),
        *("--mount", f"photos={folder / 'cats'}"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            url = process.stdout.readline().strip()
            request = urllib.request.Request(
                f"{url}/drive/v2/files?q=title='photos'",
                headers={"Authorization": f"Bearer {PRACTICE_TOKEN}"},
            )
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert [item["title"] for item in json.load(answer)["items"]] == ["photos"]
        finally:
            process.terminate()
