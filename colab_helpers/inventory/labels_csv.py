"""Labels from a CSV, for folders that do not tell the class."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from ..drive import File

__all__ = ["read_labels"]

FILE_COLUMNS = ("id", "path", "name")  # what may name a file; the first that is there is taken


def read_labels(
    path: str | os.PathLike[str] | TextIO,
    files: Iterable[File] | None = None,
    *,
    file_column: str | None = None,
    label_column: str = "label",
) -> dict[str, str]:
    r"""Reads labels from a CSV, for folders that do not tell them.

    Example:
        >>> import io
        >>> csv = io.StringIO("name,label\na.jpg,cat")
        >>> read_labels(csv, [File("1x", "a.jpg", "photos", "a.jpg", 9, None, "1")])
        {'1x': 'cat'}

    Args:
        path: CSV file with a header, also compressed (`.gz`), or an open one.
        files: The listing, needed unless the CSV names files by id.
        file_column: Column that names the file by its id, path or name; by default the first of
            `id`, `path`, `name`.
        label_column: Column that holds the label.

    Returns:
        `{id: label}`. A warning counts the files that the CSV does not name.

    Raises:
        ValueError: A column is missing, a name stands for two files, or no file is named by the
            CSV.
    """
    import pandas as pd

    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    columns = list(rows)
    if not file_column:
        file_column = _usual_file_column(columns)
    _check_columns((file_column, label_column), columns, path)
    label_by_key = dict(zip(rows[file_column], rows[label_column]))
    if files is None:
        return label_by_key
    files = list(files)
    labels = _labels_by_id(files, label_by_key, path)
    unlabelled = [file.path for file in files if file.id not in labels]
    if unlabelled:
        message = (
            f"{len(unlabelled)} of {len(files)} files have no label in '{path}', the first: "
            f"'{unlabelled[0]}'."
        )
        if not labels:
            first_keys = list(label_by_key)[:3]
            raise ValueError(f"{message} Its column '{file_column}' begins with {first_keys}.")
        warnings.warn(
            f"{message} Leave them out: `[file for file in files if file.id in labels]`.",
            stacklevel=2,
        )
    return labels


def _usual_file_column(columns: Sequence[str]) -> str:
    for name in FILE_COLUMNS:
        if name in columns:
            return name
    return FILE_COLUMNS[0]


def _check_columns(wanted: Iterable[str], columns: Sequence[str], path: object) -> None:
    for name in wanted:
        if name not in columns:
            raise ValueError(
                f"'{path}' has no column '{name}'. Name its columns with `file_column` (a file's "
                f"id, path or name) and `label_column`. Received: the columns {columns}"
            )


def _labels_by_id(
    files: Sequence[File], label_by_key: Mapping[str, str], path: object
) -> dict[str, str]:
    """Labels of the files that the CSV names, whether by id, path or name."""
    files_of_name = Counter(file.name for file in files)
    labels = {}
    for file in files:
        key = _key_of(file, label_by_key)
        if key is None:
            continue
        is_name_alone = key == file.name and key != file.path
        if is_name_alone and files_of_name[key] > 1:
            raise ValueError(
                f"'{path}' names '{key}', but {files_of_name[key]} files are called so: give "
                "paths or ids there."
            )
        labels[file.id] = label_by_key[key]
    return labels


def _key_of(file: File, label_by_key: Mapping[str, str]) -> str | None:
    """By what the CSV names a file; None where it does not."""
    for key in (file.id, file.path, file.name):
        if key in label_by_key:
            return key
    return None
