"""Rows of a CSV as files: listed by their lines, read in blocks, parsed to pixels."""

from __future__ import annotations

import posixpath
import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..drive import DriveError, File
from ..drive.arguments import check_file
from ..drive.labels import print_alike
from ..drive.names import composed, printable
from ..drive.telling import users_level
from .blocks import Blocks, BlockSpan
from .csv_lines import parse_values
from .csv_table import CsvTable
from .csv_unpacked import UnpackedCsv
from .storage import Storage

__all__ = ["CsvError", "PixelDecoder", "Rows"]

MOST_NAMED = 10  # labels in a message


class CsvError(DriveError):
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

    def __repr__(self) -> str:
        return f"PixelDecoder({self.shape})"

    @property
    def values(self) -> int:
        """How many values a row has."""
        height, width, channels = self.shape
        return height * width * channels

    def __call__(self, data: bytes) -> npt.NDArray[np.uint8]:
        """The pixels of a row."""
        return np.frombuffer(data, np.uint8).reshape(self.shape)


class Rows:
    """The rows of a CSV as images; `open_csv` makes it.

    A listing that was saved reads as well as a live one, as a row is known by its id and version.
    Pickled, it reads on in another process; the blocks that it holds stay behind.

    Args:
        drive: Where the CSV lies.
        file: The CSV.
        table: Where its rows lie.
        decode: Turns a row into pixels.
        unpacked: The CSV, unpacked; None where it is no gzip.
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
        unpacked: UnpackedCsv | None,
        block_bytes: int,
        held_bytes: int,
    ) -> None:
        self.decode = decode
        self._file = file
        self._table = table
        self._unpacked = unpacked
        self._block_bytes = block_bytes
        self._blocks = Blocks(drive.read, held_bytes)

    def __repr__(self) -> str:
        """The CSV, and how many rows and labels it has."""
        count = len(self._table.lines)
        labels = len(self._table.labels)
        return (
            f"Rows of '{printable(self._file.name)}': {count:,} {'row' if count == 1 else 'rows'}, "
            f"{labels:,} {'label' if labels == 1 else 'labels'}, {self.decode!r}"
        )

    def list_images(self, folder: str = ".") -> Iterator[File]:
        """Yields the rows as files, in the order of the CSV.

        Args:
            folder: A label, for its rows alone; "." for all.

        Raises:
            CsvError: No row has this label.
        """
        wanted = None
        if folder not in (".", ""):
            wanted = self._code_of(folder)
        return self._listed(wanted)

    def _code_of(self, folder: str) -> int:
        """The place of a label in the table."""
        labels = self._table.labels
        for name in (composed(folder), composed(folder.strip("/"))):
            if name in labels:
                return labels.index(name)
        known = ", ".join(repr(label) for label in labels[:MOST_NAMED])
        more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
        raise CsvError(
            f"No row of the CSV {self._file.name!r} (id {printable(self._file.id)}) has the label "
            f"{folder!r}. Its labels are {known}{more}."
        )

    def _listed(self, wanted: int | None) -> Iterator[File]:
        labels = self._table.labels
        for row, code in enumerate(self._table.codes.tolist()):
            if wanted is None or wanted == code:
                yield self._as_file(row, labels[code])
        if wanted is None:
            for doubt in print_alike(labels):
                warnings.warn(doubt, stacklevel=users_level())

    def _as_file(self, row: int, label: str) -> File:
        line = self._table.lines[row]
        name = f"line {line}"
        return File(
            id=f"{self._file.id}#{line}",
            name=name,
            label=label,
            path=posixpath.join(label, name),
            size=self.decode.values,
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
        values = self._table.layout.values_of(self._text(row))
        try:
            pixels = parse_values(values, self.decode.values)
        except ValueError as error:
            raise CsvError(
                f"Could not read line {self._table.lines[row]} of the CSV {self._file.name!r} (id "
                f'{printable(file.id)}): {error}. Mend the line, or use on_bad_file="skip".'
            ) from error
        return pixels[start:end]

    def _row(self, file: File) -> int:
        """The place of a listed file in the table."""
        check_file(file, needed=("id", "version"))
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
        if self._unpacked is not None:
            return self._unpacked.read(start, size)
        return self._blocks.get(self._span(row)).read(start, size)

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
        f"Could not read {path!r} (id {printable(file.id)}) from its CSV: {reason}. List the CSV "
        "again."
    )
