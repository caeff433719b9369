"""What changed since a token.

https://developers.google.com/workspace/drive/api/guides/manage-changes
"""

from __future__ import annotations

import time
from typing import Any

from .description import describe, rfc3339
from .fields import Mask, mask_of, pick
from .messages import Request, Response, not_offered, reply
from .paging import invalid_token, page_size
from .state import State


def tell_changes(state: State, request: Request) -> Response:
    """changes.list, or the token from which to list changes later."""
    if request.item_id == "startPageToken":
        return _start_page_token(state, request)
    if request.item_id:
        raise not_offered(request)
    return _list_changes(state, request)


def _start_page_token(state: State, request: Request) -> Response:
    state.disk.scan_all()
    token = str(len(state.tree.changes) + 1)
    value = {"kind": "drive#startPageToken", "startPageToken": token}
    return reply(pick(value, mask_of(request)))


def _list_changes(state: State, request: Request) -> Response:
    state.disk.scan_all()
    mask = mask_of(request, "ChangeList")
    numbers = _latest_since(state, _start(state, request), request.query.get("driveId"))
    count = page_size(request, state.page_size_limit)
    inner = mask.get("items", {}).get("file", {})
    value: dict[str, Any] = {
        "kind": "drive#changeList",
        "items": [_describe(state, number, inner) for number in numbers[:count]],
        "largestChangeId": str(len(state.tree.changes)),
    }
    if len(numbers) > count:
        value["nextPageToken"] = str(numbers[count])
    else:
        value["newStartPageToken"] = str(len(state.tree.changes) + 1)
    return reply(pick(value, mask))


def _start(state: State, request: Request) -> int:
    """The number of the first change that a request asks for."""
    token = request.query.get("pageToken") or request.query.get("startChangeId") or "1"
    try:
        start = int(token)
    except ValueError:
        raise invalid_token() from None
    if not 1 <= start <= len(state.tree.changes) + 1:
        raise invalid_token()
    return start


def _latest_since(state: State, start: int, drive_id: str | None) -> list[int]:
    """The numbers of the changes to tell: of each file on this drive only its last one."""
    latest = {}
    for number, change in enumerate(state.tree.changes, start=1):
        if change.drive_id == drive_id:
            latest[change.file_id] = number
    return [number for number in sorted(latest.values()) if number >= start]


def _describe(state: State, number: int, file_mask: Mask) -> dict[str, Any]:
    change = state.tree.changes[number - 1]
    item = {
        "kind": "drive#change",
        "id": str(number),
        "type": "file",
        "changeType": "file",
        "fileId": change.file_id,
        "deleted": change.deleted,
        "modificationDate": rfc3339(time.time_ns()),
    }
    if not change.deleted:
        item["file"] = describe(state, state.tree.entries[change.file_id], file_mask)
    return item
