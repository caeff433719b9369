"""Where the time of each epoch went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLUE, GREEN, ORANGE, RED, new_figure, set_title, whole_number_ticks
from .words import refuse_nothing

# Seconds: training, waiting, reading, decoding. An `InputMeter` tells the waiting_share too.
EpochTimes: TypeAlias = Mapping[str, float]


@dataclass(frozen=True)
class Panel:
    """One of the two halves of the figure.

    Attributes:
        words: What its seconds are.
        colours: `{part of the time: colour}`, from left to right.
    """

    words: str
    colours: dict[str, str]


ON_THE_CLOCK = Panel("seconds on the clock", {"training": BLUE, "waiting": RED})
IN_THREADS = Panel("seconds of work, all threads together", {"reading": ORANGE, "decoding": GREEN})


def plot_timeline(history: Sequence[EpochTimes]) -> Figure:
    """Shows where the time of each epoch went.

    Left: seconds on the clock, in which the model trained or waited for data. Right: seconds of
    work in the threads that read and decode; they work side by side, so that these can exceed the
    clock.

    Example:
        >>> epoch = {"training": 10.0, "waiting": 30.0, "reading": 300.0, "decoding": 12.0}
        >>> print(plot_timeline([epoch]).get_suptitle())
        The model waited for data 75% of the first epoch

    Args:
        history: `InputMeter.history`: a dict an epoch, with the seconds `training`, `waiting`,
            `reading`, `decoding`, and perhaps the `waiting_share`, 0 to 1.

    Raises:
        ValueError: The history is empty.
    """
    if not isinstance(history, Sequence) or isinstance(history, str):
        raise ValueError(
            "`history` must be that of an InputMeter: `plot_timeline(meter.history)`. "
            f"Received: {type(history).__name__}"
        )
    refuse_nothing(history, "history")
    figure, axes = new_figure(10, min(0.32 * len(history), 6) + 2, 1, 2)
    left, right = axes[0]
    _draw_panel(left, history, ON_THE_CLOCK)
    _draw_panel(right, history, IN_THREADS)
    set_title(figure, timeline_title([waiting_share(epoch) for epoch in history]))
    return figure


def waiting_share(epoch: EpochTimes) -> float:
    """The share of an epoch, from 0 to 1, in which the model waited for data."""
    if "waiting_share" in epoch:
        return epoch["waiting_share"]
    on_the_clock = epoch["waiting"] + epoch["training"]
    return epoch["waiting"] / max(on_the_clock, 1e-9)


def timeline_title(waiting_shares: Sequence[float]) -> str:
    """Says how long the model waited in the first epoch, and in the last.

    Example:
        >>> timeline_title([0.75, 0.5, 0.02])
        'The model waited for data 75% of the first epoch and 2% of the last'
    """
    title = f"The model waited for data {waiting_shares[0]:.0%} of the first epoch"
    if len(waiting_shares) > 1:
        title += f" and {waiting_shares[-1]:.0%} of the last"
    return title


def _draw_panel(axis: Axes, history: Sequence[EpochTimes], panel: Panel) -> None:
    """A bar for each epoch; its parts lie one behind another."""
    numbers = np.arange(1, len(history) + 1)
    left = np.zeros(len(history))
    for part, colour in panel.colours.items():
        seconds = np.array([epoch[part] for epoch in history], float)
        axis.barh(numbers, seconds, left=left, color=colour, label=part)
        left += seconds
    axis.set(xlabel=panel.words, ylabel="epoch", ylim=(len(history) + 0.6, 0.4))
    axis.yaxis.set_major_locator(whole_number_ticks())
    axis.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False)
