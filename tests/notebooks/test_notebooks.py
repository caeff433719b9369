"""The notebooks: one form, one set-up, stored outputs that mean something, and each runs from top to bottom."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from course import (
    NOTEBOOKS,
    ROOT,
    as_seen,
    new_folder,
    override,
    private_words,
    read_notebook,
    repository,
    settings_cell,
    stand_in_drive,
    texts,
    titles,
)

CLOSING = ["What can go wrong", "Try it yourself", "Copy this into your own notebook", "Read more"]


def each_notebook(test):
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)(test)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


# --- form -----------------------------------------------------------------------------------------------


@each_notebook
def test_it_opens_with_title_badge_and_overview(path):
    """The first cell has one title, the badge that opens this very notebook, and says what it is about."""
    first = read_notebook(path).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert len(re.findall(r"^# ", markdown(read_notebook(path)), re.M)) == 1
    badge = (
        f"https://colab.research.google.com/github/{repository()}/blob/main/notebooks/{path.name}"
    )
    assert f"]({badge})" in first.source


def test_all_set_up_with_the_same_cell():
    """One setup cell, byte for byte, that fetches the helper from the one address only if it is not here."""
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
    """Setup, one Settings cell with form fields, the lesson, and the closing sections in their order."""
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
    """15 to 30 cells, each holding one idea."""
    notebook = read_notebook(path)
    assert 15 <= len(notebook.cells) <= 30
    for cell in code_cells(notebook):
        lines = [
            line
            for line in cell.source.splitlines()
            if not re.match(r" *(#|import |from |$)", line)
        ]
        if "layers." not in cell.source and not cell.source.startswith(
            "%%writefile"
        ):  # those are written out whole
            assert len(lines) <= 14, cell.source


@each_notebook
def test_no_line_of_code_is_cut_off(path):
    """JupyterLab shows 107 characters of a line in a window 1280 pixels wide, and breaks none."""
    for cell in code_cells(read_notebook(path)):
        assert not [line for line in cell.source.splitlines() if len(line) > 105]


@each_notebook
def test_it_does_not_know_that_it_is_tested(path):
    """What runs here is what a reader runs: no cell asks where it is."""
    for cell in code_cells(read_notebook(path)):
        assert not re.search(
            r"if .*(testing|pytest|nbval|COLAB_HELPERS_DRIVE|CI\b)", cell.source, re.I
        ), cell.source
        assert "stand_in" not in cell.source


@each_notebook
def test_its_links_lead_somewhere(path):
    """A link to another notebook or file of the project names one that exists."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", markdown(read_notebook(path))):
        assert (path.parent / target).exists(), target


# --- stored outputs -------------------------------------------------------------------------------------


@each_notebook
def test_marked_cells_have_something_to_compare(path):
    """A cell marked for checking has a stored count and output: without them nbval compares nothing."""
    marked = [
        cell for cell in code_cells(read_notebook(path)) if "NBVAL_CHECK_OUTPUT" in cell.source
    ]
    assert marked, "no cell's output is checked"
    for cell in marked:
        assert cell.execution_count and cell.outputs, cell.source


@each_notebook
def test_stored_outputs_are_whole_and_clean(path):
    """Each cell was run, in order, without an error, and no output names this machine or holds a token."""
    notebook = read_notebook(path)
    nbformat.validate(notebook)
    cells = [cell for cell in code_cells(notebook) if cell.source.strip()]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [
        output for cell in cells for output in cell.outputs if output.output_type == "error"
    ]
    assert not private_words(notebook)
    for text in (text for cell in cells for text in texts(cell.outputs)):
        assert "Traceback (most recent call last)" not in text
    # JupyterLab shows it on a red ground, as if something had gone wrong.
    assert not [
        output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"
    ]
    assert path.stat().st_size < 3_000_000, "too large to open quickly"


# --- they run -------------------------------------------------------------------------------------------


