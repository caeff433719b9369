"""What a saved listing promises: it is paid for once, survives any kill, and is kept up to date."""

import json
import os

import pytest
from listings import PagedSource, attributes, make_file, make_files

from colab_helpers.drive import connect
from colab_helpers.inventory import (
    load_inventory,
    refresh_inventory,
    save_inventory,
    take_inventory,
)


@pytest.fixture
def path(tmp_path):
    """Where a test keeps its inventory."""
    return tmp_path / "inventory.jsonl"


def take_until_killed(source, path, rows_per_position=1000):
    """Lists into a file until the source dies, as a killed runtime does."""
    with pytest.raises(KeyboardInterrupt):
        take_inventory(source, "photos", path, rows_per_position=rows_per_position)


class SourceWithoutPosition:
    """Lists files, and cannot tell where it is."""

    def __init__(self, files, dies_after=None):
        self.pages = PagedSource(files, dies_after=dies_after)

    def list_images(self, folder, *, position=None):
        return ListingWithoutPosition(self.pages.list_images(folder))


class ListingWithoutPosition:
    position = None

    def __init__(self, files):
        self.files = files

    def __iter__(self):
        return self.files


# Saving and loading


def test_a_list_with_a_file_twice_is_not_saved(path):
    """Loaded, one of the two would be left."""
    files = make_files(3)
    with pytest.raises(
        ValueError, match="more than once: .*save the listing, and repeat files when"
    ):
        save_inventory([*files, files[1]], path)
    assert not path.exists()


def test_a_saved_listing_comes_back_as_it_was(tmp_path):
    """Every attribute, whatever is in a name; missing folders on the way are made."""
    names = ("a'b\"c.jpg", "new\nline.jpg", "日本語 \u2028.jpg", "lone \udcff.jpg")
    files = [make_file(name) for name in names]
    files.append(make_file("1.jpg", block="shard_1", md5="ab"))
    files.append(make_file("2.jpg", size=0))
    files.append(make_file("document.jpg", size=None))
    path = tmp_path / "below" / "inventory.jsonl"
    save_inventory(files, path)
    assert attributes(load_inventory(path)) == attributes(files)


def test_a_saved_listing_is_text_that_a_person_can_open(path):
    """A line of JSON a file, names in plain letters."""
    save_inventory([make_file("Möwe.jpg")], path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert '"name": "Möwe.jpg"' in lines[0]


WRITTEN_BY_0_1 = """\
{"id": "1a", "name": "é.jpg", "label": "rose", "path": "rose/é.jpg", "size": 9, "md5": "ab", \
"version": "7", "block": null}
{"folder": "photos", "complete": true, "position": {"page": 0, "change_token": 0}}
"""


def test_the_format_of_the_file_stays_as_it_is(path):
    """A listing that version 0.1 saved is loaded, refreshed, and written again byte for byte."""
    path.write_text(WRITTEN_BY_0_1, encoding="utf-8")
    [file] = load_inventory(path)
    assert (file.id, file.name, file.label, file.path) == ("1a", "é.jpg", "rose", "rose/é.jpg")
    assert (file.size, file.md5, file.version, file.block) == (9, "ab", "7", None)
    assert take_inventory(PagedSource([]), "photos", path) == [file]
    assert refresh_inventory(PagedSource([]), path) == [file]
    assert path.read_text(encoding="utf-8") == WRITTEN_BY_0_1


def test_what_an_interrupted_listing_wrote_in_0_1_is_gone_on_with(path):
    """A position in the middle of the file, and a last line that a kill cut short."""
    file = make_file("1.jpg")
    progress = {"folder": "photos", "complete": False, "position": {"page": 0, "change_token": 0}}
    fields = json.dumps(attributes([file])[0])
    path.write_text(f"{json.dumps(progress)}\n{fields}\n{fields[:50]}")
    later = [file, make_file("2.jpg")]
    assert take_inventory(PagedSource(later), "photos", path) == later


def test_saving_replaces_the_file_whole_or_not_at_all(path):
    """A listing that fails on the way leaves the saved one, and no other file."""
    save_inventory(make_files(3), path)
    dying = PagedSource(make_files(30), dies_after=15)
    with pytest.raises(KeyboardInterrupt):
        save_inventory(dying.list_images("photos"), path)
    assert load_inventory(path) == make_files(3)
    assert os.listdir(path.parent) == [path.name]


def test_a_hundred_thousand_files_are_saved_and_loaded(path):
    """A large listing comes back as a small one does."""
    files = make_files(100_000, classes=100)
    save_inventory(files, path)
    assert load_inventory(path) == files


def test_a_file_that_is_not_there_is_not_found(path):
    """As with any file."""
    with pytest.raises(FileNotFoundError):
        load_inventory(path)


@pytest.mark.parametrize("text", ["id,label\n1,cat\n", '["1"]\n', '"id"\n', '{"id": "1"}\n', "5\n"])
def test_a_file_that_holds_something_else_is_refused(path, text):
    """The message names the line."""
    path.write_text(text)
    with pytest.raises(ValueError, match="Line 1 of .* is not a row of a listing"):
        load_inventory(path)


# Taking an inventory


@pytest.mark.parametrize("dies_after", [0, 1, 9, 10, 2500, 2999])
def test_a_killed_listing_goes_on_from_its_last_page(path, dies_after):
    """What was listed is kept, pages before are not asked again, nothing is there twice."""
    files = make_files(3000)
    dying = PagedSource(files, page_size=100, dies_after=dies_after)
    take_until_killed(dying, path, rows_per_position=100)
    source = PagedSource(files, page_size=100)
    assert take_inventory(source, "photos", path) == files
    assert source.pages_asked[0] == max(0, dies_after - 1) // 100 * 100
    assert load_inventory(path) == files


def test_any_cut_of_the_file_is_survived(path):
    """A kill can cut the file at any byte: the listing still ends whole, each file once."""
    files = make_files(40)
    take_until_killed(PagedSource(files, dies_after=35), path, rows_per_position=10)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 61):
        path.write_bytes(whole[:cut])
        assert take_inventory(PagedSource(files), "photos", path) == files


