"""What training changes: the variables of a model, and the attributes of callbacks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import keras

from .checkpoint import Place
from .values import Array, is_plain, to_array

__all__ = [
    "KeptCallback",
    "ResumableSequence",
    "arrays_of",
    "build_variables",
    "restore_history",
    "restore_variables",
    "variables_of",
]

SET_BY_KERAS = ("params", "_model")  # attributes of each callback, which `fit` sets


class ResumableSequence(Protocol):
    """What training can go on with in mid-epoch: a `StreamingSequence`, or a class of your own.

    A PyDataset with two more methods. See the example of `colab_helpers.training`.
    """

    def __len__(self) -> int:
        """Batches of an epoch."""
        ...

    def __getitem__(self, index: int, /) -> Any:
        """A batch; outside an epoch a look at the data, which changes nothing."""
        ...

    def state_dict(self, epoch: int, batches_trained: int, /) -> Place:
        """A place in the run, and what must be unchanged for it to mean the same.

        Returns:
            A dict that JSON can hold, with the two arguments under their names.
        """
        ...

    def load_state_dict(self, state: Place, /) -> None:
        """Lets the next epoch be the one of `state`, from its place on."""
        ...


def build_variables(model: Any, sequence: ResumableSequence) -> None:
    """Makes all variables that training will change; Keras makes some in the first step only."""
    parts = (model, model.optimizer, *model.metrics)
    if all(getattr(part, "built", True) for part in parts):
        return
    batch = sequence[0]
    if not isinstance(batch, tuple):
        batch = (batch,)
    model.test_on_batch(*batch)
    model.optimizer.build(model.trainable_variables)


def variables_of(model: Any) -> dict[str, list[Any]]:
    """All variables that training changes, by what they belong to. Seeds are the model's."""
    return {
        "model": list(model.variables),
        "optimizer": list(model.optimizer.variables),
        "metrics": [variable for metric in model.metrics for variable in metric.variables],
    }


def arrays_of(groups: Mapping[str, Sequence[Any]]) -> dict[str, list[Array]]:
    """The values of variables, by their groups."""
    return {name: [to_array(variable) for variable in group] for name, group in groups.items()}


def restore_variables(
    model: Any, arrays: Mapping[str, Sequence[Array]], groups: Collection[str]
) -> None:
    """Gives the variables of these groups the values that they had.

    Args:
        model: Its variables have the shapes of the arrays.
        arrays: What `arrays_of` gave.
        groups: Some of "model", "optimizer", "metrics".
    """
    for name, variables in variables_of(model).items():
        if name not in groups:
            continue
        for variable, array in zip(variables, arrays[name]):
            variable.assign(array)


def restore_history(
    history: keras.callbacks.History, epochs: list[int], values: Mapping[str, list[float]]
) -> None:
    """Lets Keras's own record of a run begin with these epochs.

    Args:
        history: That of the model.
        epochs: Numbers of the epochs, from 0.
        values: Loss and metrics of these epochs; what comes after them is left out.
    """
    history.epoch = epochs
    history.history.clear()
    for name, of_epochs in values.items():
        history.history[name] = of_epochs[: len(epochs)]


class KeptCallback:
    """A callback whose state goes into checkpoints.

    What it was told when it was made stays as it was told, since the user may tell it something
    else when the run goes on. What it learned in training is kept.

    Example:
        >>> stopper = keras.callbacks.EarlyStopping(patience=3)
        >>> kept = KeptCallback(stopper)
        >>> stopper.wait = 2
        >>> kept.learned()
        {'wait': 2}

    Args:
        callback: As it was made, before training.
    """

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        self.callback = callback
        self._as_made = dict(vars(callback))

    def learned(self) -> dict[str, Any]:
        """The attributes that training changed, and all that are no plain value: lists, arrays."""
        return {
            name: value
            for name, value in vars(self.callback).items()
            if name not in SET_BY_KERAS and not self._is_as_told(name, value)
        }

    def restore(self, learned: Mapping[str, Any]) -> None:
        """Gives the callback the attributes that it had."""
        vars(self.callback).update(learned)

    def _is_as_told(self, name: str, value: object) -> bool:
        # Only a plain value tells by == whether it changed; a list may have changed in place.
        if not is_plain(value) or name not in self._as_made:
            return False
        return bool(self._as_made[name] == value)
