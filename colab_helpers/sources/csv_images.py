r"""Rows of a CSV as images: each row is a label and its pixels, as in Flowers-17's or MNIST's.

The file stays on Drive and never is in memory as a whole. `open_csv` goes through it once and keeps
where each row starts; from then on rows are read at random, in blocks of some megabytes that
neighbours share.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from colab_helpers.drive import connect
    >>> from colab_helpers.sources import open_csv
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "dots.csv").write_text("dark,0,1,2,3\nlight,252,253,254,255\n")
    >>> rows = open_csv(
    ...     connect(folder), "dots.csv", (2, 2), color_mode="grayscale", index=folder / "dots.npz"
    ... )
    >>> files = list(rows.list_images())
    >>> [(file.name, file.label) for file in files]
    [('line 1', 'dark'), ('line 2', 'light')]
    >>> rows.decode(rows.read(files[1]))[:, :, 0]
    array([[252, 253],
           [254, 255]], dtype=uint8)
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO

import numpy as np
import numpy.typing as npt

from ..atomic import atomic_write, remove_left_overs
from ..drive import File
from .blocks import BLOCK_BYTES, HELD_BYTES, Blocks, BlockSpan
from .csv_lines import parse_values, split_label
from .csv_scan import CsvTable, load_table, save_table, scan
from .storage import Storage, StreamedFile, read_in_pieces

__all__ = ["CsvError", "PixelDecoder", "Rows", "open_csv"]

CHANNELS = {"rgb": 3, "grayscale": 1}  # by color mode
GZIP_START = b"\x1f\x8b"  # RFC 1952, https://www.rfc-editor.org/rfc/rfc1952#page-5
CSV_ERRORS = (ValueError, EOFError, zlib.error, gzip.BadGzipFile)
INDEX_ERRORS = (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile)


class CsvError(Exception):
    """A CSV or a row cannot be read; the message names the line, what is wrong, and what to do."""


class PixelDecoder:
    """`decode(bytes) -> uint8 array (height, width, channels)` of what `Rows.read` gives.

    Attributes:
        shape: (height, width, channels).
        key: Names all that changes the result; a `PixelCache` asks for it.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.key = "csv-{}x{}x{}".format(*shape)

    def __call__(self, data: bytes) -> npt.NDArray[np.uint8]:
        """The pixels of a row."""
        return np.frombuffer(data, np.uint8).reshape(self.shape)


def open_csv(
    drive: Storage,
    path: str | os.PathLike[str],
    image_size: tuple[int, int],
    *,
    color_mode: str = "rgb",
    index: str | os.PathLike[str] | None = None,
    block_bytes: int = BLOCK_BYTES,
    held_bytes: int = HELD_BYTES,
) -> Rows:
    """Opens a CSV of pixels, to read its rows in place.

    Example:
        ```python
        rows = open_csv(drive, "flowers17.csv", image_size=(64, 64))
        train = StreamingSequence(rows.list_images(), rows.read, rows.decode)
        ```

    Args:
        drive: A `Drive`, a `LocalFolder`, or anything with `find(path) -> file` and
            `read(file, start, end)`.
        path: Of the CSV, or of one packed by gzip, which is unpacked to local disk beside the
            index, as one cannot read it at random. Rows are `label,value,value,...`; a first line
            with titles is skipped.
        image_size: (height, width) in pixels. The values of a row are in the order height, width,
            channel.
        color_mode: "rgb", three values a pixel, or "grayscale", one.
        index: Local file that keeps where the rows start; `<name>.index.npz` in the current folder
            by default. It is used again as long as the CSV has not changed.
        block_bytes: Bytes that are read at a time. With larger blocks a shuffled epoch takes fewer
            requests; with smaller ones a single row is there sooner.
        held_bytes: Bytes of blocks that are kept on local disk for the reads that follow.
            `StreamingSequence` mixes eight blocks at a time, which should fit.

    Returns:
        `Rows`: `list_images()`, `read(file)` and `decode`.

    Raises:
        CsvError: It has no rows, or is no CSV, or a gzip that is cut or damaged.
        ValueError: `color_mode` is another one.
    """
    if color_mode not in CHANNELS:
        raise ValueError(f"`color_mode` must be 'rgb' or 'grayscale'. Received: {color_mode!r}")
    height, width = image_size
    decode = PixelDecoder((height, width, CHANNELS[color_mode]))
    file = drive.find(os.fspath(path))
    index_path = os.fspath(index or _default_index(file))
    unpacked_path = None
    if drive.read(file, 0, 2) == GZIP_START:
        unpacked_path = index_path.removesuffix(".npz") + ".csv"
    of = json.dumps([file.id, str(file.version), decode.shape])
    table = _saved_table(index_path, unpacked_path, of)
    if table is None:
        table = _scanned_table(drive, file, decode, unpacked_path, block_bytes)
        save_table(table, index_path, of)
    return Rows(
        drive,
        file,
        table,
        decode,
        unpacked_path=unpacked_path,
        block_bytes=block_bytes,
        held_bytes=held_bytes,
    )


