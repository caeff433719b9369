"""Rows of batches: what a file becomes, where in its batch it is put, and what if it cannot be.

No thread is started here; whoever makes rows is called from many.
"""

from __future__ import annotations

import mmap
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .order import FileNumbers

__all__ = ["Augment", "Batch", "BatchCache", "Ended", "Job", "Recipe", "RowMaker", "Tally"]

Augment = Callable[[Any, np.random.Generator], npt.NDArray[Any]]


class Ended(RuntimeError):
    """The prefetcher was closed before this batch was handed over."""

    def __init__(self) -> None:
        super().__init__("This pass over the files was ended before its last batch.")


class BatchCache(Protocol):
    """What a cache of decoded pixels must offer; `PixelCache` does."""

    def get_batch(
        self, files: list[Any], key: str, out: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.bool_]:
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
        keys: A random key for each file, uint64 `(files,)`; its variation depends on it.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> array (height, width, channels)`.
        cache: Keeps what was decoded, or None.
        augment: `augment(image, rng) -> image`, or None.
        variation_seed: What the generator for a file is seeded with, besides the file's key.
        skips_bad_files: Whether a file that fails is left out, or ends the pass.
    """

    files: Sequence[Any]
    keys: npt.NDArray[np.uint64]
    read: Callable[[Any], bytes]
    decode: Callable[[bytes], npt.NDArray[Any]]
    cache: BatchCache | None
    augment: Augment | None
    variation_seed: tuple[int, ...]
    skips_bad_files: bool

    @property
    def image_shape(self) -> tuple[int, ...] | None:
        """`(height, width, channels)` where `decode` tells it beforehand."""
        return getattr(self.decode, "shape", None)

    @property
    def cache_key(self) -> str:
        """What made the pixels that are cached."""
        return str(self.decode.key)  # type: ignore[attr-defined]  # asked for with a cache only

    def varied(self, file_number: int, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The image of a file as training sees it; the same each time in one epoch."""
        if self.augment is None:
            return image
        bits = np.random.PCG64((*self.variation_seed, int(self.keys[file_number])))
        return self.augment(image, np.random.Generator(bits))


class Tally:
    """What a sequence has done so far, summed over all its passes and threads.

    Attributes:
        stats: Seconds spent "reading", "decoding" and "waiting", numbers of "images" handed over,
            looks included, and of those that were "cached".
        skipped: `(file, reason)` of each file left out, by id.
        last_error: What ended the last pass, as it was raised.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.stats: dict[str, float] = {
            "reading": 0.0,
            "decoding": 0.0,
            "waiting": 0.0,
            "images": 0,
            "cached": 0,
        }
        self.skipped: dict[str, tuple[Any, str]] = {}
        self._skips_told = 0
        self.last_error: BaseException | None = None

    def add(self, name: str, amount: float) -> None:
        """Adds seconds or images to one of `stats`."""
        with self._lock:
            self.stats[name] += amount

    def skip(self, file: Any, reason: str) -> None:
        """Notes a file that was left out; its first reason stays."""
        with self._lock:
            self.skipped.setdefault(file.id, (file, reason))

    def tell_new_skips(self, total: int) -> None:
        """Prints which files were left out since it was told last.

        Args:
            total: How many files there are.
        """
        new = list(self.skipped.values())[self._skips_told :]
        if not new:
            return
        self._skips_told += len(new)
        shown = "; ".join(f"'{file.name}': {reason}" for file, reason in new[:3])
        if len(new) > 3:
            shown += "; ..."
        print(f"\nLeft out {len(new)} of {total} files ({shown}). `sequence.skipped` names all.")

    def note_error(self, error: BaseException) -> None:
        """Remembers what ended a pass; that a pass was ended on purpose is no error."""
        if not isinstance(error, Ended):
            self.last_error = error


class Batch:
    """Rows to fill; `done` is set when none is missing, or at an error.

    Attributes:
        file_numbers: Which of the files it holds, `(n,)`: indices into the list of all.
        good: Which of its rows hold an image, bool `(n,)`; the others were left out.
        pixels: `(n, height, width, channels)`, or None until the first image is there.
        error: What went wrong, or None.
        done: A `threading.Event`.
    """

    def __init__(self, file_numbers: FileNumbers) -> None:
        self.file_numbers = file_numbers
        self.good = np.ones(len(file_numbers), bool)
        self.pixels: npt.NDArray[Any] | None = None
        self.error: BaseException | None = None
        self.done = threading.Event()
        self._missing = len(file_numbers)
        self._lock = threading.Lock()

    def finish(self, count: int) -> None:
        """So many more rows are filled, or left out."""
        with self._lock:
            self._missing -= count
            is_done = self._missing == 0
        if is_done:
            self.done.set()

    def fail(self, error: BaseException) -> None:
        """Ends the batch with an error; the first one stays."""
        if self.error is None:
            self.error = error
        self.done.set()


@dataclass(frozen=True, slots=True)
class Job:
    """One row of a batch, to be read and decoded."""

    batch: Batch
    row: int


class BatchMemory:
    """Memory for the pixels of batches, used again: fresh pages cost time, freed ones linger."""

    def __init__(self, images_per_batch: int) -> None:
        self._images_per_batch = images_per_batch
        self._spare: list[mmap.mmap] = []

    def array(self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """An array `(count, *shape)`; its memory is free again when no view of it is left."""
        values_per_image = int(np.prod(shape))
        try:
            memory = self._spare.pop()
        except IndexError:
            memory = mmap.mmap(-1, self._images_per_batch * values_per_image * dtype.itemsize)
        array = np.frombuffer(memory, dtype, count * values_per_image)
        # What is returned, and each view of it, has `array` as its base and keeps it alive.
        weakref.finalize(array, self._spare.append, memory)
        return array.reshape(count, *shape)

    def clear(self) -> None:
        """Gives back what is not in use."""
        self._spare.clear()


class RowMaker:
    """Puts images into rows of batches.

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
        self._lock = threading.Lock()

    def file_of(self, job: Job) -> Any:
        """The file that a row is made of."""
        return self._recipe.files[job.batch.file_numbers[job.row]]

    def fill(self, job: Job, data: bytes) -> None:
        """Makes one row from the bytes of its file."""
        recipe = self._recipe
        image = np.asarray(recipe.decode(data))
        if recipe.cache is not None:
            recipe.cache.put(self.file_of(job), recipe.cache_key, image)
        self._put(job, image)
        job.batch.finish(1)

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
        batch.pixels = self._memory.array(len(batch.good), self._image_shape, np.dtype(np.uint8))
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
            except Exception as error:
                self.fail(job, error)
            else:
                batch.finish(1)

    def _put(self, job: Job, image: npt.NDArray[Any]) -> None:
        """Augments an image and puts it into its row."""
        batch = job.batch
        image = self._recipe.varied(int(batch.file_numbers[job.row]), image)
        with self._lock:
            if self._image_shape is None:
                self._image_shape = image.shape
            if batch.pixels is None:
                batch.pixels = self._memory.array(len(batch.good), self._image_shape, image.dtype)
        if image.shape != tuple(self._image_shape):
            raise ValueError(
                f"an image of shape {image.shape} where others have {tuple(self._image_shape)}; "
                "decode all files to one size, as `decoder(image_size)` does"
            )
        batch.pixels[job.row] = image

    def fail(self, job: Job, error: BaseException) -> None:
        """Leaves a bad file out, or ends its batch."""
        file = self.file_of(job)
        if self._recipe.skips_bad_files and not _ends_run(error):
            self._tally.skip(file, str(error) or repr(error))
            job.batch.good[job.row] = False
            job.batch.finish(1)
        else:
            job.batch.fail(_named(error, file))

    def close(self) -> None:
        """Gives back the memory that no batch uses."""
        self._memory.clear()


def _named(error: BaseException, file: Any) -> BaseException:
    """The error, in a text that names the file and the next step."""
    if file.name in str(error):
        return error
    named = RuntimeError(
        f"Could not read '{file.name}' (id {file.id}): {str(error) or repr(error)}. "
        'Take it off the list, or leave such files out with `on_bad_file="skip"`.'
    )
    named.__cause__ = error
    return named


def _ends_run(error: BaseException) -> bool:
    """Whether no other file would fare better, so that to skip this one is no way out."""
    if isinstance(error, MemoryError) or not isinstance(error, Exception):
        return True
    return bool(getattr(error, "ends_run", False))
