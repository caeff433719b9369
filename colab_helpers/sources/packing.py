"""Packs photos into a few ZIPs ("shards"): many small files become few big ones.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.drive import connect
    >>> from colab_helpers.sources import open_archive, pack
    >>> folder = Path(tempfile.mkdtemp())
    >>> for label in ("roses", "tulips"):
    ...     (folder / "flowers" / label).mkdir(parents=True)
    ...     _ = (folder / "flowers" / label / "1.jpg").write_bytes(label.encode())
    >>> drive = connect(folder)
    >>> pack(drive.list_images("flowers"), drive.read, folder / "packed", map=map)
    []
    >>> archive = open_archive(drive, "packed")
    >>> sorted((file.id, archive.read(file)) for file in archive.list_images())
    [('flowers/roses/1.jpg', b'roses'), ('flowers/tulips/1.jpg', b'tulips')]
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import posixpath
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from ..atomic import atomic_write, remove_left_overs
from ..drive import File
from ..drive.arguments import (
    check_above_0,
    check_function,
    check_source,
    check_whole_number,
    listed_files,
    repeated_files,
)
from ..drive.names import named, printable
from .ahead import done_ahead
from .errors import ArchiveError
from .indexes import INDEX, IndexRow, as_stored, write_rows
from .packed_labels import LABELS, Outputs, as_json, label_files, labels_of_json, outputs_of
from .shard_files import Content, Progress, read_shard_index, write_shard
from .shards import Shard, ShardMember, plan_shards
from .smaller_images import make_label_smaller, make_smaller
from .storage import SeekableFile, UploadStorage

__all__ = ["pack"]

SHARD_BYTES = 256 << 20  # bytes of images, as listed, with which a shard is full
UNREAD = "unread.csv"  # names what could not be read

PackShard = Callable[[Shard], list[IndexRow]]
"""Packs one shard and returns its rows of the index."""


def pack(
    files: Iterable[File],
    read: Callable[[File], bytes],
    folder: str | os.PathLike[str],
    *,
    labels: Any = None,
    shard_bytes: int = SHARD_BYTES,
    longest_side: int | None = None,
    drive: UploadStorage | None = None,
    reads: int = 32,
    map: Callable[[PackShard, list[Shard]], Iterable[list[IndexRow]]] | None = None,
) -> list[dict[str, str]]:
    """Writes a listing into a few ZIPs, which any unzip program opens and `open_archive` reads.

    The files are put in a random order, always the same, so that what lies together is of all
    classes. What a shard holds depends on the listing alone; after a kill, the same call packs only
    what is missing.

    Example:
        ```python
        unread = pack(drive.list_images("flowers17"), drive.read, "packed/flowers17", drive=drive)
        archive = open_archive(drive, "packed/flowers17")
        ```

        With masks, or with a table of numbers by id, which are there again afterwards:

        ```python
        masks = pair(files, drive.list_images("masks"))
        unread = pack(files, drive.read, "packed", labels=masks, drive=drive)
        archive = open_archive(drive, "packed")
        train = StreamingSequence(archive.list_images(), archive.read, decode,
                                  labels=archive.labels, label_mode="image")
        ```

    Args:
        files: The listing. Class folders are kept: a member is called `label/name`.
        read: `read(file) -> bytes`.
        folder: Local folder for the shards and `index.csv`, which has a row for each file: shard,
            path, id, version, label, size in bytes. Where a spreadsheet would take a text for a
            formula, an apostrophe stands before it.
        labels: What pictures are learnt as, as `StreamingSequence` takes it: by file id, or a list
            in the order of `files`, files, numbers, arrays or texts; or a dict of these by output,
            one of which may be files. Files, such as masks, lie behind their pictures in the
            shards, called as these; all else lies in `labels.json`. `open_archive(...).labels` has
            them again. Ids in shards are those of before, so weights and inputs by id fit too.
        shard_bytes: A shard is full with so many bytes, as listed, or half a byte a pixel for what
            is made smaller.
        longest_side: In pixels; larger images are made smaller and stored as JPEGs of quality 90
            (those with transparency as PNGs, and masks, whose values stay). None leaves every byte
            as it is.
        drive: Where given, each shard is uploaded to the folder of that name there, compared by
            md5, and deleted here.
        reads: Files that are read at a time for a shard.
        map: Packs shards side by side: `map(function, shards)` of a process pool, or made of a Dask
            client's. `read` and `drive` must then be picklable. Without a `drive`, `folder` must be
            one for all.

    Returns:
        What could not be read: the rows of `unread.csv`, each a dict with the columns of the index
        and a `reason`.

    Raises:
        ArchiveError: A shard arrived damaged on the Drive.
        ValueError: There is no file, or one twice; an argument is not one of the allowed values;
            `labels` have a form that they cannot have, or would take the place of a file of yours.
    """
    if read is not None:  # for what is packed already, none is needed
        check_function("read", read, "`drive.read`")
    check_above_0("shard_bytes", shard_bytes, "of bytes")
    check_whole_number("reads", reads, least=1)
    if longest_side is not None:
        check_whole_number("longest_side", longest_side, least=1)
    if drive is not None:
        check_source(drive, "upload")
    if map is not None:
        check_function("map", map, "`pool.map`")
    files = listed_files(files)
    if not files:
        raise ValueError(
            "There are no files to pack. If `files` is a generator it may be used up: "
            "`files = list(...)`."
        )
    outputs = outputs_of(labels, files)
    _refuse_repeated(files)
    as_json(outputs)  # what it cannot hold is told before hours of packing
    masks = label_files(files, outputs)
    if longest_side is not None:
        _refuse_masks_among(files, masks)
    settings = f"shard_bytes={shard_bytes} longest_side={longest_side}"
    if masks:
        settings += " with masks"  # else a shard that has them as pictures would do
    job = _Job(
        read=read,
        folder=os.fspath(folder),
        longest_side=longest_side,
        drive=drive,
        reads=reads,
        settings=settings.encode(),
    )
    os.makedirs(job.folder, exist_ok=True)
    if outputs:
        _refuse_labels_of_others(job)
    shards = plan_shards(files, shard_bytes, longest_side, masks)
    if map is None:
        rows_of_shards = _pack_with_bar(shards, job)
    else:
        pack_shard = functools.partial(_pack_shard, job=job)
        rows_of_shards = list(map(pack_shard, shards))
    _remove_left_overs(shards, job)
    _write_labels(outputs, job)
    rows = list(itertools.chain.from_iterable(rows_of_shards))
    return _write_indexes(rows, job)


@dataclass(frozen=True)
class _Job:
    """What is the same for all shards; it travels to other processes."""

    read: Callable[[File], bytes]
    folder: str
    longest_side: int | None
    drive: UploadStorage | None
    reads: int
    settings: bytes

    def path_of(self, name: str) -> str:
        """Where a shard or an index lies on this machine."""
        return os.path.join(self.folder, name)

    @property
    def remote_folder(self) -> str:
        """The folder on the Drive: that of the same name."""
        if os.path.isabs(self.folder):
            return os.path.basename(os.path.normpath(self.folder))
        return self.folder


def _refuse_repeated(files: list[File]) -> None:
    """Refuses a file that stands there twice: a shard would hold it twice, at one path."""
    repeated = repeated_files(files)
    if repeated:
        paths = [file.path for file in repeated]
        raise ValueError(
            f"Some files stand in `files` more than once: {named(paths)}. Pack each once: "
            "`files = list({file.id: file for file in files}.values())`. To train on some more "
            "often, repeat them in what `list_images` of the archive gives."
        )


def _refuse_masks_among(files: list[File], masks: Mapping[Any, File]) -> None:
    """Refuses masks that would be made smaller as pictures are: a JPEG has other values."""
    mask_ids = {mask.id for picture_id, mask in masks.items() if mask.id != picture_id}
    both = [file.path for file in files if file.id in mask_ids]
    if both:
        raise ValueError(
            f"`longest_side` would make JPEGs of masks: {named(both)} stand in `files`, too. Leave "
            "them out there: `files = [file for file in files if file.id in labels]`."
        )


def _pack_with_bar(shards: list[Shard], job: _Job) -> list[list[IndexRow]]:
    from tqdm import tqdm

    count = sum(len(shard.members) for shard in shards)
    with tqdm(desc="Packing", total=count, unit=" files", file=sys.stdout) as bar:
        return [_pack_shard(shard, job, progress=bar.update) for shard in shards]


def _remove_left_overs(shards: list[Shard], job: _Job) -> None:
    """Deletes what runs that were killed left half written."""
    for shard in shards:
        remove_left_overs(job.path_of(shard.name))
    remove_left_overs(job.path_of(LABELS))
    remove_left_overs(job.path_of(UNREAD))
    remove_left_overs(job.path_of(INDEX))


def _write_labels(outputs: Outputs, job: _Job) -> None:
    """Writes and uploads `labels.json`, also where those of an earlier call are to go."""
    path = job.path_of(LABELS)
    if not outputs and not _is_of_pack(path, job):
        return
    with atomic_write(path) as out:
        out.write(as_json(outputs).encode())
    _upload(path, job)


def _refuse_labels_of_others(job: _Job) -> None:
    """Refuses to write over a file that only is called like the labels of a packed folder."""
    path = job.path_of(LABELS)
    if _is_there(path, job) and not _is_of_pack(path, job):
        raise ValueError(
            f"There is a file '{printable(path)}' that `pack` did not write, and `labels` would "
            "take its place: move it, or name another folder."
        )


def _is_there(path: str, job: _Job) -> bool:
    if os.path.lexists(path) or job.drive is None:
        return os.path.lexists(path)
    try:
        job.drive.find(f"{job.remote_folder}/{os.path.basename(path)}")
    except Exception:  # if something else is wrong, the upload of the index tells what
        return False
    return True


def _is_of_pack(path: str, job: _Job) -> bool:
    """Whether an earlier call has written labels there: a file of somebody else's stays."""
    try:
        with contextlib.closing(_open_shard(path, job)) as file:
            labels_of_json(file.read(), lambda file_id: None)
    except Exception:  # there is none; if something else is wrong, the next upload tells what
        return False
    return True


