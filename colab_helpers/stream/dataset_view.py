"""A sequence as a `tf.data.Dataset`, for whoever has a pipeline of TensorFlow.

TensorFlow asks for batches in a thread of its own, where the call stack tells nothing (see
`callers`). So each iteration is a consumer of its own: an epoch is its, from front to end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from .arrays import ArrayForm, Arrays
from .callers import is_at_work_in_any_thread
from .contents import Contents
from .handover import Handover
from .interrupts import interrupts
from .making import BatchMaker
from .tally import Tally

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["DatasetView"]


class DatasetView:
    """What gives the epochs of a sequence to TensorFlow."""

    _contents: Contents
    _handover: Handover
    _tally: Tally
    _maker: Callable[[], BatchMaker]
    _form: Callable[[], ArrayForm]

    def as_dataset(self) -> tf.data.Dataset:
        """The sequence as a `tf.data.Dataset`, for a pipeline of your own, or `jit_compile`.

        Each iteration over it is the next epoch, in its own order, and read ahead as in `fit`. One
        that is broken off ends its reads, and the next one begins the same epoch at its front.
        While the sequence itself is in a `fit`, an iteration looks at the epoch that goes on there.

        Example:
            ```python
            dataset = train.as_dataset().map(lambda images, labels: (images / 255, labels))
            model.compile("adam", "sparse_categorical_crossentropy", jit_compile=True)
            model.fit(dataset.prefetch(2), shuffle=False, epochs=10)
            ```

        The form of its elements is learnt from the first batch, which is read for it, and again
        used in the epoch. The last batch of an epoch may be smaller: where each other size is
        compiled anew, `dataset.unbatch().batch(n, drop_remainder=True)` has one size.
        `model.fit(train)` needs none of this, and `ResumeTraining` wants the sequence. A dataset
        costs 0.02 to 0.05 ms of CPU an image of 224 x 224 more than a loop over the sequence.

        Returns:
            Of as many elements as the sequence has batches, each as `sequence[k]` is. For an epoch
            that `load_state_dict` begins in its middle, of what is left of it and then of whole
            epochs, which TensorFlow calls an unknown cardinality.

        Raises:
            ImportError: TensorFlow is not installed.
            ValueError: While iterating, as one of TensorFlow's errors: `load_state_dict` went into
                the middle of an epoch after this call.
        """
        tf = _tensorflow()
        interrupts.watch()
        example = self[0]  # type: ignore[index]
        total = len(self._contents.plan)
        is_whole = self._handover.position[1] == 0
        dataset = tf.data.Dataset.from_generator(
            partial(self._epoch, length=total if is_whole else None),
            output_signature=tf.nest.map_structure(partial(_spec, tf), example),
        )
        if is_whole:
            dataset = dataset.apply(tf.data.experimental.assert_cardinality(total))
        return dataset

    def _epoch(self, length: int | None) -> Iterator[Arrays]:
        """The batches of the next epoch, or of the one that `fit` is at.

        Args:
            length: How many there must be; None lets an epoch begin in its middle.
        """
        interrupts.watch()
        if is_at_work_in_any_thread(self._handover.consumer):
            yield from self._apart(self._handover.epoch, 0)
            return
        consumer = _Consumer()
        self._handover.end(self._maker(), consumer, starts_over=True)  # as Keras does
        self._handover.begin(self._maker(), consumer, goes_on=False)
        try:
            epoch, first = self._handover.position
            if first and length is not None:
                raise ValueError(
                    f"`load_state_dict` has left {length - first} of {length} batches of this "
                    "epoch. Call `as_dataset` again after it."
                )
            for place in range(first, len(self._contents.plan)):
                batch = self._handover.next_batch(self._maker(), consumer)
                if batch is None:
                    yield from self._apart(epoch, place)
                    break
                yield self._form().arrays(batch)
        finally:
            if self._handover.leave(self._maker(), consumer):
                self._tally.tell_new_skips(len(self._contents.files))

    def _apart(self, epoch: int, first: int) -> Iterator[Arrays]:
        """Batches of an epoch that somebody else consumes, or has moved on from."""
        return map(self._form().arrays, self._maker().full_batches(epoch, first))


class _Consumer:
    """Stands for one iteration."""


def _tensorflow() -> Any:
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "`as_dataset` gives a `tf.data.Dataset`, and TensorFlow is not installed: "
            "`%pip install tensorflow`, or iterate over the sequence itself."
        ) from error
    return tf


def _spec(tf: Any, array: Any) -> Any:
    """The form of an array, in batches of any size."""
    return tf.TensorSpec((None, *array.shape[1:]), array.dtype)
