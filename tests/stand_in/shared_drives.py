"""Shared drives, once called team drives: which there are."""

from __future__ import annotations

from typing import Any

from .fields import mask_of, pick
from .messages import Request, Response, not_offered, reply
from .state import State
from .tree import Entry


def tell_shared_drives(state: State, request: Request) -> Response:
    """drives.list, or drives.get for one ID."""
    mask = mask_of(request)
    drives = [_describe(entry) for entry in state.tree.tops() if entry.drive_id == entry.id]
    if not request.item_id:
        return reply(pick({"kind": "drive#driveList", "items": drives}, mask))
    for drive in drives:
        if drive["id"] == request.item_id:
            return reply(pick(drive, mask))
    raise not_offered(request)


def _describe(entry: Entry) -> dict[str, Any]:
    return {"kind": "drive#drive", "id": entry.id, "name": entry.title}