def _default_index(file: File) -> str:
    """In the current folder, whatever the name on Drive is."""
    return f"{os.path.basename(file.name.replace(os.sep, '_'))}.index.npz"


def _saved_table(index_path: str, unpacked_path: str | None, of: str) -> CsvTable | None:
    """The table that an earlier run saved for the same CSV; None where it must be made again."""
    if unpacked_path is not None and not os.path.exists(unpacked_path):
        return None
    try:
        return load_table(index_path, of)
    except INDEX_ERRORS:
        return None


def _scanned_table(
    drive: Storage, file: File, decode: PixelDecoder, unpacked_path: str | None, piece_bytes: int
) -> CsvTable:
    """Goes through the CSV once; one packed by gzip is unpacked to `unpacked_path` on the way."""
    count = _values_of(decode)
    try:
        if unpacked_path is None:
            return scan(read_in_pieces(drive.read, file, piece_bytes), count)
        remove_left_overs(unpacked_path)
        with atomic_write(unpacked_path) as out:
            unpacked = _unpacked_pieces(drive, file, piece_bytes)
            return scan(_copied(unpacked, out), count)
    except CSV_ERRORS as error:
        raise CsvError(
            f"Could not open the CSV {file.name!r} (id {file.id}): {error}. It needs rows of a "
            f"label and {count} values, separated by commas."
        ) from error


def _unpacked_pieces(drive: Storage, file: File, piece_bytes: int) -> Iterator[bytes]:
    """Yields what a gzip holds."""
    packed = io.BufferedReader(StreamedFile(drive.read, file), piece_bytes)
    with gzip.GzipFile(fileobj=packed) as content:
        while piece := content.read(piece_bytes):
            yield piece


def _copied(pieces: Iterable[bytes], out: IO[bytes]) -> Iterator[bytes]:
    """Yields the pieces as they come, and writes each to `out` before."""
    for piece in pieces:
        out.write(piece)
        yield piece


def _values_of(decode: PixelDecoder) -> int:
    height, width, channels = decode.shape
    return height * width * channels


