"""What a sequence tells of itself: what it streams, and what came of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .contents import Contents
from .tally import Tally

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
    def class_names(self) -> list[Any] | None:
        """Labels, in the order of their numbers."""
        return self._contents.class_names

    @property
    def labels(self) -> npt.NDArray[np.int32] | None:
        """Class number of each of `files`, int32 `(files,)`; None with `label_mode=None`."""
        labels = self._contents.labels
        return None if labels is None else labels.numbers

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
