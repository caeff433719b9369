"""How masks overlap: each picture's predicted mask laid over its true one, batch by batch.

Masks of 10,000 pictures need not be in memory at once: of each picture three counts a class are
kept, and whole masks of the worst few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..drive.arguments import check_whole_number
from ..drive.names import named
from .predicting import BatchesInOrder, Model, predicted_batches
from .tables import warn_of_nan

__all__ = ["ComparedMask", "ComparedMasks", "compare_masks"]

THRESHOLD = 0.5  # of a sigmoid, as in `class_indices`
IMAGE = "image"  # the name of the pictures among several inputs of a `StreamingSequence`

Pixels = npt.NDArray[Any]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ComparedMask:
    """A picture with its true mask and the predicted one.

    Attributes:
        row: Its place in `ComparedMasks.files`.
        image: As the model was given it, `(height, width, channels)`.
        expected: The true mask, int `(height, width)`; -1 where a pixel does not count.
        predicted: The same of the model.
        overlap: Intersection over union, the mean of the classes in the true mask.
    """

    row: int
    image: Pixels
    expected: npt.NDArray[np.int_]
    predicted: npt.NDArray[np.int_]
    overlap: float


@dataclass(frozen=True)
class ComparedMasks:
    """How predicted masks overlap with the true ones, a row a picture, a column a class.

    Attributes:
        shared: Int array `(n, classes)`: how many pixels are of the class in both masks.
        expected: The same for the true mask.
        predicted: The same for the predicted one.
        files: List of the n files.
        worst: The pictures with the least overlap, the least first.
    """

    shared: Counts
    expected: Counts
    predicted: Counts
    files: list[Any]
    worst: list[ComparedMask]

    @property
    def overlaps(self) -> npt.NDArray[np.float64]:
        """Intersection over union, float `(n, classes)`; NaN where a class is in neither mask."""
        return intersection_over_union(self.shared, self.expected, self.predicted)

    @property
    def class_overlaps(self) -> npt.NDArray[np.float64]:
        """The same over the pixels of all pictures, float `(classes,)`."""
        counts = (self.shared, self.expected, self.predicted)
        return intersection_over_union(*(of_pictures.sum(axis=0) for of_pictures in counts))

    @property
    def mean_overlap(self) -> float:
        """The mean of `class_overlaps` of the classes that occur, as Keras's `MeanIoU` has it."""
        return mean_overlap(self.class_overlaps)


def compare_masks(
    model: Model,
    sequence: BatchesInOrder,
    *,
    output: str | None = None,
    ignore_class: int | None = None,
    keep: int = 12,
) -> ComparedMasks:
    """Predicts the mask of each file once, and compares it with the true one.

    Example:
        ```python
        compared = compare_masks(model, test)  # label_mode="image"
        report_masks(compared, ["nothing", "balloon", "flower"])
        plot_masks(compared, ["nothing", "balloon", "flower"])
        ```

    Args:
        model: A Keras model, or anything with `predict_on_batch(images)`, that gives a probability
            for each class and pixel, `(n, height, width, classes)`, or that of class 1 alone,
            `(n, height, width, 1)`, which counts from 0.5 on.
        sequence: A `StreamingSequence` with `label_mode="image"`: masks `(n, height, width, 1)` of
            class numbers, or one-hot.
        output: Of a model with a dict of outputs, the one that is a mask.
        ignore_class: A number in true masks whose pixels do not count, as Keras's metrics have it;
            255 in many data sets.
        keep: Of how many of the worst pictures the masks are kept, to be drawn.

    Raises:
        ValueError: Not a single file could be read, masks and predictions are of different sizes, a
            mask holds a number that is no class of the model, or a model's one channel holds other
            numbers than shares from 0 to 1.
    """
    check_whole_number("keep", keep, least=0)
    if ignore_class is not None:
        check_whole_number("ignore_class", ignore_class)
    counts: list[Counts] = []  # of each picture (3, classes)
    files: list[Any] = []
    worst: list[ComparedMask] = []
    for batch in predicted_batches(model, sequence):
        answers = np.asarray(_of_output(batch.answers, output))
        labels = batch.labels
        if isinstance(labels, Mapping):
            labels = labels.get(_name_of_output(batch.answers, labels, output))
        expected, predicted = _class_maps(answers, labels, ignore_class, batch.files)
        classes = _classes_of(answers)
        images = batch.images[IMAGE] if isinstance(batch.images, Mapping) else batch.images
        for image, true_mask, said in zip(images, expected, predicted):
            counts.append(_counts(true_mask, said, classes))
            overlap = picture_overlap(*counts[-1])
            worst.append(ComparedMask(len(counts) - 1, image, true_mask, said, overlap))
        files.extend(batch.files)
        worst = _copied(sorted(worst, key=_from_the_least)[:keep])
    shared, of_expected, of_predicted = np.stack(counts, axis=1)
    return ComparedMasks(shared, of_expected, of_predicted, files, worst)


def intersection_over_union(
    shared: Counts, expected: Counts, predicted: Counts
) -> npt.NDArray[np.float64]:
    """Shares from 0 to 1 of what is in either mask; NaN where it is in neither.

    Example:
        >>> intersection_over_union(np.array([2, 0]), np.array([4, 0]), np.array([2, 0])).tolist()
        [0.5, nan]
    """
    union = expected + predicted - shared
    shares: npt.NDArray[np.float64] = np.full(union.shape, np.nan)
    np.divide(shared, union, out=shares, where=union > 0)
    return shares


