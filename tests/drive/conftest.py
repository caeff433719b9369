"""What the tests of this room share: folders, a Drive over them, and time that nobody waits for."""

import contextlib

import pytest
from google.oauth2.credentials import Credentials
from hostile_server import HostileServer

from colab_helpers.drive import Drive, connect
from stand_in import PRACTICE_TOKEN, REFRESH_TOKEN

ENVIRONMENT = (
    "COLAB_HELPERS_API_KEY",
    "COLAB_HELPERS_DRIVE",
    "COLAB_RELEASE_TAG",
    "KAGGLE_KERNEL_RUN_TYPE",
)


@pytest.fixture(autouse=True)
def nobody_signed_in(monkeypatch, tmp_path):
    """No test sees the real home, working folder or environment."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def flowers(tmp_path):
    """The root of flowers/{roses,tulips}/0..11.jpg, and a text beside them."""
    root = tmp_path / "root"
    for label in ("roses", "tulips"):
        folder = root / "flowers" / label
        folder.mkdir(parents=True)
        for number in range(12):
            content = f"{label} {number} ".encode() * (number + 1)
            (folder / f"{number}.jpg").write_bytes(content)
    (root / "flowers" / "notes.txt").write_text("no picture")
    return root


@pytest.fixture(params=["Drive", "LocalFolder"])
def either(request, flowers, drive_server):
    """The same folder, once as a Drive and once as it is: both keep the same promises."""
    if request.param == "LocalFolder":
        return connect(flowers)
    return connect(endpoint=drive_server(flowers).url)


@pytest.fixture
def refreshable():
    """Credentials that can be refreshed at the token endpoint of a stand-in."""

    def make(server, token=PRACTICE_TOKEN, refresh_token=REFRESH_TOKEN):
        return Credentials(
            token=token,
            refresh_token=refresh_token,
            token_uri=f"{server.url}/token",
            client_id="client",
            client_secret="client-secret",
        )

    return make


@pytest.fixture
def opened(drive_server, photos, clock, refreshable):
    """Opens a Drive over the photos, with faults. Waits take no time, nothing stalls for long."""

    def open_drive(faults=(), **options):
        server = drive_server(photos.parent, faults=faults, **options)
        drive = Drive(refreshable(server), server.url, deadline=0.3, clock=clock, sleep=clock.sleep)
        return server, drive

    return open_drive


@pytest.fixture
def hostile_server():
    """Starts servers that answer in bytes: `hostile_server(answer)`."""
    with contextlib.ExitStack() as servers:
        yield lambda answer: servers.enter_context(HostileServer(answer))


@pytest.fixture
def impatient(clock):
    """Opens a Drive at a server with a short deadline; waits between attempts take no time."""

    def open_drive(server, deadline=10, attempts=1, token="SECRET-TOKEN-42"):
        return Drive(
            Credentials(token=token),
            server.url,
            deadline=deadline,
            attempts=attempts,
            clock=clock,
            sleep=clock.sleep,
        )

    return open_drive
