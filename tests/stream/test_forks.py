"""A forked process works with what it inherits, whatever its parent is at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WATCHDOG_SECONDS = 300


@pytest.fixture(scope="module")
def done():
    """The program that forks, at its end."""
    if not hasattr(os, "fork"):
        pytest.skip("NOT TESTED: this system knows no fork")
    return subprocess.run(
        [sys.executable, str(HERE / "fork_while_streaming.py")],
        capture_output=True,
        text=True,
        timeout=WATCHDOG_SECONDS,
        env={
            **os.environ,
            "KERAS_BACKEND": "numpy",  # others have threads that warn of forks
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
            "PYTHONWARNINGS": "ignore::DeprecationWarning",  # of Python 3.12, where threads are
        },
    )


def test_forked_processes_go_on_with_sequences_in_use_and_leave_their_parents_alone(done):
    assert done.stdout.split()[-1:] == ["done"], done.stderr[-2000:]


def test_of_a_long_epoch_the_process_that_began_it_tells_alone(done):
    assert done.stdout.count(" of 64 files, 0.27 a second") == 4, done.stdout
