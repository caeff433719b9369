"""What a ZIP holds, from its directory alone: its images, and the blocks that they are read in.

Whatever is wrong with a ZIP raises `zipfile.BadZipFile`; `zip_archive.py` says which archive it was
and what to do. The numbers are those of the ZIP specification, sections 4.3.7 and 4.4.2 to 4.4.5:
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import json
import posixpath
import re
import stat
import zipfile
from array import array
from typing import NamedTuple

import numpy as np

from ..drive import File
from ..drive.files import has_image_ending, is_hidden
from ..drive.labels import label_of_folder
from ..drive.names import composed
from .blocks import BlockSpan
from .storage import ReadRange, SeekableFile
from .zip_entries import Entry, find_directory, read_entries
from .zip_names import decoded_name

__all__ = [
    "LOCAL_HEADER_BYTES",
    "ArchivedImage",
    "BlockPlan",
    "Directory",
    "listed_name",
    "read_directory",
]

LARGEST_IMAGE = 128 << 20  # bytes unpacked; what claims more is taken for a decompression bomb
LOCAL_HEADER_BYTES = 30  # of a member, before its name
HEADER_SLACK = 256 << 10  # bytes that a member's headers may take beside its content
ENCRYPTED = 0x41  # bits of a member's flags: encrypted, and strongly so
UNIX = 3  # the system of a member whose mode says what it is
NEWEST_VERSION = 63  # of the specification, times ten
PACKED_BY_US = b'{"id":'  # how the comment begins that `pack` gives a member


class ArchivedImage(NamedTuple):
    """An image in a ZIP.

    Attributes:
        file: As it is listed.
        block: Names the block that it is read in.
        size: Its bytes, unpacked.
        offset: Where its header begins in the ZIP, in bytes.
        packed_size: Its bytes in the ZIP, without headers.
        method: How it is packed: `zipfile.ZIP_STORED` or `zipfile.ZIP_DEFLATED`.
        keeps_label: Whether `pack` noted its label, so that no folder tells it.
        is_label: Whether it is what a picture is learnt as, such as its mask.
    """

    file: File
    block: str
    size: int
    offset: int
    packed_size: int
    method: int
    keeps_label: bool
    is_label: bool


class Directory(NamedTuple):
    """The images of a ZIP in the order in which they lie in it, and their blocks by name."""

    images: list[ArchivedImage]
    spans: dict[str, BlockSpan]


class BlockPlan:
    """Puts images that follow each other without a gap into blocks.

    Example:
        >>> archive = File("1AbC", "flowers.zip", "", "flowers.zip", 100, None, version="1")
        >>> plan = BlockPlan(archive, block_bytes=50)
        >>> plan.add(0, 30), plan.add(30, 40), plan.add(40, 60), plan.add(70, 80)
        ('1AbC#0', '1AbC#0', '1AbC#40', '1AbC#70')
        >>> [(span.start, span.end) for span in plan.spans.values()]
        [(0, 40), (40, 60), (70, 80)]

    Args:
        archive: The ZIP.
        block_bytes: A block is not larger, unless a single image is.

    Attributes:
        spans: The blocks so far, by name.
    """

    def __init__(self, archive: File, block_bytes: int) -> None:
        self.spans: dict[str, BlockSpan] = {}
        self._archive = archive
        self._block_bytes = block_bytes
        self._last = BlockSpan("", archive, -1, -1)

    def add(self, start: int, end: int) -> str:
        """Names the block of an image that lies from `start` up to, not including, `end`."""
        follows = start == self._last.end
        fits = end - self._last.start <= self._block_bytes
        if follows and fits:
            span = BlockSpan(self._last.name, self._archive, self._last.start, end)
        else:
            span = BlockSpan(f"{self._archive.id}#{start}", self._archive, start, end)
        self.spans[span.name] = span
        self._last = span
        return span.name


def read_directory(read: ReadRange, archive: File, block_bytes: int) -> Directory:
    """Reads what a ZIP holds, without reading its content.

    Where a path comes twice, its last member counts, as for any program that unpacks.

    Args:
        read: Reads a range of the ZIP.
        archive: The ZIP.
        block_bytes: The images are to be read in blocks of so many bytes.

    Raises:
        zipfile.BadZipFile: It is no whole ZIP, is encrypted, holds no image, or its members overlap
            or name paths outside.
    """
    found = _found_images(SeekableFile(read, archive))
    if not found:
        raise zipfile.BadZipFile("it holds no image")
    plan = BlockPlan(archive, block_bytes)
    images: dict[str, ArchivedImage] = {}
    for one in found:
        block = plan.add(one.entry.offset, one.limit)
        image = _as_image(archive, one, block)
        images.pop(image.file.path, None)  # the later one has its own place in the order
        images[image.file.path] = image
    return Directory(list(images.values()), plan.spans)


class _FoundImage(NamedTuple):
    """An image in a directory.

    Attributes:
        entry: What the directory says of it.
        parts: The folders on its path, and its name.
        limit: Where it ends at the latest.
    """

    entry: Entry
    parts: list[str]
    limit: int


def _found_images(file: SeekableFile) -> list[_FoundImage]:
    """The images of a ZIP, in the order in which they lie in it."""
    directory = find_directory(file)
    starts = array("q")
    ends = array("q")
    found = []
    for number, entry in enumerate(read_entries(file, directory)):
        end = entry.offset + LOCAL_HEADER_BYTES + len(entry.name) + entry.packed_size
        if end > directory.start:
            raise _out_of_place(number)
        starts.append(entry.offset)
        ends.append(end)
        parts = _path_parts(entry)
        if _is_shown(entry, parts):
            _check_packing(entry, parts)
            found.append((number, entry, parts))
    limits = _limits(starts, ends, directory.start)
    images = []
    for number, entry, parts in found:
        largest = entry.offset + entry.packed_size + HEADER_SLACK
        images.append(_FoundImage(entry, parts, min(limits[number], largest)))
    return sorted(images, key=lambda image: image.entry.offset)


def _limits(starts: array[int], ends: array[int], directory_start: int) -> list[int]:
    """Where the next member of each begins; none reaches into the next."""
    order = np.argsort(starts, kind="stable")
    following = np.append(np.asarray(starts)[order][1:], directory_start)
    overlapping = order[np.asarray(ends)[order] > following]
    if overlapping.size:
        raise _out_of_place(int(overlapping[0]))
    limits = np.empty(len(order), np.int64)
    limits[order] = following
    as_list: list[int] = limits.tolist()
    return as_list


def _out_of_place(number: int) -> zipfile.BadZipFile:
    return zipfile.BadZipFile(
        f"member {number + 1} is cut off, or overlaps what comes next as in a bomb"
    )


def _path_parts(entry: Entry) -> list[str]:
    """The folders on a member's path, and its name."""
    path = decoded_name(entry)
    parts = path.replace("\\", "/").split("/")
    starts_outside = (len(parts) > 1 and not parts[0]) or re.match("[A-Za-z]:$", parts[0])
    if starts_outside or ".." in parts or "\0" in path:
        raise zipfile.BadZipFile(f"{path!r} names a path outside of the archive")
    folders = [part for part in parts[:-1] if part not in ("", ".")]
    return [*folders, parts[-1]]


