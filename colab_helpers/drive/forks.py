"""What a process that was begun by `os.fork` must not take over from its parent."""

from __future__ import annotations

import os
import threading
from typing import Protocol
from weakref import WeakSet

__all__ = ["Restarts", "restart_after_fork"]


class Restarts(Protocol):
    """What makes its locks anew in a child process."""

    def restart(self) -> None:
        """Makes the locks anew: in the child, no thread is left that would free them."""


_to_restart: WeakSet[Restarts] = WeakSet()
_lock = threading.Lock()


def restart_after_fork(part: Restarts) -> None:
    """Has `part.restart()` called in each child process, for as long as the part is used."""
    with _lock:
        _to_restart.add(part)


def _restart_all() -> None:
    global _lock
    _lock = threading.Lock()
    for part in list(_to_restart):
        part.restart()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_restart_all)
