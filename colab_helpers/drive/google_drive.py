"""Google Drive as a source of files: the face of what lies beneath."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .arguments import check_above_0, check_file, check_whole_number, file_text, folder_text
from .changes import list_changes
from .client import Client
from .files import Changes, File, Listing, is_hidden
from .items import SHARED_WITH_ME, as_file, below, target_id
from .labels import FolderLabels, Label, check_label, label_kept
from .listing import walk
from .lookup import ItemKind, find_item
from .names import composed
from .position import Position
from .reading import read
from .service import GOOGLE, Service
from .transport import Transport
from .uploads import upload

__all__ = ["ATTEMPTS", "DEADLINE", "Drive"]

NAME_AND_PASSWORD = re.compile("//[^/]*@")  # in an address
DEADLINE = 60  # seconds; see `deadline` of `Drive`
ATTEMPTS = 10  # at one request; see `attempts` of `Drive`


class Drive:
    """A Google Drive, signed in by `connect`. It can be pickled; the other side signs in by itself.

    With an API key in place of a sign-in, the other side takes its own from the environment
    variable COLAB_HELPERS_API_KEY: a secret never travels.

    Args:
        credentials: Any credentials object of google-auth.
        endpoint: Root URL of the Drive API.
        deadline: Seconds after which one attempt at a request counts as lost, whatever it waits
            for. A large content has a second more for each 100,000 bytes that come or go.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.

    Attributes:
        pydrive: The pydrive2.drive.GoogleDrive beneath, for all that is not offered here. Its
            requests go through the same place. An error that Drive answers is PyDrive2's
            ApiRequestError, as documented there; any other is a DriveError.
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
        check_above_0("deadline", deadline, "of seconds")
        check_whole_number("attempts", attempts, least=1)
        transport = Transport(
            credentials, endpoint, deadline=deadline, attempts=attempts, clock=clock, sleep=sleep
        )
        service = Service(transport)
        self._client = Client(service)
        self.pydrive: Any = service.pydrive
        self.counts: Counter[str] = transport.counts

    def __repr__(self) -> str:
        shown = NAME_AND_PASSWORD.sub("//", self._client.service.transport.endpoint)
        return f"Drive({shown!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        service = self._client.service
        transport = service.transport
        state = (
            transport.endpoint,
            transport.deadline,
            transport.attempts,
            service.resource_keys,
            self._client.is_signed_in,
        )
        return _connect_again, state  # nothing secret travels

    def account(self) -> str:
        """The address that is signed in, such as "you@gmail.com".

        Raises:
            SignInError: Nobody is; an API key stands for nobody.
        """
        return self._client.account()

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, checked by size and md5, or a part of them.

        Args:
            file: As `list_images` or `find` gave it. Of one whose size is not known, at most
                256 MiB are read at once.
            start: The first byte; the file's first if left out.
            end: The byte after the last one; the file's end if left out, or if it comes earlier.

        Raises:
            NotFoundError: It is gone, or is not any more what was listed.
            DriveError: Any other of its family.
            TypeError: `file` is none, such as a path, or the range is not of whole numbers.
        """
        check_file(file)
        return read(self._client, file, start, end)

    def find(self, path: str | os.PathLike[str]) -> File:
        """The file, of any kind, at a path, with this ID, or at this address."""
        return as_file(find_item(self._client, file_text(path), ItemKind.FILE))

    def list_images(
        self,
        folder: str | os.PathLike[str],
        *,
        position: dict[str, Any] | None = None,
        label: Label = "parent",
    ) -> Listing:
        """Lists the images of a folder and of all folders in it, page by page.

        Example:
            ```python
            for file in drive.list_images("flowers17"):
                print(file.path)
            ```

        Hidden folders and files, such as ".thumbnails" and "__MACOSX", are left out, unless
        `folder` names one. Pictures beside class folders, a class that comes from several folders,
        folders that hold a split already, and classes that look alike are told by a warning at the
        end.

        Args:
            folder: Its name, `path/to/it`, ID, or address as pasted from the browser. "." is My
                Drive; "Shared with me/..." and "Shared drives/name/..." lead to these, and
                "/content/drive/MyDrive/..." where it would lie if it were mounted in Colab. Names
                are found in any Unicode normal form.
            position: Of a listing that was cut off, to go on there.
            label: Which folder becomes the `label` of a file: "parent", the one that it lies in,
                or "first", the first one below `folder`, as Keras has it. By "first", pictures
                that lie directly in `folder` have no class and are left out. None is "parent"
                where the classes do not matter: nothing is said of them. A `position` keeps the
                label that it was made with.

        Returns:
            A `Listing` of `File`, which prints a line after 20 seconds of waiting and then at
            doubling times. No request before the first `next`, then the first page alone.
            The more pages were given out, the more are asked for ahead, 16 at most. Shortcuts are
            followed; each file and folder comes once. After an error, `next` goes on where it was.

        Raises:
            NotFoundError: At the first `next`: no such folder, or several. At the end: no images.
            SignInError: At the first `next`: `folder` is a name, and with an API key nobody is
                signed in who has a folder of that name. Give its ID or address.
            DriveError: In between: a page could not be had, or the pages do not come to an end.
            TypeError: `folder` is no text, such as a `File`.
            ValueError: `label` or `position` is none.
        """
        check_label(label)
        asked = folder_text(folder)
        if position:
            label = label_kept(Position.from_json(position).label, label)
        labels = FolderLabels(label)
        return Listing(
            lambda at: walk(self._client, asked, labels, at),
            position,
            label,
            folder=asked,
            clock=self._client.service.transport.clock,
        )

    def list_folders(self, folder: str | os.PathLike[str] = ".") -> Iterator[tuple[str, str]]:
        """Yields (ID, name) of each folder directly in a folder; a page when you get there.

        Example:
            ```python
            dict(drive.list_folders("photos"))
            ```

        Args:
            folder: As in `list_images`. In "." there is also "Shared with me".
        """
        asked = folder_text(folder)
        top = find_item(self._client, asked, ItemKind.FOLDER)
        for item in self._client.folders(top["id"], f"list the folders in {asked!r}"):
            if not is_hidden(item["title"]):
                yield target_id(item), item["title"]
        if asked == ".":
            yield SHARED_WITH_ME, SHARED_WITH_ME

    def folder_name(self, folder: str | os.PathLike[str] = ".") -> str:
        """The name of a folder, also where it was given by its ID or address.

        Example:
            ```python
            drive.folder_name("https://drive.google.com/drive/folders/1AbC...")
            ```

        Args:
            folder: As in `list_images`.

        Returns:
            The name as one step of a path: in Unicode's normal form C, a slash in it as "_".

        Raises:
            NotFoundError: There is no such folder, or there are several.
        """
        item = find_item(self._client, folder_text(folder), ItemKind.FOLDER)
        return composed(below("", item["title"]))

    def list_changes(self, position: dict[str, Any]) -> Changes | None:
        """What changed since a listing came to its end, without listing again.

        Args:
            position: Of that listing, or as this method returned it.

        Returns:
            (files added or changed, IDs removed, new position); or None when only a full listing
            can tell: it did not come to its end, or a folder was added, moved or renamed, or a
            shortcut was changed or taken away, or it was listed with an API key, which hears of no
            changes.
        """
        return list_changes(self._client, position)

    def upload(self, path: str | os.PathLike[str], folder: str = ".") -> File:
        """Puts a local file into a folder of the Drive, in place of one of the same name.

        Args:
            path: Of the local file.
            folder: As in `list_images`; folders of its path that do not exist are made.

        Returns:
            The `File` on Drive, whose md5 was compared with the local one's.

        Raises:
            SignInError: Nobody is signed in, as with an API key, or not with the right to write.
            DriveError: Any other of its family.
        """
        return upload(self._client, path, folder_text(folder))


def _connect_again(
    endpoint: str,
    deadline: float,
    attempts: int,
    resource_keys: dict[str, str],
    is_signed_in: bool = True,
) -> Any:
    """What a pickled Drive becomes on the other side."""
    from .sign_in import connect, key_of_this_side  # which imports this module

    drive = connect(
        endpoint=None if endpoint == GOOGLE else endpoint,
        credentials=None if is_signed_in else key_of_this_side(),
        deadline=deadline,
        attempts=attempts,
    )
    if isinstance(drive, Drive):
        drive._client.service.resource_keys.update(resource_keys)
    return drive
