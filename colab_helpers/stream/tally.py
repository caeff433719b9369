"""What a sequence has done so far: seconds, images, files left out, the last error."""

from __future__ import annotations

import threading
from typing import Any

from .batches import Ended
from .forks import renew_after_fork
from .keys import random_key
from .messages import file_named, text_of

__all__ = ["Tally"]

TOLD_FILES = 3  # so many of the files left out are named in a line


class Tally:
    """What a sequence has done so far, summed over all its passes and threads.

    Attributes:
        stats: Seconds spent "reading", "decoding" and "waiting", numbers of "images" handed over,
            looks included, and of those that were "cached".
        last_error: What ended the last pass, as it was raised.
    """

    def __init__(self) -> None:
        self.stats: dict[str, float] = {
            "reading": 0.0,
            "decoding": 0.0,
            "waiting": 0.0,
            "images": 0,
            "cached": 0,
        }
        self._skipped: dict[int, tuple[Any, str]] = {}  # by the random key of the file's id
        self._skips_told = 0
        self.last_error: BaseException | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Makes the lock anew, which a thread of the parent may hold for ever."""
        self._lock = threading.Lock()

    def add(self, name: str, amount: float) -> None:
        """Adds seconds or images to one of `stats`."""
        with self._lock:
            self.stats[name] += amount

    @property
    def skipped(self) -> list[tuple[Any, str]]:
        """`(file, reason)` of each file left out."""
        with self._lock:
            return list(self._skipped.values())

    def skip(self, file: Any, error: BaseException) -> None:
        """Notes a file that was left out; its first reason stays."""
        reason = text_of(error)
        key = random_key(file.id)
        with self._lock:
            self._skipped.setdefault(key, (file, reason))

    def reason(self, file: Any) -> str:
        """Why a file was left out; nothing where it was not."""
        _, reason = self._skipped.get(random_key(file.id), (file, ""))
        return reason

    def tell_new_skips(self, total: int) -> None:
        """Prints which files were left out since it was told last.

        Args:
            total: How many files there are.
        """
        words = self.new_skips_in_words(total)
        if words:
            print(f"\n{words}")

    def new_skips_in_words(self, total: int) -> str:
        """Which files were left out since it was told last; "" for none. It is told by this."""
        new = self.skipped[self._skips_told :]
        if not new:
            return ""
        self._skips_told += len(new)
        return (
            f"Left out {len(new):,} of {total:,} files ({_shown(new)}). "
            "`sequence.skipped` names all."
        )

    def note_error(self, error: BaseException) -> None:
        """Remembers what ended a pass; that a pass was ended on purpose is no error."""
        if not isinstance(error, Ended):
            self.last_error = error


def _shown(skipped: list[tuple[Any, str]]) -> str:
    """The first files left out, each with its reason."""
    shown = "; ".join(f"{file_named(file)}: {reason}" for file, reason in skipped[:TOLD_FILES])
    if len(skipped) > TOLD_FILES:
        shown += "; ..."
    return shown
