"""A request as it is sent, again and again, and through redirects: without the token."""

from __future__ import annotations

import functools
import re
import urllib.parse
from typing import Any, NamedTuple

import httplib2

from .connection import Origin

__all__ = ["LedAstray", "Request", "ask_how_much_arrived", "origin_of"]

METADATA_BYTES = (
    64 << 20
)  # of an answer that is no file; a page of all that Drive tells takes 10 MB
UNKNOWN_BYTES = 256 << 20  # of a file whose size nobody knows
FOLLOWED = (301, 302, 303, 307, 308)  # redirects
KEPT_HEADERS = ("accept", "accept-encoding", "range", "user-agent")  # after a redirect
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9_:-]{1,63}(\.[a-z0-9_:-]{1,63})*\.?")
RANGE = re.compile(r"bytes=(\d+)-(\d+)")
IN_AN_ADDRESS = "%/:?#[]@!$&'()*+,;=~"  # stands there as it is


class LedAstray(httplib2.HttpLib2Error):
    """An address that no request goes to, or a redirect that is not followed."""


class Request(NamedTuple):
    """A request.

    Attributes:
        uri: Its whole address.
        method: Of HTTP.
        body: Bytes, text, a file, or None.
        headers: {name in lower case: value}, without the token.
        redirections: How many are followed at most.
    """

    uri: str
    method: str
    body: Any
    headers: dict[str, str]
    redirections: int

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when it is not known if it arrived.

        A plain POST sent twice makes two of something. The POST that begins an upload makes
        nothing yet, and a query too long for an address comes as a POST that reads only.
        """
        only_reads = "x-http-method-override" in self.headers
        return self.method != "POST" or self.begins_an_upload or only_reads

    @property
    def begins_an_upload(self) -> bool:
        """Whether its answer should name an address to send the pieces to."""
        return "uploadType=resumable" in self.uri and "upload_id=" not in self.uri

    @property
    def sends_a_piece(self) -> bool:
        """Whether it sends a piece of an upload, or asks how much of it arrived."""
        is_piece = "content-range" in self.headers or "upload_id=" in self.uri
        return self.method == "PUT" and is_piece

    @property
    def expects_json(self) -> bool:
        """Whether its answer should be JSON."""
        return self.method == "PUT" or "alt=json" in self.uri

    @property
    def expects_a_file(self) -> bool:
        """Whether its answer should be the content of a file, or a part of it."""
        return self.method == "GET" and not self.expects_json

    @property
    def range_bytes(self) -> int | None:
        """How many bytes of a file it asks for; None where it asks for no range, or to the end."""
        asked_for = RANGE.fullmatch(self.headers.get("range", ""))
        if asked_for is None or not self.expects_a_file:
            return None
        first, last = asked_for.groups()
        return int(last) - int(first) + 1

    @property
    def most_bytes(self) -> int:
        """How long its answer can be."""
        if not self.expects_a_file:
            return METADATA_BYTES
        if self.range_bytes is None:
            return UNKNOWN_BYTES
        return self.range_bytes

    @property
    def target(self) -> str:
        """Path and query, as the first line of a request has them."""
        parts = urllib.parse.urlsplit(self.uri)
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        return urllib.parse.quote(target, safe=IN_AN_ADDRESS)

    def redirected(self, status: int, location: str | None) -> Request | None:
        """What a redirect asks for, or None if it is none.

        Example:
            >>> request = Request("https://a.example/1", "GET", None, {"range": "bytes=0-9"}, 5)
            >>> request.redirected(302, "/2").uri
            'https://a.example/2'

        Args:
            status: Of the answer.
            location: Its header of this name.

        Raises:
            LedAstray: It leads nowhere, or to where nobody should follow.
        """
        if status not in FOLLOWED or self.method != "GET":
            return None
        if location is None:
            raise LedAstray(f"status {status}, without an address to go on to")
        if self.redirections < 1:
            raise LedAstray("one redirect after the other")
        try:
            uri = urllib.parse.urljoin(self.uri, location)
        except ValueError:
            raise LedAstray(f"status {status}, with an address that cannot be read") from None
        was_encrypted = origin_of(self.uri).scheme == "https"
        if was_encrypted and origin_of(uri).scheme != "https":
            raise LedAstray(f"status {status}, to an address that is not encrypted")
        headers = {name: self.headers[name] for name in KEPT_HEADERS if name in self.headers}
        return Request(uri, self.method, None, headers, self.redirections - 1)


def origin_of(uri: str) -> Origin:
    """Where a request for an address goes.

    Example:
        >>> origin_of("https://www.googleapis.com/drive/v2/files")
        Origin(scheme='https', host='www.googleapis.com', port=443)

    Raises:
        LedAstray: It is no address of HTTP.
    """
    try:
        parts = urllib.parse.urlsplit(uri)
        return _origin(parts.scheme, parts.netloc)
    except ValueError:
        raise LedAstray("to an address that cannot be read") from None


@functools.lru_cache(maxsize=64)
def _origin(scheme: str, place: str) -> Origin:
    parts = urllib.parse.SplitResult(scheme, place, "", "", "")
    host = parts.hostname or ""
    if scheme not in DEFAULT_PORTS or not HOST.fullmatch(host):
        raise LedAstray("to an address that is none of HTTP")
    return Origin(scheme, host, parts.port or DEFAULT_PORTS[scheme])


def ask_how_much_arrived(request: Request) -> Request:
    """The request to send after a fault: for a piece of an upload, how much of it arrived.

    googleapiclient goes on from the answer. Any other request is sent again as it is:
    https://developers.google.com/workspace/drive/api/guides/manage-uploads#resume-upload

    Example:
        >>> piece = Request("https://...", "PUT", b"...", {"content-range": "bytes 0-2/9"}, 5)
        >>> ask_how_much_arrived(piece).headers["content-range"]
        'bytes */9'
    """
    content_range = request.headers.get("content-range", "")
    piece = re.fullmatch(r"bytes \d+-\d+(?P<of_total>/.+)", content_range)
    if piece is None:
        return request
    headers = {"content-range": f"bytes *{piece['of_total']}", "content-length": "0"}
    return request._replace(headers=headers, body=None)
