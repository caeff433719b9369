"""Files and folders in memory: entries by their ID, children by folder, and what changed."""

from __future__ import annotations

import base64
import collections
import dataclasses
import hashlib
import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from .mime_types import FOLDER


@dataclasses.dataclass(slots=True)
class Entry:
    """A file, a folder or a shortcut.

    Attributes:
        order: Its age: an entry made later has a higher number.
        path: Where its bytes lie on disk.
        content: Its bytes, where they lie in memory instead.
        size: In bytes.
        modified: Nanoseconds since 1970.
        shared: Whether it stands at the top of "Shared with me".
        drive_id: The shared drive that it belongs to.
        public: Whether "Anyone with the link" may see it, and all that lies in it.
        resource_key: Who does not send it finds nothing.
        target: The ID that a shortcut points to.
    """

    id: str
    title: str
    mime_type: str
    parents: tuple[str, ...]
    order: int
    path: str | None = None
    content: bytes | None = None
    size: int = 0
    modified: int = 0
    trashed: bool = False
    shared: bool = False
    public: bool = False
    drive_id: str | None = None
    resource_key: str | None = None
    target: str | None = None
    read_only: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether others may lie in it."""
        return self.mime_type == FOLDER

    @property
    def has_media(self) -> bool:
        """Whether it holds bytes: folders, shortcuts and Google's own documents hold none."""
        return not self.mime_type.startswith("application/vnd.google-apps.")


@dataclasses.dataclass
class Extra:
    """An entry that a disk cannot hold, such as a second file of one name, or a shortcut.

    Attributes:
        parent: Path of its folder, or an ID.
        title: Any text.
        content: Bytes of a file; None makes a folder.
        shortcut_to: Path or ID of what it points to (an ID that does not exist dangles).
        modified: Seconds since 1970.
    """

    parent: str
    title: str
    content: bytes | None = None
    id: str | None = None
    shortcut_to: str | None = None
    mime_type: str | None = None
    resource_key: str | None = None
    modified: float = 1_700_000_000.0


class Change(NamedTuple):
    """That a file was added, changed or removed.

    Attributes:
        drive_id: The shared drive in whose list of changes it stands; None for My Drive's.
    """

    file_id: str
    deleted: bool
    drive_id: str | None


class Tree:
    """All entries of a Drive.

    Attributes:
        root: The folder "My Drive".
        entries: All entries by their ID, My Drive among them.
        children: {ID of a folder: {ID: entry}}.
        by_path: Entries that lie on disk themselves, by their path there.
        changes: What changed, in order; the number of a change is its position, counted from 1.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.entries: dict[str, Entry] = {}
        self.children: dict[str, dict[str, Entry]] = collections.defaultdict(dict)
        self.by_path: dict[str, Entry] = {}
        self.changes: list[Change] = []
        self._order = itertools.count()
        root_id = self._new_id("root", "0A")
        self.root = self.add("My Drive", (), FOLDER, path=str(folder), id=root_id)

    def add(
        self,
        title: str,
        parents: Sequence[str],
        mime_type: str,
        *,
        id: str | None = None,
        **attributes: Any,
    ) -> Entry:
        """Adds an entry; `attributes` are those of `Entry`."""
        entry_id = id or self._new_id("/".join([*parents, title]))
        entry = Entry(entry_id, title, mime_type, tuple(parents), next(self._order), **attributes)
        above = self.entries.get(parents[0]) if parents else None
        if above is not None:
            entry.drive_id = entry.drive_id or above.drive_id
            entry.read_only = entry.read_only or above.read_only
        self.entries[entry.id] = entry
        for parent in parents:
            self.children[parent][entry.id] = entry
        self.changed(entry)
        return entry

    def _new_id(self, key: str, start: str = "1") -> str:
        """An ID that is not taken yet, and the same in every run; as long as one of Drive's."""
        number = 0
        while True:
            digest = hashlib.sha256(f"{key}\0{number}".encode()).digest()[:24]
            file_id = start + base64.urlsafe_b64encode(digest).decode()
            if file_id not in self.entries:
                return file_id
            number += 1

    def changed(self, entry: Entry) -> None:
        """Notes that an entry is new or different."""
        self.changes.append(Change(entry.id, False, entry.drive_id))

    def remove(self, entry: Entry) -> None:
        """Takes away an entry and all that lies in it."""
        for child in list(self.children.pop(entry.id, {}).values()):
            self.remove(child)
        for parent in entry.parents:
            self.children[parent].pop(entry.id, None)
        if entry.path is not None:
            self.by_path.pop(entry.path, None)
        if self.entries.pop(entry.id, None):
            self.changes.append(Change(entry.id, True, entry.drive_id))

    def move(self, entry: Entry, folder: Entry) -> None:
        """Puts an entry into another folder; its ID stays."""
        for parent in entry.parents:
            self.children[parent].pop(entry.id)
        entry.parents = (folder.id,)
        self.children[folder.id][entry.id] = entry
        self.changed(entry)

    def tops(self) -> Iterator[Entry]:
        """What lies in no folder: My Drive, shared drives, and what others have shared."""
        return (entry for entry in self.entries.values() if not entry.parents)

    def own_path(self, entry: Entry) -> str | None:
        """Where an entry lies on disk itself; a file of a virtual folder only borrows a path."""
        if entry.path is None or self.by_path.get(entry.path) is not entry:
            return None
        return entry.path

    def find(self, name: str) -> Entry:
        """The entry with this ID, or at this path of titles from the top.

        Raises:
            KeyError: Nothing has this ID or lies at this path.
        """
        if name in self.entries:
            return self.entries[name]
        if name in ("", ".", "root"):
            return self.root
        tops = [entry for entry in self.tops() if entry is not self.root]
        found = self._find_below([*tops, *self.children[self.root.id].values()], name)
        if found is None:
            raise KeyError(f"{name!r} is not on the stand-in Drive.")
        return found

    def _find_below(self, entries: Iterable[Entry], path: str) -> Entry | None:
        """What lies at a path. A title may hold a slash itself, so every one that fits is tried."""
        for entry in entries:
            if entry.title == path:
                return entry
            if path.startswith(f"{entry.title}/"):
                below = path[len(entry.title) + 1 :]
                found = self._find_below(self.children[entry.id].values(), below)
                if found is not None:
                    return found
        return None

    def add_virtual_folder(self, path: str, count: int) -> None:
        """Adds a folder of `count` files that exist nowhere; each shows one of the images in turn.

        Raises:
            ValueError: There are no images to repeat.
        """
        images = [entry for entry in self.entries.values() if _is_image_on_disk(entry)]
        if not images:
            raise ValueError(
                f"{path}: a virtual folder repeats images, and there are none in the folders given."
            )
        folder = self._make_folders(path)
        for number in range(count):
            image = images[number % len(images)]
            ending = os.path.splitext(image.title)[1]
            self.add(
                f"{number:06d}{ending}",
                (folder.id,),
                image.mime_type,
                path=image.path,
                size=image.size,
                modified=image.modified,
            )

    def _make_folders(self, path: str) -> Entry:
        """The folder at a path from My Drive; what is missing on the way is made, in memory."""
        folder = self.root
        for title in path.split("/"):
            children = self.children[folder.id].values()
            known = [child for child in children if child.title == title]
            folder = known[0] if known else self.add(title, (folder.id,), FOLDER)
        return folder


def _is_image_on_disk(entry: Entry) -> bool:
    return entry.mime_type.startswith("image/") and entry.path is not None
