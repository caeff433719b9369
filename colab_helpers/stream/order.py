"""The order of an epoch, as a pure function of its seed and number.

No state, no threads, no Keras: the same arguments give the same batches on every machine. A run
that is resumed, shards of one batch and any number of threads agree because they all ask here.

Example:
    >>> from .keys import random_keys
    >>> keys = random_keys(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    >>> plan = BatchPlan(keys, keys, batch_size=3, shuffle=False, seed=0)
    >>> [plan.batch(plan.order(epoch=0), place).files.tolist() for place in range(len(plan))]
    [[0, 1, 2], [3]]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .balance import Balance
from .keys import Keys, keys_again, mix

__all__ = ["OPEN_BLOCKS", "BatchPlan", "Draws", "FileNumbers"]

OPEN_BLOCKS = 8  # files of so many blocks are mixed at a time, where files have a `block`

FileNumbers = npt.NDArray[np.intp]  # which of the files: indices into the list of all


@dataclass(frozen=True)
class Draws:
    """Files in a row: those of an epoch, or of a batch.

    Attributes:
        files: Which of the files, by number, `(n,)`.
        keys: What the variation of each hangs on, uint64 `(n,)`: a file that is drawn again in an
            epoch is varied in another way.
    """

    files: FileNumbers
    keys: Keys

    def at(self, places: slice | FileNumbers) -> Draws:
        """Those at some places of the row."""
        return Draws(self.files[places], self.keys[places])


@dataclass(frozen=True)
class BatchPlan:
    """Which files make up each batch of an epoch.

    A batch is named by its place in the epoch, counted from 0.

    Attributes:
        file_keys: A random key for each file, uint64 `(files,)`; see `keys_of_places`.
        block_keys: The keys of the blocks that the files lie in, or `file_keys` itself where
            files have no blocks.
        batch_size: Files a batch, all shards together.
        shuffle: Whether each epoch has an order of its own.
        seed: Another seed gives other orders.
        balance: Draws each class alike; None draws each file once an epoch.
        shard_index: Which part of each batch is wanted, from 0.
        shard_count: Into how many parts each batch is cut.
    """

    file_keys: Keys
    block_keys: Keys
    batch_size: int
    shuffle: bool
    seed: int
    balance: Balance | None = None
    shard_index: int = 0
    shard_count: int = 1

    def __len__(self) -> int:
        """Batches of an epoch; a last one that has no file for some shard is left out."""
        full_batches, files_left = divmod(len(self.file_keys), self.batch_size)
        has_last_batch = files_left >= self.shard_count
        return full_batches + has_last_batch

    @property
    def has_blocks(self) -> bool:
        """Whether some files are cheaper to read together than others."""
        return self.block_keys is not self.file_keys

    def order(self, epoch: int | None) -> Draws:
        """What an epoch draws, in its order; None stands for the order of `files`."""
        files = np.arange(len(self.file_keys))
        if epoch is None or not self.shuffle:
            return Draws(files, self.file_keys)
        times = np.zeros_like(files)
        if self.balance is not None:
            files, times = self.balance.draws(epoch)
        draws = Draws(files, keys_again(self.file_keys[files], times))
        position = mix(draws.keys, self.seed, epoch)
        if not self.has_blocks:
            return draws.at(np.argsort(position, kind="stable"))
        # Blocks stand on a line in random order, and each file moves on by up to OPEN_BLOCKS
        # places: wherever one reads on that line, files of only so many blocks are mixed.
        block_keys = keys_again(self.block_keys[files], times)
        blocks_in_random_order = mix(block_keys, self.seed, epoch)
        _, place_of_block = np.unique(blocks_in_random_order, return_inverse=True)
        moved_on = OPEN_BLOCKS * (position / 2.0**64)
        return draws.at(np.argsort(place_of_block + moved_on, kind="stable"))

    def batch(self, order: Draws, place: int) -> Draws:
        """What this shard has in the batch at a place of an epoch in that order."""
        start = place * self.batch_size
        end = min(start + self.batch_size, len(order.files))
        shares = np.array_split(np.arange(start, end), self.shard_count)
        return order.at(shares[self.shard_index])

    def beside(self, order: Draws, place: int) -> Iterator[Draws]:
        """What this shard has in other batches, the nearest before the place first.

        Of each batch the nearest file comes alone, then the others.
        """
        for other in range(place - 1, -1, -1):
            draws = self.batch(order, other).at(slice(None, None, -1))
            yield from (draws.at(slice(1)), draws.at(slice(1, None)))
        for other in range(place + 1, len(self)):
            draws = self.batch(order, other)
            yield from (draws.at(slice(1)), draws.at(slice(1, None)))
