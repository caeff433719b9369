"""Each picture predicted once, row and file kept together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .class_numbers import class_indices

if TYPE_CHECKING:
    from ..drive import File

__all__ = ["BatchesInOrder", "Model", "Predictions", "predict_once", "predicted_batches"]

CLASS_MODES = ("int", "categorical", "binary")  # forms of labels that say one class a picture


class Predictions(NamedTuple):
    """What a model says of each picture, one row a file.

    Attributes:
        probabilities: Float array `(n, classes)`, or `(n, 1)` for a single sigmoid unit; whatever
            else the model gives, a row a file; a dict of arrays for a dict of outputs.
        labels: Int array `(n,)` of class indices, or None where the sequence yields no labels.
            Labels that are no classes are as the sequence gives them; a dict for a dict of outputs.
        files: List of the n files.
    """

    probabilities: Any
    labels: Any
    files: list[Any]


class PredictedBatch(NamedTuple):
    """A batch in file order, and what a model says of it, a row a file.

    Attributes:
        images: What the model was given; a dict where it has several inputs.
        answers: What it gives; a dict of arrays for several outputs.
        labels: As the sequence gives them, or None.
        files: Those of the rows.
    """

    images: Any
    answers: Any
    labels: Any
    files: list[Any]


class Model(Protocol):
    """A Keras model, or anything that predicts a batch."""

    def predict_on_batch(self, images: Any, /) -> Any:
        """Probabilities `(n, classes)` or `(n, 1)` for images `(n, height, width, channels)`.

        Images are a dict of all inputs where the sequence has several.
        """
        ...


class BatchesInOrder(Protocol):
    """A `StreamingSequence`, or anything that yields batches in file order."""

    def in_order(self) -> Iterable[tuple[Any, Any, list[File]]]:
        """Yields `(images, labels, files)`; images, and labels, may be dicts of arrays."""
        ...


def predict_once(model: Model, sequence: BatchesInOrder) -> Predictions:
    """Predicts each file of a sequence exactly once, in file order.

    All predictions are in memory at once; for masks of many pictures, see `compare_masks`.

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
        sigmoid unit), `labels` an int array `(n,)` of class indices whether the sequence's
        `label_mode` is "int", "categorical" or "binary" (None where it yields no labels), `files`
        a list. With any other `label_mode`, predictions and labels are as the model and the
        sequence give them; with a dict of outputs, they are dicts. Predictions of a model whose
        outputs are a list are a dict by `model.output_names`.

    Raises:
        ValueError: Not a single file could be read, or the model gives a list of arrays and does
            not name its outputs.
    """
    probabilities = []
    labels = []
    files: list[File] = []
    label_mode = getattr(sequence, "label_mode", "int")
    for batch in predicted_batches(model, sequence):
        probabilities.append(batch.answers)
        if batch.labels is not None:
            labels.append(_each(_class_indices, batch.labels, label_mode))
        files.extend(batch.files)
    return Predictions(
        probabilities=_joined(probabilities),
        labels=_joined(labels) if labels else None,
        files=files,
    )


def predicted_batches(model: Model, sequence: BatchesInOrder) -> Iterator[PredictedBatch]:
    """Predicts batch after batch, each file once, in file order.

    Raises:
        ValueError: As `predict_once` says.
    """
    if not hasattr(sequence, "in_order"):
        raise ValueError(
            "`sequence` must be a `StreamingSequence`, which knows the file of each picture; for "
            f"other data there is `model.predict`. Received: {type(sequence).__name__}"
        )
    if not hasattr(model, "predict_on_batch"):
        raise ValueError(f"`model` must be a Keras model. Received: {type(model).__name__}")
    batch_size = 0
    label_mode = getattr(sequence, "label_mode", "int")
    for images, labels, files in sequence.in_order():
        count = len(files)
        batch_size = max(batch_size, count)
        # Another batch size would make Keras trace the model again.
        answers = model.predict_on_batch(_each(_filled_up, images, batch_size))
        if isinstance(answers, (list, tuple)):
            answers = _of_several_outputs(model, answers, label_mode)
        yield PredictedBatch(images, _each(_first_rows, answers, count), labels, files)
    if not batch_size:
        raise ValueError(
            "There was nothing to predict: the sequence yielded no picture. Its `skipped` says "
            "which files were left out and why. "
            f"Received: {getattr(sequence, 'skipped', sequence)}"
        )


def _each(change: Callable[..., Any], arrays: Any, argument: Any) -> Any:
    """Changes an array, or each of a dict of them; an argument that is a dict too goes by name."""
    if not isinstance(arrays, dict):
        return change(arrays, argument)
    by_name = argument if isinstance(argument, Mapping) else dict.fromkeys(arrays, argument)
    return {name: change(array, by_name[name]) for name, array in arrays.items()}


def _of_several_outputs(model: Model, answers: Sequence[Any], label_mode: Any) -> Any:
    """What a model gives as a list, as a dict by output; of a list of one, what is in it."""
    if len(answers) == 1 and not isinstance(label_mode, Mapping):
        return answers[0]
    names = getattr(model, "output_names", None) or ()
    if len(set(names)) != len(answers):
        raise ValueError(
            "The model gives a list of arrays, and no name for each. Build it with a dict of "
            "outputs, such as `keras.Model(image, {'kind': kind, 'age': age})`. "
            f"Received: {len(answers)} arrays, output_names={list(names)}"
        )
    return dict(zip(names, answers))


def _joined(parts: list[Any]) -> Any:
    """Arrays of all batches, or dicts of them, as one."""
    if not isinstance(parts[0], dict):
        return np.concatenate(parts)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _first_rows(answers: Any, count: int) -> npt.NDArray[Any]:
    return np.asarray(answers)[:count]


def _class_indices(labels: npt.NDArray[Any], label_mode: str) -> npt.NDArray[Any]:
    """Class indices where labels are classes; others stay as they are."""
    if label_mode == "categorical":
        return np.asarray(labels.argmax(axis=1), dtype=int)  # of a single class, a column too
    return class_indices(labels) if label_mode in CLASS_MODES else labels


def _filled_up(images: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """The images, followed by black ones up to `size`."""
    lacking = size - len(images)
    if not lacking:
        return images
    black = np.zeros((lacking, *images.shape[1:]), images.dtype)
    return np.concatenate([images, black])
