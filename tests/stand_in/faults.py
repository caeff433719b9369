"""What goes wrong between a request and its answer: faults by a script, or random ones."""

from __future__ import annotations

import collections
import dataclasses
import json
import random
from collections.abc import Callable, Iterable
from typing import TypeAlias

from .messages import Refusal, Request, Response
from .paging import BEFORE_ALL, page_token

Answer: TypeAlias = Callable[[Request], Response]

HTML = b"<!DOCTYPE html><html><title>Error</title><p>That's an error.</p></html>"


@dataclasses.dataclass
class Fault:
    """One thing that goes wrong, `times` times, with the next requests that match.

    Attributes:
        do: What happens. Instead of an answer, and the request is not carried out:
            "error": `status` with Drive's JSON, `reason` and `message`;
            "html": `status` with a page of HTML;
            "empty": `status` with no body;
            "reset": the connection is reset;
            "stall": no answer ever comes.
            To the answer of a request that is carried out:
            "lost": the connection is reset before it;
            "zero": it has no body;
            "truncated": half the body, and a Content-Length that agrees;
            "short": half the body that Content-Length announces, then the connection closes;
            "flipped": one bit of the body is wrong;
            "empty_page": a page of a listing without items, that has a next page all the same.
        kind: "list", "get", "media", "upload", "insert", "update", "changes", "token", ..., as of
            `Request`; None for any.
        match: A part of the request's path and query, or of the title of its file.
        times: How often; None for always.
        retry_after: Seconds, or any text, sent as a Retry-After header.
        used: How often it has happened.
    """

    do: str = "error"
    kind: str | None = None
    match: str = ""
    status: int = 503
    reason: str = "backendError"
    times: int | None = 1
    retry_after: float | str | None = None
    message: str = ""
    used: int = 0

    def takes(self, kind: str, text: str) -> bool:
        """Whether it happens to a request of this kind, with this path, query and title."""
        if self.times is not None and self.used >= self.times:
            return False
        if self.kind is not None and self.kind != kind:
            return False
        return self.match in text


def every_fault() -> list[Fault]:
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

    def __init__(
        self,
        share: float = 0.2,
        *,
        kind: str = "media",
        choices: Iterable[Fault] | None = None,
        seed: int = 0,
    ) -> None:
        self.share = share
        self.kind = kind
        self.seed = seed
        self.choices = every_fault() if choices is None else list(choices)
        self._asked: collections.Counter[str] = collections.Counter()

    def pick(self, kind: str, path: str) -> Fault | None:
        """The fault that happens to the next request for a path, or None."""
        if kind != self.kind:
            return None
        self._asked[path] += 1
        draw = random.Random(f"{self.seed}/{path}/{self._asked[path]}")
        if draw.random() >= self.share:
            return None
        return draw.choice(self.choices)


FaultOf: TypeAlias = Callable[[Request], Fault | None]  # what goes wrong with a request
Faults: TypeAlias = list[Fault] | RandomFaults | FaultOf
AnyFaults: TypeAlias = Iterable[Fault] | RandomFaults | FaultOf


def choose(faults: Faults, request: Request, title: str) -> Fault | None:
    """What goes wrong with a request for the file of this title; None for nothing."""
    if isinstance(faults, RandomFaults):
        return faults.pick(request.kind, request.path)
    if callable(faults):
        return faults(request)
    text = f"{request.target} {title}"
    for fault in faults:
        if fault.takes(request.kind, text):
            fault.used += 1
            return fault
    return None


def unused(faults: Faults) -> list[Fault]:
    """Scripted faults that never happened; one with `times=None` must happen once."""
    if not isinstance(faults, list):
        return []
    return [fault for fault in faults if fault.used < (fault.times or 1)]


def play(fault: Fault | None, request: Request, answer: Answer) -> Response:
    """The answer to a request, with what a fault does to it."""
    if fault is None:
        return answer(request)
    response = _instead(fault)
    if response is None:
        response = answer(request)
        _spoil(fault.do, request, response)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = _header_text(fault.retry_after)
    return response


def _instead(fault: Fault) -> Response | None:
    """What comes instead of an answer, where the request is not carried out at all."""
    match fault.do:
        case "error":
            return Refusal(fault.status, fault.reason, fault.message).response
        case "html":
            return Response(fault.status, HTML, {"Content-Type": "text/html; charset=UTF-8"})
        case "empty":
            return Response(fault.status, b"", {"Content-Type": "text/html; charset=UTF-8"})
        case "reset" | "stall":
            return Response(0, end=fault.do)
    return None


def _spoil(how: str, request: Request, response: Response) -> None:
    """Makes a good answer a bad one."""
    middle = len(response.body) // 2
    match how:
        case "zero":
            response.body = b""
        case "truncated":
            response.body = response.body[:middle]
        case "short":
            response.length = len(response.body)
            response.body = response.body[:middle]
        case "flipped":
            response.body = _flip_a_bit(response.body, middle)
        case "lost":
            response.end = "reset"
        case "empty_page":
            response.body = _without_items(request, response.body)


def _flip_a_bit(body: bytes, place: int) -> bytes:
    if not body:
        return body
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def _without_items(request: Request, body: bytes) -> bytes:
    page = json.loads(body)
    page["items"] = []
    page["nextPageToken"] = request.query.get("pageToken") or page_token(request, BEFORE_ALL)
    return json.dumps(page).encode()


def _header_text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"
