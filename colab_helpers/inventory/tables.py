"""A listing as a table: a row a file, or a row a class. No file is opened."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..drive import File
from ..drive.arguments import listed_files
from ..drive.labels import print_alike
from ..drive.spreadsheet import as_cell
from ..drive.telling import users_level
from .folders import folder_labels, is_beside_class_folders, words_on_split
from .listing import check_labels, label_of, nothing_listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe", "file_table", "is_document"]

# Formats that go by several endings; any other format is called as its ending is.
FORMATS = {
    "jpg": "JPEG",
    "jpe": "JPEG",
    "jfif": "JPEG",
    "tif": "TIFF",
    "heif": "HEIC",
}
UNKNOWN_FORMAT = "unknown"
NOT_READ_BY_PILLOW = {"SVG", "CR2", "CR3", "NEF", "ARW", "ORF", "RAF", "RW2", "DNG"}
SMALLEST_PICTURE = 100  # bytes; a JPEG's headers alone take more
MACOS_SIDE_FILE = "._"  # how the names of such files begin
DOCUMENT = "Google document, no picture"
BESIDE = "beside the class folders"
TITLES = {  # of the columns of `describe`
    "files": "files",
    "megabytes": "MB",
    "smallest": "smallest kB",
    "median": "median kB",
    "largest": "largest kB",
    "formats": "formats",
    "duplicates": "duplicates",
    "troubled": "troubled",
    "reasons": "reasons",
}


class FileRow(NamedTuple):
    """A row of `file_table`."""

    id: str
    name: str
    label: str
    path: str
    size: int | None
    md5: str | None
    version: str
    format: str
    trouble: str


class ClassSummary(NamedTuple):
    """A row of `describe`."""

    files: int
    megabytes: float
    smallest: float  # kB; NaN where no size is known, as in the two that follow
    median: float
    largest: float
    formats: str
    duplicates: int
    troubled: int
    reasons: str


def file_table(files: Iterable[File], *, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Shows a listing as a table, a row a file.

    Example:
        >>> files = [File("1x", "a.heic", "cat", "cat/a.heic", 9_000, None, "1")]
        >>> file_table(files)[["name", "label", "size", "format", "trouble"]]
             name label  size format                  trouble
        0  a.heic   cat  9000   HEIC  HEIC: needs pillow-heif

    Args:
        files: Iterable of files.
        labels: Optional `{id: label}`.

    Returns:
        DataFrame in the order of the listing, with a file's attributes `id`, `name`, `label`,
        `path`, `size` (bytes; <NA> where it is not known), `md5` and `version`; `format` (from the
        name's ending; "unknown" without one) and `trouble` (why the file may be no picture to train
        on; "" where nothing speaks against it). Texts are as they may be shown and saved as CSV:
        characters that a screen obeys stand as escapes, and what a spreadsheet would take for a
        formula begins with an apostrophe. Row n is about the n-th file of the listing, which has
        them as they came.

    Raises:
        ValueError: `labels` are no names of classes by id.
    """
    return _table(listed_files(files), labels)


