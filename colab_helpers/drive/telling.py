"""What is told: of a long listing, a line after 20 seconds and at doubling times; and to whom."""

from __future__ import annotations

import re
import sys
from types import FrameType

from .names import printable

__all__ = ["Telling", "folder_in_words", "place_in_words", "users_level"]

FIRST_SECONDS = 20.0  # of waiting for the source, before the first line
NOT_THE_USERS = (__name__.partition(".")[0], "tqdm")  # packages, ours and that of bars
RESOURCE_KEY = re.compile("(resourcekey=)[^&#]*", re.IGNORECASE)


class Telling:
    """Says when a line is due, and which. What the user does between two files does not count.

    Example:
        >>> telling = Telling("flowers17")
        >>> telling.line(seconds=19, files=1000), telling.line(seconds=1, files=2000)
        ('', "Listing 'flowers17': 2,000 files so far, 100 a second.")
        >>> telling.line(seconds=19, files=4000)
        ''

    Args:
        folder: What is listed; "" where that is not known.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._seconds = 0.0
        self._due = FIRST_SECONDS
        self._seconds_told = 0.0
        self._files_told = 0

    def line(self, seconds: float, files: int) -> str:
        """The line that is due now; "" if none is.

        Args:
            seconds: So much longer was waited.
            files: So many files were listed so far.
        """
        self._seconds += seconds
        if self._seconds < self._due:
            return ""
        while self._due <= self._seconds:
            self._due *= 2
        rate = (files - self._files_told) / (self._seconds - self._seconds_told)
        self._seconds_told, self._files_told = self._seconds, files
        named = f" {folder_in_words(self._folder)}" if self._folder else ""
        return f"Listing{named}: {files:,} files so far, {rate:,.0f} a second."


def folder_in_words(folder: str) -> str:
    """A folder as a user named it, without the key that an address may hold.

    Example:
        >>> folder_in_words("https://drive.google.com/drive/folders/1AbC?resourcekey=0-x&usp=s")
        "'https://drive.google.com/drive/folders/1AbC?resourcekey=...&usp=s'"
    """
    shown = RESOURCE_KEY.sub(r"\1...", printable(folder))
    return f"'{shown}'"


def place_in_words(count: int, *, is_over: bool, is_resumed: bool) -> str:
    """How far a listing is.

    Args:
        count: Of the files that it gave out.
        is_over: Whether there are no others.
        is_resumed: Whether it began at a position.
    """
    so_far = f"{count:,} {'file' if count == 1 else 'files'}"
    if is_over:
        return f"{so_far}, all given out"
    if count:
        return f"{so_far} so far, and not at its end"
    begins = "goes on from a position" if is_resumed else "not begun"
    return f"{begins}; `files = list(...)` asks for its files"


def users_level() -> int:
    """The `stacklevel` at which `warnings.warn` shows the user's line, through whatever it went.

    A list, a progress bar or a call that lists for the user may stand in between.
    """
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and _package(frame) in NOT_THE_USERS:
        frame = frame.f_back
        level += 1
    return level


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
