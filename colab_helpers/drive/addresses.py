"""How a file or folder is named: a name, a path, an ID, or an address from the browser.

`parse_address` asks nobody; lookup.py finds what an `Address` means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from .items import SHARED_WITH_ME

__all__ = ["MY_DRIVE", "Address", "parse_address"]

MY_DRIVE = "root"  # what Drive takes for the ID of My Drive
URL = re.compile(r"(https?://)?(\w+\.)*(google|googleusercontent|googleapis)\.com/", re.IGNORECASE)
ID_IN_URL = re.compile(r"(?:[/#]folders/|/d/(?!e/)|/files/|[?&]id=|colab\.[\w.]+/drive/)([\w-]+)")
KEY_IN_URL = re.compile(r"[?&]resourcekey=([\w-]+)", re.IGNORECASE)
AROUND_A_URL = "<>\"'()[]"
LOOKS_LIKE_AN_ID = re.compile(r"[\w-]{15,}")
PAGES = {"shared-with-me": SHARED_WITH_ME, "my-drive": "."}  # of Drive in the browser
TOPS = ("My Drive", "MyDrive")  # in the browser, and where Colab mounts it
TOPS_OF_SHARED_DRIVES = ("Shared drives", "Shareddrives")
TARGETS_OF_SHORTCUTS = ".shortcut-targets-by-id"  # in a mounted Drive; then ID and name follow
MOUNT = re.compile(  # where a Drive is mounted: in Colab, or by Drive for desktop
    r"(/?content/[^/]+|/mnt/[^/]+|(\./|/)?g?drive|[A-Za-z]:|.*/GoogleDrive[^/]*)/"
    r"(?=(My ?Drive|Shared ?drives|\.shortcut-targets-by-id)(/|$))"
)
MOUNT_ALONE = re.compile(r"/content/g?drive/?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to look for a file or folder.

    Attributes:
        text: As it was given, without spaces around it; for messages.
        file_id: The ID that an address from the browser holds; then the names are empty.
        resource_key: The key that such an address holds.
        top: Where the names begin: `MY_DRIVE`, `SHARED_WITH_ME`, or the ID of a folder.
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

    @property
    def begins_in_an_account(self) -> bool:
        """Whether it says something only to who is signed in: no ID stands at its beginning."""
        if self.file_id is not None or self.maybe_id is not None:
            return False
        return self.shared_drive is not None or self.top in (MY_DRIVE, SHARED_WITH_ME)


def parse_address(text: str) -> Address:
    """Reads what somebody typed or pasted.

    Example:
        >>> parse_address("flowers17/rose").names
        ('flowers17', 'rose')
        >>> parse_address("/content/drive/MyDrive/flowers17/rose").names
        ('flowers17', 'rose')
        >>> parse_address("https://drive.google.com/drive/folders/1AbC?resourcekey=0-x").file_id
        '1AbC'
    """
    text = text.strip()
    url = unquote(text.strip(AROUND_A_URL))
    if not URL.match(url):
        return _parse_path(_without_mount(text), text)
    found = ID_IN_URL.search(url)
    if found:
        key = KEY_IN_URL.search(url)
        return Address(text, file_id=found[1], resource_key=key[1] if key else None)
    page = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return _parse_path(PAGES.get(page, text), text)


def _without_mount(path: str) -> str:
    """A path as it is from the top of the Drive, without the place where that is mounted."""
    if re.match(r"[A-Za-z]:\\", path):
        path = path.replace("\\", "/")
    if MOUNT_ALONE.fullmatch(path):
        return "."
    return MOUNT.sub("", path, count=1) if MOUNT.match(path) else path


def _parse_path(path: str, text: str) -> Address:
    """The address of a path.

    Args:
        path: Names and slashes.
        text: What was given for it.
    """
    names = tuple(name for name in path.split("/") if name not in ("", "."))
    first = names[0] if names else ""
    if first in TOPS:
        return Address(text, names=names[1:])
    if first == SHARED_WITH_ME:
        return Address(text, top=SHARED_WITH_ME, names=names[1:])
    if first in TOPS_OF_SHARED_DRIVES and len(names) > 1:
        return Address(text, shared_drive=names[1], names=names[2:])
    if first == TARGETS_OF_SHORTCUTS and len(names) > 1:
        return Address(text, top=names[1], names=names[3:])
    return Address(text, names=names)
