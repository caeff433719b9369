"""Drive's answers, looked at before anybody relies on them: what is odd is refused, or left out.

An entry of a list that cannot be used is left out, and a warning says so; where there is no more
than one entry, or no list at all, a DriveError says what was wrong.
"""

from __future__ import annotations

import logging
import re
import reprlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from .errors import DriveError
from .items import SHORTCUT, Change, Item, SharedDrive
from .paging import Page

__all__ = [
    "OddChange",
    "address_of",
    "changes_page",
    "drives_page",
    "item_of",
    "items_page",
    "text_of",
]

logger = logging.getLogger(__name__)

NEEDED_TEXTS = ("title", "mimeType")
OTHER_TEXTS = ("md5Checksum", "modifiedDate", "resourceKey", "driveId")
MOST_DIGITS = 18  # of a size in bytes
# It goes into addresses, searches and messages: ASCII without spaces, quotes and backslashes.
ID = re.compile(r"[!#-&(-\[\]-~]+")

Entry = TypeVar("Entry")
FlawOf = Callable[[Any], str | None]  # what is wrong with an entry, in words, or None


class OddChange(Exception):
    """A change that cannot be used: nobody knows what became of a file."""


def item_of(answer: Any, what: str) -> Item:
    """The one item that Drive was asked for.

    Args:
        answer: Drive's, as it came.
        what: What it was asked for, as in "Could not <what>".

    Raises:
        DriveError: It is none.
    """
    flaw = flaw_of_item(answer)
    if flaw is not None:
        raise odd(what, f"{flaw}: {reprlib.repr(answer)}")
    return cast(Item, answer)


def items_page(answer: Any, what: str) -> Page[Item]:
    """A page of items. Those that cannot be used are left out, and said."""
    return _page(answer, what, flaw_of_item)


def drives_page(answer: Any, what: str) -> Page[SharedDrive]:
    """A page of shared drives."""
    return _page(answer, what, flaw_of_shared_drive)


def changes_page(answer: Any, what: str) -> Page[Change]:
    """A page of the changes of files. Those of a shared drive itself, such as its name, are not it.

    Raises:
        OddChange: One of them cannot be used.
        DriveError: It is no page.
    """
    page = _page(answer, what, lambda change: None)
    of_files = [change for change in page.entries if not _is_of_a_drive(change)]
    for change in of_files:
        flaw = flaw_of_change(change)
        if flaw is not None:
            raise OddChange(f"{flaw}: {reprlib.repr(change)}")
    return page._replace(entries=of_files)


def address_of(about: Any, what: str) -> str:
    """The address of the user that Drive tells of; "unknown" where it keeps it to itself.

    Raises:
        DriveError: It tells of none.
    """
    user = _object(about, what).get("user")
    if not isinstance(user, dict):
        raise odd(what, f"user is no object: {reprlib.repr(user)}")
    address = user.get("emailAddress")
    return address if isinstance(address, str) else "unknown"


def text_of(answer: Any, key: str, what: str) -> str:
    """A text that Drive's answer must hold.

    Raises:
        DriveError: It does not.
    """
    value = _object(answer, what).get(key)
    if not isinstance(value, str):
        raise odd(what, f"{key} is no text: {reprlib.repr(value)}")
    return value


def odd(what: str, said: str) -> DriveError:
    """The error for an answer that is not what was asked for."""
    return DriveError(
        f"Could not {what}: Drive's answer is odd ({said}). Run the cell again; if it stays so, "
        "something between this machine and Drive changes the answers."
    )


def flaw_of_item(item: Any) -> str | None:
    """What is wrong with an item, in words, or None.

    Example:
        >>> flaw_of_item({"id": "1", "title": 5, "mimeType": "image/jpeg"})
        'its title is no text'
    """
    if not isinstance(item, dict):
        return "it is no object"
    if not _is_id(item.get("id")):
        return "its id is none"
    for key in NEEDED_TEXTS:
        if not isinstance(item.get(key), str):
            return f"its {key} is no text"
    for key in OTHER_TEXTS:
        if key in item and not isinstance(item[key], str):
            return f"its {key} is no text"
    if "fileSize" in item and not _is_size(item["fileSize"]):
        return "its fileSize is no number of bytes"
    if "shortcutDetails" in item or item["mimeType"] == SHORTCUT:
        return _flaw_of_target(item.get("shortcutDetails")) or _flaw_of_place(item)
    return _flaw_of_place(item)


def flaw_of_shared_drive(drive: Any) -> str | None:
    """What is wrong with a shared drive, in words, or None."""
    if not isinstance(drive, dict):
        return "it is no object"
    if not _is_id(drive.get("id")):
        return "its id is none"
    if not isinstance(drive.get("name"), str):
        return "its name is no text"
    return None


def flaw_of_change(change: Any) -> str | None:
    """What is wrong with a change, in words, or None."""
    if not isinstance(change, dict):
        return "it is no object"
    if not _is_id(change.get("fileId")):
        return "its fileId is none"
    if "file" in change:
        return flaw_of_item(change["file"])
    return None


def _is_of_a_drive(change: Any) -> bool:
    return isinstance(change, dict) and change.get("changeType") == "drive"


def _page(answer: Any, what: str, flaw_of: FlawOf) -> Page[Any]:
    fields = _object(answer, what)
    entries = fields.get("items", [])
    if not isinstance(entries, list):
        raise odd(what, f"items is no list: {reprlib.repr(entries)}")
    usable = [entry for entry in entries if flaw_of(entry) is None]
    if len(usable) < len(entries):
        _say_left_out(entries, len(entries) - len(usable), flaw_of, what)
    next_token = _token(fields, "nextPageToken", what)
    return Page(usable, next_token, _token(fields, "newStartPageToken", what))


def _object(answer: Any, what: str) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise odd(what, f"it is no object: {reprlib.repr(answer)}")
    return answer


def _token(fields: dict[str, Any], key: str, what: str) -> str | None:
    """A page token; None at the end, which an empty one also stands for."""
    token = fields.get(key)
    if token is not None and not isinstance(token, str):
        raise odd(what, f"{key} is no text: {reprlib.repr(token)}")
    return token or None


def _say_left_out(entries: list[Any], count: int, flaw_of: FlawOf, what: str) -> None:
    first = next(entry for entry in entries if flaw_of(entry) is not None)
    logger.warning(
        "Left out %d of the %d entries that Drive sent when asked to %s. The first: %s: %s",
        count,
        len(entries),
        what,
        flaw_of(first),
        reprlib.repr(first),
    )


def _is_id(value: Any) -> bool:
    """Whether a value may be the ID of something."""
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _is_size(value: Any) -> bool:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str):
        return False
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _flaw_of_target(target: Any) -> str | None:
    """What is wrong with what a shortcut points to."""
    if not isinstance(target, dict) or not _is_id(target.get("targetId")):
        return "it is a shortcut to nothing"
    for key in ("targetMimeType", "targetResourceKey"):
        if not isinstance(target.get(key, ""), str):
            return f"its {key} is no text"
    return None


def _flaw_of_place(item: dict[str, Any]) -> str | None:
    """What is wrong with the folders that an item lies in, and with its marks."""
    if "parents" in item and not _are_parents(item["parents"]):
        return "its parents are no list of IDs"
    if "labels" in item and not isinstance(item["labels"], dict):
        return "its labels are no object"
    return None


def _are_parents(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return all(isinstance(parent, dict) and _is_id(parent.get("id")) for parent in value)
