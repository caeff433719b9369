"""Pictures on Drive, or in any folder, as datasets of a Kedro pipeline.

`ListingDataset` gives a node the listing of a folder; `SequenceDataset` keeps what a node chose of it, and
gives the next node the `StreamingSequence` to train on. Where the pictures lie and how they are read stands
in the catalog, who may read them in Kedro's credentials, and no node knows either.

Example:
    >>> from types import SimpleNamespace as File
    >>> from kedro.io import DataCatalog
    >>> def connect(source, credentials=None):  # in catalog.yml: leave `type` out, and it is drive.connect
    ...     files = [File(id="1", name="1.jpg", label="rose"), File(id="2", name="2.jpg", label="tulip")]
    ...     return File(list_images=lambda folder: iter(files), read=lambda file: b"...")
    >>> catalog = DataCatalog.from_config({"photos": {
    ...     "type": "colab_helpers.kedro_io.ListingDataset", "folder": "flowers",
    ...     "drive": {"type": connect, "source": "data/01_raw"}}})
    >>> [file.label for file in catalog.load("photos")]
    ['rose', 'tulip']

Needs kedro. What else a dataset uses it names in the catalog, as `type:`, and imports when it loads; by
default these are the other files of this project. With copied files: `drive: {type: drive.connect}`.
"""

import dataclasses
import importlib
import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

from kedro.io import AbstractDataset, AbstractVersionedDataset, DatasetError

__all__ = ["ListingDataset", "SequenceDataset"]

READ_ONLY = "https://www.googleapis.com/auth/drive.readonly"


class _OnDrive:
    """What both datasets do: open the drive when loaded, and keep the credentials to themselves."""

    _SINGLE_PROCESS = (
        True  # Kedro's ParallelRunner would pickle it, and the credentials stay behind
    )

    def _set_source(self, drive, archive, credentials):
        for place, config in (("drive", drive), ("archive", archive)):
            if "credentials" in (config or {}):  # there, they would be shown with the rest
                raise DatasetError(
                    f"`credentials` stand in the entry itself, not in its `{place}`. Move the line there."
                )
        self._drive, self._archive, self._credentials = drive, archive, credentials

    def _open(self):
        """The source with its `list_images` and `read`, opened anew for each load."""
        credentials = _google_credentials(self._credentials)
        given = {} if credentials is None else {"credentials": credentials}
        drive = _make(self._drive or {}, "colab_helpers.drive.connect", **given)
        return (
            _make(self._archive, "colab_helpers.archives.open_archive", drive=drive)
            if self._archive
            else drive
        )

    def __getstate__(self):
        state = {**self.__dict__, "_credentials": None}
        state["_init_args"] = {
            **state.get("_init_args", {}),
            "credentials": None,
        }  # where Kedro keeps them, too
        return state

    def __deepcopy__(
        self, memo
    ):  # Kedro copies a dataset to give it a version; that copy does need them
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy


class ListingDataset(_OnDrive, AbstractDataset):
    """The images of a folder, listed when a node asks for them.

    Example:
        photos:
          type: colab_helpers.kedro_io.ListingDataset
          folder: flowers17
          credentials: drive            # an entry of credentials.yml

    Args:
        folder: Name, path, ID or address, as `list_images` takes it; "." is the root of the source.
        drive: Arguments of `drive.connect`: `{source: path/of/a/folder}`, `{endpoint: URL}`, or nothing for
            Google Drive. `type` names another function; what it returns needs `list_images(folder)` and `read(file)`.
        archive: To read from a ZIP that lies there, the arguments of `archives.open_archive`:
            `{path: flowers17.zip}`.
        credentials: What the credentials store holds for this entry: a service account's JSON (`type:
            service_account`), an authorized user's (`type: authorized_user`), or the arguments of
            `google.oauth2.credentials.Credentials` (`token: ...`). Empty: `connect` signs in as it does by itself.
            They are shown nowhere, and a pickled dataset does not hold them.
        metadata: For other tools; not used.
    """

    def __init__(self, *, folder=".", drive=None, archive=None, credentials=None, metadata=None):
        self._set_source(drive, archive, credentials)
        self._folder, self.metadata = folder, metadata

    def load(self):
        """An iterator of files; on Drive no request before its first `next`."""
        return self._open().list_images(self._folder)

    def save(self, data):
        raise DatasetError(
            f"A listing is read, not written, so {self!s} cannot be the output of a node. "
            "To keep chosen files, use a SequenceDataset."
        )

    def _exists(self):
        return next(iter(self.load()), None) is not None

    def _describe(self):
        return {"folder": self._folder, "drive": self._drive, "archive": self._archive}


