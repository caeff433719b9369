"""An epoch of which only the rest is trained: where it ends, and that Keras need not warn of it."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any

import keras

__all__ = ["ShortEpoch"]


class ShortEpoch:
    """Ends an epoch that is shorter than Keras expects.

    Keras finds out when there is no batch any more. On TensorFlow and JAX that is in a step, which
    then has counted on in seeds and optimizer: so this step is left out. On torch it is between two
    steps. Keras's warning is silenced for just this moment, so that an interruption leaves no
    trace.
    """

    def __init__(self) -> None:
        self._silence = contextlib.ExitStack()

    def last_step_comes(self, model: Any) -> None:
        """To be called before the last step for which there is a batch."""
        if keras.backend.backend() == "torch":
            self._replace_step(model, self._step_then_silence)

    def no_step_comes(self, model: Any) -> None:
        """To be called before the step for which there is none."""
        self._replace_step(model, self._silence_and_end)

    def end(self) -> None:
        """To be called when Keras has found out: Keras may warn again."""
        self._silence.close()

    def _replace_step(self, model: Any, instead: Callable[..., Any]) -> None:
        """Lets something else be done in place of the next step of this `fit`."""
        step = model.train_function
        this_fit = model.history  # each `fit` has its own

        def next_step(*state_and_iterator: Any) -> Any:  # on JAX, the state comes first
            model.train_function = step
            if model.history is not this_fit:  # this one was interrupted
                return step(*state_and_iterator)
            return instead(step, *state_and_iterator)

        model.train_function = next_step

    def _step_then_silence(self, step: Callable[..., Any], *arguments: Any) -> Any:
        result = step(*arguments)
        self._silence_warning()
        return result

    def _silence_and_end(self, step: Callable[..., Any], *arguments: Any) -> None:
        self._silence_warning()
        raise StopIteration  # as a step does that finds no data

    def _silence_warning(self) -> None:
        self._silence.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message="Your input ran out of data")
