"""Which function answers which request. The whole Drive, when nothing goes wrong, is `answer`."""

from __future__ import annotations

from collections.abc import Callable

from .about import tell_about
from .access import check_sender
from .changes import tell_changes
from .files import delete_file, get_file, insert_file, update_file
from .listing import list_files
from .media import download
from .messages import API, Refusal, Request, Response, not_offered
from .shared_drives import tell_shared_drives
from .state import State
from .tokens import issue_token
from .uploads import upload

ROUTES: dict[str, Callable[[State, Request], Response]] = {  # by the kind of a request
    "about": tell_about,
    "list": list_files,
    "get": get_file,
    "media": download,
    "insert": insert_file,
    "update": update_file,
    "delete": delete_file,
    "upload": upload,
    "changes": tell_changes,
    "drives": tell_shared_drives,
    "teamdrives": tell_shared_drives,
}


def answer(state: State, request: Request) -> Response:
    """The answer of a Drive on which nothing goes wrong."""
    try:
        if request.path == "/token":
            return issue_token(state, request)
        check_sender(state, request)
        if request.kind not in ROUTES or API not in request.path:
            raise not_offered(request)
        return ROUTES[request.kind](state, request)
    except Refusal as refusal:
        return refusal.response
