"""Memory that is used again: fresh pages cost more time than what is written to them."""

from __future__ import annotations

import math
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
        most_spare: Bytes to keep, in blocks of one size, while no array uses them; by default all.
    """

    def __init__(self, make: Callable[[int], Any], most_spare: float = math.inf) -> None:
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
            room: Bytes of its memory. By default a power of two: arrays of many sizes, as of
                pictures that keep their proportions, then use each other's memory again.
        """
        dtype = np.dtype(dtype)
        count = math.prod(shape)
        size = room or _power_of_two(count * dtype.itemsize)
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
        if size * (len(spare) + 1) <= self._most_spare:
            spare.append(memory)

    def clear(self) -> None:
        """Gives back what is not in use."""
        self._spare.clear()


def _power_of_two(size: int) -> int:
    """The least that is not below `size`.

    Example:
        >>> [_power_of_two(size) for size in (0, 1, 2, 3, 4, 5)]
        [1, 1, 2, 4, 4, 8]
    """
    return 1 << max(0, size - 1).bit_length()


def _untouched(size: int) -> memoryview:
    """Memory of which the system gives no page before it is written to."""
    return np.empty(size, np.uint8).data


# Of images on their way into a batch: each decoder thread has a few of them at once.
memory_of_images = ReusedMemory(_untouched, most_spare=16 * 2**20)
