"""What several tests share: files, pictures, real photographs, a Drive to talk to, and time."""

import contextlib
import os
import random
from pathlib import Path

import pytest

from colab_helpers.drive import LocalFolder
from colab_helpers.inventory import pair
from colab_helpers.practice import make_practice_folder
from stand_in import FakeDrive

# For the programs that tests start: what Google says of an old Python is none of their business.
os.environ.setdefault(
    "PYTHONWARNINGS", "ignore::FutureWarning:google.api_core._python_version_support"
)
FLOWERS17 = Path(__file__).parents[1].parent / "shared" / "data" / "flowers17"


class Clock:
    """Time that passes only when somebody sleeps; remembers for how long."""

    def __init__(self):
        self.waits = []

    def __call__(self):
        return sum(self.waits)

    def sleep(self, seconds):
        self.waits.append(seconds)


@pytest.fixture
def clock():
    """Time that passes only when somebody sleeps."""
    return Clock()


@pytest.fixture
def photos(tmp_path):
    """The folder photos/, with 0.jpg to 9.jpg of random bytes."""
    folder = tmp_path / "root" / "photos"
    folder.mkdir(parents=True)
    for number in range(10):
        content = random.Random(number).randbytes(3000 + number)
        (folder / f"{number}.jpg").write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def practice(tmp_path_factory):
    """A folder of three classes of twelve pictures. Tests share it, so copy it to change it."""
    return make_practice_folder(tmp_path_factory.mktemp("practice"), classes=3, files_per_class=12)


@pytest.fixture(scope="session")
def photos_with_masks(tmp_path_factory):
    """A folder with photos/, two classes of six, photos-masks/ and a table of targets.

    The folders and the names without ending of both are the same. Tests share it.
    """
    root = tmp_path_factory.mktemp("drive")
    make_practice_folder(root / "photos", classes=2, files_per_class=6, masks=True)
    return root


@pytest.fixture
def pictures_and_masks(photos_with_masks):
    """The pictures of `photos_with_masks`, and their masks by id."""
    drive = LocalFolder(photos_with_masks)
    files = list(drive.list_images("photos"))
    return files, pair(files, drive.list_images("photos-masks"))


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
