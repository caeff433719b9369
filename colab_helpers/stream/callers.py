"""Who is calling? Keras does not tell a PyDataset for whom an epoch begins or a batch is asked.

A callback may look at `train[0]`, or call `model.predict(train)`, in the middle of
`model.fit(train)`. Only the call stack tells such a look from what training does.

Where Keras is not found on the stack (a loop of one's own calls the hooks, or a later Keras has
other names), a call counts as one by hand, and each batch still comes once; see `epochs`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

__all__ = [
    "calling_adapter",
    "data_of_fits",
    "is_at_work",
    "is_at_work_in_any_thread",
    "is_called_by_fit",
    "is_called_by_reset",
    "is_silenced",
    "is_validation",
]

_ADAPTERS = "keras.src.trainers.data_adapters.py_dataset_adapter"
_ITERATORS = "keras.src.trainers.epoch_iterator"
_TRAINERS = ("fit", "evaluate", "predict")


def calling_adapter() -> Any:
    """Keras's adapter that has called us, which stands for one `fit`, `evaluate` or `predict`.

    Returns:
        The adapter; None where what stands nearest to us on the stack is another part of Keras,
        such as its list of callbacks, or where there is no Keras on it.
    """
    for frame in _stack():
        module = _module(frame)
        # The same file also holds PyDataset, whose `num_batches` asks for our length.
        if module == _ADAPTERS and "Adapter." in frame.f_code.co_qualname:
            return _local(frame, "self")
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


def is_called_by_fit() -> bool:
    """Whether we are called by `fit`, or by nobody of Keras, rather than by a look at the data."""
    innermost = next(_trainers_at_work(), None)
    return innermost is None or innermost.f_code.co_name == "fit"


def is_validation() -> bool:
    """Whether we are called by the `evaluate` of a `fit`."""
    names = [frame.f_code.co_name for frame in _trainers_at_work()]
    return names[:2] == ["evaluate", "fit"]


def is_silenced() -> bool:
    """Whether a `fit`, `evaluate` or `predict` that has called us was told to print nothing."""
    return any(_local(frame, "verbose") == 0 for frame in _trainers_at_work())


def is_at_work_in_any_thread(adapter: Any) -> bool:
    """Whether the `fit`, `evaluate` or `predict` that an adapter stands for goes on somewhere."""
    frames = sys._current_frames().values()
    return adapter is not None and any(is_at_work(adapter, frame) for frame in frames)


def is_at_work(adapter: Any, innermost: FrameType | None = None) -> bool:
    """Whether the `fit`, `evaluate` or `predict` that an adapter stands for has not returned yet.

    It then has called, from a callback, whoever calls us.

    Args:
        adapter: Of Keras.
        innermost: Where a thread is; by default this one.
    """
    for frame in _trainers_at_work(innermost):
        iterator = _local(frame, "epoch_iterator")
        if adapter is not None and getattr(iterator, "data_adapter", None) is adapter:
            return True
    return False


def data_of_fits() -> Iterator[tuple[Any, Any]]:
    """What each `fit` under way in this thread trains on, and what it validates on."""
    for frame in _trainers_at_work():
        if frame.f_code.co_name == "fit":
            yield _local(frame, "x"), _local(frame, "validation_data")


def _trainers_at_work(innermost: FrameType | None = None) -> Iterator[FrameType]:
    """The frames of Keras's `fit`, `evaluate` and `predict` in a thread, innermost first."""
    for frame in _stack(innermost):
        if frame.f_code.co_name in _TRAINERS and _module(frame).startswith("keras."):
            yield frame


def _stack(innermost: FrameType | None = None) -> Iterator[FrameType]:
    """The frames of a thread, by default this one, innermost first."""
    frame: FrameType | None = innermost or sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _local(frame: FrameType, name: str) -> Any:
    """A local variable of a function that is under way."""
    variables = frame.f_locals
    value = variables.get(name)
    if sys.version_info < (3, 13):
        # Here it is a copy that stays with the frame. It would keep the iterator of each epoch
        # alive until the next, and TensorFlow then takes half a second to end it.
        variables.clear()
    return value