def describe(files: Iterable[File], *, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Counts a listing by class.

    Example:
        >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", n, "same", "1") for n in (0, 500)]
        >>> print(*describe(files).loc["cat", ["files", "largest kB", "duplicates", "reasons"]])
        2 0.5 1 1 empty

    Args:
        files: Iterable of files.
        labels: Optional `{id: label}`.

    Returns:
        DataFrame with a row a class, sorted by name, and a last row `All`. Columns: `files`; `MB`
        of all of them; `smallest kB`, `median kB` and `largest kB`, of a file (NaN where no size
        is known); `formats`; `duplicates` (files whose content, told by md5, came earlier in the
        listing); `troubled` (files that may be no pictures to train on) and `reasons` (why,
        counted). Names stand as in `file_table`. Warnings say, with the line that cures it, when
        pictures lie beside the class folders, when a class comes from several folders or from one
        within another class's, when the folders look split already into training and test pictures,
        and when two classes look alike.

    Raises:
        ValueError: There is no file in the listing, or `labels` are no names of classes by id.
    """
    import pandas as pd

    files = listed_files(files)
    if not files:
        raise nothing_listed("describe")
    rows = _table(files, labels)
    rows["is_copy"] = rows["md5"].notna() & rows.duplicated("md5")
    names = []
    summaries = []
    for label, rows_of_class in rows.groupby("label", dropna=False):
        names.append(label)
        summaries.append(_summarize(rows_of_class))
    names.append("All")
    summaries.append(_summarize(rows))
    table = pd.DataFrame(summaries, index=pd.Index(names, name="class")).rename(columns=TITLES)
    for words in _doubts(files, labels):
        warnings.warn(words, stacklevel=users_level())
    return table


def is_document(file: File) -> bool:
    """Whether a file has no bytes: a Google document that may be called like a photo."""
    return file.size is None and not file.md5


def _doubts(files: list[File], labels: Mapping[str, str] | None) -> list[str]:
    """What is odd about the folders, with what cures it, and about the classes."""
    about_folders = words_on_split(files)
    if labels is None:
        about_folders = " ".join(folder_labels(files).doubts())
    doubts = [about_folders] if about_folders else []
    return doubts + print_alike({str(label_of(file, labels)) for file in files})


def _table(files: list[File], labels: Mapping[str, str] | None) -> pd.DataFrame:
    import pandas as pd

    check_labels(labels)
    has_class_folders = labels is None and not all(map(is_beside_class_folders, files))
    rows = []
    for file in files:
        row = _file_row(file, labels)
        if has_class_folders and is_beside_class_folders(file) and not row.trouble:
            row = row._replace(trouble=BESIDE)
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(FileRow._fields))
    if table["size"].isna().any():
        table["size"] = table["size"].astype("Int64")
    return table


def _file_row(file: File, labels: Mapping[str, str] | None) -> FileRow:
    format_name = _format_of(file.name)
    return FileRow(
        id=as_cell(file.id),
        name=as_cell(file.name),
        label=as_cell(label_of(file, labels)),
        path=as_cell(file.path),
        size=file.size,
        md5=as_cell(file.md5),
        version=as_cell(file.version),
        format=format_name,
        trouble=_trouble_with(file, format_name),
    )


def _format_of(name: str) -> str:
    """The format that a name's ending stands for, such as "JPEG"."""
    _, dot, ending = name.rpartition(".")
    if not dot or not ending:
        return UNKNOWN_FORMAT
    usual_name: str = as_cell(ending.upper())
    return FORMATS.get(ending.lower(), usual_name)


def _trouble_with(file: File, format_name: str) -> str:
    """Why a file may be no picture; "" where nothing speaks against it."""
    if is_document(file):
        return DOCUMENT
    if file.size == 0:
        return "empty"
    if file.name.startswith(MACOS_SIDE_FILE):
        return "macOS side file, not a picture"
    if file.size is not None and file.size < SMALLEST_PICTURE:
        return f"under {SMALLEST_PICTURE} bytes"
    if format_name == "HEIC":
        return "HEIC: needs pillow-heif"
    if format_name in NOT_READ_BY_PILLOW:
        return f"{format_name}: Pillow cannot read it"
    return ""


def _summarize(rows: pd.DataFrame) -> ClassSummary:
    sizes = rows["size"].dropna().astype(float)  # of none, all that follows is NaN
    is_troubled = rows["trouble"] != ""
    return ClassSummary(
        files=len(rows),
        megabytes=round(sizes.sum() / 1e6, 3),
        smallest=round(sizes.min() / 1e3, 1),
        median=round(sizes.median() / 1e3, 1),
        largest=round(sizes.max() / 1e3, 1),
        formats=_formats_in_words(rows["format"]),
        duplicates=int(rows["is_copy"].sum()),
        troubled=int(is_troubled.sum()),
        reasons=_reasons_in_words(rows.loc[is_troubled, "trouble"]),
    )


def _formats_in_words(formats: Iterable[str]) -> str:
    """Such as "JPEG 70, PNG 2", the most frequent first."""
    counts = Counter(formats).most_common()
    return ", ".join(f"{name} {count}" for name, count in counts)


def _reasons_in_words(reasons: Iterable[str]) -> str:
    """Such as "2 empty; 1 under 100 bytes", the most frequent first."""
    counts = Counter(reasons).most_common()
    return "; ".join(f"{count} {reason}" for reason, count in counts)