class SequenceDataset(_OnDrive, AbstractVersionedDataset):
    """Chosen files: saved as a short list, loaded as a `StreamingSequence` that reads them from where they lie.

    Example:
        train_photos:
          type: colab_helpers.kedro_io.SequenceDataset
          filepath: data/05_model_input/train_photos.json
          versioned: true
          credentials: drive
          decode: {image_size: [64, 64]}
          augment: {rotation_range: 15, horizontal_flip: true}
          sequence: {batch_size: 32, seed: 0, on_bad_file: skip}

    A node returns a list of files, or a dict of what else it found out about them, all of it arguments of
    `StreamingSequence`: `{"files": train_files, "class_names": class_names}`. Give `class_names` wherever a part may
    lack a class, or its classes are numbered in another way than the whole's.

    Args:
        filepath: Of the list, a JSON file on this machine. The pictures stay where they are.
        drive, archive, credentials, metadata: As of `ListingDataset`.
        decode: Arguments of `images.decoder`; `image_size` is `[height, width]` in pixels.
        augment: Arguments of `images.augmenter`; none, no augmentation.
        cache: Arguments of `cache.PixelCache`, such as `{folder: data/02_intermediate/pixels, max_bytes: 1000000000}`.
        sequence: Arguments of `sequence.StreamingSequence`. In each of these four `type` names another function.
        version: Given by Kedro where the entry says `versioned: true`.
    """

    def __init__(
        self,
        *,
        filepath,
        decode,
        drive=None,
        archive=None,
        augment=None,
        cache=None,
        sequence=None,
        version=None,
        credentials=None,
        metadata=None,
    ):
        super().__init__(PurePosixPath(filepath), version)
        self._set_source(drive, archive, credentials)
        self._decode, self._augment, self._cache, self._sequence = (
            decode,
            augment,
            cache,
            sequence or {},
        )
        self.metadata = metadata

    def load(self):
        """A `StreamingSequence` over the saved files; no picture is read before its first batch is asked for."""
        saved = json.loads(Path(self._get_load_path()).read_text(encoding="utf-8"))
        saved["files"] = [_File(**row) for row in saved["files"]]
        if self._augment:
            saved["augment"] = _make(self._augment, "colab_helpers.images.augmenter")
        if self._cache:
            saved["cache"] = _make(self._cache, "colab_helpers.cache.PixelCache")
        decode = _make(self._decode, "colab_helpers.images.decoder")
        return _make(
            self._sequence,
            "colab_helpers.sequence.StreamingSequence",
            **saved,
            read=self._open().read,
            decode=decode,
        )

    def save(self, data):
        data = dict(data) if isinstance(data, Mapping) else {"files": data}
        data["files"] = [_row(file) for file in data["files"]]
        text = json.dumps(data, indent=1, ensure_ascii=False)
        path = Path(self._get_save_path())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _describe(self):
        return {
            "filepath": self._filepath,
            "version": self._version,
            "drive": self._drive,
            "archive": self._archive,
            "decode": self._decode,
            "augment": self._augment,
            "cache": self._cache,
            "sequence": self._sequence,
        }

    def _exists(self):
        try:
            return Path(self._get_load_path()).is_file()
        except DatasetError:  # no version yet
            return False


class _File(SimpleNamespace):
    """A file as its source listed it; `read` finds all that it looks for."""

    def __hash__(self):
        return hash(self.id)


def _row(file):
    return dataclasses.asdict(file) if dataclasses.is_dataclass(file) else dict(vars(file))


def _make(config, default, **arguments):
    """Calls what `type` names, as Kedro does with an entry, with the other words of the entry as arguments."""
    arguments = {**config, **arguments}
    make = arguments.pop("type", default)
    if isinstance(make, str):
        module, _, name = make.rpartition(".")
        try:
            make = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise DatasetError(
                f"Could not import {make!r}: {error}. If you copied that file, name it in the "
                "catalog, such as `type: drive.connect`; otherwise install colab_helpers."
            ) from error
    return make(**arguments)


def _google_credentials(config):
    """google-auth credentials from an entry of the credentials store; None from an empty one."""
    if not config:
        return None
    if not isinstance(config, Mapping):
        return config  # an object of google-auth, where the catalog is made in Python
    from google.oauth2 import credentials, service_account

    arguments = dict(config)
    kind = arguments.pop("type", None)
    try:
        if kind == "service_account":
            return service_account.Credentials.from_service_account_info(config, scopes=[READ_ONLY])
        if kind == "authorized_user":
            return credentials.Credentials.from_authorized_user_info(config)
        if kind is None:
            return credentials.Credentials(**{"token": None, **arguments})
    except Exception as error:  # its text might quote a value; the names of the words are no secret
        raise DatasetError(
            f"The credentials of this entry cannot be used ({type(error).__name__}). They hold: "
            f"{', '.join(map(str, config))}. Compare them with the JSON that Google gave you."
        ) from None
    raise DatasetError(
        "The `type` of credentials must be 'service_account', 'authorized_user' or left out. "
        "Received another one."
    )
