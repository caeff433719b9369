"""Keep on local disk what was read or decoded once, bounded in bytes, checked, and shared by all runs.

`cached` keeps the bytes of files: it wraps any `read(file) -> bytes`. `PixelCache` keeps decoded images,
which saves the decoding too: give it to `StreamingSequence(..., cache=...)`.

Both are filled up to `max_bytes` and then stay: evicting the least recently used would not help, as each epoch
reads everything in a new order. Only a cache full of what nobody asks for any more is emptied and filled anew.

A record belongs to a file's `id` and `version`: a file changed on Drive is read again. Threads and processes may
share a folder. A damaged record is noticed and read again. A full disk turns caching off with one warning.

Example:
    >>> import tempfile, types
    >>> from colab_helpers.cache import cached
    >>> rose = types.SimpleNamespace(id="1AbC", version="md5-of-rose")
    >>> def read(file):
    ...     print("reading from Drive")
    ...     return b"the bytes of a rose"
    >>> read = cached(read, tempfile.mkdtemp(), max_bytes=1e9)
    >>> read(rose)
    reading from Drive
    b'the bytes of a rose'
    >>> read(rose)
    b'the bytes of a rose'
"""

import array
import hashlib
import os
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from functools import partial

import numpy as np

try:
    import fcntl
except ImportError:
    fcntl = None  # Windows

__all__ = ["PixelCache", "cached"]

_ROW = struct.Struct(
    "<16sQQI4x"
)  # in the index: a record's key, offset, length in bytes, checksum; the row's own
_PAGE = 4096  # bytes
_GROW = 64 << 20  # bytes reserved ahead at most


def cached(read, folder, *, max_bytes):
    """Wraps `read` so that the bytes of a file are fetched once and then come from local disk.

    Example:
        read = cached(drive.read, "/content/cache", max_bytes=10e9)

    Args:
        read: a function `read(file) -> bytes`; `read(file, start, end)` if ranges are asked for.
        folder: local folder for the cache, made if missing. Not one on a mounted Drive.
        max_bytes: the most the cache takes of the disk, in bytes.

    Returns:
        `read(file, start=None, end=None) -> bytes`, with `stats` and `close` as `PixelCache` has.
    """
    return _CachedRead(read, folder, max_bytes)


