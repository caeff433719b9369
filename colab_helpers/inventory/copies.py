"""Files of the same content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ..drive import File
from ..drive.arguments import check_function, listed_files
from .tables import file_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["duplicates"]


def duplicates(files: Iterable[File], read: Callable[[File], bytes] | None = None) -> pd.DataFrame:
    """Finds files of the same content.

    Example:
        >>> contents = {"a.jpg": b"same", "b.jpg": b"same", "c.jpg": b"else"}
        >>> files = [File(name, name, "cat", name, 4, None, "1") for name in contents]
        >>> duplicates(files, read=lambda file: contents[file.id])["name"].tolist()
        ['a.jpg', 'b.jpg']

    Args:
        files: Iterable of files.
        read: Optional `read(file) -> bytes`. Local files come without md5: with `read`, those of
            one size are read and compared; without it, they are left out. A file without a size,
            as a Google document has none, is read only where no file has one.

    Returns:
        The rows of `file_table` that share their md5 with another row, those of equal content
        together.
    """
    files = listed_files(files)
    rows = file_table(files)
    if read is not None:
        check_function("read", read, "`drive.read`")
        rows["md5"] = _checksums(files, read)
    known = rows[rows["md5"].notna()]
    shared = known[known.duplicated("md5", keep=False)]
    return shared.sort_values(["md5", "path"]).reset_index(drop=True)


def _checksums(files: Sequence[File], read: Callable[[File], bytes]) -> list[str | None]:
    """The md5 of each file. Without one, a file is read if another file has the same size."""
    files_of_size = Counter(file.size for file in files)
    if len(files_of_size) > 1:
        del files_of_size[None]  # documents
    checksums = []
    for file in files:
        checksum = file.md5
        if not checksum and files_of_size[file.size] > 1:
            checksum = hashlib.md5(read(file), usedforsecurity=False).hexdigest()
        checksums.append(checksum)
    return checksums
