"""What Drive tells of a file or folder, and the `File` that it becomes."""

from __future__ import annotations

import posixpath
import re
from typing import TypedDict

from .files import File

__all__ = [
    "FIELDS",
    "FOLDER",
    "SHARED_WITH_ME",
    "SHORTCUT",
    "Change",
    "Item",
    "SharedDrive",
    "as_file",
    "below",
    "is_folder",
    "is_shortcut",
    "target_id",
]

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
SHARED_WITH_ME = "Shared with me"


class Target(TypedDict, total=False):
    """What a shortcut points to."""

    targetId: str
    targetMimeType: str
    targetResourceKey: str


class Parent(TypedDict):
    """A folder that a file or folder lies in."""

    id: str


class Labels(TypedDict, total=False):
    """Marks of a file or folder."""

    trashed: bool


class Item(TypedDict, total=False):
    """A file, folder or shortcut in Drive's own words.

    https://developers.google.com/workspace/drive/api/reference/rest/v2/files
    """

    id: str
    title: str
    mimeType: str
    fileSize: str
    md5Checksum: str
    modifiedDate: str
    resourceKey: str
    driveId: str
    shortcutDetails: Target
    parents: list[Parent]
    labels: Labels


class Change(TypedDict, total=False):
    """A file or folder that was changed, in Drive's own words.

    https://developers.google.com/workspace/drive/api/reference/rest/v2/changes
    """

    changeType: str
    fileId: str
    deleted: bool
    file: Item


class SharedDrive(TypedDict):
    """A shared drive in Drive's own words."""

    id: str
    name: str


FIELDS = (  # of an Item, as they are asked for
    "id,title,mimeType,fileSize,md5Checksum,modifiedDate,resourceKey,driveId,"
    "shortcutDetails(targetId,targetMimeType,targetResourceKey)"
)


def is_folder(item: Item) -> bool:
    """Whether an item is a folder, or a shortcut to one."""
    if item["mimeType"] == FOLDER:
        return True
    target = item.get("shortcutDetails")
    return target is not None and target.get("targetMimeType") == FOLDER


def is_shortcut(item: Item) -> bool:
    """Whether an item only points to another."""
    return item["mimeType"] == SHORTCUT


def target_id(item: Item) -> str:
    """The ID of what an item leads to: of itself, or of what a shortcut points to."""
    target = item.get("shortcutDetails")
    if target is None:
        return item["id"]
    return target.get("targetId", item["id"])


def below(path: str, name: str) -> str:
    """The path of a name in a folder. No name can add a step, or lead upwards.

    Example:
        >>> below("flowers", "1/2.jpg"), below("flowers", "..")
        ('flowers/1_2.jpg', 'flowers/__')
    """
    name = re.sub(r"[/\0]", "_", name) or "_"
    if name in (".", ".."):
        name = "_" * len(name)
    return posixpath.join(path, name)


def as_file(item: Item, path: str = "", label: str = "", name: str | None = None) -> File:
    """The `File` that an item stands for.

    Args:
        item: A file; of a shortcut, what it points to.
        path: Of the folder it lies in, below the folder that is listed.
        label: Name of the folder it lies in.
        name: Where it is called otherwise than its title: the shortcut's.
    """
    name = name or item["title"]
    size = item.get("fileSize")
    md5 = item.get("md5Checksum")
    return File(
        id=item["id"],
        name=name,
        label=label,
        path=below(path, name),
        size=None if size is None else int(size),
        md5=md5,
        version=md5 or f"{item.get('modifiedDate')}-{size}",
    )
