"""What Keras is given of a batch: its images and labels, in the form that the model wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .batches import Batch
from .contents import Contents
from .scaling import scale
from .targets import Rows

__all__ = ["Arrays", "ArrayForm"]

Arrays = Any  # images, or (images, labels)


@dataclass(frozen=True)
class ArrayForm:
    """Turns batches into arrays.

    Attributes:
        contents: Where the files and labels of a batch stand.
        normalize: See `scaling.scale`.
        dtype: Of the images.
    """

    contents: Contents
    normalize: str | None
    dtype: str

    def arrays(self, batch: Batch, comes_again: bool = False) -> Arrays:
        """`(images, labels)`, or images alone; a copy of what is kept because it comes again."""
        images = self._images(batch)
        if comes_again and images is batch.pixels:
            images = images.copy()
        labels = self._labels(batch, images)
        return images if labels is None else (images, labels)

    def with_files(self, batch: Batch) -> tuple[Any, Any, list[Any]]:
        """`(images, labels, files)`; labels are None with `label_mode=None`."""
        images = self._images(batch)
        files = [self.contents.files[number] for number in batch.file_numbers[batch.good]]
        return images, self._labels(batch, images), files

    def _images(self, batch: Batch) -> npt.NDArray[Any]:
        """The images `(n, height, width, channels)`, without those that were left out.

        Raises:
            ValueError: All were left out.
        """
        pixels = batch.pixels
        if pixels is None:
            raise ValueError("All files of this batch were left out.")
        if not batch.good.all():
            pixels = pixels[batch.good]
        return scale(pixels, self.normalize, self.dtype)

    def _labels(self, batch: Batch, images: npt.NDArray[Any]) -> Any:
        """The labels of these images, in the form of their mode."""
        return self.contents.targets.labels_of(Rows(batch.file_numbers[batch.good], images))
