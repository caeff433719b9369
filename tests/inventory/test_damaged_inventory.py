"""What a saved listing promises of lines that are no files: a clear error, and nothing else."""

import json
import os

import pytest
from listings import PagedSource, make_file

from colab_helpers.inventory import (
    load_inventory,
    refresh_inventory,
    save_inventory,
    take_inventory,
)

FIELDS = {
    "id": "1a",
    "name": "1.jpg",
    "label": "rose",
    "path": "rose/1.jpg",
    "size": 9,
    "md5": "ab",
    "version": "7",
    "block": None,
}
PROGRESS = {"folder": "photos", "complete": True, "position": None}


def with_field(name, value):
    return json.dumps({**FIELDS, name: value})


NO_LINES = {
    "garbage": "garbage",
    "no UTF-8": "\xff\xfe\x00",
    "a number": "5",
    "null": "null",
    "a list": "[]",
    "nothing known": "{}",
    "an id alone": '{"id": "1"}',
    "a number as a name": with_field("name", 5),
    "no name": with_field("name", None),
    "a list as an id": with_field("id", ["1a"]),
    "a dict as an id": with_field("id", {"a": 1}),
    "a flag as an id": with_field("id", True),
    "a list as a label": with_field("label", ["rose"]),
    "a list as a path": with_field("path", ["rose"]),
    "a text as a size": with_field("size", "9"),
    "a size below nothing": with_field("size", -1),
    "a size with a fraction": with_field("size", 9.5),
    "a size that is infinite": with_field("size", float("inf")),
    "a size that is not a number": with_field("size", float("nan")),
    "a size that no disk holds": with_field("size", 2**60),
    "a size of 30 digits": with_field("size", 10**30),
    "a size of 5,000 digits": with_field("size", 9).replace("9,", f"{'9' * 5000},"),
    "a flag as a size": with_field("size", True),
    "a number as an md5": with_field("md5", 5),
    "a list as a version": with_field("version", [7]),
    "lists 200,000 deep": "[" * 200_000 + "]" * 200_000,
    "dicts 200,000 deep": '{"id":' * 200_000 + "1" + "}" * 200_000,
    "an id 200,000 deep": f'{{"id": {"[" * 200_000}{"]" * 200_000}}}',
    "a number as a folder": json.dumps({**PROGRESS, "folder": 5}),
    "a word for complete": json.dumps({**PROGRESS, "complete": "yes"}),
    "a list as a position": json.dumps({**PROGRESS, "position": []}),
    "half a line": with_field("id", "1a")[:40],
}


@pytest.fixture
def write(tmp_path):
    """Writes a listing of three lines, the second of them given."""

    def write_lines(line):
        path = tmp_path / "inventory.jsonl"
        lines = [json.dumps(FIELDS), line, json.dumps(PROGRESS)]
        path.write_bytes("".join(f"{text}\n" for text in lines).encode("latin-1"))
        return path

    return write_lines


@pytest.mark.parametrize("line", NO_LINES.values(), ids=NO_LINES)
def test_a_line_that_is_no_file_is_an_error_that_names_it(write, line):
    """However it is loaded; and the file stays as it is."""
    path = write(line)
    before = path.read_bytes()
    message = "Line 2 of .* is not a row of a listing: the file is damaged"
    for use in (
        lambda: load_inventory(path),
        lambda: refresh_inventory(PagedSource([]), path),
        lambda: take_inventory(PagedSource([]), "photos", path),
    ):
        with pytest.raises(ValueError, match=message):
            use()
    assert path.read_bytes() == before


def test_only_the_fields_of_a_file_are_taken_from_a_line(write):
    """What else stands there is no argument of anything."""
    line = json.dumps({**FIELDS, "id": "2b", "type": "os.system", "__class__": "x", "checked": [1]})
    loaded = load_inventory(write(line))
    assert [file.id for file in loaded] == ["1a", "2b"]


def test_a_last_line_that_was_cut_short_is_left_out(write):
    path = write(with_field("id", "2b"))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match="interrupted after 2 files"):
        load_inventory(path)


@pytest.mark.parametrize("field, value", [("size", "9"), ("name", None), ("id", ["1"]), ("md5", 5)])
def test_what_could_not_be_loaded_again_is_not_saved(tmp_path, field, value):
    """A source of one's own learns at once what a file must be; the list of before stays."""

    class Own:
        pass

    file = Own()
    for name, given in {**FIELDS, field: value}.items():
        setattr(file, name, given)
    path = tmp_path / "inventory.jsonl"
    save_inventory([make_file("1.jpg")], path)
    with pytest.raises(ValueError, match=f"its `{field}` is of the type"):
        save_inventory([file], path)
    assert load_inventory(path) == [make_file("1.jpg")]


@pytest.mark.parametrize(
    "path", ["gs://bucket/list.jsonl", "s3://b/l.jsonl", "https://host/l.jsonl"]
)
def test_an_address_is_no_path(tmp_path, monkeypatch, path):
    """It would become a folder of its name on this machine."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="must be a file on this machine"):
        save_inventory([make_file("1.jpg")], path)
    with pytest.raises(ValueError, match="must be a file on this machine"):
        take_inventory(PagedSource([make_file("1.jpg")]), "photos", path)
    assert os.listdir(tmp_path) == []
