"""Rows of a CSV as images: each row is a label and then the pixels, as in Flowers-17's or MNIST's.

The file stays on Drive and never is in memory as a whole. `open_csv` goes through it once and keeps where each row
starts; from then on rows are read at random, in blocks of some megabytes that neighbours share.

Example:
    >>> import pathlib, tempfile, types
    >>> from colab_helpers.csv_images import open_csv
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "dots.csv").write_text("dark,0,1,2,3\\nlight,252,253,254,255\\n")
    >>> class Folder:  # or connect(): a Drive, or a folder, has these two methods
    ...     def find(self, name):
    ...         size = (folder / name).stat().st_size
    ...         return types.SimpleNamespace(id=name, name=name, size=size, version="1")
    ...     def read(self, file, start=None, end=None):
    ...         return (folder / file.name).read_bytes()[start:end]
    >>> rows = open_csv(Folder(), "dots.csv", (2, 2), color_mode="grayscale", index=folder / "dots.npz")
    >>> files = list(rows.list_images())
    >>> [(file.name, file.label) for file in files]
    [('line 1', 'dark'), ('line 2', 'light')]
    >>> rows.decode(rows.read(files[1]))[:, :, 0]
    array([[252, 253],
           [254, 255]], dtype=uint8)
"""

import collections
import concurrent.futures
import gzip
import io
import json
import os
import tempfile
import threading
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np

__all__ = ["CsvError", "open_csv"]

BLOCK = 8 << 20  # bytes read at a time: 180 rows of 64 x 64 x 3
HELD = 256 << 20  # bytes of blocks that are kept on local disk, for the reads that follow
FETCHES = 4  # blocks on their way at a time
LABEL = 256  # bytes: the longest label


class CsvError(Exception):
    """A CSV, or a row of it, that cannot be read; the message names the line, what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a file, as `Drive` lists them. `line` counts from 1; `start` and `end` are its bytes in the CSV."""

    id: str
    name: str
    label: str
    path: str
    size: int
    md5: None
    version: str
    block: str
    line: int
    start: int
    end: int


class PixelDecoder:
    """`decode(bytes) -> uint8 array (height, width, channels)` of what `Rows.read` gives."""

    def __init__(self, shape):
        self.shape, self.key = shape, "csv-{}x{}x{}".format(*shape)

    def __call__(self, data):
        return np.frombuffer(data, np.uint8).reshape(self.shape)


def open_csv(drive, path, image_size, *, color_mode="rgb", index=None):
    """Opens a CSV of pixels, to read its rows in place.

    Example:
        rows = open_csv(drive, "flowers17.csv", image_size=(64, 64))
        train = StreamingSequence(rows.list_images(), rows.read, rows.decode)

    Args:
        drive: a `Drive`, a `LocalFolder`, or anything with `find(path) -> file` and `read(file, start, end)`.
        path: of the CSV, or of one packed by gzip, which is unpacked to local disk beside the index, as one
            cannot read it at random. Rows are `label,value,value,...`; a first line with titles is skipped.
        image_size: (height, width) in pixels. The values of a row are in the order height, width, channel.
        color_mode: "rgb", three values a pixel, or "grayscale", one.
        index: local file that keeps where the rows start; `<name>.index.npz` in the current folder by default. It is
            used again as long as the CSV has not changed.

    Returns:
        `Rows`: `list_images()`, `read(file)` and `decode`.

    Raises:
        CsvError: it has no rows, or is no CSV, or a gzip that is cut or damaged.
    """
    channels = {"rgb": 3, "grayscale": 1}.get(color_mode)
    if channels is None:
        raise ValueError(f"`color_mode` must be 'rgb' or 'grayscale'. Received: {color_mode!r}")
    file = drive.find(os.fspath(path))
    shape = (*image_size, channels)
    index = os.fspath(index or f"{os.path.basename(file.name.replace(os.sep, '_'))}.index.npz")
    packed = drive.read(file, 0, 2) == b"\x1f\x8b"
    spool = index.removesuffix(".npz") + ".csv" if packed else None
    of = json.dumps([file.id, str(file.version), shape])
    try:
        with np.load(index) as saved:
            table = (
                dict(saved)
                if str(saved["of"]) == of and (not spool or os.path.exists(spool))
                else None
            )
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile):
        table = None
    if table is None:
        table = _scan(drive, file, int(np.prod(shape)), spool)
        _save(index, table | {"of": np.array(of)})
    return Rows(drive, file, shape, spool, table)


