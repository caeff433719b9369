"""The token that signs each request, shared by all threads."""

from __future__ import annotations

import datetime
import threading
import time
from collections import Counter
from typing import Any

import google_auth_httplib2

__all__ = ["Account"]


class Account:
    """Credentials of google-auth, refreshed once for all threads.

    Args:
        credentials: Any credentials object of google-auth.
        counts: Counts the "refreshes".
    """

    def __init__(self, credentials: Any, counts: Counter[str]) -> None:
        self._credentials = credentials
        self._counts = counts
        self._lock = threading.Lock()
        self._refused_token: str | None = None

    def sign(self, headers: dict[str, str], plain: Any) -> str:
        """Adds the token to the headers, a fresh one if the old one ran out or was refused.

        Args:
            headers: Of a request; changed.
            plain: The httplib2.Http that a refresh is sent by.

        Returns:
            The token, to tell `refuse` about it.

        Raises:
            google.auth.exceptions.GoogleAuthError: There is no fresh token.
        """
        with self._lock:
            if self._needs_refresh():
                self._counts["refreshes"] += 1
                self._credentials.refresh(google_auth_httplib2.Request(plain))
                self._refused_token = None
            self._credentials.apply(headers)
            token: str = self._credentials.token
            return token

    def refuse(self, token: str | None) -> None:
        """Drive did not take this token.

        The next `sign` refreshes the token, unless another thread has done so.
        """
        self._refused_token = token

    def _needs_refresh(self) -> bool:
        token = self._credentials.token
        return not token or token == self._refused_token or self._ran_out()

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
