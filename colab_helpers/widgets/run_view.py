"""`live_view`: a table that grows while `model.fit` trains, and stays when it is over.

Example:
    >>> rates = InputRates(images=1000, cached=0, seconds=10, waiting=1, reading=0, decoding=0)
    >>> row = make_row(0, {"loss": 0.51234}, rates)
    >>> print(as_line(row))
    epoch 1, loss 0.5123, images/s 100, waited 10%
    >>> as_time(75)
    '1:15'
"""

from __future__ import annotations

import html
import math
import time
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import keras
from IPython import get_ipython
from IPython.display import display

from ..training.keras_logs import Logs
from ..training.meter import InputRates, InputWatch, WatchedSequence

__all__ = [
    "LiveView",
    "RunProgress",
    "RunView",
    "ViewedSequence",
    "as_line",
    "as_table",
    "as_time",
    "live_view",
    "make_row",
]

Row: TypeAlias = dict[str, str]  # what the table's columns show of an epoch, by their titles


class ViewedSequence(WatchedSequence, Protocol):
    """What is shown of a sequence, such as a `StreamingSequence`.

    Of its `stats`, "images" and "waiting".
    """

    @property
    def skipped(self) -> Sized:
        """The files that were left out."""
        ...


def make_row(epoch: int, logs: Mapping[str, Any], rates: InputRates) -> Row:
    """What the table shows of an epoch.

    Args:
        epoch: Its number, from 0.
        logs: Loss and metrics.
        rates: How fast images came.
    """
    numbers = {name: f"{float(value):.4g}" for name, value in logs.items()}
    return {
        "epoch": f"{epoch + 1}",
        **numbers,
        "images/s": f"{rates.images_per_second:,.0f}",
        "waited": f"{rates.waiting_share:.0%}",
    }


def as_line(row: Row) -> str:
    """A row as a line of text."""
    return ", ".join(f"{name} {value}" for name, value in row.items())


def as_table(rows: Sequence[Row]) -> str:
    """Rows as an HTML table; where a row lacks a column, as without validation, it is blank."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [_as_table_line(columns)]
    for row in rows:
        lines.append(_as_table_line([row.get(name, "") for name in columns]))
    return f"<table>{''.join(lines)}</table>"


def _as_table_line(cells: Sequence[str]) -> str:
    aligned = [f"<td style='text-align: right'>{html.escape(cell)}</td>" for cell in cells]
    return f"<tr>{''.join(aligned)}</tr>"


def as_time(seconds: float) -> str:
    """Minutes and seconds, such as "1:05"; less than nothing is "0:00"."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}:{rest:02}"


@dataclass(frozen=True)
class RunProgress:
    """How far a run is.

    Attributes:
        epoch: The epoch that is being trained, from 0.
        epochs: Where `fit` ends.
        first_epoch: Where `fit` began: not 0 in a run that was resumed.
        batch: Batches of this epoch that are trained.
        steps: Batches of an epoch.
        batches_done: Batches that were trained since `fit` began.
        seconds: Time since `fit` began.
    """

    epoch: int
    epochs: int
    first_epoch: int
    batch: int
    steps: int
    batches_done: int
    seconds: float

    @property
    def seconds_left(self) -> float:
        """Time that is left, if all goes on as fast as until now."""
        batches = (self.epochs - self.first_epoch) * self.steps
        return self.seconds * (batches / max(self.batches_done, 1) - 1)

    @property
    def words(self) -> str:
        """The progress in words.

        Example:
            >>> RunProgress(1, 4, 0, batch=20, steps=20, batches_done=40, seconds=60).words
            'Epoch 2 of 4, batch 20 of 20, about 1:00 left'
        """
        return (
            f"Epoch {self.epoch + 1} of {self.epochs}, batch {self.batch} of {self.steps}, "
            f"about {as_time(self.seconds_left)} left"
        )

    @property
    def bar(self) -> str:
        """The epoch's progress as an HTML bar."""
        return f"<progress value='{self.batch}' max='{self.steps}'></progress> "


