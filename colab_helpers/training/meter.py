"""How fast pictures come, whether training waits for them, and what would make them faster.

Example:
    >>> rates = InputRates(
    ...     images=1000, cached=0, seconds=10.0, waiting=8.0, reading=300.0, decoding=2.0
    ... )
    >>> rates.images_per_second, rates.waiting_share, rates.training
    (100.0, 0.8, 2.0)
    >>> advise(rates, reads=32, has_cache=False, cores=2)
    'All 32 reads are under way at all times: raise `reads`, or cache the files.'
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import keras

from .keras_logs import Logs

__all__ = [
    "InputMeter",
    "InputRates",
    "InputWatch",
    "MeasuredSequence",
    "WatchedSequence",
    "advise",
]

LITTLE_WAITING = 0.1  # share of the time below which faster input gains nothing
BUSY = 0.6  # share of the time in which cores, or reads, work from which on they are the limit
MANY_READS = 64  # reads at a time; more of them gain little
SHOWN_EPOCHS = 5  # where the meter's bare name stands
SHORTEST = 1e-9  # seconds; so that nothing is divided by zero


class WatchedSequence(Protocol):
    """What `InputWatch` asks of a sequence, such as a `StreamingSequence`."""

    @property
    def stats(self) -> Mapping[str, float]:
        """Counts since the sequence was made.

        "images" handed over to training, images among them that were "cached", seconds of "waiting"
        for batches, and of "reading" and "decoding", summed over threads. What is not there counts
        as 0.
        """
        ...


class MeasuredSequence(WatchedSequence, Protocol):
    """What the meter asks of a sequence: all of `stats`, and what the advice depends on."""

    @property
    def reads(self) -> int:
        """Reads in flight at most."""
        ...

    @property
    def cache(self) -> object | None:
        """Where decoded images are kept; None where they are not."""
        ...


@dataclass(frozen=True)
class InputRates:
    """How fast images came in a stretch of training, and how long training waited for them.

    Attributes:
        images: Images handed over to training.
        cached: Images among them that came from the cache.
        seconds: Length of the stretch.
        waiting: Seconds in which training waited for images.
        reading: Seconds, summed over threads.
        decoding: Seconds, summed over threads; augmentation is part of it.
    """

    images: float
    cached: float
    seconds: float
    waiting: float
    reading: float
    decoding: float

    @property
    def images_per_second(self) -> float:
        """Images handed over a second."""
        return self.images / self.seconds

    @property
    def waiting_share(self) -> float:
        """Share of the time in which training waited, 0 to 1."""
        return min(1.0, self.waiting / self.seconds)

    @property
    def training(self) -> float:
        """Seconds in which training did not wait."""
        return max(0.0, self.seconds - self.waiting)


class InputWatch:
    """Measures what a sequence hands over, from when the watch is made until the last batch's end.

    What comes later in an epoch, such as validation, does not count.

    Args:
        sequence: Its `stats` are read.
        clock: Gives seconds.

    Raises:
        ValueError: It has no `stats`, as a tf.data.Dataset has none.
    """

    def __init__(
        self, sequence: WatchedSequence, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        if not hasattr(sequence, "stats"):
            raise ValueError(
                "`sequence` must be the `StreamingSequence` that `fit` trains on. "
                f"Received: {type(sequence).__name__}"
            )
        self._sequence = sequence
        self._clock = clock
        self._before = dict(sequence.stats)
        self._begun = clock()
        self._ended = self._begun

    def batch_ended(self) -> None:
        """Notes the time: a batch was trained."""
        self._ended = self._clock()

    def rates(self) -> InputRates:
        """The rates up to the last batch's end."""
        return InputRates(
            images=self._since("images"),
            cached=self._since("cached"),
            seconds=max(self._ended - self._begun, SHORTEST),
            waiting=self._since("waiting"),
            reading=self._since("reading"),
            decoding=self._since("decoding"),
        )

    def _since(self, name: str) -> float:
        return self._sequence.stats.get(name, 0) - self._before.get(name, 0)


