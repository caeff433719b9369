"""What is seen where no widget can be, and what the room costs to import."""

import base64
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("ipywidgets")

import colab_helpers.widgets
from colab_helpers.drive import connect
from colab_helpers.stream import augmenter
from colab_helpers.widgets import AugmentationExplorer, FolderPicker
from colab_helpers.widgets.shown import VIEW

PHOTO = np.zeros((32, 48, 3), np.uint8)


def formatted(widget):
    """What IPython stores of a widget."""
    from IPython.core.formatters import DisplayFormatter

    data, _ = DisplayFormatter().format(widget)
    assert data[VIEW]["model_id"] == widget.model_id
    return data


def test_a_stored_explorer_is_a_picture_and_its_line_of_code():
    """With ipywidgets 7 and 8, a stored notebook and a printed page lose nothing."""
    data = formatted(AugmentationExplorer(PHOTO, augmenter, zoom_range=0.2))
    assert data["text/plain"] == "AugmentationExplorer: augment = augmenter(zoom_range=0.2)"
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_a_stored_picker_says_where_it_is_and_what_is_there(practice):
    """With ipywidgets 7 and 8, a stored notebook and a printed page lose nothing."""
    data = formatted(FolderPicker(connect(practice), "flower"))
    lines = data["text/plain"].splitlines()
    assert lines[0].startswith("FolderPicker at flower: folder_id = ")
    assert lines[1:] == ["0 folders, 12 images in here and below.", "Folders in here: none"]
    assert data["text/html"].startswith("<pre>FolderPicker at flower: folder_id = ")


def test_many_folders_are_named_in_part(tmp_path):
    for number in range(13):
        (tmp_path / f"{number:02}").mkdir()
    text = FolderPicker(connect(tmp_path)).static()["text/plain"]
    assert text.endswith("09, 10, 11, …")


def test_picking_a_folder_needs_no_keras():
    """Keras is imported when `live_view` is asked for, and not before."""
    code = (
        "import sys, colab_helpers.widgets as widgets\n"
        "before = 'keras' in sys.modules\n"
        "widgets.live_view\n"
        "print(before, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_name_that_the_room_does_not_have_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'live_picture'"):
        _ = colab_helpers.widgets.live_picture