class _Records:
    """Checked records in two files: `<name>.data`, one after another, and `<name>.index`, a row for each.

    A record counts once its row is written, after its data, under a lock for threads and processes: a kill at any
    moment leaves nothing half done. In memory a record costs about 12 bytes, in an open-addressing hash table of
    row numbers. No memory map: its pages count as the process's memory, and a full disk below one kills it.
    """

    _data = _index = None

    def __init__(self, folder, name, max_bytes):
        if not max_bytes > 0:
            raise ValueError(f"`max_bytes` must be above 0. Received: {max_bytes!r}")
        self._folder, self._path, self._max_bytes = (
            folder,
            os.path.join(folder, name),
            int(max_bytes),
        )
        self._lock, self._suspects = threading.Lock(), set()
        self._hits = self._misses = self._damaged = self._added = 0
        self._full = self._off = False
        self._clear()
        try:
            if fcntl is None:
                raise OSError("it needs Linux or macOS")
            os.makedirs(folder, exist_ok=True)
            self._data = os.open(self._path + ".data", os.O_RDWR | os.O_CREAT, 0o600)
            self._index = os.open(self._path + ".index", os.O_RDWR | os.O_CREAT, 0o600)
            with self._locked():
                self._catch_up()
                if self._size() > self._max_bytes:
                    self._empty()
        except OSError as error:
            self._switch_off(error)

    @property
    def stats(self):
        """A dict: `hits`, `misses`, `damaged` here, `records`, `bytes`, `max_bytes`; `full`; `off`: the disk failed."""
        counts = {
            "hits": self._hits,
            "misses": self._misses,
            "damaged": self._damaged,
            "records": self._rows,
        }
        return counts | {
            "bytes": self._size(),
            "max_bytes": self._max_bytes,
            "full": self._full,
            "off": self._off,
        }

    def close(self):
        """Gives back to the disk what was reserved and not used. What is cached stays for the next run."""
        try:
            with self._locked():
                self._catch_up()
                os.ftruncate(self._data, self._end)
        except OSError:
            pass  # it stays reserved

    def __del__(self):
        for descriptor in {self._data, self._index} - {None}:
            os.close(descriptor)

    def _clear(self, rows=128):
        self._rows = self._end = (
            0  # rows of the index that were taken in; where their data ends, in bytes
        )
        self._table = array.array(
            "I", bytes(4 << (2 * rows).bit_length())
        )  # row number + 1, or 0 where free

    @contextmanager
    def _locked(self):
        with (
            self._lock,
            open(self._path + ".index") as lock,
        ):  # opened anew: a forked process shares what is open
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _row(self, number):
        raw = os.pread(self._index, _ROW.size, number * _ROW.size)
        sound = len(raw) == _ROW.size and zlib.crc32(raw[:-4]) == int.from_bytes(raw[-4:], "little")
        return _ROW.unpack(raw) if sound else (None, 0, 0, 0)  # cut or damaged: nobody finds it

    def _find(self, key):
        """Returns the key's place in the hash table, and the number of its row and the row, if there is one."""
        table = self._table  # kept, as another thread may put a larger one in its place
        place = int.from_bytes(key[:8], "little") % len(table)
        while number := table[place]:
            row = self._row(number - 1)
            if row[0] == key:
                return place, number - 1, row
            place = (place + 1) % len(table)
        return place, None, None

    def _catch_up(self):
        """Takes in the rows that were added, by this process or another. Call it locked."""
        rows = os.fstat(self._index).st_size // _ROW.size
        if (
            rows < self._rows or rows > len(self._table) // 2
        ):  # the index was emptied or cut; a full table
            self._clear(max(rows, 128))
        for number in range(self._rows, rows):
            key, offset, length, _ = self._row(number)
            if key:
                self._table[self._find(key)[0]] = number + 1
                self._end = max(self._end, offset + length)
            self._rows = number + 1

    def _get(self, keys, out=None):
        """Returns the record of each key, as a bytearray or a row of `out`, uint8 (keys, length); None: not there."""
        found, rows, damaged = [None] * len(keys), [None] * len(keys), set()
        for number, key in enumerate(keys):
            try:
                _, at, row = self._find(key)
                if (
                    at is None
                    and self._index is not None
                    and os.fstat(self._index).st_size // _ROW.size != self._rows
                ):
                    with self._locked():
                        self._catch_up()
                    _, at, row = self._find(key)
                if at is not None:
                    damaged.add(key)  # until it is checked
                    data = bytearray(row[2]) if out is None else out[number]
                    if os.preadv(self._data, [data], row[1]) == row[2]:
                        found[number], rows[number] = data, row
            except OSError:
                pass  # counts as damaged
        # All at once: each call of NumPy on its own would wait again for the interpreter, which Keras keeps busy.
        if out is not None and any(rows):
            checksums = _checksums(keys, out)
        else:
            checksums = [
                None if data is None else _checksum(key, data) for key, data in zip(keys, found)
            ]
        for number, row in enumerate(rows):
            if row is not None and checksums[number] == row[3]:
                damaged.discard(keys[number])
            else:
                found[number] = None
        with self._lock:
            hits = sum(data is not None for data in found)
            self._hits += hits
            self._misses += len(keys) - hits
            self._damaged += len(damaged)
            self._suspects |= damaged
        return found

    def _put(self, key, data):
        if self._off:
            return False
        try:
            with self._locked():
                return self._write(key, data)
        except OSError as error:
            self._switch_off(error)
            return False

    def _write(self, key, data):
        """Adds a record, or writes one again that was found damaged. True if the cache now holds it."""
        self._catch_up()
        _, number, row = self._find(key)
        if number is not None and not (key in self._suspects and row[2] == len(data)):
            return True  # another thread or process was first
        if number is None and not self._has_room(len(data)):
            return False
        offset, row_at = (self._end, self._rows) if number is None else (row[1], number)
        row = _ROW.pack(key, offset, len(data), _checksum(key, data))[:-4]
        self._reserve(offset + len(data))
        os.pwrite(self._data, data, offset)  # should it stop short, the checksum tells
        os.pwrite(self._index, row + zlib.crc32(row).to_bytes(4, "little"), row_at * _ROW.size)
        self._suspects.discard(key)
        self._added += number is None
        self._catch_up()
        return True

    def _has_room(self, length):
        # Full mostly of others' records, none of which was ever asked for here: of no use to this run.
        full = self._size(1) + length > self._max_bytes
        if full and self._hits == 0 and self._misses > self._rows > 2 * self._added:
            self._empty()
            full = self._size(1) + length > self._max_bytes
        self._full |= full
        return not full

    def _size(self, more_rows=0):
        return self._end + (self._rows + more_rows) * _ROW.size

    def _empty(self):
        os.ftruncate(self._index, 0)
        os.ftruncate(self._data, 0)
        self._clear()
        self._added = 0

    def _reserve(self, end):
        size = os.fstat(self._data).st_size
        if size >= end:
            return
        left = (
            self._max_bytes - end - (self._rows + 1) * _ROW.size
        )  # half of it at most: the index grows too
        more = end + max(0, min(end // 8, _GROW, left // 2)) - size
        # macOS has no posix_fallocate
        reserve = getattr(
            os, "posix_fallocate", lambda data, start, length: os.ftruncate(data, start + length)
        )
        reserve(self._data, size, more)

    def _switch_off(self, error):
        self.close()
        if not self._off:
            self._off = True
            warnings.warn(
                f"Caching in {self._folder!r} is off: {error}. The run goes on, and reads what is not cached yet "
                "from its source. Free some disk, lower `max_bytes` or name another folder, then make it again.",
                stacklevel=3,
            )


class _CachedRead(_Records):
    def __init__(self, read, folder, max_bytes):
        super().__init__(folder, "bytes", max_bytes)
        self._read = read

    def __reduce__(self):  # another process opens the same folder
        return _CachedRead, (self._read, self._folder, self._max_bytes)

    def __call__(self, file, start=None, end=None):
        key = _key(file.id, file.version)
        (data,) = self._get([key])
        if data is None and (start, end) != (None, None):
            return self._read(file, start, end)
        if data is None:
            data = self._read(file)
            self._put(key, data)
        return bytes(data[start:end])


class PixelCache(_Records):
    """Decoded images on local disk, as uint8 pixels before augmentation.

    Example:
        cache = PixelCache("/content/pixels", max_bytes=20e9)
        train = StreamingSequence(train_files, drive.read, decode, cache=cache)

    An image of 224 x 224 x 3 takes 150,528 bytes and 25 to 40 us to read back.

    Args:
        folder: local folder for the cache, made if missing. Not one on a mounted Drive.
        max_bytes: the most the cache takes of the disk, in bytes.
    """

    def __init__(self, folder, *, max_bytes):
        super().__init__(folder, "pixels", max_bytes)

    def __reduce__(self):
        return partial(PixelCache, max_bytes=self._max_bytes), (self._folder,)

    def get(self, file, key, out):
        """Reads the pixels of `file` into `out`, a uint8 array (height, width, channels), as `get_batch` does.

        Returns:
            True, or False where the cache has no such image, or a damaged one; `out` then holds anything.
        """
        return bool(self.get_batch([file], key, out[None])[0])

    def get_batch(self, files, key, out):
        """Reads the pixels of `files` into `out`.

        Args:
            files: a list of anything with `id` and `version`.
            key: what made the pixels, `decode.key`.
            out: uint8 array (files, height, width, channels), contiguous, that is filled.

        Returns:
            bool array (files,): False where the cache has no such image, or a damaged one; its place in `out` then
            holds anything.
        """
        keys = [_key(file.id, file.version, key, out.shape[1:]) for file in files]
        return np.array(
            [data is not None for data in self._get(keys, _flat(out).reshape(len(files), -1))]
        )

    def put(self, file, key, pixels):
        """Keeps `pixels`, a uint8 array (height, width, channels). False when full or switched off."""
        return self._put(_key(file.id, file.version, key, pixels.shape), _flat(pixels))


def _flat(pixels):
    if pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
        raise ValueError(
            f"Pixels must be a contiguous array of uint8. Received: {pixels.dtype}, {pixels.strides=}"
        )
    return pixels.reshape(-1)


def _key(*parts):
    """16 bytes that stand for a file's id, version and more: no name from Drive becomes a path."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()


def _checksum(key, data):
    return _checksums([key], np.frombuffer(data, np.uint8)[None])[0]


def _checksums(keys, data):
    """For each row of `data` a CRC over its key, the sums of its 4096-byte pages, and the rest. It catches each flipped
    bit, lost page and mixed-up record. A CRC over all bytes of a 150 kB image takes 20 to 150 us, by zlib's version;
    this, 5."""
    whole = data.shape[1] // _PAGE * _PAGE
    sums = np.add.reduce(data[:, :whole].view(np.uint64).reshape(len(data), -1, _PAGE // 8), axis=2)
    return [
        zlib.crc32(row[whole:], zlib.crc32(page, zlib.crc32(key)))
        for key, row, page in zip(keys, data, sums)
    ]
