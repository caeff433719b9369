"""ZIPs on Drive, read where they lie: train from one without unpacking it.

Drive counts requests, whatever their size. A ZIP is read in place: its directory first, then blocks
of some megabytes that hold a hundred photos each.

Example:
    >>> import tempfile, zipfile
    >>> from pathlib import Path
    >>> from colab_helpers.drive import connect
    >>> from colab_helpers.sources import open_archive
    >>> path = Path(tempfile.mkdtemp(), "flowers.zip")
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("roses/1.jpg", b"the bytes of a rose")
    ...     archive.writestr("tulips/1.jpg", b"the bytes of a tulip")
    >>> archive = open_archive(connect(path.parent), "flowers.zip")
    >>> [(file.name, file.label, archive.read(file)) for file in archive.list_images()]
    [('1.jpg', 'roses', b'the bytes of a rose'), ('1.jpg', 'tulips', b'the bytes of a tulip')]
"""

from __future__ import annotations

import functools
import os
import reprlib
import zipfile
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..drive import File
from ..drive.arguments import check_above_0, check_file, check_source
from ..drive.labels import FolderLabels, Label, check_label
from ..drive.names import composed, named, printable
from .blocks import BLOCK_BYTES, HELD_BYTES, Blocks, BlockSpan
from .errors import ArchiveError
from .packed_folders import find_zips, read_labels
from .storage import Storage
from .zip_directory import ArchivedImage, listed_name, read_directory
from .zip_listing import BelowFolder, missing_folder, with_labels
from .zip_members import unpack

__all__ = ["Archive", "open_archive"]


def open_archive(
    drive: Storage,
    path: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    block_bytes: int = BLOCK_BYTES,
    held_bytes: int = HELD_BYTES,
) -> Archive:
    """Opens a ZIP, several, or a folder that `pack` wrote, to read images in place.

    Example:
        ```python
        archive = open_archive(drive, "flowers.zip")
        train = StreamingSequence(archive.list_images(), archive.read, decode)
        ```

    Args:
        drive: A `Drive`, a `LocalFolder`, or anything with `find(path) -> file` and
            `read(file, start, end)`.
        path: Of the archive, or a list of them, or of a folder that `pack` wrote.
        block_bytes: Bytes that are read at a time. With larger blocks a shuffled epoch takes fewer
            requests; with smaller ones a single image is there sooner.
        held_bytes: Bytes of blocks that are kept on local disk for the reads that follow.
            `StreamingSequence` mixes eight blocks at a time, which should fit.

    Returns:
        An `Archive`: `list_images(folder)`, `find(path)` and `read(file, start, end)`, as `drive`
        has them, and `labels`.

    Raises:
        ArchiveError: It is no whole ZIP, or is encrypted, or members overlap or name paths outside.
    """
    check_source(drive)
    check_above_0("block_bytes", block_bytes, "of bytes")
    if isinstance(path, (str, os.PathLike)):
        path = [path]
    paths = list(path) if isinstance(path, Iterable) else []
    if not paths:
        raise ValueError(
            "`path` must be the path of a ZIP or of a folder that `pack` wrote, or a list of "
            f"such. Received: path={reprlib.repr(path)}"
        )
    zips: list[File] = []
    label_paths = []
    for one_path in paths:
        packed = find_zips(drive, os.fspath(one_path))
        zips.extend(drive.find(zip_path) for zip_path in packed.zips)
        if packed.labels is not None:
            label_paths.append(packed.labels)
    archive = Archive(
        drive, block_bytes=block_bytes, held_bytes=held_bytes, label_paths=label_paths
    )
    for zip_file in zips:
        archive.add(zip_file)
    return archive


class _Part(NamedTuple):
    """One of the ZIPs of an archive: its name without ending, and the places of its images."""

    name: str
    rows: range


