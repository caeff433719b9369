"""How google-auth asks a token server: within a time, and without a word in the log."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import google.auth.transport

from .body import read_body
from .connection import Connection
from .deadline import Deadline
from .request import origin_of

__all__ = ["FINAL_CODES", "NO_SUCH_ACCOUNT", "TokenAnswer", "TokenRequest", "TokenServerFailed"]

NO_SUCH_ACCOUNT = 404  # of the metadata server of a virtual machine, such as Colab's
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
# A token server's words for: this sign-in is over. Other text of its answer is never shown, since
# it can repeat what was sent.
# https://www.rfc-editor.org/rfc/rfc6749#section-5.2
# https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors
FINAL_CODES = {
    "access_denied": "access denied",
    "account_disabled": "the account is switched off",
    "admin_policy_enforced": "the administrator does not allow it",
    "deleted_client": "the OAuth client was deleted",
    "disabled_client": "the OAuth client is switched off",
    "invalid_client": "the OAuth client is unknown",
    "invalid_grant": "revoked, or not used for too long",
    "invalid_request": "the request was refused",
    "invalid_scope": "the right asked for is unknown",
    "org_internal": "the OAuth client is for its own organization only",
    "unauthorized_client": "the OAuth client is not allowed to do this",
    "unsupported_grant_type": "the way to sign in is unknown",
}
# https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
PASSING_CODES = ("internal_failure", "server_error", "temporarily_unavailable")
LARGEST_ANSWER = 1 << 20  # bytes


class TokenServerFailed(Exception):
    """The server said that it cannot answer now.

    No error of google-auth: at one of those it asks again by itself, with a line in the log each
    time, and sleeps while everybody waits. `Tries` sees to that.
    """


class TokenAnswer(NamedTuple):
    """What is kept of a token server's answer: nothing secret.

    Example:
        >>> TokenAnswer.of(400, b'{"error": "invalid_grant", "error_description": "1//token"}')
        TokenAnswer(status=400, is_failure=False, code='invalid_grant')
        >>> TokenAnswer.of(503, b"<html>").is_failure
        True

    Attributes:
        status: Of HTTP.
        is_failure: Whether the server is at fault, and not the request.
        code: One of `FINAL_CODES`, or None.
    """

    status: int
    is_failure: bool
    code: str | None = None

    @classmethod
    def of(cls, status: int, content: bytes) -> TokenAnswer:
        """An answer without its secrets.

        Args:
            status: Of HTTP.
            content: The body; JSON, or whatever stood between.
        """
        words = _error_words(content)
        says_failure = any(word in PASSING_CODES for word in words)
        is_failure = status >= 500 or status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS) or says_failure
        final = [word for word in words if word in FINAL_CODES]
        if is_failure or not final:
            return cls(status, is_failure)
        return cls(status, is_failure, final[0])


def _error_words(content: bytes) -> list[str]:
    """What an answer gives as its error, and in other words."""
    try:
        answer = json.loads(content)
        words = [answer.get("error"), answer.get("error_description")]
    except (ValueError, AttributeError, RecursionError):
        return []
    return [word for word in words if isinstance(word, str)]


class TokenResponse(NamedTuple):
    """An answer as google-auth reads it.

    Attributes:
        status: Of HTTP.
        headers: {name in lower case: value}.
        data: The body.
    """

    status: int
    headers: Mapping[str, str]
    data: bytes


class TokenRequest(google.auth.transport.Request):
    """Sends what google-auth asks of a token server.

    google_auth_httplib2.Request does the same, but cannot pass on the time-out that google-auth
    asks for, and says so in the log at each renewal. A redirect is not followed, since it could
    carry the secrets of the request to somebody else.

    Args:
        seconds: In which all requests must be answered.

    Attributes:
        answer: The answer to the last request, or None where none came.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.answer: TokenAnswer | None = None

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **options: Any,
    ) -> TokenResponse:
        """Sends one request.

        Args:
            url: As all that follows, as google.auth.transport.Request has it.
            method: Of HTTP.
            body: The form, with a secret.
            headers: Of the request.
            timeout: Seconds that google-auth gives the request.
            options: Of other kinds of Request, which it does not know.

        Raises:
            TokenServerFailed: It said that it cannot answer now.
            OSError, http.client.HTTPException: No answer came.
        """
        self.answer = None
        deadline = Deadline(self._seconds_left(timeout))
        parts = urlsplit(url)
        connection = Connection(origin_of(url), deadline)
        try:
            target = f"{parts.path or '/'}?{parts.query}".removesuffix("?")
            connection.request(method, target, body, dict(headers or {}))
            raw = connection.getresponse()
            content = read_body(raw, LARGEST_ANSWER, deadline).content
        finally:
            connection.close()
        self.answer = TokenAnswer.of(raw.status, content)
        if self.answer.is_failure:
            raise TokenServerFailed
        names = {name.lower(): value for name, value in raw.headers.items()}
        return TokenResponse(raw.status, names, content)

    def _seconds_left(self, timeout: float | None) -> float:
        left = self._ends - time.monotonic()
        return left if timeout is None else min(timeout, left)
