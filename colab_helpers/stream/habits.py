"""Whoever asks for one index after the other is read ahead for, though no epoch goes on.

It is a habit from the second index on: one look at a batch reads nothing else. It ends with any
other index, with an epoch that begins, and with the sequence. Its threads end when they have
nothing to read, as all reader threads do.
"""

from __future__ import annotations

from collections.abc import Mapping

from .batches import Batch
from .epochs import Ticket
from .making import BatchMaker
from .prefetch import Prefetcher

__all__ = ["Habit"]


class Habit:
    """Reads ahead for somebody who looks at batch after batch.

    It knows no lock: whoever shares it among threads holds one around each call.
    """

    def __init__(self) -> None:
        self._latest: tuple[int, int] | None = None  # epoch and place that were asked for
        self._promised: set[int] = set()  # places that somebody takes from the prefetcher
        self._maker: BatchMaker | None = None
        self._prefetcher: Prefetcher | None = None

    def follow(
        self, ticket: Ticket, maker: BatchMaker, ready: Mapping[int, Batch]
    ) -> Prefetcher | None:
        """Somebody looks at a batch.

        Args:
            ticket: The batch.
            maker: Makes it, with what the user may have changed since the last one.
            ready: Batches of its epoch that are there already, by place.

        Returns:
            What makes the batch, together with those behind it; None without a habit.
        """
        is_habit = self._latest == (ticket.epoch, ticket.place - 1)
        if not self._goes_on(ticket, maker):
            self.end()
            if is_habit:
                self._begin(ticket, maker, ready)
        elif ticket.place in self._promised:
            return None  # another thread waits for it: two must not share an array
        self._promised.add(ticket.place)
        self._latest = (ticket.epoch, ticket.place)
        return self._prefetcher

    def _goes_on(self, ticket: Ticket, maker: BatchMaker) -> bool:
        """Whether this very batch is under way already."""
        return (
            self._latest is not None
            and self._latest[0] == ticket.epoch
            and self._prefetcher is not None
            and self._prefetcher.has(ticket.place)
            and self._maker == maker
        )

    def _begin(self, ticket: Ticket, maker: BatchMaker, ready: Mapping[int, Batch]) -> None:
        places = range(ticket.place, maker.total)
        self._maker = maker
        self._prefetcher = maker.prefetcher(ticket.epoch, places, ready)

    def end(self) -> None:
        """Drops what was made ahead."""
        if self._prefetcher is not None:
            self._prefetcher.close()
        self._latest = None
        self._promised = set()
        self._maker = None
        self._prefetcher = None
