"""What a node found out about each picture: saved with the list, and given to the stream again."""

import json

import numpy as np
import pytest

kedro_io = pytest.importorskip(
    "kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]"
)

from catalogs import LISTING, SEQUENCE  # noqa: E402

from colab_helpers.drive import LocalFolder  # noqa: E402
from colab_helpers.inventory import pair, split  # noqa: E402
from colab_helpers.kedro_io import SequenceDataset  # noqa: E402
from colab_helpers.sources import pack  # noqa: E402
from colab_helpers.stream import StreamingSequence, decoder  # noqa: E402

SIZE = (16, 16)


@pytest.fixture
def save_and_load(photos_with_masks, tmp_path):
    """Saves what a node returned, and loads the sequence; words are those of the entry."""

    def both(data, **words):
        entry = {"type": SEQUENCE, "filepath": str(tmp_path / "list.json")}
        entry |= {
            "drive": {"source": str(photos_with_masks)},
            "decode": {"image_size": list(SIZE)},
            **words,
        }
        catalog = kedro_io.DataCatalog.from_config({"train": entry})
        catalog.save("train", data)
        return catalog.load("train")

    return both


def batch_of(sequence):
    """The labels of all files, in the order of the list."""
    [(_, labels, _)] = sequence.in_order()
    return labels


def test_nodes_pair_masks_and_train_on_them(photos_with_masks, tmp_path, drive_server):
    """Two listings, a table, several outputs and weights, over HTTP and through `fit`."""
    import keras

    server = drive_server(photos_with_masks)
    drive = {"endpoint": server.url}
    of_drive = {"drive": drive, "credentials": "drive"}
    entries = {
        "photos": {"type": LISTING, "folder": "photos", **of_drive},
        "mask_photos": {"type": LISTING, "folder": "photos-masks", **of_drive},
        "train_photos": {
            "type": SEQUENCE,
            "filepath": str(tmp_path / "train_photos.json"),
            "decode": {"image_size": list(SIZE)},
            "sequence": {"label_mode": {"kind": "int", "mask": "image", "number": "raw"}},
            "augment": {"horizontal_flip": True},
            **of_drive,
        },
    }
    catalog = kedro_io.DataCatalog.from_config(entries, {"drive": {"token": "practice-token"}})

    def prepare(photos, mask_photos):
        [files] = split(photos, (1,), seed=0)
        numbers = {file.id: number / 12 for number, file in enumerate(files)}
        labels = {"mask": pair(files, mask_photos), "number": numbers}
        return {"files": files, "labels": labels, "sample_weight": [1.0] * len(files)}

    def train(photos):
        image = keras.Input((*SIZE, 3))
        features = keras.layers.Conv2D(8, 3, padding="same", activation="relu")(image)
        pooled = keras.layers.GlobalAveragePooling2D()(features)
        outputs = {
            "kind": keras.layers.Dense(2, activation="softmax", name="kind")(pooled),
            "mask": keras.layers.Conv2D(3, 1, activation="softmax", name="mask")(features),
            "number": keras.layers.Dense(1, name="number")(pooled),
        }
        model = keras.Model(image, outputs)
        classes = "sparse_categorical_crossentropy"
        model.compile("adam", {"kind": classes, "mask": classes, "number": "mse"})
        return model.fit(photos, epochs=1, verbose=0).history, photos.class_names

    catalog.save("train_photos", prepare(catalog.load("photos"), catalog.load("mask_photos")))
    history, names = train(catalog.load("train_photos"))
    assert np.isfinite(history["mask_loss"]).all()
    assert names["kind"] == ["balloon", "flower"]


