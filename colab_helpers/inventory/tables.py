"""A listing as a table: a row a file, or a row a class. No file is opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..drive import File
from .listing import label_of, nothing_listed

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["describe", "file_table"]

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
    bytes: int
    smallest: int
    median: int
    largest: int
    formats: str
    duplicates: int
    troubled: int
    troubles: str


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
        `path`, `size` (bytes), `md5` and `version`; `format` (from the name's ending; "unknown"
        without one) and `trouble` (why the file may not be readable; "" where nothing speaks
        against it).
    """
    import pandas as pd

    rows = [_file_row(file, labels) for file in files]
    return pd.DataFrame(rows, columns=list(FileRow._fields))


def describe(files: Iterable[File], *, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Counts a listing by class.

    Example:
        >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", n, "same", "1") for n in (0, 500)]
        >>> print(*describe(files).loc["cat", ["files", "bytes", "duplicates", "troubles"]])
        2 500 1 1 empty

    Args:
        files: Iterable of files.
        labels: Optional `{id: label}`.

    Returns:
        DataFrame with a row a class, sorted by name, and a last row `All`. Columns: `files`,
        `bytes`, `smallest`, `median` and `largest` (bytes a file), `formats`, `duplicates` (files
        whose content, told by md5, came earlier in the listing), `troubled` (files that may not
        be readable) and `troubles` (their reasons, counted).

    Raises:
        ValueError: There is no file in the listing.
    """
    import pandas as pd

    rows = file_table(files, labels=labels)
    if rows.empty:
        raise nothing_listed("describe")
    rows["is_copy"] = rows["md5"].notna() & rows.duplicated("md5")
    names = []
    summaries = []
    for label, rows_of_class in rows.groupby("label", dropna=False):
        names.append(label)
        summaries.append(_summarize(rows_of_class))
    names.append("All")
    summaries.append(_summarize(rows))
    return pd.DataFrame(summaries, index=pd.Index(names, name="class"))


def _file_row(file: File, labels: Mapping[str, str] | None) -> FileRow:
    format_name = _format_of(file.name)
    return FileRow(
        id=file.id,
        name=file.name,
        label=label_of(file, labels),
        path=file.path,
        size=file.size,
        md5=file.md5,
        version=file.version,
        format=format_name,
        trouble=_trouble_with(file, format_name),
    )


def _format_of(name: str) -> str:
    """The format that a name's ending stands for, such as "JPEG"."""
    _, dot, ending = name.rpartition(".")
    if not dot or not ending:
        return UNKNOWN_FORMAT
    return FORMATS.get(ending.lower(), ending.upper())


def _trouble_with(file: File, format_name: str) -> str:
    """Why a file may not be readable; "" where nothing speaks against it."""
    if not file.size:
        return "empty"
    if file.name.startswith(MACOS_SIDE_FILE):
        return "macOS side file, not a picture"
    if file.size < SMALLEST_PICTURE:
        return f"under {SMALLEST_PICTURE} bytes"
    if format_name == "HEIC":
        return "HEIC: needs pillow-heif"
    if format_name in NOT_READ_BY_PILLOW:
        return f"{format_name}: Pillow cannot read it"
    return ""


def _summarize(rows: pd.DataFrame) -> ClassSummary:
    sizes = rows["size"]
    is_troubled = rows["trouble"] != ""
    return ClassSummary(
        files=len(rows),
        bytes=int(sizes.sum()),
        smallest=int(sizes.min()),
        median=int(sizes.median()),
        largest=int(sizes.max()),
        formats=_formats_in_words(rows["format"]),
        duplicates=int(rows["is_copy"].sum()),
        troubled=int(is_troubled.sum()),
        troubles=_troubles_in_words(rows.loc[is_troubled, "trouble"]),
    )


def _formats_in_words(formats: Iterable[str]) -> str:
    """Such as "JPEG 70, PNG 2", the most frequent first."""
    counts = Counter(formats).most_common()
    return ", ".join(f"{name} {count}" for name, count in counts)


def _troubles_in_words(troubles: Iterable[str]) -> str:
    """Such as "2 empty; 1 under 100 bytes", the most frequent first."""
    counts = Counter(troubles).most_common()
    return "; ".join(f"{count} {reason}" for reason, count in counts)
