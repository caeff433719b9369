"""Which files a balanced epoch draws: of each class as many, whatever its size; pure.

Each class has a circle of its files, in random order. Its draws go around it, on and on over the
epochs, so that each file of a class is drawn before one is drawn again, within an epoch as over
many. Where an epoch stands on a circle follows from its number: nothing is replayed.

Example:
    Of six pictures, three of class 1 are drawn in each epoch, which are one and the same picture.

    >>> from .keys import random_keys
    >>> classes = np.array([0, 0, 0, 0, 0, 1])
    >>> balance = Balance.of(classes, random_keys("abcdef"), seed=0)
    >>> for epoch in range(2):
    ...     files, times = balance.draws(epoch)
    ...     print(files.tolist(), times.tolist())
    [3, 1, 4, 5, 5, 5] [0, 0, 0, 0, 1, 2]
    [0, 2, 3, 5, 5, 5] [0, 0, 0, 0, 1, 2]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .keys import Keys, mix

__all__ = ["Balance"]

Whole = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Balance:
    """Draws from classes alike.

    Attributes:
        circles: All files by number, class after class, each class in the order of its circle.
        starts: Where in `circles` each class begins, `(classes,)`.
        sizes: How many files each class has, `(classes,)`; at least one.
    """

    circles: Whole
    starts: Whole
    sizes: Whole

    @classmethod
    def of(cls, classes: npt.NDArray[np.integer], file_keys: Keys, seed: int) -> Balance:
        """Lays each class on its circle; classes of no file have none.

        Args:
            classes: The number of the class of each file, `(files,)`.
            file_keys: A random key for each file, `(files,)`.
            seed: Another seed gives other circles.
        """
        circles = np.lexsort((mix(file_keys, seed), classes))
        _, starts, sizes = np.unique(classes[circles], return_index=True, return_counts=True)
        return cls(circles, starts, sizes)

    def draws(self, epoch: int) -> tuple[Whole, Whole]:
        """What an epoch draws, class after class: as many files as there are.

        Returns:
            `(files, times)`, both `(files,)`: which file, by number, and how often it was drawn
            before in this epoch.
        """
        before = self._drawn_before(epoch)
        counts = self._drawn_before(epoch + 1) - before
        class_of_draw = np.repeat(np.arange(len(counts)), counts)
        first_of_class = np.repeat(np.cumsum(counts) - counts, counts)
        turn = np.arange(len(class_of_draw)) - first_of_class
        sizes = self.sizes[class_of_draw]
        on_circle = (before[class_of_draw] + turn) % sizes
        return self.circles[self.starts[class_of_draw] + on_circle], turn // sizes

    def _drawn_before(self, epoch: int) -> Whole:
        """How often each class was drawn before an epoch: over all epochs they differ by one."""
        classes = np.arange(len(self.sizes))
        return (epoch * len(self.circles) + classes) // len(classes)
