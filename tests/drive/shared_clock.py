"""Virtual time that many threads share."""

import heapq
import threading


class SharedClock:
    """Virtual time for many threads: when all of them sleep, the one that wakes first does."""

    def __init__(self, threads):
        self.now = 0.0
        self._threads = threads
        self._sleeping = []
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        awake = threading.Event()
        with self._lock:
            self._count += 1
            heapq.heappush(self._sleeping, (self.now + max(seconds, 0), self._count, awake))
            self._go_on()
        awake.wait()

    def leave(self):
        with self._lock:
            self._threads -= 1
            self._go_on()

    def _go_on(self):
        if self._sleeping and len(self._sleeping) >= self._threads:
            self.now, _, awake = heapq.heappop(self._sleeping)
            awake.set()
