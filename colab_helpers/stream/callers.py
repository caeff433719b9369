"""Who is calling? Keras does not tell a PyDataset for whom an epoch begins or a batch is asked.

A callback may look at `train[0]`, or call `model.predict(train)`, in the middle of
`model.fit(train)`. Only the call stack tells a look from what training does.

Where Keras is not found on the stack (a loop of one's own calls the hooks, or a later Keras has
other names), nobody is taken for a consumer, and each index still comes once; see `epochs`.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = ["TrainersAtWork", "calling_adapter", "is_called_by_reset"]

_ADAPTERS = "keras.src.trainers.data_adapters.py_dataset_adapter"
_ITERATORS = "keras.src.trainers.epoch_iterator"
_TRAINERS = ("fit", "evaluate", "predict")


def calling_adapter() -> Any:
    """Keras's adapter that has called us, which stands for one `fit`, `evaluate` or `predict`.

    Returns:
        The adapter, or None where the caller is somebody else: then what stands nearest to us
        on the stack is not Keras, or another part of it, such as its list of callbacks.
    """
    for frame in _stack():
        module = _module(frame)
        if module == _ADAPTERS and "Adapter." in frame.f_code.co_qualname:
            return frame.f_locals.get("self")
        if module.startswith("keras.") and module != _ADAPTERS:
            return None
    return None


def is_called_by_reset() -> bool:
    """Whether Keras's iterator starts over, by `EpochIterator.reset`, rather than ends an epoch."""
    for frame in _stack():
        module = _module(frame)
        if module == _ITERATORS:
            return frame.f_code.co_name == "reset"
        if module.startswith("keras.") and module != _ADAPTERS:
            return False
    return False


class TrainersAtWork:
    """Remembers which `fit`, `evaluate` or `predict` consumes, and whether it is still at work."""

    def __init__(self) -> None:
        self._model: weakref.ref[Any] | None = None
        self._depth = 0  # it stands inside of so many others, itself counted

    def note(self) -> None:
        """From now on, the method of Keras that has called us is the one."""
        models = _models_at_work()
        self._depth = len(models)
        self._model = weakref.ref(models[-1]) if models else None

    def is_inside(self) -> bool:
        """Whether the method that has called us now stands inside of the noted one."""
        if self._model is None:
            return False
        models = _models_at_work()
        if len(models) <= self._depth:
            return False
        return models[self._depth - 1] is self._model()


def _models_at_work() -> list[Any]:
    """The models of all `fit`, `evaluate` and `predict` that this thread is in, outermost first."""
    models = [
        frame.f_locals.get("self")
        for frame in _stack()
        if frame.f_code.co_name in _TRAINERS and _module(frame).startswith("keras.")
    ]
    return models[::-1]


def _stack() -> Iterator[FrameType]:
    """The frames of this thread, the innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
