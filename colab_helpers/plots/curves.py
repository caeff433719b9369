"""Loss and metrics by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import BLUE, GREY, RED, new_figure, set_title, whole_number_ticks
from .words import escaped, refuse_nothing, shortened

MOST_COLUMNS = 3
METRIC_LENGTH = 40  # letters of a metric's name
LATE = 2  # more epochs than these after the best one are worth a word


class History(Protocol):
    """What `model.fit` returns."""

    history: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Curves:
    """The numbers of a training.

    Attributes:
        values: `{name: [a number an epoch]}`; what begins with `val_` belongs to validation.
        metrics: The names that get a panel each, as they are called in training.
        decisive: The name whose lowest value marks the best epoch: `val_loss`, or `loss` or the
            first metric where there is no validation.
    """

    values: Mapping[str, Sequence[float]]
    metrics: list[str]
    decisive: str

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return len(self.values[self.decisive])

    @property
    def is_validated(self) -> bool:
        """Whether there is a validation loss; the training alone tells of no best epoch."""
        return self.decisive == "val_loss"

    @property
    def best(self) -> int:
        """Which epoch was the best, counted from 0."""
        numbers = np.nan_to_num(self.values[self.decisive], nan=np.inf)
        return int(np.argmin(numbers))

    @property
    def validation_accuracy(self) -> str | None:
        """The name of the first accuracy that was taken in validation."""
        for name in self.values:
            if name.startswith("val_") and "acc" in name:
                return name
        return None


def plot_learning_curves(history: History | Mapping[str, Sequence[float]]) -> Figure:
    """Draws loss and metrics by epoch, for training and validation, with the best epoch marked.

    Example:
        >>> figure = plot_learning_curves({"loss": [1.0, 0.5, 0.3], "val_loss": [1.1, 0.7, 0.8]})
        >>> print(figure.get_suptitle())
        Best epoch: 2 of 3, with val_loss 0.7

    Args:
        history: What `model.fit` returns, or its `history`:
            `{"loss": [...], "val_loss": [...], ...}`. The best epoch is the one of the lowest
            `val_loss`; without validation none is marked, as the training tells of none.

    Raises:
        ValueError: The history is empty, or some of it has fewer numbers than epochs.
    """
    curves = read_history(_values(history))
    columns = min(MOST_COLUMNS, len(curves.metrics))
    rows = math.ceil(len(curves.metrics) / MOST_COLUMNS)
    figure, axes = new_figure(5 * columns, 3.7 * rows, rows, columns)
    for axis in axes.flat[len(curves.metrics) :]:
        axis.set_visible(False)
    for axis, metric in zip(axes.flat, curves.metrics):
        _draw_panel(axis, curves, metric)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    set_title(figure, curves_title(curves))
    return figure


def read_history(values: Mapping[str, Sequence[float]]) -> Curves:
    """Finds the metrics, and the one that decides which epoch was the best."""
    metrics = []
    for name in values:
        if not name.startswith("val_") and name != "learning_rate":
            metrics.append(name)
    refuse_nothing([value for name in metrics for value in values[name]], "history")
    _refuse_other_lengths(values)
    return Curves(values, metrics, _decisive(values, metrics))


def _decisive(values: Mapping[str, Sequence[float]], metrics: Sequence[str]) -> str:
    """The name whose lowest value marks the best epoch."""
    if "val_loss" in values:
        return "val_loss"
    if "loss" in values:
        return "loss"
    return metrics[0]


def _refuse_other_lengths(values: Mapping[str, Sequence[float]]) -> None:
    """Refuses numbers of which it is not told to which epoch they belong.

    Raises:
        ValueError: It names such numbers.
    """
    epochs = max(map(len, values.values()))
    for name, numbers in values.items():
        if len(numbers) != epochs:
            raise ValueError(
                f"`history` has {len(numbers)} numbers of {name!r} for {epochs} epochs, as "
                "`fit(validation_freq=...)` gives, and does not tell to which epochs they belong: "
                "put NaN in between, as in {**history.history, 'val_loss': [nan, 0.7, nan, 0.5]}."
            )


def curves_title(curves: Curves) -> str:
    """Says which epoch was the best, how good it was, and whether later ones were in vain."""
    numbers = curves.values[curves.decisive]
    if not curves.is_validated:
        return (
            f"After {curves.epochs} epochs: {curves.decisive} {numbers[-1]:.3g} in training, "
            "none in validation"
        )
    best = curves.best
    title = f"Best epoch: {best + 1} of {curves.epochs}, with {curves.decisive} {numbers[best]:.3g}"
    accuracy = curves.validation_accuracy
    if accuracy is not None:
        title += f" and {accuracy} {curves.values[accuracy][best]:.3g}"
    late = curves.epochs - best - 1
    if late > LATE:
        title += f"; the {late} epochs after it did not help"
    return title


def _values(history: History | Mapping[str, Sequence[float]]) -> Mapping[str, Sequence[float]]:
    values = getattr(history, "history", history)
    if isinstance(values, Mapping) and not any(map(np.isscalar, values.values())):
        return values
    raise ValueError(
        "`history` must be what `model.fit` returned, or its `history`, "
        f"`{{'loss': [...], ...}}`. Received: {type(history).__name__}"
    )


def _draw_panel(axis: Axes, curves: Curves, metric: str) -> None:
    """One metric, in training and in validation."""
    _draw_curve(axis, curves, metric, "o-", colour=BLUE, label="training")
    _draw_curve(axis, curves, f"val_{metric}", "s--", colour=RED, label="validation")
    if curves.is_validated:
        axis.axvline(curves.best + 1, color=GREY, linewidth=1, linestyle=":", label="best epoch")
    axis.set(
        xlabel="epoch",
        ylabel=escaped(shortened(metric, METRIC_LENGTH)),
        xlim=(0.5, curves.epochs + 0.5),
    )
    axis.xaxis.set_major_locator(whole_number_ticks())


def _draw_curve(
    axis: Axes, curves: Curves, name: str, line: str, *, colour: str, label: str
) -> None:
    if name not in curves.values:
        return
    epochs = range(1, curves.epochs + 1)
    axis.plot(epochs, curves.values[name], line, color=colour, label=label, markersize=4)