def test_a_finished_listing_asks_for_nothing(path):
    """A listing is paid for once."""
    files = make_files(30)
    take_inventory(PagedSource(files), "photos", path)
    source = PagedSource([])
    assert take_inventory(source, "photos", path) == files
    assert source.pages_asked == []


def test_a_source_that_cannot_go_on_starts_over(path):
    """What it listed before the kill may be gone since, and is not kept."""

    take_until_killed(SourceWithoutPosition(make_files(30), dies_after=15), path)
    later = make_files(30)[5:]
    assert take_inventory(SourceWithoutPosition(later), "photos", path) == later
    assert load_inventory(path) == later


def test_what_changed_during_an_interrupted_listing_is_caught_up(path):
    """A file deleted, and one replaced, after its page was listed."""
    files = make_files(40)
    source = PagedSource(files, dies_after=25)
    take_until_killed(source, path, rows_per_position=10)
    replaced = make_file("1.jpg", "class_1", version="2")
    source.dies_after = None
    source.changes = [("removed", files[0]), ("changed", replaced)]
    assert take_inventory(source, "photos", path) == [replaced, *files[2:]]


def test_an_empty_folder_leaves_no_file(path):
    """No images is an error that names the folder, and nothing is saved."""
    with pytest.raises(ValueError, match="list in the folder 'empty': 0 images"):
        take_inventory(PagedSource([]), "empty", path)
    assert not path.exists()


def test_a_listing_killed_before_its_first_file_leaves_no_file(path):
    take_until_killed(PagedSource(make_files(30), dies_after=0), path)
    assert not path.exists()


def test_the_listing_of_another_folder_is_not_gone_on_with(path):
    """Neither an interrupted one nor a whole one."""
    take_until_killed(PagedSource(make_files(30), dies_after=25), path)
    with pytest.raises(ValueError, match="of the folder 'photos', not of 'others'"):
        take_inventory(PagedSource([]), "others", path)
    save_inventory(make_files(3), path, folder="photos")
    with pytest.raises(ValueError, match="of the folder 'photos', not of 'others'"):
        take_inventory(PagedSource([]), "others", path)


def test_a_position_after_no_rows_is_refused(path):
    """A mistyped number is an error that names the argument."""
    with pytest.raises(ValueError, match="Received: rows_per_position=0"):
        take_inventory(PagedSource(make_files(3)), "photos", path, rows_per_position=0)


# Keeping it up to date


def test_a_refresh_asks_only_for_what_changed(path):
    """Added, replaced and removed files; then nothing, when nothing changed."""
    files = make_files(20)
    source = PagedSource(files)
    take_inventory(source, "photos", path)
    source.pages_asked.clear()
    new = make_file("new.jpg")
    replaced = make_file("3.jpg", "class_3", version="2")
    source.changes += [("changed", new), ("changed", replaced), ("removed", files[0])]
    expected = [*files[1:3], replaced, *files[4:], new]
    assert refresh_inventory(source, path) == expected
    assert load_inventory(path) == expected
    source.changes += [("removed", new)]
    assert refresh_inventory(source, path) == expected[:-1]
    assert refresh_inventory(source, path) == expected[:-1]
    assert source.pages_asked == []


def test_a_refresh_lists_again_where_changes_cannot_be_told(path):
    """A folder was moved: all is listed anew, in one go."""
    source = PagedSource(make_files(20))
    take_inventory(source, "photos", path)
    source.files = make_files(25)
    source.full_listing_needed = True
    assert refresh_inventory(source, path) == make_files(25)


def test_a_fresh_listing_that_was_saved_can_be_refreshed(path):
    """`save_inventory` keeps the position that a listing tells."""
    files = make_files(20)
    source = PagedSource(files)
    save_inventory(source.list_images("photos"), path, folder="photos")
    source.changes += [("removed", files[0])]
    assert refresh_inventory(source, path) == files[1:]


