"""A connection to a server, each wait of which is bounded by one deadline."""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import ipaddress
import socket
import ssl
import threading
from typing import Any, NamedTuple

import httplib2

from .deadline import Deadline

__all__ = ["Connection", "Origin", "ProxySupportMissing"]

# What tells a virtual machine who is signed in; it is in the machine's own network.
METADATA_SERVERS = ("metadata.google.internal", "169.254.169.254")
PIECE = 1 << 16  # bytes that are given to the socket at once


class ProxySupportMissing(httplib2.HttpLib2Error):
    """A proxy must be used, and the package that speaks to it is not there."""


class Origin(NamedTuple):
    """Where a request goes, without path and query.

    Attributes:
        scheme: "http" or "https".
        host: Its name or address, in lower case.
        port: A number.
    """

    scheme: str
    host: str
    port: int

    @property
    def is_this_machine(self) -> bool:
        """Whether it is the loopback address, which no proxy leads to.

        Example:
            >>> Origin("http", "127.0.0.1", 80).is_this_machine
            True
            >>> Origin("https", "www.googleapis.com", 443).is_this_machine
            False
        """
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Connection(http.client.HTTPConnection):
    """A connection that can be used for one request after another.

    Args:
        origin: Where it leads to.
        deadline: Of the first request.
    """

    sock: Any  # a TimedSocket, or None before it is opened

    def __init__(self, origin: Origin, deadline: Deadline) -> None:
        super().__init__(origin.host, origin.port)
        if origin.scheme == "https":
            self.default_port = http.client.HTTPS_PORT  # which the Host header does not name
        self._origin = origin
        self._deadline = deadline

    def __del__(self) -> None:
        """Ends it with the thread that it belongs to, or with its Drive."""
        self.close()

    def use(self, deadline: Deadline) -> None:
        """Has another deadline bound all waits from now on."""
        self._deadline = deadline
        if self.sock is not None:
            self.sock.deadline = deadline

    def connect(self) -> None:
        """Opens it; called by http.client.

        Raises:
            OSError: It cannot be opened, or not in time.
            ProxySupportMissing: It needs a proxy and PySocks.
        """
        proxy = proxy_to(self._origin)
        if proxy is None:
            sock = open_socket(self._origin, self._deadline)
        else:
            sock = open_socket_by_proxy(self._origin, proxy, self._deadline)
        if self._origin.scheme == "https":
            sock = self._encrypt(sock)
        self.sock = TimedSocket(sock, self._deadline)

    def _encrypt(self, sock: socket.socket) -> ssl.SSLSocket:
        try:
            sock.settimeout(self._deadline.left())
            context = trusting(httplib2.CA_CERTS)
            return context.wrap_socket(sock, server_hostname=self._origin.host)
        except BaseException:
            sock.close()
            raise


class TimedSocket:
    """As much of a socket as http.client uses; each wait is bounded by a deadline.

    Args:
        sock: A connected socket.
        deadline: Is extended by what was sent.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.deadline = deadline
        self._sock = sock

    def sendall(self, data: bytes) -> None:
        """Sends all of it."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), PIECE):
            piece = view[start : start + PIECE]
            self.bound_next_wait()
            self._sock.sendall(piece)
            self.deadline.extend(len(piece))

    def makefile(self, mode: str) -> io.BufferedReader:
        """What an answer is read from; the mode is always "rb"."""
        raw = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_TimedReader(self, raw))

    def bound_next_wait(self) -> None:
        """Has the next wait end with the deadline.

        Raises:
            TimeoutError: It is over.
        """
        self._sock.settimeout(self.deadline.left())

    def close(self) -> None:
        """Ends the connection, once all that was made by `makefile` is closed."""
        self._sock.close()


class _TimedReader(io.RawIOBase):
    """Reads from a `TimedSocket`."""

    def __init__(self, sock: TimedSocket, raw: socket.SocketIO) -> None:
        super().__init__()
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.bound_next_wait()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def open_socket(origin: Origin, deadline: Deadline) -> socket.socket:
    """A socket connected to one of the addresses of a host.

    Each address gets its share of the time, so that one which is silent leaves some for the next.
    """
    addresses = socket.getaddrinfo(origin.host, origin.port, 0, socket.SOCK_STREAM)
    failure: OSError | None = None
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        share = deadline.left() / (len(addresses) - number)
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(share)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure or OSError(f"{origin.host} has no address")


def proxy_to(origin: Origin) -> Any:
    """The httplib2.ProxyInfo of the proxy that the environment names; None to do without."""
    if origin.is_this_machine or origin.host in METADATA_SERVERS:
        return None
    proxy = httplib2.proxy_info_from_environment(origin.scheme)
    if proxy is None or not proxy.proxy_host or not proxy.applies_to(origin.host):
        return None
    return proxy


def open_socket_by_proxy(origin: Origin, proxy: Any, deadline: Deadline) -> Any:
    """A socket of PySocks, connected to a host through a proxy.

    Raises:
        ProxySupportMissing: PySocks is not installed.
    """
    socks = httplib2.socks  # PySocks, or None where it is not installed
    if socks is None:
        raise ProxySupportMissing(
            f"the environment names a proxy in {origin.scheme}_proxy, and the package PySocks, "
            "which speaks to it, is not installed"
        )
    sock = socks.socksocket()
    kind, host, port, resolves_names, user, password, _ = proxy.astuple()
    sock.setproxy(kind, host, port, resolves_names, user, password)
    seconds = deadline.left()
    watchdog = threading.Timer(seconds, end, [sock])  # PySocks waits for each packet anew
    watchdog.daemon = True
    watchdog.start()
    try:
        sock.settimeout(seconds)
        sock.connect((origin.host, origin.port))
    except BaseException:
        sock.close()
        raise
    finally:
        watchdog.cancel()
    return sock


def end(sock: socket.socket) -> None:
    """Ends a connection, so that whoever waits for it does so no longer."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


@functools.cache
def trusting(certificates: str) -> ssl.SSLContext:
    """What checks that a server is the one it says it is.

    Args:
        certificates: Path of the file of those that are trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certificates)
    return context
