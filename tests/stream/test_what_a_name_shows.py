"""What a bare name shows: what is known, in a few lines, and nothing is done for it."""

import os
import pickle
from types import SimpleNamespace

import pytest
from cached_photos import Source, fill, photo
from numbered_photos import Photo, broken, decode, epoch_of, photos, read

from colab_helpers.stream import PixelCache, StreamingSequence, augmenter, cached, decoder

HOSTILE = "<img src=x onerror=alert(1)>\u202egpj\x1b[31m\n"


def shown(thing):
    """The lines that a sequence shows, by their first word."""
    _, *lines = repr(thing).splitlines()
    return {name: words for name, words in (line.split(maxsplit=1) for line in lines)}


def files_of(**counts):
    return [
        Photo(f"id{label}{number}", "1.jpg", label)
        for label, count in counts.items()
        for number in range(count)
    ]


def sequence_of(files=(), **options):
    return StreamingSequence(list(files) or photos(10), read, decode, batch_size=4, **options)


class Untouchable:
    """A source that nobody may look into: what it says of itself holds a secret."""

    def __init__(self):
        self.calls = 0

    def __iter__(self):
        self.calls += 1
        return iter(photos(4))

    def __len__(self):
        self.calls += 1
        return 4

    def __repr__(self):
        self.calls += 1
        return "a token"

    def read(self, file):
        self.calls += 1
        return read(file)


def test_a_sequence_shows_its_pictures_classes_batches_and_where_they_come_from():
    train = sequence_of(files_of(cat=7, dog=3), seed=5, reads=8)
    assert shown(train) == {
        "pictures": "10 of 2 classes, 3 to 7 of each",
        "batches": "3 of 4, in a new order each epoch (seed 5)",
        "labels": "int",
        "read": "read; up to 8 at a time",
        "decode": "decode",
        "place": "epoch 1 comes next",
    }


def test_pictures_without_a_class_are_counted_apart():
    files = files_of(cat=3, dog=7)
    labels = {file.id: file.label for file in files[:8]}
    told = shown(sequence_of(files, labels=labels))
    assert told["pictures"] == "10 of 2 classes, 3 to 5 of each; 2 are of none of them"


def test_it_shows_the_same_before_and_after_its_files_are_numbered():
    train = sequence_of(files_of(cat=7, dog=3))
    before = repr(train), train._repr_html_()
    assert train.class_names == ["cat", "dog"]
    assert (repr(train), train._repr_html_()) == before


def test_what_is_made_by_this_package_is_shown_as_code(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=1e6)
    decode, augment = decoder((8, 8)), augmenter(rotation_range=9)
    train = StreamingSequence(photos(4), read, decode, augment=augment, cache=cache)
    lines = shown(train)
    assert (lines["decode"], lines["augment"]) == (repr(decode), repr(augment))
    assert lines["cache"] == repr(cache)


def test_a_decoder_and_an_augmenter_show_the_words_that_change_something():
    decode = decoder((32, 48), library="pillow", fit="crop")
    assert repr(decode) == "decoder(image_size=(32, 48), fit='crop', library='pillow')"
    augment = augmenter(rotation_range=20, horizontal_flip=True, library="pillow")
    assert repr(augment) == "augmenter(rotation_range=20, horizontal_flip=True, library='pillow')"
    assert eval(repr(augment)) == augment


def test_nothing_is_listed_or_read_and_no_word_of_others_is_shown():
    source = Untouchable()
    train = StreamingSequence(source, source.read, decode)
    everything = repr(train) + train._repr_html_()
    assert shown(train)["pictures"] == "not listed yet, from: Untouchable"
    assert shown(train)["read"] == "Untouchable.read; up to 32 at a time"
    assert source.calls == 0 and "token" not in everything


def test_a_generator_is_still_whole_after_a_look():
    train = StreamingSequence((file for file in photos(10)), read, decode, batch_size=4)
    assert shown(train)["pictures"] == "not listed yet, from: generator"
    assert len(train) == 3
    assert shown(train)["pictures"].startswith("10 of 2 classes")


def test_the_table_of_classes_counts_their_pictures_and_is_short():
    counts = {f"class{number:03}": number + 1 for number in range(100)}
    table = sequence_of(files_of(**counts))._repr_html_()
    assert ">class000</td>" in table and ">class011</td>" in table
    assert "class012" not in table
    assert "and 88 more" in table


