"""Whether to try a request again, and how long to wait before."""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections import Counter
from collections.abc import Callable

from .errors import DriveError
from .problems import Problem, ProblemKind

__all__ = ["Tries", "retry_after_seconds"]

# Seconds; "32 or 64": https://developers.google.com/workspace/drive/api/guides/limits
MOST_DOUBLINGS = 5  # of a wait of one second: it becomes 32
# Seconds for which refusals, and waits that Drive asks for, are waited out. Drive counts its quota
# by the minute.
PATIENCE = 300
MOST_TOKENS = 3  # tokens tried for one request


class Tries:
    """Counts the attempts at one request, and decides whether to go on and how long to wait.

    Example:
        >>> from .problems import judge
        >>> tries = Tries(attempts=10, repeatable=True, clock=lambda: 0.0)
        >>> tries.failed(judge(503, b"", retry_after=7.0))
        >>> tries.may_go_on(), tries.wait()
        (True, 7.0)

    Args:
        attempts: How often a request is sent at most, if it fails in a way that usually passes.
        repeatable: Whether the request may be sent again when it is not known if it arrived.
        clock: Tells the time in seconds.

    Attributes:
        patience_ends: When refusals are not waited out any more, by the clock.
    """

    def __init__(self, attempts: int, *, repeatable: bool, clock: Callable[[], float]) -> None:
        self._attempts = attempts
        self._repeatable = repeatable
        self._clock = clock
        self._began = clock()
        self.patience_ends = self._began + PATIENCE
        self._times: Counter[ProblemKind] = Counter()
        self._tokens_refused = 0  # in a row
        self._problem: Problem | None = None
        self._spent = 0.0  # seconds until the last problem

    def failed(self, problem: Problem) -> None:
        """Takes note of an attempt that was no good."""
        self._problem = problem
        self._times[problem.kind] += 1
        self._spent = self._clock() - self._began
        if problem.kind is ProblemKind.TOKEN_REFUSED:
            self._tokens_refused += 1
        else:
            self._tokens_refused = 0

    def may_go_on(self) -> bool:
        """Whether another attempt makes sense after the last problem."""
        kind = self._last_problem.kind
        if kind is ProblemKind.TOO_FAST:
            return self._has_patience
        if kind is ProblemKind.PASSING:
            may_pass = self._repeatable and self._times[kind] < self._attempts
            must_wait = self._last_problem.retry_after is not None
            return may_pass and (self._has_patience or not must_wait)
        if kind is ProblemKind.TOKEN_REFUSED:
            return self._tokens_refused < MOST_TOKENS
        return False

    def wait(self) -> float:
        """Seconds to wait before the next attempt.

        As long as Drive asked for, and not longer than patience lasts; else a truncated exponential
        backoff with jitter: https://developers.google.com/workspace/drive/api/guides/limits.
        """
        problem = self._last_problem
        if problem.kind is ProblemKind.TOKEN_REFUSED:
            return 0.0
        if problem.retry_after is not None:
            return min(problem.retry_after, PATIENCE - self._spent)
        doublings = min(self._times[problem.kind] - 1, MOST_DOUBLINGS)
        return random.uniform(0.5, 1) * 2.0**doublings

    def error(self, what: str) -> DriveError:
        """The error to raise when it was all in vain.

        Args:
            what: What the request was for, as in "Could not <what>".
        """
        problem = self._last_problem
        times = ""
        made = self._times.total()
        if made > 1:
            times = f", {made} attempts in {self._spent:.0f} s"
        message = f"Could not {what}: {problem.said}{times}. {problem.advice}"
        error = problem.error(message, problem.status)
        if problem.ends_run:
            error.ends_run = True
        return error

    @property
    def _has_patience(self) -> bool:
        return self._spent < PATIENCE

    @property
    def _last_problem(self) -> Problem:
        if self._problem is None:
            raise RuntimeError("Nothing has failed yet: call failed(problem) first.")
        return self._problem


def retry_after_seconds(header: str | None) -> float | None:
    """What a Retry-After header asks for, in seconds; None where it asks for no wait.

    The header holds seconds or a date:
    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after. More than `PATIENCE` is cut to it.

    Example:
        >>> retry_after_seconds("2.5"), retry_after_seconds("soon"), retry_after_seconds(None)
        (2.5, None, None)
    """
    if header is None:
        return None
    try:
        if re.fullmatch("[0-9.]+", header):
            seconds = float(header)
        else:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
    except (TypeError, ValueError, LookupError, OverflowError, OSError):
        return None
    if seconds <= 0:
        return None
    return min(seconds, PATIENCE)
