"""The course in Colab's own kernel: its versions, its shell, its sign-in, its tokens, over TLS.

Run by `make test-full`, in the environment that has what Colab ships.
"""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys

import nbclient
import pytest
from played_colab import HOST, RUNTIME, played_colab

from course import COURSE, draw_practice_pictures, repository
from one_notebook import ROOT, override, read_notebook
from stand_in import FakeDrive

TOKEN_LIFETIME = 5  # seconds, so that a notebook outlives several tokens
LONGEST_CELL = 600  # seconds
IS_COLABS_KERNEL = importlib.metadata.version("ipykernel") == "6.17.1"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not IS_COLABS_KERNEL,
        reason="NOT TESTED in Colab's kernel: its versions are in .venv-colab (make test-full)",
    ),
]


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    """A runtime whose user has pictures on Drive, and is not signed in yet."""
    folder = tmp_path_factory.mktemp("colab")
    (folder / "drive").mkdir()
    draw_practice_pictures(folder / "drive")
    (folder / "drive" / "practice").rename(folder / "drive" / "my flowers")
    write_kernel(folder / "kernels" / "colab")
    with (
        FakeDrive(
            folder / "drive", token_lifetime=TOKEN_LIFETIME, known_as=f"https://{HOST}"
        ) as drive,
        played_colab(drive, folder, token_lifetime=TOKEN_LIFETIME, signed_in=False) as colab,
    ):
        yield colab


def write_kernel(folder):
    """Has Jupyter find the kernel by the name of its folder."""
    folder.mkdir(parents=True)
    command = [sys.executable, str(RUNTIME / "colab_kernel.py"), "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Colab", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def run_in_colab(notebook, colab, folder):
    """Runs a notebook in a new kernel and a new empty folder."""
    folder.mkdir()
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="colab",
        timeout=LONGEST_CELL,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env=colab.variables)


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_a_notebook_of_the_course_shows_nothing_on_red(path, colab, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", colab.variables["HOME"])
    notebook = read_notebook(path)
    override(notebook, {"PHOTOS": "my flowers"})
    tokens_before = colab.metadata.counts["token"]
    run_in_colab(notebook, colab, tmp_path / "content")
    assert colab.metadata.counts["token"] > tokens_before
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert "ya29." not in json.dumps(outputs)


def test_the_setup_cell_prints_one_line_and_installs_nothing_else(colab, tmp_path, monkeypatch):
    """On a runtime that has what Colab ships, and not this project."""
    monkeypatch.setenv("JUPYTER_PATH", colab.variables["HOME"])
    installed = tmp_path / "installed"
    installed.mkdir()
    notebook = read_notebook(COURSE[0])
    del notebook.cells[2:]
    (setup,) = [cell for cell in notebook.cells if cell.cell_type == "code"]
    address = f"https://github.com/{repository()}"
    setup.source = setup.source.replace(address, committed_copy(tmp_path / "repository").as_uri())
    variables = {
        **colab.variables,
        "PYTHONPATH": os.pathsep.join([str(installed), str(RUNTIME)]),
        "COLAB_STAND_IN_PIP": f"--target {installed}",
        "PIP_CONFIG_FILE": os.devnull,  # one machine's settings can have words of their own
    }
    run_in_colab(notebook, colab._replace(variables=variables), tmp_path / "content")
    (output,) = setup.outputs
    assert output.name == "stdout" and output.text.startswith("Ready: colab_helpers ")
    assert output.text.count("\n") == 1
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"colab_helpers"}


def committed_copy(folder):
    """A git repository that holds this project as it is now."""
    left_out = shutil.ignore_patterns(".*", "out", "build", "tests", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=left_out)
    name = ["-c", "user.name=tests", "-c", "user.email=tests@example.com"]
    for command in (["init", "-q"], ["add", "."], [*name, "commit", "-q", "-m", "As it is"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder
