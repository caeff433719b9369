"""What training changes in a model: its variables, and its history."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import keras

from .checkpoint import Place
from .values import Array, to_array

__all__ = [
    "ResumableSequence",
    "arrays_of",
    "build_variables",
    "class_names_of",
    "restore_history",
    "restore_variables",
    "variables_of",
]


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


def class_names_of(sequence: ResumableSequence) -> Any:
    """The classes in the order of their numbers, as JSON holds them; None where none are known."""
    names = getattr(sequence, "class_names", None)
    try:
        return json.loads(json.dumps(names))
    except (TypeError, ValueError):  # a sequence of somebody's own may have them in any form
        return None


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
