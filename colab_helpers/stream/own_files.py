"""Files that belong to this user alone: what somebody else planted is refused, never followed.

A cache may lie in a folder that others can write to, such as one below /tmp. Whoever plants a link
there must not have the file at its other end overwritten, and whoever plants a file must not
choose what is read from it.
"""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["OwnFile", "make_own_folder", "open_own"]

OWNER_ONLY = 0o600
FOLDER_OF_OWNER = 0o700
ROOT = 0  # the user whom everybody has to trust
NOT_OPEN = -1
# Opening a pipe or a terminal by mistake does not wait, and leaves nothing to child processes.
CAREFULLY = (
    getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)


def make_own_folder(path: str) -> None:
    """Makes a folder where there is none.

    Raises:
        OSError: It cannot be made, or it belongs to another user, or a link of another user leads
            to it.
    """
    os.makedirs(path, FOLDER_OF_OWNER, exist_ok=True)
    for status in (os.lstat(path), os.stat(path)):
        if status.st_uid not in (os.geteuid(), ROOT):
            raise PermissionError(f"the folder belongs to another user (uid {status.st_uid})")


def open_own(path: str, flags: int) -> int:
    """Opens a file of this user and returns its descriptor.

    Raises:
        OSError: There is a link, or what is no plain file, or a file with a second name, or one of
            another user.
    """
    try:
        descriptor = os.open(path, flags | CAREFULLY, OWNER_ONLY)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PermissionError(f"{path!r} is a link, which is not followed") from None
        raise
    try:
        refuse_planted(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def refuse_planted(status: os.stat_result, path: str) -> None:
    """Refuses what was not made by `open_own` for this user."""
    if not stat.S_ISREG(status.st_mode):
        raise PermissionError(f"{path!r} is no plain file")
    if status.st_nlink > 1:
        raise PermissionError(f"{path!r} is a file that has a second name elsewhere")
    if status.st_uid != os.geteuid():
        raise PermissionError(f"{path!r} belongs to another user (uid {status.st_uid})")


class OwnFile:
    """A file that is read and written at given places, by many threads at once.

    It is made if missing, readable by its owner only, and closed when nobody holds it any more.
    """

    _descriptor = NOT_OPEN

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = open_own(path, os.O_RDWR | os.O_CREAT)

    def __del__(self) -> None:
        if self._descriptor != NOT_OPEN:
            os.close(self._descriptor)

    def is_open_as(self, descriptor: int) -> bool:
        """Whether a descriptor is of this very file."""
        return os.path.sameopenfile(self._descriptor, descriptor)

    def size(self) -> int:
        """Bytes, those reserved included."""
        return os.fstat(self._descriptor).st_size

    def read(self, length: int, offset: int) -> bytes:
        """Returns bytes; fewer where the file ends before."""
        return os.pread(self._descriptor, length, offset)

    def read_into(self, buffer: bytearray | memoryview, offset: int) -> int:
        """Fills a buffer and returns how many bytes there were."""
        return os.preadv(self._descriptor, [buffer], offset)

    def write(self, content: bytes | memoryview, offset: int) -> None:
        """Writes bytes, or as many of them as the disk has room for."""
        os.pwrite(self._descriptor, content, offset)

    def truncate(self, size: int) -> None:
        """Cuts the file off at so many bytes."""
        os.ftruncate(self._descriptor, size)

    def reserve(self, start: int, length: int) -> None:
        """Makes the file longer, by blocks of the disk that are its own from now on."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self._descriptor, start, length)
        else:  # macOS
            os.ftruncate(self._descriptor, start + length)
