"""Threads and what bounds them: readers, decoders, and the bytes between the two.

All are daemons: a silent server or a slow `decode` keeps no program from its end.
"""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from .batches import Job
from .forks import renew_after_fork

__all__ = ["ByteBudget", "Decoders", "Readers", "decoders"]

IDLE_SECONDS = 1  # without a job, until a reader thread ends; to start one takes 0.1 ms
EXIT_SECONDS = 1  # at the program's end, for what decoders are at; most are done in 0.01
# On 16 cores 16 threads decode a tenth fewer pictures than 8: they wait for the interpreter's lock.
MOST_DECODERS = 8


class ByteBudget:
    """Bounds the bytes that are read and not yet decoded."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def reserve(self, size: int) -> bool:
        """Waits until so many bytes may be read; False where the pass has ended meanwhile.

        One file is let through whatever its size.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._has_room(size))
            if self._is_closed:
                return False
            self._used += size
            return True

    def _has_room(self, size: int) -> bool:
        return self._used == 0 or self._used + size <= self._limit

    def release(self, size: int) -> None:
        """Gives back so many bytes; a negative size takes more than was reserved."""
        with self._changed:
            self._used -= size
            self._changed.notify_all()

    def close(self) -> None:
        """Lets all that wait go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Readers:
    """Threads that do jobs one after another.

    They start when there is work for them, and end when there was none for IDLE_SECONDS: after an
    epoch that was left in its middle, none waits for ever.
    """

    def __init__(self, most: int, do: Callable[[Job], None]) -> None:
        self._most = most
        self._do = do
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # None ends a thread
        self._thread_count = 0
        self._is_closed = False
        # Reentrant, as a garbage collection within `submit` may end in `close`.
        self._lock = threading.RLock()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Puts jobs in line, and starts the threads that they need."""
        with self._lock:
            if self._is_closed:
                return
            for job in jobs:
                self._jobs.put(job)
            new_threads = min(self._most - self._thread_count, self._jobs.qsize())
            for _ in range(new_threads):
                thread = threading.Thread(target=self._work, name="StreamingSequence", daemon=True)
                thread.start()
                self._thread_count += 1

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                if self._may_end():
                    return
                continue
            if job is None or self._is_closed:
                return
            self._do(job)
            del job  # a thread that waits would keep its last batch

    def _may_end(self) -> bool:
        """Whether there is still no job; then this thread counts no more."""
        with self._lock:
            if not self._jobs.empty():
                return False
            self._thread_count -= 1
            return True

    def close(self) -> None:
        """Lets the threads end after the job that they are at."""
        with self._lock:
            self._is_closed = True
            for _ in range(self._thread_count):
                self._jobs.put(None)
            # Whoever made this holds it, and `do` holds whoever made this: without this line, both
            # would keep their memory until a garbage collection.
            self._do = _do_nothing


def usable_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _do_nothing(job: Job) -> None:
    """What is done with the jobs that are left when readers are closed."""


class Decoders:
    """The decoder threads of a process, for all its sequences: one for each core that it may use.

    In a container these can be fewer than the machine has. More than MOST_DECODERS gain nothing.

    They stay, since each new thread would keep, in the allocator, as much memory as decoding
    takes at most.
    """

    def __init__(self) -> None:
        self.renew()
        renew_after_fork(self)
        atexit.register(self._end)

    def renew(self) -> None:
        """Begins without threads: a forked process has none of its parent's."""
        self._jobs: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()  # None ends a thread
        self._threads: list[threading.Thread] = []
        self._is_ending = False
        # Reentrant, as a garbage collection within `submit` may end in another one.
        self._lock = threading.RLock()

    @property
    def most(self) -> int:
        """How many there may be."""
        return min(usable_cores(), MOST_DECODERS)

    def submit(self, do: Callable[..., None], *arguments: Any) -> None:
        """Puts a call in line."""
        self._jobs.put((do, arguments))
        if len(self._threads) < self.most:
            self._start_thread()

    def _start_thread(self) -> None:
        with self._lock:
            number = len(self._threads)
            if number >= self.most:
                return
            thread = threading.Thread(
                target=self._work, name=f"StreamingSequence decoder_{number}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def _work(self) -> None:
        while True:
            call = self._jobs.get()
            if call is None or self._is_ending:
                return
            do, arguments = call
            do(*arguments)
            del call, do, arguments  # a thread that waits would keep its last batch

    def _end(self) -> None:
        """Ends the threads after the job that they are at, but waits EXIT_SECONDS at most.

        A thread that comes back from a library in C++ to an ended interpreter may abort it.
        """
        self._is_ending = True
        for _ in self._threads:
            self._jobs.put(None)
        latest = monotonic() + EXIT_SECONDS
        for thread in self._threads:
            thread.join(max(0, latest - monotonic()))


_Call = tuple[Callable[..., None], tuple[Any, ...]]

decoders = Decoders()
