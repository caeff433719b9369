"""A file on this machine -> Drive, in place of one of the same name."""

from __future__ import annotations

import hashlib
import mimetypes
import os
from dataclasses import dataclass

from .client import PIECE_BYTES, Client
from .errors import DriveError, NotFoundError, TransientError
from .files import File
from .items import Item, as_file, is_folder
from .lookup import ItemKind, find_or_make_folder, only_one
from .names import is_unicode

__all__ = ["upload"]

UPLOADS = 3  # times that a file is looked for and sent, before it is given up


def upload(
    client: Client, path: str | os.PathLike[str], folder: str, piece_bytes: int = PIECE_BYTES
) -> File:
    """Puts a local file into a folder of the Drive; see `Drive.upload`.

    Each time it looks first: when only an answer got lost, the file is there already.

    Args:
        client: Of the Drive.
        path: Of the local file.
        folder: Its address; folders of its path that do not exist are made.
        piece_bytes: Sent in one request; a multiple of 256 KiB.
    """
    local = LocalFile.at(path)
    client.check_signed_in(f"upload {local.name!r} to {folder!r}")
    for number in range(1, UPLOADS + 1):
        is_last = number == UPLOADS
        try:
            item = _put(client, local, folder, piece_bytes)
        except (TransientError, NotFoundError) as error:
            if is_last or not _may_pass(error):
                raise
        else:
            if item.get("md5Checksum") == local.md5:
                return as_file(item)
    raise TransientError(
        f"Could not upload {local.name!r} to {folder!r}: its md5 on Drive was another one, "
        f"{UPLOADS} times. Is it still being written? Then run the cell again."
    )


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine: its path, its title on Drive, and the md5 of its content in hex."""

    path: str
    name: str
    md5: str

    @classmethod
    def at(cls, path: str | os.PathLike[str]) -> LocalFile:
        """Looks at the file."""
        full = os.path.abspath(path)
        with open(full, "rb") as content:
            md5 = hashlib.file_digest(content, "md5").hexdigest()
        name = os.path.basename(full)
        if not is_unicode(name):
            name = os.fsencode(name).decode("utf-8", "backslashreplace")
        return cls(full, name, md5)


def _put(client: Client, local: LocalFile, folder: str, piece_bytes: int) -> Item:
    """Uploads the file, unless it is there already; what Drive tells of it then."""
    parent_id = find_or_make_folder(client, folder)["id"]
    there = _of_its_name(client, local.name, parent_id)
    if there is not None and there.get("md5Checksum") == local.md5:
        return there
    what = f"upload {local.name!r} to {folder!r}"
    mime_type = mimetypes.guess_type(local.name)[0] or "application/octet-stream"
    with open(local.path, "rb") as content:
        if there is not None:
            body: Item = {"mimeType": mime_type}
            return client.update(there["id"], content, body, what, piece_bytes)
        body = {"title": local.name, "mimeType": mime_type, "parents": [{"id": parent_id}]}
        return client.insert(content, body, what, piece_bytes)


def _of_its_name(client: Client, name: str, parent_id: str) -> Item | None:
    """The file of this name in a folder; a folder of this name is no matter."""
    items = client.named(name, parent_id)
    files = [item for item in items if not is_folder(item)]
    return only_one(client, ItemKind.FILE, name, files)


def _may_pass(error: DriveError) -> bool:
    """Whether to begin anew helps: also when Drive says 404, to an upload begun too long ago."""
    return isinstance(error, TransientError) or error.status is not None
