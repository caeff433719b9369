"""A CSV as programs write it: any usual separator, encoding and packing."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..drive.files import is_hidden
from ..drive.names import printable
from ..drive.spreadsheet import from_cell

__all__ = ["CsvRow", "CsvTable", "read_table"]

SEPARATORS = ",;\t|"
QUOTED_CELL = re.compile(rf'(?<![^{SEPARATORS}\s])"[^"]*(?:""[^"]*)*"')  # after a separator
EXCELS_LINE = "sep="  # how a first line begins that tells Excel the separator
MOST_BYTES = 512 * 1024**2  # of text, unpacked; a table of a million files takes 100 MB
MOST_OF_HEADER = 1 << 20  # characters, in which the header ends
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

EXCEL_MARK = b"PK\x03\x04"  # how an Excel file begins, and any other ZIP
CANNOT_UNPACK = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile)


@dataclass(frozen=True)
class CsvRow:
    """A row of a table.

    Attributes:
        line: Number of the line it ends in, from 1.
        cells: Text by the name of its column.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class CsvTable:
    """A table as it was read.

    Attributes:
        name: Of its file, for messages.
        columns: Names of the columns.
        rows: Its rows, but for empty lines.
        words_on_encoding: What to say of its encoding; "" where it is a usual one.
    """

    name: str
    columns: list[str]
    rows: Sequence[CsvRow]
    words_on_encoding: str


def read_table(path: str | os.PathLike[str] | IO[str] | IO[bytes], name: str) -> CsvTable:
    """Reads a CSV with a header; spaces around a cell do not count.

    Args:
        path: The file, or an open one.
        name: What it is called in messages.

    Raises:
        ValueError: It is no table, or too large for one.
    """
    text, words_on_encoding = _as_text(_content(path, name), name)
    separator, is_told = _separator(text)
    try:
        lines = [(line, list(map(_cell, row))) for line, row in _rows(text, separator)]
    except csv.Error as error:
        raise ValueError(f"'{name}' is no CSV: {error}.") from error
    lines = [(line, cells) for line, cells in lines if any(cells)]
    if is_told:
        lines = lines[1:]
    if not lines:
        raise ValueError(f"'{name}' is empty: there is not even a header.")
    [_, columns], *numbered = lines
    rows = [CsvRow(line, _by_column(columns, cells, line, name)) for line, cells in numbered]
    return CsvTable(name, columns, rows, words_on_encoding)


def _content(path: str | os.PathLike[str] | IO[str] | IO[bytes], name: str) -> str | bytes:
    """All that a file holds."""
    try:
        if isinstance(path, (str, os.PathLike)):
            with _open(Path(path)) as stream:
                content: str | bytes = stream.read(MOST_BYTES + 1)
        elif hasattr(path, "read"):
            content = path.read(MOST_BYTES + 1)
        else:
            raise ValueError(
                "`path` must be the path of a CSV, or a file that is open. From a table of pandas: "
                f"`dict(zip(table['id'], table['label']))`. Received: {type(path).__name__}"
            )
    except CANNOT_UNPACK as error:
        raise ValueError(f"'{name}' cannot be unpacked ({error}): get it again.") from error
    if len(content) > MOST_BYTES:
        raise ValueError(f"'{name}' holds more than {MOST_BYTES} bytes: it is no table of labels.")
    return content


def _open(path: Path) -> Any:
    """Opens a file to read its bytes, unpacked."""
    openers: dict[str, Callable[..., Any]] = {
        ".gz": gzip.open,
        ".bz2": bz2.open,
        ".xz": lzma.open,
        ".zip": _open_zip,
    }
    opener = openers.get(path.suffix.lower(), open)
    return opener(path, "rb")


def _open_zip(path: Path, mode: str) -> IO[bytes]:
    """The one file of a ZIP."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if _is_file_of_a_user(name)]
        if len(names) != 1:
            raise ValueError(
                f"'{printable(str(path))}' holds {len(names)} files, not one CSV: unpack it."
            )
        with archive.open(names[0]) as member:
            return io.BytesIO(member.read(MOST_BYTES + 1))


def _is_file_of_a_user(name: str) -> bool:
    is_folder = name.endswith("/")
    return not is_folder and not any(map(is_hidden, name.split("/")))


def _as_text(content: Any, name: str) -> tuple[str, str]:
    """The text of a file, and what to say of its encoding."""
    if isinstance(content, str):
        return content.removeprefix("\ufeff"), ""
    if content.startswith(EXCEL_MARK):
        raise ValueError(f"'{name}' is an Excel file or a ZIP, no CSV: save the table as CSV.")
    if content.startswith(UTF_16_MARKS):
        return content.decode("utf-16", errors="replace"), ""
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        words = (
            f"'{name}' is not in UTF-8 and was read as Windows-1252. If letters such as é are "
            'wrong, save it as "CSV UTF-8".'
        )
        return content.decode("cp1252", errors="replace"), words


def _separator(text: str) -> tuple[str, bool]:
    """What separates the columns, and whether a line of its own tells it."""
    start = text.lstrip()[:MOST_OF_HEADER]
    first_line = io.StringIO(start, newline="").readline().rstrip("\r\n ")
    told = first_line[len(EXCELS_LINE) :]
    if first_line.lower().startswith(EXCELS_LINE) and len(told) == 1:
        return told, True
    header = QUOTED_CELL.sub("", start).partition("\n")[0].partition("\r")[0]
    return max(SEPARATORS, key=header.count), False


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the number of its last line and the cells of each row, however lines end.

    Raises:
        csv.Error: It is no CSV.
    """
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise csv.Error(f"{error} (line {reader.line_num})") from error


def _cell(text: str) -> str:
    return from_cell(text.strip())


def _by_column(
    columns: Sequence[str], cells: Sequence[str], line: int, name: str
) -> dict[str, str]:
    """The cells of a row by column; one that is short lacks its last cells."""
    if any(cells[len(columns) :]):
        raise ValueError(
            f"Line {line} of '{name}' has {len(cells)} cells, and the header {len(columns)}: put "
            "a cell that holds the separator between quotes."
        )
    lacking = len(columns) - len(cells)
    filled = [*cells, *[""] * lacking]
    return dict(zip(columns, filled))
