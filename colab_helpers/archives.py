"""Few big files instead of many small ones: train straight from ZIPs on Drive, and pack photos into them.

Drive counts requests, whatever their size. `open_archive` reads a ZIP in place: its directory first, then blocks
of some megabytes that hold a hundred photos each; nothing is unpacked. `pack` writes such ZIPs from a listing.

Example:
    >>> import pathlib, tempfile, types, zipfile
    >>> from colab_helpers.archives import open_archive
    >>> path = pathlib.Path(tempfile.mkdtemp(), "flowers.zip")
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("roses/1.jpg", b"the bytes of a rose")
    ...     archive.writestr("tulips/1.jpg", b"the bytes of a tulip")
    >>> class Folder:  # or connect(): a Drive, or a folder, has these two methods
    ...     def find(self, name):
    ...         return types.SimpleNamespace(id=name, name=path.name, size=path.stat().st_size, version="1")
    ...     def read(self, file, start=None, end=None):
    ...         return path.read_bytes()[start:end]
    >>> archive = open_archive(Folder(), "flowers.zip")
    >>> [(file.name, file.label, archive.read(file)) for file in archive.list_images()]
    [('1.jpg', 'roses', b'the bytes of a rose'), ('1.jpg', 'tulips', b'the bytes of a tulip')]
"""

import collections
import concurrent.futures
import csv
import functools
import hashlib
import io
import json
import os
import posixpath
import re
import struct
import sys
import tempfile
import threading
import zipfile
import zlib
from dataclasses import dataclass

__all__ = ["ArchiveError", "open_archive", "pack"]

BLOCK = 8 << 20  # bytes read at a time: 160 photos of 50 kB
HELD = 256 << 20  # bytes of blocks that are kept on local disk, for the reads that follow
TAIL = 1 << 20  # bytes read from an archive's end: holds the directory of 10,000 members
LARGEST = (
    128 << 20
)  # bytes of an unpacked image; what claims more is taken for a decompression bomb
IMAGE_NAMES = tuple(
    ".jpg .jpeg .jpe .jfif .png .gif .bmp .tif .tiff .webp .heic .heif .avif .jp2 .ppm .pgm".split()
)
FETCHES = 4  # blocks on their way at a time
SLACK = 256 << 10  # bytes that a member's headers may take beside it
COLUMNS = (
    "shard",
    "path",
    "id",
    "version",
    "label",
    "size",
    "reason",
)  # of the index that `pack` writes


