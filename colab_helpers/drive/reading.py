"""The bytes of a file: what to ask for, and what an answer must look like."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from .client import Client
from .errors import NotFoundError
from .files import File, check_range
from .items import as_file

__all__ = ["Span", "read"]

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
    """

    start: int
    end: int | None
    is_whole: bool
    md5: str | None = None

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
        return cls(start or 0, known_end, is_whole, md5)

    @property
    def is_empty(self) -> bool:
        """Whether it is a part that holds nothing, so that there is nothing to ask for."""
        return not self.is_whole and self.end is not None and self.start >= self.end

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
        if self.end is not None and len(content) != self.end - self.start:
            return f"Drive sent {len(content)} of {self.end - self.start} bytes"
        if self.is_whole and self.md5 and not self._has_the_md5(content):
            return "Drive sent bytes that do not match its md5"
        return None

    def _begins_rightly(self, response: Any) -> bool:
        content_range: str = response.get("content-range", "")
        return content_range.startswith(f"bytes {self.start}-")

    def _has_the_md5(self, content: bytes) -> bool:
        return hashlib.md5(content).hexdigest() == self.md5


def read(client: Client, file: File, start: int | None = None, end: int | None = None) -> bytes:
    """The bytes of a file, or those from `start` up to, not including, `end`."""
    span = Span.of(file, start, end)
    if span.is_empty:
        return b""
    reading = _Reading(client, file, span)
    return client.media(
        file.id, reading.what, byte_range=span.range_header, find_flaw=reading.find_flaw
    )


class _Reading:
    """One read of a file, over all the attempts at it."""

    def __init__(self, client: Client, file: File, span: Span) -> None:
        self.what = f"read {file.name!r} (id {file.id})"
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
