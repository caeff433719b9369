"""A server on loopback that answers in bytes, as no honest server would."""

import contextlib
import json
import socket
import threading


class HostileServer:
    """Answers each request by a function of (connection, request).

    It may send whatever it wants, and for as long as `self.is_open`. Afterwards it listens for the
    next request on the same connection.

    Attributes:
        requests: The `HostileRequest`s that came.
        was_left: An event: a client has ended a connection.
        url: The address of the server.
    """

    def __init__(self, answer):
        self.requests = []
        self.was_left = threading.Event()
        self._answer = answer
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._listener.close()

    @property
    def is_open(self):
        return not self._ended.is_set()

    def pause(self, seconds):
        """Waits, unless the test is over; whether it is."""
        return self._ended.wait(seconds)

    def _accept(self):
        with contextlib.suppress(OSError):
            while self.is_open:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection):
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as lines:
            while True:
                request = HostileRequest.read(lines)
                if request is None:
                    self.was_left.set()
                    return
                self.requests.append(request)
                self._answer(connection, request)


class HostileRequest:
    """One request: its method, target, headers, the names in lower case, and body."""

    def __init__(self, method, target, headers, body):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body

    @classmethod
    def read(cls, lines):
        """The next request of a connection, or None at its end."""
        first = lines.readline().decode("latin-1")
        if not first:
            return None
        method, target, _ = first.split(" ", 2)
        headers = {}
        while line := lines.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = lines.read(int(headers.get("content-length", 0)))
        return cls(method, target, headers, body)


def head(status=200, **headers):
    """The first lines of an answer; an underscore in a name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def whole(body=b"", status=200, **headers):
    """A whole answer; what is no bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    return head(status, Content_Length=len(body), **headers) + body
