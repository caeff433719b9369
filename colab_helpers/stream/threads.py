"""Threads and what bounds them: readers, decoders, and the bytes between the two."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from .rows import Job

__all__ = ["ByteBudget", "Readers", "decoder_threads"]


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
    """Threads that do jobs one after another; they start when there is work for them."""

    def __init__(self, most: int, do: Callable[[Job], None]) -> None:
        self._most = most
        self._do = do
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # None ends a thread
        self._thread_count = 0
        self._asked_to_end = 0  # threads for which a None was put in line
        self._is_closed = False
        self._lock = threading.Lock()

    def submit(self, jobs: Sequence[Job]) -> None:
        """Puts jobs in line, and starts the threads that they need."""
        with self._lock:
            if self._asked_to_end and not self._is_closed:
                self._withdraw_ends()
            for job in jobs:
                self._jobs.put(job)
            if self._is_closed:
                return
            new_threads = min(self._most - self._thread_count, self._jobs.qsize())
            self._thread_count += new_threads
            for _ in range(new_threads):
                thread = threading.Thread(target=self._work, name="StreamingSequence", daemon=True)
                thread.start()

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None or self._is_closed:
                return
            self._do(job)
            del job  # a thread that waits would keep its last batch

    def rest(self) -> None:
        """Lets the threads end when all jobs are done; the next job starts new ones."""
        with self._lock:
            self._ask_to_end()

    def close(self) -> None:
        """Lets the threads end after the job that they are at."""
        with self._lock:
            self._is_closed = True
            self._ask_to_end()

    def _ask_to_end(self) -> None:
        for _ in range(self._thread_count - self._asked_to_end):
            self._jobs.put(None)
        self._asked_to_end = self._thread_count

    def _withdraw_ends(self) -> None:
        """Takes the Nones out of the line; each that is missing has ended a thread."""
        waiting: list[Job] = []
        with contextlib.suppress(queue.Empty):
            while True:
                job = self._jobs.get_nowait()
                if job is None:
                    self._asked_to_end -= 1
                else:
                    waiting.append(job)
        self._thread_count -= self._asked_to_end
        self._asked_to_end = 0
        for job in waiting:
            self._jobs.put(job)


_pools: dict[int, ThreadPoolExecutor] = {}  # by process: a forked one has no threads of its parent
_pools_lock = threading.Lock()


def decoder_threads(process: int) -> ThreadPoolExecutor:
    """The decoder threads of a process, for all its sequences: more than its cores gain nothing.

    They stay, since each new thread would keep, in the allocator, as much memory as decoding
    takes at most.
    """
    with _pools_lock:
        if process not in _pools:
            _pools[process] = ThreadPoolExecutor(os.cpu_count(), "StreamingSequence decoder")
        return _pools[process]
