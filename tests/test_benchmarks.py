"""`make bench` says how each row stands beside its peer, and runs; so do its neighbours."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from colab_helpers.practice import make_practice_folder
from tests.benchmarks.report import Table, between_marks, with_notes
from tests.benchmarks.table import OFF, Row, markdown, short_markdown

ROOT = Path(__file__).parents[1]


def cells(row):
    return [cell.strip() for cell in markdown([row]).splitlines()[-1].strip("|").split("|")]


def test_a_row_stands_beside_its_peer_its_limit_and_what_was_asked():
    row = Row("small", "1 ms", 1.8, peer="a loop", there="2 ms", least=1.7, limit=2.2)
    assert cells(row) == ["small", "1 ms", "a loop: 2 ms", "1.80x", "at least 1.70: yes", "2.20x"]


@pytest.mark.parametrize("row", [Row("a", "", 0.5), Row("a", "", 1.5, OFF)])
def test_a_row_says_where_the_peer_is_ahead(row):
    assert "the peer is ahead" in cells(row)[3]


@pytest.mark.parametrize(
    "row", [Row("a", "", 1.5), Row("a", "", 0.5, OFF), Row("a", "", 0.5, " s")]
)
def test_a_row_says_nothing_of_a_peer_that_is_not_ahead(row):
    assert "ahead" not in cells(row)[3]


@pytest.mark.parametrize("asked", [{"least": 2}, {"most": 1}])
def test_a_row_says_what_was_asked_and_not_reached(asked):
    assert cells(Row("a", "", 1.5, " MB", **asked))[4].endswith("**no**")


def test_the_readme_is_given_the_headlines():
    row = Row("a", "1 ms", 33.9, peer="a loop", limit=40, headline="from Drive")
    assert short_markdown([row]).splitlines()[-1] == "| from Drive | a loop | 33.9x | 40.0x |"


def test_the_figure_has_a_bar_for_each_headline():
    from tests.benchmarks.figure import draw

    rows = [Row("a", "", speed, peer="a loop", headline="from Drive") for speed in (0.5, 33.9)]
    axis = draw(rows).axes[0]
    assert len(axis.patches) == 2
    assert [text.get_text() for text in axis.texts] == ["0.5x", "34x"]


def test_tables_of_one_run_share_their_note():
    first, second = Table("First", [], "`make bench`"), Table("Second", [], "`make bench`")
    assert with_notes([first, second]).count("`make bench`") == 1


def test_what_stands_around_the_tables_stays():
    page = "before\n<!-- make bench: tables -->\nold\n<!-- make bench: end -->\nafter\n"
    written = between_marks(page, "tables", "new")
    assert "old" not in written
    assert written.startswith("before\n") and written.endswith("\nafter\n")
    assert between_marks(written, "tables", "new") == written


def test_a_page_without_a_place_for_the_tables_is_refused():
    with pytest.raises(ValueError, match="make bench: tables"):
        between_marks("a page", "tables", "new")


def test_benchmarks_has_a_place_for_the_tables():
    assert "new" in between_marks((ROOT / "BENCHMARKS.md").read_text(), "tables", "new")


def run_module(name, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", name, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_the_benchmark_prints_a_table_for_each_subject_with_the_command_and_the_machine():
    printed = run_module("tests.benchmarks", "--quick")
    assert printed.count("| what | here | beside it |") == printed.count("### ") == 9
    assert printed.count("`make bench`: ") == printed.count(" cores (") == 9
    assert str(ROOT) not in printed


@pytest.mark.skipif(bool(shutil.which("nvidia-smi")), reason="there is a GPU to measure")
def test_without_a_gpu_its_benchmark_says_so(tmp_path):
    command = [sys.executable, "-m", "tests.benchmarks.gpu", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "finds no GPU here: nothing was measured" in ended.stderr


@pytest.mark.slow
def test_flowers17_trains_from_the_stand_in_drive_and_saves_its_report(tmp_path):
    make_practice_folder(tmp_path / "photos", files_per_class=20)
    out = tmp_path / "out"
    choices = ["--networks", "deeper", "--seeds", 1, "--epochs", 2]
    printed = run_module("tests.benchmarks.flowers17", tmp_path / "photos", "--out", out, *choices)
    assert "deeper: mean test accuracy over 1 seeds 0." in printed
    assert "macro avg" in (out / "report.txt").read_text()
    assert json.loads((out / "settings.json").read_text())["found"]["deeper"][0]["seed"] == 0
    figures = {path.name for path in out.glob("*.png")}
    assert figures == {"deeper_curves.png", "deeper_confusion.png"}
