"""Which batch an index stands for: Keras's protocol of epochs, without threads and without Keras.

**The rule.** Whoever begins an epoch consumes it: batch after batch, in the order of the seed. The
index that a consumer names does not matter, since `fit` shuffles indices without a seed. Everybody
else only looks: for them, index k is batch k of the epoch, and nothing is taken from the consumer.

An epoch is over when each of its batches was given to a consumer. The `on_epoch_begin` after that
begins the next one. An `on_epoch_begin` before that goes on in the same one: `steps_per_epoch`
goes on where it stopped, and a `fit` that is run again after an interruption sees each batch once,
beginning with those that are left.

A consumer is one of Keras's adapters, which stands for one `fit`, `evaluate` or `predict`. One
that begins inside of the consumer's own `fit`, from a callback, only looks; its calls are left out
before they get here (see `callers`). Where somebody calls the hooks by hand there is no adapter.
Then the first ask for an index gets the next batch, and a later ask for it the same batch again.

**What Keras does**, read in its source (3.10 to 3.15, `trainers/epoch_iterator.py` and each
backend's `trainer.py`). B is `on_epoch_begin`, E is `on_epoch_end`, a number is an index that is
asked for, and a bar stands between two epochs:

    TensorFlow   fit        0 1 R | B 2 0 1 ... E | B 1 2 0 ... E
    JAX, torch   fit        B 2 R | B 2 0 1 ... E | B 1 2 0 ... E    the model is not built yet
                 fit            R | B 2 0 1 ... E | B 1 2 0 ... E    it is
    all          evaluate       R | B 0 1 2 ... E                    within `fit`, each time
                 predict            B 0 1 2 ... E

- TensorFlow asks for 0 and 1 to learn the form of a batch, before anything else.
- JAX and torch begin an epoch to see one batch (JAX with an accelerator: two), and drop it.
- R is an `on_epoch_end` too, by which `EpochIterator.reset` starts over. What the consumer took is
  given back then. So `validation_steps` shows the same batches after each epoch, as Keras says.
- On TensorFlow a thread of tf.data asks for some indices ahead of training.
- After an error in a callback, or `stop_training`, the E is missing.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any, SupportsIndex

__all__ = ["Epochs", "Ticket"]

PEEKS = 2  # batches that Keras asks for before an epoch begins, and then again in it


@dataclass(frozen=True, slots=True)
class Ticket:
    """The batch that an index stands for.

    Attributes:
        epoch: The number of the batch's epoch, from 0.
        place: The batch's place in the epoch, from 0.
        is_in_turn: Whether it is given to the consumer; otherwise somebody looks at it.
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

    Three numbers are not to be mixed up. An *index* is what somebody asks for. A *turn* counts
    what one consumer took in the epoch. A *place* is where a batch stands in the epoch's order.
    In an epoch of 10 batches, a `fit` is interrupted after 3: it had the turns 0, 1, 2 and the
    places 0, 1, 2. The next `fit` has the turns 0 to 9, and the places 3 to 9, then 0, 1, 2.

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
        self._given = 0  # so many batches from `first` on were given to some consumer
        self._is_by_hand = False
        self._consumer: weakref.ref[Any] | None = None  # Keras's adapter
        self._start = first  # the place of this consumer's turn 0
        self._turns = 0  # how many batches this consumer took of the epoch
        self._place_of_index: dict[int, int] = {}  # for calls by hand
        self._may_start_over = False

    def stands_at(self, epoch: int, first: int) -> bool:
        """Whether that place is where the next batch comes from, so that nothing is to change."""
        return (self.epoch, self.first, self._given) == (epoch, first, 0)

    def length(self, total: int, consumer: Any = None) -> int:
        """Batches of a whole epoch; for its consumer, of the one that goes on."""
        if self.is_begun and self.is_consumed_by(consumer):
            return total - self.first
        return total

    def is_complete(self, total: int) -> bool:
        """Whether each batch of the epoch that goes on was given to a consumer."""
        return self.is_begun and self._given >= total - self.first

    @property
    def places_given(self) -> int:
        """How many places of the epoch, from its front, lie behind those who consume it."""
        return self.first + self._given

    @property
    def consumer(self) -> Any:
        """Keras's adapter that consumes the epoch, or None: it is gone, or there was none."""
        return None if self._consumer is None else self._consumer()

    def is_consumed_by(self, consumer: Any) -> bool:
        """Whether this is the consumer of the epoch that goes on; None stands for "by hand"."""
        if consumer is None:
            return self._is_by_hand
        return self.consumer is consumer

    def places_to_come(self, total: int) -> list[int]:
        """The places of the batches that the consumer will take, in turn."""
        length = total - self.first
        return [self._place(turn, total) for turn in range(self._turns, length)]

    def _place(self, turn: int, total: int) -> int:
        """The place of a consumer's turn; behind the epoch's last place comes its first."""
        length = total - self.first
        return self.first + (self._start - self.first + turn) % length

    def begin(self, total: int, consumer: Any = None, *, goes_on: bool = True) -> None:
        """A consumer begins an epoch: a new one if the last is complete, else the same one.

        Args:
            total: Batches of a whole epoch.
            consumer: Who begins it.
            goes_on: Whether a new consumer begins where the one before it stopped, as `fit` does;
                `evaluate` and `predict` begin at the front.
        """
        if self.is_complete(total):
            self.go_to(self.epoch + 1, first=0)
        if not self.is_begun:
            self._give_to(consumer, start=self.first)
        elif not self.is_consumed_by(consumer):
            # From now on the epoch is whole, also for one that a resumed run began in its middle.
            self._given += self.first
            self.first = 0
            self._give_to(consumer, start=self._given if goes_on else 0)
        self._may_start_over = self._note(consumer)
        self.is_begun = True

    def _give_to(self, consumer: Any, start: int) -> None:
        self._is_by_hand = consumer is None
        self._consumer = None if consumer is None else weakref.ref(consumer)
        self._start = start
        self._turns = 0
        self._place_of_index = {}

    def _note(self, consumer: Any) -> bool:
        """Remembers a consumer; tells whether it was unknown.

        One whose first call is a B may start over. `fit` of a built model calls R first.
        """
        if consumer is None or consumer in self._known_consumers:
            return False
        self._known_consumers.add(consumer)
        return True

    def end(self, total: int, consumer: Any = None, *, starts_over: bool = False) -> list[int]:
        """A consumer ends an epoch, though not all of it may have been given out.

        Args:
            total: Batches of a whole epoch.
            consumer: Who ends it.
            starts_over: Whether the consumer did not want the batches yet that it took.

        Returns:
            The places of batches that are given back.
        """
        self._note(consumer)
        if not self.is_begun or not self.is_consumed_by(consumer):
            return []
        if starts_over:
            return self._take_back(total)
        if self.is_complete(total):
            self.go_to(self.epoch + 1, first=0)
        return []

    def _take_back(self, total: int) -> list[int]:
        places = [self._place(turn, total) for turn in range(self._turns)]
        self._given = self._start - self.first
        self._turns = 0
        self.is_begun = self._given > 0
        return places

    def ask(self, index: int, total: int, consumer: Any = None) -> Ticket:
        """Somebody asks for an index.

        Raises:
            IndexError: There is no such index.
            TypeError: It is no integer, such as a slice.
        """
        index = _checked_index(index, self.length(total, consumer))
        if not self.is_begun:
            return Ticket(self.epoch, index, is_in_turn=False, comes_again=index < PEEKS)
        if not self.is_consumed_by(consumer):
            return Ticket(self.epoch, index, is_in_turn=False)
        if index in self._place_of_index:
            return Ticket(self.epoch, self._place_of_index[index], is_in_turn=False)
        return self._give_next(index, total)

    def _give_next(self, index: int, total: int) -> Ticket:
        place = self._place(self._turns, total)
        is_in_turn = self._turns < total - self.first
        self._turns += 1
        self._given = max(self._given, place - self.first + 1)
        if self._is_by_hand:
            self._place_of_index[index] = place
        comes_again = is_in_turn and self._may_start_over and self._turns <= PEEKS
        return Ticket(self.epoch, place, is_in_turn, comes_again)


def _checked_index(index: Any, length: int) -> int:
    """The batch that an index names, counted from the end where it is negative."""
    if isinstance(index, bool) or not isinstance(index, SupportsIndex):
        raise TypeError(
            "`sequence[index]` is one batch, and `index` an integer. For several, write "
            f"`[sequence[index] for index in range(2)]`. Received: index={index!r}"
        )
    try:
        return range(length)[index]
    except IndexError:
        raise IndexError(
            f"There is no such batch: `index` must be from 0 to {length - 1}, or from {-length} to "
            f"-1 for those from the end. Received: index={index!r}"
        ) from None
