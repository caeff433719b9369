"""What is there at the beginning beside My Drive's own folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from .mime_types import FOLDER, SHORTCUT, mime_type_of
from .tree import Entry, Extra, Tree

AnyPath: TypeAlias = str | os.PathLike[str]
Folders: TypeAlias = Mapping[str, AnyPath]  # {name on the Drive: path on disk}


def add_mounts(tree: Tree, folders: Folders) -> None:
    """Folders that are shown read-only at the top of My Drive."""
    for name, path in folders.items():
        tree.add(name, [tree.root.id], FOLDER, path=_full(path), read_only=True)


def add_shared_with_me(tree: Tree, folders: Folders) -> None:
    """Folders that others have shared; read-only."""
    for name, path in folders.items():
        tree.add(name, [], FOLDER, path=_full(path), read_only=True, shared=True)


def add_shared_drives(tree: Tree, folders: Folders) -> None:
    """Shared drives, which can be written to."""
    for name, path in folders.items():
        entry = tree.add(name, [], FOLDER, path=_full(path))
        entry.drive_id = entry.id


def _full(path: AnyPath) -> str:
    return str(Path(path).resolve())


def add_extra(tree: Tree, extra: Extra) -> Entry:
    """An entry that a disk cannot hold."""
    entry = tree.add(
        extra.title,
        [tree.find(extra.parent).id],
        _mime_type(extra),
        id=extra.id,
        content=extra.content,
        size=len(extra.content or b""),
        resource_key=extra.resource_key,
        modified=int(extra.modified * 1e9),
    )
    if extra.shortcut_to:
        entry.target = _id_of(tree, extra.shortcut_to)
    return entry


def _mime_type(extra: Extra) -> str:
    if extra.shortcut_to:
        return SHORTCUT
    if extra.mime_type:
        return extra.mime_type
    return FOLDER if extra.content is None else mime_type_of(extra.title)


def _id_of(tree: Tree, target: str) -> str:
    """The ID at a path; what is not found is an ID itself, and the shortcut dangles."""
    try:
        return tree.find(target).id
    except KeyError:
        return target
