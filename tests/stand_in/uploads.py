"""New bytes for a file: at once, together with its metadata, or in pieces.

https://developers.google.com/workspace/drive/api/guides/manage-uploads
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any, NamedTuple

from .access import check_writable, find_entry
from .files import change_entry, described, make_entry
from .messages import Refusal, Request, Response
from .state import State

CHUNK = 256 * 1024  # bytes; every piece of a resumable upload but the last is a multiple of this
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


@dataclasses.dataclass
class Upload:
    """An upload in pieces.

    Attributes:
        request: The one that began it; it says of which file, and what to tell in the end.
        data: What has come of the file.
        finished: The answer to the last piece, given again to whoever asks again.
    """

    request: Request
    metadata: dict[str, Any]
    data: bytearray = dataclasses.field(default_factory=bytearray)
    finished: Response | None = None


class Piece(NamedTuple):
    """Where a piece belongs.

    Attributes:
        start: Of its first byte; None for the question how far the upload has come.
        total: Bytes of the whole file; None while that is not known.
    """

    start: int | None
    total: int | None


def upload(state: State, request: Request) -> Response:
    """files.insert and files.update with bytes."""
    if request.item_id:
        check_writable(find_entry(state, request, request.item_id))
    if "upload_id" in request.query:
        return _receive_piece(state, request)
    how = request.query.get("uploadType")
    if how == "media":
        metadata = {"mimeType": request.headers.get("content-type", "")}
        return _store(state, request, metadata, request.body)
    if how == "multipart":
        metadata, data = _split_parts(request)
        return _store(state, request, metadata, data)
    return _begin(state, request)


def _store(state: State, request: Request, metadata: dict[str, Any], data: bytes) -> Response:
    """Writes a whole file, a new one or that which the request names."""
    if request.item_id:
        entry = state.tree.entries[request.item_id]
        change_entry(entry, metadata)
    else:
        entry = make_entry(state, metadata)
    state.disk.write(entry, data)
    return described(state, request, entry)


def _split_parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """Metadata and bytes from one body, as https://www.rfc-editor.org/rfc/rfc2387 joins them."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
    if not boundary:
        raise Refusal(400, "badRequest", "Malformed multipart body.")
    first_line = request.body.partition(b"\n")[0]
    line_end = b"\r\n" if first_line.endswith(b"\r") else b"\n"  # Google's client sends either
    separator = line_end + b"--" + boundary[1].encode()
    _, metadata, media, *_ = (line_end + request.body).split(separator)
    _, _, metadata_text = metadata.partition(line_end * 2)
    _, _, data = media.partition(line_end * 2)
    return json.loads(metadata_text), data


def _begin(state: State, request: Request) -> Response:
    """Begins an upload in pieces; they are sent to the address in the answer."""
    upload_id = f"upload-{len(state.uploads)}"
    state.uploads[upload_id] = Upload(request, request.data)
    address = f"{state.url}{request.path}?uploadType=resumable&upload_id={upload_id}"
    return Response(200, b"", {"Location": address})


def _receive_piece(state: State, request: Request) -> Response:
    """Takes one piece, or tells how far the upload has come."""
    begun = state.uploads.get(request.query["upload_id"])
    if begun is None:
        raise Refusal(404, "notFound", "Upload session not found")
    if begun.finished is not None:
        return begun.finished
    piece = _piece_of(request)
    if piece.start is not None and piece.start <= len(begun.data):
        begun.data[piece.start :] = request.body
        is_last = piece.total is not None and len(begun.data) >= piece.total
        if not is_last and len(request.body) % CHUNK:
            raise Refusal(400, "badRequest", "A piece must be a multiple of 256 KiB.")
    if len(begun.data) == piece.total:
        begun.finished = _store(state, begun.request, begun.metadata, bytes(begun.data))
        begun.data = bytearray()
        return begun.finished
    return _resume_after(len(begun.data))


def _piece_of(request: Request) -> Piece:
    sent = CONTENT_RANGE.fullmatch(request.headers.get("content-range", ""))
    if not sent:
        return Piece(0, len(request.body))
    first, _, total = sent.groups()
    return Piece(
        start=None if first is None else int(first),
        total=None if total == "*" else int(total),
    )


def _resume_after(count: int) -> Response:
    """The answer "go on", with the bytes that have come."""
    headers = {"Range": f"bytes=0-{count - 1}"} if count else {}
    return Response(308, b"", headers)