def _write_indexes(rows: list[IndexRow], job: _Job) -> list[dict[str, str]]:
    """Writes and uploads `unread.csv` and `index.csv`; returns the rows of the former."""
    packed = [row for row in rows if not row.reason]
    unread = [row for row in rows if row.reason]
    unread_path = job.path_of(UNREAD)
    index_path = job.path_of(INDEX)
    write_rows(unread_path, unread, IndexRow._fields)
    _upload(unread_path, job)
    columns = [column for column in IndexRow._fields if column != "reason"]
    write_rows(index_path, packed, columns)
    _upload(index_path, job)
    return [row.as_text() for row in unread]


# One shard. What follows runs in the processes that `map` gives.


def _no_progress(files: int) -> None:
    """Shows nothing: nobody looks at another process."""


def _pack_shard(shard: Shard, job: _Job, progress: Progress = _no_progress) -> list[IndexRow]:
    """Packs and uploads one shard, unless it is there already; returns its rows of the index."""
    path = job.path_of(shard.name)
    rows = _finished_rows(path, job)
    if rows is not None and _are_rows_of(rows, shard):
        progress(len(shard.members))
    else:
        content_of = functools.partial(_content, job=job)
        contents = done_ahead(content_of, shard.members, job.reads)
        with contextlib.closing(contents):
            rows = write_shard(path, shard.name, contents, job.settings, progress)
    if os.path.exists(path):
        arrived_whole = _upload(path, job)
        if arrived_whole:
            os.unlink(path)
    return rows


