"""The account: whose Drive this is."""

from __future__ import annotations

from .fields import mask_of, pick
from .messages import Request, Response, not_offered, reply
from .state import State

USER = {
    "kind": "drive#user",
    "displayName": "Practice",
    "emailAddress": "practice@example.com",
    "isAuthenticatedUser": True,
}
QUOTA = 15 << 30  # bytes, what Google gives for nothing


def tell_about(state: State, request: Request) -> Response:
    """about.get."""
    if request.item_id:
        raise not_offered(request)
    about = {
        "kind": "drive#about",
        "name": "Practice",
        "user": USER,
        "rootFolderId": state.tree.root.id,
        "largestChangeId": str(len(state.tree.changes)),
        "quotaBytesTotal": str(QUOTA),
        "quotaBytesUsed": "0",
        "quotaType": "LIMITED",
    }
    return reply(pick(about, mask_of(request, "About")))
