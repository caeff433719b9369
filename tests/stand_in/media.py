"""The bytes of a file, whole or a range, and how many reads are allowed.

https://developers.google.com/workspace/drive/api/guides/manage-downloads
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from typing import NamedTuple

from .access import find_entry
from .messages import Refusal, Request, Response
from .state import State

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Throttle:
    """Allows so many reads in a window of time, and refuses one more.

    Args:
        limit: (count, seconds); None allows all.
        clock: Tells seconds.
    """

    def __init__(self, limit: tuple[float, float] | None, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._clock = clock
        self._reads: collections.deque[float] = collections.deque()  # when each one was allowed

    def admit(self) -> None:
        """Counts a read, or refuses it."""
        if self._limit is None:
            return
        count, seconds = self._limit
        now = self._clock()
        while self._reads and self._reads[0] <= now - seconds:
            self._reads.popleft()
        if len(self._reads) >= count:
            raise Refusal(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
        self._reads.append(now)


class Span(NamedTuple):
    """The bytes from `start` up to `end`, which is not included."""

    start: int
    end: int


def download(state: State, request: Request) -> Response:
    """files.get with alt=media."""
    entry = find_entry(state, request, request.item_id)
    if not entry.has_media:
        raise Refusal(
            403, "fileNotDownloadable", "Only files with binary content can be downloaded."
        )
    state.throttle.admit()
    headers = {"Content-Type": entry.mime_type}
    wanted = request.headers.get("range")
    if wanted is None:
        return Response(200, state.disk.read(entry), headers)
    size = state.disk.size(entry)
    span = span_of(wanted, size)
    if span is None:
        return Response(200, state.disk.read(entry), headers)
    if span.start >= size:
        return Response(416, b"", {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    return Response(206, state.disk.read(entry, span.start, span.end), headers)


def span_of(wanted: str, size: int) -> Span | None:
    """What a Range header names of a file of `size` bytes; None where it is not understood.

    "bytes=0-99" are the first hundred, "bytes=100-" all but these, "bytes=-100" the last hundred:
    https://www.rfc-editor.org/rfc/rfc9110#name-range
    """
    match = RANGE.fullmatch(wanted)
    if not match or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return Span(max(0, size - int(last)), size)
    if not last:
        return Span(int(first), size)
    return Span(int(first), min(int(last) + 1, size))
