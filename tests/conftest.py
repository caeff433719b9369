"""What several tests share: pictures, real photographs, and a Drive to talk to."""

import contextlib
import os
from pathlib import Path

import pytest

from colab_helpers.practice import make_practice_folder
from stand_in import FakeDrive

FLOWERS17 = Path(__file__).parents[1].parent / "shared" / "data" / "flowers17"


@pytest.fixture(scope="session")
def practice(tmp_path_factory):
    """A folder of three classes of twelve pictures. Tests share it, so copy it to change it."""
    return make_practice_folder(tmp_path_factory.mktemp("practice"), classes=3, files_per_class=12)


@pytest.fixture(scope="session")
def flowers17():
    """The Flowers-17 photographs: 17 class folders of 80 JPEGs."""
    folder = Path(os.environ.get("FLOWERS17", FLOWERS17))
    if not folder.is_dir():
        pytest.skip(
            f"NOT TESTED on real photographs: {folder} is no folder. "
            "Put Flowers-17 there as class folders, or set FLOWERS17 to where it lies."
        )
    return folder


@pytest.fixture
def drive_server():
    """Starts stand-in Drives, `drive_server(folder, faults=[...])`; an unused fault fails."""
    with contextlib.ExitStack() as servers:
        started = []

        def start(folder=None, **options):
            started.append(servers.enter_context(FakeDrive(folder, **options)))
            return started[-1]

        yield start
        unused = [fault for server in started for fault in server.unused_faults]
    assert not unused, f"These scripted faults never happened: {unused}"
