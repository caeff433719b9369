"""What tables and messages promise of names from outside: shown, not obeyed, never a formula."""

import csv
import io

import pytest
from listings import make_file

from colab_helpers.inventory import (
    File,
    describe,
    duplicates,
    file_table,
    load_inventory,
    read_labels,
    save_inventory,
    split,
)

ODD_NAMES = {
    "an escape sequence": "\x1b[31mred\x1b[0m",
    "a new line": "first\nsecond",
    "a carriage return": "first\rsecond",
    "a turned direction": "\u202egpj.exe",
    "not UTF-8": "caf\udce9",
    "a bell": "\x07",
    "a C1 control": "\x9b31m",
}
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("x")']


def odd_file(name):
    return File(f"id {name}", f"{name}.jpg", name, f"{name}/{name}.jpg", 5000, "ab", "1")


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_name_is_shown_and_not_obeyed(name):
    """In each table, as text and as HTML, and in UTF-8."""
    files = [odd_file(name), make_file("1.jpg", md5="ab")]
    for table in (file_table(files), describe(files), duplicates(files)):
        for text in (table.to_string(), table.to_html(), table.to_csv(), repr(table)):
            text.encode("utf-8")
            assert all(character.isprintable() or character in "\n\r" for character in text)
            assert name not in text


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_message_shows_it_too(name):
    files = [*(odd_file(name) for _ in range(1)), *(make_file(f"{n}.jpg") for n in range(20))]
    with pytest.warns(UserWarning, match="has no picture of") as caught:
        split(files, (0.5, 0.5), seed=0)
    for warning in caught:
        assert str(warning.message).isprintable()
    with pytest.raises(ValueError, match="no label to any") as error:
        read_labels(io.StringIO("name,label\nnone,cat\n"), [odd_file(name)])
    assert str(error.value).isprintable()


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_csv_that_a_spreadsheet_opens_holds_no_formula(formula):
    """Neither in the names, nor in the paths, the ids, the classes."""
    file = File(
        id=f"{formula} id",
        name=f"1.{formula}",
        label=formula,
        path=f"{formula}/1.jpg",
        size=5000,
        md5=formula,
        version=formula,
    )
    for table in (file_table([file]), describe([file])):
        for row in csv.reader(io.StringIO(table.to_csv())):
            for cell in row:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_class_that_is_a_negative_number_stays_one():
    """To a spreadsheet it is a number, and does nothing."""
    files = [make_file("1.jpg", "-1"), make_file("2.jpg", "+1")]
    assert describe(files).index.tolist() == ["+1", "-1", "All"]


@pytest.mark.parametrize("name", [*FORMULAS[:4], *ODD_NAMES.values()])
@pytest.mark.parametrize("column", ["id", "path", "name"])
def test_a_table_that_was_saved_as_csv_is_read_back_to_its_files(name, column, tmp_path):
    """A person labels the pictures in a spreadsheet: each row finds its file again."""
    files = [odd_file(name), make_file("1.jpg")]
    rows = file_table(files)[[column]].assign(label=["=odd", "plain"])
    rows.to_csv(tmp_path / "labels.csv", index=False)
    labels = read_labels(tmp_path / "labels.csv", files)
    assert labels == {files[0].id: "=odd", files[1].id: "plain"}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_a_saved_listing_keeps_the_name_as_it_came_and_is_utf_8(name, tmp_path):
    path = tmp_path / "inventory.jsonl"
    save_inventory([odd_file(name)], path)
    path.read_text(encoding="utf-8")
    [loaded] = load_inventory(path)
    assert (loaded.id, loaded.name, loaded.label) == (f"id {name}", f"{name}.jpg", name)


def test_a_listing_that_holds_raw_surrogates_as_before_0_3_is_read(tmp_path):
    line = (
        b'{"id": "1", "name": "caf\xed\xb3\xa9.jpg", "label": "c", "path": "c/1.jpg", "size": 9, '
        b'"md5": null, "version": "1", "block": null}\n'
    )
    path = tmp_path / "inventory.jsonl"
    path.write_bytes(line + b'{"folder": "c", "complete": true, "position": null}\n')
    assert load_inventory(path)[0].name == "caf\udce9.jpg"
