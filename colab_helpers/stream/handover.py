"""Hands over the batch that an index stands for: in turn from what is read ahead, or made apart.

Here `epochs`, which knows no threads, meets `prefetch`, which knows no epochs.
"""

from __future__ import annotations

import threading
from collections.abc import Container
from typing import Any

from .batches import Batch, Ended
from .epochs import Epochs, Ticket
from .forks import renew_after_fork
from .habits import Habit
from .making import BatchMaker
from .prefetch import Prefetcher
from .progress import Progress, Teller

__all__ = ["Handover"]


class Handover:
    """Batches for whoever consumes epochs, and for whoever looks at them.

    Args:
        epoch: The number of the epoch to come, from 0.
        first: The place at which it begins.
    """

    def __init__(self, epoch: int = 0, first: int = 0) -> None:
        self._epochs = Epochs()
        self._epochs.go_to(epoch, first)
        self._prefetcher: Prefetcher | None
        self._epoch_ahead = 0  # the epoch that `_prefetcher` makes
        self._kept: dict[tuple[int, int], Batch] = {}  # (epoch, place) that Keras asks for again
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Lets go what belongs to the parent of a forked process; the epoch goes on."""
        self._lock = threading.RLock()
        self._prefetcher = None
        self._habit = Habit()
        self._progress: Progress | None = None  # of the epoch that was begun in this process

    def __del__(self) -> None:
        if hasattr(self, "_habit"):
            self.close()

    @property
    def position(self) -> tuple[int, int]:
        """The epoch that goes on, or comes next, and the place at which it begins."""
        return self._epochs.epoch, self._epochs.first

    @property
    def places_given(self) -> int:
        """How many batches of this epoch lie behind those who consume it."""
        return self._epochs.places_given

    @property
    def consumer(self) -> Any:
        """Keras's adapter that consumes the epoch, or None."""
        return self._epochs.consumer

    @property
    def epoch(self) -> int:
        """The number of the epoch that goes on, or comes next."""
        return self._epochs.epoch

    def length(self, total: int, consumer: Any) -> int:
        """Batches of a whole epoch; for its consumer, of the one that goes on."""
        with self._lock:
            return self._epochs.length(total, consumer)

    def is_consumed_by_hand(self) -> bool:
        """Whether an epoch goes on that Keras did not begin."""
        return self._epochs.is_begun and self._epochs.is_consumed_by(None)

    def begin(
        self, maker: BatchMaker, consumer: Any, goes_on: bool, teller: Teller | None = None
    ) -> None:
        """A consumer begins an epoch: reading starts now, where it did not go on already.

        Args:
            maker: Makes the batches.
            consumer: Keras's adapter, or None.
            goes_on: See `Epochs.begin`.
            teller: Tells how a long epoch goes on, or None.
        """
        with self._lock:
            self._epochs.begin(maker.total, consumer, goes_on=goes_on)
            places = self._epochs.places_to_come(maker.total)
            self._progress = None
            if teller is not None:
                self._progress = Progress(maker.contents.plan, places, maker.tally, teller)
            prefetcher = self._prefetcher
            if prefetcher is None or not self._is_ahead(prefetcher):
                self._read_ahead(maker, places)
            else:
                prefetcher.go_on_with(places)

    def end(self, maker: BatchMaker, consumer: Any, starts_over: bool) -> None:
        """A consumer ends an epoch, or pauses in it; what was made ahead stays for a pause."""
        with self._lock:
            given_back = self._epochs.end(maker.total, consumer, starts_over=starts_over)
            if self._prefetcher is not None:
                self._prefetcher.put_back(self._kept_batches(self._epochs.epoch, given_back))

    def leave(self, maker: BatchMaker, consumer: Any) -> bool:
        """A consumer leaves, and tells whether the epoch is over; else it begins anew, unread."""
        with self._lock:
            if not self._epochs.is_consumed_by(consumer):
                return False
            is_over = self._epochs.is_complete(maker.total)
            self._epochs.end(maker.total, consumer, starts_over=not is_over)
            if not is_over:
                self.close()
            return is_over

    def ask(self, index: int, maker: BatchMaker, consumer: Any) -> tuple[Batch, bool]:
        """The batch that an index stands for, and whether Keras will ask for it again.

        Raises:
            IndexError: There is no such index.
            Exception: What failed in making it.
        """
        with self._lock:
            ticket = self._epochs.ask(index, maker.total, consumer)
            prefetcher = self._ahead_of(ticket, maker, consumer)
            progress = self._progress
        return self._given_out(ticket, prefetcher, progress, maker), ticket.comes_again

    def next_batch(self, maker: BatchMaker, consumer: Any) -> Batch | None:
        """A consumer's next batch; None where somebody else has begun an epoch meanwhile."""
        with self._lock:
            if not self._epochs.is_consumed_by(consumer):
                return None
            ticket = self._epochs.ask(0, maker.total, consumer)
            prefetcher, progress = self._prefetcher, self._progress
        return self._given_out(ticket, prefetcher, progress, maker)

    def _given_out(
        self,
        ticket: Ticket,
        prefetcher: Prefetcher | None,
        progress: Progress | None,
        maker: BatchMaker,
    ) -> Batch:
        batch = self._batch(ticket, prefetcher, maker)
        if ticket.is_in_turn and progress is not None:
            progress.handed_over(ticket.place)
        if not batch.has_images:
            batch = maker.stand_in(ticket.epoch, ticket.place)
        with self._lock:
            if ticket.comes_again:
                self._kept[ticket.epoch, ticket.place] = batch
            elif ticket.is_in_turn:
                self._kept = {}
        return batch

    def _ahead_of(self, ticket: Ticket, maker: BatchMaker, consumer: Any) -> Prefetcher | None:
        """What makes this batch among others, read ahead; only one at a time does."""
        is_reading = self._prefetcher is not None and self._prefetcher.is_usable
        if ticket.is_in_turn or is_reading or consumer is not None:
            return self._prefetcher if ticket.is_in_turn else None
        places = range(ticket.place, maker.total)
        return self._habit.follow(ticket, maker, self._kept_batches(ticket.epoch, places))

    def _batch(self, ticket: Ticket, prefetcher: Prefetcher | None, maker: BatchMaker) -> Batch:
        if prefetcher is not None and prefetcher.is_usable:
            try:
                return prefetcher.take(ticket.place)
            except Ended:
                pass  # the reading was stopped meanwhile; the ticket still stands for this batch
        kept = self._kept.get((ticket.epoch, ticket.place))
        if kept is not None:
            return kept
        return maker.batch(ticket.epoch, ticket.place)

    def go_to(self, epoch: int, first: int) -> None:
        """Lets the next epoch be this one, from a place on."""
        with self._lock:
            if not self._epochs.stands_at(epoch, first):  # else it was begun already, for a look
                self.close()
                self._epochs.go_to(epoch, first)

    def close(self) -> None:
        """Ends the threads and drops what was made ahead."""
        with self._lock:
            self._habit.end()
            if self._prefetcher is not None:
                self._prefetcher.close()
                self._prefetcher = None

    def _is_ahead(self, prefetcher: Prefetcher) -> bool:
        """Whether it makes batches of the epoch that goes on."""
        return prefetcher.is_usable and self._epoch_ahead == self._epochs.epoch

    def _read_ahead(self, maker: BatchMaker, places: list[int]) -> None:
        """Starts to make the batches of the epoch that goes on."""
        self.close()
        epoch = self._epochs.epoch
        ready = self._kept_batches(epoch, places)
        self._kept = {}
        self._prefetcher = maker.prefetcher(epoch, places, ready)
        self._epoch_ahead = epoch
        self._prefetcher.start()

    def _kept_batches(self, epoch: int, places: Container[int]) -> dict[int, Batch]:
        """What Keras looked at and is about to ask for again, by place."""
        return {
            place: batch
            for (kept_epoch, place), batch in self._kept.items()
            if kept_epoch == epoch and place in places
        }
