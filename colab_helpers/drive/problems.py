"""Why an attempt at a request was no good, and what an answer of Drive calls for.

Which error is raised then, and what its message advises, stands in remedies.py.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from .errors import DriveError
from .messages import shown
from .remedies import (
    BY_REASON,
    BY_STATUS,
    BY_STATUS_WITH_A_KEY,
    LED_ASTRAY,
    NO_RIGHT_TO_WRITE,
    NO_WAY_THERE,
    NOT_TICKED,
    NOT_TRUSTED,
    OTHERWISE,
    PASSING,
    TOO_FAST,
    Remedy,
)
from .where import in_colab

__all__ = [
    "Problem",
    "ProblemKind",
    "address_refused",
    "answer_has_flaw",
    "connection_failed",
    "judge",
    "no_way_there",
]


class ProblemKind(Enum):
    """What helps against a problem. The values are the keys of `Drive.counts`."""

    TOO_FAST = "rate"  # go slower
    TOKEN_REFUSED = "token"  # sign in anew
    PASSING = "passing"  # try again
    FINAL = "final"  # give up


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why one attempt at a request was no good.

    Attributes:
        kind: What helps against it.
        error: The class of the error to raise when nothing helped.
        advice: What the user can do then.
        said: What Drive or the connection said.
        status: The HTTP status, or None where no answer came.
        retry_after: Seconds that Drive asked to wait, or None where it did not ask.
        ends_run: Whether it hits every file, whatever `error` says of it.
    """

    kind: ProblemKind
    error: type[DriveError]
    advice: str
    said: str
    status: int | None = None
    retry_after: float | None = None
    ends_run: bool = False


def judge(
    status: int,
    content: bytes,
    retry_after: float | None = None,
    token: str = "",
    *,
    by_key: bool = False,
) -> Problem:
    """What an error answer of Drive calls for.

    Example:
        >>> problem = judge(404, b'{"error": {"message": "No such file"}}')
        >>> problem.kind.name, problem.error.__name__, problem.said
        ('FINAL', 'NotFoundError', 'Drive said 404 (No such file)')

    Args:
        status: The HTTP status, any but that of a success.
        content: The answer's body: Drive's JSON, or whatever stood between it and us sent.
        retry_after: Seconds that the answer asks to wait, or None.
        token: Of the request, which the answer may repeat.
        by_key: Whether it is an API key, and nobody is signed in.
    """
    refusal = parse_refusal(content)
    kind = _kind(status, refusal.reason)
    if by_key and kind is ProblemKind.TOKEN_REFUSED:
        kind = ProblemKind.FINAL  # there is no other key to try
    remedy = _remedy(kind, status, refusal.reason, by_key)
    said = f"Drive said {status} {shown(refusal.reason, token)}".rstrip()
    message = shown(refusal.message, token)
    if message:
        said += f" ({message})"
    return _problem(kind, remedy, said, status, retry_after)


def answer_has_flaw(flaw: str, status: int, retry_after: float | None = None) -> Problem:
    """The problem with an answer that claims success and is not what was asked for.

    Args:
        flaw: What is wrong with it, in words.
        status: The HTTP status.
        retry_after: Seconds that the answer asks to wait, or None.
    """
    return _problem(ProblemKind.PASSING, PASSING, flaw, status, retry_after)


def connection_failed(error: Exception, token: str = "") -> Problem:
    """The problem when no whole answer came.

    Args:
        error: What was raised instead.
        token: Of the request, which the error may repeat.
    """
    said = f"the connection failed ({shown(_named(error), token)})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _problem(ProblemKind.FINAL, NOT_TRUSTED, said)
    return _problem(ProblemKind.PASSING, PASSING, said)


def no_way_there(error: Exception) -> Problem:
    """The problem when nothing is installed that could speak to a proxy."""
    return _problem(ProblemKind.FINAL, NO_WAY_THERE, str(error))


def address_refused(error: Exception) -> Problem:
    """The problem with an address, or a redirect, that no request should follow."""
    return _problem(ProblemKind.FINAL, LED_ASTRAY, f"Drive led astray ({error})")


class Refusal(NamedTuple):
    """Drive's own words in an error answer; empty where it said none."""

    message: str
    reason: str


def parse_refusal(content: bytes) -> Refusal:
    """Reads an error answer, which may as well be a page of HTML, nothing, or half of it."""
    unreadable = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
    try:
        error = json.loads(content)["error"]
        message = error.get("message")
    except unreadable:
        return Refusal("", "")
    try:
        reason = error["errors"][0]["reason"]
    except unreadable:
        reason = ""
    return Refusal(_text(message), _reason_about_a_key(error) or _text(reason))


def _reason_about_a_key(error: dict[str, Any]) -> str:
    """What is wrong with an API key; "" if nothing is. The usual reason is then a vague one."""
    details = error.get("details")
    for detail in details if isinstance(details, list) else ():
        reason = _text(detail.get("reason")) if isinstance(detail, dict) else ""
        if reason.startswith("API_KEY_"):
            return reason
    return ""


def _kind(status: int, reason: str) -> ProblemKind:
    is_rate_limit = reason.lower().endswith("ratelimitexceeded")
    if status == 429 or (status == 403 and is_rate_limit):
        return ProblemKind.TOO_FAST
    is_no_answer = status < 200
    if status == 408 or status >= 500 or is_no_answer:
        return ProblemKind.PASSING
    if status == 401:
        return ProblemKind.TOKEN_REFUSED
    return ProblemKind.FINAL


def _remedy(kind: ProblemKind, status: int, reason: str, by_key: bool) -> Remedy:
    if kind is ProblemKind.TOO_FAST:
        return TOO_FAST
    if kind is ProblemKind.PASSING:
        return PASSING
    remedy = BY_REASON.get(reason)
    if remedy is NO_RIGHT_TO_WRITE and in_colab():
        return NOT_TICKED
    if remedy is not None:
        return remedy
    by_status = BY_STATUS_WITH_A_KEY if by_key else BY_STATUS
    return by_status.get(status, OTHERWISE)


def _problem(
    kind: ProblemKind,
    remedy: Remedy,
    said: str,
    status: int | None = None,
    retry_after: float | None = None,
) -> Problem:
    return Problem(
        kind=kind,
        error=remedy.error,
        advice=remedy.advice,
        said=said,
        status=status,
        retry_after=retry_after,
        ends_run=remedy.ends_run,
    )


def _text(value: object) -> str:
    """A value that should be a text; any other says nothing."""
    return value if isinstance(value, str) else ""


def _named(error: Exception) -> str:
    name = type(error).__name__
    text = str(error)
    return f"{name}: {text}" if text else name
