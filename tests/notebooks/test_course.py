"""What runs the course and stores its outputs: notebooks/course.py and one_notebook.py."""

import base64
import io
import re
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from PIL import Image

from course import accuracy_in, new_folder, parse_setting
from one_notebook import (
    ROOT,
    NotebookFailed,
    as_seen,
    execute,
    figures,
    join_streams,
    override,
    private_words,
    read_notebook,
    settings_cell,
    smaller,
    texts,
    tidy,
    titles,
    warnings_in,
)


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
    settings = (
        "#@title Settings\n"
        'PHOTOS = "practice"  #@param {type:"string"}\n'
        'EPOCHS = 20  #@param {type:"integer"}'
    )
    notebook = small_notebook(settings, "EPOCHS = 7  # in another cell")
    wanted = {"EPOCHS": 3, "PHOTOS": "my photos", "NOT_HERE": 1}
    assert override(notebook, wanted) == {"EPOCHS", "PHOTOS"}
    assert settings_cell(notebook).source == (
        "#@title Settings\n"
        "PHOTOS = 'my photos'  #@param {type:\"string\"}\n"
        'EPOCHS = 3  #@param {type:"integer"}'
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
    """Results replace those of an earlier run; a folder with anything else in it is left alone."""
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "only copy.jpg").touch()
    with pytest.raises(SystemExit, match="Name another place"):
        new_folder(photos)
    assert (photos / "only copy.jpg").exists()

    first = new_folder(tmp_path / "out" / "photos")
    (first / "figures" / "old.png").touch()
    assert not (new_folder(first) / "figures" / "old.png").exists()


@pytest.mark.parametrize(
    "text, setting",
    [
        ("EPOCHS=3", ("EPOCHS", 3)),
        ("RATE=0.5", ("RATE", 0.5)),
        ("PHOTOS=my photos", ("PHOTOS", "my photos")),
        ("NAME=a=b", ("NAME", "a=b")),
        ("FLIP=True", ("FLIP", True)),
    ],
)
def test_a_setting_is_a_python_value_or_a_text(text, setting):
    assert parse_setting(text) == setting


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(SystemExit, match="NAME=value"):
        parse_setting("EPOCHS")


def test_the_accuracy_is_found_as_it_was_printed():
    printed = ["Epoch 1/3", "Test accuracy: 93.3 % of 60", "test accuracy 0.1"]
    assert accuracy_in(printed) == "93.3 %"
    assert accuracy_in(["no word of it"]) == "not printed"


def new_output(name, text):
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_what_is_printed_in_pieces_is_stored_as_one():
    """Where the pieces of a stream end differs from run to run."""
    pieces = [new_output("stdout", "a"), new_output("stdout", "b"), new_output("stderr", "c")]
    assert [output.text for output in join_streams(pieces)] == ["ab", "c"]


def test_a_stored_notebook_keeps_what_readers_see():
    """Port, start-up notes, widgets and the kernel's own metadata go; text and pictures stay."""
    notebook = small_notebook("#@title Setup\n1")
    notebook.metadata = {"colab": {"provenance": []}, "signature": "x"}
    (cell,) = notebook.cells
    cell.metadata = {"id": "setup", "execution": {}}
    widget = {
        "text/plain": "VBox()",
        "application/vnd.jupyter.widget-view+json": {"model_id": "1"},
    }
    cell.outputs = [
        new_output("stderr", "WARNING: All log messages before absl is initialized\n"),
        nbformat.v4.new_output("display_data", widget),
        nbformat.v4.new_output("execute_result", {"text/plain": "Drive('http://127.0.0.1:4321')"}),
    ]
    tidy(notebook)
    assert set(notebook.metadata) == {"colab", "kernelspec", "language_info"}
    assert cell.metadata == {"id": "setup"}
    assert [output.data for output in cell.outputs] == [
        {"text/plain": "VBox()"},
        {"text/plain": "Drive('http://127.0.0.1:8080')"},
    ]


def test_a_small_figure_is_stored_as_it_is_and_a_large_one_gets_smaller():
    small = io.BytesIO()
    Image.new("RGB", (8, 8)).save(small, "PNG")
    assert smaller(small.getvalue()) == small.getvalue()
    large = io.BytesIO()
    Image.effect_noise((600, 600), 80).convert("RGB").save(large, "PNG", compress_level=0)
    assert len(smaller(large.getvalue())) < len(large.getvalue()) / 2


