"""The folders on disk that the tree shows: looks at them anew, reads from them, writes to them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import time

from .mime_types import FOLDER, GOOGLE_TYPES, mime_type_of
from .tree import Entry, Tree


class Disk:
    """Keeps a tree and the disk in agreement."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._md5_of_version: dict[tuple[object, ...], str] = {}

    # from the disk into the tree

    def scan_all(self) -> None:
        """Makes all entries agree with the disk."""
        for top in list(self._tree.tops()):
            self._scan_below(top)

    def _scan_below(self, folder: Entry) -> None:
        self.scan(folder)
        for child in list(self._tree.children[folder.id].values()):
            if child.is_folder:
                self._scan_below(child)

    def scan(self, folder: Entry) -> None:
        """Makes the entries of one folder agree with the disk, those in its folders left alone."""
        if folder.path is None:
            return
        with contextlib.suppress(FileNotFoundError), os.scandir(folder.path) as found:
            shown = [item for item in found if not item.name.startswith(".")]
            self._forget_missing(folder, {item.path for item in shown})
            for item in sorted(shown, key=lambda item: item.name):
                self._take_in(folder, item)

    def _forget_missing(self, folder: Entry, paths: set[str]) -> None:
        for child in list(self._tree.children[folder.id].values()):
            path = self._tree.own_path(child)
            if path is not None and path not in paths:
                self._tree.remove(child)

    def _take_in(self, folder: Entry, item: os.DirEntry[str]) -> None:
        """Adds what lies on disk, or notes that it has changed."""
        stat = item.stat()
        entry = self._tree.by_path.get(item.path)
        if entry is None:
            self._add(folder, item, stat)
            return
        unchanged = (entry.size, entry.modified) == (stat.st_size, stat.st_mtime_ns)
        if entry.is_folder or unchanged:
            return
        entry.size = stat.st_size
        entry.modified = stat.st_mtime_ns
        self._tree.changed(entry)

    def _add(self, folder: Entry, item: os.DirEntry[str], stat: os.stat_result) -> None:
        title = item.name.replace("%2F", "/")
        mime_type = FOLDER if item.is_dir() else mime_type_of(title)
        if mime_type in GOOGLE_TYPES.values():
            title = os.path.splitext(title)[0]
        self._tree.by_path[item.path] = self._tree.add(
            title,
            (folder.id,),
            mime_type,
            path=item.path,
            size=stat.st_size,
            modified=stat.st_mtime_ns,
        )

    # bytes of a file

    def size(self, entry: Entry) -> int:
        """Bytes that the file holds now, which a disk may know better than the tree."""
        if entry.content is not None or entry.path is None:
            return entry.size
        return os.path.getsize(entry.path)

    def read(self, entry: Entry, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to `end`, which is not included."""
        if entry.content is not None or entry.path is None:
            return (entry.content or b"")[start:end]
        with open(entry.path, "rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(end - start)

    def md5(self, entry: Entry) -> str:
        """The checksum, in hexadecimal; computed once for each version of a file."""
        version: tuple[object, ...] = (entry.path, entry.size, entry.modified)
        if entry.content is not None:
            version = (entry.id, entry.modified)
        if version not in self._md5_of_version:
            self._md5_of_version[version] = hashlib.md5(self.read(entry)).hexdigest()
        return self._md5_of_version[version]

    # from the tree onto the disk

    def make_folder(self, entry: Entry) -> None:
        """Puts a new folder on disk."""
        self._settle(entry)
        if entry.path is not None:
            os.mkdir(entry.path)

    def write(self, entry: Entry, data: bytes) -> None:
        """Puts bytes into a file.

        They go to the disk where its folder lies there and the name is free, else into memory.
        """
        if entry.path is None and entry.content is None:
            self._settle(entry)
        if entry.path is None:
            entry.content = bytes(data)
            entry.modified = time.time_ns()
        else:
            _replace_file(entry.path, data)
            entry.modified = os.stat(entry.path).st_mtime_ns
        entry.size = len(data)
        self._tree.changed(entry)

    def _settle(self, entry: Entry) -> None:
        """Gives an entry a path, never outside its folder, unless the name is taken there."""
        folder = self._tree.entries[entry.parents[0]]
        if folder.path is None:
            return
        name = entry.title.replace("/", "%2F")
        if name.startswith("."):
            name = f"%2E{name[1:]}"
        path = os.path.join(folder.path, name)
        if not os.path.exists(path):
            entry.path = path
            self._tree.by_path[path] = entry

    def move(self, entry: Entry, folder: Entry) -> None:
        """Moves an entry to another folder, on disk too where both lie there."""
        old_path = self._tree.own_path(entry)
        if old_path is not None and folder.path is not None:
            new_path = os.path.join(folder.path, os.path.basename(old_path))
            os.rename(old_path, new_path)
            self._relocate(entry, old_path, new_path)
        self._tree.move(entry, folder)

    def _relocate(self, entry: Entry, old_path: str, new_path: str) -> None:
        """Notes the new path of an entry on disk, and of all that lies in it."""
        for child in self._tree.children[entry.id].values():
            child_path = self._tree.own_path(child)
            if child_path is not None:
                new_child_path = os.path.join(new_path, os.path.basename(child_path))
                self._relocate(child, child_path, new_child_path)
        del self._tree.by_path[old_path]
        self._tree.by_path[new_path] = entry
        entry.path = new_path

    def delete(self, entry: Entry) -> None:
        """Removes an entry from the tree, and from the disk where it lies there itself."""
        path = self._tree.own_path(entry)
        if path is not None:
            if entry.is_folder:
                shutil.rmtree(path)
            else:
                os.remove(path)
        self._tree.remove(entry)


def _replace_file(path: str, data: bytes) -> None:
    """Writes a file whole or not at all, so that nobody reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".upload-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    os.replace(temporary, path)
