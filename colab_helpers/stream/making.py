"""Makes the batches of any epoch: contents, recipe and prefetcher put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .batches import Batch
from .contents import Contents
from .label_images import check_takes_masks
from .layers import BatchCache, Decode
from .messages import file_named
from .order import Draws
from .pixel_types import PixelTypes
from .prefetch import Prefetcher
from .rows import Augment, MaskRecipe, Recipe
from .tally import Tally

__all__ = ["BatchMaker"]


@dataclass(frozen=True)
class BatchMaker:
    """All that it takes to make a batch.

    Attributes:
        contents: Which files, in which batches.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> array (height, width, channels)`.
        decode_label: The same for label images, or None.
        augment: `augment(image, rng) -> image`, or `augment(image, mask, rng)` where images are
            labels, or None.
        cache: Keeps what was decoded, or None.
        reads: Reads in flight at most.
        pixel_types: Which types of pixels are taken.
        skips_bad_files: Whether a file that fails is left out.
        tally: Where time, images and bad files are counted.
    """

    contents: Contents
    read: Callable[[Any], bytes]
    decode: Decode
    decode_label: Decode | None
    augment: Augment | None
    cache: BatchCache | None
    reads: int
    pixel_types: PixelTypes
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
        return self._prefetcher(epoch, partial(plan.batch, order), places, ready)

    def _prefetcher(
        self,
        epoch: int | None,
        draws_of_batch: Callable[[int], Draws],
        places: Sequence[int],
        ready: Mapping[int, Batch] | None = None,
    ) -> Prefetcher:
        plan = self.contents.plan
        recipe = Recipe(
            files=self.contents.files,
            read=self.read,
            decode=self.decode,
            cache=self.cache,
            augment=None if epoch is None else self.augment,
            variation_seed=(plan.seed,) if epoch is None else (plan.seed, epoch),
            pixel_types=self.pixel_types,
            skips_bad_files=self.skips_bad_files,
            masks=self._masks(),
        )
        return Prefetcher(
            recipe,
            draws_of_batch,
            places,
            reads=self.reads,
            batch_size=plan.batch_size // plan.shard_count,
            tally=self.tally,
            ready=ready,
        )

    def _masks(self) -> MaskRecipe | None:
        label_images = self.contents.targets.label_images
        if label_images is None or self.decode_label is None:
            return None
        check_takes_masks(self.augment)
        return MaskRecipe(label_images.values, self.decode_label)

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
            for turn, place in enumerate(places):
                if prefetcher.is_inherited:
                    prefetcher = self.prefetcher(epoch, places[turn:])
                yield prefetcher.take(place)
        finally:
            prefetcher.close()

    def full_batches(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """Makes batches of an epoch apart from the one that goes on, none without a picture."""
        places = range(first, self.total)
        for batch, place in zip(self.batches(epoch, places), places):
            yield batch if batch.has_images else self.stand_in(epoch, place)

    def stand_in(self, epoch: int, place: int) -> Batch:
        """One picture for a batch of which all files were left out.

        Keras was told how many batches there are, and a batch of nothing spoils a model. So this
        epoch shows one of its pictures twice: the nearest before this batch in its order that can
        be read, or else the nearest behind it. With masks, a picture that was left out for a bad
        one may stand elsewhere with a good one, so those come last.

        Raises:
            ValueError: Not one file of the epoch can be read.
        """
        plan = self.contents.plan
        if not self.tally.stats["images"]:
            self.tally.tell_new_skips(len(self.contents.files))  # all files may be tried now
        batch = self._first_picture_beside(epoch, place, are_known_as_bad=False)
        if batch is None and self._masks() is not None:
            batch = self._first_picture_beside(epoch, place, are_known_as_bad=True)
        if batch is not None:
            return batch
        error = self._nothing_left(plan.batch(plan.order(epoch), place))
        self.tally.note_error(error)
        raise error

    def _first_picture_beside(
        self, epoch: int, place: int, *, are_known_as_bad: bool
    ) -> Batch | None:
        plan = self.contents.plan
        for draws in plan.beside(plan.order(epoch), place):
            tried = [
                row
                for row, number in enumerate(draws.files)
                if self._is_known_as_bad(number) == are_known_as_bad
            ]
            if tried:
                batch = self._apart(epoch, draws.at(np.array(tried)))
                if batch.has_images:
                    batch.keep_only(int(np.flatnonzero(batch.good)[0]))
                    return batch
        return None

    def _is_known_as_bad(self, file_number: int) -> bool:
        return bool(self.tally.reason(self.contents.files[file_number]))

    def _apart(self, epoch: int, draws: Draws) -> Batch:
        """Makes a batch of these files."""
        prefetcher = self._prefetcher(epoch, lambda place: draws, [0])
        try:
            return prefetcher.take(0)
        finally:
            prefetcher.close()

    def _nothing_left(self, draws: Draws) -> ValueError:
        first = self.contents.files[draws.files[0]]
        return ValueError(
            f"All {len(draws.files)} files of a batch were left out, the first, "
            f"{file_named(first)}: {self.tally.reason(first)}. None of the other "
            f"{len(self.contents.files) - len(draws.files)} can stand in for them. See "
            "`sequence.skipped` for the rest."
        )
