"""Runs the course, stores its outputs, or points it at a fork.

    python notebooks/course.py run [--folder PHOTOS] [--set EPOCHS=3] [--out out]
    python notebooks/course.py store [NOTEBOOK ...]
    python notebooks/course.py address OWNER/NAME

`run` steps through notebooks 01 to 05 against a stand-in Drive, as a reader in Colab would: each
notebook in a new kernel and a new empty folder, so that only what lies on the Drive is handed on.
`store` runs every notebook that way with the settings it has and writes the outputs into it.
What is done with one notebook is in one_notebook.py.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from one_notebook import (
    ROOT,
    NotebookFailed,
    execute,
    figures,
    override,
    private_words,
    read_notebook,
    texts,
    tidy,
    warnings_in,
    write_notebook,
)

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
COURSE = [path for path in NOTEBOOKS if path.stem[:2] <= "05"]
ACCURACY = re.compile(r"test accuracy\D{0,20}(\d+(?:\.\d+)?(?: ?%)?)", re.I)
LONGEST_CELL = 1800  # seconds, of a cell whose output is stored


# --- the Drive --------------------------------------------------------------------------


class Served(NamedTuple):
    """A Drive while it is served.

    Attributes:
        url: Its address.
        photos: What the notebooks' PHOTOS setting has to be to name the pictures.
    """

    url: str
    photos: str


@contextlib.contextmanager
def stand_in_drive(folder: Path, photos: Path | None = None) -> Iterator[Served]:
    """A Drive served from a folder.

    Args:
        folder: What lies on the Drive; what notebooks upload goes here.
        photos: Someone's own pictures, shown beside it and only read. None draws practice pictures.
    """
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from stand_in import FakeDrive

    folder.mkdir(parents=True, exist_ok=True)
    if photos is None:
        draw_practice_pictures(folder)
        mounts = {}
        name = "practice"
    else:
        mounts = {photos.name: photos}
        name = photos.name
    with FakeDrive(folder, mounts=mounts) as drive:
        yield Served(drive.url, name)


def draw_practice_pictures(folder: Path) -> None:
    """Makes the folder "practice" of the Drive that a folder is, and its masks and table."""
    from colab_helpers.practice import practice_path

    # With the variable set, `practice_path` takes what it names for the Drive, and draws nothing.
    os.environ.pop("COLAB_HELPERS_DRIVE", None)
    practice_path(folder, masks=True)


# --- run --------------------------------------------------------------------------------


def run(arguments: argparse.Namespace) -> None:
    """Run the course on practice pictures or your own; notebooks and figures go to --out."""
    photos = photos_in(arguments.folder) if arguments.folder else None
    settings = dict(parse_setting(text) for text in arguments.set)
    out = new_folder(Path(arguments.out).resolve() / (photos.name if photos else "practice"))
    began = time.monotonic()
    if photos:
        print(f"Opening {photos} as a Drive, read-only ...")
    else:
        print("Opening the practice Drive ...")
    with stand_in_drive(out / "drive", photos) as drive:
        notebooks = read_course({"PHOTOS": drive.photos}, settings)
        for number, (name, notebook) in enumerate(notebooks.items(), start=1):
            print(f"\n{name} ({number} of {len(notebooks)})")
            run_one(name, notebook, drive.url, out)
    shutil.rmtree(out / "work", ignore_errors=True)
    print_result(notebooks[COURSE[-1].stem], minutes=(time.monotonic() - began) / 60)
    print(f"Notebooks: {out / 'notebooks'}")
    print(f"Figures:   {out / 'figures'}")
    print(f"On Drive:  {out / 'drive'}")


def photos_in(folder: str) -> Path:
    """The folder of someone's own pictures."""
    photos = Path(folder).expanduser().resolve()
    if not photos.is_dir():
        raise SystemExit(
            f"There is no folder {folder!r}. Name one that holds a folder of pictures a class."
        )
    return photos


def parse_setting(text: str) -> tuple[str, Any]:
    """`EPOCHS=3` -> ("EPOCHS", 3); what is no Python literal is a string."""
    name, equals, value = text.partition("=")
    if not equals:
        raise SystemExit(f"--set wants NAME=value. Received: {text!r}")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def new_folder(out: Path) -> Path:
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


def read_course(own: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, NotebookNode]:
    """Notebooks 01 to 05 by name, with settings of this program and of who runs it."""
    notebooks = {path.stem: read_notebook(path) for path in COURSE}
    known: set[str] = set()
    for notebook in notebooks.values():
        known |= override(notebook, {**own, **settings})
    unknown = set(settings) - known
    if unknown:
        raise SystemExit(f"No notebook has the setting {', '.join(sorted(unknown))}.")
    return notebooks


