"""Google Drive as a source of files: the face of what lies beneath."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .changes import list_changes
from .client import Client
from .files import Changes, File, Listing
from .items import SHARED_WITH_ME, as_file, target_id
from .listing import walk
from .lookup import ItemKind, find_item
from .reading import read
from .service import GOOGLE, Service
from .transport import Transport
from .uploads import upload

__all__ = ["ATTEMPTS", "DEADLINE", "Drive"]

DEADLINE = 60  # seconds; see `deadline` of `Drive`
ATTEMPTS = 10  # at one request; see `attempts` of `Drive`


class Drive:
    """A Google Drive, signed in by `connect`. It can be pickled; the other side signs in by itself.

    Args:
        credentials: Any credentials object of google-auth.
        endpoint: Root URL of the Drive API.
        deadline: Seconds after which a request without an answer counts as lost. A large answer
            has a second more for each 100,000 bytes.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Attributes:
        pydrive: The pydrive2.drive.GoogleDrive beneath, for all that is not offered here. Its
            requests go through the same place.
        counts: Counter of the "requests" sent, of those answered by "rate" (slow down), "token"
            (too old), "passing" and "final" errors, and of "refreshes" of the token.
    """

    def __init__(
        self,
        credentials: Any,
        endpoint: str = GOOGLE,
        *,
        deadline: float = DEADLINE,
        attempts: int = ATTEMPTS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        transport = Transport(
            credentials, deadline=deadline, attempts=attempts, clock=clock, sleep=sleep
        )
        service = Service(endpoint, transport)
        self._client = Client(service)
        self.pydrive: Any = service.pydrive
        self.counts: Counter[str] = transport.counts

    def __repr__(self) -> str:
        return f"Drive({self._client.service.endpoint!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        service = self._client.service
        transport = service.transport
        state = (service.endpoint, transport.deadline, transport.attempts, service.resource_keys)
        return _connect_again, state  # nothing secret travels

    def account(self) -> str:
        """The address that is signed in, such as "you@gmail.com"."""
        return self._client.account()

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, checked by size and md5, or a part of them.

        Args:
            file: As `list_images` or `find` gave it.
            start: The first byte; the file's first if left out.
            end: The byte after the last one; the file's end if left out, or if it comes earlier.

        Raises:
            NotFoundError: It is gone, or is not any more what was listed.
            DriveError: Any other of its family.
        """
        return read(self._client, file, start, end)

    def find(self, path: str) -> File:
        """The file, of any kind, at a path, with this ID, or at this address."""
        return as_file(find_item(self._client, str(path), ItemKind.FILE))

    def list_images(self, folder: str, *, position: dict[str, Any] | None = None) -> Listing:
        """Lists the images of a folder and of all folders in it, page by page.

        Example:
            ```python
            for file in drive.list_images("flowers17"):
                print(file.path)
            ```

        Args:
            folder: Its name, `path/to/it`, ID, or address as pasted from the browser. "." is My
                Drive; "Shared with me/..." and "Shared drives/name/..." lead to these.
            position: Of a listing that was cut off, to go on there.

        Returns:
            A `Listing` of `File`. No request before the first `next`, then one page ahead at
            most. Shortcuts are followed; each file and folder comes once.

        Raises:
            NotFoundError: At the first `next`: no such folder, or several. At the end: no images.
        """
        return Listing(lambda at: walk(self._client, str(folder), at), position)

    def list_folders(self, folder: str = ".") -> Iterator[tuple[str, str]]:
        """Yields (ID, name) of each folder directly in a folder; a page when you get there.

        Example:
            ```python
            dict(drive.list_folders("photos"))
            ```

        Args:
            folder: As in `list_images`. In "." there is also "Shared with me".
        """
        top = find_item(self._client, str(folder), ItemKind.FOLDER)
        what = f"list the folders in {str(folder)!r}"
        for item in self._client.folders(top["id"], what):
            yield target_id(item), item["title"]
        if folder == ".":
            yield SHARED_WITH_ME, SHARED_WITH_ME

    def list_changes(self, position: dict[str, Any]) -> Changes | None:
        """What changed since a listing came to its end, without listing again.

        Args:
            position: Of that listing, or as this method returned it.

        Returns:
            (files added or changed, IDs removed, new position); or None when only a full listing
            can tell: it did not come to its end, or a folder was added, moved or renamed.
        """
        return list_changes(self._client, position)

    def upload(self, path: str | os.PathLike[str], folder: str = ".") -> File:
        """Puts a local file into a folder of the Drive, in place of one of the same name.

        Args:
            path: Of the local file.
            folder: As in `list_images`; folders of its path that do not exist are made.

        Returns:
            The `File` on Drive, whose md5 was compared with the local one's.
        """
        return upload(self._client, path, str(folder))


def _connect_again(
    endpoint: str, deadline: float, attempts: int, resource_keys: dict[str, str]
) -> Any:
    """What a pickled Drive becomes on the other side."""
    from .sign_in import connect  # which imports this module

    drive = connect(
        endpoint=None if endpoint == GOOGLE else endpoint, deadline=deadline, attempts=attempts
    )
    if isinstance(drive, Drive):
        drive._client.service.resource_keys.update(resource_keys)
    return drive