class Archive:
    """Images in one or more ZIPs; `open_archive` makes it.

    It holds about 600 bytes an image. A listing that was saved reads as well as a live one, as an
    image is known by its id and version. Pickled, it reads on in another process without opening
    the ZIPs again; the blocks that it holds stay behind.

    Args:
        drive: Where the ZIPs lie.
        block_bytes: Bytes that are read at a time.
        held_bytes: Bytes of blocks that are kept on local disk.
        label_paths: Where `labels.json` may lie.
    """

    def __init__(
        self,
        drive: Storage,
        *,
        block_bytes: int,
        held_bytes: int,
        label_paths: Iterable[str] = (),
    ) -> None:
        self._drive = drive
        self._label_paths = list(label_paths)
        self._block_bytes = block_bytes
        self._blocks = Blocks(drive.read, held_bytes)
        self._spans: dict[str, BlockSpan] = {}
        self._files: list[File] = []
        # What else is known of each file, in columns: an object for each would take 150 bytes.
        self._first_rows: dict[str, int] = {}  # by id
        self._later_rows: dict[str, list[int]] = {}  # of the few ids that come again, in other ZIPs
        self._block_names: list[str] = []
        self._sizes = array("q")
        self._offsets = array("q")
        self._packed_sizes = array("q")
        self._methods = array("B")
        self._keep_labels = array("B")
        self._are_labels = array("B")
        self._parts: list[_Part] = []

    def __repr__(self) -> str:
        """The ZIPs, and how many images are in them."""
        count = len(self._files)
        zips = named(part.name for part in self._parts) if self._parts else "no ZIP"
        return f"Archive of {zips}: {count:,} {'image' if count == 1 else 'images'}"

    def add(self, archive: File) -> None:
        """Reads the directory of one more ZIP; its images are listed after those already there.

        Args:
            archive: The ZIP, as `drive.find` gives it.

        Raises:
            ArchiveError: As `open_archive` does.
        """
        try:
            directory = read_directory(self._drive.read, archive, self._block_bytes)
        except zipfile.BadZipFile as error:
            raise ArchiveError(
                f"Could not open the archive {archive.name!r} (id {printable(archive.id)}): "
                f"{error}. Make it again with any ZIP program, or with `pack`, and upload it again."
            ) from error
        self._spans.update(directory.spans)
        first_row = len(self._files)
        rows = range(first_row, first_row + len(directory.images))
        self._parts.append(_Part(listed_name(archive), rows))
        for image in directory.images:
            self._note_row(image.file.id, row=len(self._files))
            self._files.append(image.file)
            self._block_names.append(image.block)
            self._sizes.append(image.size)
            self._offsets.append(image.offset)
            self._packed_sizes.append(image.packed_size)
            self._methods.append(image.method)
            self._keep_labels.append(image.keeps_label)
            self._are_labels.append(image.is_label)

    def _note_row(self, file_id: str, row: int) -> None:
        first_row = self._first_rows.setdefault(file_id, row)
        if row != first_row:
            self._later_rows.setdefault(file_id, []).append(row)

    def list_images(self, folder: str = ".", *, label: Label = "parent") -> Iterator[File]:
        """Yields the images below a folder of the archive, in the order in which they lie in it.

        At the end, a warning names what is doubtful about the classes. What `pack` wrote keeps the
        labels that it had. Masks that it took along are left out, but from folders of "masks".

        Args:
            folder: A path in the archive; "." for all.
            label: Which folder is the class: "parent", the one that an image lies in, or the name
                of the archive where it lies in none; or "first", the first one below `folder`,
                however deep it lies. Then images without such a folder are left out.

        Raises:
            ArchiveError: There is no such folder.
            NotFoundError: With "first", no image lies in a folder.
            ValueError: `label` is another word.
        """
        check_label(label)
        below = BelowFolder(folder)
        if below.name and not any(below.holds(file.path) for file in self._files):
            raise ArchiveError(missing_folder(folder, self._files))
        return self._listed(folder, below, label)

    def _listed(self, folder: str, below: BelowFolder, label: Label) -> Iterator[File]:
        """Yields the images below a folder, ZIP after ZIP."""
        is_empty = True
        without_class = None
        for part in self._parts:
            labels = FolderLabels(label)
            for file in self._labelled(part, below, labels):
                is_empty = False
                yield file
            labels.say(folder)
            without_class = without_class or labels.no_class(folder)
        if is_empty and without_class is not None:
            raise without_class

    def _labelled(self, part: _Part, below: BelowFolder, labels: FolderLabels) -> Iterator[File]:
        """Yields the images of a ZIP below a folder; those with a label of their own keep it."""
        for row in part.rows:
            file = self._files[row]
            if not below.holds(file.path) or (self._are_labels[row] and below.name is None):
                continue
            if self._keep_labels[row]:
                yield file
            else:
                yield from with_labels([file], below, part.name, labels)

    @functools.cached_property
    def labels(self) -> Any:
        """The `labels` that `pack` was given, as `StreamingSequence` takes them; else None.

        By id, and by output where there were several. Masks are files of this archive. They are
        read from `labels.json` when they are first asked for.

        Raises:
            ArchiveError: That file is none that `pack` wrote.
        """
        return read_labels(self._drive, self._label_paths, self._image_of_id)

    def _image_of_id(self, file_id: str) -> File | None:
        rows = self._rows_of(file_id)
        return self._files[rows[-1]] if rows else None

    def find(self, path: str) -> File:
        """The image at a path in the archive, or with an id.

        Raises:
            ArchiveError: There is none.
        """
        wanted = composed(path)
        for file in self._files:
            if path == file.id or wanted == composed(file.path):
                return file
        raise ArchiveError(
            f"There is no image {path!r} in the archive. `list_images()` shows what it holds."
        )

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of an image, or those from `start` up to, not including, `end`.

        Its checksum is compared, and its block kept for its neighbours.

        Args:
            file: An image, from `list_images` of today or from a listing that was saved; or any
                object with its `id` and `version`.
            start: First byte; None is the start.
            end: The byte after the last; None is the end.

        Raises:
            ArchiveError: The image is damaged, or is another one since it was listed.
        """
        image = self._image(file)
        span = self._spans[image.block]
        block = self._blocks.get(span)
        try:
            content = unpack(image, block)
        except zipfile.BadZipFile as error:
            raise ArchiveError(
                f"Could not read {image.file.path!r} (id {printable(file.id)}) from the archive "
                f"{span.file.name!r}: {error}. Test it with `unzip -t`, and upload it again."
            ) from error
        return content[start:end]

    def _image(self, file: File) -> ArchivedImage:
        """What is known of a listed file here."""
        check_file(file, needed=("id", "version"))
        row = self._row(file)
        return ArchivedImage(
            file=self._files[row],
            block=self._block_names[row],
            size=self._sizes[row],
            offset=self._offsets[row],
            packed_size=self._packed_sizes[row],
            method=self._methods[row],
            keeps_label=bool(self._keep_labels[row]),
            is_label=bool(self._are_labels[row]),
        )

    def _row(self, file: File) -> int:
        """The place of a listed file in the columns; its id and version tell it."""
        rows = self._rows_of(file.id)
        for row in rows:
            if self._files[row].version == file.version:
                return row
        if rows:
            raise _not_listed(file, "it is another one since it was listed")
        raise _not_listed(file, "there is no such image in it")

    def _rows_of(self, file_id: str) -> list[int]:
        if file_id not in self._first_rows:
            return []
        return [self._first_rows[file_id], *self._later_rows.get(file_id, [])]


def _not_listed(file: File, reason: str) -> ArchiveError:
    """The error for a file that is no image of the archive as it is now."""
    path = getattr(file, "path", file.id)  # a file of one's own may lack it
    return ArchiveError(
        f"Could not read {path!r} (id {printable(file.id)}) from its archive: {reason}. "
        "List the archive again."
    )