def run_under_nbval(path, url, folder):
    """Run a copy of the notebook from an empty folder: cells marked for checking are compared with what is stored."""
    folder.mkdir()
    (folder / path.name).write_bytes(path.read_bytes())
    environment = {
        **os.environ,
        "COLAB_HELPERS_DRIVE": url,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment.pop("MPLBACKEND", None)
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            "--nbval-cell-timeout=600",
        ]
        + [
            "-p",
            "no:cacheprovider",
            "-q",
            "-x",
            "--rootdir",
            folder,
            "-c",
            os.devnull,
            folder / path.name,
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, re.sub(
        r"\x1b\[\d+m", "", answer.stdout[-8000:] + answer.stderr[-2000:]
    )


@pytest.fixture(scope="module")
def course_drive(tmp_path_factory):
    """One stand-in Drive for the whole course: what a notebook leaves there, the next one finds."""
    with stand_in_drive(tmp_path_factory.mktemp("course") / "drive") as (url, _):
        yield url


@each_notebook
def test_it_runs(path, course_drive, tmp_path):
    """In the order of the course, each notebook runs from top to bottom and shows what it showed before."""
    run_under_nbval(path, course_drive, tmp_path / "runtime")


@pytest.mark.slow
@each_notebook
def test_it_runs_alone(path, tmp_path):
    """Each notebook runs on a new machine with a Drive on which no other notebook has left anything."""
    with stand_in_drive(tmp_path / "drive") as (url, _):
        run_under_nbval(path, url, tmp_path / "runtime")


# --- the tool that runs and stores them -----------------------------------------------------------------


def small_notebook(*cells):
    notebook = nbformat.v4.new_notebook()
    for source in cells:
        new = (
            nbformat.v4.new_markdown_cell if source.startswith("##") else nbformat.v4.new_code_cell
        )
        notebook.cells.append(new(source))
    return notebook


def test_settings_are_changed_as_by_hand():
    """A setting's value is replaced, its form stays, and no other line changes."""
    settings = '#@title Settings\nPHOTOS = "practice"  #@param {type:"string"}\nEPOCHS = 20  #@param {type:"integer"}'
    notebook = small_notebook(settings, "EPOCHS = 7  # in another cell")
    assert override(notebook, {"EPOCHS": 3, "PHOTOS": "my photos", "NOT_HERE": 1}) == {
        "EPOCHS",
        "PHOTOS",
    }
    assert settings_cell(notebook).source == (
        '#@title Settings\nPHOTOS = \'my photos\'  #@param {type:"string"}\nEPOCHS = 3  #@param {type:"integer"}'
    )
    assert notebook.cells[1].source == "EPOCHS = 7  # in another cell"


def test_progress_names_the_heading():
    """A line of progress names the heading that the cell stands under, or its form's title."""
    notebook = small_notebook(
        "#@title Setup\n1", "## Read it\nWords.", "drive.read(file)", "#@title Solution {a}\n2"
    )
    assert titles(notebook) == ["Setup", "Read it", "Read it", "Solution"]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("1/3\r2/3\r3/3\n", "3/3\n"),
        ("1/3\x08\x08\x082/3\n", "2/3\n"),
        ("a\n 10%\r 100%\nb\r\n", "a\n 100%\nb\r\n"),
        ("1/2 ━━\x08\x08\x08\x08\x08\x08\r2/2 ━━\n", "2/2 ━━\n"),
    ],
)
def test_progress_bars_are_stored_as_they_end(text, shown):
    """Of a line that was written over and over, the last state is stored."""
    assert as_seen(text) == shown


@pytest.mark.parametrize("secret", [f"{ROOT}/colab_helpers", "ya29.a0AfH6", "/tmp/x1"])
def test_an_output_that_names_this_machine_is_found(secret):
    """Storing refuses outputs with paths of this machine or tokens."""
    notebook = small_notebook("1")
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("stream", text=f"read from {secret} and more")
    ]
    assert private_words(notebook)
    notebook.cells[0].outputs = [
        nbformat.v4.new_output("stream", text="read from practice/daisy/0001.jpg")
    ]
    assert not private_words(notebook)


def test_a_run_never_clears_what_is_not_its_own(tmp_path):
    """Results take the place of an earlier run's results; a folder with anything else in it is left alone."""
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only copy.jpg").touch()
    with pytest.raises(SystemExit, match="Name another place"):
        new_folder(photos)
    assert (photos / "only copy.jpg").exists()

    first = new_folder(tmp_path / "out" / "photos")
    (first / "figures" / "old.png").touch()
    assert not (new_folder(first) / "figures" / "old.png").exists()