def run_one(name: str, notebook: NotebookNode, drive_url: str, out: Path) -> None:
    """Runs a notebook and writes it and its figures, as far as it went, below `out`."""
    path = out / "notebooks" / f"{name}.ipynb"
    try:
        execute(notebook, name, drive_url, out / "work" / name)
    except NotebookFailed as error:
        raise SystemExit(f"\n{error}\n\nAs far as it went: {path}") from None
    finally:
        for warning in warnings_in(notebook):
            print(f"  {warning}")
        write_notebook(notebook, path)
        for number, png in enumerate(figures(notebook), start=1):
            (out / "figures" / f"{name}-{number}.png").write_bytes(png)


def print_result(notebook: NotebookNode, minutes: float) -> None:
    """Prints the report and the test accuracy that the last notebook printed."""
    printed: list[str] = []
    for cell in notebook.cells:
        printed.extend(texts(cell.get("outputs", ())))
    for text in printed:
        if "precision" in text:
            print(f"\n{text}")
            break
    print(f"\nTest accuracy: {accuracy_in(printed)}   ({minutes:.1f} minutes)")


def accuracy_in(printed: Iterable[str]) -> str:
    """The first test accuracy in what a notebook printed, as it stands there."""
    for text in printed:
        found = ACCURACY.search(text)
        if found:
            return found[1]
    return "not printed"


# --- store ------------------------------------------------------------------------------


def store(arguments: argparse.Namespace) -> None:
    """Run the notebooks with the settings they have, and write their outputs into them."""
    chosen = [Path(path).resolve() for path in arguments.notebooks] or NOTEBOOKS
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with stand_in_drive(folder / "drive") as drive:
            for path in NOTEBOOKS:  # those before a chosen one leave it what they hand on
                if path > max(chosen):
                    break
                notebook = run_to_store(path, drive.url, folder / "work")
                if path in chosen:
                    write_outputs(notebook, path, folder)
    write_readme_pictures()


def run_to_store(path: Path, drive_url: str, folder: Path) -> NotebookNode:
    """A notebook with the outputs of a new run."""
    print(f"\n{path.stem}")
    notebook = read_notebook(path)
    try:
        execute(notebook, path.stem, drive_url, folder, timeout=LONGEST_CELL)
    except NotebookFailed as error:
        raise SystemExit(f"\n{error}\n\nNothing was stored for it.") from None
    return notebook


def write_outputs(notebook: NotebookNode, path: Path, folder: Path) -> None:
    """Writes a run notebook in its place, unless its outputs name this machine."""
    tidy(notebook)
    found = private_words(notebook, [str(folder), os.path.realpath(folder)])
    if found:
        names = ", ".join(sorted(found))
        raise SystemExit(f"{path.name} was not stored: its outputs name {names}.")
    write_notebook(notebook, path)
    print(f"  stored, {path.stat().st_size / 1000:.0f} kB")


def write_readme_pictures() -> None:
    """Writes the pictures that the README shows.

    `figures/03_stream-2.png` is the second picture of notebook 03.
    """
    readme = (ROOT / "README.md").read_text()
    for path, name, number in re.findall(r"\((figures/(\w+)-(\d+)\.png)\)", readme):
        pictures = list(figures(read_notebook(ROOT / "notebooks" / f"{name}.ipynb")))
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_bytes(pictures[int(number) - 1])


# --- address ----------------------------------------------------------------------------


def repository() -> str:
    """`owner/name` of the address in pyproject.toml; badges and setup cells repeat it."""
    metadata = (ROOT / "pyproject.toml").read_text()
    line = re.search(r'^Repository = "https://github.com/([^"/]+/[^"/]+)"', metadata, re.M)
    if line is None:
        raise SystemExit("pyproject.toml has no line `Repository = ...` with a GitHub address.")
    return line[1]


def address(arguments: argparse.Namespace) -> None:
    """Write another repository's address into all badges, setup cells and documents."""
    new = arguments.repository
    if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", new):
        raise SystemExit(f"make address REPO=owner/name, please. Received: {new!r}")
    old = repository()
    metadata = ROOT / "pyproject.toml"  # the last one: the old address is read there
    for path in [*NOTEBOOKS, *sorted(ROOT.glob("*.md")), metadata]:
        text = path.read_text()
        changed = re.sub(rf"(github(?:\.com)?/){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)
        if changed != text:
            path.write_text(changed)
            print(f"{path.relative_to(ROOT)}: {old} -> {new}")


# --- the command line -------------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """What was asked for on the command line; `do` is the function that does it."""
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
    return parser.parse_args()


def main() -> None:
    """Does what was asked for."""
    arguments = parse_arguments()
    arguments.do(arguments)


if __name__ == "__main__":
    main()
