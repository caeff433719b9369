"""Forks again and again while sequences are in use; prints "done" when each child saw all files.

A program of its own, run by test_forks.py.
"""

import os
import signal
import sys
import threading

import numpy as np
from numbered_photos import Ticking, decode, jitter, numbers, photos, read

from colab_helpers.stream import StreamingSequence

FORKS = 10
CHILD_SECONDS = 60  # then a child counts as hanging
ALL = list(range(64))


def make():
    return StreamingSequence(photos(64), read, decode, batch_size=4, augment=jitter, reads=4)


def all_numbers(batches):
    return sorted(number for images, _ in batches for number in numbers(images))


def epoch_by_hand(sequence):
    sequence.on_epoch_begin()
    batches = [sequence[index] for index in range(len(sequence))]
    sequence.on_epoch_end()
    return batches


class Busy:
    """A sequence that threads use all the time."""

    def __init__(self):
        self.sequence = make()
        self.is_over = threading.Event()
        works = (self.consume, self.look, self.loop)
        self.threads = [threading.Thread(target=work, daemon=True) for work in works]
        for thread in self.threads:
            thread.start()

    def consume(self):
        while not self.is_over.is_set():
            epoch_by_hand(self.sequence)

    def look(self):
        while not self.is_over.is_set():
            assert self.sequence.stats["images"] >= 0
            assert len(self.sequence[3][0]) == 4

    def loop(self):
        while not self.is_over.is_set():
            assert all_numbers(make()) == ALL

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()


class Paused:
    """A long epoch of which one batch was taken."""

    def __init__(self):
        self.sequence = make()
        self.sequence.clock = Ticking(15)
        self.sequence.on_epoch_begin()
        self.taken = self.sequence[0]
        self.pixels = np.copy(self.taken[0])

    def goes_on(self):
        others = [self.sequence[index] for index in range(1, 16)]
        return all_numbers([self.taken, *others]) == ALL

    def is_spoilt(self):
        """What a child does to its memory."""
        self.taken[0].fill(0)
        self.sequence.close()
        return True

    def is_as_it_was(self):
        return np.array_equal(self.taken[0], self.pixels) and self.goes_on()


class Loop:
    """A loop over a sequence that stops after some batches."""

    def __init__(self, count):
        self.iterator = iter(make())
        self.taken = [next(self.iterator) for _ in range(count)]

    def goes_on(self):
        return all_numbers([*self.taken, *self.iterator]) == ALL


def check_in_child(name, check):
    """Ends the program if `check()` does not hold in a forked process."""
    child = os.fork()
    if child == 0:
        signal.alarm(CHILD_SECONDS)
        try:
            is_right = check()
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            is_right = False
        os._exit(0 if is_right else 1)
    _, status = os.waitpid(child, 0)
    if status != 0:
        sys.exit(f"{name}: the child ended with {status}")


def main():
    busy = Busy()
    paused = Paused()
    for number in range(FORKS):
        loop = Loop(number)
        check_in_child("all of a busy sequence", lambda: all_numbers(busy.sequence) == ALL)
        check_in_child("a look at it", lambda: len(busy.sequence[5][0]) == 4)
        check_in_child("a new one", lambda: all_numbers(epoch_by_hand(make())) == ALL)
        check_in_child("a paused epoch", paused.goes_on)
        check_in_child("a paused epoch's memory", paused.is_spoilt)
        check_in_child("a loop that goes on", loop.goes_on)
    busy.end()
    if not paused.is_as_it_was():
        sys.exit("a child changed what its parent had")
    print("done")


if __name__ == "__main__":
    main()
