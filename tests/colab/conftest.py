"""What the tests of this folder share: a metadata server, and credentials as Colab gives them."""

import importlib

import pytest
from metadata_server import MetadataServer

from colab_helpers.drive import Drive


class Runtime:
    """A Drive, and the metadata server that gives tokens for it."""

    def __init__(self, drive_server, metadata, clock):
        self.drive_server = drive_server
        self.metadata = metadata
        self.clock = clock

    def connect(self, **options):
        """A Drive with credentials as `google.auth.default` makes them in Colab."""
        from google.auth import compute_engine

        credentials = compute_engine.Credentials(scopes=["https://www.googleapis.com/auth/drive"])
        options = {"deadline": 2, "clock": self.clock, "sleep": self.clock.sleep, **options}
        return Drive(credentials, self.drive_server.url, **options)


@pytest.fixture
def runtime(drive_server, photos, clock, monkeypatch):
    """A runtime of Colab whose user is signed in; its time passes when somebody sleeps."""
    from google.auth.compute_engine import _metadata

    server = drive_server(photos.parent, clock=clock)
    with MetadataServer(server.new_token) as metadata:
        monkeypatch.setenv("GCE_METADATA_HOST", metadata.host)
        importlib.reload(_metadata)  # it reads the environment when it is imported
        yield Runtime(server, metadata, clock)
    monkeypatch.delenv("GCE_METADATA_HOST")
    importlib.reload(_metadata)
