"""What Keras is given of a batch: its images and labels, in the form that the model wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from .batches import Batch
from .contents import Contents
from .scaling import scale

__all__ = ["Arrays", "ArrayForm"]

Arrays = npt.NDArray[Any] | tuple[npt.NDArray[Any], npt.NDArray[Any]]


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
        images = self.images(batch)
        if comes_again and images is batch.pixels:
            images = images.copy()
        labels = self.labels(batch)
        return images if labels is None else (images, labels)

    def images(self, batch: Batch) -> npt.NDArray[Any]:
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

    def labels(self, batch: Batch) -> npt.NDArray[Any] | None:
        """The labels of these images, or None with `label_mode=None`."""
        labels = self.contents.labels
        if labels is None:
            return None
        return labels.of_files(batch.file_numbers[batch.good])

    def files(self, batch: Batch) -> list[Any]:
        """The files of these images."""
        return [self.contents.files[number] for number in batch.file_numbers[batch.good]]
