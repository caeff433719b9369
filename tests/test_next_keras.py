"""What comes in Keras is met early: the tests that depend on how `fit` calls, with its nightly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from course import ROOT

NIGHTLY = Path(os.environ.get("NEXT_KERAS", ROOT / "out" / "keras-nightly"))
DEPENDS_ON_FIT = ("stream/test_epochs_in_keras.py", "stream/test_inside_keras.py", "training")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (NIGHTLY / "keras").is_dir(),
        reason=f"NOT TESTED with Keras's nightly: there is none in {NIGHTLY} (make next-keras)",
    ),
]


def run(*arguments):
    path = os.pathsep.join([str(NIGHTLY), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )


def test_it_is_the_nightly_that_is_tested():
    done = run("-c", "import keras; print(keras.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(NIGHTLY), done.stderr


@pytest.mark.parametrize("tests", DEPENDS_ON_FIT)
def test_with_the_next_keras_the_promises_hold(tests):
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "tests" / tests))
    assert done.returncode == 0, done.stdout[-5000:]
