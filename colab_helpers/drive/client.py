"""The few questions asked of Drive, each in the words of its API (v2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any

from .answers import address_of, changes_page, drives_page, item_of, items_page, text_of
from .errors import SignInError
from .items import (
    FIELDS,
    FOLDER,
    SHARED_WITH_ME,
    SHORTCUT,
    Change,
    Item,
    SharedDrive,
    is_folder,
    is_shortcut,
)
from .names import composed, decomposed, is_unicode
from .paging import Page, each_page
from .service import Service
from .transport import FindFlaw

__all__ = ["PIECE_BYTES", "Client"]

# Entries of a page: https://developers.google.com/workspace/drive/api/reference/rest/v2/files/list
LARGEST_PAGE = 1000
# https://developers.google.com/workspace/drive/api/reference/rest/v2/drives/list
LARGEST_PAGE_OF_DRIVES = 100
PIECE_BYTES = 100 << 20  # of an upload, sent in one request


class Client:
    """Asks Drive.

    Args:
        service: Sends the requests.

    Attributes:
        service: As given.
    """

    def __init__(self, service: Service) -> None:
        self.service = service

    @property
    def is_signed_in(self) -> bool:
        """Whether somebody is; with an API key nobody is."""
        return self.service.transport.account.is_signed_in

    def check_signed_in(self, what: str, advice: str = "Sign in: connect().") -> None:
        """Raises a SignInError unless somebody is signed in.

        Args:
            what: What it is needed for, as in "Could not <what>".
            advice: What the user can do.
        """
        if self.is_signed_in:
            return
        raise SignInError(
            f"Could not {what}: with an API key nobody is signed in, and only what is shared with "
            f'"Anyone with the link" can be listed and read. {advice}'
        )

    # One file or folder

    def item(self, file_id: str, what: str) -> Item:
        """What Drive tells of a file or folder.

        Args:
            file_id: Its ID, or "root".
            what: What it is asked for, as in "Could not <what>".
        """
        request = self.service.files.get(fileId=file_id, fields=FIELDS, supportsAllDrives=True)
        item = item_of(self.service.ask(what, request, file_id), what)
        self.service.remember_keys(item)
        return item

    def follow(self, item: Item) -> Item:
        """The item itself, or what it points to if it is a shortcut."""
        if not is_shortcut(item):
            return item
        target = item["shortcutDetails"]["targetId"]
        return self.item(target, f"follow the shortcut {item['title']!r}")

    def media(
        self,
        file_id: str,
        what: str,
        *,
        byte_range: str | None,
        most_bytes: int | None,
        find_flaw: FindFlaw,
    ) -> bytes:
        """The content of a file, or a part of it.

        Args:
            file_id: Its ID.
            what: As in "Could not <what>".
            byte_range: The Range header, such as "bytes=0-9"; None for all of it.
            most_bytes: How long the content can be, where that is known.
            find_flaw: Finds what is wrong with an answer, beyond its status.
        """
        request = self.service.files.get_media(fileId=file_id, supportsAllDrives=True)
        if byte_range is not None:
            request.headers["Range"] = byte_range
        content: bytes = self.service.ask(what, request, file_id, find_flaw, most_bytes)
        return content

    def account(self) -> str:
        """The address that is signed in."""
        what = "ask who is signed in"
        self.check_signed_in(what)
        about = self.service.ask(what, self.service.api.about().get())
        return address_of(about, what)

    # Pages

    def page(
        self,
        folder_id: str | None,
        page_token: str | None,
        what: str,
        condition: str = "",
        is_wanted: Callable[[], bool] | None = None,
    ) -> Page[Item]:
        """One page of the items in a folder.

        Args:
            folder_id: Its ID, `SHARED_WITH_ME`, or None for anywhere.
            page_token: As the page before named it.
            what: As in "Could not <what>".
            condition: What else must hold, such as "title = 'cat.jpg'":
                https://developers.google.com/workspace/drive/api/guides/ref-search-terms
            is_wanted: Tells whether somebody still waits for the page; None: somebody does.
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
        answer = self.service.ask(what, request, folder_id, is_wanted=is_wanted)
        page = items_page(answer, what)
        for item in page.entries:
            self.service.remember_keys(item)
        return page

    def named(self, title: str, folder_id: str | None) -> list[Item]:
        """The items of this title in a folder, or (None) anywhere, in any normal form."""
        if not is_unicode(title):
            return []  # Drive's titles are
        what = f"look for {title!r}"
        forms = sorted({title, composed(title), decomposed(title)})
        condition = " or ".join(f"title = '{_escaped(form)}'" for form in forms)
        if len(forms) > 1:
            condition = f"({condition})"

        def ask(page_token: str | None) -> Page[Item]:
            return self.page(folder_id, page_token, what, condition)

        wanted = composed(title)
        return [
            item
            for page in each_page(ask, what)
            for item in page.entries
            if composed(item["title"]) == wanted
        ]

    def folders(self, folder_id: str, what: str) -> Iterator[Item]:
        """The folders directly in a folder, and the shortcuts that lead to folders."""
        condition = f"(mimeType = '{FOLDER}' or mimeType = '{SHORTCUT}')"

        def ask(page_token: str | None) -> Page[Item]:
            return self.page(folder_id, page_token, what, condition)

        for page in each_page(ask, what):
            yield from filter(is_folder, page.entries)

    def shared_drives(self) -> list[SharedDrive]:
        """The shared drives that the account sees."""
        what = "list the shared drives"

        def ask(page_token: str | None) -> Page[SharedDrive]:
            request = self.service.api.drives().list(
                maxResults=LARGEST_PAGE_OF_DRIVES, pageToken=page_token
            )
            return drives_page(self.service.ask(what, request), what)

        return [drive for page in each_page(ask, what) for drive in page.entries]

    # Changes

    def change_token(self, drive_id: str | None) -> str:
        """Where Drive's list of changes ends now; "" where nobody is signed in, who has none.

        Args:
            drive_id: Of a shared drive, or None for My Drive.
        """
        if not self.is_signed_in:
            return ""
        request = self.service.api.changes().getStartPageToken(
            driveId=drive_id, supportsAllDrives=True
        )
        what = "ask where Drive's list of changes ends"
        return text_of(self.service.ask(what, request), "startPageToken", what)

    def changes(self, page_token: str | None, drive_id: str | None, what: str) -> Page[Change]:
        """One page of what changed since a token.

        Raises:
            OddChange: It does not say what changed.
        """
        fields = f"changeType,fileId,deleted,file({FIELDS},parents(id),labels(trashed))"
        request = self.service.api.changes().list(
            pageToken=page_token,
            maxResults=LARGEST_PAGE,
            includeDeleted=True,
            driveId=drive_id,
            supportsAllDrives=True,
            includeItemsFromAllDrives=True,
            fields=f"nextPageToken,newStartPageToken,items({fields})",
        )
        return changes_page(self.service.ask(what, request), what)

    # What is written

    def make_folder(self, title: str, parent_id: str) -> Item:
        """Makes a folder in a folder."""
        body = {"title": title, "mimeType": FOLDER, "parents": [{"id": parent_id}]}
        request = self.service.files.insert(body=body, supportsAllDrives=True)
        what = f"make the folder {title!r}"
        return item_of(self.service.ask(what, request), what)

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
        return item_of(self.service.ask(what, request), what)

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
        return item_of(self.service.ask(what, request, file_id), what)


def _escaped(text: str) -> str:
    """A text as a search takes it between quotes."""
    return text.replace("\\", r"\\").replace("'", r"\'")


def _media_body(content: IO[bytes], mime_type: str, piece_bytes: int) -> Any:
    from googleapiclient.http import MediaIoBaseUpload

    return MediaIoBaseUpload(content, mime_type, chunksize=piece_bytes, resumable=True)
