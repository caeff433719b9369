"""Shards as files: one is written whole or not at all, and tells itself what it holds.

A shard is a ZIP of stored images, then `index.csv`, a row for each file that should be in it. The
ZIP's comment names the settings that it was packed with. So a later run can tell, from the end of
the shard alone, whether it is the one that is wanted.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from typing import IO, NamedTuple

from ..atomic import atomic_write
from .indexes import INDEX, IndexRow, as_text, rows_of
from .shards import ShardMember
from .storage import LARGEST_READ, SeekableFile

__all__ = ["Content", "Progress", "read_shard_index", "write_shard"]

LONGEST_COMMENT = (1 << 16) - 1  # of a member, in bytes

Progress = Callable[[int], object]
"""Called with the number of files that are done since the last call."""


class Content(NamedTuple):
    """A file as it goes into a shard.

    Attributes:
        member: The file, and its path in the shard.
        data: Its bytes; None where it could not be read.
        reason: Why it could not be read.
    """

    member: ShardMember
    data: bytes | None
    reason: str = ""


def write_shard(
    path: str, name: str, contents: Iterable[Content], settings: bytes, progress: Progress
) -> list[IndexRow]:
    """Writes one shard, whole or not at all.

    Args:
        path: Where to.
        name: Of the shard, for its rows of the index.
        contents: What goes in; each is asked for when the one before is written.
        settings: What it is packed with: a shard of other settings is another one.
        progress: Called after each file.

    Returns:
        Its rows of the index, in the order of `contents`.
    """
    rows = []
    with atomic_write(path) as out, zipfile.ZipFile(out, "w") as archive:
        for content in contents:
            if content.data is not None:
                archive.writestr(_zip_info(content.member), content.data)
            rows.append(_index_row(name, content))
            progress(1)
        archive.writestr(zipfile.ZipInfo(INDEX), as_text(rows))
        archive.comment = settings
    return rows


def read_shard_index(shard: IO[bytes] | SeekableFile, settings: bytes) -> list[IndexRow] | None:
    """The rows that `write_shard` returned for a shard; None where it has other settings.

    Raises:
        Exception: The shard is damaged, or none of ours.
    """
    with zipfile.ZipFile(shard) as archive:
        if archive.comment != settings:
            return None
        if archive.getinfo(INDEX).file_size > LARGEST_READ:
            return None
        return rows_of(archive.read(INDEX).decode())


def _zip_info(member: ShardMember) -> zipfile.ZipInfo:
    """A member's header: of 1980, so that the bytes are the same each time; id and label noted."""
    info = zipfile.ZipInfo(member.path)
    noted: dict[str, object] = {"id": member.file.id, "label": str(member.file.label)}
    if member.is_label:
        noted["is_label"] = True
    comment = json.dumps(noted).encode()
    if len(comment) > LONGEST_COMMENT:
        del noted["label"]  # the folder stands for it
        comment = json.dumps(noted).encode()
    info.comment = comment
    return info


def _index_row(shard_name: str, content: Content) -> IndexRow:
    file = content.member.file
    return IndexRow(
        shard=shard_name,
        path=content.member.path,
        id=file.id,
        version=str(file.version),
        label=str(file.label),
        size=len(content.data or b""),
        reason=content.reason,
    )
