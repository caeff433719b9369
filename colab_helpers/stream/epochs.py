"""Which batch an index stands for: Keras's protocol of epochs, without threads and without Keras.

**The rule.** Whoever begins an epoch consumes it: batch after batch, in the order of the seed. The
index that it names is a ticket and no more, since `fit` shuffles indices without a seed. Everybody
else only looks: for them, index k is batch k of the epoch, and nothing is taken from the consumer.

An epoch is over when each of its batches was handed to a consumer. The `on_epoch_begin` after that
begins the next one. An `on_epoch_begin` before that goes on in the same one: `steps_per_epoch`
goes on where it stopped, and a `fit` that is run again after an interruption sees each batch once,
beginning with those that are left.

A consumer is one of Keras's adapters, which stands for one `fit`, `evaluate` or `predict`; see
`callers`. Where somebody calls the hooks by hand there is no such object, and an index is a
ticket for everybody: the first ask for it gets the next batch, a later one the same batch again.

**What Keras does**, read in its source (3.10 to 3.15, `trainers/epoch_iterator.py` and each
backend's `trainer.py`). B is `on_epoch_begin`, E is `on_epoch_end`, a number is an index that is
asked for:

    TensorFlow   fit        0 1 R | B 2 0 1 ... E | B 1 2 0 ... E
    JAX, torch   fit        B 2 R | B 2 0 1 ... E | B 1 2 0 ... E    the model is not built yet
                 fit            R | B 2 0 1 ... E | B 1 2 0 ... E    it is
    all          evaluate       R | B 0 1 2 ... E                    within `fit`, each time
                 predict            B 0 1 2 ... E

- TensorFlow asks for 0 and 1 to learn the form of a batch, before anything else.
- JAX and torch begin an epoch to see one batch (JAX with an accelerator: two), and drop it.
- R is an `on_epoch_end` too, by which `EpochIterator.reset` starts over. What the consumer took is
  given back then. So `validation_steps` shows the same batches after each epoch, as Keras says.
- On TensorFlow a thread of tf.data asks some indices ahead of training.
- After an error in a callback, or `stop_training`, the E is missing.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

__all__ = ["Epochs", "Ticket"]

PEEKS = 2  # batches that Keras asks for before an epoch begins, and then again in it


@dataclass(frozen=True, slots=True)
class Ticket:
    """The batch that an index stands for.

    Attributes:
        epoch: The number of the batch's epoch, from 0.
        place: The batch's place in the epoch, from 0.
        is_in_turn: Whether it is handed to the consumer; otherwise somebody looks at it.
        comes_again: Whether Keras is about to ask for it a second time.
    """

    epoch: int
    place: int
    is_in_turn: bool
    comes_again: bool = False


class Epochs:
    """Tells which batch an index stands for; see the rule above.

    It knows no lock: whoever shares it among threads holds one around each call. Everywhere,
    `total` is the number of batches of a whole epoch, and `consumer` is Keras's adapter, or None
    for a call by hand.

    Example:
        >>> epochs = Epochs()
        >>> epochs.begin(total=3)
        >>> [epochs.ask(index, total=3).place for index in (2, 0, 2, 1)]
        [0, 1, 0, 2]

    Attributes:
        epoch: The number of the epoch that goes on, or comes next.
        first: The place at which this epoch begins: above 0 where a run was resumed.
        is_begun: Whether the epoch goes on. It does not while `epoch` is still to come.
    """

    def __init__(self) -> None:
        self._known_consumers: weakref.WeakSet[Any] = weakref.WeakSet()
        self.go_to(epoch=0, first=0)

    def go_to(self, epoch: int, first: int) -> None:
        """Lets the next epoch be this one, from a place on."""
        self.epoch = epoch
        self.first = first
        self.is_begun = False
        self._handed_out = 0  # so many batches from `first` on were handed to a consumer
        self._tickets: dict[int, int] = {}  # index -> place, for calls by hand
        self._consumer: weakref.ref[Any] | None = None
        self._start = first  # the place at which this consumer began
        self._taken = 0  # how many batches this consumer has taken of the epoch
        self._may_start_over = False

    def stands_at(self, epoch: int, first: int) -> bool:
        """Whether that place is where the next batch comes from, so that nothing is to change."""
        return (self.epoch, self.first, self._handed_out) == (epoch, first, 0)

    def length(self, total: int, consumer: Any = None) -> int:
        """Batches of a whole epoch; for its consumer, of the one that goes on."""
        if self.is_begun and self.is_consumed_by(consumer):
            return total - self.first
        return total

    def is_complete(self, total: int) -> bool:
        """Whether each batch of the epoch that goes on was handed out."""
        return self.is_begun and self._handed_out >= total - self.first

    def is_consumed_by(self, consumer: Any) -> bool:
        """Whether this is the consumer of the epoch that goes on."""
        if self._consumer is None:
            return consumer is None
        return self._consumer() is consumer

    def places_to_come(self, total: int) -> list[int]:
        """The places of the batches that the consumer will take, in turn."""
        length = total - self.first
        return [self._place(turn, total) for turn in range(self._taken, length)]

    def _place(self, turn: int, total: int) -> int:
        """The place of a consumer's batch, which goes on where the consumer before it stopped."""
        length = total - self.first
        return self.first + (self._start - self.first + turn) % length

    def begin(self, total: int, consumer: Any = None) -> None:
        """A consumer begins an epoch: a new one if the last is complete, else the same one."""
        if self.is_complete(total):
            self.go_to(self.epoch + 1, first=0)
        if not self.is_begun or not self.is_consumed_by(consumer):
            self._hand_on_to(consumer)
        self._may_start_over = self._is_first_call_of(consumer)
        self.is_begun = True

    def _hand_on_to(self, consumer: Any) -> None:
        """A new consumer begins where the one before it stopped."""
        if self.is_begun:  # and in the end gets what came before a resumed run, too
            self._handed_out += self.first
            self.first = 0
        self._consumer = None if consumer is None else weakref.ref(consumer)
        self._start = self.first + self._handed_out
        self._taken = 0

    def end(self, total: int, consumer: Any = None, *, starts_over: bool = False) -> list[int]:
        """A consumer ends an epoch, though not all of it may have been handed out.

        Args:
            total: Batches of a whole epoch.
            consumer: Who ends it.
            starts_over: Whether the consumer did not want the batches yet that it took.

        Returns:
            The places of batches that are given back.
        """
        self._is_first_call_of(consumer)
        if not self.is_begun or not self.is_consumed_by(consumer):
            return []
        if starts_over:
            return self._give_back(total)
        if self.is_complete(total):
            self.go_to(self.epoch + 1, first=0)
        return []

    def _is_first_call_of(self, consumer: Any) -> bool:
        if consumer is None or consumer in self._known_consumers:
            return False
        self._known_consumers.add(consumer)
        return True

    def _give_back(self, total: int) -> list[int]:
        places = [self._place(turn, total) for turn in range(self._taken)]
        self._handed_out = self._start - self.first
        self._taken = 0
        self.is_begun = self._handed_out > 0
        return places

    def ask(self, index: int, total: int, consumer: Any = None) -> Ticket:
        """Somebody asks for an index.

        Raises:
            IndexError: There is no such index.
        """
        index = range(self.length(total, consumer))[index]
        if not self.is_begun:
            return Ticket(self.epoch, index, is_in_turn=False, comes_again=index < PEEKS)
        if not self.is_consumed_by(consumer):
            return Ticket(self.epoch, index, is_in_turn=False)
        if index in self._tickets:
            return Ticket(self.epoch, self._tickets[index], is_in_turn=False)
        return self._hand_out(index, total)

    def _hand_out(self, index: int, total: int) -> Ticket:
        place = self._place(self._taken, total)
        is_new = self._taken < total - self.first
        self._taken += 1
        self._handed_out = max(self._handed_out, place - self.first + 1)
        if self._consumer is None:
            self._tickets[index] = place
        return Ticket(
            self.epoch, place, is_in_turn=is_new, comes_again=is_new and self._may_come_again()
        )

    def _may_come_again(self) -> bool:
        return self._may_start_over and self._taken <= PEEKS
