"""A catalog of both datasets, as its YAML would give it."""

from typing import Any

import numpy as np
from kedro.io import DataCatalog

LISTING = "colab_helpers.kedro_io.ListingDataset"
SEQUENCE = "colab_helpers.kedro_io.SequenceDataset"
SECRET = "practice-token"  # the one that the stand-in Drive accepts
STORE = {"drive": {"token": SECRET}}


def make_catalog(
    folder,
    source: dict[str, Any],
    store: dict[str, Any] = STORE,
    load_versions: dict[str, str] | None = None,
    save_version: str | None = None,
    **changed: Any,
) -> DataCatalog:
    """A listing "photos" and a streaming sequence "train_photos" over one source.

    Args:
        folder: Where the list of the sequence is kept.
        source: What stands under `drive:` in both entries.
        store: The credentials store.
        load_versions: The version to load of each entry.
        save_version: The version that is saved.
        changed: Other words of the entry "train_photos".
    """
    train_photos = {
        "type": SEQUENCE,
        "filepath": str(folder / "train_photos.json"),
        "drive": source,
        "credentials": "drive",
        "decode": {"image_size": [8, 8]},
        "sequence": {"batch_size": 4, "seed": 0},
    }
    entries = {
        "photos": {"type": LISTING, "drive": source, "credentials": "drive"},
        "train_photos": {**train_photos, **changed},
    }
    return DataCatalog.from_config(entries, store, load_versions, save_version)


def save_all(catalog: DataCatalog, count: int | None = None) -> None:
    """Saves the first `count` files of the listing as those to train on; None: all of them."""
    catalog.save("train_photos", list(catalog.load("photos"))[:count])


def pixels_of(sequence) -> np.ndarray:
    """All pictures of a sequence, in the order of its files."""
    return np.concatenate([images for images, _, _ in sequence.in_order()])
