"""Who may see and change what: access tokens, resource keys, and folders that are read-only."""

from __future__ import annotations

import math

from .messages import Refusal, Request
from .state import State
from .tree import Entry


def check_token(state: State, request: Request) -> None:
    """Refuses a request without an access token that is still good."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if state.tokens.get(token, -math.inf) <= state.clock():
        raise Refusal(401, "authError", "Invalid Credentials")


def find_entry(state: State, request: Request, file_id: str) -> Entry:
    """The entry with an ID, or "root"; what a request may not see does not exist for it."""
    root = state.tree.root
    entry = root if file_id == "root" else state.tree.entries.get(file_id)
    if entry is None or _lacks_key(request, entry) or _is_out_of_sight(request, entry):
        raise not_found(file_id)
    return entry


def not_found(file_id: str) -> Refusal:
    """The refusal of an ID that does not exist, or not for who asks."""
    return Refusal(404, "notFound", f"File not found: {file_id}")


def _lacks_key(request: Request, entry: Entry) -> bool:
    """Whether it is shared by a link with a key, and the request does not send the key.

    https://developers.google.com/workspace/drive/api/guides/resource-keys
    """
    if not entry.resource_key:
        return False
    sent = request.headers.get("x-goog-drive-resource-keys", "").split(",")
    return f"{entry.id}/{entry.resource_key}" not in sent


def _is_out_of_sight(request: Request, entry: Entry) -> bool:
    """Whether it lies on a shared drive, and the request does not say that it knows about these."""
    if not entry.drive_id or request.kind != "get":
        return False
    return not request.says("supportsAllDrives", "supportsTeamDrives")


def check_writable(entry: Entry) -> None:
    """Refuses to change what lies in a read-only folder."""
    if entry.read_only:
        raise Refusal(
            403, "insufficientFilePermissions", "The user does not have sufficient permissions."
        )
