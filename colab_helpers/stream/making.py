"""Makes the batches of any epoch: contents, recipe and prefetcher put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .contents import Contents
from .prefetch import Prefetcher
from .rows import Augment, Batch, BatchCache, Recipe, Tally

__all__ = ["BatchMaker"]


@dataclass(frozen=True)
class BatchMaker:
    """All that it takes to make a batch.

    Attributes:
        contents: Which files, in which batches.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> array (height, width, channels)`.
        augment: `augment(image, rng) -> image`, or None.
        cache: Keeps what was decoded, or None.
        reads: Reads in flight at most.
        skips_bad_files: Whether a file that fails is left out.
        tally: Where time, images and bad files are counted.
    """

    contents: Contents
    read: Callable[[Any], bytes]
    decode: Callable[[bytes], npt.NDArray[Any]]
    augment: Augment | None
    cache: BatchCache | None
    reads: int
    skips_bad_files: bool
    tally: Tally

    @property
    def total(self) -> int:
        """Batches of a whole epoch."""
        return len(self.contents.plan)

    def prefetcher(
        self, epoch: int | None, places: Sequence[int], ready: Mapping[int, Batch] | None = None
    ) -> Prefetcher:
        """Makes batches of an epoch, in turn.

        Args:
            epoch: From 0; None stands for the files as listed, not augmented.
            places: Of the batches in the epoch.
            ready: Batches that are there already, by place.
        """
        plan = self.contents.plan
        order = plan.order(epoch)
        recipe = Recipe(
            files=self.contents.files,
            keys=plan.file_keys,
            read=self.read,
            decode=self.decode,
            cache=self.cache,
            augment=None if epoch is None else self.augment,
            variation_seed=(plan.seed,) if epoch is None else (plan.seed, epoch),
            skips_bad_files=self.skips_bad_files,
        )
        return Prefetcher(
            recipe,
            lambda place: plan.files_of_batch(order, place),
            places,
            reads=self.reads,
            batch_size=plan.batch_size // plan.shard_count,
            tally=self.tally,
            ready=ready,
        )

    def batch(self, epoch: int, place: int) -> Batch:
        """Makes one batch apart from the epoch that goes on."""
        prefetcher = self.prefetcher(epoch, [place])
        try:
            return prefetcher.take(place)
        finally:
            prefetcher.close()

    def batches(self, epoch: int | None, places: Sequence[int]) -> Iterator[Batch]:
        """Makes batches apart from the epoch that goes on."""
        prefetcher = self.prefetcher(epoch, places)
        try:
            for place in places:
                yield prefetcher.take(place)
        finally:
            prefetcher.close()
