"""Rows of batches: what a file becomes, and where in its batch it is put.

No thread is started here; whoever makes rows is called from many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .batches import Batch, BatchMemory, Job
from .checks import checked_bytes
from .faults import is_of_file, raised_for_file, raised_for_run
from .messages import file_named
from .order import Keys
from .pixel_types import PixelTypes, cached_form, check_shape
from .tally import Tally

__all__ = ["Augment", "BatchCache", "Recipe", "RowMaker"]

Augment = Callable[[Any, np.random.Generator], npt.NDArray[Any]]


class BatchCache(Protocol):
    """What a cache of decoded pixels, uint8 or float32, must offer; `PixelCache` does."""

    def get_batch(self, files: list[Any], key: str, out: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Fills the rows of `out` that it has, and tells which these are."""
        ...

    def put(self, file: Any, key: str, pixels: npt.NDArray[Any]) -> bool:
        """Keeps the pixels of a file; False where it has no room."""
        ...


@dataclass(frozen=True)
class Recipe:
    """How a file becomes a row of a batch.

    Attributes:
        files: All files of the sequence.
        keys: A random key for each of `files`, uint64 `(files,)`; its variation depends on it.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> array (height, width, channels)`.
        cache: Keeps what was decoded, or None.
        augment: `augment(image, rng) -> image`, or None.
        variation_seed: What the generator for a file is seeded with, besides the file's key.
        pixel_types: Which types of pixels are taken.
        skips_bad_files: Whether a file that fails is left out, or ends the pass.
    """

    files: Sequence[Any]
    keys: Keys
    read: Callable[[Any], bytes]
    decode: Callable[[bytes], npt.NDArray[Any]]
    cache: BatchCache | None
    augment: Augment | None
    variation_seed: tuple[int, ...]
    pixel_types: PixelTypes
    skips_bad_files: bool

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """`(height, width, channels)` where `decode` tells it beforehand."""
        return getattr(self.decode, "shape", None)

    @property
    def cache_key(self) -> str:
        """What made the pixels that are cached."""
        return str(self.decode.key)  # type: ignore[attr-defined]  # asked for with a cache only

    @property
    def cached_dtype(self) -> np.dtype[Any]:
        """In which type pixels are cached: uint8, unless `decode` says that it gives another."""
        is_uint8 = np.dtype(getattr(self.decode, "dtype", np.uint8)) == np.uint8
        return np.dtype(np.uint8 if is_uint8 else np.float32)

    def bytes_of(self, file: Any) -> bytes:
        """What `read` gives.

        Raises:
            TypeError: It gives no bytes.
        """
        return checked_bytes(self.read(file), f"`read` must give bytes for {file_named(file)}")

    def varied(self, file_number: int, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The image of a file as training sees it; the same each time in one epoch."""
        if self.augment is None:
            return image
        bits = np.random.PCG64((*self.variation_seed, int(self.keys[file_number])))
        return np.asarray(self.augment(image, np.random.Generator(bits)))


class RowMaker:
    """Puts images into rows of batches. Whatever goes wrong in that, the batch ends.

    Args:
        recipe: How a file becomes a row.
        batch_size: Files a batch at most.
        tally: Where images from the cache and bad files are counted.
    """

    def __init__(self, recipe: Recipe, batch_size: int, tally: Tally) -> None:
        self._recipe = recipe
        self._tally = tally
        self._memory = BatchMemory(batch_size)
        self._image_shape = recipe.image_shape  # of the first image, where not known before
        self._value_bytes = 1  # of a pixel's value: more, once there were floats
        self._lock = threading.Lock()

    @property
    def image_bytes(self) -> int | None:
        """What an image takes in a batch; None where its shape is not known yet."""
        if self._image_shape is None:
            return None
        return int(np.prod(self._image_shape)) * self._value_bytes

    def file_of(self, job: Job) -> Any:
        """The file that a row is made of."""
        return self._recipe.files[job.batch.file_numbers[job.row]]

    def fill(self, job: Job, data: bytes) -> None:
        """Makes one row from the bytes of its file."""
        try:
            image = np.asarray(self._recipe.decode(data))
            self._put(job, self._cached(job, image))
        except BaseException as error:
            self.fail(job, error)

    def recall(self, batch: Batch) -> list[int]:
        """Makes all rows that the cache has.

        Returns:
            The rows that it has not. So many are still missing in the batch.
        """
        recipe = self._recipe
        if recipe.cache is None or self._image_shape is None:
            raise ValueError(
                "Without a cache, or a `decode` that tells its `shape`, nothing is recalled."
            )
        batch.pixels = self._memory.array(len(batch.good), self._image_shape, recipe.cached_dtype)
        files = [recipe.files[number] for number in batch.file_numbers]
        found = recipe.cache.get_batch(files, recipe.cache_key, batch.pixels)
        present = np.flatnonzero(found).tolist()
        self._tally.add("cached", len(present))
        if recipe.augment is None:
            batch.finish(len(present))
        else:
            self._vary(batch, present)
        return np.flatnonzero(~found).tolist()

    def _vary(self, batch: Batch, rows: list[int]) -> None:
        """Augments rows that came from the cache."""
        for row in rows:
            job = Job(batch, row)
            try:
                if batch.pixels is not None:
                    self._put(job, batch.pixels[row])
            except BaseException as error:
                self.fail(job, error)

    def _cached(self, job: Job, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A decoded image, after it went into the cache, as it will come out of it."""
        recipe = self._recipe
        if recipe.cache is None:
            return image
        file = self.file_of(job)
        image = cached_form(image, recipe.cached_dtype, file)
        recipe.cache.put(file, recipe.cache_key, image)
        return image

    def _put(self, job: Job, image: npt.NDArray[Any]) -> None:
        """Augments an image and puts it into its row."""
        recipe = self._recipe
        batch = job.batch
        file = self.file_of(job)
        made_by = "decode"
        if recipe.augment is not None:
            image = recipe.varied(int(batch.file_numbers[job.row]), image)
            made_by = "augment"
        image = recipe.pixel_types.stored(image, made_by, file)
        with self._lock:
            shape = self._image_shape or image.shape
            check_shape(image, shape, made_by, file)
            self._image_shape = shape
            self._value_bytes = max(self._value_bytes, image.itemsize)
            if batch.pixels is None:
                batch.pixels = self._memory.array(len(batch.good), shape, image.dtype)
        batch.put(job.row, image)
        batch.finish(1)

    def fail(self, job: Job, error: BaseException) -> None:
        """Leaves a bad file out, or ends its batch."""
        try:
            self._settle(job, error)
        except BaseException:
            job.batch.fail(error)

    def _settle(self, job: Job, error: BaseException) -> None:
        file = self.file_of(job)
        if not is_of_file(error):
            job.batch.fail(raised_for_run(error, file))
        elif self._recipe.skips_bad_files:
            self._tally.skip(file, error)
            job.batch.good[job.row] = False
            job.batch.finish(1)
        else:
            job.batch.fail(raised_for_file(error, file))

    def close(self) -> None:
        """Gives back the memory that no batch uses."""
        self._memory.clear()
