"""One notebook: read it, set its form fields, run it, look at its outputs, store them.

From the top, in the order in which course.py uses it. Nothing here knows which notebooks there are.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
SETTING = re.compile(
    r"^(?P<name>[A-Z][A-Z0-9_]*)(?P<equals> *= *)(?P<value>.*?)(?P<form> *#@param.*)?$", re.M
)
START_UP_NOTES = re.compile(  # what TensorFlow writes before it has read its settings
    r"^(WARNING: All log messages before absl|[IWE]\d{4} [\d:.]+ +\d+ \w+\.cc:).*\n", re.M
)
WARNING = re.compile(r"^\S+:\d+: UserWarning: (.+)$", re.M)
PORT = re.compile(r"(127\.0\.0\.1):\d+")  # the stand-in Drive's; another one each time
LARGE_FIGURE = 500_000  # bytes; above it a stored figure is reduced to 256 colours
KEPT_OF_NOTEBOOK = ("accelerator", "colab", "toc_visible")  # metadata that a stored notebook keeps
KEPT_OF_CELL = ("cellView", "id", "jupyter", "tags")
SHORTEST_WORD = 5  # characters; a shorter name of a place may stand anywhere by chance
SECRETS = (r"/tmp/[^\s\"\\\\]+", r"ya29\.\S+", r"practice-token", r"Bearer \S+")


class NotebookFailed(Exception):
    """A cell of a notebook failed; the message says which, and how."""


# --- files ------------------------------------------------------------------------------


def read_notebook(path: Path) -> NotebookNode:
    """The notebook in a file."""
    import nbformat

    return nbformat.read(path, as_version=4)


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Writes a notebook whole or not at all."""
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    nbformat.write(notebook, draft)
    os.replace(draft, path)


# --- settings and headings --------------------------------------------------------------


def settings_cell(notebook: NotebookNode) -> NotebookNode | None:
    """The cell with the notebook's form fields, or None."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "#@title Settings" in cell.source:
            return cell
    return None


def override(notebook: NotebookNode, settings: Mapping[str, Any]) -> set[str]:
    """Sets form fields, as a reader does by hand; returns the names that this notebook has.

    >>> override(notebook, {"EPOCHS": 3})  # EPOCHS = 20  #@param ...  ->  EPOCHS = 3  #@param ...
    {'EPOCHS'}
    """

    def replace(line: re.Match[str]) -> str:
        if line["name"] not in settings:
            return line[0]
        return f"{line['name']}{line['equals']}{settings[line['name']]!r}{line['form'] or ''}"

    cell = settings_cell(notebook)
    if cell is None:
        return set()
    names = {line["name"] for line in SETTING.finditer(cell.source)}
    cell.source = SETTING.sub(replace, cell.source)
    return names.intersection(settings)


def titles(notebook: NotebookNode) -> list[str]:
    """For each cell the heading it stands under, or the title of its own form."""
    heading = ""
    found = []
    for cell in notebook.cells:
        title = None
        if cell.cell_type == "markdown":
            headings = re.findall(r"^#+ +(.+)$", cell.source, re.M)
            heading = headings[0] if headings else heading
        elif cell.cell_type == "code":
            title = re.search(r"^#@title +([^{\n]+)", cell.source, re.M)
        found.append((title[1] if title else heading).strip())
    return found


# --- running ----------------------------------------------------------------------------


class Progress:
    """Prints a line for each cell that runs, and knows which one was reached.

    Args:
        notebook: The one that is run.

    Attributes:
        cell_index: Of the cell that began last.
    """

    def __init__(self, notebook: NotebookNode) -> None:
        self.titles = titles(notebook)
        self.cell_index = 0
        self._code_cells = []
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and cell.source.strip():
                self._code_cells.append(index)
        self._started = 0.0

    def begin(self, cell: NotebookNode, cell_index: int) -> None:
        """Called by nbclient before a cell runs."""
        self.cell_index = cell_index
        self._started = time.monotonic()
        number = self._code_cells.index(cell_index) + 1
        place = f"cell {number} of {len(self._code_cells)}"
        print(f"  {place:<14} {self.titles[cell_index][:50]:<50} ", end="", flush=True)

    def end(self, cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        """Called by nbclient after a cell has run."""
        print(f"{time.monotonic() - self._started:7.1f} s", flush=True)


def execute(
    notebook: NotebookNode, name: str, drive_url: str, folder: Path, timeout: float | None = None
) -> None:
    """Runs a notebook in a new kernel, against a Drive; prints a line a cell.

    Args:
        notebook: It gets the outputs, in place of those of an earlier run.
        name: For the message when a cell fails.
        drive_url: Address of the Drive.
        folder: Where the kernel runs. It is emptied first: only the Drive hands anything on.
        timeout: Seconds that a cell may take; None for any time.

    Raises:
        NotebookFailed: A cell raised an error, or the kernel died.
    """
    import nbclient

    clear(notebook)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress = Progress(notebook)
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=progress.begin,
        on_cell_executed=progress.end,
    )
    failures = (nbclient.exceptions.CellControlSignal, nbclient.exceptions.DeadKernelError)
    kernel_log = folder.with_suffix(".log")  # what the kernel's process itself has to say
    try:
        with open(kernel_log, "wb") as log:
            client.execute(env=kernel_environment(drive_url), stderr=log)
    except failures as error:
        print()
        cell = notebook.cells[progress.cell_index]
        place = f"cell {progress.cell_index + 1}, '{progress.titles[progress.cell_index]}'"
        source = "\n".join(f"    {line}" for line in cell.source.splitlines())
        message = f"{name} stopped at {place}:\n\n{source}\n\n{describe_failure(error)}"
        raise NotebookFailed(message) from error


def clear(notebook: NotebookNode) -> None:
    """Takes all outputs away, so that those of cells which are not reached are no earlier run's."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None


