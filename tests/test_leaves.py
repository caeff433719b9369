"""Each file of colab_helpers can be copied alone: that is how people take it home."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "colab_helpers"
LEAVES = sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
LINES = 430  # more than this nobody reads in one sitting
LONGER = {
    "archives": 440,
    "drive": 1050,
    "inventory": 490,
    "sequence": 576,
    "training": 445,
}  # not short yet: shrink them

# What each leaf offers. A name added here is a name to keep.
PUBLIC = {
    "archives": {"ArchiveError", "open_archive", "pack"},
    "cache": {"PixelCache", "cached"},
    "csv_images": {"CsvError", "open_csv"},
    "drive": {"connect", "Drive", "LocalFolder", "File", "Listing"}
    | {"DriveError", "SignInError", "NotFoundError", "QuotaError", "TransientError"},
    "evaluation": {"class_indices", "confusion_counts", "mistakes", "predict_once", "report"},
    "images": {"ImageError", "augmenter", "decoder"},
    "inventory": {"File", "describe", "duplicates", "load", "read_labels", "refresh", "resume"}
    | {"sample", "save", "split", "table"},
    "kedro_io": {"ListingDataset", "SequenceDataset"},
    "plots": {
        "augmentations",
        "class_balance",
        "confusion",
        "learning_curves",
        "mistakes",
        "samples",
        "sizes",
    }
    | {"timeline"},
    "practice": {"draw_picture", "make_practice_folder", "practice_drive"},
    "sequence": {"StreamingSequence"},
    "training": {"InputMeter", "ResumeTraining"},
    "widgets": {"AugmentationExplorer", "FolderPicker", "live_view"},
}

# Runs in an empty folder that holds one leaf and nothing else of the project: imports it by its own name, as one
# does who copied it, then runs its example, in which it is called colab_helpers.<leaf>.
ALONE = """
import doctest, importlib, sys, types

leaf = sys.argv[1]
sys.path.insert(0, ".")
importlib.import_module(leaf)

package = types.ModuleType("colab_helpers")
package.__path__ = ["."]
sys.modules["colab_helpers"] = package
module = importlib.import_module(f"colab_helpers.{leaf}")
example = doctest.DocTestParser().get_doctest(module.__doc__, {}, f"{leaf}'s example", f"{leaf}.py", 0)
assert example.examples, f"the docstring of {leaf}.py shows no example that runs"
results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example)
sys.exit(bool(results.failed))
"""


def each_leaf(test):
    return pytest.mark.parametrize("leaf", LEAVES, ids=lambda path: path.stem)(test)


def imported_modules(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def public_names(tree):
    """What `__all__` lists; where there is none, every function and class without an underscore."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return set(ast.literal_eval(node.value))
    return {name for name in names if not name.startswith("_")}


@each_leaf
def test_a_leaf_imports_no_other(leaf):
    """No file of the package needs a second one."""
    names = set(imported_modules(ast.parse(leaf.read_text())))
    others = {path.stem for path in LEAVES}
    assert not [name for name in names if name.startswith((".", "colab_helpers")) or name in others]


@each_leaf
def test_a_leaf_copied_alone_runs_its_example(leaf, tmp_path):
    """Copied into an empty folder, the file imports, and the example in its docstring does what it shows."""
    (tmp_path / leaf.name).write_bytes(leaf.read_bytes())
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "COLAB_"))
    }
    answer = subprocess.run(
        [sys.executable, "-c", ALONE, leaf.stem],
        cwd=tmp_path,
        env={
            **environment,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLBACKEND": "Agg",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode == 0, f"{answer.stdout[-3000:]}\n{answer.stderr[-3000:]}"


@each_leaf
def test_a_leaf_offers_what_is_written_here(leaf):
    """Public names do not come and go unnoticed."""
    assert public_names(ast.parse(leaf.read_text())) == PUBLIC[leaf.stem]


@each_leaf
def test_a_leaf_reads_in_one_sitting(leaf):
    """No file grows until nobody reads it."""
    lines = leaf.read_text().count("\n")
    assert lines <= LONGER.get(leaf.stem, LINES)


def test_the_package_imports_nothing():
    """`import colab_helpers` costs nothing and needs nothing; its docstring says what each file is for."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    assert not list(imported_modules(tree))
    for leaf in LEAVES:
        assert leaf.stem in ast.get_docstring(tree), (
            f"colab_helpers/__init__.py does not say what {leaf.name} is for"
        )
