"""Tokens as Colab gives them: from a metadata server, by google-auth's own credentials."""

import importlib
import logging
import socket

import pytest
from google.auth.compute_engine import _metadata
from metadata_server import ACCOUNTS, EMAIL

from colab_helpers.drive import SignInError, TransientError

OUTAGE = 40  # seconds


def test_a_token_is_renewed_without_a_line_in_the_log(runtime, photos, caplog, capfd):
    """google-auth asks for the account's name first, and by that name from then on."""
    drive = runtime.connect()
    file = drive.find("photos/0.jpg")
    for _ in range(3):
        runtime.drive_server.expire_tokens()
        assert drive.read(file) == (photos / "0.jpg").read_bytes()
    assert runtime.metadata.counts["token"] == drive.counts["refreshes"] == 4
    assert f"{ACCOUNTS}{EMAIL}/?recursive=true" in runtime.metadata.log
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "fault", [500, 502, 503, 403, 429, 302, "garbage", "half", "empty", "reset", "silent"]
)
def test_an_outage_of_the_metadata_server_is_waited_out(runtime, photos, caplog, fault):
    drive = runtime.connect(deadline=0.2)
    file = drive.find("photos/0.jpg")
    began = runtime.clock()
    runtime.metadata.fault = lambda: fault if runtime.clock() - began < OUTAGE else None
    runtime.drive_server.expire_tokens()
    assert drive.read(file) == (photos / "0.jpg").read_bytes()
    assert runtime.clock() - began >= OUTAGE
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_outage_without_end_is_told_as_what_may_pass(runtime):
    runtime.metadata.fault = lambda: 503
    said = r"'photos'.*no fresh token could be had \(the server said 503\), 10 attempts.*Try again"
    with pytest.raises(TransientError, match=said):
        runtime.connect().find("photos/0.jpg")


def test_that_there_is_no_account_is_final(runtime):
    runtime.metadata.signed_in = False
    with pytest.raises(SignInError, match="'photos'.*no account that is signed in.*run connect"):
        runtime.connect().find("photos/0.jpg")
    assert runtime.clock() == 0


@pytest.mark.parametrize("host", ["metadata.google.internal", "169.254.169.254"])
def test_no_proxy_sees_what_a_metadata_server_says(runtime, monkeypatch, host):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    drive = runtime.connect()
    resolve = socket.getaddrinfo

    def resolve_with_stand_in(name, port, *arguments, **options):
        if name == host:
            name, port = runtime.metadata.host.split(":")
        return resolve(name, port, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_with_stand_in)
    monkeypatch.setenv("GCE_METADATA_HOST", host)
    importlib.reload(_metadata)
    assert drive.find("photos/0.jpg").name == "0.jpg"