class Rows:
    """The rows of a CSV as images; `open_csv` makes it.

    A listing that was saved reads as well as a live one, as a row is known by its id and version.
    Pickled, it reads on in another process; the blocks that it holds stay behind.

    Args:
        drive: Where the CSV lies.
        file: The CSV.
        table: Where its rows lie.
        decode: Turns a row into pixels.
        unpacked_path: Where the CSV lies unpacked; None where it is no gzip.
        block_bytes: Bytes that are read at a time.
        held_bytes: Bytes of blocks that are kept on local disk.

    Attributes:
        decode: `decode(bytes) -> uint8 array (height, width, channels)` of what `read` gives.
    """

    def __init__(
        self,
        drive: Storage,
        file: File,
        table: CsvTable,
        decode: PixelDecoder,
        *,
        unpacked_path: str | None,
        block_bytes: int,
        held_bytes: int,
    ) -> None:
        self.decode = decode
        self._file = file
        self._table = table
        self._unpacked_path = unpacked_path
        self._block_bytes = block_bytes
        self._blocks = Blocks(drive.read, held_bytes)

    def list_images(self, folder: str = ".") -> Iterator[File]:
        """Yields the rows as files, in the order of the CSV.

        Args:
            folder: A label, for its rows alone; "." for all.
        """
        wanted = None if folder in (".", "") else folder.strip("/")
        labels = [str(label) for label in self._table.labels]
        for row, code in enumerate(self._table.codes):
            if wanted is None or wanted == labels[code]:
                yield self._as_file(row, labels[code])

    def _as_file(self, row: int, label: str) -> File:
        name = f"line {self._table.lines[row]}"
        return File(
            id=f"{self._file.id}#{self._table.lines[row]}",
            name=name,
            label=label,
            path=f"{label}/{name}",
            size=_values_of(self.decode),
            md5=None,
            version=self._file.version,
            block=self._block_name(row),
        )

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The pixels of a row as bytes, one a value.

        Args:
            file: A row, from `list_images` of today or from a listing that was saved.
            start: First byte; None is the start.
            end: The byte after the last; None is the end.

        Raises:
            CsvError: The row is malformed, or the CSV is another one since it was listed.
        """
        row = self._row(file)
        line = split_label(self._text(row))
        try:
            pixels = parse_values(line.values, _values_of(self.decode))
        except ValueError as error:
            raise CsvError(
                f"Could not read line {self._table.lines[row]} of the CSV (id {file.id}): {error}. "
                'Mend the line, or use on_bad_file="skip".'
            ) from error
        return pixels[start:end]

    def _row(self, file: File) -> int:
        """The place of a listed file in the table."""
        csv_id, _, line = file.id.rpartition("#")
        row = None
        if csv_id == self._file.id and line.isdecimal():
            row = self._row_of_line(int(line))
        if row is None:
            raise _not_listed(file, "there is no such row in it")
        if file.version != self._file.version:
            raise _not_listed(file, "it is another one since it was listed")
        return row

    def _row_of_line(self, line: int) -> int | None:
        row = int(np.searchsorted(self._table.lines, line))
        if row == len(self._table.lines) or self._table.lines[row] != line:
            return None
        return row

    def _text(self, row: int) -> bytes:
        """The line of a row, at most as long as a row can be."""
        start = int(self._table.starts[row])
        size = int(self._table.ends[row]) - start
        if self._unpacked_path is None:
            return self._blocks.get(self._span(row)).read(start, size)
        with open(self._unpacked_path, "rb") as unpacked:
            unpacked.seek(start)
            return unpacked.read(size)

    def _block_name(self, row: int) -> str:
        return f"{self._file.id}#{self._block_number(row)}"

    def _block_number(self, row: int) -> int:
        return int(self._table.starts[row]) // self._block_bytes

    def _span(self, row: int) -> BlockSpan:
        """The block of a row: all rows that start within the same `block_bytes` bytes."""
        number = self._block_number(row)
        limits = [number * self._block_bytes, (number + 1) * self._block_bytes]
        first, after_last = np.searchsorted(self._table.starts, limits)
        start = int(self._table.starts[first])
        end = int(self._table.ends[after_last - 1])
        return BlockSpan(self._block_name(row), self._file, start, end)


def _not_listed(file: File, reason: str) -> CsvError:
    """The error for a file that is no row of the CSV as it is now."""
    path = getattr(file, "path", file.id)  # a file of one's own may lack it
    return CsvError(
        f"Could not read {path!r} (id {file.id}) from its CSV: {reason}. List the CSV again."
    )
