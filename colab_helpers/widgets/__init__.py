"""Things to handle in a notebook: pick a folder, try augmentations, watch a run.

The first two are made of core ipywidgets, which work in Colab (7.7) and in JupyterLab (8). Each
carries a picture or a text of itself, which is shown where widgets cannot run: in a stored
notebook, on GitHub, on paper. The third is plain HTML that updates itself, so it stays when the
notebook is closed.

Example:
    >>> import numpy as np
    >>> def augmenter(horizontal_flip=False, **others):  # that of colab_helpers has all the words
    ...     return lambda image, rng: image[:, ::-1] if horizontal_flip else image
    >>> explorer = AugmentationExplorer(np.zeros((32, 32, 3), "uint8"), augmenter)
    >>> explorer.controls["horizontal_flip"].value = True  # or by a click
    >>> print(explorer.code)
    augment = augmenter(horizontal_flip=True)

The files, one a widget:

    shown.py                  a widget that can be shown where no widget can be: the base of two
    folder_picker.py          FolderPicker: walk through the folders of a Drive
    augmentation_explorer.py  AugmentationExplorer: sliders, pictures, and the line of code
    run_view.py               live_view: a table that grows while `model.fit` trains
"""

from typing import TYPE_CHECKING, Any

from .augmentation_explorer import AugmentationExplorer
from .folder_picker import FolderPicker

if TYPE_CHECKING:
    from .run_view import live_view

__all__ = ["FolderPicker", "AugmentationExplorer", "live_view"]


def __getattr__(name: str) -> Any:
    # Only `live_view` needs Keras, which takes seconds to import and may not be installed where
    # folders are picked. So it is imported when it is first asked for (PEP 562).
    if name == "live_view":
        from .run_view import live_view

        return live_view
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
