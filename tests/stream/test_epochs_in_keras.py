"""Whatever is asked for in between, `fit` trains on each picture once an epoch, on each backend."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SITUATIONS = (
    "plain",
    "two models",
    *(f"looks, seed {seed}" for seed in range(8)),
    *(f"{steps} steps an epoch" for steps in (1, 2, 3, 10)),
    "one fit after another",
    *(f"interrupted at {at}" for at in (0, 1, 5, 9)),
    "resumed",
    "resumed at the start",
    "resumed and interrupted",
    "validated",
    "validated in part",
    "evaluated before",
    "looked at after",
)


@functools.cache
def results(backend):
    done = subprocess.run(
        [sys.executable, str(HERE / "train_with_looks.py")],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), str(HERE)]),
        },
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_training_sees_each_batch_as_seeded(backend, situation):
    """In `plain` no file is read twice, though each backend looks before it trains."""
    pytest.importorskip(backend, reason=f"NOT TESTED on {backend}: it is not installed")
    result = results(backend)[situation]
    assert result["trained"] == result["expected"]
    if situation == "plain":
        assert result["reads"] == 2 * result["files"]