@pytest.mark.parametrize("label_mode", ["int", {"kind": "int"}])
def test_labels_in_the_order_of_a_part_are_numbered_as_the_whole(
    pictures_and_masks, save_and_load, label_mode
):
    files, _ = pictures_and_masks
    [part] = split(files, (1,), seed=0)
    flowers = part[:0] + [file for file in part if file.label == "flower"]
    in_order = ["flower"] * len(flowers)
    labels = in_order if label_mode == "int" else {"kind": in_order}
    data = {"files": flowers, "labels": labels, "label_mode": label_mode}
    loaded = save_and_load(data)
    numbers = loaded.labels if label_mode == "int" else loaded.labels["kind"]
    assert set(numbers.tolist()) == {1}


def test_masks_are_those_of_the_stream_without_kedro(
    photos_with_masks, pictures_and_masks, save_and_load
):
    """By id or in the order of the files; a `decode_label` of the catalog is one of masks."""
    files, masks = pictures_and_masks
    in_order = [masks[file.id] for file in files]
    straight = StreamingSequence(
        files, LocalFolder(photos_with_masks).read, decoder(SIZE), labels=masks, label_mode="image"
    )
    expected = batch_of(straight)
    mode = {"label_mode": "image"}
    for labels in (masks, in_order):
        loaded = save_and_load({"files": files, "labels": labels}, sequence=mode)
        np.testing.assert_array_equal(batch_of(loaded), expected)
    smaller = save_and_load(
        {"files": files, "labels": masks}, sequence=mode, decode_label={"image_size": [8, 8]}
    )
    assert batch_of(smaller).shape == (12, 8, 8, 1)
    assert set(np.unique(batch_of(smaller))) <= {0, 1, 2}


def test_a_decoder_of_masks_may_be_a_function_of_ones_own(pictures_and_masks, save_and_load):
    files, masks = pictures_and_masks

    def make(value):
        return lambda data: np.full((4, 4, 1), value, np.uint8)

    loaded = save_and_load(
        {"files": files, "labels": masks, "label_mode": "image"},
        decode_label={"type": make, "value": 7},
    )
    assert set(np.unique(batch_of(loaded))) == {7}


def test_masks_of_packed_shards_are_paired_by_a_node(photos_with_masks, tmp_path):
    """In an archive, "masks" is a folder as on a Drive."""
    drive = LocalFolder(photos_with_masks)
    files = list(drive.list_images("photos"))
    masks = pair(files, drive.list_images("photos-masks"))
    pack(files, drive.read, tmp_path / "packed", labels=masks, map=map)
    where = {"drive": {"source": str(tmp_path)}, "archive": {"path": "packed"}}
    entries = {
        "photos": {"type": LISTING, **where},
        "mask_photos": {"type": LISTING, "folder": "masks", **where},
        "train": {
            "type": SEQUENCE,
            "filepath": str(tmp_path / "list.json"),
            "decode": {"image_size": list(SIZE)},
            "sequence": {"label_mode": "image"},
            **where,
        },
    }
    catalog = kedro_io.DataCatalog.from_config(entries)
    packed = list(catalog.load("photos"))
    pairs = pair(packed, catalog.load("mask_photos"))
    catalog.save("train", {"files": packed, "labels": pairs})
    by_id = {}
    for _, found, in_batch in catalog.load("train").in_order():
        by_id |= zip((file.id for file in in_batch), found)
    straight = StreamingSequence(files, drive.read, decoder(SIZE), labels=masks, label_mode="image")
    expected = batch_of(straight)
    np.testing.assert_array_equal([by_id[file.id] for file in files], expected)


@pytest.mark.parametrize("form", ["mapping", "list", "array", "column", "column in order"])
def test_numbers_weights_and_inputs_are_saved_in_each_form(form, pictures_and_masks, save_and_load):
    """As the stream takes them: by id or in order, of Python, NumPy or pandas."""
    files, _ = pictures_and_masks
    ids = [file.id for file in files]
    numbers = np.arange(12, dtype=np.float32)
    if form == "mapping":
        values = dict(zip(ids, numbers))
    elif form == "list":
        values = numbers.tolist()
    elif form == "array":
        values = numbers
    else:
        pandas = pytest.importorskip("pandas")
        values = pandas.Series(numbers, index=ids if form == "column" else None)
    data = {"files": files, "labels": values, "sample_weight": values, "inputs": {"place": values}}
    loaded = save_and_load({**data, "label_mode": "raw"}, sequence={"shuffle": False})
    inputs, labels, weights = loaded[0]
    assert labels.tolist() == inputs["place"].tolist() == weights.ravel().tolist()
    assert labels.tolist() == numbers.tolist()


