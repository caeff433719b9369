"""What is wrong with an answer that claims success, so that nobody can go on from it."""

from __future__ import annotations

import json
import re
from typing import Any

from .request import Request

__all__ = ["find_flaw", "find_flaw_in_part", "is_plain_refusal", "is_success", "tells_of_nothing"]

OK = 200
CREATED = 201
NO_CONTENT = 204
PARTIAL = 206
GO_ON = (
    308  # with an upload: https://developers.google.com/workspace/drive/api/guides/manage-uploads
)
NOTHING_THERE = 416  # from the first byte that is asked for
ARRIVED = re.compile(r"bytes=0-(\d+)")
SENT = re.compile(r"bytes (?:\d+-(\d+)|\*)/(\d+|\*)")
PART = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
WANTED = re.compile(r"bytes=(\d+)-(\d*)")
EMPTY_FILE = "bytes */0"


def is_success(request: Request, status: int) -> bool:
    """Whether an answer of this status is one to go on from."""
    if request.sends_a_piece:
        return status in (OK, CREATED, GO_ON)
    if request.begins_an_upload:
        return status == OK
    return 200 <= status < 300


def find_flaw(request: Request, response: Any, content: bytes) -> str | None:
    """What is wrong with the answer to a request, in words, or None.

    Args:
        request: What was asked.
        response: The status, and the headers in lower case.
        content: The body.
    """
    if request.begins_an_upload:
        return None if "location" in response else "Drive named no address for the upload"
    if response.status == GO_ON:
        return _flaw_of_progress(request, response)
    if request.expects_json and response.status != NO_CONTENT:
        return _flaw_of_json(content)
    return None


def find_flaw_in_part(request: Request, response: Any, content: bytes) -> str | None:
    """What is wrong with a part of a file that PyDrive2 asked for.

    It would not notice a part that is too short, and ask for empty ones without end.
    """
    wanted = WANTED.fullmatch(request.headers.get("range", ""))
    if wanted is None:
        return None
    first = int(wanted[1])
    sent = PART.fullmatch(response.get("content-range", ""))
    if sent is None:
        is_whole_file = response.status != PARTIAL and first == 0
        return None if is_whole_file else "Drive sent another range than was asked for"
    is_as_said = int(sent[1]) == first and int(sent[2]) == first + len(content) - 1
    if not content or not is_as_said:
        return "Drive sent another range than was asked for"
    return None


def tells_of_nothing(response: Any) -> bool:
    """Whether Drive says that a file is empty, to whoever asked for its first bytes."""
    says_so: bool = response.get("content-range") == EMPTY_FILE
    return says_so and response.status == NOTHING_THERE


def is_plain_refusal(content: bytes) -> bool:
    """Whether an error answer has the form that Drive documents, which PyDrive2 relies on.

    https://developers.google.com/workspace/drive/api/guides/handle-errors
    """
    try:
        error = json.loads(content.decode("utf-8"))["error"]
        reasons = [one["reason"] for one in error["errors"]]
        return bool(reasons) and isinstance(error["message"], str) and type(error["code"]) is int
    except (ValueError, LookupError, TypeError, RecursionError):
        return False


def _flaw_of_json(content: bytes) -> str | None:
    try:
        answer = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return "Drive's answer was cut short"
    if not isinstance(answer, dict):
        return "Drive's answer is no object in JSON"
    return None


def _flaw_of_progress(request: Request, response: Any) -> str | None:
    """What is wrong with what Drive says to have of an upload; no header stands for nothing."""
    if "range" not in response:
        return None
    arrived = ARRIVED.fullmatch(response["range"])
    sent = SENT.fullmatch(request.headers.get("content-range", ""))
    if arrived is None or sent is None:
        return "Drive does not say how much of the upload arrived"
    last, total = sent.groups()
    is_more = last is not None and int(arrived[1]) > int(last)
    is_all = total != "*" and int(arrived[1]) >= int(total) - 1
    if is_more or is_all:
        return "Drive says that more of the upload arrived than can have"
    return None
