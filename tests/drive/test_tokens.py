"""How a token that ran out or was refused is replaced, and what is told when it cannot be."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.oauth2.credentials import Credentials

from colab_helpers.drive import Drive, SignInError
from stand_in import Fault


def test_a_refused_token_is_refreshed_once_for_all_threads(drive_server, photos, refreshable):
    server = drive_server(photos.parent, latency=0.005)
    drive = Drive(refreshable(server, token="too-old"), server.url)
    file = drive.find("photos/0.jpg")
    assert server.counts["token"] == 1
    server.tokens = dict.fromkeys(server.tokens, 0)
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: drive.read(file), range(64)))) == 1
    assert server.counts["token"] == 2 and drive.counts["refreshes"] == 2


@pytest.mark.parametrize("knows_its_end", [True, False])
def test_a_token_that_expires_all_the_time_fails_no_read_and_is_refreshed_once_an_expiry(
    drive_server, photos, refreshable, knows_its_end
):
    """Whether the credentials know when the token ends or not."""
    now = [0.0]
    server = drive_server(photos.parent, token_lifetime=3, clock=lambda: now[0])
    credentials = refreshable(server, token=None)
    refresh = credentials.refresh

    def refresh_and_forget_the_end(request):
        refresh(request)
        credentials.expiry = None

    if not knows_its_end:
        credentials.refresh = refresh_and_forget_the_end
    drive = Drive(credentials, server.url)
    file = drive.find("photos/0.jpg")
    data = (photos / "0.jpg").read_bytes()
    for expiry in range(1, 5):
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(lambda _: drive.read(file), range(32))) == {data}
        assert server.counts["token"] == expiry
        now[0] += 4
        if knows_its_end:
            credentials.expiry = credentials.expiry.replace(year=2000)


def test_a_token_refused_again_and_again_ends_the_run_with_one_sentence(opened):
    fault = Fault("error", kind="media", status=401, reason="authError", times=3)
    _, drive = opened([fault])
    with pytest.raises(SignInError, match="'0.jpg'.*401 authError.*run connect") as error:
        drive.read(drive.find("photos/0.jpg"))
    assert error.value.ends_run


def test_a_refresh_that_is_refused_says_to_sign_in_and_tells_no_secret(
    drive_server, photos, refreshable, caplog
):
    caplog.set_level(logging.DEBUG, "colab_helpers")
    server = drive_server(photos.parent)
    credentials = refreshable(server, token="ya29.too-old", refresh_token="1//revoked")
    drive = Drive(credentials, server.url)
    said = "Could not look for 'photos'.*revoked.*run connect"
    with pytest.raises(SignInError, match=said) as error:
        drive.find("photos/0.jpg")
    told = repr(error.value) + str(error.value) + caplog.text + repr(drive)
    for secret in ("ya29.", "1//", "client-secret"):
        assert secret not in told


def test_a_token_that_cannot_be_refreshed_ends_the_sign_in(drive_server, photos):
    server = drive_server(photos.parent)
    drive = Drive(Credentials(token="ya29.too-old"), server.url)
    with pytest.raises(SignInError, match="the sign-in has ended"):
        drive.account()


def test_a_token_endpoint_that_fails_for_a_while_ends_nothing(
    drive_server, photos, monkeypatch, clock, refreshable
):
    monkeypatch.setattr("google.auth._exponential_backoff.time.sleep", lambda seconds: None)
    server = drive_server(photos.parent, faults=[Fault("error", kind="token", times=4)])
    credentials = refreshable(server, token=None)
    drive = Drive(credentials, server.url, clock=clock, sleep=clock.sleep)
    assert drive.account() == "practice@example.com"
