"""The token that signs each request, shared by all threads."""

from __future__ import annotations

import datetime
import threading
import time
from collections import Counter
from typing import Any

import google.auth.api_key

from .forks import restart_after_fork
from .problems import Problem
from .renewal import Renewal, is_token

__all__ = ["Account", "NoTokenError"]


class NoTokenError(Exception):
    """There is no fresh token.

    Args:
        problem: Why, and what helps.

    Attributes:
        problem: As given.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.said)
        self.problem = problem


class Account:
    """Credentials of google-auth, refreshed once for all threads.

    Args:
        credentials: Any credentials object of google-auth.
        counts: Counts the "refreshes".

    Attributes:
        is_signed_in: Whether somebody is; an API key stands for nobody.
    """

    def __init__(self, credentials: Any, counts: Counter[str]) -> None:
        self._credentials = credentials
        self.is_signed_in = not isinstance(credentials, google.auth.api_key.Credentials)
        self._counts = counts
        self._refused_token: str | None = None
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Begins without a renewal: a forked process has its parent's lock, but not its threads."""
        self._lock = threading.Lock()
        self._renewal: Renewal | None = None

    def sign(self, headers: dict[str, str], seconds: float) -> str:
        """Adds the token to the headers, a fresh one if the old one ran out or was refused.

        Args:
            headers: Of a request; changed.
            seconds: To wait for a fresh token at most.

        Returns:
            The token, to tell `refuse` about it.

        Raises:
            NoTokenError: There is no fresh token.
        """
        renewal = self._renewal_if_needed(seconds)
        if renewal is not None:
            self._wait_for(renewal, seconds)
        self._credentials.apply(headers)
        token: str = self._credentials.token
        return token

    def refuse(self, token: str | None) -> None:
        """Drive did not take this token.

        The next `sign` refreshes the token, unless another thread has done so.
        """
        self._refused_token = token

    def _wait_for(self, renewal: Renewal, seconds: float) -> None:
        problem = renewal.wait(seconds)
        if problem is not None:
            raise NoTokenError(problem)
        with self._lock:
            if self._renewal is renewal:  # else another thread was here first
                self._renewal = None
                self._refused_token = None

    def _renewal_if_needed(self, seconds: float) -> Renewal | None:
        """The attempt at a fresh token that is under way, or a new one; None without need."""
        with self._lock:
            if not self._needs_refresh():
                return None
            if self._renewal is None or self._renewal.is_over:
                self._renewal = self._begin_renewal(seconds)
            return self._renewal

    def _begin_renewal(self, seconds: float) -> Renewal:
        self._counts["refreshes"] += 1
        renewal = Renewal(self._credentials, seconds)
        renewal.start()
        return renewal

    def _needs_refresh(self) -> bool:
        token = self._credentials.token
        return not is_token(token) or token == self._refused_token or self._ran_out()

    def _ran_out(self) -> bool:
        """Whether the token has ended by its own date.

        google-auth would refresh four minutes early, which is at each request if a token lives
        shorter than that.
        """
        expiry = getattr(self._credentials, "expiry", None)
        if not expiry:
            return False
        ends: float = expiry.replace(tzinfo=datetime.UTC).timestamp()
        return ends <= time.time()
