"""A forked process works with what it inherits, whatever its parent is at."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WATCHDOG_SECONDS = 300


@pytest.mark.skipif(not hasattr(os, "fork"), reason="NOT TESTED: this system knows no fork")
def test_forked_processes_go_on_with_sequences_in_use_and_leave_their_parents_alone():
    done = subprocess.run(
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
    assert done.stdout.split()[-1:] == ["done"], done.stderr[-2000:]
