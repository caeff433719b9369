"""Run the course, store its outputs, or point it at a fork.

    python notebooks/course.py run [--folder PHOTOS] [--set EPOCHS=3] [--out out]
    python notebooks/course.py store [NOTEBOOK ...]
    python notebooks/course.py address OWNER/NAME

`run` steps through notebooks 01 to 05 against a stand-in Drive, as a reader in Colab would: each
notebook in a new kernel and a new empty folder, so that only what lies on the Drive is handed on.
`store` runs every notebook that way with the settings it has and writes the outputs into it.
"""

import argparse
import ast
import base64
import contextlib
import io
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
COURSE = [path for path in NOTEBOOKS if path.stem[:2] <= "05"]
SETTING = re.compile(
    r"^(?P<name>[A-Z][A-Z0-9_]*)(?P<equals> *= *)(?P<value>.*?)(?P<form> *#@param.*)?$", re.M
)
ACCURACY = re.compile(r"test accuracy\D{0,20}(\d+(?:\.\d+)?(?: ?%)?)", re.I)
START_UP_NOTES = re.compile(
    r"^(WARNING: All log messages before absl|[IWE]\d{4} [\d:.]+ +\d+ \w+\.cc:).*\n", re.M
)
PORT = re.compile(r"(127\.0\.0\.1):\d+")  # the stand-in Drive's; another one each time
LARGE_FIGURE = 500_000  # bytes; above it a stored figure is reduced to 256 colours


class NotebookFailed(Exception):
    """A cell of a notebook failed; the message says which, and how."""


# --- one notebook ---------------------------------------------------------------------------------------


def read_notebook(path):
    import nbformat

    return nbformat.read(path, as_version=4)


def write_notebook(notebook, path):
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".draft")
    nbformat.write(notebook, draft)
    os.replace(draft, path)


def settings_cell(notebook):
    """The cell with the notebook's form fields, or None."""
    return next(
        (c for c in notebook.cells if c.cell_type == "code" and "#@title Settings" in c.source),
        None,
    )


def override(notebook, settings):
    """Set form fields, as a reader does by hand; returns the names that this notebook has.

    >>> override(notebook, {"EPOCHS": 3})      # EPOCHS = 20  #@param ...  ->  EPOCHS = 3  #@param ...
    {'EPOCHS'}
    """
    found = set()

    def replace(line):
        if line["name"] not in settings:
            return line[0]
        found.add(line["name"])
        return f"{line['name']}{line['equals']}{settings[line['name']]!r}{line['form'] or ''}"

    if cell := settings_cell(notebook):
        cell.source = SETTING.sub(replace, cell.source)
    return found


def titles(notebook):
    """For each cell the heading it stands under, or the title of its own form."""
    heading, result = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = next((m[1] for m in re.finditer(r"^#+ +(.+)$", cell.source, re.M)), heading)
        own = (
            re.search(r"^#@title +([^{\n]+)", cell.source, re.M)
            if cell.cell_type == "code"
            else None
        )
        result.append((own[1] if own else heading).strip())
    return result


def execute(notebook, name, drive_url, folder, timeout=None):
    """Run a notebook in a new kernel, in an empty folder, against a Drive; a line of progress a cell."""
    import nbclient

    named = titles(notebook)
    code = [
        i
        for i, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip()
    ]
    reached, started = 0, 0.0

    def start(cell, cell_index):
        nonlocal reached, started
        reached, started = cell_index, time.monotonic()
        place = f"cell {code.index(cell_index) + 1} of {len(code)}"
        print(f"  {place:<14} {named[cell_index][:50]:<50} ", end="", flush=True)

    def end(cell, cell_index, execute_reply):
        print(f"{time.monotonic() - started:7.1f} s", flush=True)

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {
        **os.environ,
        "COLAB_HELPERS_DRIVE": drive_url,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    environment.pop("MPLBACKEND", None)
    client = nbclient.NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=start,
        on_cell_executed=end,
    )
    try:
        with open(
            folder.with_suffix(".log"), "wb"
        ) as log:  # what the kernel's process itself has to say
            client.execute(env=environment, stderr=log)
    except (nbclient.exceptions.CellControlSignal, nbclient.exceptions.DeadKernelError) as error:
        print()
        source = "\n".join(f"    {line}" for line in notebook.cells[reached].source.splitlines())
        what = f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else str(error).strip()
        raise NotebookFailed(
            f"{name} stopped at cell {reached + 1}, '{named[reached]}':\n\n{source}\n\n{what}"
        ) from error


def texts(outputs):
    """The outputs of a cell as plain text, one string an output."""
    for output in outputs:
        yield output.get("text", "") + output.get("data", {}).get("text/plain", "")


