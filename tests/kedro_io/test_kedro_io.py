"""Pictures as datasets of a Kedro pipeline: what the catalog promises."""

import shutil

import numpy as np
import pytest

kedro_io = pytest.importorskip(
    "kedro.io", reason="Kedro is an extra: pip install colab_helpers[kedro]"
)

from catalogs import LISTING, make_catalog, pixels_of, save_all  # noqa: E402

from colab_helpers.drive import LocalFolder  # noqa: E402
from colab_helpers.kedro_io import ListingDataset, SequenceDataset  # noqa: E402


def test_a_folder_and_a_drive_differ_in_the_catalog_alone(practice, drive_server, tmp_path):
    """The same two entries give the same names, labels and pixels from a folder and over HTTP."""
    sequences = []
    for name, source in (
        ("folder", {"source": str(practice)}),
        ("drive", {"endpoint": drive_server(practice).url}),
    ):
        catalog = make_catalog(tmp_path / name, source)
        files = sorted(catalog.load("photos"), key=lambda file: file.path)
        catalog.save("train_photos", files[:6])
        sequences.append(catalog.load("train_photos"))
    from_folder, from_drive = sequences
    assert from_folder.class_names == from_drive.class_names
    assert [file.path for file in from_folder.files] == [file.path for file in from_drive.files]
    np.testing.assert_array_equal(pixels_of(from_folder), pixels_of(from_drive))


def test_a_loaded_listing_sends_no_request_before_its_first_file(practice, drive_server, tmp_path):
    server = drive_server(practice)
    listing = make_catalog(tmp_path, {"endpoint": server.url}).load("photos")
    assert not server.log
    next(iter(listing))
    assert server.log


def test_a_loaded_sequence_sends_no_request_before_its_first_batch(
    practice, drive_server, tmp_path
):
    server = drive_server(practice)
    catalog = make_catalog(tmp_path, {"endpoint": server.url})
    save_all(catalog)
    before = len(server.log)
    sequence = catalog.load("train_photos")
    assert len(sequence) == 9
    assert len(server.log) == before
    sequence[0]
    assert len(server.log) > before


def test_a_listing_exists_where_there_is_an_image(practice, tmp_path):
    catalog = make_catalog(tmp_path, {"source": str(practice)})
    assert catalog.exists("photos")


def test_the_catalog_sets_decoder_augmentation_and_cache(practice, tmp_path):
    """Each entry becomes the part it names: its size, its variation, its cache on disk."""
    cache = {"folder": str(tmp_path / "pixels"), "max_bytes": 10**6}
    catalog = make_catalog(
        tmp_path, {"source": str(practice)}, cache=cache, augment={"horizontal_flip": True}
    )
    save_all(catalog)
    cold = catalog.load("train_photos")
    assert cold[0][0].shape == (4, 8, 8, 3)
    pixels_of(cold)
    warm = catalog.load("train_photos")
    pixels_of(warm)
    assert warm.stats["cached"] == warm.stats["images"] == 36
    assert warm.augment is not None


def test_with_a_cache_each_picture_is_asked_for_once(practice, drive_server, tmp_path):
    """What one node decoded, the next one's sequence takes from the cache, not from Drive."""
    server = drive_server(practice)
    cache = {"folder": str(tmp_path / "pixels"), "max_bytes": 10**6}
    catalog = make_catalog(tmp_path, {"endpoint": server.url}, cache=cache)
    save_all(catalog)
    first = pixels_of(catalog.load("train_photos"))
    asked = len(server.log)
    np.testing.assert_array_equal(first, pixels_of(catalog.load("train_photos")))
    assert len(server.log) == asked


def test_a_zip_is_read_in_place(practice, tmp_path):
    """With `archive`, the same entries list and stream the members of a ZIP."""
    shutil.make_archive(str(tmp_path / "photos"), "zip", practice)
    where = {"drive": {"source": str(tmp_path)}, "archive": {"path": "photos.zip"}}
    dataset = SequenceDataset(
        filepath=str(tmp_path / "list.json"), decode={"image_size": [8, 8]}, **where
    )
    dataset.save(ListingDataset(**where).load())
    assert pixels_of(dataset.load()).shape == (36, 8, 8, 3)


def test_a_type_may_be_a_function_itself(practice):
    """In a catalog made in Python, `type` takes the function that opens a source of one's own."""

    def open_source(of):
        return LocalFolder(f"{practice}/{of}")

    listing = ListingDataset(drive={"type": open_source, "of": "flower"}).load()
    assert len(list(listing)) == 12


def test_a_type_may_be_a_dotted_name(practice):
    """In a catalog in YAML, `type` names the function that opens a source of one's own."""
    entry = {"type": "colab_helpers.drive.LocalFolder", "root": str(practice)}
    assert len(list(ListingDataset(drive=entry).load())) == 36


def test_a_name_that_leads_nowhere_is_named():
    """A `type` that cannot be imported is an error that says what to write."""
    dataset = ListingDataset(drive={"type": "no_such_file.connect"})
    expected = "Could not import 'no_such_file.connect'.*type: drive.connect"
    with pytest.raises(kedro_io.DatasetError, match=expected):
        dataset.load()


def test_other_processes_are_refused(practice):
    """Kedro's ParallelRunner would pickle a dataset without its credentials: refused by name."""
    entry = {"type": LISTING, "drive": {"source": str(practice)}}
    catalog = kedro_io.SharedMemoryDataCatalog.from_config({"photos": entry})
    assert catalog["photos"]
    with pytest.raises(AttributeError, match="photos"):
        catalog.validate_catalog()


def test_a_listing_is_no_output():
    """A node that writes to a listing is told what to use instead."""
    with pytest.raises(kedro_io.DatasetError, match="use a SequenceDataset"):
        ListingDataset(folder="roses").save(["a file"])
