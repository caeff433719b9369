"""The one clock of an attempt at a request."""

from __future__ import annotations

import time

__all__ = ["Deadline"]

SLOWEST = 100_000  # bytes a second; a large body has a second more for each so many
LONGEST_LEFT = 86_400.0  # seconds; a socket takes no time-out without end


class Deadline:
    """Bounds all that an attempt waits for: connecting, sending, headers, redirects and body.

    A socket's own time-out bounds each wait for a packet, so that a server which sends a byte now
    and then is waited for without end.

    Example:
        >>> deadline = Deadline(60)
        >>> 59 < deadline.left() <= 60
        True

    Args:
        seconds: From now on.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, more than 0.

        Raises:
            TimeoutError: There are none.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"timed out: no whole answer within {self._seconds:g} s")
        return min(left, LONGEST_LEFT)

    def extend(self, count: int) -> None:
        """Gives the time that so many bytes of a body may take, which have come or gone.

        However many there were, no more time is left than there was at first. So silence is noticed
        as early after a large part of a body as before it.
        """
        latest = time.monotonic() + self._seconds
        self._ends = min(latest, self._ends + count / SLOWEST)
