"""Ctrl-C while `fit` waits in compiled code for a thread that waits for a batch.

Python's handler of a signal runs in the main thread, once that is back in Python. On TensorFlow
the main thread waits in compiled code for a thread of tf.data, and that one waits here, perhaps
for a server that is silent for minutes. So the thread looks for the signal itself, and gives up.
https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd

It gives up at the end of the program too. What TensorFlow made is destroyed then, in the last
garbage collection, for which it waits for its threads; but no thread except the main one comes to
run any more, so that the program hangs, with any PyDataset. So here it is destroyed before.
"""

from __future__ import annotations

import atexit
import gc
import signal
import socket
import sys
import threading
from time import monotonic, sleep

from .forks import renew_after_fork

__all__ = ["Interrupted", "Interrupts", "interrupts"]

LOOK_SECONDS = 0.2  # between two looks for a signal
EXIT_SECONDS = 2  # at the program's end, for threads to leave; most have left after a look


class Interrupted(RuntimeError):
    """The user, or the end of the program, has interrupted what waits for a batch."""

    def __init__(self) -> None:
        super().__init__("Interrupted while a batch was waited for.")


class Interrupts:
    """Knows of Ctrl-C in threads where Python does not tell of it."""

    def __init__(self) -> None:
        self._receiver: socket.socket | None = None
        self._sender: socket.socket | None = None
        self._has_come = False
        self._is_ending = False
        self._threads: set[int] = set()  # that have waited here, by `threading.get_ident`
        renew_after_fork(self)
        atexit.register(self._end)

    def watch(self) -> None:
        """Begins to look for Ctrl-C anew, unless somebody else has asked Python for its signals."""
        self._has_come = False
        if threading.current_thread() is not threading.main_thread():
            return
        if self._receiver is not None:
            self._signals()
            return
        receiver, sender = socket.socketpair()
        receiver.setblocking(False)
        sender.setblocking(False)
        others = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
        if others != -1:
            signal.set_wakeup_fd(others)
            receiver.close()
            sender.close()
            return
        self._receiver = receiver
        self._sender = sender

    def renew(self) -> None:
        """Leaves the signals of a forked process's parent alone."""
        if self._sender is not None:
            signal.set_wakeup_fd(-1)
        self._receiver = None
        self._sender = None
        self._threads = set()

    def wait(self, event: threading.Event) -> None:
        """Waits for an event.

        Raises:
            Interrupted: The user pressed Ctrl-C, which is about to end what the main thread does,
                or the program ends.
        """
        if threading.current_thread() is threading.main_thread():
            event.wait()  # here Python raises KeyboardInterrupt itself
            return
        self._threads.add(threading.get_ident())
        while not event.wait(LOOK_SECONDS):
            if self._is_ending or self._ends_program():
                raise Interrupted

    def _end(self) -> None:
        """Lets go the threads that wait, and then what they were asked by."""
        self._is_ending = True
        if not self._threads:
            return
        until = monotonic() + EXIT_SECONDS
        while self._threads & sys._current_frames().keys() and monotonic() < until:
            sleep(LOOK_SECONDS / 10)
        for name in ("last_value", "last_traceback"):  # of what ended the program, with all frames
            vars(sys).pop(name, None)
        gc.collect()

    def _ends_program(self) -> bool:
        if signal.SIGINT in self._signals():
            self._has_come = True
        # Where somebody handles the signal in another way, training goes on.
        return self._has_come and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def _signals(self) -> bytes:
        """The numbers of the signals that have come since the last look."""
        if self._receiver is None:
            return b""
        try:
            return self._receiver.recv(4096)
        except BlockingIOError:
            return b""


interrupts = Interrupts()
