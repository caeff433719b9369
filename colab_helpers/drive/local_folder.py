"""A folder on this machine as a source of files, with the methods of `Drive`."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
import tempfile
from collections.abc import Generator, Iterator
from typing import Any

from .arguments import check_file, file_text, folder_text, no_position
from .errors import DriveError, NotFoundError, SeveralFoundError, no_images
from .files import Changes, File, Listing, check_range, is_image
from .labels import FolderLabels, Label, check_label, label_kept, label_of_folder
from .local_tree import (
    entries_in,
    files_below,
    folders_named,
    is_folder,
    own_errors,
    refuse_lost_disk,
    spelled_as_on_disk,
)
from .names import composed, printable

__all__ = ["LocalFolder"]


class LocalFolder:
    """A folder on this machine, such as a mounted Drive, with the methods of `Drive`.

    Links are followed, also those that lead out of the folder: photos often lie on another disk.
    So whoever can put a link into the folder chooses what is read of all that you may read. Paths
    with ".." do not lead out, and nothing is written outside.

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
        # A cache knows a file by its id and version. In two folders, one path can name two pictures
        # of one size and one time, as `unzip` leaves them.
        real_root = os.fsencode(os.path.realpath(self.root))
        self._root_mark = hashlib.blake2b(real_root, digest_size=4).hexdigest()

    def __repr__(self) -> str:
        return f"LocalFolder({self.root!r})"

    def account(self) -> str:
        """The folder; nobody signs in here."""
        return self.root

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to, not including, `end`.

        Raises:
            NotFoundError: It is gone.
            DriveError: Any other of its family.
            TypeError: `file` is none, such as a path, or the range is not of whole numbers.
        """
        check_file(file)
        check_range(start, end)
        with own_errors(f"read {file.name!r} (id {printable(file.id)})"):
            if start is None and end is None:
                return _read_all(self._inside(file.id))
            first = start or 0
            length = -1 if end is None else end - first
            with open(self._inside(file.id), "rb") as content:
                content.seek(first)
                return content.read(length)

    def find(self, path: str | os.PathLike[str]) -> File:
        """The file, of any kind, at a path below this folder, in any Unicode normal form.

        Raises:
            NotFoundError: There is none.
            DriveError: It cannot be told, as on a mounted Drive that lost its connection.
        """
        full = self._spelled(file_text(path))
        if os.path.isfile(full):
            return self._found(full)
        refuse_lost_disk(full)
        what = "is a folder, not a file" if os.path.isdir(full) else "is not there"
        raise NotFoundError(
            f"{os.fspath(path)!r} {what}, in {self.root!r}. Give a file's path from there."
        )

    def list_images(
        self,
        folder: str | os.PathLike[str],
        *,
        position: dict[str, Any] | None = None,
        label: Label = "parent",
    ) -> Listing:
        """Lists the images of a folder and of all folders in it; see `Drive.list_images`.

        They come in natural order. A listing of files at hand is not worth resuming: with a
        `position` it starts over, by the label that this was made with.
        """
        check_label(label)
        asked = folder_text(folder)
        if position:
            label = label_kept(_label_of_position(position), label)
        labels = FolderLabels(label)
        return Listing(lambda at: self._listed(asked, labels, at), position, label, folder=asked)

    def list_folders(self, folder: str | os.PathLike[str] = ".") -> Iterator[tuple[str, str]]:
        """Yields (ID, name) of each folder directly in a folder; see `Drive.list_folders`."""
        full = self._folder(folder_text(folder))
        with own_errors(f"list {full!r}"):
            folders = [entry for entry in entries_in(full) if is_folder(entry)]
        for entry in folders:
            yield self._id(entry.path), entry.name

    def folder_name(self, folder: str | os.PathLike[str] = ".") -> str:
        """The name of a folder; see `Drive.folder_name`."""
        return composed(os.path.basename(self._folder(folder_text(folder))))

    def list_changes(self, position: dict[str, Any]) -> Changes | None:
        """What changed since a listing came to its end; see `Drive.list_changes`."""
        came_to_its_end = "versions" in position
        if not came_to_its_end:
            return None
        before = position["versions"]
        labels = FolderLabels(_label_of_position(position))
        after: dict[str, Any] = {}
        files = self._walk(position["folder"], labels, after)
        changed = [file for file in files if before.get(file.id) != file.version]
        removed = set(before) - set(after["versions"])
        return Changes(changed, sorted(removed), after)

    def upload(self, path: str | os.PathLike[str], folder: str = ".") -> File:
        """Copies a local file into a folder in this one, in place of one of the same name.

        There is never a half file.
        """
        name = os.path.basename(os.path.abspath(path))
        target = self._spelled(folder_text(folder))
        if not _lies_in(os.path.realpath(target), os.path.realpath(self.root)):
            raise DriveError(
                f"Will not write to {str(folder)!r}: a link there leads out of {self.root!r}."
            )
        full = spelled_as_on_disk(target, name)
        with own_errors(f"copy {name!r} to {str(folder)!r}"):
            os.makedirs(target, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target, prefix=".upload-") as temporary:
                copy = shutil.copyfile(path, os.path.join(temporary, name))
                os.replace(copy, full)
        return self._found(full)

    def _listed(self, folder: str, labels: FolderLabels, at: dict[str, Any]) -> Iterator[File]:
        other_name = yield from self._walk(folder, labels, at)
        if not at["versions"]:
            raise labels.no_class(folder) or no_images(folder, other_name)
        labels.say(folder)

    def _walk(
        self, folder: str, labels: FolderLabels, at: dict[str, Any]
    ) -> Generator[File, None, str | None]:
        """Yields the images in a folder; at the end, `at` is what `list_changes` takes.

        Returns:
            The name of a file that is no image, if there is one.
        """
        top = self._folder(folder)
        at.clear()  # until the end there is nothing to go on from
        listed_name = os.path.basename(top)
        versions: dict[str, str] = {}
        other_name = None
        for full in files_below(top):
            name = os.path.basename(full)
            if not is_image(name):
                other_name = other_name or name
                continue
            path = posixpath.dirname(_with_slashes(os.path.relpath(full, top)))
            label = label_of_folder(path, listed_name, labels.label)
            labels.note(path, label, name)
            if label is None:
                continue
            try:
                file = self._as_file(full, top, label)
            except NotFoundError:
                continue  # deleted meanwhile
            versions[file.id] = file.version
            yield file
        at["folder"] = os.path.relpath(top, self.root)
        at["versions"] = versions
        if labels.label != "parent":
            at["label"] = labels.label
        return other_name

    def _as_file(self, full: str, top: str, label: str) -> File:
        name = os.path.basename(full)
        with own_errors(f"look at {name!r} in {os.path.dirname(full)!r}"):
            status = os.stat(full)
        return File(
            id=self._id(full),
            name=name,
            label=label,
            path=_with_slashes(os.path.relpath(full, top)),
            size=status.st_size,
            md5=None,
            version=f"{status.st_mtime_ns}-{status.st_size}-{self._root_mark}",
        )

    def _found(self, full: str) -> File:
        """The file at a path, labelled by the folder that it lies in."""
        label = composed(os.path.basename(os.path.dirname(full)))
        return self._as_file(full, self.root, label)

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

    def _spelled(self, path: str) -> str:
        """The full path of what lies in this folder, whichever normal form it was given in."""
        return spelled_as_on_disk(self.root, os.path.relpath(self._inside(path), self.root))

    def _folder(self, folder: str) -> str:
        """The full path of the folder at a path, or of the only one of this name."""
        full = self._spelled(folder)
        if os.path.isdir(full):
            return full
        if os.path.exists(full):
            raise NotFoundError(f"{folder!r} is a file, not a folder. Name the folder it lies in.")
        refuse_lost_disk(full)
        found = folders_named(self.root, folder)
        if not found:
            raise NotFoundError(
                f"There is no folder {folder!r} in {self.root!r}. Give its path from there."
            )
        if len(found) > 1:
            paths = ", ".join(repr(os.path.relpath(one, self.root)) for one in found)
            raise SeveralFoundError(
                f"There are {len(found)} folders called {folder!r}: {paths}. Give the path of one."
            )
        return found[0]


def _read_all(path: str) -> bytes:
    """The bytes of a file. Without a buffer, many threads get in each other's way less."""
    with open(path, "rb", buffering=0) as content:
        return content.read()


def _label_of_position(position: dict[str, Any]) -> Label:
    """Which folder is the class in the listing that a position is of.

    Raises:
        ValueError: It is no position of a folder on this machine.
    """
    try:
        label: Label = position.get("label", "parent")
        check_label(label)
        are_as_made = isinstance(position["folder"], str)
        if "versions" in position:
            are_as_made = are_as_made and isinstance(position["versions"], dict)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise no_position(position) from error
    if not are_as_made:
        raise no_position(position)
    return label


def _lies_in(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def _with_slashes(path: str) -> str:
    return path.replace(os.sep, "/")