def advise(rates: InputRates, *, reads: int, has_cache: bool, cores: int) -> str:
    """Says in a sentence what would make input faster, if anything.

    Args:
        rates: Those of an epoch.
        reads: Reads in flight at most.
        has_cache: Whether decoded images are kept in a `PixelCache`.
        cores: Of this machine's processor that decode.
    """
    if rates.waiting_share < LITTLE_WAITING:
        return "Nothing to gain from faster input: the model is what takes the time."
    if rates.decoding > BUSY * cores * rates.seconds:
        return _advise_on_decoding(rates, has_cache)
    if rates.reading < BUSY * reads * rates.seconds:
        return (
            "Reads are few at a time, so Drive holds them back: pack the files into an archive, "
            "or cache them."
        )
    if reads < MANY_READS:
        return f"All {reads} reads are under way at all times: raise `reads`, or cache the files."
    return (
        f"All {reads} reads are under way at all times: pack the files into an archive, or cache "
        "them."
    )


def _advise_on_decoding(rates: InputRates, has_cache: bool) -> str:
    if not has_cache:
        return (
            "Decoding keeps the processor busy: a `PixelCache` spares it from the second epoch on."
        )
    if rates.cached < rates.images:
        return (
            "Decoding keeps the processor busy: epochs from the cache will be faster, or take "
            "smaller images."
        )
    return "Augmentation keeps the processor busy: move it into the model, where the GPU does it."


class InputMeter(keras.callbacks.Callback):
    """Tells after each epoch how fast images came, whether training waited, and what to do.

    Example:
        ```python
        meter = InputMeter(train)
        model.fit(train, epochs=3, callbacks=[meter])
        meter.history[-1]["images_per_second"]
        ```

    Args:
        sequence: The `StreamingSequence` that `fit` trains on.
        verbose: Whether to print a line after each epoch.
        clock: Gives seconds.

    Attributes:
        history: A dict for each epoch: `epoch`, `images`, `cached`, `seconds` (validation not
            counted), `images_per_second`, `waiting_share` (0 to 1, of `seconds`), `waiting` and
            `training` in seconds, `reading` and `decoding` in seconds summed over threads, and
            `advice`.
    """

    async_safe = True  # Keras need not wait for the GPU at each batch on account of this callback

    _watch: InputWatch  # of the epoch that was begun last

    def __init__(
        self,
        sequence: MeasuredSequence,
        verbose: bool = True,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__()
        self.sequence = sequence
        self.verbose = verbose
        self.clock = clock
        self.history: list[dict[str, Any]] = []

    def __repr__(self) -> str:
        """A line for each of the last epochs."""
        if not self.history:
            return "InputMeter: no epoch is measured yet"
        lines = [
            f"  epoch {row['epoch'] + 1}: {_in_words(row)}" for row in self.history[-SHOWN_EPOCHS:]
        ]
        left_out = len(self.history) - len(lines)
        if left_out:
            lines.insert(0, f"  {left_out:,} before them: see `history`")
        return "\n".join(["InputMeter", *lines])

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begins to measure."""
        self._watch = InputWatch(self.sequence, self.clock)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Notes the time."""
        self._watch.batch_ended()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds a row to `history`, and prints it."""
        rates = self._watch.rates()
        advice = advise(
            rates,
            reads=self.sequence.reads,
            has_cache=self.sequence.cache is not None,
            cores=getattr(self.sequence, "decoders", None) or os.cpu_count() or 1,
        )
        self.history.append(_row(epoch, rates, advice))
        if self.verbose:
            print(f"\n{_in_words(self.history[-1])}")


def _in_words(row: Mapping[str, Any]) -> str:
    """What is told of an epoch."""
    return (
        f"{row['images_per_second']:.0f} images/s; {row['waiting_share']:.0%} of the time "
        f"training waited for them. {row['advice']}"
    )


def _row(epoch: int, rates: InputRates, advice: str) -> dict[str, Any]:
    # In the order of 0.1, in which a table of the history has its columns.
    return {
        "reading": rates.reading,
        "decoding": rates.decoding,
        "waiting": rates.waiting,
        "images": rates.images,
        "cached": rates.cached,
        "epoch": epoch,
        "seconds": rates.seconds,
        "images_per_second": rates.images_per_second,
        "waiting_share": rates.waiting_share,
        "training": rates.training,
        "advice": advice,
    }
