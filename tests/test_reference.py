"""`make docs` writes the API reference."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_reference_is_written_without_a_warning_and_in_reading_order(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "build.py", tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    page = (tmp_path / "colab_helpers" / "stream.html").read_text()
    names = re.findall(r'<section id="(\w+)">', page)
    assert names[:4] == ["StreamingSequence", "decoder", "ImageError", "augmenter"]
    package = ROOT / "colab_helpers"
    rooms = {path.parent.name for path in package.glob("*/__init__.py")}
    rooms |= {path.stem for path in package.glob("[a-z]*.py")}
    assert {path.stem for path in (tmp_path / "colab_helpers").iterdir()} == rooms
