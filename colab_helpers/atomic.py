"""Files that are written whole or not at all: a reader sees the old one or the new one.

Example:
    >>> import pathlib, tempfile
    >>> from colab_helpers.atomic import atomic_write
    >>> path = pathlib.Path(tempfile.mkdtemp(), "results", "scores.txt")
    >>> with atomic_write(path) as out:
    ...     _ = out.write(b"all of it")
    >>> path.read_bytes()
    b'all of it'
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_write"]


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path`, which takes its place when the block ends well.

    After an error or a kill, `path` is what it was. What the block wrote has reached the disk
    before the new name appears, so a power cut leaves no empty file either.

    Args:
        path: Where to; missing folders on the way are made.

    Yields:
        A binary file to write to.

    Raises:
        OSError: The disk is full, or the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by `tempfile`, whose files nobody else may read, and `path` may be meant for others too.
    temporary = path.parent / f".{path.name}-{secrets.token_hex(8)}.tmp"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder survive a power cut; not every system offers it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