def _finished_rows(path: str, job: _Job) -> list[IndexRow] | None:
    """The rows of a shard that an earlier run finished, here or on Drive; None where none did."""
    try:
        with contextlib.closing(_open_shard(path, job)) as shard:
            return read_shard_index(shard, job.settings)
    except Exception:  # not there, or not whole: it is packed again
        return None


def _open_shard(path: str, job: _Job) -> IO[bytes] | SeekableFile:
    if os.path.lexists(path) or job.drive is None:
        return open(path, "rb", opener=_open_no_link)
    remote = job.drive.find(f"{job.remote_folder}/{os.path.basename(path)}")
    return SeekableFile(job.drive.read, remote)


def _open_no_link(path: str, flags: int) -> int:
    """Opens what lies at a path itself: what a link there points to is no shard of ours."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0))


def _are_rows_of(rows: list[IndexRow], shard: Shard) -> bool:
    """Whether rows are those of a shard's files, each of the version that is listed now."""
    packed = [(row.id, row.version) for row in rows]
    files = [member.file for member in shard.members]
    listed = [(as_stored(file.id), as_stored(str(file.version))) for file in files]
    return packed == listed


def _content(member: ShardMember, job: _Job) -> Content:
    """Reads a file, and makes it smaller where that is asked for."""
    try:
        data = job.read(member.file)
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"`read` must give bytes. Received: {type(data).__name__}")
        if job.longest_side is None:
            return Content(member, data)
        make = make_label_smaller if member.is_label else make_smaller
        smaller = make(data, job.longest_side)
    except Exception as error:
        if getattr(error, "ends_run", False):
            raise
        return Content(member, None, printable(f"{type(error).__name__}: {error}"))
    if smaller is None:
        return Content(member, data)
    stem, _ = posixpath.splitext(member.path)
    path = stem + smaller.extension
    return Content(member._replace(path=path), smaller.content)


def _upload(path: str, job: _Job) -> bool:
    """Uploads a file where there is a Drive; whether its md5 there is that of the file here.

    Raises:
        ArchiveError: The md5 is another one.
    """
    if job.drive is None:
        return False
    sent = job.drive.upload(path, job.remote_folder)
    with open(path, "rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    if sent.md5 is None:
        return False
    if sent.md5 != md5:
        raise ArchiveError(
            f"{path!r} arrived damaged: its md5 is {md5}, and {sent.md5} on Drive. Call pack again."
        )
    return True
