"""The notebooks: one form, one set-up, outputs that mean something, and each of them runs."""

import ast
import os
import re
import subprocess
import sys
from importlib import metadata

import nbformat
import pytest

from course import NOTEBOOKS, repository, stand_in_drive
from one_notebook import kernel_environment, private_words, read_notebook, texts

CLOSING = [
    "What can go wrong",
    "Try it yourself",
    "Copy this into your own notebook",
    "Recap",
    "Read more",
]
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
CHECKED = "nbval-check-output"  # the tag of a cell whose output must be as stored


def each_notebook(test):
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(test)


def skip_where_keras_is_too_old(path):
    """Notebook 10 trains on several machines, which Keras 3.10 does from tf.data alone."""
    found = metadata.version("keras")
    if path.stem.startswith("10") and tuple(map(int, found.split(".")[:2])) < (3, 11):
        pytest.skip(f"NOT RUN: notebook 10 needs Keras 3.11 or newer; here is {found}")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


# --- form


@each_notebook
def test_it_opens_with_title_badge_and_overview(path):
    """The first cell has one title, the badge of this very notebook, and what one will learn."""
    first = read_notebook(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert len(re.findall(r"^# ", markdown(read_notebook(path)), re.M)) == 1
    badge = (
        f"https://colab.research.google.com/github/{repository()}/blob/main/notebooks/{path.name}"
    )
    assert f"]({badge})" in first.source
    assert "You will be able to" in first.source


def test_all_set_up_with_the_same_cell():
    """One setup cell, byte for byte, that fetches the helper only where it is not yet."""
    found = {}
    for path in NOTEBOOKS:
        cells = [
            cell.source
            for cell in code_cells(read_notebook(path))
            if "#@title Setup" in cell.source
        ]
        assert len(cells) == 1, path.name
        found.setdefault(cells[0], []).append(path.name)
    assert len(found) == 1, found
    (setup,) = found
    assert f"git+https://github.com/{repository()}" in setup
    assert "except ImportError" in setup or "except ModuleNotFoundError" in setup


@each_notebook
def test_it_keeps_the_order_of_every_lesson(path):
    """Setup, one Settings cell with form fields, the lesson, the closing sections in order."""
    notebook = read_notebook(path)
    code = [cell.source for cell in code_cells(notebook)]
    assert "#@title Setup" in code[0]
    assert code[1].startswith("#@title Settings")
    assert sum("#@title Settings" in source for source in code) == 1
    for line in code[1].splitlines()[1:]:
        assert re.match(r"[A-Z][A-Z0-9_]* = .+  #@param", line) or line.startswith("#"), line
    headings = re.findall(r"^## +(.+)$", markdown(notebook), re.M)
    closing = [heading.strip() for heading in headings if heading.strip() in CLOSING]
    assert closing == CLOSING


@each_notebook
def test_its_cells_are_short(path):
    """Each holds one idea."""
    notebook = read_notebook(path)
    for cell in code_cells(notebook):
        is_written_out = "layers." in cell.source or cell.source.startswith("%%writefile")
        if not is_written_out:
            lines = cell.source.splitlines()
            steps = [line for line in lines if not re.match(r" *(#|import |from |$)", line)]
            assert len(steps) <= 14, cell.source


@each_notebook
def test_no_line_of_code_is_cut_off(path):
    """JupyterLab shows 107 characters of a line in a window 1280 pixels wide, and breaks none."""
    for cell in code_cells(read_notebook(path)):
        assert not [line for line in cell.source.splitlines() if len(line) > 105]


@each_notebook
def test_it_does_not_know_that_it_is_tested(path):
    """What runs here is what a reader runs: no cell asks where it is."""
    for cell in code_cells(read_notebook(path)):
        asks = r"if .*(testing|pytest|nbval|COLAB_HELPERS_DRIVE|CI\b)"
        assert not re.search(asks, cell.source, re.I), cell.source
        assert "stand_in" not in cell.source


@each_notebook
def test_its_links_lead_somewhere(path):
    """A link to another notebook or file of the project names one that exists."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", markdown(read_notebook(path))):
        assert (path.parent / target).exists(), target


@each_notebook
def test_a_solution_is_a_function_that_the_reader_calls(path):
    """Run all does not give it away: it is folded, and only defines what `solution()` does."""
    solutions = [
        cell
        for cell in code_cells(read_notebook(path))
        if cell.source.startswith("#@title Solution")
    ]
    assert solutions
    for cell in solutions:
        steps = ast.parse(cell.source).body
        assert all(isinstance(step, DEFINITIONS) for step in steps), cell.source
        assert "def solution():" in cell.source
        assert cell.metadata.cellView == "form"
        assert cell.metadata.jupyter.source_hidden


# --- stored outputs


@each_notebook
def test_marked_cells_have_something_to_compare(path):
    """A cell marked for checking has a stored output: without one nbval compares nothing."""
    cells = code_cells(read_notebook(path))
    assert not [cell for cell in cells if "NBVAL" in cell.source], "readers see this"
    marked = [cell for cell in cells if CHECKED in cell.metadata.get("tags", ())]
    assert marked, "no cell's output is checked"
    for cell in marked:
        assert cell.execution_count and cell.outputs, cell.source


@each_notebook
def test_stored_outputs_are_whole_and_clean(path):
    """Each cell was run, in order, without an error; no output names this machine or a token."""
    notebook = read_notebook(path)
    nbformat.validate(notebook)
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not private_words(notebook)
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    # JupyterLab shows it on a red ground, as if something had gone wrong.
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    for text in texts(outputs):
        assert "Traceback (most recent call last)" not in text
    assert path.stat().st_size < 3_000_000, "too large to open quickly"


# --- they run


def with_solutions_called(notebook):
    """The notebook of a reader who calls each solution, in the cell below it."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and cell.source.startswith("#@title Solution"):
            cells.append(nbformat.v4.new_code_cell("solution()"))
    notebook.cells = cells
    return notebook


def run_under_nbval(path, url, folder):
    """Runs a copy of the notebook from an empty folder; marked cells must show what is stored."""
    folder.mkdir()
    nbformat.write(with_solutions_called(read_notebook(path)), folder / path.name)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
        *("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600"),
        *("--rootdir", folder, "-c", os.devnull, folder / path.name),
    ]
    answer = subprocess.run(
        command, cwd=folder, env=kernel_environment(url), capture_output=True, text=True
    )
    printed = answer.stdout[-8000:] + answer.stderr[-2000:]
    assert answer.returncode == 0, re.sub(r"\x1b\[\d+m", "", printed)  # without colours


@pytest.fixture(scope="module")
def course_drive(tmp_path_factory):
    """One stand-in Drive for the whole course: what a notebook leaves there, the next one finds."""
    with stand_in_drive(tmp_path_factory.mktemp("course") / "drive") as (url, _):
        yield url


@each_notebook
def test_it_runs(path, course_drive, tmp_path):
    """In the order of the course, each notebook runs and shows what it showed before."""
    skip_where_keras_is_too_old(path)
    run_under_nbval(path, course_drive, tmp_path / "runtime")


@pytest.mark.slow
@each_notebook
def test_it_runs_alone(path, tmp_path):
    """Each notebook runs with a Drive on which no other notebook has left anything."""
    skip_where_keras_is_too_old(path)
    with stand_in_drive(tmp_path / "drive") as (url, _):
        run_under_nbval(path, url, tmp_path / "runtime")
