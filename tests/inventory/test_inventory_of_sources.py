"""What the inventory promises of real sources: Drive over HTTP, a folder, and one of your own."""

import itertools
import shutil
from collections import namedtuple

import pytest

from colab_helpers.drive import NotFoundError, connect
from colab_helpers.inventory import (
    describe,
    duplicates,
    load_inventory,
    read_labels,
    refresh_inventory,
    sample,
    save_inventory,
    split,
    take_inventory,
)

ChangingFolder = namedtuple("ChangingFolder", "source path delete")


@pytest.fixture(params=["LocalFolder", "Drive"])
def changing(request, practice, drive_server, tmp_path):
    """A practice folder to change: its source, its path, and how to delete a file of it."""
    folder = tmp_path / "drive"
    shutil.copytree(practice, folder)
    if request.param == "LocalFolder":
        return ChangingFolder(connect(folder), folder, lambda path: (folder / path).unlink())
    server = drive_server(folder, page_size_limit=5)
    return ChangingFolder(connect(endpoint=server.url), folder, server.trash)


class DyingSource:
    """A source whose listing is killed after some files."""

    def __init__(self, source, dies_after):
        self.source = source
        self.dies_after = dies_after
        self.listed = []

    def list_images(self, folder, *, position=None):
        return DyingListing(self, self.source.list_images(folder, position=position))


class DyingListing:
    def __init__(self, source, listing):
        self.source = source
        self.listing = listing

    @property
    def position(self):
        return self.listing.position

    def __iter__(self):
        for file in itertools.islice(self.listing, self.source.dies_after):
            self.source.listed.append(file)
            yield file
        raise KeyboardInterrupt


def paths(files):
    return sorted(file.path for file in files)


def test_a_real_source_is_listed_killed_gone_on_with_and_refreshed(changing, tmp_path):
    """The saved listing always ends as a fresh one."""
    source, folder, delete = changing
    saved = tmp_path / "inventory.jsonl"
    dying = DyingSource(source, dies_after=12)
    with pytest.raises(KeyboardInterrupt):
        take_inventory(dying, ".", saved, rows_per_position=1)
    delete(dying.listed[0].path)
    files = take_inventory(source, ".", saved)
    assert len(files) == 35
    assert paths(files) == paths(source.list_images("."))
    shutil.copy(folder / files[0].path, folder / files[0].label / "new.jpg")
    delete(files[1].path)
    assert paths(refresh_inventory(source, saved)) == paths(source.list_images("."))
    assert source.read(load_inventory(saved)[-1])


def test_a_saved_listing_equals_the_live_one(changing, tmp_path):
    """Id and version tell whether two files are the same, wherever the listing came from."""
    live = list(changing.source.list_images("."))
    save_inventory(live, tmp_path / "inventory.jsonl")
    loaded = load_inventory(tmp_path / "inventory.jsonl")
    assert loaded == live
    assert set(loaded) == set(live)


def test_an_empty_folder_is_not_found_and_leaves_no_file(changing, tmp_path):
    """The error is the source's own."""
    (changing.path / "empty").mkdir()
    saved = tmp_path / "inventory.jsonl"
    with pytest.raises(NotFoundError, match="no images in 'empty'"):
        take_inventory(changing.source, "empty", saved)
    assert not saved.exists()


class Document:
    """A file as somebody's own source may describe it: the attributes, and no more."""

    def __init__(self, number, label):
        self.id = f"s3://{label}/{number}"
        self.name = f"{number}.jpg"
        self.label = label
        self.path = f"{label}/{number}.jpg"
        self.size = 500 + number // 2
        self.md5 = None
        self.version = "1"


class OwnSource:
    """A source that lists and reads, and does nothing else."""

    def list_images(self, folder="."):
        for label in ("cat", "dog"):
            for number in range(10):
                yield Document(number, label)

    def read(self, file, start=None, end=None):
        return file.path.encode()[start:end]


def test_files_of_a_source_of_ones_own_are_taken_everywhere(tmp_path):
    """Describe, split, sample, find duplicates, read labels and save: no `block` is needed."""
    source = OwnSource()
    files = list(source.list_images())
    assert describe(files)["files"].tolist() == [10, 10, 20]
    first, second = split(files, (0.5, 0.5), seed=0, exact=True)
    assert len(first) == len(second) == 10
    assert set(first + second) == set(files)
    assert len(sample(files, 2, seed=0)) == 4
    assert duplicates(files, source.read).empty
    csv = tmp_path / "labels.csv"
    csv.write_text("".join(["path,label\n", *(f"{file.path},pet\n" for file in files)]))
    assert set(read_labels(csv, files).values()) == {"pet"}
    save_inventory(files, tmp_path / "inventory.jsonl")
    loaded = load_inventory(tmp_path / "inventory.jsonl")
    assert [(file.id, file.size, file.block) for file in loaded] == [
        (file.id, file.size, None) for file in files
    ]
