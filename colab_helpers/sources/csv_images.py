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

import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ..atomic import atomic_write, remove_left_overs
from ..drive import File
from ..drive.arguments import check_above_0, check_source
from ..drive.names import printable
from .blocks import BLOCK_BYTES, HELD_BYTES
from .cache_folder import private_cache_folder
from .csv_rows import CsvError, PixelDecoder, Rows
from .csv_scan import longest_row, scan
from .csv_sizes import CHANNELS
from .csv_table import CsvTable, load_table, save_table
from .csv_unpacked import GZIP_START, UnpackedCsv, copied, unpacked_pieces
from .storage import Storage, read_in_pieces

__all__ = ["open_csv"]

ZIP_START = b"PK\3\4"
UTF_16_STARTS = (b"\xff\xfe", b"\xfe\xff")
CSV_ERRORS = (ValueError, EOFError, zlib.error, gzip.BadGzipFile)


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

    A row is `label,value,value,...`, with commas, semicolons or tabs between. A first line with
    titles is no row, and where it says which column is the label (such as `label`, `class` or
    `emotion`), that counts; columns like `id`, `Usage` or a nameless one are left out. There may be
    no label: then it is "". The pixels may stand in one column, separated by spaces, as in
    FER2013's `emotion,pixels,Usage`.

    Args:
        drive: A `Drive`, a `LocalFolder`, or anything with `find(path) -> file` and
            `read(file, start, end)`.
        path: Of the CSV, or of one packed by gzip, which is unpacked to local disk, as one cannot
            read it at random: to the path of the index with ".unpacked" at the end.
        image_size: (height, width) in pixels. The values of a row are in the order height, width,
            channel.
        color_mode: "rgb", three values a pixel, or "grayscale", one.
        index: Local file that keeps where the rows start. By default it lies in a cache folder,
            `~/.cache/colab_helpers`. It is used again as long as the CSV has not changed.
        block_bytes: Bytes that are read at a time. With larger blocks a shuffled epoch takes fewer
            requests; with smaller ones a single row is there sooner.
        held_bytes: Bytes of blocks that are kept on local disk for the reads that follow.
            `StreamingSequence` mixes eight blocks at a time, which should fit.

    Returns:
        `Rows`: `list_images()`, `read(file)` and `decode`.

    Raises:
        CsvError: It has no rows, or is no CSV, or a gzip that is cut or damaged; or its rows do not
            fit `image_size`: then it says what would.
        ValueError: `color_mode` is another one, or `image_size` no size.
    """
    if color_mode not in CHANNELS:
        raise ValueError(f"`color_mode` must be 'rgb' or 'grayscale'. Received: {color_mode!r}")
    check_source(drive)
    check_above_0("block_bytes", block_bytes, "of bytes")
    height, width = _checked_size(image_size)
    decode = PixelDecoder((height, width, CHANNELS[color_mode]))
    file = drive.find(os.fspath(path))
    index_path = os.fspath(index or _default_index(file, decode))
    start = drive.read(file, 0, 2)
    opening = _Opening(drive, file, decode, index_path, block_bytes)
    if start == GZIP_START:
        table, unpacked = opening.unpacked_table()
    else:
        table, unpacked = opening.table_in_place(start), None
    return Rows(
        drive,
        file,
        table,
        decode,
        unpacked=unpacked,
        block_bytes=block_bytes,
        held_bytes=held_bytes,
    )


def _checked_size(size: Any) -> tuple[int, int]:
    if isinstance(size, (tuple, list)) and len(size) == 2:
        height, width = size
        if isinstance(height, Integral) and isinstance(width, Integral) and min(size) > 0:
            return int(height), int(width)
    raise ValueError(
        f"`image_size` must be (height, width) in pixels. Received: image_size={size!r}"
    )


def _default_index(file: File, decode: PixelDecoder) -> str:
    """In a cache folder, under a name that is not the one on Drive, which may be anything."""
    of = json.dumps([file.id, decode.shape])
    name = hashlib.blake2b(of.encode(), digest_size=16).hexdigest()
    try:
        return os.path.join(private_cache_folder(), f"csv-{name}.npz")
    except OSError as error:
        raise CsvError(
            f"There is no place to keep where the rows of the CSV {file.name!r} (id "
            f"{printable(file.id)}) start: {error}. Name a file for it: open_csv(..., index=path)."
        ) from error


@dataclass(frozen=True)
class _Opening:
    """A CSV that is being opened: its table from an earlier run, or made by a pass through it."""

    drive: Storage
    file: File
    decode: PixelDecoder
    index_path: str
    piece_bytes: int

    def table_in_place(self, start: bytes) -> CsvTable:
        """Where the rows of a CSV lie that is no gzip, and begins with `start`."""
        table = self._saved_table("")
        if table is not None:
            return table
        with self._own_errors():
            if start in UTF_16_STARTS:
                raise ValueError("it is in UTF-16: save it as CSV in UTF-8")
            if start == ZIP_START[:2] and self.drive.read(self.file, 0, 4) == ZIP_START:
                raise ValueError("it is a ZIP or an Excel file: unpack it, or save it as CSV")
            pieces = read_in_pieces(self.drive.read, self.file, self.piece_bytes)
            table = scan(pieces, self.decode.values)
        save_table(table, self.index_path, self._of(""))
        return table

    def unpacked_table(self) -> tuple[CsvTable, UnpackedCsv]:
        """Where the rows of a gzip lie when it is unpacked, and what it is unpacked to."""
        path = f"{self.index_path}.unpacked"
        with contextlib.suppress(OSError):  # there is none yet
            unpacked = UnpackedCsv(path)
            table = self._saved_table(unpacked.stamp)
            if table is not None:
                return table, unpacked
        remove_left_overs(path)
        with self._own_errors(), atomic_write(path) as out:
            pieces = unpacked_pieces(self.drive.read, self.file, self.piece_bytes)
            table = scan(copied(pieces, out), self.decode.values)
        unpacked = UnpackedCsv(path)
        save_table(table, self.index_path, self._of(unpacked.stamp))
        return table, unpacked

    def _of(self, stamp: str) -> str:
        """Names the CSV, its version, and what it was unpacked to."""
        return json.dumps([self.file.id, str(self.file.version), self.decode.shape, stamp])

    def _saved_table(self, stamp: str) -> CsvTable | None:
        """The table that an earlier run saved for the same CSV; None where it must be made."""
        longest = longest_row(self.decode.values)
        try:
            return load_table(self.index_path, self._of(stamp), longest)
        except Exception:  # it is not there, or damaged, in whichever way
            return None

    @contextlib.contextmanager
    def _own_errors(self) -> Iterator[None]:
        """Turns what is wrong with a CSV into a CsvError that names it."""
        try:
            yield
        except CSV_ERRORS as error:
            said = str(error).rstrip(".") or type(error).__name__
            raise CsvError(
                f"Could not open the CSV {self.file.name!r} (id {printable(self.file.id)}): "
                f"{said}. It needs rows of a label and {self.decode.values} values, separated by "
                "commas."
            ) from error
