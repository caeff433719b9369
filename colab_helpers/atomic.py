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
import re
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl

__all__ = ["atomic_write", "remove_left_overs"]

# Characters of the name that the temporary file's name begins with. With four bytes each, and
# what follows them, they stay within the 255 bytes of a name.
LONGEST_START = 50
MARK_BYTES = 8  # of the random mark in the temporary file's name
# A file that is made anew, and no link or file that somebody put there. Windows has no such links.
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Opens a temporary file beside `path`, which takes its place when the block ends well.

    After an error or a kill, `path` is what it was. What the block wrote has reached the disk
    before the new name appears, so a power cut leaves no empty file either. A kill leaves the
    temporary file, hidden; `remove_left_overs` deletes it. Where `path` is a link, the new file
    takes the place of the link, and what it points to stays as it is.

    Args:
        path: Where to; missing folders on the way are made.

    Yields:
        A binary file to write to.

    Raises:
        OSError: The disk is full, or the folder cannot be written to.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, handle = _new_temporary(path)
    try:
        with open(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the error within says more
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def remove_left_overs(path: str | os.PathLike[str]) -> None:
    """Deletes the temporary files that killed writers of `path` left beside it.

    The file of a writer that is still at work stays; where the file system has no locks, the two
    cannot be told apart.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "scores.txt")
        >>> path.with_name(".scores.txt-0123456789abcdef.tmp").write_bytes(b"half of it")
        10
        >>> remove_left_overs(path)
        >>> list(path.parent.iterdir())
        []

    Args:
        path: As `atomic_write` was given it.
    """
    path = Path(path)
    start = re.escape(_start_of_temporary(path))
    name_of_temporary = re.compile(rf"{start}[0-9a-f]{{{2 * MARK_BYTES}}}\.tmp")
    for temporary in path.parent.glob(".*.tmp"):
        if name_of_temporary.fullmatch(temporary.name):
            with contextlib.suppress(OSError):  # it has just been deleted, or must stay
                _remove_unless_written(temporary)


def _start_of_temporary(path: Path) -> str:
    """How the names of the temporary files of a path begin."""
    return f".{path.name[:LONGEST_START]}-"


def _new_temporary(path: Path) -> tuple[Path, int]:
    """Makes a temporary file beside a path, locked; returns its path and its descriptor.

    Not by `tempfile`, whose files nobody else may read, and `path` may be meant for others too.
    """
    while True:
        mark = secrets.token_hex(MARK_BYTES)
        temporary = path.parent / f"{_start_of_temporary(path)}{mark}.tmp"
        handle = os.open(temporary, NEW_FILE, 0o666)
        # Between the two calls `remove_left_overs` may take it for a left-over.
        if _lock(handle) and os.path.lexists(temporary):
            return temporary, handle
        os.close(handle)


def _remove_unless_written(temporary: Path) -> None:
    """Deletes a temporary file, unless its writer is at work.

    A link or a pipe of such a name is none of ours, and stays.

    Raises:
        OSError: It cannot be opened or deleted.
    """
    if sys.platform == "win32":  # which does not delete a file that is open
        os.unlink(temporary)
        return
    descriptor = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if is_file and _lock(descriptor):
            os.unlink(temporary)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Locks a file until it is closed, by a kill too; False where it is locked already."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this file system has no locks
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Makes a new name in a folder survive a power cut; not every system offers it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
