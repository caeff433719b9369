"""Memory that is used again: fresh pages cost more time than what is written to them."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ReusedMemory", "memory_of_images"]


class ReusedMemory:
    """Gives arrays, and takes their memory back when no view of them is left.

    Example:
        >>> memory = ReusedMemory(bytearray)
        >>> image = memory.array((4, 6, 3), np.uint8)
        >>> address = image.ctypes.data
        >>> row = image[0]
        >>> del image
        >>> memory.array((4, 6, 3), np.uint8).ctypes.data == address  # `row` is a view of it
        False
        >>> del row
        >>> memory.array((4, 6, 3), np.uint8).ctypes.data == address
        True

    Args:
        make: Makes memory of so many bytes; what it gives is no array.
        most_spare: Blocks of one size to keep while no array uses them; None for all.
    """

    def __init__(self, make: Callable[[int], Any], most_spare: int | None = None) -> None:
        self._make = make
        self._most_spare = most_spare
        self._spare: dict[int, list[Any]] = {}  # by bytes

    def array(
        self, shape: tuple[int, ...], dtype: npt.DTypeLike, room: int | None = None
    ) -> npt.NDArray[Any]:
        """An array of any content.

        Args:
            shape: Of the array.
            dtype: Of its values.
            room: Bytes of its memory, where that is to have more than it takes.
        """
        dtype = np.dtype(dtype)
        count = math.prod(shape)
        size = room or count * dtype.itemsize
        try:
            memory = self._spare[size].pop()
        except (KeyError, IndexError):
            memory = self._make(size)
        array = np.frombuffer(memory, dtype, count)
        # What is returned, and each view of it, has `array` as its base and keeps it alive.
        weakref.finalize(array, self._take_back, size, memory).atexit = False
        return array.reshape(shape)

    def _take_back(self, size: int, memory: Any) -> None:
        spare = self._spare.setdefault(size, [])
        if self._most_spare is None or len(spare) < self._most_spare:
            spare.append(memory)

    def clear(self) -> None:
        """Gives back what is not in use."""
        self._spare.clear()


# Of images on their way into a batch: each decoder thread has a few of them at once.
memory_of_images = ReusedMemory(bytearray, most_spare=2 * (os.cpu_count() or 1))
