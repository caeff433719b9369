"""Runs a program of this folder in a process of its own, with Keras on one of its backends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

on_each_backend = pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])


def run_on(backend, program, *arguments, timeout=None):
    """Runs the program to its end; where the backend is not installed, skips and says so."""
    if backend != "numpy":  # which Keras always has
        pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    return subprocess.run(
        [sys.executable, str(HERE / program), *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
        },
    )


def result_on(backend, program):
    """What the program printed last, which is JSON."""
    done = run_on(backend, program)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