def test_an_interrupted_listing_is_neither_loaded_nor_refreshed(path):
    """The message says how far it got and how to finish it."""
    take_until_killed(PagedSource(make_files(30), dies_after=25), path)
    message = "interrupted after 25 files. Finish it: take_inventory"
    with pytest.raises(ValueError, match=message):
        load_inventory(path)
    with pytest.raises(ValueError, match=message):
        refresh_inventory(PagedSource([]), path)


def test_a_listing_of_an_unknown_folder_cannot_be_refreshed(path):
    """A plain list was saved: there is nothing to ask, and the message says what to call."""
    save_inventory(make_files(3), path)
    with pytest.raises(ValueError, match=r"does not tell which folder.*call take_inventory\("):
        refresh_inventory(PagedSource([]), path)


# Which folder is the class


@pytest.fixture
def pets(tmp_path):
    """A folder of cats and dogs, some of them in folders of their year."""
    root = tmp_path / "root"
    for name in ("cat/1.jpg", "cat/2024/2.jpg", "dog/1.jpg", "dog/2024/2.jpg"):
        (root / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "pets" / name).write_bytes(b"as good as a picture")
    return root


@pytest.fixture(params=["Drive", "LocalFolder"])
def pets_drive(request, pets, drive_server):
    """The same folder, once as a Drive and once as it is."""
    if request.param == "LocalFolder":
        return connect(pets)
    return connect(endpoint=drive_server(pets).url)


def labels(files):
    return sorted(file.label for file in files)


def test_the_first_folder_may_be_the_class_and_a_refresh_keeps_it(pets_drive, pets, path):
    """Also where only a full listing can tell what changed."""
    by_first = ["cat", "cat", "dog", "dog"]
    assert labels(take_inventory(pets_drive, "pets", path, label="first")) == by_first
    assert labels(take_inventory(pets_drive, "pets", path, label="first")) == by_first
    (pets / "pets/dog/2024/3.jpg").write_bytes(b"as good as a picture")
    assert labels(refresh_inventory(pets_drive, path)) == [*by_first, "dog"]
    (pets / "pets/emu/2024").mkdir(parents=True)
    (pets / "pets/emu/2024/1.jpg").write_bytes(b"as good as a picture")
    assert labels(refresh_inventory(pets_drive, path)) == [*by_first, "dog", "emu"]
    assert labels(refresh_inventory(pets_drive, path)) == [*by_first, "dog", "emu"]


def test_a_listing_that_was_saved_tells_which_folder_is_the_class(pets_drive, pets, path):
    save_inventory(pets_drive.list_images("pets", label="first"), path, folder="pets")
    (pets / "pets/emu/2024").mkdir(parents=True)
    (pets / "pets/emu/2024/1.jpg").write_bytes(b"as good as a picture")
    assert labels(refresh_inventory(pets_drive, path)) == ["cat", "cat", "dog", "dog", "emu"]


@pytest.mark.filterwarnings("ignore:.*class:UserWarning")
def test_a_listing_by_another_label_is_not_gone_on_with(pets, path):
    drive = connect(pets)
    take_inventory(drive, "pets", path)
    with pytest.raises(ValueError, match="label='parent'.*Received: label='first'"):
        take_inventory(drive, "pets", path, label="first")
    path.unlink()
    take_inventory(drive, "pets", path, label="first")
    with pytest.raises(ValueError, match="label='first'.*Received: label='parent'"):
        take_inventory(drive, "pets", path)


def test_another_word_for_the_label_is_refused_before_anything_is_listed(path):
    with pytest.raises(ValueError, match="Received: label='second'"):
        take_inventory(PagedSource(make_files(3)), "photos", path, label="second")


@pytest.mark.parametrize("label", ['"second"', "5", "[]", "{}"])
def test_a_file_that_tells_another_label_is_damaged(path, label):
    path.write_text(f'{{"folder": "pets", "complete": true, "position": null, "label": {label}}}\n')
    with pytest.raises(ValueError, match="Line 1 of .* is not a row of a listing"):
        load_inventory(path)


@pytest.mark.parametrize("rows", [0, None, 1.5, "9", True])
def test_rows_per_position_is_a_whole_number(tmp_path, rows):
    with pytest.raises(ValueError, match="`rows_per_position` must be an integer of at least 1"):
        take_inventory(connect(tmp_path), ".", tmp_path / "list.jsonl", rows_per_position=rows)


@pytest.mark.parametrize("drive", [None, "flowers"])
def test_what_is_no_drive_is_refused(tmp_path, drive):
    words = r"`drive` must be what `connect` returned; a folder .* `connect\(folder\)`\. Received:"
    with pytest.raises(ValueError, match=words):
        take_inventory(drive, "flowers", tmp_path / "list.jsonl")
    with pytest.raises(ValueError, match=words):
        refresh_inventory(drive, tmp_path / "list.jsonl")


@pytest.mark.parametrize("files", [None, "flowers"])
def test_what_are_no_files_is_not_saved(tmp_path, files):
    with pytest.raises(ValueError, match="`files` must be a list of files"):
        save_inventory(files, tmp_path / "list.jsonl")
