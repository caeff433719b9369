"""`fit` learns each kind of target, with resume and meter, on each backend."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_each_kind_of_target_is_learnt_and_a_run_that_is_cut_off_goes_on(backend):
    pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    done = subprocess.run(
        [sys.executable, str(HERE / "train_with_targets.py")],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {}