def test_a_table_of_pandas_gives_the_outputs_by_its_columns(pictures_and_masks, save_and_load):
    pandas = pytest.importorskip("pandas")
    files, _ = pictures_and_masks
    table = pandas.DataFrame(
        {"kind": [file.label for file in files], "number": range(12)},
        index=[file.id for file in files],
    )
    loaded = save_and_load(
        {"files": files, "labels": table[::-1]},
        sequence={"label_mode": {"kind": "categorical", "number": "raw"}},
    )
    labels = batch_of(loaded)
    assert labels["number"].tolist() == list(range(12))
    assert labels["kind"].argmax(axis=1).tolist() == [0] * 6 + [1] * 6


def test_several_names_of_a_picture_are_saved_as_sets_too(pictures_and_masks, save_and_load):
    files, _ = pictures_and_masks
    labels = {file.id: {file.label, "picture"} for file in files}
    data = {"files": files, "labels": labels, "label_mode": "multi_label"}
    loaded = save_and_load(data)
    assert loaded.class_names == ["balloon", "flower", "picture"]
    assert batch_of(loaded).sum() == 24


def test_outputs_that_folders_tell_know_the_classes_of_the_whole(pictures_and_masks, save_and_load):
    """A part that lacks a class numbers the others as the whole does."""
    files, masks = pictures_and_masks
    few = [file for file in files if file.label == "flower"] + files[:1]
    with pytest.warns(UserWarning, match="has no picture"):
        parts = split(few, (0.5, 0.5), seed=0)
    [flowers] = [part for part in parts if files[0] not in part]
    loaded = save_and_load(
        {"files": flowers, "labels": {"mask": masks}},
        sequence={"label_mode": {"kind": "int", "mask": "image"}},
    )
    assert set(batch_of(loaded)["kind"].tolist()) == {1}


def test_labels_by_output_want_a_mode_by_output(pictures_and_masks, save_and_load):
    files, masks = pictures_and_masks
    with pytest.raises(kedro_io.DatasetError, match="`label_mode` must be by output, too"):
        save_and_load({"files": files, "labels": {files[0].id: {"age": 3}}})


@pytest.mark.parametrize(
    "label",
    [{}, {"type": "os.mkdir", "path": "was_run"}, {"id": ["a"]}, {"id": "a", "size": "9"}],
)
def test_a_label_of_a_damaged_list_calls_nothing(
    label, pictures_and_masks, save_and_load, tmp_path, photos_with_masks
):
    files, masks = pictures_and_masks
    save_and_load({"files": files, "labels": masks, "label_mode": "image"})
    path = tmp_path / "list.json"
    content = json.loads(path.read_text())
    content["labels"][files[0].id] = label
    path.write_text(json.dumps(content))
    dataset = SequenceDataset(
        filepath=str(path), decode={"image_size": [8, 8]}, drive={"source": str(photos_with_masks)}
    )
    with pytest.raises(kedro_io.DatasetError, match="is damaged, or no list of files: a label"):
        dataset.load()
    assert not (tmp_path / "was_run").exists()


def test_masks_have_the_size_of_the_pictures_unless_the_entry_says_another(
    pictures_and_masks, save_and_load
):
    files, masks = pictures_and_masks
    data = {"files": files, "labels": masks, "label_mode": "image"}
    loaded = save_and_load(data, decode_label={"color_mode": "rgb"})
    assert batch_of(loaded).shape == (12, *SIZE, 3)