def figures(notebook):
    """The pictures among a notebook's outputs, as PNG bytes, in order."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if png := output.get("data", {}).get("image/png"):
                yield base64.b64decode(png)


# --- the Drive ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def stand_in_drive(folder, photos=None):
    """A Drive served from a folder, with the practice pictures on it or someone's own photos beside it.

    Yields:
        its address, and what the notebooks' PHOTOS setting has to be to name the pictures.
    """
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from stand_in import FakeDrive

    from colab_helpers.practice import practice_drive

    folder.mkdir(parents=True, exist_ok=True)
    mounts, name = {}, "practice"
    if photos is None:
        os.environ.pop(
            "COLAB_HELPERS_DRIVE", None
        )  # else it would take that for the Drive, and draw nothing
        practice_drive(folder)
    else:
        name = photos.name
        mounts[name] = photos
    with FakeDrive(folder, mounts=mounts) as drive:
        yield drive.url, name


# --- the three commands ---------------------------------------------------------------------------------


def run(arguments):
    """Run the course on practice pictures or on one's own; executed notebooks and figures go to --out."""
    photos = Path(arguments.folder).expanduser().resolve() if arguments.folder else None
    if photos and not photos.is_dir():
        raise SystemExit(
            f"There is no folder {arguments.folder!r}. Name one that holds a folder of pictures a class."
        )
    settings = dict(parse_setting(text) for text in arguments.set)
    out = new_folder(Path(arguments.out).resolve() / (photos.name if photos else "practice"))
    began = time.monotonic()
    print(
        f"Opening {photos} as a Drive, read-only ..."
        if photos
        else "Opening the practice Drive ..."
    )
    with stand_in_drive(out / "drive", photos) as (url, name):
        notebooks = [(path.stem, read_notebook(path)) for path in COURSE]
        known = set()
        for _, notebook in notebooks:
            known |= override(notebook, {"PHOTOS": name, **settings})
        if unknown := set(settings) - known:
            raise SystemExit(f"No notebook has the setting {', '.join(sorted(unknown))}.")
        for number, (stem, notebook) in enumerate(notebooks, 1):
            print(f"\n{stem} ({number} of {len(notebooks)})")
            try:
                execute(notebook, stem, url, out / "work" / stem)
            except NotebookFailed as error:
                raise SystemExit(
                    f"\n{error}\n\nAs far as it went: {out / 'notebooks' / stem}.ipynb"
                ) from None
            finally:
                write_notebook(notebook, out / "notebooks" / f"{stem}.ipynb")
                for count, png in enumerate(figures(notebook), 1):
                    (out / "figures" / f"{stem}-{count}.png").write_bytes(png)
    shutil.rmtree(out / "work", ignore_errors=True)
    outputs = [text for cell in notebooks[-1][1].cells for text in texts(cell.get("outputs", ()))]
    if report := next((text for text in outputs if "precision" in text), ""):
        print(f"\n{report}")
    accuracy = next((m[1] for text in outputs if (m := ACCURACY.search(text))), "not printed")
    print(f"\nTest accuracy: {accuracy}   ({(time.monotonic() - began) / 60:.1f} minutes)")
    print(
        f"Notebooks: {out / 'notebooks'}\nFigures:   {out / 'figures'}\nOn Drive:  {out / 'drive'}"
    )


def new_folder(out):
    """An empty folder for a run's results, in the place of an earlier run's and of nothing else."""
    mark = out / ".made-by-course"
    if out.exists() and any(out.iterdir()) and not mark.exists():
        raise SystemExit(
            f"{out} holds something else than an earlier run. Name another place with --out."
        )
    shutil.rmtree(out, ignore_errors=True)
    (out / "figures").mkdir(parents=True)
    mark.touch()
    return out


def store(arguments):
    """Run the notebooks with the settings they have, and write their outputs into them."""
    chosen = [Path(path).resolve() for path in arguments.notebooks] or NOTEBOOKS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with stand_in_drive(folder / "drive") as (url, _):
            for path in NOTEBOOKS:  # those before a chosen one leave it what they hand on
                if path > max(chosen):
                    break
                print(f"\n{path.stem}")
                notebook = read_notebook(path)
                try:
                    execute(notebook, path.stem, url, folder / "work", timeout=1800)
                except NotebookFailed as error:
                    raise SystemExit(f"\n{error}\n\nNothing was stored for it.") from None
                if path in chosen:
                    tidy(notebook)
                    if found := private_words(notebook, [temporary, os.path.realpath(temporary)]):
                        raise SystemExit(
                            f"{path.name} was not stored: its outputs name {', '.join(sorted(found))}."
                        )
                    write_notebook(notebook, path)
                    print(f"  stored, {path.stat().st_size / 1000:.0f} kB")
    readme_pictures()


