"""The errors that a user sees, and what an answer of Drive calls for.

    DriveError              Drive will not do it (no permission, a Google document, ...)
      +- SignInError        nobody is signed in, or not with the rights that are needed
      +- NotFoundError      no such file or folder, or more than one of that name
      +- QuotaError         Drive asks to slow down, or a quota is used up
      +- TransientError     it failed again and again, and may pass later

A new error of Drive gets its class and its advice in `BY_REASON`. Choose the class whose line above
fits; for an error that hits every file, choose one with `ends_run`, so that the run ends and does
not skip file after file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

__all__ = [
    "DriveError",
    "NotFoundError",
    "Problem",
    "ProblemKind",
    "QuotaError",
    "SignInError",
    "TransientError",
    "answer_has_flaw",
    "connection_failed",
    "judge",
    "no_images",
    "sign_in_ended",
]

LONGEST_MESSAGE = 200  # characters of Drive's own text that are shown


class DriveError(Exception):
    """What failed, with name and ID, what Drive said, and what to do next.

    Args:
        message: All of this, in sentences that stand alone.
        status: The HTTP status of the answer, or None where there was none.

    Attributes:
        status: As given.
        ends_run: Whether all other files would fail too, so that skipping does not help.
    """

    ends_run = False

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class SignInError(DriveError):
    """Nobody is signed in, the sign-in was refused or has ended, or it lacks a right."""

    ends_run = True


class NotFoundError(DriveError):
    """There is no such file or folder, or there are several of that name."""


class QuotaError(DriveError):
    """A quota is used up: of the file, the day, the storage, or of requests a minute."""


class TransientError(DriveError):
    """What usually passes did not pass in all the attempts made."""


def no_images(folder: str, other_name: str | None) -> NotFoundError:
    """The error for a folder without images.

    Args:
        folder: As the user named it.
        other_name: Of some other file in it, or None.
    """
    holds = "nothing. "
    if other_name:
        holds = f"only other files, such as {other_name!r}. "
    return NotFoundError(
        f"There are no images in {folder!r}: it holds {holds}"
        "Name the folder that holds the pictures, or one above it."
    )


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
    """

    kind: ProblemKind
    error: type[DriveError]
    advice: str
    said: str
    status: int | None = None
    retry_after: float | None = None


class Remedy(NamedTuple):
    """The error to raise, and what the user can do."""

    error: type[DriveError]
    advice: str


TOO_FAST = Remedy(QuotaError, "Lower `reads`, or wait a minute and run the cell again.")
PASSING = Remedy(TransientError, "Try again in some minutes; what was read and cached is kept.")
NO_RIGHT_TO_WRITE = Remedy(SignInError, "Sign in with the right to write: connect(upload=True).")
FILE_QUOTA_USED_UP = Remedy(
    QuotaError, "Too many downloads of this one file: make a copy of it in Drive, or wait a day."
)
SIGN_IN_ENDED = Remedy(SignInError, "Sign in again: run connect() once more.")
OTHERWISE = Remedy(DriveError, "Check name and address.")

# Drive's reasons: https://developers.google.com/workspace/drive/api/guides/handle-errors
BY_REASON = {
    "dailyLimitExceeded": Remedy(QuotaError, "Go on tomorrow; what was cached stays."),
    "downloadQuotaExceeded": FILE_QUOTA_USED_UP,
    "quotaExceeded": FILE_QUOTA_USED_UP,
    "storageQuotaExceeded": Remedy(
        QuotaError, "The Drive is full: free some space, then run the cell again."
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
}
BY_STATUS = {
    401: SIGN_IN_ENDED,
    403: Remedy(DriveError, "Ask its owner to share it with the account that you signed in with."),
    404: Remedy(
        NotFoundError,
        "Was it deleted, or is it another account's? Look for it in Drive, then list again.",
    ),
}


def judge(status: int, content: bytes, retry_after: float | None = None) -> Problem:
    """What an error answer of Drive calls for.

    Example:
        >>> problem = judge(404, b'{"error": {"message": "No such file"}}')
        >>> problem.kind.name, problem.error.__name__, problem.said
        ('FINAL', 'NotFoundError', 'Drive said 404 (No such file)')

    Args:
        status: The HTTP status, 400 or more.
        content: The answer's body: Drive's JSON, or whatever stood between it and us sent.
        retry_after: Seconds that the answer asks to wait, or None.
    """
    refusal = parse_refusal(content)
    kind = _kind(status, refusal.reason)
    remedy = _remedy(kind, status, refusal.reason)
    said = f"Drive said {status} {refusal.reason}".rstrip()
    if refusal.message:
        said += f" ({refusal.message[:LONGEST_MESSAGE]})"
    return Problem(
        kind=kind,
        error=remedy.error,
        advice=remedy.advice,
        said=said,
        status=status,
        retry_after=retry_after,
    )


def answer_has_flaw(flaw: str, status: int, retry_after: float | None = None) -> Problem:
    """The problem with an answer that claims success and is not what was asked for.

    Args:
        flaw: What is wrong with it, in words.
        status: The HTTP status, less than 400.
        retry_after: Seconds that the answer asks to wait, or None.
    """
    return Problem(
        kind=ProblemKind.PASSING,
        error=PASSING.error,
        advice=PASSING.advice,
        said=flaw,
        status=status,
        retry_after=retry_after,
    )


def connection_failed(error: Exception) -> Problem:
    """The problem when no whole answer came."""
    said = f"the connection failed ({_named(error)})"
    return Problem(kind=ProblemKind.PASSING, error=PASSING.error, advice=PASSING.advice, said=said)


def sign_in_ended(why: object, *, may_pass: bool) -> Problem:
    """The problem when no fresh token could be had."""
    kind = ProblemKind.PASSING if may_pass else ProblemKind.FINAL
    remedy = PASSING if may_pass else SIGN_IN_ENDED
    said = f"the sign-in has ended ({why})"
    return Problem(kind=kind, error=remedy.error, advice=remedy.advice, said=said)


class Refusal(NamedTuple):
    """Drive's own words in an error answer; empty where it said none."""

    message: str
    reason: str


def parse_refusal(content: bytes) -> Refusal:
    """Reads an error answer, which may as well be a page of HTML, nothing, or half of it."""
    unreadable = (ValueError, LookupError, TypeError, AttributeError)
    try:
        error = json.loads(content)["error"]
        message = error.get("message") or ""
    except unreadable:
        return Refusal("", "")
    try:
        reason = error["errors"][0]["reason"] or ""
    except unreadable:
        reason = ""
    return Refusal(str(message), str(reason))


def _kind(status: int, reason: str) -> ProblemKind:
    is_rate_limit = reason.lower().endswith("ratelimitexceeded")
    if status == 429 or (status == 403 and is_rate_limit):
        return ProblemKind.TOO_FAST
    if status == 408 or status >= 500:
        return ProblemKind.PASSING
    if status == 401:
        return ProblemKind.TOKEN_REFUSED
    return ProblemKind.FINAL


def _remedy(kind: ProblemKind, status: int, reason: str) -> Remedy:
    if kind is ProblemKind.TOO_FAST:
        return TOO_FAST
    if kind is ProblemKind.PASSING:
        return PASSING
    if reason in BY_REASON:
        return BY_REASON[reason]
    return BY_STATUS.get(status, OTHERWISE)


def _named(error: Exception) -> str:
    name = type(error).__name__
    text = str(error)
    return f"{name}: {text}" if text else name
