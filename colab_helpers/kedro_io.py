"""Pictures on Drive, or in any folder, as datasets of a Kedro pipeline.

`ListingDataset` gives a node the listing of a folder. `SequenceDataset` keeps the files that a node
chose of it, and gives the next node the `StreamingSequence` to train on. The catalog says where the
pictures lie and how they are read. Kedro's credentials say who may read them. No node knows either.

Example:
    >>> import pathlib, tempfile
    >>> from kedro.io import DataCatalog
    >>> photos = pathlib.Path(tempfile.mkdtemp())
    >>> for label in ("rose", "tulip"):
    ...     (photos / label).mkdir()
    ...     _ = (photos / label / "1.jpg").write_bytes(b"as good as a picture")
    >>> catalog = DataCatalog.from_config({"photos": {
    ...     "type": "colab_helpers.kedro_io.ListingDataset",
    ...     "drive": {"source": str(photos)}}})    # left out: Google Drive
    >>> [file.label for file in catalog.load("photos")]
    ['rose', 'tulip']

A catalog entry holds entries of its own: `drive`, `archive`, `decode`, `augment`, `cache` and
`sequence`. Each is the arguments of one function of this project. Where such an entry has a `type`,
that function of yours is called instead: a dotted name, imported when the dataset loads.

This room needs Kedro (`pip install colab_helpers[kedro]`).
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeAlias

from kedro.io import AbstractDataset, AbstractVersionedDataset, DatasetError

from .atomic import atomic_write
from .drive import File, Source, connect
from .sources import open_archive
from .stream import PixelCache, augmenter, decoder

if TYPE_CHECKING:
    from .stream import StreamingSequence

__all__ = ["ListingDataset", "SequenceDataset"]

Config: TypeAlias = Mapping[str, Any]  # an entry of the catalog

READ_ONLY = "https://www.googleapis.com/auth/drive.readonly"


class _OnDrive:
    """What both datasets do: open the source when they load, and keep the credentials secret."""

    # Kedro's ParallelRunner would pickle a dataset, and its credentials do not travel.
    _SINGLE_PROCESS = True

    def _set_source(self, drive: Config | None, archive: Config | None, credentials: Any) -> None:
        _refuse_credentials("drive", drive)
        _refuse_credentials("archive", archive)
        self._drive = drive
        self._archive = archive
        self._credentials = credentials

    def _open_source(self) -> Source:
        """Opens it anew for each load."""
        arguments = {}
        credentials = _google_credentials(self._credentials)
        if credentials is not None:
            arguments["credentials"] = credentials
        drive: Source = _call(connect, self._drive, **arguments)
        if not self._archive:
            return drive
        archive: Source = _call(open_archive, self._archive, drive=drive)
        return archive

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["_credentials"] = None
        # Kedro keeps the arguments of the constructor, credentials among them.
        state["_init_args"] = {**state.get("_init_args", {}), "credentials": None}
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        # Kedro copies a dataset to give it a version; unlike a pickle, the copy needs credentials.
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy


class ListingDataset(_OnDrive, AbstractDataset):
    """The images of a folder, listed when a node asks for them.

    Example:
        ```yaml
        photos:
          type: colab_helpers.kedro_io.ListingDataset
          folder: flowers17
          credentials: drive            # an entry of credentials.yml
        ```

    Args:
        folder: Name, path, ID or address, as `list_images` takes it; "." is the root of the source.
        drive: Arguments of `drive.connect`: `{source: path/of/a/folder}`, `{endpoint: URL}`, or
            nothing for Google Drive. `type` names another function; what it returns needs
            `list_images(folder)` and `read(file)`.
        archive: To read from a ZIP that lies there, the arguments of `sources.open_archive`:
            `{path: flowers17.zip}`.
        credentials: What the credentials store holds for this entry: a service account's JSON
            (`type: service_account`), an authorized user's (`type: authorized_user`), or the
            arguments of `google.oauth2.credentials.Credentials` (`token: ...`). Empty: `connect`
            signs in as it does by itself. They are shown nowhere, and a pickled dataset does not
            hold them.
        metadata: For other tools; not used.

    Raises:
        DatasetError: Credentials stand where they would be shown.
    """

    def __init__(
        self,
        *,
        folder: str = ".",
        drive: Config | None = None,
        archive: Config | None = None,
        credentials: Any = None,
        metadata: Any = None,
    ) -> None:
        self._set_source(drive, archive, credentials)
        self._folder = folder
        self.metadata = metadata

    def load(self) -> Iterator[File]:
        """An iterator of files; on Drive no request before its first `next`."""
        return self._open_source().list_images(self._folder)

    def save(self, data: object) -> NoReturn:
        """Refuses: a listing is read, not written."""
        raise DatasetError(
            f"A listing is read, not written, so {self!s} cannot be the output of a node. "
            "To keep chosen files, use a SequenceDataset."
        )

    def _exists(self) -> bool:
        return next(iter(self.load()), None) is not None

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder, "drive": self._drive, "archive": self._archive}


class SequenceDataset(_OnDrive, AbstractVersionedDataset):
    """Chosen files, saved as a short list and loaded as a `StreamingSequence`.

    The pictures stay where they are, and are read from there. Of each file, the attributes of a
    `File` are saved. Others, which a source of your own may have given it, are not.

    Example:
        ```yaml
        train_photos:
          type: colab_helpers.kedro_io.SequenceDataset
          filepath: data/05_model_input/train_photos.json
          versioned: true
          credentials: drive
          decode: {image_size: [64, 64]}
          augment: {rotation_range: 15, horizontal_flip: true}
          sequence: {batch_size: 32, seed: 0, on_bad_file: skip}
        ```

    A node returns a list of files, or a dict of files and what else it found out about them, all of
    it arguments of `StreamingSequence`: `{"files": train_files, "class_names": class_names}`. Give
    `class_names` wherever a part may lack a class, or numbers its classes in another way than the
    whole.

    Args:
        filepath: Of the list, a JSON file on this machine.
        decode: Arguments of `stream.decoder`; `image_size` is `[height, width]` in pixels.
        drive: As of `ListingDataset`.
        archive: As of `ListingDataset`.
        augment: Arguments of `stream.augmenter`; none, no augmentation.
        cache: Arguments of `stream.PixelCache`, such as
            `{folder: data/02_intermediate/pixels, max_bytes: 1000000000}`.
        sequence: Arguments of `stream.StreamingSequence`.
        version: Given by Kedro where the entry says `versioned: true`.
        credentials: As of `ListingDataset`.
        metadata: For other tools; not used.

    Raises:
        DatasetError: Credentials stand where they would be shown.
    """

    def __init__(
        self,
        *,
        filepath: str,
        decode: Config,
        drive: Config | None = None,
        archive: Config | None = None,
        augment: Config | None = None,
        cache: Config | None = None,
        sequence: Config | None = None,
        version: Any = None,
        credentials: Any = None,
        metadata: Any = None,
    ) -> None:
        super().__init__(PurePosixPath(filepath), version)
        self._set_source(drive, archive, credentials)
        self._decode = decode
        self._augment = augment
        self._cache = cache
        self._sequence = sequence or {}
        self.metadata = metadata

    def load(self) -> StreamingSequence:
        """A sequence over the saved files; no picture is read before its first batch."""
        from .stream import StreamingSequence  # imports Keras

        arguments = json.loads(Path(self._get_load_path()).read_text(encoding="utf-8"))
        arguments["files"] = [_file_of(row) for row in arguments["files"]]
        if self._augment:
            arguments["augment"] = _call(augmenter, self._augment)
        if self._cache:
            arguments["cache"] = _call(PixelCache, self._cache)
        arguments["read"] = self._open_source().read
        arguments["decode"] = _call(decoder, self._decode)
        sequence: StreamingSequence = _call(StreamingSequence, self._sequence, **arguments)
        return sequence

    def save(self, data: Iterable[File] | Mapping[str, Any]) -> None:
        """Writes the list of files, and what a node found out about them, as JSON."""
        content = dict(data) if isinstance(data, Mapping) else {"files": data}
        content["files"] = [_row_of(file) for file in content["files"]]
        text = json.dumps(content, indent=1, ensure_ascii=False)
        with atomic_write(Path(self._get_save_path())) as out:
            out.write(text.encode("utf-8"))

    def _describe(self) -> dict[str, Any]:
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

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_file()
        except DatasetError:  # there is no version yet
            return False


def _row_of(file: Any) -> dict[str, Any]:
    """A file of any source as JSON holds it: the attributes of a `File`, and no others."""
    return {field.name: getattr(file, field.name, None) for field in dataclasses.fields(File)}


def _file_of(row: Mapping[str, Any]) -> File:
    """A file from a saved list, also one of an earlier version with more or fewer attributes."""
    known: dict[str, Any] = {field.name: row.get(field.name) for field in dataclasses.fields(File)}
    return File(**known)


def _call(default: Callable[..., Any], config: Config | None, **arguments: Any) -> Any:
    """Calls `default` with the words of a catalog entry as arguments, or what its `type` names.

    Args:
        default: What the entry stands for when it has no `type`.
        config: The entry.
        arguments: What the dataset itself gives; it comes before what the entry says.
    """
    words = {**(config or {}), **arguments}
    function = words.pop("type", default)
    if isinstance(function, str):
        function = _import(function)
    return function(**words)


def _import(dotted_name: str) -> Any:
    module, _, name = dotted_name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DatasetError(
            f"Could not import {dotted_name!r}: {error}. Name a function that Python finds from "
            "where the pipeline runs, with its module before it, such as `type: drive.connect`."
        ) from error


def _refuse_credentials(place: str, config: Config | None) -> None:
    """Refuses credentials within an entry, where the description of a dataset would show them."""
    if "credentials" in (config or {}):
        raise DatasetError(
            f"`credentials` stand in the entry itself, not in its `{place}`. Move the line there."
        )


def _google_credentials(config: Any) -> Any:
    """google-auth credentials from an entry of the credentials store; None from an empty one."""
    if not config:
        return None
    if not isinstance(config, Mapping):
        return config  # an object of google-auth, where the catalog is made in Python
    kind = config.get("type")
    if kind not in ("service_account", "authorized_user", None):
        raise DatasetError(
            "The `type` of credentials must be 'service_account', 'authorized_user' or left out. "
            "Received another one."
        )
    try:
        return _make_credentials(kind, config)
    except Exception as error:  # its text might quote a value; the names of the words are no secret
        raise DatasetError(
            f"The credentials of this entry cannot be used ({type(error).__name__}). They hold: "
            f"{', '.join(map(str, config))}. Compare them with the JSON that Google gave you."
        ) from None


def _make_credentials(kind: str | None, config: Config) -> Any:
    from google.oauth2 import credentials, service_account

    if kind == "service_account":
        return service_account.Credentials.from_service_account_info(config, scopes=[READ_ONLY])
    if kind == "authorized_user":
        return credentials.Credentials.from_authorized_user_info(config)
    arguments = {name: value for name, value in config.items() if name != "type"}
    return credentials.Credentials(**{"token": None, **arguments})
