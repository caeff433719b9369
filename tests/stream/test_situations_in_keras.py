"""Whatever meets, `fit` trains on the right pictures with the right labels, on each backend."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_in_situations_that_a_seed_draws_training_sees_what_it_should(backend):
    pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    done = subprocess.run(
        [sys.executable, str(HERE / "train_in_situations.py")],
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
