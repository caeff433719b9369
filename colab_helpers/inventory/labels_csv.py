"""Labels from a CSV, for folders that do not tell the class."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from ..drive import File
from ..drive.arguments import listed_files
from ..drive.names import composed, named, printable
from ..drive.telling import users_level
from .csv_text import CsvRow, CsvTable, read_table
from .file_keys import FileKeys

__all__ = ["read_labels"]

COLUMNS_SHOWN = 20  # in a message
FILE_COLUMNS = ("id", "path", "name")  # what may name a file; the first that finds any is taken


@dataclass(frozen=True)
class LabelRow:
    """What a row of the CSV says: which label a file has.

    Attributes:
        line: Number of its line, from 1.
        key: How it names the file.
        label: Its label.
    """

    line: int
    key: str
    label: str


def read_labels(
    path: str | os.PathLike[str] | IO[str] | IO[bytes],
    files: Iterable[File] | None = None,
    *,
    file_column: str | None = None,
    label_column: str = "label",
) -> dict[str, str]:
    r"""Reads labels from a CSV, for folders that do not tell them.

    A row names its file by id, path or name. The path may begin further up than the listing, as in
    `/kaggle/train/cat/1.jpg`, or further down, with either slash; and a name may lack its ending.
    What could be several files is refused.

    Example:
        >>> import io
        >>> csv = io.StringIO("name,label\na.jpg,cat")
        >>> read_labels(csv, [File("1x", "a.jpg", "photos", "a.jpg", 9, None, "1")])
        {'1x': 'cat'}

    Args:
        path: CSV file with a header, also compressed (`.gz`, `.bz2`, `.xz`, `.zip`), or an open
            one. Commas, semicolons, tabs or upright bars part the columns. The text is UTF-8 or
            UTF-16; what is neither is read as Windows-1252, with a warning.
        files: The listing, needed unless the CSV names files by id.
        file_column: Column that names the file by its id, path or name; by default the first of
            `id`, `path`, `name` that names any. Where two of them name different files in one row,
            as with a running number beside a name, it must be given.
        label_column: Column that holds the label.

    Returns:
        `{id: label}`. Warnings count the files without a label and the rows that name no file.

    Raises:
        ValueError: A column is missing, a name stands for several files, a file is given two
            labels, two columns name different files, no file is named by the CSV, or it is no
            table.
    """
    name = printable(str(path)) if isinstance(path, (str, os.PathLike)) else "CSV"
    table = read_table(path, name)
    files = None if files is None else listed_files(files)
    keys = None if files is None else FileKeys(files)
    if not file_column:
        file_column = _usual_file_column(table, keys)
    _check_columns((file_column, label_column), table)
    rows = [_label_row(row, file_column, label_column) for row in table.rows]
    rows = [row for row in rows if row.key]
    if table.words_on_encoding:
        warnings.warn(table.words_on_encoding, stacklevel=users_level())
    if not rows:
        raise ValueError(f"'{name}' has a header and no rows.")
    if files is None or keys is None:
        return _labels_by_key(rows, name)
    row_by_id, without_file = _rows_by_id(rows, keys, name)
    labels = {file.id: row_by_id[file.id].label for file in files if file.id in row_by_id}
    if not labels:
        raise ValueError(
            f"'{name}' gives no label to any of {len(files)} files. Its column '{file_column}' "
            f"begins with {named(row.key for row in rows)}, the listing with "
            f"{named(file.path for file in files)}."
        )
    for words in (
        _words_on_files(files, labels, name),
        _words_on_rows(rows, without_file, name),
    ):
        if words:
            warnings.warn(words, stacklevel=users_level())
    return labels


def _usual_file_column(table: CsvTable, keys: FileKeys | None) -> str:
    """The column that names files, where the user names none.

    Raises:
        ValueError: In one row two columns name different files.
    """
    columns = [name for name in FILE_COLUMNS if table.columns.count(name) == 1]
    if keys is None or len(columns) < 2:
        return (columns or FILE_COLUMNS)[0]
    finders = set()  # columns that name any file
    for row in table.rows:
        named_files = {}
        for column in columns:
            found = keys.find(row.cells[column]).files
            if found:
                finders.add(column)
            if len(found) == 1:
                named_files[column] = found[0]
        if len({file.id for file in named_files.values()}) > 1:
            raise _contradiction(table.name, row, named_files)
    for column in columns:
        if column in finders:
            return column
    return columns[0]


def _contradiction(name: str, row: CsvRow, named_files: Mapping[str, File]) -> ValueError:
    means = [
        f"the column '{column}' ('{printable(row.cells[column])}') means '{printable(file.path)}'"
        for column, file in named_files.items()
    ]
    return ValueError(
        f"Line {row.line} of '{name}' names two files: {', and '.join(means)}. Say which column is "
        "right by `file_column`."
    )


def _check_columns(wanted: Iterable[str], table: CsvTable) -> None:
    for name in wanted:
        count = table.columns.count(name)
        if count != 1:
            counted = f"{count} columns" if count else "no column"
            raise ValueError(
                f"'{table.name}' has {counted} '{name}'. Name its columns with `file_column` (a "
                "file's id, path or name) and `label_column`. "
                f"Received: the columns {list(table.columns[:COLUMNS_SHOWN])}"
            )


def _label_row(row: CsvRow, file_column: str, label_column: str) -> LabelRow:
    return LabelRow(row.line, row.cells[file_column], composed(row.cells[label_column]))


def _labels_by_key(rows: Iterable[LabelRow], name: str) -> dict[str, str]:
    """Labels by what the CSV names files by, which are ids where there is no listing."""
    row_by_key: dict[str, LabelRow] = {}
    for row in rows:
        if row.label:
            _check_label(row_by_key.setdefault(row.key, row), row, row.key, name)
    return {key: row.label for key, row in row_by_key.items()}


def _rows_by_id(
    rows: Iterable[LabelRow], keys: FileKeys, name: str
) -> tuple[dict[str, LabelRow], list[LabelRow]]:
    """The row of each file by id, and the rows that name no file.

    Raises:
        ValueError: A row may stand for several files, or two rows give one file two labels.
    """
    row_by_id: dict[str, LabelRow] = {}
    without_file = []
    namesakes: list[tuple[LabelRow, list[File]]] = []
    for row in rows:
        found = keys.find(row.key)
        if not found.files:
            without_file.append(row)
        elif len(found.files) > 1:
            raise _ambiguous(row, found.files, name)
        elif row.label:
            [file] = found.files
            _check_label(row_by_id.setdefault(file.id, row), row, file.path, name)
            namesakes.append((row, found.namesakes))
    for row, others in namesakes:
        unnamed = [file for file in others if file.id not in row_by_id]
        if unnamed:
            raise _ambiguous(row, others, name)
    return row_by_id, without_file


def _check_label(first: LabelRow, row: LabelRow, file: str, name: str) -> None:
    if first.label == row.label:
        return
    raise ValueError(
        f"'{name}' gives '{printable(file)}' two labels: {named([first.label])} in line "
        f"{first.line} and {named([row.label])} in line {row.line}. Leave one of them out."
    )


def _ambiguous(row: LabelRow, files: Sequence[File], name: str) -> ValueError:
    return ValueError(
        f"'{name}' names '{printable(row.key)}' in line {row.line}, but {len(files)} files are "
        f"called so: give paths or ids there. They are {named(file.path for file in files)}."
    )


def _words_on_files(files: Sequence[File], labels: Mapping[str, str], name: str) -> str:
    unlabelled = [file.path for file in files if file.id not in labels]
    if not unlabelled:
        return ""
    return (
        f"{len(unlabelled)} of {len(files)} files have no label in '{name}', the first: "
        f"{named(unlabelled[:1])}. Leave them out: "
        "`[file for file in files if file.id in labels]`."
    )


def _words_on_rows(rows: Sequence[LabelRow], without: Sequence[LabelRow], name: str) -> str:
    if not without:
        return ""
    first = without[0]
    return (
        f"{len(without)} of {len(rows)} rows of '{name}' name no file of the listing, the first: "
        f"'{printable(first.key)}' in line {first.line}."
    )