class ArchiveError(Exception):
    """An archive or a member cannot be read; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """An image in an archive: a file as `Drive` lists them."""

    id: str
    name: str
    label: str
    path: str
    size: int
    md5: None
    version: str  # its CRC
    block: str  # names the range that it is fetched with
    offset: int  # of its header in the archive, in bytes
    packed: int  # its size there, in bytes
    method: int  # how it is packed


def open_archive(drive, path):
    """Opens a ZIP, several, or a folder that `pack` wrote, to read images in place.

    Example:
        archive = open_archive(drive, "flowers.zip")
        train = StreamingSequence(archive.list_images(), archive.read, decode)

    Args:
        drive: a `Drive`, a `LocalFolder`, or anything with `find(path) -> file` and `read(file, start, end)`.
        path: of the archive, or a list of them, or of a folder that `pack` wrote.

    Returns:
        An `Archive`: `list_images(folder)`, `find(path)` and `read(file, start, end)`, as `drive` has them.

    Raises:
        ArchiveError: it is no whole ZIP, or is encrypted, or members overlap or name paths outside.
    """
    paths = [path] if isinstance(path, (str, os.PathLike)) else path
    return Archive(
        drive, [drive.find(one) for path in paths for one in _shards(drive, os.fspath(path))]
    )


def _shards(drive, path):
    """The archives in a folder, as its index names them; any other path, ID or address is one archive."""
    if path.lower().endswith(".zip"):
        return [path]
    try:
        index = drive.read(drive.find(posixpath.join(path, "index.csv"))).decode()
    except Exception:
        return [path]
    shards = dict.fromkeys(row["shard"] for row in csv.DictReader(io.StringIO(index)))
    return [posixpath.join(path, posixpath.basename(shard)) for shard in shards]


class Archive:
    """Images in one or more ZIPs; see `open_archive`."""

    def __init__(self, drive, files):
        self._drive, self._ranges, self._members = drive, {}, []
        self.__setstate__({})
        for file in files:
            self._members += self._open(file)

    def __getstate__(self):  # what was read stays behind
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("_lock", "_pool", "_blocks")
        }

    def __setstate__(self, state):
        vars(self).update(state, _lock=threading.Lock(), _blocks=collections.OrderedDict())
        self._pool = concurrent.futures.ThreadPoolExecutor(FETCHES)

    def list_images(self, folder="."):
        """Yields the images below a folder of the archive, in the order in which they lie in it."""
        start = "" if folder in (".", "") else folder.strip("/") + "/"
        return (member for member in self._members if member.path.startswith(start))

    def find(self, path):
        """The image at `path` in the archive."""
        for member in self._members:
            if member.path == path or member.id == path:
                return member
        raise ArchiveError(
            f"There is no image {path!r} in the archive. `list_images()` shows what it holds."
        )

    def read(self, file, start=None, end=None):
        """The bytes of an image, or those from `start` up to, not including, `end`. Its CRC is checked, and its block
        kept for its neighbours."""
        try:
            first, data = self._ranges[file.block][1], self._block(file.block)
            at = file.offset - first
            head = data(at, 30)
            if head[:4] != b"PK\3\4":
                raise zipfile.BadZipFile("its header is missing")
            at += 30 + sum(
                struct.unpack_from("<HH", head, 26)
            )  # the lengths of its name and its extra field
            info = zipfile.ZipInfo()
            info.compress_type, info.compress_size, info.file_size = (
                file.method,
                file.packed,
                file.size,
            )
            info.CRC = int(file.version, 16)
            unpacked = zipfile.ZipExtFile(io.BytesIO(data(at, file.packed)), "r", info).read(
                file.size + 1
            )
            if len(unpacked) != file.size:
                raise zipfile.BadZipFile("its end is missing")
        except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
            raise ArchiveError(
                f"Could not read {file.path!r} (id {file.id}) from its archive: {error}. Test the archive "
                "with `unzip -t`, and upload it again."
            ) from error
        return unpacked[start:end]

    def _block(self, name):
        """Fetches a block, once for all threads that ask; returns `data(offset, size) -> bytes`."""
        with self._lock:
            block = self._blocks.get(name)
            if (
                block is None or block.done() and block.exception()
            ):  # not asked for yet, or it failed
                block = self._pool.submit(lambda: _on_disk(self._drive.read(*self._ranges[name])))
                self._blocks[name] = block
                sizes = {key: self._ranges[key][2] - self._ranges[key][1] for key in self._blocks}
                while len(sizes) > 1 and sum(sizes.values()) > HELD:
                    sizes.pop(self._blocks.popitem(last=False)[0])
            self._blocks.move_to_end(name)
        return block.result()

    def _open(self, file):
        """Reads an archive's directory; returns its images in the order in which they lie there."""
        try:
            with zipfile.ZipFile(_Ranged(self._drive.read, file)) as archive:
                infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
                return self._members_of(
                    file, infos, [info.header_offset for info in infos][1:] + [archive.start_dir]
                )
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            struct.error,
            ValueError,
            EOFError,
            RecursionError,
        ) as error:
            raise ArchiveError(
                f"Could not open the archive {file.name!r} (id {file.id}): {error}. Make it again with "
                "any ZIP program, or with `pack`, and upload it again."
            ) from error

    def _members_of(self, file, infos, ends):
        members, block, first, last = {}, None, 0, -1
        for info, end in zip(infos, ends):
            if (
                info.header_offset < 0
                or info.header_offset + 30 + len(info.orig_filename) + info.compress_size > end
            ):
                raise zipfile.BadZipFile(
                    f"{info.filename!r} is cut off, or overlaps what comes next as in a bomb"
                )
            end = min(end, info.header_offset + info.compress_size + SLACK)
            parts, origin = _parts(info), _origin(info)
            path = "/".join(parts)
            if (
                not path.lower().endswith(IMAGE_NAMES)
                or parts[0] == "__MACOSX"
                or parts[-1].startswith(".")
            ):
                continue
            _check(info)
            if (
                info.header_offset != last or end - first > BLOCK
            ):  # not the next one, or no room: a new block
                block, first = f"{file.id}#{info.header_offset}", info.header_offset
            self._ranges[block], last = (file, first, end), end
            label = parts[-2] if len(parts) > 1 else posixpath.splitext(file.name)[0]
            members[path] = Member(
                origin.get("id", f"{file.id}/{path}"),
                parts[-1],
                origin.get("label", label),
                path,
                info.file_size,
                None,
                f"{info.CRC:08x}",
                block,
                info.header_offset,
                info.compress_size,
                info.compress_type,
            )
        if not members:
            raise zipfile.BadZipFile("it holds no image")
        return members.values()


