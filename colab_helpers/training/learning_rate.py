"""The learning rate of a run that goes on: the checkpoint's, unless the user changed it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras

from .checkpoint import Checkpoint

__all__ = ["LearningRate"]


class LearningRate:
    """Knows whether the user changed the learning rate since the run began.

    A rate that a callback changes in training is not the user's: it is in the checkpoint, and goes
    on from there. Where the optimizer has a schedule, no checkpoint holds a rate.

    Args:
        model: As `fit` was given it, before training.

    Attributes:
        at_begin: With which the run began, or to which the user changed it since; None with a
            schedule.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._is_changed = False
        self.at_begin = self._now()

    def compare(self, checkpoint: Checkpoint) -> None:
        """Finds out whether the user changed the rate, and says which one is taken."""
        now = self.at_begin
        if now is None:
            return
        reached = self._reached(checkpoint)
        if checkpoint.learning_rate is None:  # of a version that did not note it
            if now != reached:
                print(f"The learning rate is the checkpoint's {reached:g}, not {now:g}.")
        elif now in (checkpoint.learning_rate, reached):
            self.at_begin = checkpoint.learning_rate
        else:
            self._is_changed = True
            print(f"The learning rate is {now:g}, as you changed it; it was {reached:g}.")

    @contextlib.contextmanager
    def kept_where_changed(self) -> Iterator[None]:
        """Within it the optimizer's variables are restored; a rate of the user stays."""
        rate = self._now()  # by now, a callback may have made something of it
        yield
        if self._is_changed:
            self._model.optimizer.learning_rate = rate

    def _now(self) -> float | None:
        rate = self._model.optimizer.learning_rate
        if not isinstance(rate, keras.Variable):
            return None
        return float(keras.ops.convert_to_numpy(rate))

    def _reached(self, checkpoint: Checkpoint) -> float:
        """The rate in the checkpoint, by the place of its variable among those of the optimizer."""
        rate = self._model.optimizer.learning_rate
        variables = self._model.optimizer.variables
        (index,) = [number for number, variable in enumerate(variables) if variable is rate]
        return float(checkpoint.variables["optimizer"][index])
