"""The one place through which every request goes: pace, sign, send, judge, try again.

Http.request                until an answer is good, or nothing helps any more
  Pace.wait                 keeps to the rate that Drive grants
  Account.sign              adds the token
  Exchange.send             a request and its whole answer, within one deadline
  judge, find_flaw          an answer -> Problem, or None where it is good
  Tries                     try again? after how long?

Three words: a `Problem` says why an attempt was no good. A flaw is the text of what is wrong with
an answer that claims success. A fault is what usually passes.
"""

from __future__ import annotations

import contextlib
import http.client
import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import httplib2

from .account import Account, NoTokenError
from .connection import ProxySupportMissing
from .deadline import Deadline
from .errors import TransientError
from .exchange import Exchange
from .flaws import find_flaw, find_flaw_in_part, is_plain_refusal, is_success, tells_of_nothing
from .pace import Pace
from .problems import (
    Problem,
    ProblemKind,
    address_refused,
    answer_has_flaw,
    connection_failed,
    judge,
    no_way_there,
)
from .remedies import PASSING
from .request import LedAstray, Request, ask_how_much_arrived, origin_of
from .retry import Tries, retry_after_seconds

__all__ = ["FindFlaw", "Http", "Purpose", "Transport"]

logger = logging.getLogger(__name__)

CONNECTION_FAULTS = (OSError, http.client.HTTPException, httplib2.HttpLib2Error)
# Hosts that Google's addresses of files and uploads lead to.
GOOGLES_HOSTS = (".google.com", ".googleapis.com", ".googleusercontent.com")

FindFlaw = Callable[[Any, bytes], str | None]
"""`find_flaw(response, content)`: what is wrong with an answer, in words, or None."""


class Purpose(NamedTuple):
    """What a request is for.

    Attributes:
        what: As in "Could not <what>".
        find_flaw: Finds what is wrong with an answer, beyond its status.
        most_bytes: How long the content of the answer can be; None where it is not known.
        is_ours: Whether this room asks, and not somebody by PyDrive2, who wants its errors.
        is_wanted: Tells whether somebody still waits for the answer; None: somebody does.
    """

    what: str = "finish a request"
    find_flaw: FindFlaw | None = None
    most_bytes: int | None = None
    is_ours: bool = False
    is_wanted: Callable[[], bool] | None = None


