"""The one place through which every request goes: pace, sign, send, judge, try again.

Http.request                until an answer is good, or nothing helps any more
  Pace.wait                 keeps to the rate that Drive grants
  Account.sign              adds the token
  TimedResponse.read        a whole answer within the deadline
  judge, Purpose.find_flaw  an answer -> Problem, or None where it is good
  Tries                     try again? after how long?

Three words: a `Problem` says why an attempt was no good. A flaw is the text of what is wrong with
an answer that claims success. A fault is what usually passes.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import google.auth.exceptions
import httplib2

from .account import Account
from .errors import (
    Problem,
    ProblemKind,
    answer_has_flaw,
    connection_failed,
    judge,
    sign_in_ended,
)
from .pace import Pace
from .retry import Tries, retry_after_seconds

__all__ = ["FindFlaw", "Http", "Purpose", "Transport"]

logger = logging.getLogger(__name__)

SLOWEST = 100_000  # bytes a second; a large answer has a second more for each so many
PACKET = 1 << 16  # bytes that are asked of the socket at once
CONNECTION_FAULTS = (
    OSError,
    http.client.HTTPException,
    httplib2.HttpLib2Error,
    google.auth.exceptions.TransportError,
)

FindFlaw = Callable[[Any, bytes], str | None]
"""`find_flaw(response, content)`: what is wrong with an answer, in words, or None."""


class Purpose(NamedTuple):
    """What a request is for.

    Attributes:
        what: As in "Could not <what>".
        find_flaw: Finds what is wrong with an answer, beyond its status.
    """

    what: str = "finish a request"
    find_flaw: FindFlaw | None = None


class Transport:
    """What the threads of one Drive share on their way to it.

    Args:
        credentials: Any credentials object of google-auth.
        deadline: Seconds after which a request without an answer counts as lost.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Attributes:
        deadline, attempts, clock, sleep: As given.
        counts: See `Drive.counts`.
        pace: The rate of the requests.
        account: The token of the requests.
    """

    def __init__(
        self,
        credentials: Any,
        *,
        deadline: float,
        attempts: int,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
    ) -> None:
        self.deadline = deadline
        self.attempts = attempts
        self.clock = clock
        self.sleep = sleep
        self.counts: Counter[str] = Counter()
        self.pace = Pace(clock, sleep)
        self.account = Account(credentials, self.counts)


class Http:
    """What googleapiclient and PyDrive2 take for their httplib2.Http, one a thread.

    Args:
        plain: The httplib2.Http that sends and receives.
        transport: What the threads share.
    """

    def __init__(self, plain: Any, transport: Transport) -> None:
        self._plain = plain
        self._plain.timeout = transport.deadline
        self._transport = transport
        self._purpose = Purpose()

    @contextlib.contextmanager
    def meant(self, purpose: Purpose) -> Iterator[Http]:
        """Tells what the requests within are for."""
        before = self._purpose
        self._purpose = purpose
        try:
            yield self
        finally:
            self._purpose = before

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str] | None = None,
        redirections: int = 5,
        connection_type: Any = None,
    ) -> tuple[Any, bytes]:
        """Sends a request until its answer is good.

        Args:
            uri: As all that follows, as httplib2.Http.request has it.
            method: Of HTTP.
            body: Bytes, text, or a file.
            headers: Without the token.
            redirections: How many are followed.
            connection_type: Not used; the connections here have a deadline.

        Returns:
            The response and its content.

        Raises:
            DriveError: One of its family, when all else failed.
        """
        request = Request(uri, method, body, dict(headers or {}), redirections)
        shared = self._transport
        tries = Tries(shared.attempts, repeatable=request.is_repeatable, clock=shared.clock)
        while True:
            answer = self._attempt(request)
            if answer.problem is None:
                return answer.response, answer.content
            tries.failed(answer.problem)
            if not tries.may_go_on():
                raise tries.error(self._purpose.what)
            wait = tries.wait()
            if wait:
                shared.sleep(wait)
            logger.info("Again: %s, after %s", self._purpose.what, answer.problem.said)
            request = ask_how_much_arrived(request)

    def _attempt(self, request: Request) -> Answer:
        """Sends a request once, when its turn has come, and tells the others how it went."""
        shared = self._transport
        turn = shared.pace.wait()
        shared.counts["requests"] += 1
        answer = self._send(request)
        problem = answer.problem
        if problem is not None:
            shared.counts[problem.kind.value] += 1
        if problem is None or problem.kind in (ProblemKind.TOKEN_REFUSED, ProblemKind.FINAL):
            shared.pace.granted(turn)
        elif problem.kind is ProblemKind.TOO_FAST:
            shared.pace.refused(turn, problem.retry_after)
        return answer

    def _send(self, request: Request) -> Answer:
        headers = dict(request.headers)
        try:
            token = self._transport.account.sign(headers, self._plain)
            response, content = self._plain.request(
                request.uri,
                request.method,
                request.body,
                headers,
                request.redirections,
                request.connection_type,
            )
        except google.auth.exceptions.RefreshError as error:
            return Answer(sign_in_ended(error.args[0], may_pass=error.retryable))
        except CONNECTION_FAULTS as error:
            # What is left of this answer must not be taken for the next one.
            self._plain.close()
            return Answer(connection_failed(error))
        problem = self._problem_with(request, response, content)
        if problem is not None and problem.kind is ProblemKind.TOKEN_REFUSED:
            self._transport.account.refuse(token)
        return Answer(problem, response, content)

    def _problem_with(self, request: Request, response: Any, content: bytes) -> Problem | None:
        retry_after = retry_after_seconds(response.get("retry-after"))
        if response.status >= 400:
            return judge(response.status, content, retry_after)
        find_flaw = self._purpose.find_flaw or request.find_flaw_in_json
        flaw = find_flaw(response, content)
        if flaw is None:
            return None
        return answer_has_flaw(flaw, response.status, retry_after)


class Request(NamedTuple):
    """A request, as it is sent again and again: without the token."""

    uri: str
    method: str
    body: Any
    headers: dict[str, str]
    redirections: int

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when it is not known if it arrived.

        A plain POST sent twice makes two of something. The POST that begins an upload makes
        nothing yet, and a query too long for an address comes as a POST that reads only.
        """
        begins_an_upload = "uploadType=resumable" in self.uri
        only_reads = "x-http-method-override" in self.headers
        return self.method != "POST" or begins_an_upload or only_reads

    @property
    def connection_type(self) -> type[TimedConnection] | type[TimedSecureConnection]:
        """The class of the connection, which sees to the deadline."""
        if self.uri.startswith("https:"):
            return TimedSecureConnection
        return TimedConnection

    def find_flaw_in_json(self, response: Any, content: bytes) -> str | None:
        """What is wrong with an answer that should be JSON, in words, or None."""
        expects_json = self.method == "PUT" or "alt=json" in self.uri
        goes_on_elsewhere = response.status >= 300 or "location" in response
        if not expects_json or goes_on_elsewhere:
            return None
        try:
            json.loads(content)
        except ValueError:
            return "Drive's answer was cut short"
        return None


