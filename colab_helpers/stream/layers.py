"""One layer of all batches: their images, or the masks of these. Decoded, cached, put into rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .batches import BatchMemory, PixelRows
from .pixel_types import PixelTypes, cached_form, check_shape

__all__ = ["BatchCache", "Decode", "Layer"]

Decode = Callable[[bytes], npt.NDArray[Any]]


class BatchCache(Protocol):
    """What a cache of decoded pixels, uint8 or float32, must offer; `PixelCache` does."""

    def get_batch(self, files: list[Any], key: str, out: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Fills the rows of `out` that it has, and tells which these are."""
        ...

    def put(self, file: Any, key: str, pixels: npt.NDArray[Any]) -> bool:
        """Keeps the pixels of a file; False where it has no room."""
        ...


class Layer:
    """Pixels of one kind, of one shape, which the first of them tells where `decode` does not.

    Args:
        decode: `decode(bytes) -> array (height, width, channels)`.
        made_by: What the user calls it: "decode" or "decode_label".
        pixel_types: Which types of pixels are taken.
        cache: Keeps what was decoded, or None. Then `decode` has `key` and `shape`.
        batch_size: Files a batch at most.
    """

    def __init__(
        self,
        decode: Decode,
        made_by: str,
        pixel_types: PixelTypes,
        cache: BatchCache | None,
        batch_size: int,
    ) -> None:
        self._decode = decode
        self._made_by = made_by
        self._pixel_types = pixel_types
        self._cache = cache
        self._memory = BatchMemory(batch_size)
        self._shape: tuple[int, ...] | None = getattr(decode, "shape", None)
        self._value_bytes = 1  # of a pixel's value: more, once there were floats
        self._lock = threading.Lock()

    @property
    def image_bytes(self) -> int | None:
        """What an image takes in a batch; None where its shape is not known yet."""
        if self._shape is None:
            return None
        return int(np.prod(self._shape)) * self._value_bytes

    @property
    def _cache_key(self) -> str:
        """What made the pixels that are cached."""
        return str(self._decode.key)  # type: ignore[attr-defined]  # asked for with a cache only

    @property
    def _cached_dtype(self) -> np.dtype[Any]:
        """In which type pixels are cached: uint8, unless `decode` says that it gives another."""
        is_uint8 = np.dtype(getattr(self._decode, "dtype", np.uint8)) == np.uint8
        return np.dtype(np.uint8 if is_uint8 else np.float32)

    def recall(self, rows: PixelRows, files: list[Any]) -> npt.NDArray[np.bool_]:
        """Fills the rows that the cache has, and tells which these are."""
        if self._cache is None or self._shape is None:
            raise ValueError(
                "Without a cache, or a `decode` that tells its `shape`, nothing is recalled."
            )
        rows.array = self._memory.array(len(files), self._shape, self._cached_dtype)
        return self._cache.get_batch(files, self._cache_key, rows.array)

    def decoded(self, data: bytes, file: Any) -> npt.NDArray[Any]:
        """Decodes an image; after it went into the cache, it is as it will come out of it."""
        image = np.asarray(self._decode(data))
        if self._cache is None:
            return image
        image = cached_form(image, self._cached_dtype, self._made_by, file)
        self._cache.put(file, self._cache_key, image)
        return image

    def put(
        self,
        rows: PixelRows,
        row: int,
        count: int,
        image: npt.NDArray[Any],
        *,
        is_varied: bool,
        file: Any,
    ) -> None:
        """Puts an image into its row.

        Args:
            rows: Of its batch.
            row: Its place there.
            count: Rows of the batch.
            image: Its pixels.
            is_varied: Whether `augment` gave them.
            file: Of which file.

        Raises:
            PixelsError: They are of a type, or a shape, that cannot be kept.
        """
        made_by = "augment" if is_varied else self._made_by
        image = self._pixel_types.stored(image, made_by, file)
        with self._lock:
            shape = self._shape or image.shape
            check_shape(image, shape, made_by, file)
            self._shape = shape
            self._value_bytes = max(self._value_bytes, image.itemsize)
            if rows.array is None:
                rows.array = self._memory.array(count, shape, image.dtype)
        rows.put(row, image)

    def clear(self) -> None:
        """Gives back the memory that no batch uses."""
        self._memory.clear()
