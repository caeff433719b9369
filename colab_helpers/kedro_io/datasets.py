"""The two datasets: a listing, and a streaming sequence over chosen files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn, Self

from kedro.io import AbstractDataset, AbstractVersionedDataset, DatasetError

from ..drive import File, Source, connect
from ..sources import open_archive
from ..stream import PixelCache, augmenter, decoder
from .credentials import connect_arguments
from .entries import Config, call, local_path, refuse_credentials
from .saved_list import as_content, read_list, write_list

if TYPE_CHECKING:
    from ..stream import StreamingSequence

__all__ = ["ListingDataset", "SequenceDataset"]


class _OnDrive:
    """What both datasets do: open the source when they load, and keep the credentials secret."""

    # Kedro's ParallelRunner would pickle a dataset, and its credentials do not travel.
    _SINGLE_PROCESS = True

    def _set_source(self, drive: Config | None, archive: Config | None, credentials: Any) -> None:
        refuse_credentials("drive", drive)
        refuse_credentials("archive", archive)
        self._drive = drive
        self._archive = archive
        self._credentials = credentials

    def _open_source(self) -> Source:
        """Opens it anew for each load."""
        drive: Source = call(connect, self._drive, **connect_arguments(self._credentials))
        if not self._archive:
            return drive
        archive: Source = call(open_archive, self._archive, drive=drive)
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
            `{path: flowers17.zip}`. In shards that `pack` wrote, `folder: masks` lists the masks.
        credentials: What the credentials store holds for this entry: a service account's JSON
            (`type: service_account`), an authorized user's (`type: authorized_user`), the
            arguments of `google.oauth2.credentials.Credentials` (`token: ...`), or an API key for
            folders that "Anyone with the link" may see (`api_key: ...`). Empty: `connect` signs in
            as it does by itself. They are shown nowhere, and a pickled dataset does not hold them.
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

    A node returns a list of files, or a dict of files and what else it found out about them:
    `{"files": train_files, "labels": labels}`. That may be the arguments of `StreamingSequence`
    that tell of data and of batches: `labels`, `label_mode`, `class_names`, `sample_weight`,
    `inputs`, `batch_size`, `shuffle`, `seed`, `normalize`, `dtype`, `on_bad_file`. How the files
    are read, the catalog alone says: the list is data, and whoever may write it runs no code with
    it. A part of `split` brings the classes of the whole along; give `class_names` with other lists
    that may lack a class.

    Masks, numbers and weights go this way; `label_mode` in the catalog says what is learnt:

    ```yaml
    train_photos:
      type: colab_helpers.kedro_io.SequenceDataset
      filepath: data/05_model_input/train_photos.json
      decode: {image_size: [64, 64]}
      sequence: {label_mode: {mask: image, age: raw}}
    ```

    ```python
    def prepare(photos, masks, table):  # two listings; a pandas.CSVDataset with index_col: id
        files = list(photos)
        labels = {"mask": pair(files, masks), "age": table["age"]}
        return {"files": files, "labels": labels, "sample_weight": table["weight"]}
    ```

    Args:
        filepath: Of the list, a JSON file on this machine. It is written whole or not at all.
        decode: Arguments of `stream.decoder`; `image_size` is `[height, width]` in pixels.
        decode_label: As `decode`, for masks, which are grey and not blended unless it says so. By
            default of the size of the pictures.
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
        DatasetError: Credentials stand where they would be shown, or a path is not on this machine.
    """

    def __init__(
        self,
        *,
        filepath: str,
        decode: Config,
        decode_label: Config | None = None,
        drive: Config | None = None,
        archive: Config | None = None,
        augment: Config | None = None,
        cache: Config | None = None,
        sequence: Config | None = None,
        version: Any = None,
        credentials: Any = None,
        metadata: Any = None,
    ) -> None:
        super().__init__(PurePosixPath(local_path("filepath", str(filepath))), version)
        self._set_source(drive, archive, credentials)
        self._decode = decode
        self._decode_label = decode_label
        self._augment = augment
        self._cache = _with_local_folder(cache)
        self._sequence = sequence or {}
        self.metadata = metadata

    def load(self) -> StreamingSequence:
        """A sequence over the saved files; no picture is read before its first batch."""
        from ..stream import StreamingSequence  # imports Keras

        arguments = read_list(Path(self._get_load_path()), self._sequence)
        if self._augment:
            arguments["augment"] = call(augmenter, self._augment)
        if self._cache:
            arguments["cache"] = call(PixelCache, self._cache)
        arguments["read"] = self._open_source().read
        arguments["decode"] = call(decoder, self._decode)
        if self._decode_label:
            entry = self._decode_label
            if "type" not in entry and "image_size" in self._decode:
                entry = {"image_size": self._decode["image_size"], **entry}
            arguments["decode_label"] = call(_mask_decoder, entry)
        sequence: StreamingSequence = call(StreamingSequence, self._sequence, **arguments)
        return sequence

    def save(self, data: Iterable[File] | Mapping[str, Any]) -> None:
        """Writes the list of files, and what a node found out about them, as JSON."""
        content = as_content(data, self._sequence)
        write_list(Path(self._get_save_path()), content)

    def _describe(self) -> dict[str, Any]:
        return {
            "filepath": self._filepath,
            "version": self._version,
            "drive": self._drive,
            "archive": self._archive,
            "decode": self._decode,
            "decode_label": self._decode_label,
            "augment": self._augment,
            "cache": self._cache,
            "sequence": self._sequence,
        }

    def _exists(self) -> bool:
        try:
            return Path(self._get_load_path()).is_file()
        except DatasetError:  # there is no version yet
            return False


def _mask_decoder(
    image_size: tuple[int, int],
    color_mode: Any = "grayscale",
    interpolation: Any = "nearest",
    **words: Any,
) -> decoder:
    """A decoder of masks, unless the entry says otherwise."""
    return decoder(image_size, color_mode=color_mode, interpolation=interpolation, **words)


def _with_local_folder(cache: Config | None) -> Config | None:
    """The entry of a cache, once it is sure that its folder is on this machine."""
    if not cache or "folder" not in cache:
        return cache
    return {**cache, "folder": local_path("folder", str(cache["folder"]))}
