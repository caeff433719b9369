"""Masks and tables that `pack` takes along: they are there again, and belong to their pictures."""

import csv
import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from PIL import Image

from colab_helpers.drive import File, LocalFolder, connect
from colab_helpers.inventory import pair
from colab_helpers.sources import ArchiveError, open_archive, pack
from colab_helpers.stream import StreamingSequence, decoder

SIZE = (32, 32)


def masks_by_id(files, read, masks):
    """What the stream gives as the mask of each picture, in the order of the ids."""
    stream = StreamingSequence(files, read, decoder(SIZE), labels=masks, label_mode="image")
    found = {}
    for _, labels, batch in stream.in_order():
        found.update(zip((file.id for file in batch), labels))
    return [found[id] for id in sorted(found)]


def test_a_model_is_fitted_to_masks_from_shards_on_a_drive(
    photos_with_masks, tmp_path, drive_server
):
    """Packed on a Drive, opened there, and given to `fit`: the masks are those of the folder."""
    import keras

    server = drive_server(photos_with_masks)
    drive = connect(endpoint=server.url)
    files = list(drive.list_images("photos"))
    masks = pair(files, drive.list_images("photos-masks"))
    folder = tmp_path / "packed"
    unread = pack(files, drive.read, folder, labels=masks, shard_bytes=60_000, drive=drive, map=map)
    assert unread == []

    archive = open_archive(connect(endpoint=server.url), "packed")
    packed = list(archive.list_images())
    assert {file.id for file in packed} == {file.id for file in files}
    before = server.counts["media"]
    expected = masks_by_id(files, drive.read, masks)
    assert server.counts["media"] == before + 24
    before = server.counts["media"]
    np.testing.assert_array_equal(masks_by_id(packed, archive.read, archive.labels), expected)
    assert server.counts["media"] - before <= 8  # a mask lies in the block of its picture

    train = StreamingSequence(
        packed, archive.read, decoder(SIZE), labels=archive.labels, label_mode="image"
    )
    model = keras.Sequential(
        [
            keras.Input((*SIZE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(6, 3, padding="same", activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(train, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_table_is_there_again_by_id(pictures_and_masks, photos_with_masks, tmp_path):
    """Numbers, texts, arrays, names and a missing one, as they were; ids are those of before."""
    files, _ = pictures_and_masks
    values = [3, 2.5, "rose", ["a", "b"], {"b", "a"}, (1, 2), np.float32(0.1), np.arange(3), None]
    labels = {file.id: value for file, value in zip(files, values)}
    pack(files, LocalFolder(photos_with_masks).read, tmp_path / "packed", labels=labels, map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    expected = [3, 2.5, "rose", ["a", "b"], ["a", "b"], [1, 2], float(np.float32(0.1)), [0, 1, 2]]
    assert list(archive.labels.values()) == [*expected, None]
    assert list(archive.labels) == [file.id for file in files[: len(values)]]


@pytest.mark.parametrize("form", ["mappings", "lists", "table", "table in order"])
def test_several_outputs_are_there_again(form, pictures_and_masks, photos_with_masks, tmp_path):
    """A dict of mappings or of lists, and a table of pandas, whose columns are outputs."""
    files, masks = pictures_and_masks
    ids = [file.id for file in files]
    columns = {"kind": [file.label for file in files], "number": list(range(12))}
    if form == "mappings":
        labels = {name: dict(zip(ids, column)) for name, column in columns.items()}
    elif form == "lists":
        labels = columns
    else:
        pandas = pytest.importorskip("pandas")
        labels = pandas.DataFrame(columns, index=ids if form == "table" else None)
    if form in ("mappings", "lists"):
        labels = {**labels, "mask": masks}
    drive = LocalFolder(photos_with_masks)
    pack(files, drive.read, tmp_path / "packed", labels=labels, map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    modes = {"kind": "int", "number": "raw", "mask": "image"}
    train = StreamingSequence(
        archive.list_images(),
        archive.read,
        decoder(SIZE),
        labels=archive.labels,
        label_mode={name: modes[name] for name in archive.labels},
    )
    [(_, of_batch, in_batch)] = train.in_order()
    assert list(of_batch) == list(labels)
    numbers = {file.id: number for number, file in enumerate(files)}
    assert [numbers[file.id] for file in in_batch] == of_batch["number"].tolist()
    assert train.class_names["kind"] == ["balloon", "flower"]


def test_a_list_is_in_the_order_of_the_files(pictures_and_masks, photos_with_masks, tmp_path):
    files, masks = pictures_and_masks
    labels = [masks[file.id] for file in files]
    pack(iter(files), LocalFolder(photos_with_masks).read, tmp_path / "one", labels=labels, map=map)
    pack(iter(files), LocalFolder(photos_with_masks).read, tmp_path / "two", labels=masks, map=map)
    assert (tmp_path / "one/labels.json").read_text() == (tmp_path / "two/labels.json").read_text()


def test_shards_tell_the_pairs_to_people_too(pictures_and_masks, photos_with_masks, tmp_path):
    """A mask is called as its picture, below "masks", and has its row of the index."""
    files, masks = pictures_and_masks
    pack(files, LocalFolder(photos_with_masks).read, tmp_path / "packed", labels=masks, map=map)
    with open(tmp_path / "packed" / "index.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    for picture, mask in zip(rows[::2], rows[1::2]):
        assert mask["id"] == masks[picture["id"]].id
        assert mask["path"] == f"masks/{picture['path'][:-4]}.png"
    archive = open_archive(LocalFolder(tmp_path), "packed")
    found = pair(archive.list_images(), archive.list_images("masks"))
    assert found == archive.labels
    one_zip = open_archive(LocalFolder(tmp_path), "packed/shard-00000.zip")
    assert one_zip.labels is None
    assert [file.id for file in one_zip.list_images()] == [row["id"] for row in rows[::2]]


def test_a_mask_and_its_picture_lie_in_one_shard(pictures_and_masks, photos_with_masks, tmp_path):
    files, masks = pictures_and_masks
    pack(
        files,
        LocalFolder(photos_with_masks).read,
        tmp_path / "packed",
        labels=masks,
        shard_bytes=1,
        map=map,
    )
    shards = sorted((tmp_path / "packed").glob("*.zip"))
    assert len(shards) == 12
    for shard in shards:
        with zipfile.ZipFile(shard) as members:
            assert len(members.namelist()) == 3  # with its index


def test_pictures_that_share_a_mask_have_it_again(tmp_path):
    """It lies in the shards once, behind the first of them."""
    files = [File(f"id{n}", f"{n}.jpg", "rose", "", 9, None, "1") for n in range(3)]
    mask = File("mask", "of all.png", "masks", "", 9, None, "1")
    pack(
        files,
        lambda file: file.id.encode(),
        tmp_path / "packed",
        labels={file.id: mask for file in files},
        map=map,
    )
    archive = open_archive(LocalFolder(tmp_path), "packed")
    assert {file.id for file in archive.labels.values()} == {"mask"}
    assert set(archive.labels) == {"id0", "id1", "id2"}
    assert archive.read(archive.labels["id0"]) == b"mask"
    assert len(list(archive.list_images())) == 3


def test_a_picture_may_be_what_another_is_learnt_as(tmp_path):
    """It is pictures_and_masks with the others, and is packed once."""
    files = [File(f"id{n}", f"{n}.jpg", "rose", "", 9, None, "1") for n in range(4)]
    labels = {one.id: other for one, other in zip(files, files[::-1])}
    pack(files, lambda file: file.id.encode(), tmp_path / "packed", labels=labels, map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    assert {id: file.id for id, file in archive.labels.items()} == {
        one.id: other.id for one, other in zip(files, files[::-1])
    }
    assert len(list(archive.list_images())) == 4


def test_masks_that_are_made_smaller_keep_their_values(tmp_path):
    """None is blended or lossy; the indices of a palette stay, whatever its length."""
    values = np.random.default_rng(0).choice((0, 1, 2, 255), (40, 60)).astype(np.uint8)
    palette = Image.fromarray(np.minimum(values, 2)).convert("L")
    indexed = Image.new("P", (60, 40))
    indexed.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    indexed.putdata(list(palette.tobytes()))
    images = {"grey": Image.fromarray(values), "indexed": indexed}
    files = [File(name, f"{name}.jpg", "", "", 9, None, "1") for name in images]
    masks = {name: File(f"{name}-mask", f"{name}.png", "", "", 9, None, "1") for name in images}

    def read(file):
        data = io.BytesIO()
        if file.id.endswith("-mask"):
            images[file.id.removesuffix("-mask")].save(data, "png")
        else:
            Image.new("RGB", (60, 40), "teal").save(data, "jpeg")
        return data.getvalue()

    pack(files, read, tmp_path / "packed", labels=masks, longest_side=30, map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    decode = decoder((20, 30), color_mode="grayscale", interpolation="nearest")
    found = {name: decode(archive.read(mask)) for name, mask in archive.labels.items()}
    assert set(np.unique(found["grey"])) == {0, 1, 2, 255}
    assert set(np.unique(found["indexed"])) == {0, 1, 2}
    assert Image.open(io.BytesIO(archive.read(archive.labels["indexed"]))).size == (30, 20)


def test_a_second_call_packs_what_changed(pictures_and_masks, photos_with_masks, tmp_path):
    """Other numbers change no shard; other masks do; none at all, and the labels are gone."""
    files, masks = pictures_and_masks
    read = []

    def count(file):
        read.append(file)
        return LocalFolder(photos_with_masks).read(file)

    def pack_again(labels):
        read.clear()
        pack(files, count, tmp_path / "packed", labels=labels, map=map)
        return len(read), open_archive(LocalFolder(tmp_path), "packed").labels

    assert pack_again({files[0].id: 1}) == (12, {files[0].id: 1})
    assert pack_again({files[0].id: 2}) == (0, {files[0].id: 2})
    reads, labels = pack_again(masks)
    assert (reads, set(labels)) == (24, set(masks))
    assert pack_again(masks)[0] == 0
    assert pack_again(None) == (12, None)


def test_a_mask_that_cannot_be_read_leaves_its_picture_without_a_label(
    pictures_and_masks, photos_with_masks, tmp_path
):
    files, masks = pictures_and_masks
    bad = masks[files[3].id]

    def read(file):
        if file.id == bad.id:
            raise ConnectionError("no mask")
        return LocalFolder(photos_with_masks).read(file)

    [row] = pack(files, read, tmp_path / "packed", labels=masks, map=map)
    assert row["id"] == bad.id
    labels = open_archive(LocalFolder(tmp_path), "packed").labels
    assert set(masks) - set(labels) == {files[3].id}


def test_labels_of_two_folders_are_one_mapping(pictures_and_masks, photos_with_masks, tmp_path):
    files, masks = pictures_and_masks
    for name, part in (("one", files[:6]), ("two", files[6:])):
        pack(part, LocalFolder(photos_with_masks).read, tmp_path / name, labels=masks, map=map)
    archive = open_archive(LocalFolder(tmp_path), ["one", "two"])
    assert set(archive.labels) == set(masks)
    there = pickle.loads(pickle.dumps(archive))
    assert there.labels == archive.labels


# What is refused


@pytest.mark.parametrize(
    "labels, said",
    [
        ({"no id": 3}, r"`labels` must be .* Received: \['no id'\], for files such as \['id0'"),
        ({"age": {"no id": 3}}, r"`labels\[\"age\"\]` must be .*\['no id'\]"),
        ([1, 2], r"one for each of the 3 files.* Received: list"),
        ("rose", "Received: str"),
        ({"id0": object()}, "one is of the type object"),
        (
            {"a": {"id0": File("m", "", "", "", 1, None, "1")}}
            | {"b": {"id1": File("n", "", "", "", 1, None, "1")}},
            "One output of `labels` can be files",
        ),
    ],
)
def test_labels_of_another_form_are_refused_before_anything_is_read(labels, said, tmp_path):
    files = [File(f"id{n}", f"{n}.jpg", "rose", "", 9, None, "1") for n in range(3)]
    with pytest.raises(ValueError, match=said):
        pack(files, None, tmp_path / "packed", labels=labels, map=map)
    assert not list(tmp_path.glob("packed/*"))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"": 3}',
        '{"a": {"values": 3}}',
        '{"": {"files": []}}',
        "\xff",
    ],
)
def test_labels_that_are_damaged_are_an_error_that_says_what_to_do(content, tmp_path):
    files = [File("id0", "0.jpg", "rose", "", 9, None, "1")]
    pack(files, lambda file: b"1", tmp_path / "packed", labels={"id0": 3}, map=map)
    (tmp_path / "packed" / "labels.json").write_bytes(content.encode("latin-1"))
    archive = open_archive(LocalFolder(tmp_path), "packed")
    assert len(list(archive.list_images())) == 1
    with pytest.raises(
        ArchiveError, match="Could not read the labels 'packed/labels.json'.*Call pack"
    ):
        print(archive.labels)


def test_a_fault_of_the_drive_is_not_taken_for_no_labels(tmp_path):
    files = [File("id0", "0.jpg", "rose", "", 9, None, "1")]
    pack(files, lambda file: b"1", tmp_path / "packed", labels={"id0": 3}, map=map)

    class Failing(LocalFolder):
        def find(self, path):
            if path.endswith("labels.json"):
                raise ConnectionError("down")
            return super().find(path)

    archive = open_archive(Failing(tmp_path), "packed")
    with pytest.raises(ConnectionError, match="down"):
        print(archive.labels)


def test_the_bytes_of_shards_with_masks_stay_what_they_are_between_versions(tmp_path):
    """Shards that lie on Drives are read by later versions: the form of the notes is pinned."""
    files = [File("id0", "0.jpg", "rose", "", 9, None, "1")]
    labels = {"mask": {"id0": File("m0", "m.png", "masks", "", 9, None, "1")}, "n": {"id0": 3}}
    pack(files, lambda file: file.id.encode(), tmp_path / "packed", labels=labels, map=map)
    with zipfile.ZipFile(tmp_path / "packed" / "shard-00000.zip") as shard:
        notes = [json.loads(info.comment) for info in shard.infolist()[:2]]
        assert shard.namelist()[:2] == ["rose/0.jpg", "masks/rose/0.png"]
    assert notes == [
        {"id": "id0", "label": "rose"},
        {"id": "m0", "label": "masks", "is_label": True},
    ]
    assert (tmp_path / "packed" / "labels.json").read_text() == (
        '{"mask": {"files": {"id0": "m0"}}, "n": {"values": {"id0": 3}}}'
    )


# Files and values that stay


def test_a_file_that_is_only_called_like_the_labels_stays_as_it_is(
    photos_with_masks, pictures_and_masks, tmp_path
):
    files, masks = pictures_and_masks
    read = LocalFolder(photos_with_masks).read
    own = tmp_path / "packed" / "labels.json"
    own.parent.mkdir()
    own.write_text('{"1.png": "rose"}')
    pack(files, read, own.parent, map=map)
    with pytest.raises(ValueError, match=r"labels\.json' that `pack` did not write"):
        pack(files, read, own.parent, labels=masks, map=map)
    assert own.read_text() == '{"1.png": "rose"}'


def test_masks_among_the_files_are_not_made_smaller_as_pictures_are(
    photos_with_masks, pictures_and_masks, tmp_path
):
    files, masks = pictures_and_masks
    both = [*files, *masks.values()]
    with pytest.raises(ValueError, match=r"JPEGs of masks.*\.png.*in labels"):
        pack(
            both,
            LocalFolder(photos_with_masks).read,
            tmp_path / "p",
            labels=masks,
            longest_side=20,
            map=map,
        )


@pytest.mark.parametrize("values", [[0, 300], [0, 300_000], [-1, 3]])
def test_a_mask_keeps_its_values_also_those_that_a_png_cannot_hold(tmp_path, values):
    (tmp_path / "a").mkdir()
    Image.new("RGB", (50, 50)).save(tmp_path / "a" / "1.png")
    pixels = np.resize(np.array(values, np.int32), (50, 50))
    Image.fromarray(pixels).save(tmp_path / "mask.tif")
    drive = LocalFolder(tmp_path)
    picture, mask = sorted(drive.list_images("."), key=lambda file: file.name)
    labels = {picture.id: mask}
    assert not pack([picture], drive.read, tmp_path / "p", labels=labels, longest_side=20, map=map)
    archive = open_archive(drive, "p")
    with Image.open(io.BytesIO(archive.read(archive.labels[picture.id]))) as packed:
        assert set(np.unique(np.asarray(packed)).tolist()) == set(values)


def test_columns_of_more_ids_than_there_are_files_go_along_and_ids_twice_are_refused(
    photos_with_masks, pictures_and_masks, tmp_path
):
    pandas = pytest.importorskip("pandas")
    files, masks = pictures_and_masks
    ages = pandas.Series({**{file.id: n for n, file in enumerate(files)}, "another": 99})
    labels = {"mask": masks, "age": ages}
    pack(files, LocalFolder(photos_with_masks).read, tmp_path / "p", labels=labels, map=map)
    found = open_archive(LocalFolder(tmp_path), "p").labels
    assert {file.id: found["age"][file.id] for file in files} == ages.drop("another").to_dict()
    twice = pandas.concat([ages, ages[:1] + 1])
    with pytest.raises(ValueError, match="several rows for one id"):
        pack(files, LocalFolder(photos_with_masks).read, tmp_path / "q", labels=twice, map=map)


def test_a_column_by_what_is_no_id_is_not_taken_for_one_in_order(tmp_path):
    pandas = pytest.importorskip("pandas")
    files = [File(f"id{n}", f"{n}.jpg", "rose", f"{n}.jpg", 9, None, "1") for n in range(3)]
    by_path = pandas.Series({"2.jpg": 20, "1.jpg": 10, "0.jpg": 0})
    with pytest.raises(ValueError, match=r"a mapping by file id.* Received: \['2.jpg'"):
        pack(files, None, tmp_path / "p", labels=by_path, map=map)
    with pytest.raises(ValueError, match=r"a mapping by file id.* Received: \['2.jpg'"):
        pack(files, None, tmp_path / "p", labels=by_path.to_frame("age"), map=map)
    assert not list(tmp_path.glob("p/*"))


def test_a_column_without_ids_is_in_the_order_of_the_files(tmp_path):
    pandas = pytest.importorskip("pandas")
    files = [File(f"id{n}", f"{n}.jpg", "rose", f"{n}.jpg", 9, None, "1") for n in range(3)]
    rows = pandas.Series([7, 8, 0, 9]).drop(2)
    pack(files, lambda file: file.id.encode(), tmp_path / "p", labels=rows, map=map)
    labels = open_archive(LocalFolder(tmp_path), "p").labels
    assert labels == {"id0": 7, "id1": 8, "id2": 9}


def test_two_labels_for_a_file_that_is_listed_twice_are_refused(tmp_path):
    file = File("id0", "0.jpg", "rose", "0.jpg", 9, None, "1")
    with pytest.raises(ValueError, match="two labels for 'id0'.*Received: 1 and 2"):
        pack([file, file], LocalFolder(tmp_path).read, tmp_path / "p", labels=[1, 2], map=map)


def test_shards_that_hold_masks_as_pictures_are_packed_anew_with_masks_as_labels(
    photos_with_masks, pictures_and_masks, tmp_path
):
    files, masks = pictures_and_masks
    [picture], mask = files[:1], masks[files[0].id]
    read = LocalFolder(photos_with_masks).read
    pack([picture, mask], read, tmp_path / "p", map=map)
    pack([picture], read, tmp_path / "p", labels={picture.id: mask}, map=map)
    assert [file.id for file in open_archive(LocalFolder(tmp_path), "p").list_images()] == [
        picture.id
    ]
