"""What travels between a client and the stand-in: a request, and its answer or a refusal."""

from __future__ import annotations

import dataclasses
import json
import urllib.parse
from typing import Any

API = "/drive/v2/"  # every address of the API begins with this, uploads with /upload before it
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass(slots=True)
class Request:
    """One request as it came, and what its address says.

    Attributes:
        target: Path and query, as sent.
        headers: Names in lower case.
        path: The path alone, decoded.
        query: The parameters, decoded.
        kind: What is asked for: "list", "get", "media", "insert", "update", "delete", "upload", or
            the first word of another address: "about", "changes", "drives", "token", ...
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    path: str = dataclasses.field(init=False)
    query: dict[str, str] = dataclasses.field(init=False)
    kind: str = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.method = self.headers.get("x-http-method-override", self.method)
        path, _, query = self.target.partition("?")
        if self.headers.get("content-type", "").startswith(FORM):
            query = self.body.decode()  # too long for an address: a POST with the override above
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.kind = self._kind()

    def _kind(self) -> str:
        if "/upload/" in self.path:
            return "upload"
        collection, _, item = self.path.removeprefix(API).strip("/").partition("/")
        if collection != "files":
            return collection
        if self.method == "GET":
            return self._kind_of_get(item)
        if not item:
            return "insert"
        return "delete" if self.method == "DELETE" else "update"

    def _kind_of_get(self, item: str) -> str:
        if not item:
            return "list"
        return "media" if self.query.get("alt") == "media" else "get"

    @property
    def is_anonymous(self) -> bool:
        """Whether it comes from nobody who is signed in, with an API key in place of a token."""
        return "authorization" not in self.headers and self.api_key is not None

    @property
    def api_key(self) -> str | None:
        """The API key that it sends, or None."""
        return self.headers.get("x-goog-api-key") or self.query.get("key")

    @property
    def names(self) -> list[str]:
        """The parts of the address below the API: `["files", ID, "trash"]`."""
        return self.path.partition(API)[2].split("/")

    @property
    def item_id(self) -> str:
        """The ID of the one file or shared drive that is asked for; "" for all of them."""
        names = self.names
        return names[1] if len(names) > 1 else ""

    @property
    def action(self) -> str:
        """What is asked of one file beyond reading and writing, such as "trash"; "" for nothing."""
        names = self.names
        return names[2] if len(names) > 2 else ""

    @property
    def data(self) -> dict[str, Any]:
        """The JSON object in the body; an empty one without a body."""
        data: dict[str, Any] = json.loads(self.body or b"{}")
        return data

    def says(self, *parameters: str) -> bool:
        """Whether one of these parameters is "true": many have an old and a new name."""
        return any(self.query.get(name) == "true" for name in parameters)


@dataclasses.dataclass(slots=True)
class Response:
    """An answer.

    Attributes:
        length: A Content-Length that lies; the connection closes after the body.
        end: "reset" or "stall" instead of an answer.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    length: int | None = None
    end: str | None = None


def reply(value: object, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, json.dumps(value).encode())


class Refusal(Exception):
    """An error answer in Drive's own form.

    https://developers.google.com/workspace/drive/api/guides/handle-errors
    """

    def __init__(self, status: int, reason: str, message: str = "", detail: str = "") -> None:
        message = message or reason
        super().__init__(message)
        error = {
            "domain": "usageLimits" if "xceeded" in reason else "global",
            "reason": reason,
            "message": message,
        }
        told: dict[str, Any] = {"errors": [error], "code": status, "message": message}
        if detail:
            told["details"] = [{"@type": ERROR_INFO, "reason": detail}]
        self.response = Response(status, json.dumps({"error": told}, indent=1).encode())


def not_offered(request: Request) -> Refusal:
    """The refusal of an address that the stand-in does not know."""
    return Refusal(404, "notFound", f"Not on the stand-in: {request.method} {request.path}")