def test_a_notebook_runs_in_an_empty_folder_and_shows_its_progress(tmp_path, capsys):
    """The kernel finds the Drive's address and nothing that an earlier run has left."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "left over.txt").touch()
    notebook = small_notebook(
        "## Look around", "import os\nprint(os.environ['COLAB_HELPERS_DRIVE'], os.listdir())"
    )
    execute(notebook, "small", "http://127.0.0.1:1", folder)
    assert list(texts(notebook.cells[1].outputs)) == ["http://127.0.0.1:1 []\n"]
    assert "cell 1 of 1    Look around" in capsys.readouterr().out


def test_a_cell_that_fails_is_named(tmp_path):
    """The message holds the cell's place, heading and source, and the error."""
    notebook = small_notebook("1", "## Divide", "1 / 0")
    with pytest.raises(NotebookFailed) as error:
        execute(notebook, "small", "http://127.0.0.1:1", tmp_path / "work")
    for part in ("small stopped at cell 3, 'Divide'", "    1 / 0", "ZeroDivisionError: division"):
        assert part in str(error.value)


def test_the_pictures_of_a_notebook_come_in_order():
    notebook = small_notebook("1", "2")
    for cell, data in zip(notebook.cells, (b"one", b"two")):
        png = base64.b64encode(data).decode()
        cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": png})]
    assert list(figures(notebook)) == [b"one", b"two"]


def test_what_an_earlier_run_has_left_is_not_in_a_notebook_that_stopped(tmp_path):
    """The stored outputs are of practice pictures, and not of whose pictures are run."""
    notebook = small_notebook("print('mine')", "1 / 0", "print('never reached')")
    for cell in notebook.cells:
        cell.execution_count = 7
        cell.outputs = [new_output("stdout", "of a practice folder")]
    with pytest.raises(NotebookFailed):
        execute(notebook, "small", "http://127.0.0.1:1", tmp_path / "work")
    reached, stopped, never = notebook.cells
    assert list(texts(reached.outputs)) == ["mine\n"]
    assert [output.output_type for output in stopped.outputs] == ["error"]
    assert never.outputs == []
    assert never.execution_count is None


def test_what_cells_warned_of_is_told_once():
    notebook = small_notebook("1", "2")
    warning = "/tmp/x.py:2: UserWarning: Part 3 has no picture of 'rare'.\n  split(files)\n"
    for cell in notebook.cells:
        cell.outputs = [new_output("stdout", "fine"), new_output("stderr", warning)]
    assert warnings_in(notebook) == ["Part 3 has no picture of 'rare'."]


def picture(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(value).integers(0, 60, (30, 40, 3), np.uint8)
    Image.fromarray(noise + np.uint8(value)).save(path)


@pytest.fixture
def odd_folder(tmp_path):
    """A class of three pictures, an odd name, an empty class, a damaged file, a stray picture."""
    photos = tmp_path / "my photos"
    for label, count in {"rare": 3, 'it\'s a "rosé"': 40, "猫 $x": 60}.items():
        for number in range(count):
            picture(photos / label / f"{number:03}.jpg", count)
    (photos / "empty").mkdir()
    picture(photos / ".ipynb_checkpoints" / "000.jpg", 1)
    picture(photos / "stray.jpg", 2)
    (photos / "rare" / "damaged.jpg").write_bytes(b"\xff\xd8 no picture")
    return photos


def course_run(folder, out):
    command = [sys.executable, ROOT / "notebooks/course.py", "run", "--set", "EPOCHS=2"]
    return subprocess.run(
        [*command, "--folder", folder, "--out", out], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_course_runs_on_a_folder_with_a_class_of_three_pictures(odd_folder, tmp_path):
    ended = course_run(odd_folder, tmp_path / "out")
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    assert re.search(r"no picture of .*'rare' \(which has [34]\)", ended.stdout)
    assert "Test accuracy: " in ended.stdout


@pytest.mark.slow
def test_on_a_folder_with_one_class_the_course_stops_with_what_is_missing(tmp_path):
    for number in range(40):
        picture(tmp_path / "photos/only" / f"{number}.jpg", number)
    ended = course_run(tmp_path / "photos", tmp_path / "out")
    assert ended.returncode == 1
    assert "Training needs pictures of two classes or more" in ended.stderr
    stopped = read_notebook(tmp_path / "out/photos/notebooks/04_train.ipynb")
    assert stopped.cells[-2].get("outputs") == []
