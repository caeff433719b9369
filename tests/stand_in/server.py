"""HTTP for the stand-in Drive: requests, answers, and what goes wrong between them. See drive.py."""

import asyncio
import collections
import dataclasses
import http
import json
import random
import socket
import struct
import urllib.parse

PHRASES = {status.value: status.phrase for status in http.HTTPStatus}


@dataclasses.dataclass(slots=True)
class Request:
    method: str
    target: str  # path and query, as sent
    headers: dict  # names in lower case
    body: bytes = b""
    path: str = ""
    query: dict = dataclasses.field(default_factory=dict)
    kind: str = ""

    def __post_init__(self):
        self.method = self.headers.get("x-http-method-override", self.method)
        path, _, query = self.target.partition("?")
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            query = (
                self.body.decode()
            )  # a query too long for a URL comes as a POST, with the override above
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.kind = self._kind()

    def _kind(self):
        if "/upload/" in self.path:
            return "upload"
        name, _, rest = self.path.removeprefix("/drive/v2/").strip("/").partition("/")
        if name != "files":
            return name  # "token", "about", "changes", "drives", ...
        if not rest:
            return "list" if self.method == "GET" else "insert"
        if self.method == "GET":
            return "media" if self.query.get("alt") == "media" else "get"
        return "delete" if self.method == "DELETE" else "update"


@dataclasses.dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    length: int | None = None  # a Content-Length that lies; the connection closes after the body
    end: str | None = None  # "reset" or "stall" instead of an answer


class Refusal(Exception):
    """An error answer in Drive's own JSON shape."""

    def __init__(self, status, reason, message="", headers=None):
        message = message or reason
        error = {
            "domain": "usageLimits" if "xceeded" in reason else "global",
            "reason": reason,
            "message": message,
        }
        body = {"error": {"errors": [error], "code": status, "message": message}}
        self.response = Response(status, json.dumps(body, indent=1).encode(), headers or {})


def reply(value, status=200, **headers):
    return Response(status, json.dumps(value).encode(), headers)


@dataclasses.dataclass
class Fault:
    """One thing that goes wrong, `times` times, with the next requests that match.

    Attributes:
        do: what happens instead of, or to, the answer:
            "error": `status` with Drive's JSON and `reason`; "html": `status` with a page of HTML;
            "empty": `status` with no body; "zero": 200 with no body;
            "truncated": half the body, and a Content-Length that agrees; "short": half the body of the
            Content-Length announced, then the connection closes; "flipped": one bit of the body is wrong;
            "reset": the connection is reset; "stall": no answer ever comes;
            "lost": the request is carried out, and the connection reset before the answer;
            "empty_page": a page of a listing without items, that has a next page all the same.
        kind: "list", "get", "media", "upload", "insert", "update", "changes", "token", ..., or None for any.
        match: a part of the request's path and query, or of the title of its file.
        times: how often; None for always.
        retry_after: seconds, sent as a Retry-After header.
    """

    do: str = "error"
    kind: str | None = None
    match: str = ""
    status: int = 503
    reason: str = "backendError"
    times: int | None = 1
    retry_after: float | None = None
    message: str = ""
    used: int = 0

    def takes(self, kind, text):
        return (
            (self.times is None or self.used < self.times)
            and self.kind in (None, kind)
            and self.match in text
        )


def every_fault():
    """One of each fault that a client can get over by asking again."""
    return [
        Fault("error", status=403, reason="userRateLimitExceeded"),
        Fault("error", status=403, reason="rateLimitExceeded"),
        Fault("error", status=429, reason="rateLimitExceeded", retry_after=1),
        Fault("error", status=500, reason="internalError"),
        Fault("error", status=503),
        Fault("error", status=408, reason="requestTimeout"),
        Fault("error", status=401, reason="authError"),
        Fault("html", status=502),
        Fault("empty", status=500),
        Fault("zero"),
        Fault("truncated"),
        Fault("short"),
        Fault("flipped"),
        Fault("reset"),
        Fault("stall"),
    ]


class RandomFaults:
    """A seeded share of the requests of one kind fails; which ones depends on no thread's timing.

    Whether the n-th request for one path fails, and how, is a function of the seed, the path and n.
    """

    def __init__(self, share=0.2, *, kind="media", choices=None, seed=0):
        self.share, self.kind, self.seed = share, kind, seed
        self.choices = every_fault() if choices is None else list(choices)
        self._asked = collections.Counter()

    def pick(self, kind, path):
        if kind != self.kind:
            return None
        self._asked[path] += 1
        draw = random.Random(f"{self.seed}/{path}/{self._asked[path]}")
        return draw.choice(self.choices) if draw.random() < self.share else None


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request at a time."""

    open_ones = set()

    def __init__(self, drive):
        self.drive, self.buffer, self.request, self.missing, self.busy = (
            drive,
            bytearray(),
            None,
            0,
            False,
        )

    def connection_made(self, transport):
        self.transport = transport
        self.open_ones.add(self)

    def connection_lost(self, error):
        self.open_ones.discard(self)

    def data_received(self, data):
        self.buffer += data
        if self.busy:
            return
        if self.request is None:
            head, found, _ = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            del self.buffer[: len(head) + 4]
            first, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ", 2)
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            self.request, self.missing = (
                (method, target, headers),
                int(headers.get("content-length", 0)),
            )
        if len(self.buffer) >= self.missing:
            body = bytes(self.buffer[: self.missing])
            del self.buffer[: self.missing]
            request, self.request, self.busy = Request(*self.request, body), None, True
            drive = self.drive
            drive.in_flight += 1
            drive.most_in_flight = max(drive.most_in_flight, drive.in_flight)
            response = drive.respond(request)
            wait = drive.delay(request.kind)
            drive._loop.call_later(wait, self.send, response) if wait else self.send(response)

    def send(self, response):
        self.drive.in_flight -= 1
        if response.end == "stall" or self.transport.is_closing():
            return
        if response.end == "reset":
            linger = struct.pack("ii", 1, 0)  # close() then sends RST
            self.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
            self.transport.abort()
            return
        length = len(response.body) if response.length is None else response.length
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            **response.headers,
            "Content-Length": length,
        }
        head = f"HTTP/1.1 {response.status} {PHRASES.get(response.status, 'Status')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.writelines([head.encode("latin-1"), b"\r\n", response.body])
        if response.length is not None:
            self.transport.close()
        self.busy = False
        if self.buffer:
            self.data_received(b"")
