"""Keeps decoded images on local disk, which saves the reading and the decoding."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .record_keys import VersionedFile, file_key
from .records import CacheStats, Records

__all__ = ["PixelCache"]

NUMBERS = "buif"  # NumPy's letters for bool, unsigned, signed, float


class PixelCache:
    """Decoded images on local disk, before augmentation, in the dtype that `decode` gives.

    It is filled up to `max_bytes` and then stays. A record belongs to a file's `id` and `version`,
    to what decoded it, and to its dtype: a file changed on Drive is read again. Threads and
    processes may share a folder, forked ones too. A damaged record is noticed and read again. A
    full disk turns caching off with one warning.

    An image of 224 x 224 x 3 takes 150,528 bytes as uint8, four times that as float32, and 25 to
    40 us to read back.

    Example:
        ```python
        cache = PixelCache("/content/pixels", max_bytes=20e9)
        train = StreamingSequence(train_files, drive.read, decode, cache=cache)
        ```

    Args:
        folder: Local folder for the cache, made if missing, of this user alone. Not one on a
            mounted Drive.
        max_bytes: The most the cache takes of the disk, in bytes.

    Raises:
        ValueError: `max_bytes` is no number above 0.
    """

    def __init__(self, folder: str | os.PathLike[str], *, max_bytes: float) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._records = Records(folder, "pixels", max_bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process opens the same folder.
        return partial(PixelCache, max_bytes=self._max_bytes), (self._folder,)

    def __repr__(self) -> str:
        return self._records.in_words(f"PixelCache({os.fspath(self._folder)!r})", "image")

    @property
    def stats(self) -> CacheStats:
        """A dict of what this object did and what its folder holds.

        `hits`, `misses` and `damaged` count look-ups of this object; `records` and `bytes` are
        those of the folder, `max_bytes` is its bound; `full` tells that a record was refused,
        `off` that the disk failed.
        """
        return self._records.stats

    def close(self) -> None:
        """Gives back to the disk what was reserved and not used; what is cached stays."""
        self._records.close()

    def get_batch(
        self, files: Sequence[VersionedFile], key: str, out: npt.NDArray[Any]
    ) -> npt.NDArray[np.bool_]:
        """Reads the pixels of `files` into `out`.

        Args:
            files: Anything with `id` and `version`.
            key: What made the pixels, `decode.key`.
            out: Array (files, height, width, channels), contiguous, that is filled. Only pixels of
                its dtype are found.

        Returns:
            bool array (files,): False where the cache has no such image, or a damaged one; its
            place in `out` then holds anything.

        Raises:
            ValueError: `out` is not contiguous, or holds no numbers.
        """
        refuse_other_than_numbers(out)
        if not out.flags.c_contiguous:
            raise ValueError(f"`out` must be contiguous. Received: {out.strides=}")
        shape = out.shape[1:]
        keys = [pixel_key(file, key, shape, out.dtype) for file in files]
        records = out.reshape(len(files), math.prod(shape)).view(np.uint8)
        return self._records.read_many(keys, records)

    def put(self, file: VersionedFile, key: str, pixels: npt.NDArray[Any]) -> bool:
        """Keeps the pixels of a file as they are.

        Args:
            file: Anything with `id` and `version`.
            key: What made the pixels, `decode.key`.
            pixels: Array (height, width, channels) of numbers.

        Returns:
            True if the cache now holds them; False when it is full or switched off.

        Raises:
            ValueError: `pixels` are no numbers.
        """
        refuse_other_than_numbers(pixels)
        native = pixels.dtype.newbyteorder("=")
        flat = np.ascontiguousarray(pixels, native).reshape(-1).view(np.uint8)
        return self._records.put(pixel_key(file, key, pixels.shape, native), flat.data)


def pixel_key(file: VersionedFile, key: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """What the pixels of a file are found by; uint8 is not mentioned, as it once was all there was.

    Example:
        >>> from types import SimpleNamespace as File
        >>> rose = File(id="1AbC", version="7")
        >>> pixel_key(rose, "64x96x3 bilinear", (60, 90, 3), np.dtype(np.uint8)).hex()
        'f789fe3b7168138a83fedd90efe3babf'
    """
    if dtype == np.uint8:
        return file_key(file, key, shape)
    return file_key(file, key, shape, dtype.str)


def refuse_other_than_numbers(pixels: npt.NDArray[Any]) -> None:
    """Refuses what is no plain number, such as Python's objects: their bytes mean nothing later."""
    if pixels.dtype.kind in NUMBERS:
        return
    raise ValueError(
        "A cache keeps arrays of numbers. Let `decode` return one of uint8 or float32. "
        f"Received: dtype {pixels.dtype}"
    )
