"""What callbacks learn in training, and get back when the run goes on."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import keras
import numpy as np

from .checkpoint import Learned

__all__ = ["KeptCallback", "restore_callbacks"]

SET_BY_KERAS = ("params", "_model")  # attributes of each callback, which `fit` sets
MISSING = object()  # stands for an attribute that is not there


class KeptCallback:
    """A callback whose state goes into checkpoints.

    What it was told when it was made stays as it was told, since the user may tell it something
    else when the run goes on: all that is called like an argument of its class. What it learned in
    training is kept: numbers, text, arrays, and lists and dicts of such. What training left as it
    was is not kept: so no checkpoint holds a password or a path that the callback was given.

    Example:
        >>> stopper = keras.callbacks.EarlyStopping(patience=3)
        >>> kept = KeptCallback(stopper)
        >>> stopper.wait = 2
        >>> kept.learned().callback, kept.learned().attributes["wait"]
        ('EarlyStopping', 2)

    Args:
        callback: As it was made, before training.
    """

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        self.callback = callback
        self.name = type(callback).__name__
        self._told = {*SET_BY_KERAS, *_arguments_of(type(callback))}
        self._made = {
            name: copy.deepcopy(value)
            for name, value in _attributes_of(callback).items()
            if name not in self._told and _as_text(value) is not None
        }
        self._as_made = {name: _as_text(value) for name, value in self._made.items()}
        self._before_fit: dict[str, tuple[Any, str | None]] = {}

    def note_before_fit(self) -> None:
        """Notes what an earlier `fit` left in the callback, before this one resets any of it."""
        self._before_fit = {
            name: (value, _as_text(value)) for name, value in _attributes_of(self.callback).items()
        }

    def learned(self) -> Learned:
        """The attributes that training changed, and all of which that is not known: arrays."""
        attributes = {
            name: value
            for name, value in vars(self.callback).items()
            if name not in self._told and not self._is_as_made(name, value)
        }
        return Learned(self.name, attributes)

    def restore(self, learned: Mapping[str, Any]) -> list[str]:
        """Gives the callback the attributes that it had.

        Args:
            learned: By name. What the callback was told is passed over. What is not there was as
                made at the checkpoint: it is made so again where an earlier `fit` changed it.

        Returns:
            The names of those that it did not get: it has no attribute of this name and kind.
        """
        refused = []
        for name, value in learned.items():
            if name in self._told:
                continue
            if self._has_one_like(name, value):
                vars(self.callback)[name] = value
                self._as_made.pop(name, None)  # so the next checkpoint has it too
            else:
                refused.append(name)
        for name, value in self._made.items():
            if name not in learned and self._is_of_an_earlier_fit(name):
                vars(self.callback)[name] = copy.deepcopy(value)
        return refused

    def _is_of_an_earlier_fit(self, name: str) -> bool:
        """Whether a value is not as it was made, and this `fit` has not set it."""
        now = _attributes_of(self.callback).get(name, MISSING)
        if self._is_as_made(name, now) or _kind(now) is None:
            return False
        before, text_before = self._before_fit.get(name, (MISSING, None))
        text = _as_text(now)
        return now is before if text is None else text == text_before

    def _is_as_made(self, name: str, value: object) -> bool:
        text = _as_text(value)
        return text is not None and text == self._as_made.get(name)

    def _has_one_like(self, name: str, value: object) -> bool:
        """Whether the callback has an attribute of this name, of this kind or not known yet."""
        default = inspect.getattr_static(type(self.callback), name, MISSING)
        now = vars(self.callback).get(name, default)
        if now is MISSING or inspect.isdatadescriptor(default):
            return False
        if value is None:
            return now is None or self._made.get(name, MISSING) is None
        return now is None or (_kind(now) is not None and _kind(now) == _kind(value))


def restore_callbacks(kept: Sequence[KeptCallback], learned: Sequence[Learned]) -> None:
    """Gives callbacks what they learned, and tells which of it has no place any more.

    Args:
        kept: The callbacks of this run.
        learned: What those of the checkpoint learned, in their order then.
    """
    names_now = [one.name for one in kept]
    names_then = [one.callback or now for one, now in zip(learned, names_now)]
    names_then += [one.callback or "?" for one in learned[len(names_then) :]]
    if names_then != names_now:
        print(
            f"`keep` is [{', '.join(names_now)}]; the checkpoint's was "
            f"[{', '.join(map(_shown, names_then))}]. Those that were not there, or elsewhere in "
            "the list, begin anew."
        )
    for now, then, name in zip(kept, learned, names_then):
        if now.name != name:
            continue
        refused = now.restore(then.attributes)
        refused = [name for name in refused if not name.startswith("_")]  # its own affair
        if refused:
            print(
                f"{now.name} has nothing to take {', '.join(map(_shown, refused))} of the "
                "checkpoint: what it learns must have its attribute in `__init__`."
            )


def _attributes_of(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Those of the callback itself, and for those that it has not yet, what its class gives."""
    attributes: dict[str, Any] = {}
    for one in reversed(type(callback).__mro__):
        attributes.update(
            {name: value for name, value in vars(one).items() if not name.startswith("__")}
        )
    return {**attributes, **vars(callback)}


def _as_text(value: object) -> str | None:
    """What tells whether a value has changed, also in place; None where nothing does."""
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return None


def _shown(name: str) -> str:
    return f"{name!r:.50}"


def _arguments_of(callback_class: type) -> set[str]:
    """What a class and those it comes from take when they are made."""
    arguments: set[str] = set()
    for one in callback_class.__mro__:
        if "__init__" in vars(one):
            arguments.update(inspect.signature(vars(one)["__init__"]).parameters)
    return arguments


def _kind(value: object) -> str | None:
    """What may take whose place: one number another's, a list that of a tuple."""
    if isinstance(value, (bool, str)):
        return type(value).__name__
    if isinstance(value, (Number, np.generic)):
        return "number"
    if isinstance(value, (list, tuple)):
        return "list"
    if isinstance(value, dict):
        return "dict"
    if isinstance(value, np.ndarray) or keras.ops.is_tensor(value):
        return "array"
    return None