def test_classes_that_labels_give_are_counted_those_without_a_picture_too():
    labels = {file.id: "rose" for file in photos(10)} | {"elsewhere": "tulip"}
    for train in (sequence_of(labels=labels), sequence_of(label_mode="categorical", labels=labels)):
        assert shown(train)["pictures"] == "10 of 2 classes, 0 to 10 of each"
        assert train.class_names == ["rose", "tulip"]
        assert shown(train)["pictures"] == "10 of 2 classes, 0 to 10 of each"


def test_each_output_with_classes_has_its_table():
    files = photos(3)
    names = {file.id: ["sky", "sea"] for file in files}
    ages = {file.id: 7.0 for file in files}
    kinds = {file.id: "rose" for file in files}
    train = sequence_of(
        files,
        label_mode={"kind": "int", "seen": "multi_label", "age": "raw"},
        labels={"kind": kinds, "seen": names, "age": ages},
    )
    assert shown(train)["labels"] == "kind: int, seen: multi_label, age: raw"
    assert train.class_names
    table = train._repr_html_()
    assert all(f"class of {output}<" in table for output in ("kind", "seen"))
    assert ">sea</td>" in table and "class of age" not in table


@pytest.mark.parametrize("label", [HOSTILE, f"x{HOSTILE}"])
def test_names_from_outside_stay_text(label):
    train = sequence_of([Photo("id1", "1.jpg", label), Photo("id2", "2.jpg", "dog")])
    for text in (repr(train), train._repr_html_()):
        assert "<img" not in text and "\u202e" not in text and "\x1b" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;\\u202egpj\\x1b[31m\\n" in train._repr_html_()


@pytest.mark.parametrize(
    "files",
    [[SimpleNamespace(id="1")], [SimpleNamespace(id="1", label=["a"])], [None], []],
    ids=["no label", "several labels", "no file", "none"],
)
def test_what_the_first_batch_will_refuse_is_shown_without_an_error(files):
    train = StreamingSequence(files, None, None)
    assert shown(train)["pictures"].split()[0] == f"{len(files)}"
    assert "pictures" in train._repr_html_()


def test_it_shows_where_a_run_goes_on_and_what_was_left_out():
    train = StreamingSequence(photos(20), read, broken, batch_size=4, on_bad_file="skip")
    epoch_of(train)
    assert shown(train)["place"] == "epoch 2 comes next"
    assert shown(train)["left"] == "out  4; `skipped` names all"
    train.on_epoch_begin()
    train[0]
    assert shown(train)["place"] == "in epoch 2, after 1 of its 5 batches"
    train.close()
    train.load_state_dict(train.state_dict(7, 3))
    assert shown(train)["place"] == "in epoch 8, after 3 of its 5 batches"


def test_a_copy_and_a_part_show_what_they_are():
    train = sequence_of()
    assert repr(pickle.loads(pickle.dumps(train))) == repr(train)
    assert shown(train.shard(1, 2))["batches"].startswith("3 of 4, part 2 of 2 of each,")


def test_a_cache_shows_how_much_of_what_it_may_hold_it_holds(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=20_000)
    where = f"PixelCache({os.fspath(tmp_path)!r})"
    assert repr(cache) == f"{where}: 0 images, 0 bytes of at most 20 kB"
    fill(cache, range(3))
    assert repr(cache) == f"{where}: 3 images, 14.5 kB of at most 20 kB"
    fill(cache, range(9))
    assert repr(cache).endswith("of at most 20 kB; it is full")


def test_a_cache_of_bytes_shows_what_it_reads_from(tmp_path):
    kept = cached(Source(), tmp_path, max_bytes=1e9)
    kept(photo(1))
    where = f"cached(Source, {os.fspath(tmp_path)!r})"
    assert repr(kept) == f"{where}: 1 file, 5.04 kB of at most 1 GB"
    assert shown(StreamingSequence([], kept, decode))["read"].startswith(where)


def test_a_cache_that_the_disk_failed_says_that_it_is_off(tmp_path):
    (tmp_path / "a file").write_text("in the way")
    with pytest.warns(UserWarning, match="is off"):
        cache = PixelCache(tmp_path / "a file", max_bytes=1e6)
    assert repr(cache).endswith("it is off, as the disk failed")