def tidy(notebook):
    """Leave out of a run notebook what changes from run to run without meaning anything."""
    notebook.metadata = {
        **{
            key: value
            for key, value in notebook.metadata.items()
            if key in ("accelerator", "colab")
        },
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {
            key: value for key, value in cell.metadata.items() if key in ("cellView", "id")
        }
        if cell.cell_type != "code":
            continue
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and kept and kept[-1].get("name") == output.name:
                kept[-1].text += output.text
                continue
            kept.append(output)
            data = output.get("data", {})
            data.pop(
                "application/vnd.jupyter.widget-view+json", None
            )  # a widget lives as long as its kernel
            if "image/png" in data:
                data["image/png"] = base64.b64encode(
                    smaller(base64.b64decode(data["image/png"]))
                ).decode()
        for output in kept:
            if output.output_type == "stream":
                output.text = START_UP_NOTES.sub("", as_seen(output.text))
            elif "text/plain" in output.get("data", {}):
                output.data["text/plain"] = PORT.sub(r"\1:8080", output.data["text/plain"])
        cell.outputs = [output for output in kept if output.get("text", "shown")]


def as_seen(text):
    """What a terminal shows of a text in which progress bars went back over their line."""
    text = re.sub(r"\x08+(?=[^\x08]*\r)", "", text)
    while "\x08" in text and (shorter := re.sub(r"[^\n\x08]\x08", "", text)) != text:
        text = shorter
    return re.sub(r"[^\n]*\r(?=[^\n])", "", text)


def smaller(png):
    """A large figure in 256 colours, where that is smaller: the notebooks stay quick to open."""
    from PIL import Image

    if len(png) <= LARGE_FIGURE:
        return png
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(buffer, "PNG", optimize=True)
    return min(png, buffer.getvalue(), key=len)


def private_words(notebook, words=()):
    """What outputs must never hold: places and names of this machine, addresses on it, tokens."""
    words = [*words, str(ROOT), str(Path.home()), socket.gethostname()]
    patterns = [re.escape(word) for word in words if len(word) > 4]
    patterns += [
        r"/tmp/[^\s\"\\\\]+",
        r"ya29\.\S+",
        r"practice-token",
        r"Bearer \S+",
    ]
    everything = json.dumps(
        [cell.get("outputs", []) for cell in notebook.cells if cell.cell_type == "code"]
    )
    everything = re.sub(r'"image/png": "[^"]*"', "", everything)
    return {match[0] for pattern in patterns for match in re.finditer(pattern, everything)}


def readme_pictures():
    """Write the pictures that the README shows: `figures/03_stream-2.png` is the second of notebook 03."""
    for path, stem, number in re.findall(
        r"\((figures/(\w+)-(\d+)\.png)\)", (ROOT / "README.md").read_text()
    ):
        pictures = list(figures(read_notebook(ROOT / "notebooks" / f"{stem}.ipynb")))
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_bytes(pictures[int(number) - 1])


def repository():
    """`owner/name` of the address that pyproject.toml gives; badges and setup cells repeat it."""
    return re.search(
        r'^Repository = "https://github.com/([^"/]+/[^"/]+)"',
        (ROOT / "pyproject.toml").read_text(),
        re.M,
    )[1]


def address(arguments):
    """Write another repository's address into pyproject.toml, all badges, setup cells and documents."""
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", arguments.repository):
        raise SystemExit(
            f"make address REPO=owner/name, please. Received: {arguments.repository!r}"
        )
    old, new = repository(), arguments.repository
    for path in [
        *NOTEBOOKS,
        *sorted(ROOT.glob("*.md")),
        ROOT / "pyproject.toml",
    ]:  # the old one is read there
        text = path.read_text()
        changed = re.sub(rf"(github(?:\.com)?/){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)
        if changed != text:
            path.write_text(changed)
            print(f"{path.relative_to(ROOT)}: {old} -> {new}")


def parse_setting(text):
    """`EPOCHS=3` -> ("EPOCHS", 3); what is no Python literal is a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SystemExit(f"--set wants NAME=value. Received: {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run", help=run.__doc__)
    command.add_argument("--folder", help="your own pictures, a folder a class; read only")
    command.add_argument("--out", default=str(ROOT / "out"), help="where results go")
    command.add_argument(
        "--set", action="append", default=[], metavar="NAME=value", help="a notebook's setting"
    )
    command.set_defaults(do=run)
    command = commands.add_parser("store", help=store.__doc__)
    command.add_argument("notebooks", nargs="*", help="all of them if none is named")
    command.set_defaults(do=store)
    command = commands.add_parser("address", help=address.__doc__)
    command.add_argument("repository", metavar="OWNER/NAME")
    command.set_defaults(do=address)
    arguments = parser.parse_args()
    arguments.do(arguments)


if __name__ == "__main__":
    main()
