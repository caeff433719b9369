"""A source of one's own, as the page on `Source` asks for it, through all that takes any source."""

import itertools
import pathlib

import numpy as np
import pytest

from colab_helpers.drive import File, Listing, NotFoundError, Source
from colab_helpers.inventory import describe, load_inventory, save_inventory, split, take_inventory
from colab_helpers.stream import StreamingSequence, cached

COLOURS = {"rose": 200, "tulip": 40}
PIXELS = (4, 4, 3)


class Shelf:
    """Pictures in a dictionary, {path: bytes}: what lists and reads is a source."""

    def __init__(self, pictures):
        self.pictures = dict(pictures)
        self.reads = 0

    def list_images(self, folder="."):
        for path in sorted(self.pictures):
            if folder == "." or path.startswith(f"{folder}/"):
                yield self._file(path)

    def read(self, file, start=None, end=None):
        self.reads += 1
        return self.pictures[file.id][start:end]

    def _file(self, path):
        label, _, name = path.rpartition("/")
        size = len(self.pictures[path])
        return File(path, name, label, path, size, md5=None, version=f"version {size}")


class WritableShelf(Shelf):
    """One that also finds and takes files: `ResumeTraining` can keep its checkpoints there."""

    def find(self, path):
        if path not in self.pictures:
            raise NotFoundError(f"There is no {path!r} on this shelf. Upload it first.")
        return self._file(path)

    def upload(self, path, folder="."):
        path = pathlib.Path(path)
        self.pictures[f"{folder}/{path.name}"] = path.read_bytes()
        return self.find(f"{folder}/{path.name}")


class ShelfWithPositions(Shelf):
    """One whose listing can go on where it stopped: `take_inventory` survives a kill."""

    def list_images(self, folder=".", *, position=None):
        return Listing(self._walk, position)

    def list_changes(self, position):
        return [], [], position  # nothing changes on a shelf

    def _walk(self, at):
        at.setdefault("done", 0)
        for path in sorted(self.pictures)[at["done"] :]:
            yield self._file(path)
            at["done"] += 1


def pictures():
    """Ten plain pictures of each class, a byte a pixel value."""
    size = int(np.prod(PIXELS))
    return {
        f"{label}/{number}.jpg": bytes([colour + number]) * size
        for label, colour in COLOURS.items()
        for number in range(10)
    }


def decode(data):
    """Those bytes as pixels."""
    return np.frombuffer(data, np.uint8).reshape(PIXELS)


@pytest.fixture
def shelf():
    return Shelf(pictures())


@pytest.mark.parametrize("kind", [Shelf, WritableShelf, ShelfWithPositions])
def test_what_lists_and_reads_is_a_source(kind):
    assert isinstance(kind(pictures()), Source)


def test_what_does_not_read_is_none():
    assert not isinstance(object(), Source)


def test_its_files_are_described_and_split(shelf):
    files = list(shelf.list_images())
    assert describe(files)["files"].tolist() == [10, 10, 20]
    train, test = split(files, (0.7, 0.3), seed=0, exact=True)
    assert len(train) == 14 and len(test) == 6
    assert set(train) | set(test) == set(files)


def test_its_listing_is_saved_and_equals_a_live_one(shelf, tmp_path):
    save_inventory(shelf.list_images(), tmp_path / "inventory.jsonl")
    assert load_inventory(tmp_path / "inventory.jsonl") == list(shelf.list_images())


def test_its_listing_goes_on_after_a_kill(tmp_path):
    shelf = ShelfWithPositions(pictures())
    saved = tmp_path / "inventory.jsonl"
    killed = Killed(shelf, after=7)
    with pytest.raises(KeyboardInterrupt):
        take_inventory(killed, ".", saved, rows_per_position=1)
    assert take_inventory(shelf, ".", saved) == list(shelf.list_images())


class Killed:
    """A source whose listing is interrupted after some files."""

    def __init__(self, source, after):
        self.source = source
        self.after = after

    def list_images(self, folder, *, position=None):
        listing = self.source.list_images(folder, position=position)

        def walk(at):
            for file in itertools.islice(listing, self.after):
                at.update(listing.position)
                yield file
            raise KeyboardInterrupt

        return Listing(walk, position)


def test_its_bytes_are_cached(shelf, tmp_path):
    read = cached(shelf.read, tmp_path / "cache", max_bytes=1_000_000)
    files = list(shelf.list_images())
    first = [read(file) for file in files]
    second = [read(file) for file in files]
    assert first == second == [shelf.pictures[file.id] for file in files]
    assert shelf.reads == len(files)


def test_its_pictures_are_streamed(shelf):
    files = list(shelf.list_images())
    train = StreamingSequence(files, shelf.read, decode, batch_size=6, shuffle=False)
    assert train.class_names == ["rose", "tulip"]
    seen = [int(image[0, 0, 0]) for images, _ in train for image in images]
    assert seen == [shelf.pictures[file.id][0] for file in files]


def test_it_keeps_the_checkpoints_of_a_run(tmp_path, monkeypatch):
    """A run on a fresh machine goes on where the one before ended."""
    import keras

    from colab_helpers.training import ResumeTraining

    shelf = WritableShelf(pictures())
    files = list(shelf.list_images())

    def train(machine, epochs):
        machine.mkdir()
        monkeypatch.chdir(machine)
        keras.utils.set_random_seed(0)
        sequence = StreamingSequence(files, shelf.read, decode, batch_size=10, seed=0)
        model = keras.Sequential(
            [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2)]
        )
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        resume = ResumeTraining(sequence, "results/run1", drive=shelf)
        history = model.fit(sequence, epochs=epochs, verbose=0, callbacks=[resume])
        return history.history["loss"]

    first = train(tmp_path / "first machine", epochs=1)
    kept = [path for path in shelf.pictures if path.startswith("results/run1/")]
    assert kept
    second = train(tmp_path / "second machine", epochs=2)
    assert len(second) == 2 and second[0] == first[0]
