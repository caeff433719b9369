"""A folder on this machine as a source of files, with the methods of `Drive`."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from .errors import DriveError, NotFoundError, TransientError, no_images
from .files import (
    Changes,
    File,
    Listing,
    check_range,
    is_hidden,
    is_image,
    natural_order,
)

__all__ = ["LocalFolder"]


class LocalFolder:
    """A folder on this machine, such as a mounted Drive, with the methods of `Drive`.

    Args:
        root: Path of the folder.

    Attributes:
        root: The same, absolute.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.path.abspath(os.path.expanduser(os.fspath(root)))
        if not os.path.isdir(self.root):
            raise NotFoundError(
                f"There is no folder {self.root!r}. Check the path; a mounted Drive lies at "
                "/content/drive/MyDrive."
            )

    def __repr__(self) -> str:
        return f"LocalFolder({self.root!r})"

    def account(self) -> str:
        """The folder; nobody signs in here."""
        return self.root

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to, not including, `end`."""
        check_range(start, end)
        first = start or 0
        length = -1 if end is None else end - first
        with _own_errors(f"read {file.name!r} (id {file.id})"):
            with open(self._inside(file.id), "rb") as content:
                content.seek(first)
                return content.read(length)

    def find(self, path: str | os.PathLike[str]) -> File:
        """The file, of any kind, at a path below this folder."""
        full = self._inside(path)
        if os.path.isfile(full):
            return self._as_file(full, self.root)
        what = "is a folder, not a file" if os.path.isdir(full) else "is not there"
        raise NotFoundError(
            f"{os.fspath(path)!r} {what}, in {self.root!r}. Give a file's path from there."
        )

    def list_images(
        self, folder: str | os.PathLike[str], *, position: dict[str, Any] | None = None
    ) -> Listing:
        """Lists the images of a folder and of all folders in it; see `Drive.list_images`.

        They come in natural order. A listing of files at hand is not worth resuming: with a
        `position` it starts over.
        """
        return Listing(lambda at: self._walk(os.fspath(folder), at))

    def list_folders(self, folder: str = ".") -> Iterator[tuple[str, str]]:
        """Yields (ID, name) of each folder directly in a folder; see `Drive.list_folders`."""
        full = self._folder(folder)
        with _own_errors(f"list {full!r}"):
            folders = [entry for entry in _entries(full) if entry.is_dir()]
        for entry in folders:
            yield self._id(entry.path), entry.name

    def list_changes(self, position: dict[str, Any]) -> Changes | None:
        """What changed since a listing came to its end; see `Drive.list_changes`."""
        came_to_its_end = "versions" in position
        if not came_to_its_end:
            return None
        before = position["versions"]
        listing = self.list_images(position["folder"])
        changed = [file for file in listing if before.get(file.id) != file.version]
        removed = set(before) - set(listing.position["versions"])
        return Changes(changed, sorted(removed), listing.position)

    def upload(self, path: str | os.PathLike[str], folder: str = ".") -> File:
        """Copies a local file into a folder in this one, in place of one of the same name.

        There is never a half file.
        """
        name = os.path.basename(os.path.abspath(path))
        target = self._inside(folder)
        if not _lies_in(os.path.realpath(target), os.path.realpath(self.root)):
            raise DriveError(
                f"Will not write to {str(folder)!r}: a link there leads out of {self.root!r}."
            )
        full = os.path.join(target, name)
        with _own_errors(f"copy {name!r} to {str(folder)!r}"):
            os.makedirs(target, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target, prefix=".upload-") as temporary:
                copy = shutil.copyfile(path, os.path.join(temporary, name))
                os.replace(copy, full)
        return self._as_file(full, self.root)

    def _walk(self, folder: str, at: dict[str, Any]) -> Iterator[File]:
        """Yields the images in a folder; at the end, `at` is what `list_changes` takes."""
        top = self._folder(folder)
        versions: dict[str, str] = {}
        other_name = None
        for full in _files_below(top, set()):
            if not is_image(full):
                other_name = other_name or os.path.basename(full)
                continue
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                file = self._as_file(full, top)
                versions[file.id] = file.version
                yield file
        if not versions:
            raise no_images(folder, other_name)
        at["folder"] = os.path.relpath(top, self.root)
        at["versions"] = versions

    def _as_file(self, full: str, top: str) -> File:
        status = os.stat(full)
        return File(
            id=self._id(full),
            name=os.path.basename(full),
            label=os.path.basename(os.path.dirname(full)),
            path=_with_slashes(os.path.relpath(full, top)),
            size=status.st_size,
            md5=None,
            version=f"{status.st_mtime_ns}-{status.st_size}",
        )

    def _id(self, full: str) -> str:
        return _with_slashes(os.path.relpath(full, self.root))

    def _inside(self, path: str | os.PathLike[str]) -> str:
        """The full path of what lies in this folder; no path leads out of it."""
        full = os.path.normpath(os.path.join(self.root, os.fspath(path)))
        if not _lies_in(full, self.root):
            raise NotFoundError(
                f"{os.fspath(path)!r} lies outside {self.root!r}. Connect to a folder that holds "
                "it."
            )
        return full

    def _folder(self, folder: str) -> str:
        """The full path of the folder at a path, or of the only one of this name."""
        full = self._inside(folder)
        if os.path.isdir(full):
            return full
        if os.path.exists(full):
            raise NotFoundError(f"{folder!r} is a file, not a folder. Name the folder it lies in.")
        found = self._folders_named(folder)
        if not found:
            raise NotFoundError(
                f"There is no folder {folder!r} in {self.root!r}. Give its path from there."
            )
        if len(found) > 1:
            paths = ", ".join(os.path.relpath(one, self.root) for one in found)
            raise NotFoundError(
                f"There are {len(found)} folders called {folder!r}: {paths}. Give the path of one."
            )
        return found[0]

    def _folders_named(self, name: str) -> list[str]:
        return [
            os.path.join(above, name) for above, names, _ in os.walk(self.root) if name in names
        ]


def _lies_in(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _with_slashes(path: str) -> str:
    return path.replace(os.sep, "/")


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What lies in a folder and is not hidden, in natural order."""
    with _own_errors(f"list {folder!r}"):
        with os.scandir(folder) as entries:
            shown = [entry for entry in entries if not is_hidden(entry.name)]
    return sorted(shown, key=lambda entry: natural_order(entry.name))


def _files_below(folder: str, seen: set[str]) -> Iterator[str]:
    """Paths of the files in a folder, then of those in its folders.

    Args:
        folder: Its path.
        seen: Real paths of the folders that were listed, so that a link in a circle ends.
    """
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    entries = _entries(folder)
    with _own_errors(f"list {folder!r}"):
        files = [entry.path for entry in entries if entry.is_file()]
        folders = [entry.path for entry in entries if entry.is_dir()]
    yield from files
    for path in folders:
        yield from _files_below(path, seen)


@contextlib.contextmanager
def _own_errors(what: str) -> Iterator[None]:
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
        raise TransientError(
            f"{_said(what, error)} If this is a mounted Drive, mount it again; what was cached is "
            "kept."
        ) from error


def _said(what: str, error: OSError) -> str:
    return f"Could not {what}: {error.strerror or error}."
