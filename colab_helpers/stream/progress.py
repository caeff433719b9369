"""How a long epoch tells of itself: a line after 20 seconds, and then at doubling times.

It stands on a line of its own, below Keras's bar, which is then drawn anew. The process that has
begun the epoch prints it: a forked child, or a copy that only gives batches, does not.

Example:
    >>> time_left_in_words(100), time_left_in_words(7), time_left_in_words(9000)
    ('about 2 minutes', 'about 7 seconds', 'about 2.5 hours')
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .callers import is_silenced, is_validation
from .contents import Contents
from .order import BatchPlan
from .tally import Tally

__all__ = ["Progress", "Teller", "TellsOfLongEpochs"]

FIRST_SECONDS = 20.0  # of an epoch before the first line
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Teller:
    """Of what a long epoch tells, and by which time.

    Attributes:
        clock: Gives seconds.
        of_what: What a line begins with, such as "Validation: ".
    """

    clock: Callable[[], float]
    of_what: str = ""


class TellsOfLongEpochs:
    """What a sequence has for it.

    Attributes:
        clock: Gives seconds.
        verbose: Whether anything is to be told.
    """

    clock: Callable[[], float] = staticmethod(time.monotonic)
    verbose: bool
    _contents: Contents

    def _teller(self) -> Teller | None:
        """Who tells of the epoch that is about to begin; None where nobody is to.

        Of several processes that share batches, the first tells.
        """
        is_first = self._contents.plan.shard_index == 0
        if not (self.verbose and is_first) or is_silenced():
            return None
        return Teller(self.clock, "Validation: " if is_validation() else "")


class Progress:
    """Tells how many files of an epoch are done, how fast they come, and what was left out.

    Args:
        plan: Of the batches.
        places: Of the batches that are still to come in this epoch.
        tally: Where files that were left out are noted.
        teller: How it is told.
    """

    def __init__(
        self, plan: BatchPlan, places: Sequence[int], tally: Tally, teller: Teller
    ) -> None:
        self._plan = plan
        self._tally = tally
        self._teller = teller
        self._total = sum(map(self._files_in, range(len(plan))))
        self._done = self._total - sum(map(self._files_in, places))
        self._begun = teller.clock()
        self._due = FIRST_SECONDS
        self._told_at = self._begun
        self._done_then = self._done

    def _files_in(self, place: int) -> int:
        """Files in the batch at a place, those of all shards."""
        return min(self._plan.batch_size, len(self._plan.file_keys) - place * self._plan.batch_size)

    def handed_over(self, place: int) -> None:
        """Counts a batch, and prints the line that is due."""
        self._done += self._files_in(place)
        now = self._teller.clock()
        if now - self._begun < self._due or self._done >= self._total:
            return
        while self._due <= now - self._begun:
            self._due *= 2
        lines = [self._line(now), self._tally.new_skips_in_words(self._total)]
        self._told_at, self._done_then = now, self._done
        # In one piece: on TensorFlow, Keras draws its bar in another thread.
        print("\n" + "".join(f"{line}\n" for line in lines if line), end="", flush=True)

    def _line(self, now: float) -> str:
        rate = (self._done - self._done_then) / (now - self._told_at)
        left = time_left_in_words((self._total - self._done) / rate)
        shown_rate = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
        return (
            f"{self._teller.of_what}{self._done:,} of {self._total:,} files, "
            f"{shown_rate} a second, {left} left."
        )


def time_left_in_words(seconds: float) -> str:
    """A time as it can be told beforehand: roughly."""
    if seconds < 1.5 * MINUTE:
        return _about(max(round(seconds), 1), "second")
    if seconds < 1.5 * HOUR:
        return _about(round(seconds / MINUTE), "minute")
    return _about(round(seconds / HOUR, 1), "hour")


def _about(count: float, unit: str) -> str:
    return f"about {count:g} {unit if count == 1 else unit + 's'}"
