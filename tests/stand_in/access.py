"""Who may see and change what: tokens, API keys, resource keys, and read-only folders.

An API key stands for nobody. It reads what "Anyone with the link" may see, by ID:
https://developers.google.com/workspace/guides/create-credentials#api-key
"""

from __future__ import annotations

import math

from .messages import Refusal, Request
from .state import State
from .tokens import PRACTICE_API_KEY
from .tree import Entry

READ_WITH_A_KEY = ("list", "get", "media")  # kinds of requests


def check_sender(state: State, request: Request) -> None:
    """Refuses a request without an access token that is still good, or an API key that will do."""
    if request.is_anonymous:
        _check_key(request)
    else:
        _check_token(state, request)


def _check_key(request: Request) -> None:
    if request.api_key != PRACTICE_API_KEY:
        message = "API key not valid. Please pass a valid API key."
        raise Refusal(400, "badRequest", message, "API_KEY_INVALID")
    if request.kind not in READ_WITH_A_KEY:
        raise Refusal(401, "required", "Login Required.")


def _check_token(state: State, request: Request) -> None:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if state.tokens.get(token, -math.inf) <= state.clock():
        raise Refusal(401, "authError", "Invalid Credentials")


def find_entry(state: State, request: Request, file_id: str) -> Entry:
    """The entry with an ID, or "root"; what a request may not see does not exist for it."""
    root = state.tree.root
    entry = root if file_id == "root" else state.tree.entries.get(file_id)
    if entry is None or _lacks_key(request, entry) or _is_out_of_sight(request, entry):
        raise not_found(file_id)
    if request.is_anonymous and not _is_public(state, entry):
        raise not_found(file_id)
    return entry


def check_signed_in(request: Request) -> None:
    """Refuses to search a whole Drive where nobody says whose.

    https://github.com/tidyverse/googledrive/issues/252
    """
    if request.is_anonymous:
        raise Refusal(
            403,
            "insufficientFilePermissions",
            "The user does not have sufficient permissions for this file.",
        )


def not_found(file_id: str) -> Refusal:
    """The refusal of an ID that does not exist, or not for who asks."""
    return Refusal(404, "notFound", f"File not found: {file_id}")


def _is_public(state: State, entry: Entry) -> bool:
    """Whether it, or a folder that it lies in, is shared with "Anyone with the link"."""
    above = [state.tree.entries[parent] for parent in entry.parents if parent in state.tree.entries]
    return entry.public or any(_is_public(state, folder) for folder in above)


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
