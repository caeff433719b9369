"""A night in short: tokens that end, outages, throttling, faults, a killed kernel change nothing.

An hour passes in a minute: the clocks of the client, of Drive and of the metadata server run fast.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from metadata_server import MetadataServer

from one_notebook import ROOT
from stand_in import FakeDrive, Fault, RandomFaults

SPEED = 60  # as in train_at_night.py
TOKEN = 20  # seconds of the night
OUTAGES = {(600, 640): 503, (1200, 1240): "garbage", (1800, 1840): "reset"}
KILLED_IN_EPOCH = 5  # of the 20
LATENCY = 0.15  # seconds of ours; 720 pictures, two at a time, make a night of an hour
LONGEST_NIGHT = 600  # seconds of ours; a watchdog
FAULTS = [
    Fault("error", status=403, reason="userRateLimitExceeded"),
    Fault("error", status=503),
    Fault("html", status=502),
    Fault("truncated"),
    Fault("flipped"),
    Fault("reset"),
    Fault("stall"),
]

pytestmark = pytest.mark.slow


def night_clock():
    return time.monotonic() * SPEED


def start_training(drive, metadata, folder):
    folder.mkdir(exist_ok=True)
    script = Path(__file__).with_name("train_at_night.py")
    return subprocess.Popen(
        [sys.executable, script, drive.url, folder],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "GCE_METADATA_HOST": metadata.host,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
    )


def weights(folder):
    with np.load(folder / "weights.npz") as saved:
        return [saved[name] for name in saved.files]


def red(folder):
    """What a notebook would show on red."""
    return (folder / "stderr.txt").read_text()


@pytest.fixture
def drive_folder(practice, tmp_path):
    """What a Drive holds: the pictures, and later what training leaves there."""

    def make(name):
        (tmp_path / name).mkdir()
        (tmp_path / name / "practice").symlink_to(practice, target_is_directory=True)
        return tmp_path / name

    return make


def test_a_disturbed_night_ends_with_the_weights_of_a_quiet_one(drive_folder, tmp_path):
    with FakeDrive(drive_folder("quiet drive")) as drive:
        with MetadataServer(drive.new_token) as metadata:
            quiet = start_training(drive, metadata, tmp_path / "quiet")
            quiet.communicate(timeout=LONGEST_NIGHT)
    assert quiet.returncode == 0, red(tmp_path / "quiet")

    with FakeDrive(
        drive_folder("rough drive"),
        token_lifetime=TOKEN,
        latency=LATENCY,
        reads_per_window=(2000, 600),
        faults=RandomFaults(0.05, choices=FAULTS),
        clock=night_clock,
    ) as drive:
        with MetadataServer(drive.new_token, lifetime=TOKEN / SPEED) as metadata:
            began = night_clock()
            metadata.fault = lambda: outage_at(night_clock() - began)
            killed = start_training(drive, metadata, tmp_path / "rough")
            while killed.stdout.readline() != f"{KILLED_IN_EPOCH}\n":
                assert killed.poll() is None, red(tmp_path / "rough")
            killed.kill()
            killed.communicate()
            again = start_training(drive, metadata, tmp_path / "rough")
            printed, _ = again.communicate(timeout=LONGEST_NIGHT)
            lasted = night_clock() - began
    assert again.returncode == 0, red(tmp_path / "rough")
    assert red(tmp_path / "rough") == ""
    assert lasted > max(end for _, end in OUTAGES)
    assert metadata.counts["token"] > 20
    told = [line for line in printed.splitlines() if not line.startswith("Listing")]
    assert told[0].startswith("Going on in epoch")
    for ours, theirs in zip(weights(tmp_path / "rough"), weights(tmp_path / "quiet"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def outage_at(seconds):
    """What is wrong with the metadata server, so many seconds into the night."""
    for (begins, ends), fault in OUTAGES.items():
        if begins <= seconds < ends:
            return fault
    return None
