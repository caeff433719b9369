"""What lies in folders on this machine: their files in order, names in any normal form, errors.

Nothing here calls itself, so that folders may lie in folders as deep as the system allows.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import NamedTuple

from .errors import DriveError, NotFoundError, TransientError
from .files import is_hidden, natural_order
from .names import composed

__all__ = [
    "entries_in",
    "files_below",
    "folders_named",
    "is_file",
    "is_folder",
    "own_errors",
    "refuse_lost_disk",
    "spelled_as_on_disk",
]


# What the system says of a link that leads in a circle, through a file, or to a name too long.
LEADS_NOWHERE = (errno.ELOOP, errno.ENOTDIR, errno.ENAMETOOLONG)


class _Folder(NamedTuple):
    """A folder on the way.

    Attributes:
        path: Of it, as it was come to.
        real_path: The same without links, so that a link in a circle ends.
    """

    path: str
    real_path: str


def entries_in(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder and is not hidden, in natural order."""
    with own_errors(f"list {folder!r}"):
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not is_hidden(entry.name)]
    return sorted(shown, key=lambda entry: natural_order(entry.name))


def is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, or a link to one."""
    with _nowhere_to_go():
        return entry.is_file()
    return False


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    with _nowhere_to_go():
        return entry.is_dir()
    return False


@contextlib.contextmanager
def _nowhere_to_go() -> Iterator[None]:
    """Passes over a link that leads to nothing, as one does that leads to itself."""
    try:
        yield
    except OSError as error:
        if error.errno not in LEADS_NOWHERE:
            raise


def files_below(top: str) -> Iterator[str]:
    """Paths of the files in a folder, then of those in its folders; each folder once."""
    todo = [_Folder(top, os.path.realpath(top))]
    seen: set[str] = set()
    while todo:
        folder = todo.pop()
        if folder.real_path in seen:
            continue
        seen.add(folder.real_path)
        entries = entries_in(folder.path)
        with own_errors(f"list {folder.path!r}"):
            files = [entry.path for entry in entries if is_file(entry)]
            folders = [_below(folder, entry) for entry in entries if is_folder(entry)]
        yield from files
        todo.extend(reversed(folders))


def folders_named(top: str, name: str) -> list[str]:
    """Paths of the folders of a name, in any normal form, in a folder and those below it.

    What cannot be looked into is passed by, and so are hidden folders.
    """
    wanted = composed(name)
    found = []
    todo = [top]
    while todo:
        folder = todo.pop()
        try:
            with os.scandir(folder) as entries:
                folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        found += [entry.path for entry in folders if composed(entry.name) == wanted]
        todo += [entry.path for entry in folders if not is_hidden(entry.name)]
    return sorted(found, key=natural_order)


def spelled_as_on_disk(root: str, path: str) -> str:
    """The full path of what lies at a path, whichever normal form its names have on disk.

    Args:
        root: A folder.
        path: Below it, with the system's separators.

    Returns:
        The path as given, from the first name on that is not there in any form.
    """
    full = os.path.normpath(os.path.join(root, path))
    if path.isascii() or os.path.lexists(full):
        return full
    found = root
    for name in os.path.relpath(full, root).split(os.sep):
        found = os.path.join(found, _spelled(found, name))
    return found


def _spelled(folder: str, name: str) -> str:
    """A name as it stands in a folder."""
    if os.path.lexists(os.path.join(folder, name)):
        return name
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return name
    wanted = composed(name)
    return next((there for there in names if composed(there) == wanted), name)


def _below(folder: _Folder, entry: os.DirEntry[str]) -> _Folder:
    if entry.is_symlink():
        return _Folder(entry.path, os.path.realpath(entry.path))
    return _Folder(entry.path, os.path.join(folder.real_path, entry.name))


def refuse_lost_disk(path: str) -> None:
    """Raises an error where the system cannot tell whether anything is at a path.

    `os.path.exists` says no, then.

    Raises:
        DriveError: It says what the system says, such as that a mount is not connected.
    """
    with own_errors(f"look for {path!r}"):
        try:
            os.stat(path)
        except (FileNotFoundError, ValueError):  # the latter of a name that no system has
            return
        except OSError as error:
            if error.errno not in LEADS_NOWHERE:
                raise


@contextlib.contextmanager
def own_errors(what: str) -> Iterator[None]:
    """Turns the system's errors into DriveErrors.

    Args:
        what: What is done within, as in "Could not <what>".
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise NotFoundError(f"{_said(what, error)} Was it moved? List the folder again.") from error
    except PermissionError as error:
        raise DriveError(f"{_said(what, error)} Change its permissions.") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise DriveError(f"{_said(what, error)} Move it nearer to the top.") from error
        raise TransientError(
            f"{_said(what, error)} If this is a mounted Drive, mount it again; what was cached is "
            "kept."
        ) from error


def _said(what: str, error: OSError) -> str:
    return f"Could not {what}: {error.strerror or error}."
