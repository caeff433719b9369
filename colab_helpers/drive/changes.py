"""What changed since a listing, without listing again."""

from __future__ import annotations

import logging
from typing import Any

from .answers import OddChange
from .client import Client
from .files import Changes, File, is_hidden
from .items import Change, Item, below, is_folder
from .labels import label_of_folder
from .listing import image_file
from .paging import Page, each_page
from .position import Position

__all__ = ["list_changes"]

logger = logging.getLogger(__name__)


class OnlyAFullListingCanTell(Exception):
    """Drive's list of changes does not say enough.

    A folder was added, moved or renamed, or a shortcut that was followed is another one or gone:
    of the latter Drive tells no more than its ID.
    """


def list_changes(client: Client, at: dict[str, Any]) -> Changes | None:
    """What changed since a listing came to its end; see `Drive.list_changes`."""
    came_to_its_end = at.get("change_token") and not at.get("todo", True)
    if not came_to_its_end:
        return None
    try:
        return _ChangesSince(client, Position.from_json(at)).collect()
    except (OnlyAFullListingCanTell, OddChange) as why:
        logger.info("Only a full listing can tell what changed: %s", why)
        return None


class _ChangesSince:
    """Applies Drive's changes, the oldest first, to a position."""

    def __init__(self, client: Client, position: Position) -> None:
        self._client = client
        self._position = position
        self._changed: dict[str, File] = {}  # by ID, in the order of the last change
        self._touched: set[str] = set()  # IDs of all files, whatever happened to them

    def collect(self) -> Changes:
        """Asks for all changes up to now.

        Raises:
            OnlyAFullListingCanTell: See there.
        """
        position = self._position
        what = "list what changed"

        def ask(token: str | None) -> Page[Change]:
            return self._client.changes(token, position.drive, what)

        for page in each_page(ask, what, position.change_token):
            for change in page.entries:
                self._apply(change)
        if page.new_start is None:
            raise OnlyAFullListingCanTell
        position.change_token = page.new_start
        removed = self._touched - set(self._changed)
        return Changes(list(self._changed.values()), sorted(removed), position.to_json())

    def _apply(self, change: Change) -> None:
        if change["fileId"] in self._position.shortcuts:
            raise OnlyAFullListingCanTell
        item = change.get("file", Item())
        is_gone = bool(change.get("deleted") or item.get("labels", {}).get("trashed"))
        path = self._path_of_its_folder(item)
        is_known_folder = change["fileId"] in self._position.folders
        is_folder_in_one = path is not None and is_folder(item)
        if is_folder_in_one and not is_known_folder and is_hidden(item["title"]):
            return
        if is_known_folder or is_folder_in_one:
            self._check_folder(change["fileId"], item, path, is_gone)
        else:
            self._apply_to_file(change["fileId"], item, path, is_gone)

    def _path_of_its_folder(self, item: Item) -> str | None:
        """Path of the folder that an item lies in, or None if that is none of the listed ones."""
        for parent in item.get("parents", []):
            if parent["id"] in self._position.folders:
                return self._position.path(parent["id"])
        return None

    def _check_folder(self, folder_id: str, item: Item, path: str | None, is_gone: bool) -> None:
        """Raises OnlyAFullListingCanTell unless the folder is where it was, by the same name."""
        if is_gone or folder_id not in self._position.folders:
            raise OnlyAFullListingCanTell
        known_path = self._position.path(folder_id)
        is_top = known_path == ""  # it may lie anywhere, and have any name
        if is_top:
            return
        if path is None or below(path, item["title"]) != known_path:
            raise OnlyAFullListingCanTell

    def _apply_to_file(self, file_id: str, item: Item, path: str | None, is_gone: bool) -> None:
        self._touched.add(file_id)
        self._changed.pop(file_id, None)
        links = self._position.links
        if path is None and file_id in links:  # it came into the listing by a shortcut
            path, name = links[file_id]
            item = {**item, "title": name}
        if path is None or is_gone:
            return
        label = label_of_folder(path, self._position.name, self._position.label)
        if label is None:
            return
        self._client.service.remember_keys(item)
        file = image_file(self._client, item, path, label, self._position)
        if file is not None:
            self._changed[file.id] = file
