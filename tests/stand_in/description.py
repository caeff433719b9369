"""A file as Drive describes it.

https://developers.google.com/workspace/drive/api/reference/rest/v2/files#File
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from .fields import Mask, pick, wants
from .mime_types import FOLDER
from .state import State
from .tree import Entry

OWNER = {
    "kind": "drive#user",
    "displayName": "Practice",
    "isAuthenticatedUser": True,
    "permissionId": "17",
}
PERMISSION = {"kind": "drive#permission", "id": "me", "role": "owner", "type": "user"}


def rfc3339(nanoseconds: int) -> str:
    """A moment as Drive writes it: "2025-01-31T12:00:00.000Z"."""
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe(state: State, entry: Entry, mask: Mask) -> dict[str, Any]:
    """What a mask asks to be told of an entry."""
    link = f"{state.url}/drive/v2/files/{entry.id}"
    value = _of_any_entry(state, entry, link)
    if entry.has_media:
        value |= _of_a_file(entry, link)
        if wants(mask, "md5Checksum"):  # costs reading the file
            value["md5Checksum"] = state.disk.md5(entry)
    if entry.shared:
        value["sharedWithMeDate"] = value["modifiedDate"]
    if entry.drive_id:
        value["driveId"] = entry.drive_id
        value["teamDriveId"] = entry.drive_id
    if entry.resource_key:
        value["resourceKey"] = entry.resource_key
    if entry.target:
        value["shortcutDetails"] = _shortcut_details(state, entry.target)
    picked: dict[str, Any] = pick(value, mask)
    return picked


def _of_any_entry(state: State, entry: Entry, link: str) -> dict[str, Any]:
    moment = rfc3339(entry.modified)
    return {
        "kind": "drive#file",
        "id": entry.id,
        "etag": f'"{entry.modified}"',
        "selfLink": link,
        "alternateLink": f"https://drive.google.com/file/d/{entry.id}/view?usp=drivesdk",
        "title": entry.title,
        "mimeType": entry.mime_type,
        "createdDate": moment,
        "modifiedDate": moment,
        "parents": [_parent_reference(state, parent, link) for parent in entry.parents],
        "labels": {
            "starred": False,
            "hidden": False,
            "trashed": entry.trashed,
            "restricted": False,
            "viewed": True,
        },
        "explicitlyTrashed": entry.trashed,
        "version": "1",
        "quotaBytesUsed": str(entry.size),
        "userPermission": PERMISSION,
        "ownerNames": ["Practice"],
        "owners": [OWNER],
        "lastModifyingUserName": "Practice",
        "lastModifyingUser": OWNER,
        "editable": not entry.read_only,
        "shared": entry.shared,
        "spaces": ["drive"],
        "copyable": True,
        "writersCanShare": True,
        "capabilities": {
            "canEdit": not entry.read_only,
            "canDownload": entry.has_media,
            "canCopy": True,
        },
    }


def _parent_reference(state: State, parent: str, link: str) -> dict[str, Any]:
    return {
        "kind": "drive#parentReference",
        "id": parent,
        "selfLink": f"{link}/parents/{parent}",
        "isRoot": parent == state.tree.root.id,
    }


def _of_a_file(entry: Entry, link: str) -> dict[str, Any]:
    return {
        "fileSize": str(entry.size),
        "originalFilename": entry.title,
        "fileExtension": os.path.splitext(entry.title)[1][1:],
        "downloadUrl": f"{link}?alt=media&source=downloadUrl",
    }


def _shortcut_details(state: State, target_id: str) -> dict[str, Any]:
    target = state.tree.entries.get(target_id)
    details = {
        "targetId": target_id,
        "targetMimeType": target.mime_type if target else FOLDER,
    }
    if target and target.resource_key:
        details["targetResourceKey"] = target.resource_key
    return details
