"""Pages -> files: lists a folder and all folders in it, and can go on where it stopped.

Position    how far a listing is (position.py)
PagesAhead  asks for the next pages while one is given out (pages_ahead.py)
walk        page after page: gives out its pictures, notes its folders
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator
from typing import Any

from .client import Client
from .errors import DriveError, NotFoundError, no_images
from .files import File, is_hidden, is_image
from .items import Item, as_file, below, is_folder, is_shortcut, target_id
from .labels import FolderLabels, label_of_folder
from .pages_ahead import Coming, FolderPage, PagesAhead
from .paging import Page, PageWatch
from .position import Place, Position

__all__ = ["image_file", "walk"]

logger = logging.getLogger(__name__)

NO_SUCH_PAGE = (400, 410)  # statuses by which Drive says that it does not know a page token
GONE = 404  # the status of a folder that was deleted


def walk(client: Client, folder: str, labels: FolderLabels, at: dict[str, Any]) -> Iterator[File]:
    """Yields the images in a folder and in all folders below it.

    Args:
        client: Of the Drive.
        folder: Its address.
        labels: Which folder is the class; is told of each picture.
        at: The position to go on from, or an empty dict. It moves on when a page was given out.
    """
    is_resumed = bool(at)
    if is_resumed:
        position = Position.from_json(at)
    else:
        position = Position.at_start(client, folder, labels.label)
    walker = _Walker(client, position, labels, at)
    yield from walker.files()
    if not is_resumed and not walker.found_any:
        raise labels.no_class(folder) or no_images(folder, walker.other_name)
    labels.say(folder)


def image_file(
    client: Client, item: Item, path: str, label: str, position: Position
) -> File | None:
    """The file that an item stands for, or None if that is no image, or hidden.

    Args:
        client: Follows shortcuts.
        item: A file or folder, or a shortcut to one.
        path: Of the folder it lies in, below the folder that is listed.
        label: Of the files in that folder.
        position: Is told to which file a shortcut led.
    """
    if is_folder(item) or is_hidden(item["title"]):
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
    if is_folder(target) or is_shortcut(target):
        return None  # it was put in the place of the file meanwhile
    file = as_file(target, path, label, item["title"])
    position.links[file.id] = [path, file.name]
    position.shortcuts[item["id"]] = file.id
    return file


class _Walker:
    """One listing under way.

    Attributes:
        found_any: Whether a file was given out.
        other_name: Name of a file that is no image, if there was one.
    """

    def __init__(
        self, client: Client, position: Position, labels: FolderLabels, at: dict[str, Any]
    ) -> None:
        self._client = client
        self._position = position
        self._labels = labels
        self._at = at
        self._watches: dict[str, PageWatch] = {}  # of the folders whose pages are given out now
        self.found_any = False
        self.other_name: str | None = None
        self._publish()

    def files(self) -> Iterator[File]:
        """Yields the images of all pages that are still to be listed."""
        position = self._position
        with PagesAhead(functools.partial(_ask, self._client)) as pages:
            while position.todo:
                place = position.todo[-1]
                path = position.path(place.folder_id)
                page = self._take(pages, Coming(place.folder_id, place.page_token, path))
                if page is None:
                    continue
                new_folders = self._new_folders(page)
                todo = self._todo_after(page, place, new_folders)
                new_paths = {one: below(path, name) for one, name in new_folders.items()}
                pages.ask_ahead(self._coming(todo, new_paths), position.folders)
                yield from self._files_of(page, path)
                for folder_id, name in new_folders.items():
                    position.add(place.folder_id, folder_id, name)
                for item in filter(is_folder, page.items):
                    if is_shortcut(item):
                        position.shortcuts[item["id"]] = target_id(item)
                position.todo = todo
                self._publish()

    def _publish(self) -> None:
        self._at.update(self._position.to_json())

    def _take(self, pages: PagesAhead, coming: Coming) -> FolderPage | None:
        """The page that comes next; None where its folder must be begun again."""
        folder_id = coming.folder_id
        watch = self._watches.setdefault(folder_id, PageWatch(_what(coming)))
        try:
            page = pages.take(coming)
        except DriveError as error:
            if coming.page_token and error.status in NO_SUCH_PAGE:
                watch.rejected()
                pages.forget(folder_id)
                self._begin_folder_again()
                return None
            if error.status != GONE or not coming.path:
                raise
            logger.warning(
                "Left out %r (id %s): deleted, or a shortcut to nowhere.", coming.path, folder_id
            )
            page = FolderPage([], {}, None)
        watch.see(Page(page.items, page.next_token))
        if page.next_token is None:
            del self._watches[folder_id]
        return page

    def _begin_folder_again(self) -> None:
        todo = self._position.todo
        todo[-1] = todo[-1].first_page
        self._publish()

    def _new_folders(self, page: FolderPage) -> dict[str, str]:
        """{ID: name} of the folders on a page that were not met before."""
        known = self._position.folders
        return {
            folder_id: below("", name)
            for folder_id, name in page.folders.items()
            if folder_id not in known
        }

    def _todo_after(
        self, page: FolderPage, place: Place, new_folders: dict[str, str]
    ) -> list[Place]:
        """What is to be listed after a page: the rest of its folder, then the folders in it."""
        position = self._position
        todo = position.todo[:-1]
        for folder_id, name in reversed(new_folders.items()):
            todo.append(position.place_below(place.folder_id, folder_id, name))
        if page.next_token:
            todo.append(place._replace(page_token=page.next_token))
        return todo

    def _coming(self, todo: list[Place], new_paths: dict[str, str]) -> Iterator[Coming]:
        """The pages to do, in the order in which they will be given out."""
        for folder_id, _, page_token in reversed(todo):
            path = new_paths.get(folder_id)
            if path is None:
                path = self._position.path(folder_id)
            yield Coming(folder_id, page_token, path)

    def _files_of(self, page: FolderPage, path: str) -> Iterator[File]:
        label = label_of_folder(path, self._position.name, self._labels.label)
        for item in page.items:
            file = image_file(self._client, item, path, label or "", self._position)
            if file is None:
                self._note_other(item)
                continue
            self._labels.note(path, label, file.name)
            if label is not None:
                self.found_any = True
                yield file

    def _note_other(self, item: Item) -> None:
        if self.other_name is None and not is_folder(item):
            self.other_name = item["title"]


def _ask(client: Client, coming: Coming, is_wanted: Callable[[], bool]) -> Page[Item]:
    what = _what(coming)
    return client.page(coming.folder_id, coming.page_token, what, is_wanted=is_wanted)


def _what(coming: Coming) -> str:
    return f"list the folder {coming.path or '.'!r} (id {coming.folder_id})"
