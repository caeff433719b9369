"""The few questions asked of Drive, each in the words of its API (v2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, Generic, NamedTuple, TypedDict, TypeVar

from .items import FIELDS, FOLDER, SHARED_WITH_ME, SHORTCUT, Item, is_folder, is_shortcut
from .service import Service
from .transport import FindFlaw

__all__ = ["Change", "Client", "Page", "each_page"]

# Entries of a page: https://developers.google.com/workspace/drive/api/reference/rest/v2/files/list
LARGEST_PAGE = 1000
# https://developers.google.com/workspace/drive/api/reference/rest/v2/drives/list
LARGEST_PAGE_OF_DRIVES = 100
PIECE_BYTES = 100 << 20  # of an upload, sent in one request

Entry = TypeVar("Entry")


class Page(NamedTuple, Generic[Entry]):
    """One page of an answer in pages.

    Attributes:
        entries: May be empty, and yet another page follows.
        next_token: Of the next page; None at the end.
        new_start: Of changes, at the end: the token to ask by for what changes from now on.
    """

    entries: list[Entry]
    next_token: str | None
    new_start: str | None = None


class Change(TypedDict, total=False):
    """A file or folder that was changed, in Drive's own words.

    https://developers.google.com/workspace/drive/api/reference/rest/v2/changes
    """

    fileId: str
    deleted: bool
    file: Item


class SharedDrive(TypedDict):
    """A shared drive in Drive's own words."""

    id: str
    name: str


def each_page(
    ask: Callable[[str | None], Page[Entry]], token: str | None = None
) -> Iterator[Page[Entry]]:
    """Asks for page after page; each when the one before is used up.

    Example:
        >>> pages = {None: Page([1, 2], "a"), "a": Page([], "b"), "b": Page([3], None)}
        >>> [page.entries for page in each_page(pages.get)]
        [[1, 2], [], [3]]

    Args:
        ask: Gives the page of a token, None standing for the first.
        token: Of the page to begin with.
    """
    while True:
        page = ask(token)
        yield page
        token = page.next_token
        if not token:
            return


