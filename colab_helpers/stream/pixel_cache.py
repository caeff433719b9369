"""Keeps decoded images on local disk, which saves the reading and the decoding."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .record_keys import VersionedFile, record_key
from .records import CacheStats, Records

__all__ = ["PixelCache"]


class PixelCache:
    """Decoded images on local disk, as uint8 pixels before augmentation.

    It is filled up to `max_bytes` and then stays. A record belongs to a file's `id` and `version`
    and to what decoded it: a file changed on Drive is read again. Threads and processes may share
    a folder. A damaged record is noticed and read again. A full disk turns caching off with one
    warning.

    An image of 224 x 224 x 3 takes 150,528 bytes and 25 to 40 us to read back.

    Example:
        ```python
        cache = PixelCache("/content/pixels", max_bytes=20e9)
        train = StreamingSequence(train_files, drive.read, decode, cache=cache)
        ```

    Args:
        folder: Local folder for the cache, made if missing. Not one on a mounted Drive.
        max_bytes: The most the cache takes of the disk, in bytes.

    Raises:
        ValueError: `max_bytes` is not above 0.
    """

    def __init__(self, folder: str | os.PathLike[str], *, max_bytes: float) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._records = Records(folder, "pixels", max_bytes)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process opens the same folder.
        return partial(PixelCache, max_bytes=self._max_bytes), (self._folder,)

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
        self, files: Sequence[VersionedFile], key: str, out: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.bool_]:
        """Reads the pixels of `files` into `out`.

        Args:
            files: Anything with `id` and `version`.
            key: What made the pixels, `decode.key`.
            out: uint8 array (files, height, width, channels), contiguous, that is filled.

        Returns:
            bool array (files,): False where the cache has no such image, or a damaged one; its
            place in `out` then holds anything.

        Raises:
            ValueError: `out` is not uint8, or not contiguous.
        """
        check_pixels(out)
        shape = out.shape[1:]
        keys = [pixel_key(file, key, shape) for file in files]
        records = out.reshape(len(files), math.prod(shape))
        return self._records.read_many(keys, records)

    def put(self, file: VersionedFile, key: str, pixels: npt.NDArray[np.uint8]) -> bool:
        """Keeps the pixels of a file.

        Args:
            file: Anything with `id` and `version`.
            key: What made the pixels, `decode.key`.
            pixels: uint8 array (height, width, channels), contiguous.

        Returns:
            True if the cache now holds them; False when it is full or switched off.

        Raises:
            ValueError: `pixels` are not uint8, or not contiguous.
        """
        check_pixels(pixels)
        flat = pixels.reshape(-1)
        return self._records.put(pixel_key(file, key, pixels.shape), flat.data)


def pixel_key(file: VersionedFile, key: str, shape: tuple[int, ...]) -> bytes:
    """What the pixels of a file are found by."""
    return record_key(file.id, file.version, key, shape)


def check_pixels(pixels: npt.NDArray[np.uint8]) -> None:
    """Refuses what could not be copied to disk, or filled from it, byte by byte."""
    if pixels.dtype == np.uint8 and pixels.flags.c_contiguous:
        return
    raise ValueError(
        f"Pixels must be a contiguous array of uint8. Received: {pixels.dtype}, {pixels.strides=}"
    )
