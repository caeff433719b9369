"""files.list: what a search finds, a page at a time.

https://developers.google.com/workspace/drive/api/reference/rest/v2/files/list
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .access import check_signed_in, find_entry
from .description import describe
from .fields import Mask, mask_of, pick, wants
from .messages import Refusal, Request, Response
from .paging import page_size, page_token, position_of
from .search import Search
from .state import State
from .tree import Entry

REMEMBERED_PAGES = 1000

SORT_KEYS: dict[str, Callable[[Entry], Any]] = {
    "title": lambda entry: entry.title,
    "title_natural": lambda entry: entry.title,
    "modifiedDate": lambda entry: entry.modified,
    "createdDate": lambda entry: entry.modified,
    "quotaBytesUsed": lambda entry: entry.size,
    "folder": lambda entry: not entry.is_folder,
}


class PageMemory:
    """The pages that were told since the last change: many clients may ask for the same ones."""

    def __init__(self) -> None:
        self._pages: dict[tuple[object, ...], bytes] = {}
        self._change = 0  # the number of the last change when these pages were made

    def find(self, change: int, key: tuple[object, ...]) -> bytes | None:
        """The page with this key, unless something has changed since it was made."""
        return self._pages.get(key) if change == self._change else None

    def keep(self, change: int, key: tuple[object, ...], page: bytes) -> None:
        """Keeps a page; those of before the last change go."""
        if change != self._change or len(self._pages) >= REMEMBERED_PAGES:
            self.clear()
        self._change = change
        self._pages[key] = page

    def clear(self) -> None:
        """Forgets all pages."""
        self._pages.clear()


def list_files(state: State, request: Request) -> Response:
    """One page of what a search finds; the first page looks at the disk anew."""
    search = Search(request.query.get("q", ""), state.tree.root.id)
    after = position_of(request)
    if "pageToken" not in request.query:
        _look_at_disk(state, search)
    change = len(state.tree.changes)
    resource_keys = request.headers.get("x-goog-drive-resource-keys")
    key = (request.target, request.body, resource_keys, request.api_key)
    page = state.pages.find(change, key)
    if page is None:
        page = _make_page(state, request, search, after)
        state.pages.keep(change, key, page)
    return Response(200, page)


def _look_at_disk(state: State, search: Search) -> None:
    if search.parent is None:
        state.disk.scan_all()
        return
    folder = state.tree.entries.get(search.parent)
    if folder is not None and folder.is_folder:
        state.disk.scan(folder)


def _make_page(state: State, request: Request, search: Search, after: int) -> bytes:
    mask = mask_of(request, "FileList")
    found = _find(state, request, search)
    order = request.query.get("orderBy")
    if order:
        found = _sorted(found, order)
        start = after + 1
    else:
        start = _first_younger(found, after)
    end = start + page_size(request, state.page_size_limit)
    files = found[start:end]
    inner = mask.get("items", {})
    value: dict[str, Any] = {
        "kind": "drive#fileList",
        "etag": f'"{len(state.tree.changes)}"',
        "incompleteSearch": False,
        "items": [],
    }
    if wants(mask, "items"):
        value["items"] = list(_described(state, files, inner))
    if end < len(found):
        last = end - 1 if order else files[-1].order
        value["nextPageToken"] = page_token(request, last)
    return json.dumps(pick(value, mask)).encode()


def _described(state: State, entries: Iterable[Entry], mask: Mask) -> Iterator[dict[str, Any]]:
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):  # removed since the disk was looked at
            yield describe(state, entry, mask)


def _find(state: State, request: Request, search: Search) -> list[Entry]:
    """All that a search finds, and that the request may see."""
    found = [entry for entry in _candidates(state, request, search) if search.test(entry)]
    if not request.says("includeItemsFromAllDrives", "includeTeamDriveItems"):
        found = [entry for entry in found if not entry.drive_id]
    drive_id = request.query.get("driveId") or request.query.get("teamDriveId")
    if drive_id:
        found = [entry for entry in found if entry.drive_id == drive_id]
    return found


def _candidates(state: State, request: Request, search: Search) -> Iterable[Entry]:
    if search.parent is None:
        check_signed_in(request)
        root = state.tree.root
        return (entry for entry in state.tree.entries.values() if entry is not root)
    find_entry(state, request, search.parent)
    return state.tree.children.get(search.parent, {}).values()


def _sorted(entries: list[Entry], order: str) -> list[Entry]:
    """Sorted as `orderBy` says: "folder,modifiedDate desc,title"."""
    for part in reversed(order.split(",")):
        name, _, direction = part.strip().partition(" ")
        if name not in SORT_KEYS:
            raise Refusal(400, "invalid", f"Invalid sort key: {name}")
        entries = sorted(entries, key=SORT_KEYS[name], reverse=direction == "desc")
    return entries


def _first_younger(entries: list[Entry], order: int) -> int:
    """The place of the first entry made after another one.

    By age, and not by place, a token stays good when files come and go.
    """
    for place, entry in enumerate(entries):
        if entry.order > order:
            return place
    return len(entries)
