"""HTTP on loopback: bytes become a request, a function answers it, and the answer becomes bytes.

One asyncio thread serves everybody, so that hundreds of slow requests cost next to no CPU.
"""

from __future__ import annotations

import asyncio
import http
import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple

from .messages import Request, Response

BACKLOG = 1024  # connections that may wait to be accepted
PHRASES = {status.value: status.phrase for status in http.HTTPStatus}
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of no time: close() sends RST


class Server:
    """Serves a function of a request on 127.0.0.1, in a thread of its own.

    Args:
        answer: Gives the answer to a request; it must not block.
        delay: Seconds before the answer to a request of some kind is sent.
        port: 0 takes a free one.

    Attributes:
        in_flight: How many requests wait for their answers now.
        most_in_flight: How many have waited at once.
    """

    def __init__(
        self,
        answer: Callable[[Request], Response],
        delay: Callable[[str], float],
        port: int = 0,
    ) -> None:
        self._answer = answer
        self._delay = delay
        self._port = port
        self.connections: set[Connection] = set()
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def url(self) -> str:
        """The address; it has its port once the server was started."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serves until `stop`.

        Raises:
            OSError: The port is taken.
        """
        listener = socket.create_server(("127.0.0.1", self._port), backlog=BACKLOG)
        self._port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, args=[listener], name="fake-drive", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Ends all connections and the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        start = self._loop.create_server(lambda: Connection(self), sock=listener, backlog=BACKLOG)
        server = self._loop.run_until_complete(start)
        self._loop.run_forever()
        server.close()
        for connection in list(self.connections):
            connection.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def handle(self, request: Request, connection: Connection) -> None:
        """Has a request answered, and its answer sent when it is time."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        response = self._answer(request)
        delay = self._delay(request.kind)
        if delay:
            self._loop.call_later(delay, self._finish, response, connection)
        else:
            self._finish(response, connection)

    def _finish(self, response: Response, connection: Connection) -> None:
        self.in_flight -= 1
        connection.send(response)


class Head(NamedTuple):
    """The first lines of a request."""

    method: str
    target: str
    headers: dict[str, str]
    body_length: int


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request at a time."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self._server = server
        self._received = bytearray()
        self._head: Head | None = None
        self._is_answering = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self.transport = transport  # type: ignore[assignment]  # TCP's is a Transport
        self._server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Called by asyncio."""
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._received += data
        if not self._is_answering:
            self._take_request()

    def _take_request(self) -> None:
        """Hands on the next request, once all of it has come."""
        if self._head is None:
            self._head = self._take_head()
        head = self._head
        if head is None or len(self._received) < head.body_length:
            return
        body = self._take(head.body_length)
        self._head = None
        self._is_answering = True
        self._server.handle(Request(head.method, head.target, head.headers, body), self)

    def _take_head(self) -> Head | None:
        length = self._received.find(b"\r\n\r\n")
        if length < 0:
            return None
        text = self._take(length + 4).decode("latin-1")
        first_line, *lines = text[:-4].split("\r\n")
        method, target, _ = first_line.split(" ", 2)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Head(method, target, headers, int(headers.get("content-length", 0)))

    def _take(self, count: int) -> bytes:
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def send(self, response: Response) -> None:
        """Sends an answer, or plays the end of the connection; then takes the next request."""
        if response.end == "stall" or self.transport.is_closing():
            return
        if response.end == "reset":
            self._reset()
            return
        self.transport.writelines([_head_of(response), response.body])
        if response.length is not None:
            self.transport.close()
        self._is_answering = False
        if self._received:
            self._take_request()

    def _reset(self) -> None:
        connection = self.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()

    def abort(self) -> None:
        """Ends the connection at once."""
        self.transport.abort()


def _head_of(response: Response) -> bytes:
    length = len(response.body) if response.length is None else response.length
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        **response.headers,
        "Content-Length": length,
    }
    lines = [f"HTTP/1.1 {response.status} {PHRASES.get(response.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
