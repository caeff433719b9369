"""What Keras is given of a batch: images and what goes with them, as the model wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .batches import Batch
from .contents import Contents
from .scaling import scale
from .targets import Rows

__all__ = ["Arrays", "ArrayForm"]

Arrays = Any  # inputs, (inputs, labels) or (inputs, labels, weights); inputs are images, or a dict


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
        """What Keras is given; a copy of what is kept because it comes again."""
        targets = self.contents.targets
        rows = self._rows(batch)
        if comes_again:
            rows = rows.apart_from(batch.images.array, batch.masks.array)
        inputs = targets.inputs_of(rows)
        labels = targets.labels_of(rows)
        weights = targets.weights_of(rows, labels)
        if weights is not None:
            return inputs, labels, weights
        return inputs if labels is None else (inputs, labels)

    def with_files(self, batch: Batch) -> tuple[Any, Any, list[Any]]:
        """`(inputs, labels, files)`; labels are None with `label_mode=None`."""
        targets = self.contents.targets
        rows = self._rows(batch)
        files = [self.contents.files[number] for number in rows.file_numbers]
        return targets.inputs_of(rows), targets.labels_of(rows), files

    def _rows(self, batch: Batch) -> Rows:
        """The rows of a batch, without those that were left out.

        Raises:
            ValueError: All were left out.
        """
        pixels = batch.images.array
        masks = batch.masks.array
        if pixels is None:
            raise ValueError("All files of this batch were left out.")
        if not batch.good.all():
            pixels = pixels[batch.good]
            masks = None if masks is None else masks[batch.good]
        images = scale(pixels, self.normalize, self.dtype)
        return Rows(batch.file_numbers[batch.good], images, masks)
