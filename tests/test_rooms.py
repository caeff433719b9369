"""The house: which room may use which, what each offers, and that it can be taken home."""

import ast
import doctest
import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import colab_helpers

PACKAGE = Path(colab_helpers.__file__).parent

# Which other rooms a room may import. An arrow that is added here is an arrow to defend.
ALLOWED = {
    "drive": set(),
    "stream": set(),
    "practice": set(),
    "atomic": set(),
    "sources": {"drive", "atomic"},
    "inventory": {"drive", "atomic"},
    "dataset": {"drive", "inventory", "stream"},
    "training": {"atomic"},
    "evaluation": {"drive"},
    "plots": {"drive", "inventory", "evaluation"},
    "widgets": {"drive", "training"},
    "kedro_io": {"drive", "stream", "sources", "inventory", "atomic"},
}
CORE = ("drive", "stream")

# Runs in an empty folder that holds one room and nothing else of the project: imports it by its
# own name, as whoever copied it does, then runs the examples of all its files, in which it is
# called colab_helpers.<room>.
ALONE = """
import doctest, importlib, pkgutil, sys, types

room = sys.argv[1]
sys.path.insert(0, ".")
for name in importlib.import_module(room).__all__:
    getattr(importlib.import_module(room), name)

package = types.ModuleType("colab_helpers")
package.__path__ = ["."]
sys.modules["colab_helpers"] = package
examples = 0
for module in pkgutil.walk_packages([room], f"colab_helpers.{room}."):
    results = doctest.testmod(importlib.import_module(module.name))
    assert not results.failed, module.name
    examples += results.attempted
results = doctest.testmod(sys.modules[f"colab_helpers.{room}"])
assert not results.failed and results.attempted, room
print(examples + results.attempted)
"""

WHOLE = """
import colab_helpers, os
assert os.path.dirname(os.path.abspath(colab_helpers.__file__)) == os.path.abspath("colab_helpers")
for name in colab_helpers.__all__:
    getattr(colab_helpers, name)
"""

CHEAP = """
import sys
import colab_helpers
libraries = {"PIL", "googleapiclient", "httplib2", "keras", "matplotlib", "numpy", "pandas"}
print([name for name in sys.modules if name.split(".")[0] in libraries])
"""


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms of this package that a file imports, also where only its types are needed."""
    folder = ("colab_helpers", *path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) + 1 - node.level] if node.level else ()
            module = [*above, *([node.module] if node.module else [])]
            names = [".".join([*module, alias.name]) for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "colab_helpers" and len(parts) > 1:
                yield parts[1]


def modules():
    found = pkgutil.walk_packages(colab_helpers.__path__, "colab_helpers.")
    return ["colab_helpers", *(module.name for module in found)]


def run_alone(program, folder, *arguments):
    """Runs a program in a folder, without this project on its path."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COLAB_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_each_room_has_its_line_in_the_table_of_arrows():
    rooms = {room_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert rooms == set(ALLOWED)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_no_room_but_those_allowed(room):
    files = [path for path in PACKAGE.rglob("*.py") if room_of(path) == room]
    used = {other for path in files for other in imported_rooms(path)} - {room}
    assert used <= ALLOWED[room]


def test_the_arrows_point_down():
    """No room uses itself by way of others."""
    ready = set()
    while len(ready) < len(ALLOWED):
        next_ones = {room for room, below in ALLOWED.items() if below <= ready} - ready
        assert next_ones, f"a circle among {set(ALLOWED) - ready}"
        ready |= next_ones


@pytest.mark.parametrize("room", CORE)
def test_a_core_room_copied_alone_runs_its_examples(room, tmp_path):
    shutil.copytree(PACKAGE / room, tmp_path / room)
    assert int(run_alone(ALONE, tmp_path, room).split()[-1]) > 5


def test_the_whole_folder_copied_beside_a_notebook_works(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "colab_helpers")
    run_alone(WHOLE, tmp_path)


def test_to_import_the_package_costs_nothing(tmp_path):
    """No library is loaded before a name is asked for."""
    shutil.copytree(PACKAGE, tmp_path / "colab_helpers")
    assert run_alone(CHEAP, tmp_path).strip() == "[]"


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_do_what_they_show(name):
    results = doctest.testmod(importlib.import_module(name))
    assert not results.failed


def test_the_package_offers_what_its_rooms_offer():
    """The names that are loaded on demand are the rooms' own lists, each name once."""
    offered = [name for name in colab_helpers.__all__ if name != "__version__"]
    assert len(offered) == len(set(offered))
    rooms = [room for room in ALLOWED if room not in ("atomic", "kedro_io")]
    own = {
        name for room in rooms for name in importlib.import_module(f"colab_helpers.{room}").__all__
    }
    assert set(offered) == own
    for name in offered:
        assert name in dir(colab_helpers)


@pytest.mark.parametrize("name", [name for name in colab_helpers.__all__ if name[0] != "_"])
def test_each_public_name_says_what_it_is_for(name):
    assert getattr(colab_helpers, name).__doc__


@pytest.mark.parametrize(
    "room, old, new",
    [
        ("inventory", "table", "file_table"),
        ("inventory", "resume", "take_inventory"),
        ("inventory", "refresh", "refresh_inventory"),
        ("inventory", "save", "save_inventory"),
        ("inventory", "load", "load_inventory"),
        ("evaluation", "mistakes", "rank_mistakes"),
        ("plots", "samples", "plot_samples"),
        ("plots", "class_balance", "plot_class_balance"),
        ("plots", "learning_curves", "plot_learning_curves"),
        ("plots", "timeline", "plot_timeline"),
        ("plots", "confusion", "plot_confusion"),
        ("practice", "practice_drive", "practice_path"),
    ],
)
def test_an_old_name_works_for_a_release(room, old, new):
    module = importlib.import_module(f"colab_helpers.{room}")
    assert getattr(module, old) is getattr(module, new) is getattr(colab_helpers, old)


def test_a_name_that_there_is_not_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'flow_from_drive'"):
        colab_helpers.flow_from_drive  # noqa: B018
