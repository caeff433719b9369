"""Which file goes into which shard, and what it is called there. Pure: nothing is read or written.

Example:
    >>> from colab_helpers.drive import File
    >>> files = [
    ...     File(f"id{n}", f"{n}.jpg", "rose", f"rose/{n}.jpg", 400, None, version="1")
    ...     for n in range(4)
    ... ]
    >>> for shard in plan_shards(files, shard_bytes=800):
    ...     print(shard.name, [member.path for member in shard.members])
    shard-00000.zip ['rose/1.jpg', 'rose/3.jpg']
    shard-00001.zip ['rose/2.jpg', 'rose/0.jpg']
"""

from __future__ import annotations

import collections
import hashlib
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ..drive import File

__all__ = ["Shard", "ShardMember", "name_members", "plan_shards"]

LONGEST_NAME = 200  # bytes of a name in a path; systems take 255, of which a mark needs some
LONGEST_ENDING = 20  # of characters after a dot that are taken for the ending of a name
LABEL_FOLDER = "masks"  # where files lie that pictures are learnt as
NOT_IN_NAMES = r'^\.|[\\/:*?"<>|\x00-\x1f]'  # what a path on one system or another cannot hold


class ShardMember(NamedTuple):
    """A file, and its path in the shard.

    Attributes:
        path: In the shard.
        file: As it was listed.
        is_label: Whether it is what a picture is learnt as, such as its mask.
    """

    path: str
    file: File
    is_label: bool = False


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard that is to be packed.

    Attributes:
        name: Such as "shard-00000.zip".
        members: What it is to hold, in this order.
    """

    name: str
    members: list[ShardMember]


NO_LABEL_FILES: Mapping[Any, File] = MappingProxyType({})


def plan_shards(
    files: Iterable[File],
    shard_bytes: int,
    longest_side: int | None = None,
    label_files: Mapping[Any, File] = NO_LABEL_FILES,
) -> list[Shard]:
    """Puts files into shards, in a random order that only their ids decide.

    Args:
        files: The listing.
        shard_bytes: A shard is full with so many bytes.
        longest_side: In pixels, of images that are to be made smaller; None leaves all as they are.
        label_files: What pictures are learnt as, by their ids; each lies behind its picture.
    """
    shards: list[Shard] = []
    bytes_left = 0
    for member in name_members(files, label_files):
        if bytes_left <= 0 and not member.is_label:
            shards.append(Shard(f"shard-{len(shards):05}.zip", []))
            bytes_left = shard_bytes
        shards[-1].members.append(member)
        bytes_left -= _expected_bytes(member.file, longest_side)
    return shards


def name_members(
    files: Iterable[File], label_files: Mapping[Any, File] = NO_LABEL_FILES
) -> list[ShardMember]:
    """Gives each file a path unlike any other, `label/name`, in an order that only the ids decide.

    Where two paths would be one, also where capitals do not count, a mark of the id is added. The
    order is random, so that what lies together is of all classes. A mask comes behind the first of
    its pictures, and is called as that, in the same folder below "masks".

    Example:
        >>> files = [File(f"id{n}", "1.jpg", "a/b", "", 0, None, version="1") for n in range(2)]
        >>> [member.path for member in name_members(files)]
        ['a_b/1-6b8beb9b1e06fb2a.jpg', 'a_b/1-e6ddcf533da8966e.jpg']
    """
    in_order = sorted(files, key=_mark)
    names = [_label_and_name(file) for file in in_order]
    times = collections.Counter(stem.lower() for stem, _ in names)
    members = []
    placed = {file.id for file in in_order}
    for file, (stem, extension) in zip(in_order, names):
        if times[stem.lower()] > 1:
            stem = f"{stem}-{_mark(file)}"
        members.append(ShardMember(stem + extension, file))
        mask = label_files.get(file.id)
        if mask is not None and mask.id not in placed:
            placed.add(mask.id)
            _, extension = _label_and_name(mask)
            path = f"{LABEL_FOLDER}/{stem}{extension}"
            members.append(ShardMember(path, mask, is_label=True))
    return members


def _mark(file: File) -> str:
    """Sixteen hex digits that stand for a file's id, in no order that one could guess."""
    file_id = file.id.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(file_id, digest_size=8).hexdigest()


def _label_and_name(file: File) -> tuple[str, str]:
    """`label/name`, each no longer than systems take, split before the ending."""
    stem, extension = posixpath.splitext(_clean(file.name))
    if len(extension) > LONGEST_ENDING:
        stem, extension = stem + extension, ""
    return f"{_shortened(_clean(str(file.label)))}/{_shortened(stem)}", extension


def _clean(name: str) -> str:
    """A name that any system takes; on Drive a name may hold anything."""
    valid = name.strip().encode("utf-8", "replace").decode()
    return re.sub(NOT_IN_NAMES, "_", valid) or "_"


def _shortened(name: str) -> str:
    """A name that is not too long: its start, and a mark that no other name's has."""
    in_bytes = name.encode()
    if len(in_bytes) <= LONGEST_NAME:
        return name
    mark = hashlib.blake2b(in_bytes, digest_size=8).hexdigest()
    start = in_bytes[: LONGEST_NAME - len(mark) - 1].decode(errors="ignore")
    return f"{start}-{mark}"


def _expected_bytes(file: File, longest_side: int | None) -> int:
    """Bytes in the shard: as listed, or at most half a byte a pixel for what is made smaller."""
    size: int = getattr(file, "size", None) or 0  # a file of one's own may lack it
    if longest_side is None:
        return size
    return min(size, longest_side**2 // 2)
