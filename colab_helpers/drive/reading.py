"""The bytes of a file: what to ask for, and what an answer must look like."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from .client import Client
from .errors import DriveError, NotFoundError
from .files import File, check_range
from .items import as_file
from .names import printable

__all__ = ["Span", "read"]

NOTHING_THERE = 416  # from the first byte that is asked for; also in an empty file
SIZE = re.compile(r"/(\d{1,18})$")  # of the whole file, in a Content-Range
FLAWS_BEFORE_ASKING = 2  # answers with a flaw, after which Drive is asked if the file was changed


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a file that is asked for, and what is known of it.

    Example:
        >>> span = Span(start=0, end=4, is_whole=False)
        >>> span.range_header
        'bytes=0-3'
        >>> span.find_flaw({"content-range": "bytes 0-3/9"}, b"abc")
        'Drive sent 3 of 4 bytes'

    Attributes:
        start: The first byte.
        end: The byte after the last one; None where the size is not known.
        is_whole: Whether it is all of the file.
        md5: Checksum of the whole file in hex, where it is known.
        may_end_earlier: Whether the file can end before `end`, as its size is not known.
    """

    start: int
    end: int | None
    is_whole: bool
    md5: str | None = None
    may_end_earlier: bool = False

    @classmethod
    def of(cls, file: File, start: int | None, end: int | None) -> Span:
        """The span from `start` up to, not including, `end`, as far as the file goes.

        Raises:
            ValueError: There is no such range.
        """
        check_range(start, end)
        size: int | None = getattr(file, "size", None)  # a file of one's own may lack it
        md5: str | None = getattr(file, "md5", None)
        if end is None or (size is not None and end > size):
            known_end = size
        else:
            known_end = end
        is_whole = start is None and end is None
        may_end_earlier = size is None and end is not None
        return cls(start or 0, known_end, is_whole, md5, may_end_earlier)

    @property
    def is_empty(self) -> bool:
        """Whether it is a part that holds nothing, so that there is nothing to ask for."""
        return not self.is_whole and self.end is not None and self.start >= self.end

    @property
    def may_be_empty(self) -> bool:
        """Whether it can hold nothing, for all that is known of the file."""
        return self.end is None or self.may_end_earlier or self.end == self.start

    @property
    def most_bytes(self) -> int | None:
        """How many bytes it holds at most, where that is known."""
        return None if self.end is None else self.end - self.start

    @property
    def range_header(self) -> str | None:
        """The Range header that asks for it; None for a whole file."""
        if self.is_whole:
            return None
        last = "" if self.end is None else self.end - 1
        return f"bytes={self.start}-{last}"

    def find_flaw(self, response: Any, content: bytes) -> str | None:
        """Why an answer is not this span, in words, or None if it is.

        Args:
            response: The headers, in lower case.
            content: The bytes.
        """
        if not self.is_whole and not self._begins_rightly(response):
            return "Drive sent another range than was asked for"
        expected = self._expected_bytes(response)
        if expected is not None and len(content) > expected:
            return f"Drive sent more than the {expected} bytes that were asked for"
        if expected is not None and len(content) < expected:
            return f"Drive sent {len(content)} of {expected} bytes"
        if self.is_whole and self.md5 and not self._has_the_md5(content):
            return "Drive sent bytes that do not match its md5"
        return None

    def _expected_bytes(self, response: Any) -> int | None:
        """How many bytes there should be, by what was known and what the answer says itself."""
        size = SIZE.search(response.get("content-range", ""))
        if self.is_whole or size is None or not self.may_be_empty:
            return self.most_bytes
        file_size = int(size[1])
        end = file_size if self.end is None else min(self.end, file_size)
        return end - self.start

    def _begins_rightly(self, response: Any) -> bool:
        content_range: str = response.get("content-range", "")
        return content_range.startswith(f"bytes {self.start}-")

    def _has_the_md5(self, content: bytes) -> bool:
        return hashlib.md5(content, usedforsecurity=False).hexdigest() == self.md5


def read(client: Client, file: File, start: int | None = None, end: int | None = None) -> bytes:
    """The bytes of a file, or those from `start` up to, not including, `end`."""
    span = Span.of(file, start, end)
    if span.is_empty:
        return b""
    reading = _Reading(client, file, span)
    try:
        return client.media(
            file.id,
            reading.what,
            byte_range=span.range_header,
            most_bytes=span.most_bytes,
            find_flaw=reading.find_flaw,
        )
    except DriveError as error:
        if error.status == NOTHING_THERE and span.may_be_empty:
            return b""
        raise


class _Reading:
    """One read of a file, over all the attempts at it."""

    def __init__(self, client: Client, file: File, span: Span) -> None:
        self.what = f"read {file.name!r} (id {printable(file.id)})"
        self._client = client
        self._file = file
        self._span = span
        self._flaws_found = 0

    def find_flaw(self, response: Any, content: bytes) -> str | None:
        """What is wrong with an answer, in words, or None.

        Raises:
            NotFoundError: The file is not any more what was listed.
        """
        flaw = self._span.find_flaw(response, content)
        if flaw is None:
            return None
        self._flaws_found += 1
        is_time_to_ask = self._flaws_found == FLAWS_BEFORE_ASKING
        if is_time_to_ask and self._was_changed_after_it_was_listed():
            raise NotFoundError(
                f"Could not {self.what}: it was changed on Drive after it was listed. "
                "List the folder again, or refresh the saved inventory."
            )
        return flaw

    def _was_changed_after_it_was_listed(self) -> bool:
        now = as_file(self._client.item(self._file.id, self.what))
        return now.version != self._file.version
