"""Addresses -> items: asks Drive what a name, path, ID or pasted address means."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from .addresses import Address, parse_address
from .client import Client
from .errors import NotFoundError, SeveralFoundError
from .items import FOLDER, SHARED_WITH_ME, Item, SharedDrive, is_folder
from .names import composed, printable

__all__ = ["ItemKind", "find_item", "find_or_make_folder", "only_one"]

GIVE_THE_ID = (
    "Give the ID of the folder or file, or its address, copied from the browser; or sign in: "
    "connect()."
)
MOST_STEPS = 110  # of a path; a name may hold slashes
MOST_NAMED = 20  # of one name, that a message tells apart


class ItemKind(Enum):
    """What is looked for, in the word for it that messages use."""

    FILE = "file"
    FOLDER = "folder"


def find_item(client: Client, text: str, kind: ItemKind) -> Item:
    """The item that a name, path, ID or pasted address means.

    Raises:
        NotFoundError: There is no such item, or there are several, or it is of the other kind.
        SignInError: It is a name, and nobody is signed in.
    """
    address = _parsed(text)
    if address.begins_in_an_account:
        client.check_signed_in(f"look for {address.text!r}", GIVE_THE_ID)
    top_id = _top_id(client, address)
    found = _top_or_by_id(client, address, top_id, kind)
    if found is None:
        found = _down(client, top_id, address.names, kind)
    if found is None and len(address.names) == 1:
        name = address.names[0]
        found = only_one(client, kind, name, client.named(name, None))
    if found is None:
        raise NotFoundError(
            f"There is no {kind.value} {address.text!r} on this Drive. Give its path from My Drive "
            "(a/b/c), its ID, or its address, copied from the browser."
        )
    return found


def find_or_make_folder(client: Client, text: str) -> Item:
    """The folder at an address; the folders of its path that are missing are made."""
    address = _parsed(text)
    folder_id = _top_id(client, address)
    found = _top_or_by_id(client, address, folder_id, ItemKind.FOLDER)
    if found is not None:
        return found
    names = address.names
    while True:
        step = next(_steps(client, folder_id, names, ItemKind.FOLDER), None)
        if step is None:
            step = Step(client.make_folder(names[0], folder_id), names[1:])
        if not step.names_below:
            return step.item
        folder_id = step.item["id"]
        names = step.names_below


def _parsed(text: str) -> Address:
    address = parse_address(text)
    if len(address.names) > MOST_STEPS:
        raise NotFoundError(
            f"The path {text[:50]!r}... has {len(address.names)} steps, where Drive allows folders "
            "in folders 100 deep. Give the ID of what you mean."
        )
    return address


def only_one(client: Client, kind: ItemKind, name: str, items: list[Item]) -> Item | None:
    """The one item of a kind among those of a name; of a shortcut, what it points to.

    Returns:
        None if there are no items at all.

    Raises:
        NotFoundError: There are several of this kind, or only some of the other.
    """
    if not items:
        return None
    fitting = [item for item in items if is_folder(item) == (kind is ItemKind.FOLDER)]
    if not fitting:
        raise _other_kind(kind, name, items[0])
    if len(fitting) > 1:
        raise _several(kind, name, fitting)
    return client.follow(fitting[0])


def _top_or_by_id(client: Client, address: Address, top_id: str, kind: ItemKind) -> Item | None:
    """What an address means that is an ID, or that names no more than the top; else None."""
    item = _by_id(client, address)
    if item is None and not address.names:
        item = _top(client, top_id)
    if item is None:
        return None
    return only_one(client, kind, address.text, [item])


def _by_id(client: Client, address: Address) -> Item | None:
    if address.file_id is not None:
        if address.resource_key is not None:
            client.service.resource_keys[address.file_id] = address.resource_key
        return client.item(address.file_id, f"open {address.text}")
    file_id = address.maybe_id
    if file_id is None:
        return None
    try:
        return client.item(file_id, f"find {file_id!r}")
    except NotFoundError:
        if not client.is_signed_in:
            raise
        return None  # then it is a name


def _top(client: Client, top_id: str) -> Item:
    if top_id == SHARED_WITH_ME:
        return {"id": SHARED_WITH_ME, "title": SHARED_WITH_ME, "mimeType": FOLDER}
    return client.item(top_id, "open it")


def _top_id(client: Client, address: Address) -> str:
    """The ID of the folder where the names begin."""
    if address.shared_drive is None:
        return address.top
    return _shared_drive_id(client.shared_drives(), address.shared_drive)


def _shared_drive_id(drives: list[SharedDrive], wanted: str) -> str:
    """The ID of the one shared drive of this name or ID."""
    found = [
        drive["id"]
        for drive in drives
        if composed(wanted) == composed(drive["name"]) or wanted == drive["id"]
    ]
    if len(found) == 1:
        return found[0]
    seen = [f"{printable(drive['name'])} (id {drive['id']})" for drive in drives[:MOST_NAMED]]
    if len(drives) > MOST_NAMED:
        seen.append(f"and {len(drives) - MOST_NAMED} more")
    sees = ", ".join(seen) or "none"
    kind = SeveralFoundError if found else NotFoundError
    if found:
        advice = "Give the ID of the one you mean in place of the name."
    else:
        advice = "Check the name, or ask its owner to let your account in."
    raise kind(f"There are {len(found)} shared drives called {wanted!r}. You see: {sees}. {advice}")


class Step(NamedTuple):
    """One step down a path: what lies there, and the names that are left."""

    item: Item
    names_below: tuple[str, ...]


def _steps(
    client: Client, folder_id: str, names: tuple[str, ...], kind: ItemKind
) -> Iterator[Step]:
    """The ways to begin a path. A name may hold slashes: tries "a", then "a/b", ..."""
    for count in range(1, len(names) + 1):
        title = "/".join(names[:count])
        names_below = names[count:]
        kind_here = ItemKind.FOLDER if names_below else kind
        item = only_one(client, kind_here, title, client.named(title, folder_id))
        if item is not None:
            yield Step(item, names_below)


def _down(client: Client, folder_id: str, names: tuple[str, ...], kind: ItemKind) -> Item | None:
    """The item at a path below a folder, or None."""
    for step in _steps(client, folder_id, names, kind):
        if not step.names_below:
            return step.item
        found = _down(client, step.item["id"], step.names_below, kind)
        if found is not None:
            return found
    return None


def _several(kind: ItemKind, name: str, items: list[Item]) -> SeveralFoundError:
    ids = ", ".join(
        f"id {item['id']} (changed {printable(item.get('modifiedDate', '?')[:10])})"
        for item in items[:MOST_NAMED]
    )
    if len(items) > MOST_NAMED:
        ids += ", ..."
    return SeveralFoundError(
        f"There are {len(items)} {kind.value}s called {name!r}: {ids}. "
        "Give the ID of the one you mean in place of the name."
    )


def _other_kind(kind: ItemKind, name: str, item: Item) -> NotFoundError:
    if kind is ItemKind.FOLDER:
        said = "is a file, not a folder. Name the folder it lies in."
    else:
        said = "is a folder, not a file. List it."
    return NotFoundError(f"{name!r} (id {item['id']}) {said}")