class Answer(NamedTuple):
    """What came of one attempt.

    Attributes:
        problem: Why it is no good, or None.
        response: httplib2's, or None where no answer came.
        content: Its body.
    """

    problem: Problem | None
    response: Any = None
    content: bytes = b""


def ask_how_much_arrived(request: Request) -> Request:
    """The request to send after a fault: for a piece of an upload, how much of it arrived.

    googleapiclient goes on from the answer. Any other request is sent again as it is:
    https://developers.google.com/workspace/drive/api/guides/manage-uploads#resume-upload

    Example:
        >>> piece = Request("https://...", "PUT", b"...", {"Content-Range": "bytes 0-2/9"}, 5)
        >>> ask_how_much_arrived(piece).headers["Content-Range"]
        'bytes */9'
    """
    content_range = request.headers.get("Content-Range", "")
    piece = re.fullmatch(r"bytes \d+-\d+(?P<of_total>/.+)", content_range)
    if piece is None:
        return request
    headers = {"Content-Range": f"bytes *{piece['of_total']}", "content-length": "0"}
    return request._replace(headers=headers, body=None)


class TimedResponse(http.client.HTTPResponse):
    """An answer whose whole body has a deadline.

    A socket's own timeout bounds only each wait for a packet.

    Args:
        deadline: Seconds until the whole body must have come, plus one for each `SLOWEST` bytes.
        arguments, options: As http.client.HTTPResponse has them.
    """

    def __init__(self, *arguments: Any, deadline: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deadline = deadline

    def read(self, amt: int | None = None) -> bytes:
        """The body, or as much of it as asked for."""
        if amt is not None:
            return super().read(amt)
        ends = time.monotonic() + self._deadline + (self.length or 0) / SLOWEST
        parts = []
        while part := self.read1(PACKET):
            parts.append(part)
            if time.monotonic() > ends:
                raise TimeoutError("the answer came too slowly")
        body = b"".join(parts)
        if self.length:
            raise http.client.IncompleteRead(body, self.length)
        self.close()
        return body


class TimedConnection(httplib2.HTTPConnectionWithTimeout):
    """A connection whose time-out bounds whole answers."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.response_class = functools.partial(TimedResponse, deadline=self.timeout)


class TimedSecureConnection(httplib2.HTTPSConnectionWithTimeout):
    """As `TimedConnection`, encrypted."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.response_class = functools.partial(TimedResponse, deadline=self.timeout)
