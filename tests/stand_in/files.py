"""One file: it is described, made, changed, deleted.

https://developers.google.com/workspace/drive/api/reference/rest/v2/files
"""

from __future__ import annotations

import time
from typing import Any

from .access import check_writable, find_entry, not_found
from .description import describe
from .fields import mask_of
from .messages import Request, Response, not_offered, reply
from .mime_types import mime_type_of
from .state import State
from .tree import Entry


def get_file(state: State, request: Request) -> Response:
    """files.get, as the disk is now."""
    entry = find_entry(state, request, request.item_id)
    if request.action:
        raise not_offered(request)
    if state.tree.own_path(entry) is not None:
        state.disk.scan(state.tree.entries[entry.parents[0]])
        entry = find_entry(state, request, request.item_id)
    return described(state, request, entry)


def insert_file(state: State, request: Request) -> Response:
    """files.insert without bytes: a folder, a Google document, or an empty file."""
    if request.method != "POST":
        raise not_offered(request)
    entry = make_entry(state, request.data)
    if entry.has_media:
        state.disk.write(entry, b"")
    return described(state, request, entry)


def update_file(state: State, request: Request) -> Response:
    """files.update, files.patch, files.trash, files.untrash."""
    entry = find_entry(state, request, request.item_id)
    check_writable(entry)
    if request.action in ("trash", "untrash"):
        entry.trashed = request.action == "trash"
    elif request.method in ("PUT", "PATCH") and not request.action:
        change_entry(entry, request.data)
    else:
        raise not_offered(request)
    state.tree.changed(entry)
    return described(state, request, entry)


def delete_file(state: State, request: Request) -> Response:
    """files.delete, which does not ask the trash."""
    entry = find_entry(state, request, request.item_id)
    check_writable(entry)
    state.disk.delete(entry)
    return Response(204)


def described(state: State, request: Request, entry: Entry) -> Response:
    """The answer that tells of one file what the request asks for."""
    return reply(describe(state, entry, mask_of(request, "File")))


def make_entry(state: State, metadata: dict[str, Any]) -> Entry:
    """Makes what the metadata of a request describe. A file gets its bytes later."""
    parents = _parents(state, metadata)
    for parent in parents:
        if parent not in state.tree.entries:
            raise not_found(parent)
        check_writable(state.tree.entries[parent])
    title = metadata.get("title", "Untitled")
    mime_type = metadata.get("mimeType") or mime_type_of(title)
    entry = state.tree.add(title, parents, mime_type, modified=time.time_ns())
    if entry.is_folder:
        state.disk.make_folder(entry)
    return entry


def _parents(state: State, metadata: dict[str, Any]) -> list[str]:
    root = state.tree.root.id
    parents = [parent["id"] for parent in metadata.get("parents", [])] or [root]
    return [root if parent == "root" else parent for parent in parents]


def change_entry(entry: Entry, metadata: dict[str, Any]) -> None:
    """Changes what the metadata of a request name. On disk the old name stays."""
    entry.title = metadata.get("title", entry.title)
    entry.mime_type = metadata.get("mimeType") or entry.mime_type
    trashed = metadata.get("labels", {}).get("trashed")
    if trashed is not None:
        entry.trashed = trashed
