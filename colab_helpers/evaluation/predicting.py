"""Each picture predicted once, row and file kept together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .class_numbers import class_indices

if TYPE_CHECKING:
    from ..drive import File

__all__ = ["BatchesInOrder", "Model", "Predictions", "predict_once"]


class Predictions(NamedTuple):
    """What a model says of each picture, one row a file.

    Attributes:
        probabilities: Float array `(n, classes)`, or `(n, 1)` for a single sigmoid unit.
        labels: Int array `(n,)` of class indices, or None where the sequence yields no labels.
        files: List of the n files.
    """

    probabilities: npt.NDArray[Any]
    labels: npt.NDArray[np.int_] | None
    files: list[Any]


class Model(Protocol):
    """A Keras model, or anything that predicts a batch."""

    def predict_on_batch(self, images: npt.NDArray[Any], /) -> Any:
        """Probabilities `(n, classes)` or `(n, 1)` for images `(n, height, width, channels)`."""
        ...


class BatchesInOrder(Protocol):
    """A `StreamingSequence`, or anything that yields batches in file order."""

    def in_order(self) -> Iterable[tuple[npt.NDArray[Any], npt.NDArray[Any] | None, list[File]]]:
        """Yields `(images, labels, files)`."""
        ...


def predict_once(model: Model, sequence: BatchesInOrder) -> Predictions:
    """Predicts each file of a sequence exactly once, in file order.

    Example:
        ```python
        probabilities, labels, files = predict_once(model, test)
        ```

    Args:
        model: A Keras model, or anything with `predict_on_batch(images)`.
        sequence: A `StreamingSequence`, or anything whose `in_order()` yields
            `(images, labels, files)`.

    Returns:
        A named tuple `(probabilities, labels, files)`, one row a file; files that were skipped are
        in none of them. `probabilities` is a float array `(n, classes)` (`(n, 1)` for a single
        sigmoid unit), `labels` an int array `(n,)` of class indices whatever the sequence's
        `label_mode` (None where it yields no labels), `files` a list.

    Raises:
        ValueError: Not a single file could be read.
    """
    probabilities = []
    labels = []
    files: list[File] = []
    batch_size = 0
    for images, batch_labels, batch_files in sequence.in_order():
        count = len(images)
        batch_size = max(batch_size, count)
        # Another batch size would make Keras trace the model again.
        answers = model.predict_on_batch(_filled_up(images, batch_size))
        probabilities.append(np.asarray(answers)[:count])
        if batch_labels is not None:
            labels.append(class_indices(batch_labels))
        files.extend(batch_files)
    if not files:
        raise ValueError(
            "There was nothing to predict: the sequence yielded no picture. Its `skipped` says "
            "which files were left out and why. "
            f"Received: {getattr(sequence, 'skipped', sequence)}"
        )
    return Predictions(
        probabilities=np.concatenate(probabilities),
        labels=np.concatenate(labels) if labels else None,
        files=files,
    )


def _filled_up(images: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The images, followed by black ones up to `size`."""
    lacking = size - len(images)
    if not lacking:
        return images
    black = np.zeros((lacking, *images.shape[1:]), images.dtype)
    return np.concatenate([images, black])
