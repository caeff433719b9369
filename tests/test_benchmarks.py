"""`make bench` runs, and says what it measured."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_benchmark_prints_its_table_with_the_command_and_the_machine():
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--only", "memory,listing"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
                          text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    table, _, machine = done.stdout.partition("\n\n")
    assert "| `list_images` against PyDrive2's `GetList` |" in table
    assert "--quick --only memory,listing" in machine and "cores" in machine and str(ROOT) not in machine
