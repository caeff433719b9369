"""Batches made ready ahead: readers fetch bytes, decoders fill the rows of a batch.

It knows nothing of Keras and nothing of epochs: it is given the places of batches, and hands these
over one by one, a bounded number ahead of the one that is waited for.

    take(place) -> _admit: starts the batches that may be made meanwhile
        reader threads    _fetch: the bytes of one file        at most `reads`, and ENCODED_BYTES
        decoder threads   _fill: one row from its bytes        one for each core, up to 8
                          _recall: all rows that a cache has
    Batch.done is set -> take returns the batch

Whoever calls `take` waits for `Batch.done`. A reader waits for a job, and for room among the bytes
that are read and not yet decoded. A decoder waits for a job alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from time import perf_counter

from .batches import Batch, Ended, Job
from .interrupts import interrupts
from .order import Draws
from .rows import Recipe, RowMaker
from .tally import Tally
from .threads import ByteBudget, Readers, decoders

__all__ = ["Prefetcher"]

ENCODED_BYTES = 32 << 20  # read, not yet decoded: bounds what large originals take
DECODED_BYTES = 128 << 20  # decoded, not yet asked for: bounds what large images take
FILES_AHEAD = 4  # times `reads`: so many files are read ahead of the batch that is waited for


class Prefetcher:
    """Hands over numbered batches in turn, each made ready while those before it are in use.

    It holds no reference to whoever uses it, so that its threads keep nobody alive.

    Args:
        recipe: How a file becomes a row.
        draws_of_batch: `draws_of_batch(place)` tells which files a batch holds.
        places: The batches to make, in turn.
        reads: Reads in flight at most.
        batch_size: Files a batch at most.
        tally: Where time, images and bad files are counted.
        ready: Batches that are there already, by place.
    """

    def __init__(
        self,
        recipe: Recipe,
        draws_of_batch: Callable[[int], Draws],
        places: Sequence[int],
        *,
        reads: int,
        batch_size: int,
        tally: Tally,
        ready: Mapping[int, Batch] | None = None,
    ) -> None:
        self._recipe = recipe
        self._draws_of_batch = draws_of_batch
        self._tally = tally
        self._places = places
        self._turn_of_place = {place: turn for turn, place in enumerate(places)}
        self._next_turn = 0  # of the batch that is started next
        self._reads = reads
        self._batch_size = batch_size
        self._batches: dict[int, Batch] = dict(ready or {})
        # Reentrant: `take` calls `_admit` with it, and a garbage collection may end in `close`.
        self._lock = threading.RLock()
        self._rows = RowMaker(recipe, batch_size, tally)
        self._budget = ByteBudget(ENCODED_BYTES)
        self._readers = Readers(reads, self._fetch)
        self._process = os.getpid()
        self._is_closed = False

    @property
    def is_usable(self) -> bool:
        """Whether it still makes batches."""
        return not self._is_closed and not self.is_inherited

    @property
    def is_inherited(self) -> bool:
        """Whether this is a forked process: its threads and its locks are the parent's."""
        return self._process != os.getpid()

    def start(self) -> None:
        """Begins to read what may be read before the first batch is asked for."""
        self._admit(turn=0)

    def go_on_with(self, places: Sequence[int]) -> None:
        """Makes these batches from now on, in turn; those of them that are there already stay."""
        with self._lock:
            self._places = places
            self._turn_of_place = {place: turn for turn, place in enumerate(places)}
            self._next_turn = 0
        self.start()

    def has(self, place: int) -> bool:
        """Whether the batch at a place is under way, and not taken yet."""
        with self._lock:
            return place in self._batches

    def take(self, place: int) -> Batch:
        """Waits for the batch at a place and hands it over; each is to be taken once.

        Raises:
            Ended: The prefetcher was closed, or does not make this batch (any more).
            Interrupted: The user pressed Ctrl-C.
            Exception: What failed in `read`, `decode` or `augment`.
        """
        if self.is_inherited:
            raise Ended
        with self._lock:
            turn = self._turn_of_place.get(place)
            if turn is not None:
                self._admit(turn)
            batch = self._batches.get(place)
        if batch is None:
            raise Ended
        begun = perf_counter()
        interrupts.wait(batch.done)
        with self._lock:
            self._batches.pop(place, None)
            nothing_is_left = not self._batches and self._next_turn == len(self._places)
        self._tally.add("waiting", perf_counter() - begun)
        if batch.error is not None:
            self._tally.note_error(batch.error)
            self.close()
            raise batch.error
        self._tally.add("images", int(batch.good.sum()))
        if nothing_is_left:
            self.close()
        return batch

    def put_back(self, batches: Mapping[int, Batch]) -> None:
        """Takes back batches that were taken and not used; they can be taken again."""
        with self._lock:
            self._batches |= batches
        for batch in batches.values():
            self._tally.add("images", -int(batch.good.sum()))

    def close(self) -> None:
        """Ends the threads, drops what was made ahead, and lets whoever waits go with `Ended`."""
        if self.is_inherited:
            return
        with self._lock:
            self._is_closed = True
            waited_for = list(self._batches.values())
            self._batches = {}
        for batch in waited_for:
            if not batch.done.is_set():
                batch.fail(Ended())
        self._rows.close()
        self._budget.close()
        self._readers.close()

    def _admit(self, turn: int) -> None:
        """Starts all batches that may be made while the one of this turn is waited for."""
        with self._lock:
            end = min(turn + 1 + self._batches_ahead(), len(self._places))
            while not self._is_closed and self._next_turn < end:
                place = self._places[self._next_turn]
                if place not in self._batches:
                    self._start_batch(place)
                self._next_turn += 1

    def _start_batch(self, place: int) -> None:
        batch = Batch(self._draws_of_batch(place))
        self._batches[place] = batch
        try:
            if self._recipe.cache is None:
                self._read_rows(batch, range(len(batch.file_numbers)))
            else:
                decoders.submit(self._recall, batch)
        except BaseException:  # no thread can be started, or an interrupt: nobody fills this batch
            self._batches.pop(place, None)
            raise

    def _batches_ahead(self) -> int:
        """How many batches may be under way beside the one that is waited for."""
        wanted = -(-FILES_AHEAD * self._reads // self._batch_size)  # rounded up
        image_bytes = self._rows.image_bytes
        if not image_bytes:
            return max(1, wanted)
        return max(1, min(wanted, DECODED_BYTES // (self._batch_size * image_bytes)))

    def _read_rows(self, batch: Batch, rows: Sequence[int]) -> None:
        self._readers.submit([Job(batch, row) for row in rows])

    def _fetch(self, job: Job) -> None:
        """A reader's work: the bytes of one file, and of its mask."""
        if self._is_closed:
            return
        try:
            data = self._read(job)
        except BaseException as error:
            self._rows.fail(job, error)
            return
        try:
            if data is not None:
                decoders.submit(self._fill, job, data)
        except BaseException as error:
            job.batch.fail(error)

    def _read(self, job: Job) -> tuple[bytes, ...] | None:
        """Reads within the budget, which the decoder gives back; None where the pass has ended."""
        expected = sum(map(_expected_bytes, self._rows.files_of(job)))
        if not self._budget.reserve(expected):
            return None
        data: tuple[bytes, ...] = ()
        begun = perf_counter()
        try:
            data = self._rows.read(job)
        finally:
            self._tally.add("reading", perf_counter() - begun)
            self._budget.release(expected - _length(data))
        return data

    def _fill(self, job: Job, data: tuple[bytes, ...]) -> None:
        """A decoder's work: one row from its bytes."""
        begun = perf_counter()
        try:
            if not self._is_closed:
                self._rows.fill(job, data)
        finally:
            self._tally.add("decoding", perf_counter() - begun)
            self._budget.release(_length(data))

    def _recall(self, batch: Batch) -> None:
        """A decoder's work where there is a cache: all rows that it has; the others are read."""
        begun = perf_counter()
        try:
            if not self._is_closed:
                absent = self._rows.recall(batch)
                if absent:
                    self._read_rows(batch, absent)
        except BaseException as error:
            batch.fail(error)
        finally:
            self._tally.add("decoding", perf_counter() - begun)


def _length(data: tuple[bytes, ...]) -> int:
    return sum(map(len, data))


def _expected_bytes(file: object) -> int:
    """The size of a file as it was listed, of use for a budget: 0 where it is not known."""
    size = getattr(file, "size", None)
    if not isinstance(size, Real):
        return 0
    size = float(size)
    return int(min(size, ENCODED_BYTES)) if size > 0 else 0
