"""What a forked process makes anew: locks that a thread of its parent may hold, and threads.

Only the thread that forks goes on in the child. What another one was about to do, it never does.
"""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ["renew_after_fork"]


class Renewed(Protocol):
    """What holds locks or threads."""

    def renew(self) -> None:
        """Makes them anew."""
        ...


_holders: weakref.WeakSet[Renewed] = weakref.WeakSet()


def renew_after_fork(holder: Renewed) -> None:
    """Lets `holder.renew()` be called in each forked process, while `holder` is alive."""
    _holders.add(holder)


def _renew_all() -> None:
    for holder in list(_holders):
        holder.renew()


if hasattr(os, "register_at_fork"):  # not on Windows, which knows no fork
    os.register_at_fork(after_in_child=_renew_all)
