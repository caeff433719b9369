"""A list that `SequenceDataset` saved is data: it calls nothing, and damage is an error."""

import json
import os

import pytest

kedro_io = pytest.importorskip(
    "kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]"
)

from catalogs import make_catalog, save_all  # noqa: E402

from colab_helpers.drive import File, connect  # noqa: E402
from colab_helpers.inventory import split  # noqa: E402
from colab_helpers.kedro_io import SequenceDataset  # noqa: E402


@pytest.fixture
def catalog(practice, tmp_path):
    return make_catalog(tmp_path, {"source": str(practice)})


@pytest.fixture
def rewrite(catalog, tmp_path):
    """Saves a list, and changes what stands in the file."""

    def write(change):
        save_all(catalog, 4)
        path = tmp_path / "train_photos.json"
        content = json.loads(path.read_text())
        changed = change(content)
        path.write_text(changed if isinstance(changed, str) else json.dumps(content))

    return write


@pytest.mark.parametrize(
    "words",
    [
        {"type": "subprocess.check_call", "args": ["touch", "was_run"]},
        {"type": "os.mkdir", "path": "was_run"},
        {"read": "os.system"},
        {"decode": {"type": "os.mkdir", "path": "was_run"}},
        {"augment": {"type": "os.mkdir", "path": "was_run"}},
        {"cache": {"folder": "was_run"}},
        {"drive": {"source": "/"}},
    ],
)
def test_words_of_a_list_call_nothing(catalog, rewrite, words, tmp_path, monkeypatch):
    """Only the catalog names functions: whoever may write the list runs no code with it."""
    monkeypatch.chdir(tmp_path)
    rewrite(lambda content: content.update(words))
    with pytest.raises(kedro_io.DatasetError, match=f"no part of a list: {next(iter(words))}"):
        catalog.load("train_photos")
    assert not os.path.exists("was_run")


def test_a_type_in_the_catalog_is_called_as_ever(practice, tmp_path):
    opened = []

    def open_source(folder):
        opened.append(folder)
        return connect(folder)

    dataset = SequenceDataset(
        filepath=str(tmp_path / "list.json"),
        decode={"image_size": [8, 8]},
        drive={"type": open_source, "folder": practice},
    )
    dataset.save(connect(practice).list_images("."))
    assert len(dataset.load().files) == 36
    assert opened == [practice]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: "garbage",
        lambda content: "",
        lambda content: "[]",
        lambda content: "5",
        lambda content: "[" * 200_000 + "]" * 200_000,
        lambda content: '{"files": ' + "[" * 200_000 + "]" * 200_000 + "}",
        lambda content: json.dumps(content)[:-20],
        lambda content: content.update(files={}),
        lambda content: content.update(files=["a file"]),
        lambda content: content["files"][0].update(id=["a list"]),
        lambda content: content["files"][0].update(size="9"),
        lambda content: content["files"][0].update(size=float("inf")),
        lambda content: content["files"][0].update(name=None),
    ],
)
def test_a_damaged_list_is_an_error_that_says_what_to_run_again(catalog, rewrite, change):
    rewrite(change)
    message = "train_photos.json' is damaged, or no list of files.*Run the node"
    with pytest.raises(kedro_io.DatasetError, match=message):
        catalog.load("train_photos")


def test_words_that_are_no_part_of_a_list_are_refused_when_it_is_saved(catalog, tmp_path):
    """The message names those that are; the list of before stays."""
    save_all(catalog, 4)
    before = (tmp_path / "train_photos.json").read_bytes()
    for word in ("type", "read", "augment", "class_name"):
        with pytest.raises(kedro_io.DatasetError, match=f"{word}. A list has .*class_names"):
            catalog.save("train_photos", {"files": [], word: "x"})
    assert (tmp_path / "train_photos.json").read_bytes() == before


