"""How a file or folder is named: a name, a path, an ID, or an address from the browser.

`parse_address` asks nobody; lookup.py finds what an `Address` means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .items import SHARED_WITH_ME

__all__ = ["MY_DRIVE", "Address", "parse_address"]

MY_DRIVE = "root"  # what Drive takes for the ID of My Drive
URL = re.compile(r"(https?://)?\w+\.google\.com/")
ID_IN_URL = re.compile(r"(?:/folders/|/d/|[?&]id=)([\w-]+)")
KEY_IN_URL = re.compile(r"[?&]resourcekey=([\w-]+)", re.IGNORECASE)
LOOKS_LIKE_AN_ID = re.compile(r"[\w-]{15,}")
PAGES = {"shared-with-me": SHARED_WITH_ME, "my-drive": "."}  # of Drive in the browser


@dataclass(frozen=True, slots=True)
class Address:
    """Where to look for a file or folder.

    Attributes:
        text: As it was given, without spaces around it; for messages.
        file_id: The ID that an address from the browser holds; then the names are empty.
        resource_key: The key that such an address holds.
        top: Where the names begin: `MY_DRIVE` or `SHARED_WITH_ME`.
        shared_drive: Name or ID of the shared drive where they begin instead.
        names: The steps of the path. A name that holds slashes is cut into several.
    """

    text: str
    file_id: str | None = None
    resource_key: str | None = None
    top: str = MY_DRIVE
    shared_drive: str | None = None
    names: tuple[str, ...] = ()

    @property
    def maybe_id(self) -> str | None:
        """The one name, if it may as well be an ID."""
        if len(self.names) == 1 and LOOKS_LIKE_AN_ID.fullmatch(self.names[0]):
            return self.names[0]
        return None


def parse_address(text: str) -> Address:
    """Reads what somebody typed or pasted.

    Example:
        >>> parse_address("flowers17/rose").names
        ('flowers17', 'rose')
        >>> parse_address("https://drive.google.com/drive/folders/1AbC?resourcekey=0-x").file_id
        '1AbC'
    """
    text = text.strip()
    if not URL.match(text):
        return _parse_path(text, text)
    found = ID_IN_URL.search(text)
    if found:
        key = KEY_IN_URL.search(text)
        return Address(text, file_id=found[1], resource_key=key[1] if key else None)
    page = text.rpartition("/")[2]
    return _parse_path(PAGES.get(page, text), text)


def _parse_path(path: str, text: str) -> Address:
    """The address of a path.

    Args:
        path: Names and slashes.
        text: What was given for it.
    """
    names = tuple(name for name in path.split("/") if name not in ("", "."))
    first = names[0] if names else ""
    if first == "My Drive":
        return Address(text, names=names[1:])
    if first == SHARED_WITH_ME:
        return Address(text, top=SHARED_WITH_ME, names=names[1:])
    if first == "Shared drives" and len(names) > 1:
        return Address(text, shared_drive=names[1], names=names[2:])
    return Address(text, names=names)