class Rows:
    """The rows of a CSV as images; see `open_csv`."""

    def __init__(self, drive, file, shape, spool, table):
        self._drive, self._file, self._spool, self._table = drive, file, spool, table
        self.decode = PixelDecoder(shape)
        self.__setstate__({})

    def __getstate__(self):  # what was read stays behind
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("_lock", "_pool", "_blocks")
        }

    def __setstate__(self, state):
        vars(self).update(state, _lock=threading.Lock(), _blocks=collections.OrderedDict())
        self._pool = concurrent.futures.ThreadPoolExecutor(FETCHES)

    def list_images(self):
        """Yields the rows as files, in the order of the CSV."""
        table, file, size = self._table, self._file, int(np.prod(self.decode.shape))
        for line, start, end, code in zip(
            table["lines"], table["starts"], table["ends"], table["codes"]
        ):
            name, label = f"line {line}", str(table["labels"][code])
            yield Row(
                f"{file.id}#{line}",
                name,
                label,
                f"{label}/{name}",
                size,
                None,
                file.version,
                f"{file.id}#{start // BLOCK}",
                int(line),
                int(start),
                int(end),
            )

    def read(self, file, start=None, end=None):
        """The pixels of a row as bytes, one a value, or those from `start` up to, not including, `end`."""
        if self._spool:
            with open(self._spool, "rb") as spool:
                text = os.pread(spool.fileno(), file.end - file.start, file.start)
        else:
            number = file.start // BLOCK
            text = self._block(number)(file.start - self._range(number)[0], file.end - file.start)
        return _pixels(text, file, int(np.prod(self.decode.shape)))[start:end]

    def _range(self, number):
        """Where the rows of a block start and end in the CSV, in bytes."""
        first, last = np.searchsorted(self._table["starts"], [number * BLOCK, (number + 1) * BLOCK])
        return int(self._table["starts"][first]), int(self._table["ends"][last - 1])

    def _block(self, number):
        """Fetches a block, once for all threads that ask; returns `data(offset, size) -> bytes`."""
        with self._lock:
            block = self._blocks.get(number)
            if (
                block is None or block.done() and block.exception()
            ):  # not asked for yet, or it failed
                block = self._pool.submit(
                    lambda: _on_disk(self._drive.read(self._file, *self._range(number)))
                )
                self._blocks[number] = block
                while len(self._blocks) > max(1, HELD // BLOCK):
                    self._blocks.popitem(last=False)
            self._blocks.move_to_end(number)
        return block.result()


def _on_disk(data):
    """Keeps `data` in a file without a name, or in memory where the disk is full; returns `read(offset, size)`."""
    try:
        file = tempfile.TemporaryFile(buffering=0)
        if file.write(data) == len(data):
            return lambda offset, size: os.pread(file.fileno(), size, offset)
    except OSError:
        pass
    return lambda offset, size: data[offset : offset + size]


def _fields(text):
    """Splits a line into its label and the rest; a label may be quoted."""
    text = text.removeprefix(b"\xef\xbb\xbf")
    label, _, rest = text[1:].partition(b'",') if text[:1] == b'"' else text.partition(b",")
    return label.decode("utf-8", "replace").strip(), rest


def _pixels(text, file, count):
    """The values of a row as bytes."""
    values = _fields(text)[1].split(b",")
    try:
        if len(values) == count:
            return bytes(map(int, values))
    except ValueError:
        pass
    wrong = f"it has {len(values)} values, not {count}"
    if len(values) == count:
        try:
            exact = list(map(float, values))  # 255.0 is a value too
            if all(value in range(256) for value in exact):
                return bytes(map(int, exact))
            column = next(n for n, value in enumerate(exact) if value not in range(256))
            wrong = f"value {column + 1} is {exact[column]:g}, not a whole number from 0 to 255"
        except ValueError:
            column = next(n for n, value in enumerate(values) if not _is_number(value))
            wrong = f"value {column + 1} is {values[column][:20].decode('utf-8', 'replace')!r}, not a number"
    raise CsvError(
        f"Could not read line {file.line} of the CSV (id {file.id}): {wrong}. Mend the line, or use "
        'on_bad_file="skip".'
    )


def _is_number(value):
    try:
        return float(value) is not None
    except ValueError:
        return False


def _chunks(drive, file, spool):
    """Yields the CSV from start to end in pieces; one packed by gzip is unpacked, and kept in `spool`."""
    if spool is None:
        yield from (
            drive.read(file, at, min(at + BLOCK, file.size)) for at in range(0, file.size, BLOCK)
        )
        return
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(spool) or ".", delete=False) as out:
        try:
            with gzip.GzipFile(fileobj=io.BufferedReader(_Stream(drive, file), BLOCK)) as content:
                while chunk := content.read(BLOCK):
                    out.write(chunk)
                    yield chunk
        except BaseException:
            os.unlink(out.name)
            raise
    os.replace(out.name, spool)


