"""Promises of `practice_path`: a folder to use as a Drive, drawn once, and whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

from colab_helpers.practice import practice_drive, practice_path

# Draws until the tenth balloon, and is interrupted there, as a cell is by its stop button.
STOPPED = """
import sys

from colab_helpers.practice import practice_path


def stop(event, arguments):
    if event == "open" and str(arguments[0]).endswith("balloon_010.jpg"):
        raise KeyboardInterrupt


sys.addaudithook(stop)
try:
    practice_path(sys.argv[1])
except KeyboardInterrupt:
    print("stopped")
"""


def test_the_practice_folder_is_drawn_once(tmp_path, monkeypatch):
    """The second call leaves what the first one drew, with whatever was changed in it."""
    monkeypatch.delenv("COLAB_HELPERS_DRIVE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert practice_path() == "practice_drive"
    assert os.listdir("practice_drive") == ["practice"]
    drawn = [path for path in Path("practice_drive", "practice").rglob("*") if path.is_file()]
    assert len(drawn) == 300
    drawn[0].unlink()
    drawn[1].write_bytes(b"changed")
    assert practice_path() == "practice_drive"
    assert not drawn[0].exists()
    assert drawn[1].read_bytes() == b"changed"


def test_a_source_named_by_the_environment_needs_no_practice_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", "http://127.0.0.1:8080")
    assert practice_path(tmp_path / "drive") is None
    assert not (tmp_path / "drive").exists()


def test_a_drawing_that_was_stopped_leaves_no_half_folder(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("COLAB_HELPERS_DRIVE", None)
    run = subprocess.run(
        [sys.executable, "-c", STOPPED, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "stopped\n"
    assert list(tmp_path.iterdir()) == []


def test_the_old_name_goes_on_working():
    assert practice_drive is practice_path
