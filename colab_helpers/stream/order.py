"""The order of an epoch, as a pure function of its seed and number.

No state, no threads, no Keras: the same arguments give the same batches on every machine. A run
that is resumed, shards of one batch and any number of threads agree because they all ask here.

Example:
    >>> keys = random_keys(["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    >>> plan = BatchPlan(keys, keys, batch_size=3, shuffle=False, seed=0)
    >>> [plan.files_of_batch(plan.order(epoch=0), place).tolist() for place in range(len(plan))]
    [[0, 1, 2], [3]]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "OPEN_BLOCKS",
    "BatchPlan",
    "Keys",
    "keys_of_places",
    "occurrences",
    "random_key",
    "random_keys",
]

OPEN_BLOCKS = 8  # files of so many blocks are mixed at a time, where files have a `block`

Keys = npt.NDArray[np.uint64]
FileNumbers = npt.NDArray[np.intp]  # which of the files: indices into the list of all


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
        shard_index: Which part of each batch is wanted, from 0.
        shard_count: Into how many parts each batch is cut.
    """

    file_keys: Keys
    block_keys: Keys
    batch_size: int
    shuffle: bool
    seed: int
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

    def order(self, epoch: int | None) -> FileNumbers:
        """All files in the order of an epoch, by number; None stands for the order of `files`."""
        if epoch is None or not self.shuffle:
            return np.arange(len(self.file_keys))
        position = _mix(self.file_keys, self.seed, epoch)
        if not self.has_blocks:
            return np.argsort(position, kind="stable")
        # Blocks stand on a line in random order, and each file moves on by up to OPEN_BLOCKS
        # places: wherever one reads on that line, files of only so many blocks are mixed.
        blocks_in_random_order = _mix(self.block_keys, self.seed, epoch)
        _, place_of_block = np.unique(blocks_in_random_order, return_inverse=True)
        moved_on = OPEN_BLOCKS * (position / 2.0**64)
        return np.argsort(place_of_block + moved_on, kind="stable")

    def files_of_batch(self, order: FileNumbers, place: int) -> FileNumbers:
        """Which files this shard has in the batch at a place of an epoch in that order."""
        start = place * self.batch_size
        whole_batch = order[start : start + self.batch_size]
        return np.array_split(whole_batch, self.shard_count)[self.shard_index]

    def files_beside(self, order: FileNumbers, place: int) -> Iterator[FileNumbers]:
        """The files that this shard has in other batches, the nearest before the place first.

        Of each batch the nearest file comes alone, then the others.
        """
        for other in range(place - 1, -1, -1):
            files = self.files_of_batch(order, other)[::-1]
            yield from (files[:1], files[1:])
        for other in range(place + 1, len(self)):
            files = self.files_of_batch(order, other)
            yield from (files[:1], files[1:])


def random_key(name: object) -> int:
    """64 random bits that a name has for good, the same on each machine.

    Args:
        name: A string, or anything whose `repr` tells it apart.
    """
    text = name if isinstance(name, str) else repr(name)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def random_keys(names: Iterable[object]) -> Keys:
    """The `random_key` of each name, uint64 `(names,)`."""
    return np.fromiter((random_key(name) for name in names), np.uint64)


def occurrences(keys: Keys) -> npt.NDArray[np.intp]:
    """How often the key at each place of a list stands before that place.

    Example:
        >>> occurrences(random_keys(["a", "b", "a", "a"])).tolist()
        [0, 0, 1, 2]
    """
    by_key = np.argsort(keys, kind="stable")
    sorted_keys = keys[by_key]
    places = np.arange(len(keys))
    is_first = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]
    first_of_its_key = np.maximum.accumulate(np.where(is_first, places, 0))
    counts = np.empty(len(keys), np.intp)
    counts[by_key] = places - first_of_its_key
    return counts


def keys_of_places(keys: Keys, counts: npt.NDArray[np.intp]) -> Keys:
    """A key of its own for each place of a list in which files may stand more than once.

    So a file that is repeated comes at several places of an epoch, varied in several ways. What
    stands there for the first time has its key as it is.

    Args:
        keys: The `random_key` of what stands at each place.
        counts: How often it stands before that place; see `occurrences`.
    """
    repeated = np.flatnonzero(counts)
    if not len(repeated):
        return keys
    own_keys = keys.copy()
    for place in repeated:
        own_keys[place] = random_key((int(keys[place]), int(counts[place])))
    return own_keys


def _mix(keys: Keys, *salt: int) -> Keys:
    """Draws a random number for each key on its own, from the key and the salt, uint64.

    The mixing steps are those of splitmix64 (https://prng.di.unimi.it/splitmix64.c).
    """
    mixed = keys + np.uint64(random_key(salt))
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