def picture_overlap(shared: Counts, expected: Counts, predicted: Counts) -> float:
    """The mean of the classes in a picture's true mask.

    A few stray pixels of another class, which overlaps by nothing, do not make it the worst.

    Example:
        >>> counts = np.array([[90, 4, 0], [92, 8, 0], [94, 4, 2]])  # 2 stray pixels of a class
        >>> round(picture_overlap(*counts), 2)
        0.72
    """
    return mean_overlap(intersection_over_union(shared, expected, predicted)[expected > 0])


def mean_overlap(overlaps: npt.NDArray[np.float64]) -> float:
    """The mean of the classes that occur, as Keras's `MeanIoU` has it; NaN where none does."""
    occur = overlaps[~np.isnan(overlaps)]
    return float(occur.mean()) if len(occur) else float("nan")


def _from_the_least(mask: ComparedMask) -> tuple[bool, float, int]:
    return np.isnan(mask.overlap), mask.overlap, mask.row


def _copied(worst: list[ComparedMask]) -> list[ComparedMask]:
    """The same, apart from the arrays of their batches, which would stay in memory with them."""
    return [
        ComparedMask(
            mask.row,
            np.array(mask.image),
            mask.expected.copy(),
            mask.predicted.copy(),
            mask.overlap,
        )
        for mask in worst
    ]


def _of_output(arrays: Any, output: str | None) -> Any:
    """One output's array.

    Raises:
        ValueError: There are several and none is named, or there is none of this name.
    """
    if not isinstance(arrays, Mapping):
        if output is None:
            return arrays
        raise ValueError(f"The model gives one array, and no dict. Received: output={output!r}")
    if output is None and len(arrays) == 1:
        return next(iter(arrays.values()))
    if output in arrays:
        return arrays[output]
    raise ValueError(
        f"The model gives {list(arrays)}: say which of them is the mask. "
        f"Received: output={output!r}"
    )


def _name_of_output(answers: Any, labels: Mapping[str, Any], output: str | None) -> str | None:
    """The output that is a mask; where none is named, the only one."""
    if output is not None:
        return output
    for arrays in (answers, labels):
        if isinstance(arrays, Mapping) and len(arrays) == 1:
            return str(next(iter(arrays)))
    return None


def _class_maps(
    answers: Pixels, labels: Any, ignore_class: int | None, files: list[Any]
) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Both as class numbers `(n, height, width)`, once it is sure that they belong together."""
    if labels is None:
        raise ValueError('`compare_masks` needs true masks: `label_mode="image"` of the sequence.')
    labels = np.asarray(labels)
    if answers.ndim != 4 or labels.shape[:-1] != answers.shape[:-1]:
        raise ValueError(
            "Masks and predictions must be of one size, `(n, height, width, channels)`, with "
            '`label_mode="image"` of the sequence. '
            f"Received: masks {labels.shape}, predictions {answers.shape}"
        )
    predicted = _predicted_classes(answers)
    expected = _true_classes(labels, files)
    counted = np.full(expected.shape, True) if ignore_class is None else expected != ignore_class
    _refuse_other_numbers(expected, counted, _classes_of(answers), files)
    return np.where(counted, expected, -1), predicted


def _classes_of(answers: Any) -> int:
    return max(2, int(answers.shape[-1]))


def _predicted_classes(answers: Pixels) -> npt.NDArray[np.int_]:
    warn_of_nan(answers.astype(np.float32), stacklevel=4)
    if answers.shape[-1] > 1:
        return np.asarray(answers.argmax(axis=-1), dtype=int)
    answers = answers.astype(np.float32)
    if (answers < 0).any() or (answers > 1).any():
        raise ValueError(
            "The model's one channel must hold shares from 0 to 1: let it end with "
            '`activation="sigmoid"`. '
            f"Received: numbers from {answers.min():.3g} to {answers.max():.3g}"
        )
    return (answers[..., 0] >= THRESHOLD).astype(int)


def _true_classes(labels: Pixels, files: list[Any]) -> npt.NDArray[np.int_]:
    if labels.shape[-1] > 1:
        return np.asarray(labels.argmax(axis=-1), dtype=int)
    numbers = labels[..., 0].astype(int)
    is_whole = (numbers == labels[..., 0]).all(axis=(1, 2))
    if not is_whole.all():
        raise ValueError(
            "A mask holds fractions, which are no class numbers: decode masks with "
            '`decoder(..., color_mode="grayscale", interpolation="nearest")`. '
            f"Received: the mask of {named([files[int(is_whole.argmin())].name])}"
        )
    return numbers


def _refuse_other_numbers(
    expected: npt.NDArray[np.int_], counted: npt.NDArray[np.bool_], classes: int, files: list[Any]
) -> None:
    """Refuses numbers that are no class: they would be counted as none, or as another."""
    is_other = counted & ((expected < 0) | (expected >= classes))
    if not is_other.any():
        return
    row = int(is_other.any(axis=(1, 2)).argmax())
    number = int(expected[row][is_other[row]][0])
    raise ValueError(
        f"The mask of {named([files[row].name])} holds {number}, and the model gives {classes} "
        f"classes, from 0. Where such pixels do not count, say `ignore_class={number}`; where they "
        "are a class, give `decode_label` a function that numbers classes from 0."
    )


def _counts(expected: npt.NDArray[np.int_], predicted: npt.NDArray[np.int_], classes: int) -> Any:
    """Pixels of a picture: shared, expected and predicted ones, `(3, classes)`."""
    counted = expected >= 0
    pairs = expected[counted] * classes + predicted[counted]
    table = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return np.stack([table.diagonal(), table.sum(axis=1), table.sum(axis=0)])
