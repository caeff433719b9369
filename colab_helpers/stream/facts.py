"""What a sequence tells of itself: what it streams, and what came of it."""

from __future__ import annotations

from typing import Any

from .contents import Contents
from .tally import Tally
from .threads import decoders

__all__ = ["Facts"]


class Facts:
    """What may be asked of a sequence at any time; no picture is read for it."""

    _contents: Contents
    _tally: Tally

    @property
    def files(self) -> tuple[Any, ...]:
        """The files, in the order given."""
        return self._contents.files

    @property
    def class_names(self) -> Any:
        """Classes in the order of their numbers; a dict of lists for a dict of outputs."""
        return self._contents.targets.names

    @property
    def labels(self) -> Any:
        """What each of `files` is learnt as, as far as it is known without reading.

        Class numbers int32 `(files,)`; for "multi_label" float32 `(files, classes)`; for "raw"
        float32 `(files, ...)`; for "image" a list of files; None for "input" and with
        `label_mode=None`. A dict of these for a dict of outputs.
        """
        return self._contents.targets.values

    @property
    def decoders(self) -> int:
        """Threads that decode and augment: one for each core, up to 8; all sequences share them."""
        return decoders.most

    @property
    def stats(self) -> dict[str, float]:
        """Seconds "reading" and "decoding" (all threads) and "waiting"; "images" and "cached"."""
        return self._tally.stats

    @property
    def skipped(self) -> list[tuple[Any, str]]:
        """`(file, reason)` of each file that was left out."""
        return self._tally.skipped

    @property
    def last_error(self) -> BaseException | None:
        """The error that ended the last pass, as it was raised.

        Keras raises another one, with this one's text in it.
        """
        return self._tally.last_error