@dataclass(frozen=True)
class RunView:
    """What is shown of a run at a moment.

    Attributes:
        rows: One an epoch.
        seconds: Time since `fit` began.
        skipped: Number of files that were left out.
        progress: None when the run is over.
    """

    rows: Sequence[Row]
    seconds: float
    skipped: int
    progress: RunProgress | None

    @property
    def words(self) -> str:
        """The line above the table."""
        words = f"Finished {len(self.rows)} epochs in {as_time(self.seconds)}"
        if self.progress is not None:
            words = self.progress.words
        if self.skipped:
            words += f"; skipped files: {self.skipped}"
        return words

    def by_mime_type(self) -> dict[str, str]:
        """What a notebook is given to show."""
        bar = "" if self.progress is None else self.progress.bar
        return {
            "text/plain": f"{self.words}: {as_line(self.rows[-1])}",
            "text/html": f"<p>{bar}{self.words}</p>{as_table(self.rows)}",
        }


class LiveView(keras.callbacks.Callback):
    """The callback that `live_view` returns.

    Args:
        sequence: The one that is trained on.
        seconds: Shortest time between two updates.
        clock: Gives seconds.

    Attributes:
        rows: What the table shows of each epoch that is over.
    """

    async_safe = True  # Keras need not wait for the GPU at each batch on account of this callback

    _watch: InputWatch  # of the epoch that was begun last

    def __init__(
        self,
        sequence: ViewedSequence,
        *,
        seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.sequence = sequence
        self.seconds = seconds
        self.clock = clock
        self._forget_run()

    def _forget_run(self) -> None:
        self.rows: list[Row] = []
        self._display: Any = None  # IPython's handle of what is shown; None before the first time
        self._begun = self.clock()
        self._updated = -math.inf  # when something was shown last
        self._batches_done = 0
        self._epoch = 0
        self._first_epoch = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begins a new table."""
        self._forget_run()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begins to measure an epoch."""
        self._epoch = epoch
        self._watch = InputWatch(self.sequence, self.clock)
        if not self.rows:
            self._first_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Shows how far the epoch is, if that was not shown just now."""
        self._batches_done += 1
        self._watch.batch_ended()
        if self.clock() - self._updated >= self.seconds:
            self._show([*self.rows, self._row(logs)], self._progress(batch + 1))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Adds a row."""
        self.rows.append(self._row(logs))
        if get_ipython() is None:
            print(as_line(self.rows[-1]))
        self._show(self.rows, self._progress(self.params["steps"] or 1))

    def on_train_end(self, logs: Logs = None) -> None:
        """Leaves the table, without a progress bar."""
        if self.rows:
            self._show(self.rows, None)

    def _row(self, logs: Logs) -> Row:
        return make_row(self._epoch, logs or {}, self._watch.rates())

    def _progress(self, batch: int) -> RunProgress:
        return RunProgress(
            epoch=self._epoch,
            epochs=self.params["epochs"],
            first_epoch=self._first_epoch,
            batch=batch,
            steps=self.params["steps"] or 1,
            batches_done=self._batches_done,
            seconds=self.clock() - self._begun,
        )

    def _show(self, rows: Sequence[Row], progress: RunProgress | None) -> None:
        self._updated = self.clock()
        if get_ipython() is None:
            return
        view = RunView(
            rows=rows,
            seconds=self._updated - self._begun,
            skipped=len(self.sequence.skipped),
            progress=progress,
        )
        if self._display is None:
            self._display = display(view.by_mime_type(), raw=True, display_id=True)
        else:
            self._display.update(view.by_mime_type(), raw=True)


def live_view(sequence: ViewedSequence, *, seconds: float = 0.5) -> LiveView:
    """Returns a Keras callback that shows a run while it goes, and stays as a table afterwards.

    Example:
        ```python
        model.fit(train, validation_data=val, epochs=10, verbose=0, callbacks=[live_view(train)])
        ```

    A row an epoch: loss and metrics, images a second, the share of the time in which the model
    waited for data. Above it the progress, the time left, and how many files were skipped. Outside
    a notebook it prints a line an epoch.

    Args:
        sequence: The `StreamingSequence` that is trained on; its `stats` and `skipped` are shown.
        seconds: Shortest time between two updates.
    """
    return LiveView(sequence, seconds=seconds)
