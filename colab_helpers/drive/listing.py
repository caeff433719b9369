"""Pages -> files: lists a folder and all folders in it, and can go on where it stopped.

Position    how far a listing is; a dict that JSON can hold, and back
walk        page after page: gives out its pictures, notes its folders
PagesAhead  asks for the next page while this one is given out
"""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from .client import Client, Page
from .errors import DriveError, NotFoundError, no_images
from .files import File, is_image
from .items import Item, as_file, below, is_folder, target_id
from .lookup import ItemKind, find_item

__all__ = ["Place", "Position", "image_file", "walk"]

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """A page that is still to be listed.

    Attributes:
        folder_id: The folder.
        path: The way to it below the folder that is listed; "" for that one.
        page_token: Of the page; None for the folder's first.
    """

    folder_id: str
    path: str
    page_token: str | None

    @property
    def first_page(self) -> Place:
        """The first page of the same folder."""
        return self._replace(page_token=None)


@dataclass(slots=True)
class Position:
    """How far a listing is.

    Attributes:
        name: Of the folder that is listed.
        drive: ID of the shared drive it lies in, or None.
        folders: {ID: path} of all folders whose pages were given out or are in `todo`.
        links: {file ID: [path of the folder, name]} of the files that shortcuts led to.
        change_token: Where Drive's list of changes ended when the listing began.
        todo: Pages still to be listed; the last comes first.
    """

    name: str
    drive: str | None
    folders: dict[str, str]
    links: dict[str, list[str]]
    change_token: str
    todo: list[Place]

    @classmethod
    def at_start(cls, client: Client, folder: str) -> Position:
        """The position before the first page of a folder."""
        top = find_item(client, folder, ItemKind.FOLDER)
        drive = top.get("driveId")
        return cls(
            name=below("", top["title"]),
            drive=drive,
            folders={top["id"]: ""},
            links={},
            change_token=client.change_token(drive),
            todo=[Place(top["id"], "", None)],
        )

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Position:
        """The position that `to_json` gave, perhaps in another process."""
        return cls(
            name=saved["name"],
            drive=saved["drive"],
            folders=dict(saved["folders"]),
            links=dict(saved["links"]),
            change_token=saved["change_token"],
            todo=[Place(*place) for place in saved["todo"]],
        )

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold.

        It shares `folders` and `links` with this position: with thousands of folders, a copy for
        each page would take longer than the pages.
        """
        return {
            "name": self.name,
            "drive": self.drive,
            "folders": self.folders,
            "links": self.links,
            "change_token": self.change_token,
            "todo": list(self.todo),
        }

    def label(self, path: str) -> str:
        """The label of the files in the folder at a path: the folder's name."""
        return posixpath.basename(path) or self.name


def walk(client: Client, folder: str, at: dict[str, Any]) -> Iterator[File]:
    """Yields the images in a folder and in all folders below it; each once.

    Args:
        client: Of the Drive.
        folder: Its address.
        at: The position to go on from, or an empty dict. It moves on when a page was given out.
    """
    is_resumed = bool(at)
    position = Position.from_json(at) if is_resumed else Position.at_start(client, folder)
    walker = _Walker(client, position, at)
    yield from walker.files()
    if not walker.seen and not is_resumed:
        raise no_images(folder, walker.other_name)


def image_file(
    client: Client, item: Item, path: str, label: str, links: dict[str, list[str]]
) -> File | None:
    """The file that an item stands for, or None if that is no image.

    Args:
        client: Follows shortcuts.
        item: A file or folder, or a shortcut to one.
        path: Of the folder it lies in, below the folder that is listed.
        label: Name of the folder it lies in.
        links: Is told to which file a shortcut led.
    """
    if is_folder(item):
        return None
    shortcut = item.get("shortcutDetails")
    mime_type = item["mimeType"]
    if shortcut is not None:
        mime_type = shortcut.get("targetMimeType", mime_type)
    if not is_image(item["title"], mime_type):
        return None
    if shortcut is None:
        return as_file(item, path, label)
    try:
        target = client.follow(item)
    except NotFoundError as error:
        logger.warning("Left out: %s", error)
        return None
    file = as_file(target, path, label, item["title"])
    links[file.id] = [path, file.name]
    return file