def kernel_environment(drive_url: str) -> dict[str, str]:
    """The environment of a kernel that finds this project, and the Drive at an address."""
    environment = {
        **os.environ,
        "COLAB_HELPERS_DRIVE": drive_url,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment.pop("MPLBACKEND", None)  # else figures are not shown
    return environment


def describe_failure(error: Exception) -> str:
    """What nbclient tells of a cell that failed: the error alone, without its traceback."""
    name = getattr(error, "ename", None)
    if name is None:
        return str(error).strip()
    return f"{name}: {getattr(error, 'evalue', '')}"


# --- outputs ----------------------------------------------------------------------------


def texts(outputs: Iterable[NotebookNode]) -> Iterator[str]:
    """The outputs of a cell as plain text, one string an output."""
    for output in outputs:
        yield output.get("text", "") + output.get("data", {}).get("text/plain", "")


def warnings_in(notebook: NotebookNode) -> list[str]:
    """What a notebook's cells warned of, in order, each once."""
    found: dict[str, None] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                found.update(dict.fromkeys(WARNING.findall(output.text)))
    return list(found)


def figures(notebook: NotebookNode) -> Iterator[bytes]:
    """The pictures among a notebook's outputs, as PNG bytes, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            png = output.get("data", {}).get("image/png")
            if png:
                yield base64.b64decode(png)


# --- storing ----------------------------------------------------------------------------


def tidy(notebook: NotebookNode) -> None:
    """Leaves out of a run notebook what changes from run to run without meaning anything."""
    notebook.metadata = {
        **_kept(notebook.metadata, KEPT_OF_NOTEBOOK),
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = _kept(cell.metadata, KEPT_OF_CELL)
        if cell.cell_type == "code":
            outputs = join_streams(cell.outputs)
            for output in outputs:
                tidy_output(output)
            cell.outputs = [output for output in outputs if output.get("text") != ""]


def _kept(metadata: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name in names}


def join_streams(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs in which neighbours that were printed to the same stream are one.

    Where one ends and the next begins is a matter of when the kernel sent them.
    """
    joined: list[NotebookNode] = []
    for output in outputs:
        is_stream = output.output_type == "stream"
        if is_stream and joined and joined[-1].get("name") == output.name:
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def tidy_output(output: NotebookNode) -> None:
    """Changes one output to what is stored of it."""
    if output.output_type == "stream":
        output.text = START_UP_NOTES.sub("", as_seen(output.text))
        return
    data = output.get("data", {})
    data.pop("application/vnd.jupyter.widget-view+json", None)  # it dies with its kernel
    if "image/png" in data:
        png = smaller(base64.b64decode(data["image/png"]))
        data["image/png"] = base64.b64encode(png).decode()
    if "text/plain" in data:
        data["text/plain"] = PORT.sub(r"\1:8080", data["text/plain"])


def as_seen(text: str) -> str:
    """What a terminal shows of a text in which progress bars went back over their line."""
    text = re.sub(r"\x08+(?=[^\x08]*\r)", "", text)
    shorter = re.sub(r"[^\n\x08]\x08", "", text)
    while shorter != text:
        text = shorter
        shorter = re.sub(r"[^\n\x08]\x08", "", text)
    return re.sub(r"[^\n]*\r(?=[^\n])", "", text)


def smaller(png: bytes) -> bytes:
    """A large figure in 256 colours, where that is smaller: a notebook stays quick to open."""
    from PIL import Image

    if len(png) <= LARGE_FIGURE:
        return png
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.quantize(256).save(buffer, "PNG", optimize=True)
    return min(png, buffer.getvalue(), key=len)


def private_words(notebook: NotebookNode, words: Iterable[str] = ()) -> set[str]:
    """What outputs must never hold and do: places and names of this machine, and tokens.

    Args:
        notebook: One that was run.
        words: Further places.
    """
    places = [*words, str(ROOT), str(Path.home()), socket.gethostname()]
    patterns = [re.escape(place) for place in places if len(place) >= SHORTEST_WORD]
    patterns += SECRETS
    outputs = [cell.get("outputs", []) for cell in notebook.cells if cell.cell_type == "code"]
    text = re.sub(r'"image/png": "[^"]*"', "", json.dumps(outputs))
    found: set[str] = set()
    for pattern in patterns:
        found.update(match[0] for match in re.finditer(pattern, text))
    return found
