"""The rate that Drive grants."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import NamedTuple

from .forks import restart_after_fork

__all__ = ["Pace", "Turn"]

SHRINK = 0.02  # share of the rate that a refusal takes away
GROW = 0.0007  # share of the rate that a request adds; 3.5 in 100 of SHRINK
GROW_QUICKLY = 0.005  # the same, as long as a short wait told little about the rate
FIRST_STREAK = 4  # refusals in a row after which all wait for the first time
LATER_STREAK = 8  # refusals in a row after which all wait again
FIRST_INTERVAL = 1.0  # seconds between two probes at first
LONGEST_INTERVAL = 2.0  # seconds between two probes at most
IDLE = 1.0  # seconds without a request after which the rate is measured afresh
NAP = 0.25  # seconds; longer waits are slept in pieces, to notice a new era
SHORTEST_SPAN = 0.001  # seconds over which a rate is measured at least


class Turn(NamedTuple):
    """A place in the line of requests; hand it back with the outcome.

    Attributes:
        era: The era in which it was given.
        due: The time at which the request may go.
    """

    era: int
    due: float


class Pace:
    """Keeps requests to the rate that Drive grants, whatever the window in which it counts.

    Nothing is held back until Drive refuses several requests in a row. Then all wait, while one
    request at a time probes whether it is let through. When one is, all go on at the rate that
    was granted so far, the wait included. That is right for a quota by the second and for one by
    the minute. From then on the rate grows a little with each request and shrinks with each
    refusal, so that it settles where about 3.5 in 100 are refused: close to all that there is,
    and no storm of 403s.

    Each wait of all begins an era, and its end begins the next; in a new era everybody lines up
    again.

    Example:
        >>> import time
        >>> pace = Pace(time.monotonic, time.sleep)
        >>> turn = pace.wait()
        >>> pace.granted(turn)                        # or refused(turn, retry_after)

    Args:
        clock: Tells the time in seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._clock = clock
        self._sleep = sleep
        self._era = 0
        self._rate = math.inf  # requests a second
        self._growth = GROW
        self._floor = 0.0  # below which only the next wait of all brings the rate
        self._refused_in_a_row = 0
        self._probe_interval = 0.0  # seconds between two probes; 0 while nobody has to wait
        self._next_due = clock()
        self._measured_since = self._next_due
        self._granted = 0  # requests since then
        self.restart()
        restart_after_fork(self)

    def restart(self) -> None:
        """Frees the lock: in a forked process, no thread is left that would."""
        self._lock = threading.Lock()

    def wait(self, latest: float = math.inf) -> Turn:
        """Waits until this thread may send a request.

        Args:
            latest: When it may in any case. Else, where all wait again and again, the last of many
                threads would wait as often as there are threads.
        """
        turn = None
        while True:
            with self._lock:
                now = self._clock()
                if turn is None or turn.era != self._era:
                    turn = self._line_up(now)
            due = min(turn.due, latest)
            if due <= now:
                return turn
            self._sleep(min(due - now, NAP))

    def granted(self, turn: Turn) -> None:
        """Drive answered. If all were waiting, they go on."""
        with self._lock:
            self._granted += 1
            self._refused_in_a_row = 0
            if self._all_wait and turn.era == self._era:
                self._let_all_go_on()

    def refused(self, turn: Turn, retry_after: float | None = None) -> None:
        """Drive asked to slow down.

        Args:
            turn: What `wait` returned for this request.
            retry_after: Seconds for which to send nothing, if Drive said so.
        """
        with self._lock:
            if turn.era != self._era:
                return  # sent before the others had to wait
            self._refused_in_a_row += 1
            if self._all_wait or self._refused_in_a_row >= self._streak:
                self._let_all_wait(retry_after)
            else:
                self._rate = max(self._rate * (1 - SHRINK), self._floor)
                self._growth = GROW

    @property
    def _all_wait(self) -> bool:
        return self._probe_interval > 0

    @property
    def _streak(self) -> int:
        is_first = math.isinf(self._rate)
        return FIRST_STREAK if is_first else LATER_STREAK

    def _line_up(self, now: float) -> Turn:
        if now > self._next_due + IDLE and not self._all_wait:
            self._measure_from(now)
        due = max(now, self._next_due)
        all_of_the_rate_is_in_use = due > now
        if all_of_the_rate_is_in_use and not self._all_wait:
            self._rate *= 1 + self._growth
        self._next_due = due + (self._probe_interval or 1 / self._rate)
        return Turn(self._era, due)

    def _measure_from(self, now: float) -> None:
        self._measured_since = now
        self._granted = 0

    def _let_all_wait(self, retry_after: float | None) -> None:
        doubled = min(2 * self._probe_interval, LONGEST_INTERVAL)
        self._probe_interval = doubled or FIRST_INTERVAL
        self._era += 1
        self._next_due = self._clock() + (retry_after or self._probe_interval)

    def _let_all_go_on(self) -> None:
        now = self._clock()
        measured = self._granted / max(now - self._measured_since, SHORTEST_SPAN)
        self._rate = max(min(self._rate, measured), self._floor)
        self._floor = self._rate / 2
        was_short = self._probe_interval == FIRST_INTERVAL
        self._growth = GROW_QUICKLY if was_short else GROW
        self._probe_interval = 0.0
        self._measure_from(now)
        self._next_due = now
        self._era += 1
