"""A fresh token: one attempt to get it, in a thread of its own, and what its failure calls for."""

from __future__ import annotations

import ssl
import threading
import time
from typing import Any

import google.auth.exceptions

from .connection import ProxySupportMissing
from .errors import SignInError
from .messages import shown
from .problems import Problem, ProblemKind, connection_failed, no_way_there
from .remedies import PASSING
from .token_request import FINAL_CODES, NO_SUCH_ACCOUNT, TokenRequest

__all__ = ["Renewal", "is_token"]

TOO_SLOW = "the answer came too slowly"


class Renewal:
    """One attempt at a fresh token, for all who wait for it.

    It runs in a thread of its own: whatever the credentials do meanwhile, nobody waits longer than
    they want, and an error has no frames of theirs, whose variables hold secrets.

    Args:
        credentials: Any credentials object of google-auth.
        seconds: In which the token must come; later nobody waits for it.
    """

    def __init__(self, credentials: Any, seconds: float) -> None:
        self._credentials = credentials
        self._seconds = seconds
        self._ends = time.monotonic() + seconds
        self._over = threading.Event()
        self._problem: Problem | None = _passing("nothing came")

    def start(self) -> None:
        """Begins, in a thread that does not keep the program alive."""
        threading.Thread(target=self._run, name="fresh-token", daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether nobody should wait for it any more."""
        return self._over.is_set() or time.monotonic() >= self._ends

    def wait(self, seconds: float) -> Problem | None:
        """Waits until it is over; why there is no fresh token, or None if there is one.

        Args:
            seconds: To wait at most.
        """
        left = min(seconds, self._ends - time.monotonic())
        if self._over.wait(max(left, 0)):
            return self._problem
        return _passing(TOO_SLOW)

    def _run(self) -> None:
        request = TokenRequest(self._seconds)
        try:
            self._credentials.refresh(request)
            self._problem = None
            if not is_token(self._credentials.token):
                self._problem = _passing("the answer holds no token")
        except Exception as error:  # of google-auth, the network, or what an odd answer leads to
            self._problem = _problem_with(error, request)
        finally:
            self._over.set()


def is_token(token: Any) -> bool:
    """Whether it can stand in a header."""
    return isinstance(token, str) and token != "" and token.isascii() and token.isprintable()


def _problem_with(error: Exception, request: TokenRequest) -> Problem:
    """What a failed attempt calls for.

    google-auth calls almost every error final, so the last answer decides:
    https://github.com/googleapis/google-auth-library-python/issues/1562
    """
    answer = request.answer
    if answer is None:
        return _problem_without_answer(error)
    if answer.code is not None:
        return _final(f"{answer.code}: {FINAL_CODES[answer.code]}")
    if answer.status == NO_SUCH_ACCOUNT:
        return _final("the server knows of no account that is signed in")
    if answer.status == 200:
        return _passing("the answer makes no sense")
    return _passing(f"the server said {answer.status}")


def _problem_without_answer(error: Exception) -> Problem:
    asked_nobody = isinstance(error, google.auth.exceptions.GoogleAuthError) and not isinstance(
        error, google.auth.exceptions.TransportError
    )
    if asked_nobody:
        return _final(shown(str(error.args[0] if error.args else error)))
    if isinstance(error, ssl.SSLCertVerificationError):
        return connection_failed(error)
    if isinstance(error, ProxySupportMissing):
        return no_way_there(error)
    if isinstance(error, TimeoutError):
        return _passing(TOO_SLOW)
    return _passing(f"no answer came, {type(error).__name__}")


def _passing(why: str) -> Problem:
    return Problem(
        kind=ProblemKind.PASSING,
        error=PASSING.error,
        advice=PASSING.advice,
        said=f"no fresh token could be had ({why})",
    )


def _final(why: str) -> Problem:
    return Problem(
        kind=ProblemKind.FINAL,
        error=SignInError,
        advice="Sign in again: run connect() once more, on Colab in a cell of its notebook.",
        said=f"the sign-in has ended ({why})",
    )
