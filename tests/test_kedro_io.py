"""Pictures as datasets of a Kedro pipeline: what the catalog promises, and what it never shows."""

import json
import logging
import pickle
import shutil

import numpy as np
import pytest

kedro_io = pytest.importorskip(
    "kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]"
)

from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from kedro.io import DataCatalog, DatasetError  # noqa: E402

from colab_helpers.kedro_io import ListingDataset, SequenceDataset  # noqa: E402

LISTING, SEQUENCE = (
    "colab_helpers.kedro_io.ListingDataset",
    "colab_helpers.kedro_io.SequenceDataset",
)
SECRET = "practice-token"  # the one that the stand-in Drive accepts
STORE = {"drive": {"token": SECRET}}


def catalog(folder, source, store=STORE, load_versions=None, save_version=None, **sequence):
    """A catalog of a listing and a streaming Sequence, as its YAML would give it."""
    entries = {
        "photos": {"type": LISTING, "drive": source, "credentials": "drive"},
        "train_photos": {
            "type": SEQUENCE,
            "filepath": str(folder / "train_photos.json"),
            "drive": source,
            "credentials": "drive",
            "decode": {"image_size": [8, 8]},
            "sequence": {"batch_size": 4, "seed": 0},
            **sequence,
        },
    }
    return DataCatalog.from_config(entries, store, load_versions, save_version)


@pytest.fixture
def on_drive(practice, drive_server, tmp_path):
    server = drive_server(practice)
    return server, catalog(tmp_path, {"endpoint": server.url})


def pixels(sequence):
    return np.concatenate([images for images, _, _ in sequence.in_order()])


def test_a_folder_and_a_drive_differ_in_the_catalog_alone(practice, on_drive, tmp_path):
    """The same two entries give the same names, labels and pixels from a folder and over HTTP."""
    seen = []
    for data in (catalog(tmp_path / "folder", {"source": str(practice)}), on_drive[1]):
        data.save("train_photos", sorted(data.load("photos"), key=lambda file: file.path)[:6])
        sequence = data.load("train_photos")
        seen.append(
            (sequence.class_names, [file.path for file in sequence.files], pixels(sequence))
        )
    (names, paths, one), (other_names, other_paths, other) = seen
    assert names == other_names and paths == other_paths
    np.testing.assert_array_equal(one, other)


def test_loading_asks_for_nothing(on_drive):
    """A loaded listing sends no request before its first file, a loaded Sequence none before its first batch."""
    server, data = on_drive
    listing = data.load("photos")
    assert not server.log
    data.save("train_photos", list(listing))
    before = len(server.log)
    sequence = data.load("train_photos")
    assert len(sequence) == 9 and len(server.log) == before
    sequence[0]
    assert len(server.log) > before


def test_credentials_come_from_the_store(practice, drive_server, tmp_path):
    """A token of the credentials store is the one that Drive gets; a wrong one is refused there."""
    server = drive_server(practice)
    wrong = catalog(tmp_path, {"endpoint": server.url}, {"drive": {"token": "not-the-right-one"}})
    with pytest.raises(Exception, match="sign") as caught:
        list(wrong.load("photos"))
    assert "not-the-right-one" not in str(caught.value)


def service_account(token_uri):
    """The JSON that Google gives for a service account, with a key made for this test."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_email": "pipeline@example.com",
        "private_key": key.private_bytes(*form).decode(),
        "token_uri": token_uri,
    }


def refreshed(token_uri):
    """The arguments of google-auth's Credentials, without a token that is still good."""
    return {
        "refresh_token": "practice-refresh-token",
        "token_uri": token_uri,
        "client_id": "a",
        "client_secret": "b",
    }


@pytest.mark.parametrize("entry", [service_account, refreshed])
def test_a_pipeline_signs_in_without_a_browser(entry, practice, drive_server, tmp_path):
    """A service account, or a refresh token, in the store is all that a server needs to list and read."""
    server = drive_server(practice)
    store = {"drive": entry(f"{server.url}/token")}
    data = catalog(tmp_path, {"endpoint": server.url}, store)
    data.save("train_photos", list(data.load("photos"))[:4])
    assert data.load("train_photos")[0][0].shape == (4, 8, 8, 3)


@pytest.mark.parametrize("name", ["photos", "train_photos"])
def test_no_credentials_in_what_a_dataset_shows(name, on_drive, caplog):
    """They are in no description, no log line, no error and no pickle; a copy that Kedro makes still has them."""
    caplog.set_level(logging.DEBUG)
    data = on_drive[1]
    data.save("train_photos", list(data.load("photos")))
    dataset = data[name]
    dataset.load()
    with pytest.raises(DatasetError) as error:
        ListingDataset(credentials={"token": SECRET, "tokken": SECRET}).load()
    assert "tokken" in str(error.value)
    for shown in (
        repr(dataset),
        str(dataset),
        str(dataset._describe()),
        repr(data),
        caplog.text,
        str(error.value),
    ):
        assert SECRET not in shown
    assert caplog.text
    assert SECRET.encode() not in pickle.dumps(dataset)
    assert SECRET.encode() not in pickle.dumps(dataset.load() if name == "train_photos" else None)
    assert dataset._copy().load() is not None and dataset._copy()._credentials == STORE["drive"]