class _Stream(io.RawIOBase):
    """A file on Drive, read from start to end."""

    def __init__(self, drive, file):
        self._drive, self._file, self._at = drive, file, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        end = min(self._at + len(buffer), self._file.size)
        data = self._drive.read(self._file, self._at, end) if end > self._at else b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def _scan(drive, file, count, spool):
    """Goes through the CSV once; returns arrays: the lines, starts and ends of all rows, and their labels."""
    longest = (
        64 * count + LABEL
    )  # bytes of a row; of a longer one, which is malformed, no more is read later on
    lines, starts, ends, codes, labels = [], [], [], [], {}
    line = start = at = 0
    head = b""

    def row(end):
        nonlocal line, start, head
        line += 1
        label, rest = _fields(head)
        first = rest.partition(b",")[0].strip()
        if head.strip() and (line > 1 or _is_number(first) or not first):
            lines.append(line), starts.append(start), ends.append(min(end, start + longest))
            codes.append(labels.setdefault(label, len(labels)))
        start, head = end + 1, b""

    try:
        for chunk in _chunks(drive, file, spool):
            begin = 0
            while (end := chunk.find(b"\n", begin)) >= 0:
                head += chunk[begin : min(end, begin + LABEL - len(head))]
                row(at + end)
                begin = end + 1
            head += chunk[begin : begin + LABEL - len(head)]
            at += len(chunk)
            if at - start > max(longest, 1 << 20):
                raise ValueError(f"line {line + 1} is longer than {longest} bytes")
        if start < at:
            row(at)
        if not lines:
            raise ValueError("it has no rows")
    except (ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CsvError(
            f"Could not open the CSV {file.name!r} (id {file.id}): {error}. It needs rows of a label and "
            f"{count} values, separated by commas."
        ) from error
    table = {"lines": lines, "starts": starts, "ends": ends, "codes": codes}
    return {name: np.array(values, np.int64) for name, values in table.items()} | {
        "labels": np.array(list(labels))
    }


def _save(path, table):
    with tempfile.NamedTemporaryFile(
        dir=os.path.dirname(path) or ".", suffix=".npz", delete=False
    ) as out:
        np.savez(out, **table)
    os.replace(out.name, path)
