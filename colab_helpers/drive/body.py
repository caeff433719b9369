"""The body of an answer: as much of it as was expected, unpacked, and within the deadline."""

from __future__ import annotations

import http.client
import zlib
from typing import NamedTuple

from .deadline import Deadline

__all__ = ["Body", "read_body"]

PACKET = 1 << 16  # bytes that are asked of the socket at once
PACKING = 1 << 16  # bytes that a packed body may be longer than what it holds, and one in a hundred
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
BARE_DEFLATE = -zlib.MAX_WBITS  # what some servers call "deflate"
PACKED_AS = ("gzip", "x-gzip", "deflate", "zlib")


class Body(NamedTuple):
    """What was read of a body.

    Attributes:
        content: Unpacked; of a body that is too long, one byte more than was asked for.
        is_whole: Whether nothing more can come, so that the connection is free for another request.
    """

    content: bytes
    is_whole: bool


def read_body(
    raw: http.client.HTTPResponse,
    most: int,
    deadline: Deadline,
    *,
    expected: int | None = None,
) -> Body:
    """Reads a body, up to one byte more than `most`.

    Whoever knows how long it should be sees by that byte that it is longer, whatever the server
    goes on to send.

    Args:
        raw: An answer whose headers were read.
        most: Bytes of the content, after unpacking.
        deadline: Is extended by what was announced or expected, as it comes.
        expected: Bytes, where that is known, of a body that does not announce how long it is.

    Raises:
        TimeoutError: It came too slowly.
        http.client.HTTPException: It ended too early, or was not packed as it said.
    """
    unpacker = _Unpacker.of(raw)
    most_packed = most if unpacker is None else most + most // 100 + PACKING
    announced = expected if raw.length is None else raw.length
    most_waited_for = min(announced or 0, most_packed)
    parts: list[bytes] = []
    missing = most + 1
    received = 0
    is_at_end = False
    while missing and received <= most_packed and not is_at_end:
        packet = raw.read1(min(PACKET, most_packed + 1 - received))
        is_at_end = not packet
        received += len(packet)
        if received <= most_waited_for:
            deadline.extend(len(packet))
        part = packet if unpacker is None else unpacker.unpack(packet, missing)
        missing -= len(part)
        parts.append(part)
    content = b"".join(parts)
    if is_at_end:
        _check_end(raw, content, unpacker)
    elif missing:
        raise http.client.HTTPException("the answer is longer than what it holds")
    return Body(content, is_whole=is_at_end)


class _Unpacker:
    """Unpacks a body piece by piece, never more than is asked for.

    Args:
        window: As zlib.decompressobj has it.
    """

    def __init__(self, window: int) -> None:
        self._packed = zlib.decompressobj(window)
        self._has_begun = False

    @classmethod
    def of(cls, raw: http.client.HTTPResponse) -> _Unpacker | None:
        """What unpacks the body of an answer; None where there is nothing to unpack."""
        encoding = raw.getheader("content-encoding", "").strip().lower()
        return cls(GZIP_OR_ZLIB) if encoding in PACKED_AS else None

    @property
    def is_complete(self) -> bool:
        """Whether the end was reached, or nothing has come at all."""
        return self._packed.eof or not self._has_begun

    def unpack(self, packet: bytes, most: int) -> bytes:
        """What a packet holds, at most so many bytes of it."""
        if self._packed.eof or not packet:
            return b""
        try:
            part = self._packed.decompress(packet, most)
        except zlib.error as error:
            if self._has_begun:
                raise http.client.HTTPException("the answer is not packed as it says") from error
            self._packed = zlib.decompressobj(BARE_DEFLATE)
            self._has_begun = True
            return self.unpack(packet, most)
        self._has_begun = True
        return part


def _check_end(raw: http.client.HTTPResponse, content: bytes, unpacker: _Unpacker | None) -> None:
    """Raises an IncompleteRead if more should have come."""
    is_cut_short = bool(raw.length)
    if is_cut_short or (unpacker is not None and not unpacker.is_complete):
        raise http.client.IncompleteRead(content, raw.length)
