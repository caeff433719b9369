"""A batch that is being made: rows to fill, and the memory that they lie in."""

from __future__ import annotations

import math
import mmap
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .memory import ReusedMemory
from .order import Draws

__all__ = ["Batch", "BatchMemory", "Ended", "Job", "PixelRows"]


class Ended(RuntimeError):
    """The prefetcher was closed before this batch was handed over."""

    def __init__(self) -> None:
        super().__init__("This pass over the files was ended before its last batch.")


class PixelRows:
    """The images of a batch, or their masks, row by row.

    Attributes:
        array: `(n, height, width, channels)`, uint8 or float32; None until the first is there. With
            both types among its rows it is float32 when the batch is done.
    """

    def __init__(self) -> None:
        self.array: npt.NDArray[Any] | None = None
        self._floats: dict[int, npt.NDArray[np.float32]] = {}  # by row, where `array` is uint8

    def put(self, row: int, image: npt.NDArray[Any]) -> None:
        """Fills a row; `array` must be there."""
        if self.array is None:
            raise ValueError("This batch has no memory yet.")
        if self.array.dtype == np.uint8 and image.dtype != np.uint8:
            self._floats[row] = image
        else:
            self.array[row] = image

    def join_floats(self) -> None:
        """Makes one array of what was put as uint8 and what was put as float32."""
        if self.array is None or not self._floats:
            return
        self.array = self.array.astype(np.float32)
        for row, image in self._floats.items():
            self.array[row] = image
        self._floats = {}


class Batch:
    """Rows to fill; `done` is set when none is missing, or at an error.

    Attributes:
        file_numbers: Which of the files it holds, `(n,)`: indices into the list of all.
        keys: What the variation of each hangs on, `(n,)`.
        good: Which of its rows hold an image, bool `(n,)`; the others were left out.
        images: The pixels of its images.
        masks: The pixels of their masks, where these are what is learnt.
        error: What went wrong, or None.
        done: A `threading.Event`.
    """

    def __init__(self, draws: Draws) -> None:
        self.file_numbers = draws.files
        self.keys = draws.keys
        self.good = np.ones(len(draws.files), bool)
        self.images = PixelRows()
        self.masks = PixelRows()
        self.error: BaseException | None = None
        self.done = threading.Event()
        self._missing = len(draws.files)
        self._lock = threading.Lock()

    @property
    def has_images(self) -> bool:
        """Whether any of its rows holds an image."""
        return self.images.array is not None and bool(self.good.any())

    def finish(self, count: int) -> None:
        """So many more rows are filled, or left out."""
        with self._lock:
            self._missing -= count
            is_done = self._missing == 0
        if is_done:
            self.images.join_floats()
            self.masks.join_floats()
            self.done.set()

    def keep_only(self, row: int) -> None:
        """Leaves out all rows but one."""
        self.good[:] = False
        self.good[row] = True

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
    """Memory for the pixels of batches, used again while batches of the same size are made."""

    def __init__(self, images_per_batch: int) -> None:
        self._images_per_batch = images_per_batch
        self._memory = ReusedMemory(_private_pages)

    def array(self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """An array `(count, *shape)`; its memory is free again when no view of it is left."""
        image_bytes = math.prod(shape) * dtype.itemsize
        room = self._images_per_batch * image_bytes  # the last batch of an epoch may be shorter
        return self._memory.array((count, *shape), dtype, room)

    def clear(self) -> None:
        """Gives back what is not in use."""
        self._memory.clear()


def _private_pages(size: int) -> mmap.mmap:
    """Memory that the system gets back when it is freed.

    It is copied on write: a forked process may go on with an array while we use it again.
    """
    return mmap.mmap(-1, size, access=mmap.ACCESS_COPY)
