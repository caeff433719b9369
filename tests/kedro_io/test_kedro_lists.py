"""The list that a `SequenceDataset` saves: what stands in it, its versions, and what comes back."""

import dataclasses
import json
from types import SimpleNamespace

import pytest

pytest.importorskip("kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]")

from catalogs import make_catalog, save_all  # noqa: E402

from colab_helpers.drive import File, connect  # noqa: E402


def test_a_list_is_versioned_by_kedro(practice, tmp_path):
    """`versioned: true` keeps each list that was saved; an older one is loaded by its version."""
    source = {"source": str(practice)}
    old_version = "2025-01-01T00.00.00.000Z"
    new_version = "2025-01-02T00.00.00.000Z"
    for count, version in ((3, old_version), (5, new_version)):
        save_all(make_catalog(tmp_path, source, save_version=version, versioned=True), count)
    newest = make_catalog(tmp_path, source, versioned=True)
    assert len(newest.load("train_photos").files) == 5
    older = make_catalog(
        tmp_path, source, load_versions={"train_photos": old_version}, versioned=True
    )
    assert len(older.load("train_photos").files) == 3
    assert older.exists("train_photos")


@pytest.mark.parametrize("versioned", [False, True])
def test_a_list_that_was_never_saved_does_not_exist(practice, tmp_path, versioned):
    catalog = make_catalog(tmp_path, {"source": str(practice)}, versioned=versioned)
    assert not catalog.exists("train_photos")


def test_what_a_node_found_out_reaches_the_sequence(practice, tmp_path):
    """A dict of arguments is saved with the files: classes that a part lacks keep their numbers."""
    catalog = make_catalog(
        tmp_path, {"source": str(practice)}, sequence={"label_mode": "categorical"}
    )
    files = list(catalog.load("photos"))
    names = sorted({file.label for file in files})
    one_class = [file for file in files if file.label == names[1]]
    catalog.save("train_photos", {"files": one_class, "class_names": names})
    _, labels = catalog.load("train_photos")[0]
    assert labels.shape[1] == 3
    assert labels[:, 1].all()
    assert json.loads((tmp_path / "train_photos.json").read_text())["class_names"] == names


def test_a_saved_file_equals_the_one_that_was_listed(practice, tmp_path):
    """A saved list holds the project's own files: they compare with a live listing."""
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    save_all(catalog)
    loaded = catalog.load("train_photos").files
    assert all(isinstance(file, File) for file in loaded)
    assert set(loaded) == set(connect(practice).list_images("."))


def test_a_saved_list_of_an_earlier_version_is_loaded(practice, tmp_path):
    """Words that a list has more or less than a `File` do no harm."""
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    save_all(catalog, 4)
    path = tmp_path / "train_photos.json"
    saved = json.loads(path.read_text())
    for row in saved["files"]:
        del row["block"]
        row["checked"] = True
    path.write_text(json.dumps(saved))
    assert catalog.load("train_photos")[0][0].shape == (4, 8, 8, 3)


def test_files_of_another_kind_can_be_saved(practice, tmp_path):
    """A source of one's own may give any objects with the attributes of a `File`."""
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    files = []
    for file in connect(practice).list_images("."):
        files.append(
            SimpleNamespace(
                **{
                    name: getattr(file, name)
                    for name in ("id", "name", "label", "path", "size", "md5", "version")
                }
            )
        )
    catalog.save("train_photos", files[:4])
    assert catalog.load("train_photos")[0][0].shape == (4, 8, 8, 3)


def test_of_a_file_of_another_kind_what_a_file_has_is_saved(practice, tmp_path):
    """Other attributes are kept out when it is saved, not lost when it is loaded."""
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    [listed, *_] = connect(practice).list_images(".")
    own = SimpleNamespace(**dataclasses.asdict(listed), photographer="nobody", client=object())
    catalog.save("train_photos", [own])
    [saved] = json.loads((tmp_path / "train_photos.json").read_text())["files"]
    assert saved == dataclasses.asdict(listed)


def test_a_save_that_fails_leaves_the_list_of_before(practice, tmp_path):
    """A list is written whole or not at all."""
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    save_all(catalog, 4)
    before = (tmp_path / "train_photos.json").read_bytes()
    with pytest.raises(Exception, match="JSON serializable"):
        catalog.save("train_photos", {"files": [], "class_names": object()})
    assert (tmp_path / "train_photos.json").read_bytes() == before
