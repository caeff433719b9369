"""What a ZIP holds, from its directory alone: its images, and the blocks that they are read in.

Whatever is wrong with a ZIP raises `zipfile.BadZipFile`, or an error that `zipfile` raises by
itself; `zip_archive.py` says which archive it was and what to do. The numbers are those of the ZIP
specification, sections 4.3.7 and 4.4.4:
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import json
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from ..drive import File
from ..drive.files import has_image_ending, is_hidden
from .blocks import BlockSpan
from .storage import ReadRange, SeekableFile

__all__ = ["LOCAL_HEADER_BYTES", "ArchivedImage", "BlockPlan", "Directory", "read_directory"]

LARGEST_IMAGE = 128 << 20  # bytes unpacked; what claims more is taken for a decompression bomb
LOCAL_HEADER_BYTES = 30  # of a member, before its name
HEADER_SLACK = 256 << 10  # bytes that a member's headers may take beside its content
ENCRYPTED = 0x1  # bit of a member's flags
NAME_IS_UTF8 = 0x800  # bit of a member's flags
MAC_FOLDER = "__MACOSX"  # where macOS puts what is no picture, under names of pictures
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
    """

    file: File
    block: str
    size: int
    offset: int
    packed_size: int
    method: int


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

    Args:
        read: Reads a range of the ZIP.
        archive: The ZIP.
        block_bytes: The images are to be read in blocks of so many bytes.

    Raises:
        zipfile.BadZipFile: It is no whole ZIP, is encrypted, holds no image, or its members overlap
            or name paths outside.
    """
    plan = BlockPlan(archive, block_bytes)
    images: dict[str, ArchivedImage] = {}
    with zipfile.ZipFile(SeekableFile(read, archive)) as opened:
        for info, limit in _members(opened):
            parts = _path_parts(info)
            if not _is_shown(parts):
                continue
            _check_packing(info)
            block = plan.add(info.header_offset, limit)
            file = _as_file(archive, info, parts, block)
            images[file.path] = ArchivedImage(
                file=file,
                block=block,
                size=info.file_size,
                offset=info.header_offset,
                packed_size=info.compress_size,
                method=info.compress_type,
            )
    if not images:
        raise zipfile.BadZipFile("it holds no image")
    return Directory(list(images.values()), plan.spans)


class _Member(NamedTuple):
    """A member, and where it ends at the latest."""

    info: zipfile.ZipInfo
    limit: int


def _members(opened: zipfile.ZipFile) -> Iterator[_Member]:
    """Yields the members in the order in which they lie in a ZIP; none reaches into the next."""
    infos = sorted(opened.infolist(), key=lambda info: info.header_offset)
    starts = [info.header_offset for info in infos]
    for info, following in zip(infos, [*starts[1:], opened.start_dir]):
        smallest = LOCAL_HEADER_BYTES + len(info.orig_filename) + info.compress_size
        if info.header_offset < 0 or info.header_offset + smallest > following:
            raise zipfile.BadZipFile(
                f"{info.filename!r} is cut off, or overlaps what comes next as in a bomb"
            )
        largest = info.compress_size + HEADER_SLACK
        yield _Member(info, min(following, info.header_offset + largest))


def _path_parts(info: zipfile.ZipInfo) -> list[str]:
    """The folders on a member's path, and its name."""
    path = _decoded_name(info)
    parts = path.replace("\\", "/").split("/")
    starts_outside = not parts[0] or re.match("[A-Za-z]:$", parts[0])
    if starts_outside or ".." in parts or "\0" in path:
        raise zipfile.BadZipFile(f"{path!r} names a path outside of the archive")
    return parts


def _decoded_name(info: zipfile.ZipInfo) -> str:
    """A member's name; UTF-8 also where the ZIP does not say so, as with those made on a Mac."""
    if info.flag_bits & NAME_IS_UTF8 or info.orig_filename.isascii():
        return info.orig_filename
    try:
        return info.orig_filename.encode("cp437").decode()
    except UnicodeError:
        return info.orig_filename


def _is_shown(parts: list[str]) -> bool:
    """Whether a path is that of an image, and not one that a system hides."""
    name = parts[-1]
    return has_image_ending(name) and not is_hidden(name) and parts[0] != MAC_FOLDER


def _check_packing(info: zipfile.ZipInfo) -> None:
    """Refuses what cannot be unpacked, or claims to be too large."""
    if info.flag_bits & ENCRYPTED:
        raise zipfile.BadZipFile(
            f"{info.filename!r} is encrypted, and there is no way to give a password"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(
            f"{info.filename!r} is packed by method {info.compress_type}, not stored or deflated"
        )
    if info.file_size > LARGEST_IMAGE:
        raise zipfile.BadZipFile(
            f"{info.filename!r} claims {info.file_size} bytes unpacked; {LARGEST_IMAGE} are allowed"
        )


def _as_file(archive: File, info: zipfile.ZipInfo, parts: list[str], block: str) -> File:
    """A member as it is listed, with the id and label that it had before `pack` where it had."""
    path = "/".join(parts)
    label = parts[-2] if len(parts) > 1 else posixpath.splitext(archive.name)[0]
    origin = _Origin(f"{archive.id}/{path}", label)
    if info.comment.startswith(PACKED_BY_US):
        origin = _origin_from(info.comment, origin)
    return File(
        id=origin.id,
        name=parts[-1],
        label=origin.label,
        path=path,
        size=info.file_size,
        md5=None,
        version=f"{info.CRC:08x}",
        block=block,
    )


class _Origin(NamedTuple):
    """The id and label of a file before it went into a ZIP."""

    id: str
    label: str


def _origin_from(comment: bytes, default: _Origin) -> _Origin:
    """What `pack` noted in a member's comment; `default` for what is no text."""
    noted = json.loads(comment)
    file_id = noted["id"]
    label = noted.get("label")
    if not isinstance(file_id, str):
        file_id = default.id
    if not isinstance(label, str):
        label = default.label
    return _Origin(file_id, label)