class _Ranged(io.RawIOBase):
    """The end of a file on Drive, as a file that `zipfile` can read a directory from."""

    def __init__(self, read, file):
        self._read, self._file, self._at, self._first, self._data = read, file, 0, 0, b""

    def seekable(self):
        return True

    def seek(self, offset, whence=os.SEEK_SET):
        at = offset + (0, self._at, self._file.size)[whence]
        if at < 0:
            raise OSError("before the start")
        self._at = at
        return at

    def read(self, size=-1):
        total = self._file.size
        end = total if size < 0 else min(total, self._at + size)
        if not self._first <= self._at <= end <= self._first + len(self._data):
            self._first = min(self._at, max(0, total - TAIL))
            self._data = self._read(
                self._file, self._first, max(end, min(total, self._first + TAIL))
            )
        data = self._data[self._at - self._first : end - self._first]
        self._at += len(data)
        return data


def _on_disk(data):
    """Keeps `data` in a file without a name, or in memory where the disk is full; returns `read(offset, size)`."""
    try:
        file = tempfile.TemporaryFile(buffering=0)
        if file.write(data) == len(data):
            return lambda offset, size: os.pread(file.fileno(), size, offset)
    except OSError:
        pass
    return lambda offset, size: data[offset : offset + size]


def _parts(info):
    """The parts of a member's path: UTF-8 also where the archive does not say so, as with those made on a Mac."""
    name = info.orig_filename
    if not info.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            pass
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or not parts[0] or re.match("[A-Za-z]:$", parts[0]) or "\0" in name:
        raise zipfile.BadZipFile(f"{name!r} names a path outside of the archive")
    return parts


def _origin(info):
    """The id and label that a member had where `pack` took it from."""
    return json.loads(info.comment) if info.comment.startswith(b'{"id":') else {}


