"""Rows of batches: what a file becomes, and where in its batch it is put.

No thread is started here; whoever makes rows is called from many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .batches import Batch, Job
from .checks import checked_bytes
from .faults import is_of_file, raised_for_file, raised_for_mask, raised_for_run
from .label_images import varied_pair
from .layers import BatchCache, Decode, Layer
from .messages import file_named
from .pixel_types import PixelTypes
from .tally import Tally

__all__ = ["Augment", "MaskRecipe", "Recipe", "RowMaker"]

Augment = Callable[..., Any]
MASK_TYPES = PixelTypes(normalize=None, dtype="float32")  # uint8 stays uint8


@dataclass(frozen=True)
class MaskRecipe:
    """What becomes the mask of a row.

    Attributes:
        files: The file of the mask of each file of the sequence.
        decode: `decode(bytes) -> array (height, width, channels)`.
    """

    files: Sequence[Any]
    decode: Decode


@dataclass(frozen=True)
class Recipe:
    """How a file becomes a row of a batch.

    Attributes:
        files: All files of the sequence.
        read: `read(file) -> bytes`.
        decode: `decode(bytes) -> array (height, width, channels)`.
        cache: Keeps what was decoded, or None.
        augment: `augment(image, rng) -> image`, or None. Where there are masks, see
            `label_images.varied_pair`.
        variation_seed: What the generator for a file is seeded with, besides the file's key.
        pixel_types: Which types of pixels are taken.
        skips_bad_files: Whether a file that fails is left out, or ends the pass.
        masks: What becomes the masks of rows, or None.
    """

    files: Sequence[Any]
    read: Callable[[Any], bytes]
    decode: Decode
    cache: BatchCache | None
    augment: Augment | None
    variation_seed: tuple[int, ...]
    pixel_types: PixelTypes
    skips_bad_files: bool
    masks: MaskRecipe | None = None

    def bytes_of(self, file: Any) -> bytes:
        """What `read` gives.

        Raises:
            TypeError: It gives no bytes.
        """
        return checked_bytes(self.read(file), f"`read` must give bytes for {file_named(file)}")

    def varied(
        self, key: int, image: npt.NDArray[Any], mask: npt.NDArray[Any] | None
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any] | None]:
        """An image and its mask as training sees them; the same for one key in one epoch."""
        if self.augment is None:
            return image, mask
        bits = np.random.PCG64((*self.variation_seed, key))
        rng = np.random.Generator(bits)
        if mask is None:
            return np.asarray(self.augment(image, rng)), None
        return varied_pair(self.augment, image, mask, rng)


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
        self._images = Layer(recipe.decode, "decode", recipe.pixel_types, recipe.cache, batch_size)
        self._masks: Layer | None = None
        if recipe.masks is not None:
            self._masks = Layer(
                recipe.masks.decode, "decode_label", MASK_TYPES, recipe.cache, batch_size
            )

    @property
    def image_bytes(self) -> int | None:
        """What an image takes in a batch, its mask included; None where that is not known yet."""
        image_bytes = self._images.image_bytes
        if self._masks is None or image_bytes is None:
            return image_bytes
        mask_bytes = self._masks.image_bytes
        return None if mask_bytes is None else image_bytes + mask_bytes

    def files_of(self, job: Job) -> tuple[Any, ...]:
        """The files that a row is made of: a picture, and its mask where there are masks."""
        number = job.batch.file_numbers[job.row]
        picture = self._recipe.files[number]
        masks = self._recipe.masks
        return (picture,) if masks is None else (picture, masks.files[number])

    def read(self, job: Job) -> tuple[bytes, ...]:
        """The bytes of the files that a row is made of."""
        files = self.files_of(job)
        data = self._recipe.bytes_of(files[0])
        if len(files) == 1:
            return (data,)
        with _mask_is_named(files[1]):
            return data, self._recipe.bytes_of(files[1])

    def fill(self, job: Job, data: tuple[bytes, ...]) -> None:
        """Makes one row from the bytes of its files."""
        try:
            files = self.files_of(job)
            image = self._images.decoded(data[0], files[0])
            mask = None
            if self._masks is not None:
                with _mask_is_named(files[1]):
                    mask = self._masks.decoded(data[1], files[1])
            self._put(job, files, image, mask)
        except BaseException as error:
            self.fail(job, error)

    def recall(self, batch: Batch) -> list[int]:
        """Makes all rows that the cache has, with their masks.

        Returns:
            The rows that it has not. So many are still missing in the batch.
        """
        recipe = self._recipe
        files = [recipe.files[number] for number in batch.file_numbers]
        found = self._images.recall(batch.images, files)
        if self._masks is not None and recipe.masks is not None:
            mask_files = [recipe.masks.files[number] for number in batch.file_numbers]
            found = found & self._masks.recall(batch.masks, mask_files)
        present = np.flatnonzero(found).tolist()
        self._tally.add("cached", len(present))
        if recipe.augment is None:
            batch.finish(len(present))
        else:
            self._vary(batch, present)
        return np.flatnonzero(~found).tolist()

    def _vary(self, batch: Batch, rows: list[int]) -> None:
        """Augments rows that came from the cache."""
        images = batch.images.array
        masks = batch.masks.array
        for row in rows:
            job = Job(batch, row)
            try:
                if images is not None:
                    mask = None if masks is None else masks[row]
                    self._put(job, self.files_of(job), images[row], mask)
            except BaseException as error:
                self.fail(job, error)

    def _put(
        self,
        job: Job,
        files: tuple[Any, ...],
        image: npt.NDArray[Any],
        mask: npt.NDArray[Any] | None,
    ) -> None:
        """Augments an image and its mask, and puts both into their row."""
        batch = job.batch
        row = job.row
        count = len(batch.good)
        is_varied = self._recipe.augment is not None
        if is_varied:
            image, mask = self._recipe.varied(int(batch.keys[row]), image, mask)
        self._images.put(batch.images, row, count, image, is_varied=is_varied, file=files[0])
        if self._masks is not None and mask is not None:
            self._masks.put(batch.masks, row, count, mask, is_varied=is_varied, file=files[1])
        batch.finish(1)

    def fail(self, job: Job, error: BaseException) -> None:
        """Leaves a bad file out, or ends its batch."""
        try:
            self._settle(job, error)
        except BaseException:
            job.batch.fail(error)

    def _settle(self, job: Job, error: BaseException) -> None:
        file = self.files_of(job)[0]
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
        self._images.clear()
        if self._masks is not None:
            self._masks.clear()


@contextmanager
def _mask_is_named(mask_file: Any) -> Iterator[None]:
    """Lets an error within say that it is the mask's: a bad mask is a bad file."""
    try:
        yield
    except BaseException as error:
        told = raised_for_mask(error, mask_file)
        if told is error:
            raise
        raise told from error