def _is_shown(entry: Entry, parts: list[str]) -> bool:
    """Whether a member is an image, neither a link nor one that a system hides."""
    is_link = entry.made_by >> 8 == UNIX and stat.S_ISLNK(entry.mode)
    return has_image_ending(parts[-1]) and not is_link and not any(map(is_hidden, parts))


def _check_packing(entry: Entry, parts: list[str]) -> None:
    """Refuses what cannot be unpacked, or claims to be too large."""
    shown = repr("/".join(parts))
    if entry.flags & ENCRYPTED:
        raise zipfile.BadZipFile(f"{shown} is encrypted, and there is no way to give a password")
    if entry.needs > NEWEST_VERSION:
        raise zipfile.BadZipFile(f"{shown} needs version {entry.needs / 10} of the ZIP format")
    if entry.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(
            f"{shown} is packed by method {entry.method}, not stored or deflated"
        )
    largest = max(entry.size, entry.packed_size)
    if largest > LARGEST_IMAGE:
        raise zipfile.BadZipFile(
            f"{shown} claims {largest} bytes unpacked; {LARGEST_IMAGE} are allowed"
        )


def _as_image(archive: File, found: _FoundImage, block: str) -> ArchivedImage:
    """An image as it is listed, with the id and label that it had before `pack` where it had."""
    entry, parts, _ = found
    path = "/".join(parts)
    label = label_of_folder(posixpath.dirname(path), listed_name(archive), "parent")
    origin = _Origin(f"{archive.id}/{path}", None)
    if entry.comment.startswith(PACKED_BY_US):
        origin = _origin_from(entry.comment, path, origin)
    if origin.label is not None:
        label = composed(origin.label)
    file = File(
        id=origin.id,
        name=parts[-1],
        label=str(label),
        path=path,
        size=entry.size,
        md5=None,
        version=f"{entry.crc:08x}",
        block=block,
    )
    return ArchivedImage(
        file=file,
        block=block,
        size=entry.size,
        offset=entry.offset,
        packed_size=entry.packed_size,
        method=entry.method,
        keeps_label=origin.label is not None,
        is_label=origin.is_label,
    )


def listed_name(archive: File) -> str:
    """What stands for a folder's name at the top of an archive: its own name, without ending."""
    return posixpath.splitext(archive.name)[0]


class _Origin(NamedTuple):
    """The id and label of a file before it went into a ZIP; no label where none was noted."""

    id: str
    label: str | None
    is_label: bool = False


def _origin_from(comment: bytes, path: str, default: _Origin) -> _Origin:
    """What `pack` noted in a member's comment; `default` for what is no text."""
    try:
        noted = json.loads(comment)
    except (ValueError, RecursionError) as error:
        raise zipfile.BadZipFile(f"the comment of {path!r}, with its id, is damaged") from error
    file_id = noted["id"]
    label = noted.get("label")
    if not isinstance(file_id, str) or not file_id:
        file_id = default.id
    if not isinstance(label, str):
        label = None
    return _Origin(file_id, label, noted.get("is_label") is True)
