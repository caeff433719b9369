"""A program ends when it should, whatever a sequence waits for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WATCHDOG_SECONDS = 120


@pytest.mark.parametrize(
    "silent, ending",
    [
        ("read", "end"),
        ("decode", "end"),
        ("read", "loop"),
        ("decode", "index"),
        ("read", "epoch"),
        ("decode", "in_order"),
    ],
)
def test_neither_a_silent_read_nor_a_decode_without_end_keeps_a_program(silent, ending):
    last_words = what_it_said(silent, ending, backend="numpy").splitlines()[-1]
    assert last_words == ("the end" if ending == "end" else "KeyboardInterrupt")


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_fit_that_waits_for_a_silent_read_can_be_interrupted(backend):
    """On TensorFlow, the main thread then waits where Python's own handler does not run."""
    pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    assert "KeyboardInterrupt" in what_it_said("read", "fit", backend)


def what_it_said(silent, ending, backend):
    done = subprocess.run(
        [sys.executable, str(HERE / "end_while_streaming.py"), silent, ending],
        capture_output=True,
        text=True,
        timeout=WATCHDOG_SECONDS,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
        },
    )
    return done.stderr
