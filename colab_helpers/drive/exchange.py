"""One request and its answer, within one deadline: over kept connections, through redirects."""

from __future__ import annotations

import http.client
import os
import threading
from typing import Any

import httplib2

from .body import read_body
from .connection import Connection, Origin
from .deadline import Deadline
from .request import LedAstray, Request, origin_of

__all__ = ["Exchange"]

ERROR_BYTES = 1 << 16  # of a redirect or an error that are read at most
WITHOUT_BODY = (*range(100, 200), 204, 304)  # http.client reads none, even if one comes
MOST_KEPT = 4  # connections of a thread; redirects may lead to ever other hosts
USER_AGENT = "colab_helpers (gzip)"  # Google packs its answer for whoever says so


class Exchange(threading.local):
    """Sends requests, each once. Each thread and each process has connections of its own."""

    def __init__(self) -> None:
        self._connections: dict[Origin, Connection] = {}
        self._process = os.getpid()

    def send(
        self,
        request: Request,
        signature: dict[str, str],
        most: int,
        deadline: Deadline,
        *,
        expected: int | None = None,
    ) -> tuple[Any, bytes]:
        """Sends a request; its answer.

        Args:
            request: Without the token.
            signature: The headers that hold the token. After a redirect they are not sent.
            most: Bytes that the content can have. Of a longer one, one byte more is given back.
            deadline: Of the whole.
            expected: Bytes of the content, where that is known: for so many there is more time.

        Returns:
            The response, an httplib2.Response, and its content.

        Raises:
            OSError: No whole answer came, or not in time.
            http.client.HTTPException: What came is no answer.
            LedAstray: It redirects to where nobody should follow.
            ProxySupportMissing: There is no way there.
        """
        headers = {**complete(request.headers), **signature}
        while True:
            response, content = self._send_once(request, headers, most, deadline, expected)
            following = request.redirected(response.status, response.get("location"))
            if following is None:
                return response, content
            request = following
            headers = complete(request.headers)

    def _send_once(
        self,
        request: Request,
        headers: dict[str, str],
        most: int,
        deadline: Deadline,
        expected: int | None,
    ) -> tuple[Any, bytes]:
        connection = self._connection_for(request, deadline)
        can_be_stale = connection.sock is not None and request.body is None
        try:
            return talk(connection, request, headers, most, deadline, expected)
        except http.client.RemoteDisconnected:
            if not can_be_stale:
                raise
        # The server had closed a connection that nobody used for a while.
        return talk(connection, request, headers, most, deadline, expected)

    def _connection_for(self, request: Request, deadline: Deadline) -> Connection:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._close_all()  # they are the parent's, and stay open there
        origin = origin_of(request.uri)
        connection = self._connections.get(origin)
        if connection is None:
            if len(self._connections) >= MOST_KEPT:
                self._close_all()
            connection = Connection(origin, deadline)
            self._connections[origin] = connection
        if not request.is_repeatable:
            connection.close()  # on a stale one it would stay open whether the request arrived
        connection.use(deadline)
        return connection

    def _close_all(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections = {}


def talk(
    connection: Connection,
    request: Request,
    headers: dict[str, str],
    most: int,
    deadline: Deadline,
    expected: int | None,
) -> tuple[Any, bytes]:
    """Sends a request over a connection, and takes its answer."""
    is_free = False
    try:
        connection.request(request.method, request.target, request.body, headers)
        with connection.getresponse() as raw:
            response = httplib2.Response(raw)
            most = most if raw.status < 300 else ERROR_BYTES
            body = read_body(raw, most, deadline, expected=expected)
        is_free = body.is_whole and raw.status not in WITHOUT_BODY
    finally:
        if not is_free:
            connection.close()  # what is left of this answer must not be taken for the next one
    response.pop("content-encoding", None)
    response.pop("content-location", None)  # googleapiclient would go on there, with the token
    response["content-length"] = str(len(body.content))
    return response, body.content


def complete(headers: dict[str, str]) -> dict[str, str]:
    """Headers with those that every request has.

    Raises:
        LedAstray: One of them, as Drive told it, would begin another.
    """
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable()):
            raise LedAstray(f"with a {name} that no request can have")
    completed = {"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate", **headers}
    if "range" in headers:
        completed["accept-encoding"] = "identity"  # else it is a range of what was packed
    return completed
