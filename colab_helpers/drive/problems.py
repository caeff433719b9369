"""Why an attempt at a request was no good, and what an answer of Drive calls for.

A new error of Drive gets its class and its advice in `BY_REASON`. Choose the class of errors.py
that fits; for an error that hits every file, say `ends_run=True`, so that the run ends and does not
skip file after file.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from .errors import DriveError, NotFoundError, QuotaError, SignInError, TransientError
from .messages import shown
from .where import in_colab

__all__ = [
    "PASSING",
    "SIGN_IN_ENDED",
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


class Remedy(NamedTuple):
    """The error to raise, and what the user can do; and whether it hits every file."""

    error: type[DriveError]
    advice: str
    ends_run: bool = False


TOO_FAST = Remedy(
    QuotaError, "Lower `reads`, or wait a minute and run the cell again.", ends_run=True
)
PASSING = Remedy(TransientError, "Try again in some minutes; what was read and cached is kept.")
NO_RIGHT_TO_WRITE = Remedy(SignInError, "Sign in with the right to write: connect(upload=True).")
NOT_TICKED = Remedy(
    SignInError,
    "Colab's sign-in window asks for the permission for Google Drive, and it was not ticked there: "
    "Runtime > Disconnect and delete runtime, then run the cells again and tick it.",
)
FILE_QUOTA_USED_UP = Remedy(
    QuotaError, "Too many downloads of this one file: make a copy of it in Drive, or wait a day."
)
SIGN_IN_ENDED = Remedy(SignInError, "Sign in again: run connect() once more.")
OTHERWISE = Remedy(DriveError, "Check name and address.")
NOT_TRUSTED = Remedy(
    DriveError,
    "Somebody stands between this machine and Drive, or this machine's clock is wrong. If it is "
    "your institution's proxy or virus scanner: name the file with its certificate in the "
    "environment variable HTTPLIB2_CA_CERTS.",
    ends_run=True,
)
NO_WAY_THERE = Remedy(
    DriveError,
    "Install it (pip install PySocks), or name the hosts that need no proxy in the environment "
    "variable no_proxy.",
    ends_run=True,
)
LED_ASTRAY = Remedy(
    DriveError, "Something between this machine and Drive changes the answers; try another network."
)

KEY_UNKNOWN = Remedy(
    SignInError,
    "Copy the API key again, all of it, or make a new one: console.cloud.google.com > APIs & "
    "Services > Credentials.",
)
KEY_RESTRICTED = Remedy(
    SignInError,
    "The API key is restricted. At console.cloud.google.com > APIs & Services > Credentials, let "
    "it be used for the Google Drive API, and from anywhere: a notebook is no website, and Colab's "
    "addresses change.",
)
NOT_PUBLIC = (
    'With an API key, what is shared with "Anyone with the link" is found by its ID or address. '
    "Check these, ask its owner to share it so, or sign in: connect()."
)

# Drive's reasons: https://developers.google.com/workspace/drive/api/guides/handle-errors
# Those about API keys:
# https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
BY_REASON = {
    "dailyLimitExceeded": Remedy(
        QuotaError, "Go on tomorrow; what was cached stays.", ends_run=True
    ),
    "downloadQuotaExceeded": FILE_QUOTA_USED_UP,
    "quotaExceeded": FILE_QUOTA_USED_UP,
    "storageQuotaExceeded": Remedy(
        QuotaError, "The Drive is full: free some space, then run the cell again.", ends_run=True
    ),
    "cannotDownloadAbusiveFile": Remedy(
        DriveError, "Google holds it for harmful: only its owner can download it."
    ),
    "fileNotDownloadable": Remedy(
        DriveError, "It is a Google document, which has no bytes: File > Download it."
    ),
    "insufficientPermissions": NO_RIGHT_TO_WRITE,
    "insufficientScopes": NO_RIGHT_TO_WRITE,
    "accessNotConfigured": Remedy(
        SignInError, "Switch the Drive API on in your Google Cloud project."
    ),
    "keyInvalid": KEY_UNKNOWN,
    "API_KEY_INVALID": KEY_UNKNOWN,
    "keyExpired": KEY_UNKNOWN,
    "ipRefererBlocked": KEY_RESTRICTED,
    "API_KEY_SERVICE_BLOCKED": KEY_RESTRICTED,
    "API_KEY_HTTP_REFERRER_BLOCKED": KEY_RESTRICTED,
    "API_KEY_IP_ADDRESS_BLOCKED": KEY_RESTRICTED,
    "API_KEY_ANDROID_APP_BLOCKED": KEY_RESTRICTED,
    "API_KEY_IOS_APP_BLOCKED": KEY_RESTRICTED,
}
BY_STATUS = {
    401: SIGN_IN_ENDED,
    403: Remedy(DriveError, "Ask its owner to share it with the account that you signed in with."),
    404: Remedy(
        NotFoundError,
        "Was it deleted, or is it another account's? Look for it in Drive, then list again.",
    ),
}
BY_STATUS_WITH_A_KEY = {
    401: Remedy(SignInError, "An API key is not enough for this. Sign in: connect()."),
    403: Remedy(DriveError, NOT_PUBLIC),
    404: Remedy(NotFoundError, NOT_PUBLIC),
}


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