class Transport:
    """What the threads of one Drive share on their way to it.

    Args:
        credentials: Any credentials object of google-auth.
        endpoint: Root URL of the Drive API.
        deadline: Seconds after which a request without an answer counts as lost.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Attributes:
        endpoint, deadline, attempts, clock, sleep: As given; no slash at the end of the first.
        counts: See `Drive.counts`.
        pace: The rate of the requests.
        account: The token of the requests.
        exchange: The connections.
    """

    def __init__(
        self,
        credentials: Any,
        endpoint: str,
        *,
        deadline: float,
        attempts: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.deadline = deadline
        self.attempts = attempts
        self.clock = clock
        self.sleep = sleep
        self.counts: Counter[str] = Counter()
        self.pace = Pace(clock, sleep)
        self.account = Account(credentials, self.counts)
        self.exchange = Exchange()

    def check_address(self, uri: str) -> None:
        """Raises LedAstray unless it is an address that the token may go to."""
        origin = origin_of(uri)
        home = origin_of(self.endpoint)
        both_encrypted = origin.scheme == home.scheme == "https"
        both_googles = origin.host.endswith(GOOGLES_HOSTS) and home.host.endswith(GOOGLES_HOSTS)
        if origin != home and not (both_encrypted and both_googles):
            raise LedAstray(f"to {origin.host}, which is not where this Drive is")


class Http:
    """What googleapiclient and PyDrive2 take for their httplib2.Http, one a thread.

    Args:
        transport: What the threads share.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._purpose = Purpose()
        self._times_sent: Counter[str] = Counter()  # {Content-Range: of each piece of an upload}

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
            The response and its content. An error in Drive's own form is given back, too, to
            whoever asked by PyDrive2, which makes an ApiRequestError of it.

        Raises:
            DriveError: One of its family, when all else failed.
        """
        lower_case = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(uri, method, body, lower_case, redirections)
        shared = self._transport
        what = self._purpose.what
        if self._is_stuck(request):
            raise TransientError(f"Could not {what}: Drive does not take it. {PASSING.advice}")
        tries = Tries(shared.attempts, repeatable=request.is_repeatable, clock=shared.clock)
        while True:
            answer = self._attempt(request, tries.patience_ends)
            if answer.problem is None:
                return answer.response, answer.content
            tries.failed(answer.problem)
            if not tries.may_go_on():
                break
            wait = tries.wait()
            if wait:
                shared.sleep(wait)
            is_wanted = self._purpose.is_wanted
            if is_wanted is not None and not is_wanted():
                break
            logger.info("Again: %s, after %s", what, answer.problem.said)
            request = ask_how_much_arrived(request)
        if self._passes_on(answer):
            return answer.response, answer.content
        raise tries.error(what)

    def _attempt(self, request: Request, latest: float) -> Answer:
        """Sends a request once, when its turn has come, and tells the others how it went."""
        shared = self._transport
        turn = shared.pace.wait(latest)
        shared.counts["requests"] += 1
        answer = self._send(request)
        if answer.problem is None:
            answer = replace(answer, problem=self._flaw_of(request, answer))
        problem = answer.problem
        if problem is not None:
            shared.counts[problem.kind.value] += 1
        if problem is None or problem.kind in (ProblemKind.TOKEN_REFUSED, ProblemKind.FINAL):
            shared.pace.granted(turn)
        elif problem.kind is ProblemKind.TOO_FAST:
            shared.pace.refused(turn, problem.retry_after)
        return answer

    def _send(self, request: Request) -> Answer:
        try:
            return self._sign_and_send(request)
        except BaseException as error:
            raise without_frames(error) from None

    def _sign_and_send(self, request: Request) -> Answer:
        """One attempt. Whatever a server does is an answer; the token does not get out of here."""
        shared = self._transport
        deadline = Deadline(shared.deadline)
        signature: dict[str, str] = {}
        token = ""
        try:
            shared.check_address(request.uri)
            token = shared.account.sign(signature, deadline.left())
            response, content = shared.exchange.send(
                request,
                signature,
                self._most_bytes(request),
                deadline,
                expected=self._expected_bytes(request),
            )
        except NoTokenError as error:
            return Answer(error.problem)
        except LedAstray as error:
            return Answer(address_refused(error))
        except ProxySupportMissing as error:
            return Answer(no_way_there(error))
        except CONNECTION_FAULTS as error:
            return Answer(connection_failed(error, token))
        if not request.expects_a_file or response.status >= 300:
            content = content.replace(token.encode(), b"")
        forget_repeated(token, response)
        if is_success(request, response.status):
            return Answer(None, response, content)
        problem = judge(
            response.status,
            content,
            _retry_after(response),
            token,
            by_key=not shared.account.is_signed_in,
        )
        if problem.kind is ProblemKind.TOKEN_REFUSED:
            shared.account.refuse(token)
        return Answer(problem, response, content)

    def _most_bytes(self, request: Request) -> int:
        expected = self._expected_bytes(request)
        return request.most_bytes if expected is None else expected

    def _expected_bytes(self, request: Request) -> int | None:
        """How long the answer is, as far as that is known before it comes."""
        if self._purpose.most_bytes is not None:
            return self._purpose.most_bytes
        return request.range_bytes

    def _flaw_of(self, request: Request, answer: Answer) -> Problem | None:
        """The problem with an answer that claims success, or None."""
        response = answer.response
        flaw = self._find_flaw(request, response, answer.content)
        if flaw is None:
            return None
        return answer_has_flaw(flaw, response.status, _retry_after(response))

    def _find_flaw(self, request: Request, response: Any, content: bytes) -> str | None:
        purpose = self._purpose
        flaw = find_flaw(request, response, content)
        if flaw is None and purpose.find_flaw is not None:
            flaw = purpose.find_flaw(response, content)
        if flaw is None and not purpose.is_ours:
            flaw = find_flaw_in_part(request, response, content)
        most_bytes = self._most_bytes(request)
        if flaw is None and len(content) > most_bytes:
            flaw = f"Drive sent more than {most_bytes} bytes"
        return flaw

    def _passes_on(self, answer: Answer) -> bool:
        """Whether an error is given back as it is, to whoever knows what to make of it."""
        if self._purpose.is_ours or answer.response is None:
            return False
        return tells_of_nothing(answer.response) or is_plain_refusal(answer.content)

    def _is_stuck(self, request: Request) -> bool:
        """Whether an upload does not get on: googleapiclient would go on for ever.

        A piece counts over the whole upload, whichever address it goes to, and whatever was sent
        in between.
        """
        if not request.sends_a_piece:
            self._times_sent.clear()
            return False
        piece = request.headers.get("content-range", "")
        self._times_sent[piece] += 1
        return self._times_sent[piece] > self._transport.attempts


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came of one attempt. It does not show what a server sent, who may repeat the token.

    Attributes:
        problem: Why it is no good, or None.
        response: httplib2's, or None where no answer came.
        content: Its body.
    """

    problem: Problem | None
    response: Any = None
    content: bytes = b""


def without_frames(error: BaseException) -> BaseException:
    """An error without the frames that it came through, whose variables hold the token.

    An error report shows the variables of all frames. A note says where the error arose.
    """
    frames = traceback.extract_tb(error.__traceback__)
    error.add_note(f"It arose in {frames[-1].filename}, line {frames[-1].lineno}.")
    error.__context__ = None
    error.__cause__ = None
    return error.with_traceback(None)


def forget_repeated(token: str, response: Any) -> None:
    """Empties the headers of an answer that repeat the token of the request."""
    for name, value in response.items():
        if token in value:
            response[name] = ""


def _retry_after(response: Any) -> float | None:
    return retry_after_seconds(response.get("retry-after"))
