"""Page sizes and page tokens."""

from __future__ import annotations

import base64
import hashlib

from .messages import Refusal, Request

DEFAULT_PAGE_SIZE = 100  # the discovery document's default of maxResults
LARGEST_PAGE = (
    1000  # https://developers.google.com/workspace/drive/api/reference/rest/v2/files/list
)
BEFORE_ALL = -1  # the position before the first one


def page_size(request: Request, limit: int) -> int:
    """How many items the next page holds at most."""
    wanted = int(request.query.get("maxResults", DEFAULT_PAGE_SIZE))
    return max(1, min(wanted, limit, LARGEST_PAGE))


def page_token(request: Request, position: int) -> str:
    """A token that goes on after a position, in the same search only."""
    search = hashlib.md5(request.query.get("q", "").encode()).hexdigest()[:8]
    return base64.urlsafe_b64encode(f"{search}:{position}".encode()).decode()


def position_of(request: Request) -> int:
    """The position after which the page begins that a request asks for.

    Raises:
        Refusal: The token is none, or belongs to another search.
    """
    token = request.query.get("pageToken")
    if token is None:
        return BEFORE_ALL
    try:
        position = int(base64.urlsafe_b64decode(token).decode().partition(":")[2])
    except ValueError:
        raise invalid_token() from None
    if token != page_token(request, position):
        raise invalid_token()
    return position


def invalid_token() -> Refusal:
    """The refusal of a page token."""
    return Refusal(400, "invalid", "Invalid Value: pageToken")
