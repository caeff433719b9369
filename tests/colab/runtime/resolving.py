"""Has Drive's real address lead to a stand-in on this machine, in this process alone."""

import os
import socket

DRIVE = ("www.googleapis.com", 443)


def resolve_drive_to_the_stand_in():
    """Changes how names are resolved; the environment variable STAND_IN_PORT names the port."""
    stand_in = ("127.0.0.1", int(os.environ["STAND_IN_PORT"]))
    resolve = socket.getaddrinfo

    def resolve_with_stand_in(host, port, *arguments, **options):
        if (host, port) == DRIVE:
            host, port = stand_in
        return resolve(host, port, *arguments, **options)

    socket.getaddrinfo = resolve_with_stand_in