class Client:
    """Asks Drive.

    Args:
        service: Sends the requests.

    Attributes:
        service: As given.
    """

    def __init__(self, service: Service) -> None:
        self.service = service

    # One file or folder

    def item(self, file_id: str, what: str) -> Item:
        """What Drive tells of a file or folder.

        Args:
            file_id: Its ID, or "root".
            what: What it is asked for, as in "Could not <what>".
        """
        request = self.service.files.get(
            fileId=file_id, fields=f"{FIELDS},driveId", supportsAllDrives=True
        )
        item: Item = self.service.ask(what, request, file_id)
        self.service.remember_keys(item)
        return item

    def follow(self, item: Item) -> Item:
        """The item itself, or what it points to if it is a shortcut."""
        if not is_shortcut(item):
            return item
        target = item["shortcutDetails"]["targetId"]
        return self.item(target, f"follow the shortcut {item['title']!r}")

    def media(
        self, file_id: str, what: str, *, byte_range: str | None = None, find_flaw: FindFlaw
    ) -> bytes:
        """The content of a file, or a part of it.

        Args:
            file_id: Its ID.
            what: As in "Could not <what>".
            byte_range: The Range header, such as "bytes=0-9".
            find_flaw: Finds what is wrong with an answer, beyond its status.
        """
        request = self.service.files.get_media(fileId=file_id, supportsAllDrives=True)
        if byte_range is not None:
            request.headers["Range"] = byte_range
        content: bytes = self.service.ask(what, request, file_id, find_flaw)
        return content

    def account(self) -> str:
        """The address that is signed in."""
        about = self.service.ask("ask who is signed in", self.service.api.about().get())
        address: str = about["user"].get("emailAddress", "unknown")
        return address

    # Pages

    def page(
        self, folder_id: str | None, page_token: str | None, what: str, condition: str = ""
    ) -> Page[Item]:
        """One page of the items in a folder.

        Args:
            folder_id: Its ID, `SHARED_WITH_ME`, or None for anywhere.
            page_token: As the page before named it.
            what: As in "Could not <what>".
            condition: What else must hold, such as "title = 'cat.jpg'":
                https://developers.google.com/workspace/drive/api/guides/ref-search-terms
        """
        conditions = ["trashed = false"]
        if condition:
            conditions.append(condition)
        if folder_id == SHARED_WITH_ME:
            conditions.append("sharedWithMe = true")
        elif folder_id is not None:
            conditions.append(f"'{folder_id}' in parents")
        request = self.service.files.list(
            q=" and ".join(conditions),
            maxResults=LARGEST_PAGE,
            pageToken=page_token,
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            fields=f"nextPageToken,items({FIELDS})",
        )
        answer = self.service.ask(what, request, folder_id)
        items: list[Item] = answer.get("items", [])
        for item in items:
            self.service.remember_keys(item)
        return Page(items, answer.get("nextPageToken"))

    def named(self, title: str, folder_id: str | None) -> list[Item]:
        """The items of this very title in a folder, or (None) anywhere."""
        escaped = title.replace("\\", r"\\").replace("'", r"\'")

        def ask(page_token: str | None) -> Page[Item]:
            what = f"look for {title!r}"
            return self.page(folder_id, page_token, what, f"title = '{escaped}'")

        return [item for page in each_page(ask) for item in page.entries if item["title"] == title]

    def folders(self, folder_id: str, what: str) -> Iterator[Item]:
        """The folders directly in a folder, and the shortcuts that lead to folders."""
        condition = f"(mimeType = '{FOLDER}' or mimeType = '{SHORTCUT}')"

        def ask(page_token: str | None) -> Page[Item]:
            return self.page(folder_id, page_token, what, condition)

        for page in each_page(ask):
            yield from filter(is_folder, page.entries)

    def shared_drives(self) -> list[SharedDrive]:
        """The shared drives that the account sees."""

        def ask(page_token: str | None) -> Page[SharedDrive]:
            request = self.service.api.drives().list(
                maxResults=LARGEST_PAGE_OF_DRIVES, pageToken=page_token
            )
            answer = self.service.ask("list the shared drives", request)
            return Page(answer["items"], answer.get("nextPageToken"))

        return [drive for page in each_page(ask) for drive in page.entries]

    # Changes

    def change_token(self, drive_id: str | None) -> str:
        """Where Drive's list of changes ends now.

        Args:
            drive_id: Of a shared drive, or None for My Drive.
        """
        request = self.service.api.changes().getStartPageToken(
            driveId=drive_id, supportsAllDrives=True
        )
        answer = self.service.ask("ask where Drive's list of changes ends", request)
        token: str = answer["startPageToken"]
        return token

    def changes(self, page_token: str | None, drive_id: str | None) -> Page[Change]:
        """One page of what changed since a token."""
        fields = f"fileId,deleted,file({FIELDS},parents(id),labels(trashed))"
        request = self.service.api.changes().list(
            pageToken=page_token,
            maxResults=LARGEST_PAGE,
            includeDeleted=True,
            driveId=drive_id,
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            fields=f"nextPageToken,newStartPageToken,items({fields})",
        )
        answer = self.service.ask("list what changed", request)
        return Page(
            answer.get("items", []), answer.get("nextPageToken"), answer.get("newStartPageToken")
        )

    # What is written

    def make_folder(self, title: str, parent_id: str) -> Item:
        """Makes a folder in a folder."""
        body = {"title": title, "mimeType": FOLDER, "parents": [{"id": parent_id}]}
        request = self.service.files.insert(body=body, supportsAllDrives=True)
        item: Item = self.service.ask(f"make the folder {title!r}", request)
        return item

    def insert(
        self, content: IO[bytes], body: Item, what: str, piece_bytes: int = PIECE_BYTES
    ) -> Item:
        """Uploads a new file.

        Args:
            content: An open file.
            body: Its title, mimeType and parents.
            what: As in "Could not <what>".
            piece_bytes: Sent in one request; a multiple of 256 KiB.
        """
        media = _media_body(content, body["mimeType"], piece_bytes)
        request = self.service.files.insert(body=body, media_body=media, supportsAllDrives=True)
        item: Item = self.service.ask(what, request)
        return item

    def update(
        self,
        file_id: str,
        content: IO[bytes],
        body: Item,
        what: str,
        piece_bytes: int = PIECE_BYTES,
    ) -> Item:
        """Uploads another content of a file; what else is given is as in `insert`."""
        media = _media_body(content, body["mimeType"], piece_bytes)
        request = self.service.files.update(
            fileId=file_id, body=body, media_body=media, supportsAllDrives=True
        )
        item: Item = self.service.ask(what, request, file_id)
        return item


def _media_body(content: IO[bytes], mime_type: str, piece_bytes: int) -> Any:
    from googleapiclient.http import MediaIoBaseUpload

    return MediaIoBaseUpload(content, mime_type, chunksize=piece_bytes, resumable=True)