def test_credentials_in_the_wrong_place_are_refused():
    """Inside `drive`, where the description would show them, credentials are refused by name alone."""
    with pytest.raises(DatasetError, match="`credentials` stand in the entry itself") as error:
        ListingDataset(drive={"credentials": {"token": SECRET}})
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "entry, said",
    [
        ({"type": "service_account", "private_key": SECRET}, "private_key"),
        ({"type": "authorized_user", "refresh_token": SECRET}, "refresh_token"),
        ({"type": SECRET}, "must be 'service_account'"),
    ],
)
def test_credentials_that_are_no_good_are_named_without_their_values(entry, said):
    """An incomplete entry of the store is refused with the names it holds, never with its values."""
    with pytest.raises(DatasetError, match=said) as error:
        ListingDataset(credentials=entry).load()
    assert SECRET not in str(error.value)


def test_an_authorized_user_is_taken_as_google_writes_it():
    """The JSON of `gcloud auth application-default login` works as an entry of the store."""
    user = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
    drive = ListingDataset(credentials=user)._open()
    assert repr(drive) == "Drive('https://www.googleapis.com')"


def test_a_list_is_versioned_by_kedro(practice, tmp_path):
    """`versioned: true` keeps each list that was saved, and an older one is loaded by its version."""
    source, versions = (
        {"source": str(practice)},
        ["2025-01-01T00.00.00.000Z", "2025-01-02T00.00.00.000Z"],
    )
    for count, version in zip((3, 5), versions):
        data = catalog(tmp_path, source, save_version=version, versioned=True)
        data.save("train_photos", list(data.load("photos"))[:count])
    assert len(catalog(tmp_path, source, versioned=True).load("train_photos").files) == 5
    old = catalog(tmp_path, source, load_versions={"train_photos": versions[0]}, versioned=True)
    assert len(old.load("train_photos").files) == 3
    assert old.exists("train_photos")
    assert not catalog(tmp_path / "empty", source, versioned=True).exists("train_photos")


def test_what_a_node_found_out_reaches_the_sequence(practice, tmp_path):
    """A dict of arguments is saved with the files: classes that a part lacks keep their numbers."""
    data = catalog(tmp_path, {"source": str(practice)}, sequence={"label_mode": "categorical"})
    files = list(data.load("photos"))
    names = sorted({file.label for file in files})
    data.save(
        "train_photos",
        {"files": [file for file in files if file.label == names[1]], "class_names": names},
    )
    images, labels = data.load("train_photos")[0]
    assert labels.shape[1] == 3 and labels[:, 1].all()
    assert json.loads((tmp_path / "train_photos.json").read_text())["class_names"] == names


def test_the_catalog_sets_decoder_augmentation_and_cache(practice, tmp_path):
    """Each entry becomes the part it names: its size, its variation, its cache on disk."""
    cache = {"folder": str(tmp_path / "pixels"), "max_bytes": 10**6}
    data = catalog(
        tmp_path, {"source": str(practice)}, cache=cache, augment={"horizontal_flip": True}
    )
    data.save("train_photos", list(data.load("photos")))
    sequence = data.load("train_photos")
    assert sequence[0][0].shape == (4, 8, 8, 3)
    pixels(sequence)
    warm = data.load("train_photos")
    pixels(warm)
    assert warm.stats["cached"] == warm.stats["images"] == 36
    assert warm.augment is not None


def test_with_a_cache_each_picture_is_asked_for_once(practice, drive_server, tmp_path):
    """What one node decoded, the next one's Sequence takes from the cache, without a request to Drive."""
    server = drive_server(practice)
    cache = {"folder": str(tmp_path / "pixels"), "max_bytes": 10**6}
    data = catalog(tmp_path, {"endpoint": server.url}, cache=cache)
    data.save("train_photos", list(data.load("photos")))
    first = pixels(data.load("train_photos"))
    asked = len(server.log)
    np.testing.assert_array_equal(first, pixels(data.load("train_photos")))
    assert len(server.log) == asked


def test_a_zip_is_read_in_place(practice, tmp_path):
    """With `archive`, the same entries list and stream the members of a ZIP."""
    shutil.make_archive(str(tmp_path / "photos"), "zip", practice)
    source, archive = {"source": str(tmp_path)}, {"path": "photos.zip"}
    listing = ListingDataset(drive=source, archive=archive)
    dataset = SequenceDataset(
        filepath=str(tmp_path / "list.json"),
        drive=source,
        archive=archive,
        decode={"image_size": [8, 8]},
    )
    dataset.save(listing.load())
    assert pixels(dataset.load()).shape == (36, 8, 8, 3)


def test_other_processes_are_refused(practice, tmp_path):
    """Kedro's ParallelRunner, which would pickle a dataset without its credentials, refuses it by name."""
    entry = {"type": LISTING, "drive": {"source": str(practice)}}
    data = kedro_io.SharedMemoryDataCatalog.from_config({"photos": entry})
    assert data["photos"]
    with pytest.raises(AttributeError, match="photos"):
        data.validate_catalog()


def test_a_listing_is_no_output():
    """A node that writes to a listing is told what to use instead."""
    with pytest.raises(DatasetError, match="use a SequenceDataset"):
        ListingDataset(folder="roses").save(["a file"])


def test_a_name_that_leads_nowhere_is_named():
    """A `type` that cannot be imported is an error that says what to write."""
    with pytest.raises(
        DatasetError, match="Could not import 'no_such_file.connect'.*type: drive.connect"
    ):
        ListingDataset(drive={"type": "no_such_file.connect"}).load()