def test_a_name_that_is_not_utf_8_is_saved_and_read_back(catalog, tmp_path):
    """The file is JSON in UTF-8, and the names in it are as they came."""
    names = ("caf\udce9.jpg", "M\u00f6we.jpg", "\x1b[31m.jpg")
    files = [File(f"flower/{name}", name, "flower", name, 9, None, "1") for name in names]
    save_all(catalog, 4)
    catalog.save("train_photos", files)
    text = (tmp_path / "train_photos.json").read_text(encoding="utf-8")
    assert "M\u00f6we.jpg" in text
    assert [file.name for file in catalog.load("train_photos").files] == list(names)


def test_a_part_brings_the_classes_of_the_whole_along(catalog):
    """The part that has no picture of a class numbers the others as the whole does."""
    files = list(catalog.load("photos"))
    labels = sorted({file.label for file in files})
    with_few = [file for file in files if file.label != labels[0]] + [
        file for file in files if file.label == labels[0]
    ][:1]
    with pytest.warns(UserWarning, match="has no picture"):
        parts = split(with_few, (0.5, 0.5), seed=0)
    poor = next(part for part in parts if {file.label for file in part} != set(labels))
    for data in (poor, {"files": poor}, {"files": poor, "label_mode": "categorical"}):
        catalog.save("train_photos", data)
        assert catalog.load("train_photos").class_names == labels


def test_class_names_of_the_catalog_or_the_node_come_before_those_of_a_part(practice, tmp_path):
    names = ["lighthouse", "flower", "balloon"]
    catalog = make_catalog(tmp_path, {"source": str(practice)}, sequence={"class_names": names})
    [part] = split(catalog.load("photos"), (1,), seed=0)
    catalog.save("train_photos", part)
    assert catalog.load("train_photos").class_names == names
    catalog.save("train_photos", {"files": part, "class_names": sorted(names)})
    assert catalog.load("train_photos").class_names == sorted(names)


def test_labels_of_a_node_come_before_the_classes_of_a_part(catalog):
    [part] = split(catalog.load("photos"), (1,), seed=0)
    labels = {file.id: "thing" for file in part}
    catalog.save("train_photos", {"files": part, "labels": labels})
    assert catalog.load("train_photos").class_names == ["thing"]


# Where the list is kept


@pytest.mark.parametrize(
    "path",
    [
        "gs://bucket/list.json",
        "s3://bucket/list.json",
        "abfs://container/list.json",
        "http://host/list.json",
        "https://host/list.json",
        "memory://list.json",
    ],
)
@pytest.mark.parametrize("versioned", [False, True])
def test_a_list_elsewhere_is_refused_and_no_folder_is_made(path, versioned, tmp_path, monkeypatch):
    """A folder "gs:" on this machine would be where nobody looks."""
    monkeypatch.chdir(tmp_path)
    entry = {
        "type": "colab_helpers.kedro_io.SequenceDataset",
        "filepath": path,
        "versioned": versioned,
    }
    with pytest.raises(kedro_io.DatasetError, match="`filepath` must be a path on this machine"):
        kedro_io.DataCatalog.from_config({"a": {**entry, "decode": {"image_size": [8, 8]}}})["a"]
    assert os.listdir(tmp_path) == []


def test_a_cache_elsewhere_is_refused():
    with pytest.raises(kedro_io.DatasetError, match="`folder` must be a path on this machine"):
        SequenceDataset(
            filepath="list.json",
            decode={"image_size": [8, 8]},
            cache={"folder": "gs://bucket/pixels", "max_bytes": 10},
        )


def test_a_file_address_is_a_path(practice, tmp_path):
    dataset = SequenceDataset(
        filepath=f"file://{tmp_path}/below/list.json",
        decode={"image_size": [8, 8]},
        drive={"source": str(practice)},
    )
    dataset.save(connect(practice).list_images("."))
    assert (tmp_path / "below" / "list.json").is_file()
    assert len(dataset.load().files) == 36
