"""Writes the API reference from the docstrings: `python docs/build.py out/docs`.

A page a room, in reading order: what a room offers stands on its page as its `__all__` orders it,
and the files inside of a room have no page of their own.
"""

import importlib
import sys
import types
import typing
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = (
    *("dataset", "drive", "stream", "inventory", "training", "evaluation", "plots", "widgets"),
    *("sources", "practice", "kedro_io", "atomic"),
)


def main(folder: str) -> None:
    """Writes the pages; a docstring that pdoc does not understand is an error."""
    import pdoc

    sys.path.insert(0, str(ROOT))
    package = importlib.import_module("colab_helpers")
    for room in ROOMS:
        load_all_names(importlib.import_module(f"colab_helpers.{room}"))
    warnings.simplefilter("error")  # not before: what is imported warns of its own matters
    package.__all__ = list(ROOMS)  # the map of rooms, and no name twice
    pdoc.render.configure(docformat="google", footer_text=f"colab_helpers {package.__version__}")
    modules = ["colab_helpers", r"!colab_helpers\.\w+\."]
    pdoc.pdoc(*modules, output_directory=Path(folder))
    print(f"Open {Path(folder) / 'index.html'}")


def load_all_names(module: types.ModuleType) -> None:
    """Loads what a room loads only when it is asked for: pdoc looks at what is there."""
    for name in module.__all__:
        offered = getattr(module, name)
        setattr(module, name, offered)
        if hasattr(offered, "_fields"):  # a named tuple, whose types pdoc looks for elsewhere
            offered.__new__.__annotations__ = typing.get_type_hints(offered)


if __name__ == "__main__":
    main(sys.argv[1])
