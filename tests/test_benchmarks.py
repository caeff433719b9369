"""`make bench` runs, and says what it measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_benchmark_prints_its_table_with_the_command_and_the_machine():
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "memory,listing"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    table, _, machine = done.stdout.partition("\n\n")
    assert "| `list_images` against PyDrive2's `GetList` |" in table
    assert (
        "--quick --only memory,listing" in machine
        and "cores" in machine
        and str(ROOT) not in machine
    )


@pytest.mark.slow
def test_flowers17_trains_from_the_stand_in_drive_and_saves_its_report(tmp_path):
    from colab_helpers.practice import make_practice_folder

    make_practice_folder(tmp_path / "photos", files_per_class=20)
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.flowers17",
        str(tmp_path / "photos"),
        "--out",
        str(tmp_path / "out"),
        "--networks",
        "deeper",
        "--seeds",
        "1",
        "--epochs",
        "2",
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "deeper: mean test accuracy over 1 seeds 0." in done.stdout
    assert "macro avg" in (tmp_path / "out" / "report.txt").read_text()
    assert (
        json.loads((tmp_path / "out" / "settings.json").read_text())["found"]["deeper"][0]["seed"]
        == 0
    )
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
        "deeper_curves.png",
        "deeper_confusion.png",
    }