class _PageTokenRejected(Exception):
    """Drive does not know a page token any more: the folder must be begun again."""


class _Walker:
    """One listing under way.

    Attributes:
        seen: IDs of the files that were given out.
        other_name: Name of a file that is no image, if there was one.
    """

    def __init__(self, client: Client, position: Position, at: dict[str, Any]) -> None:
        self._client = client
        self._position = position
        self._at = at
        self.seen: set[str] = set()
        self.other_name: str | None = None
        self._publish()

    def files(self) -> Iterator[File]:
        """Yields the images of all pages that are still to be listed."""
        position = self._position
        with _PagesAhead(self._client) as pages:
            while position.todo:
                place = position.todo[-1]
                try:
                    page = pages.page_at(place)
                except _PageTokenRejected:
                    position.todo[-1] = place.first_page
                    self._publish()
                    continue
                new_folders = self._new_folders(page, place)
                todo = self._todo_after(page, place, new_folders)
                if todo:
                    pages.ask_for(todo[-1])
                yield from self._files_of(page, place)
                position.folders.update(new_folders)
                position.todo = todo
                self._publish()

    def _publish(self) -> None:
        self._at.update(self._position.to_json())

    def _new_folders(self, page: Page[Item], place: Place) -> dict[str, str]:
        """{ID: path} of the folders on a page that were not met before."""
        known = self._position.folders
        found: dict[str, str] = {}
        for item in filter(is_folder, page.entries):
            folder_id = target_id(item)
            if folder_id not in known and folder_id not in found:
                found[folder_id] = below(place.path, item["title"])
        return found

    def _todo_after(
        self, page: Page[Item], place: Place, new_folders: dict[str, str]
    ) -> list[Place]:
        """What is to be listed after a page: the rest of its folder, then the folders in it."""
        todo = self._position.todo[:-1]
        for folder_id, path in reversed(new_folders.items()):
            todo.append(Place(folder_id, path, None))
        if page.next_token:
            todo.append(place._replace(page_token=page.next_token))
        return todo

    def _files_of(self, page: Page[Item], place: Place) -> Iterator[File]:
        client = self._client
        links = self._position.links
        label = self._position.label(place.path)
        for item in page.entries:
            file = image_file(client, item, place.path, label, links)
            if file is None:
                self._note_other(item)
            elif file.id not in self.seen:
                self.seen.add(file.id)
                yield file

    def _note_other(self, item: Item) -> None:
        if self.other_name is None and not is_folder(item):
            self.other_name = item["title"]


class _PagesAhead:
    """Asks for pages in the background, so that the next one comes while one is given out."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="listing")
        self._asked: dict[Place, Future[Page[Item]]] = {}

    def __enter__(self) -> _PagesAhead:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def ask_for(self, place: Place) -> None:
        """Begins to ask, unless that was done."""
        if place not in self._asked:
            self._asked[place] = self._pool.submit(_page_at, self._client, place)

    def page_at(self, place: Place) -> Page[Item]:
        """The page at a place.

        Raises:
            _PageTokenRejected: The page token is not known any more.
        """
        self.ask_for(place)
        return self._asked.pop(place).result()


def _page_at(client: Client, place: Place) -> Page[Item]:
    """The page at a place; an empty one of a folder that is gone."""
    what = f"list the folder {place.path or '.'!r} (id {place.folder_id})"
    try:
        return client.page(place.folder_id, place.page_token, what)
    except DriveError as error:
        if place.page_token and error.status in (400, 410):
            raise _PageTokenRejected from error
        is_top = place.path == ""
        if error.status == 404 and not is_top:
            logger.warning(
                "Left out %r (id %s): deleted, or a shortcut to nowhere.",
                place.path,
                place.folder_id,
            )
            return Page([], None)
        raise