def _check(info):
    if info.flag_bits & 1:
        raise zipfile.BadZipFile(
            f"{info.filename!r} is encrypted, and there is no way to give a password"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(
            f"{info.filename!r} is packed by method {info.compress_type}, not stored or deflated"
        )
    if info.file_size > LARGEST:
        raise zipfile.BadZipFile(
            f"{info.filename!r} claims {info.file_size} bytes unpacked; {LARGEST} are allowed"
        )


def pack(
    files, read, folder, *, shard_bytes=256 << 20, longest_side=None, drive=None, reads=32, map=None
):
    """Writes a listing into a few ZIPs ("shards"), which any unzip program opens and `open_archive` reads in place.

    The files are put in a random order, always the same, so that what lies together is of all classes. What a shard
    holds depends on the listing alone; after a kill, the same call packs only what is missing.

    Example:
        unread = pack(drive.list_images("flowers17"), drive.read, "packed/flowers17", drive=drive)
        archive = open_archive(drive, "packed/flowers17")

    Args:
        files: the listing. Class folders are kept: a member is called `label/name`.
        read: `read(file) -> bytes`.
        folder: local folder for the shards and `index.csv`, which has a row for each file: shard, id, version, label.
        shard_bytes: a shard is full with so many bytes, as listed, or half a byte a pixel for what is made smaller.
        longest_side: in pixels; larger images are made smaller and stored as JPEGs of quality 90 (those with
            transparency as PNGs). None leaves every byte as it is.
        drive: where given, each shard is uploaded to the folder of that name there, compared by md5, and deleted here.
        reads: files that are read at a time for a shard.
        map: packs shards side by side: `map(function, shards)` of a process pool, or made of a Dask client's. `read`
            and `drive` must then be picklable. Without a `drive`, `folder` must be one for all.

    Returns:
        What could not be read: the rows of `unread.csv`, each a dict with the columns of the index and a `reason`.
    """
    from tqdm import tqdm

    os.makedirs(folder, exist_ok=True)
    remote = (
        os.path.basename(os.path.normpath(folder)) if os.path.isabs(folder) else os.fspath(folder)
    )
    settings = f"shard_bytes={shard_bytes} longest_side={longest_side}".encode()
    pack_one = functools.partial(
        _pack_shard,
        read=read,
        folder=folder,
        remote=remote,
        longest_side=longest_side,
        drive=drive,
        reads=reads,
        settings=settings,
    )
    shards = _shards_of(_member_paths(files), shard_bytes, longest_side)
    if map is None:
        with tqdm(
            desc="Packing",
            total=sum(len(todo) for _, todo in shards),
            unit=" files",
            file=sys.stdout,
        ) as bar:
            packed = [pack_one(shard, done=bar.update) for shard in shards]
    else:
        packed = list(map(pack_one, shards))
    for name in os.listdir(folder):
        if name.endswith(".part"):  # of those that were killed
            os.unlink(os.path.join(folder, name))
    rows = [row for part in packed for row in part]
    unread = [row for row in rows if row[-1]]
    packed = [row[:-1] for row in rows if not row[-1]]
    for name, part in (("unread.csv", [COLUMNS, *unread]), ("index.csv", [COLUMNS[:-1], *packed])):
        with open(
            os.path.join(folder, name), "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as out:
            csv.writer(out, lineterminator="\n").writerows(part)
        _upload(drive, os.path.join(folder, name), remote, keep=True)
    return [dict(zip(COLUMNS, row)) for row in unread]


def _shards_of(todo, shard_bytes, longest_side):
    """Which files go into which shard: [(name, [(path, file), ...]), ...]."""
    shards, room = [], 0
    for path, file in todo:
        if room <= 0:
            shards.append((f"shard-{len(shards):05}.zip", []))
            room = shard_bytes
        shards[-1][1].append((path, file))
        size = getattr(file, "size", None) or 0
        room -= size if longest_side is None else min(size, longest_side**2 // 2)
    return shards


def _pack_shard(shard, *, read, folder, remote, longest_side, drive, reads, settings, done=None):
    """Packs and uploads one shard, unless it is there already; returns its rows of the index."""
    (name, todo), done = shard, done or (lambda files: None)
    os.makedirs(folder, exist_ok=True)  # on another machine
    rows = _finished(os.path.join(folder, name), drive, f"{remote}/{name}", settings)
    if rows and [row[2:4] for row in rows] == [[file.id, str(file.version)] for _, file in todo]:
        done(len(todo))
    else:
        rows = _write_shard(
            folder, name, _contents(todo, read, longest_side, reads), settings, done
        )
    _upload(drive, os.path.join(folder, name), remote)
    return rows


def _member_paths(files):
    """Pairs of a path in the archive, unlike any other, and its file, in an order that only the ids decide."""

    def clean(name):  # a name on Drive may hold anything
        name = name.strip().encode("utf-8", "replace").decode()
        return re.sub(r'^\.|[\\/:*?"<>|\x00-\x1f]', "_", name) or "_"

    def mark(file):
        return hashlib.blake2b(file.id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    files = sorted(files, key=mark)
    names = [posixpath.splitext(f"{clean(str(file.label))}/{clean(file.name)}") for file in files]
    times = collections.Counter(stem.lower() for stem, _ in names)
    marks = [
        "-" + mark(file) if times[stem.lower()] > 1 else "" for (stem, _), file in zip(names, files)
    ]
    return [
        (stem + mark + extension, file)
        for (stem, extension), mark, file in zip(names, marks, files)
    ]


def _contents(todo, read, longest_side, reads):
    """Yields (path, file, bytes, reason) in order, where one of the last two is empty; `reads` are on their way."""

    def content(path, file):
        try:
            return _shrunk(path, file, read(file), longest_side)
        except Exception as error:
            if getattr(error, "ends_run", False):
                raise
            return path, file, None, f"{type(error).__name__}: {error}"

    with concurrent.futures.ThreadPoolExecutor(reads) as pool:
        ahead = collections.deque()
        for path, file in todo:
            ahead.append(pool.submit(content, path, file))
            if len(ahead) > reads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _shrunk(path, file, data, longest_side):
    if longest_side is not None:
        from PIL import Image, ImageOps

        image = Image.open(io.BytesIO(data))
        if max(image.size) > longest_side and image.mode in ("RGB", "L", "CMYK", "RGBA", "LA", "P"):
            image = (
                image.convert("RGBA" if "transparency" in image.info else "RGB")
                if image.mode == "P"
                else image
            )
            image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
            image, out = ImageOps.exif_transpose(image), io.BytesIO()
            kind = "png" if image.mode.endswith("A") else "jpeg"
            image.save(out, kind, quality=90, icc_profile=image.info.get("icc_profile"))
            path, data = f"{posixpath.splitext(path)[0]}.{kind}", out.getvalue()
    return path, file, data, ""


def _write_shard(folder, name, contents, settings, done):
    """Writes one shard under another name, and renames it when it is whole. Returns its rows of the index."""
    rows = []
    handle, part = tempfile.mkstemp(dir=folder, suffix=".part")
    with os.fdopen(handle, "wb") as out:
        with zipfile.ZipFile(out, "w") as archive:
            for path, file, data, reason in contents:
                rows.append(
                    [
                        name,
                        path,
                        file.id,
                        str(file.version),
                        file.label,
                        str(len(data or b"")),
                        reason,
                    ]
                )
                if data is not None:
                    info = zipfile.ZipInfo(path)  # of 1980: the same bytes each time
                    info.comment = json.dumps({"id": file.id, "label": file.label}).encode()
                    archive.writestr(info, data)
                done(1)
            index = io.StringIO(newline="")
            csv.writer(index, lineterminator="\n").writerows(rows)
            archive.writestr(
                zipfile.ZipInfo("index.csv"), index.getvalue().encode("utf-8", "backslashreplace")
            )
            archive.comment = settings
        out.flush()
        os.fsync(out.fileno())
    os.replace(part, os.path.join(folder, name))
    return rows


def _finished(path, drive, remote, settings):
    """The rows of a shard that an earlier run finished, here or on Drive; None where there is none."""
    try:
        source = (
            open(path, "rb") if os.path.exists(path) else _Ranged(drive.read, drive.find(remote))
        )
        with source, zipfile.ZipFile(source) as archive:
            text = io.StringIO(archive.read("index.csv").decode(), newline="")
            return list(csv.reader(text)) if archive.comment == settings else None
    except Exception:
        return None  # not there, or not whole: it is packed again


def _upload(drive, path, remote, keep=False):
    if drive is None or not os.path.exists(path):
        return
    sent = drive.upload(path, remote)
    with open(path, "rb") as file:
        md5 = hashlib.file_digest(file, "md5").hexdigest()
    if sent.md5 not in (None, md5):
        raise ArchiveError(
            f"{path!r} arrived damaged: its md5 is {md5}, and {sent.md5} on Drive. Call pack again."
        )
    if sent.md5 == md5 and not keep:
        os.unlink(path)
