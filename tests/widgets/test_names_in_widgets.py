"""What the folder picker promises of names from outside: shown as they are, whatever is in them."""

import json

import pytest

pytest.importorskip("ipywidgets")

from colab_helpers.widgets import FolderPicker

NAMES = {
    "a tag": "<img src=x onerror=alert(1)>",
    "an escape sequence": "\x1b[31mred",
    "a new line": "first\nsecond",
    "not UTF-8": "caf\udce9",
    "a turned direction": "\u202egpj.exe",
}


class FewFolders:
    """A drive with one folder at its top, and one folder in that."""

    def __init__(self, name, error=None):
        self.name = name
        self.error = error

    def list_folders(self, folder):
        if self.error and folder != ".":
            raise self.error
        return [("inner" if folder == "outer" else "outer", self.name)]

    def list_images(self, folder):
        return []


def shown_by(picker):
    """All that a page or a notebook gets of it."""
    return [
        picker.trail_line.value,
        picker.status_line.value,
        *picker.controls["folders"].options,
        *picker.static().values(),
        repr(picker),
    ]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_folder_with_any_name_is_shown_opened_and_picked(name):
    """What a page is told is JSON in UTF-8, and no tag; what is picked is the ID and the path."""
    picker = FolderPicker(FewFolders(name))
    picker.controls["open"].click()
    assert (picker.folder_id, picker.path) == ("outer", name)
    for text in shown_by(picker):
        json.dumps(text, ensure_ascii=False).encode("utf-8")
        assert all(character.isprintable() or character == "\n" for character in text)
        assert "\x1b" not in text
    assert "<img" not in picker.trail_line.value
    assert "<img" not in picker.static()["text/html"]


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_error_with_any_name_in_it_is_shown(name):
    picker = FolderPicker(FewFolders("folder", error=OSError(f"no access to {name}")))
    picker.controls["open"].click()
    text = picker.status_line.value
    json.dumps(text, ensure_ascii=False).encode("utf-8")
    assert text.isprintable()
    assert "no access to" in text
    assert "<img" not in text


@pytest.mark.parametrize("typed", ["caf\u00e9", "cafe\u0301"])
@pytest.mark.parametrize("name", ["caf\u00e9", "cafe\u0301"])
def test_a_folder_is_found_whichever_way_its_accents_are_written(typed, name):
    """By a filter that is typed, and by the path to begin with."""
    picker = FolderPicker(FewFolders(name))
    picker.controls["filter"].value = typed
    assert list(picker.controls["folders"].options) == [name]
    assert FolderPicker(FewFolders(name), typed).folder_id == "outer"
