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

import csv
import io
import os
import posixpath
import struct
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator

from ..drive import File
from .blocks import BLOCK_BYTES, HELD_BYTES, Block, Blocks, BlockSpan
from .storage import Storage
from .zip_directory import LOCAL_HEADER_BYTES, ArchivedImage, read_directory

__all__ = ["Archive", "ArchiveError", "open_archive"]

LOCAL_HEADER = b"PK\3\4"  # how a member begins
NAME_AND_EXTRA_LENGTHS = 26  # where they stand in a member's header

DIRECTORY_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    struct.error,
    ValueError,
    EOFError,
    RecursionError,
)  # all that a ZIP made on purpose has been seen to raise
MEMBER_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, struct.error)


class ArchiveError(Exception):
    """An archive or an image in it cannot be read; the message says which, why, and what to do."""


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
        has them.

    Raises:
        ArchiveError: It is no whole ZIP, or is encrypted, or members overlap or name paths outside.
    """
    if isinstance(path, (str, os.PathLike)):
        path = [path]
    zips: list[File] = []
    for one_path in path:
        zip_paths = _zip_paths(drive, os.fspath(one_path))
        zips.extend(drive.find(zip_path) for zip_path in zip_paths)
    archive = Archive(drive, block_bytes=block_bytes, held_bytes=held_bytes)
    for zip_file in zips:
        archive.add(zip_file)
    return archive


def _zip_paths(drive: Storage, path: str) -> list[str]:
    """The ZIPs in a folder, as its index names them; any other path, ID or address is one ZIP."""
    if path.lower().endswith(".zip"):
        return [path]
    try:
        index = drive.read(drive.find(posixpath.join(path, "index.csv"))).decode()
    except Exception:  # there is none; if something else is wrong, opening the ZIP tells what
        return [path]
    shards = [row["shard"] for row in csv.DictReader(io.StringIO(index))]
    return [posixpath.join(path, posixpath.basename(shard)) for shard in dict.fromkeys(shards)]


class Archive:
    """Images in one or more ZIPs; `open_archive` makes it.

    It holds about 600 bytes an image. A listing that was saved reads as well as a live one, as an
    image is known by its id and version. Pickled, it reads on in another process without opening
    the ZIPs again; the blocks that it holds stay behind.

    Args:
        drive: Where the ZIPs lie.
        block_bytes: Bytes that are read at a time.
        held_bytes: Bytes of blocks that are kept on local disk.
    """

    def __init__(self, drive: Storage, *, block_bytes: int, held_bytes: int) -> None:
        self._drive = drive
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

    def add(self, archive: File) -> None:
        """Reads the directory of one more ZIP; its images are listed after those already there.

        Args:
            archive: The ZIP, as `drive.find` gives it.

        Raises:
            ArchiveError: As `open_archive` does.
        """
        try:
            directory = read_directory(self._drive.read, archive, self._block_bytes)
        except DIRECTORY_ERRORS as error:
            raise ArchiveError(
                f"Could not open the archive {archive.name!r} (id {archive.id}): {error}. Make it "
                "again with any ZIP program, or with `pack`, and upload it again."
            ) from error
        self._spans.update(directory.spans)
        for image in directory.images:
            self._note_row(image.file.id, row=len(self._files))
            self._files.append(image.file)
            self._block_names.append(image.block)
            self._sizes.append(image.size)
            self._offsets.append(image.offset)
            self._packed_sizes.append(image.packed_size)
            self._methods.append(image.method)

    def _note_row(self, file_id: str, row: int) -> None:
        first_row = self._first_rows.setdefault(file_id, row)
        if row != first_row:
            self._later_rows.setdefault(file_id, []).append(row)

    def list_images(self, folder: str = ".") -> Iterator[File]:
        """Yields the images below a folder of the archive, in the order in which they lie in it."""
        start = "" if folder in (".", "") else folder.strip("/") + "/"
        return (file for file in self._files if file.path.startswith(start))

    def find(self, path: str) -> File:
        """The image at a path in the archive, or with an id.

        Raises:
            ArchiveError: There is none.
        """
        for file in self._files:
            if path in (file.path, file.id):
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
        try:
            block = self._blocks.get(self._spans[image.block])
            content = _unpacked(image, _packed(image, block))
        except MEMBER_ERRORS as error:
            raise ArchiveError(
                f"Could not read {image.file.path!r} (id {file.id}) from its archive: {error}. "
                "Test the archive with `unzip -t`, and upload it again."
            ) from error
        return content[start:end]

    def _image(self, file: File) -> ArchivedImage:
        """What is known of a listed file here."""
        row = self._row(file)
        return ArchivedImage(
            file=self._files[row],
            block=self._block_names[row],
            size=self._sizes[row],
            offset=self._offsets[row],
            packed_size=self._packed_sizes[row],
            method=self._methods[row],
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
        f"Could not read {path!r} (id {file.id}) from its archive: {reason}. "
        "List the archive again."
    )


def _packed(image: ArchivedImage, block: Block) -> bytes:
    """An image as it lies in the ZIP."""
    header = block.read(image.offset, LOCAL_HEADER_BYTES)
    if not header.startswith(LOCAL_HEADER):
        raise zipfile.BadZipFile("its header is missing")
    name_length, extra_length = struct.unpack_from("<HH", header, NAME_AND_EXTRA_LENGTHS)
    start = image.offset + LOCAL_HEADER_BYTES + name_length + extra_length
    return block.read(start, image.packed_size)


def _unpacked(image: ArchivedImage, packed: bytes) -> bytes:
    """The content of an image; its length and checksum are compared."""
    info = zipfile.ZipInfo()
    info.compress_type = image.method
    info.compress_size = image.packed_size
    info.file_size = image.size
    info.CRC = int(image.file.version, 16)
    content = zipfile.ZipExtFile(io.BytesIO(packed), "r", info).read(image.size + 1)
    if len(content) != image.size:
        raise zipfile.BadZipFile("its end is missing")
    return content
