"""Sequences that meet in one `fit`, and number their classes in two ways."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from .callers import data_of_fits
from .messages import printable
from .own_threads import OwnThreads

__all__ = ["warn_of_other_classes"]

# The sequences that each one was compared with, so that each pair is spoken of once.
_compared: weakref.WeakKeyDictionary[Any, weakref.WeakSet[Any]] = weakref.WeakKeyDictionary()


def warn_of_other_classes(sequence: Any) -> None:
    """Warns where a sequence meets one in `fit` that has other class names.

    Either of the two is what the model is trained on. The other one is its validation data, or a
    callback asks for it.

    Args:
        sequence: A StreamingSequence that is about to give batches.
    """
    for trained_on, validated_on in data_of_fits():
        other = validated_on if sequence is trained_on else sequence
        if isinstance(trained_on, OwnThreads) and isinstance(other, OwnThreads):
            _compare(trained_on, other)


def _compare(trained_on: Any, other: Any) -> None:
    compared = _compared.setdefault(trained_on, weakref.WeakSet())
    if other in compared:
        return
    compared.add(other)
    names = _by_output(trained_on.class_names)
    other_names = _by_output(other.class_names)
    for output in names:
        if output in other_names and names[output] != other_names[output]:
            _warn(names[output], other_names[output])
            return


def _by_output(names: Any) -> dict[str, Sequence[Any]]:
    """Class names by output, of a model with one by ""; none where they are not known."""
    by_output = names if isinstance(names, dict) else {"": names}
    return {output: of_output for output, of_output in by_output.items() if of_output}


def _warn(names: Sequence[Any], other_names: Sequence[Any]) -> None:
    number, name, other_name = next(_differences(names, other_names))
    warnings.warn(
        "Two sequences in one `fit` number their classes in two ways, so that scores mean nothing: "
        f"class {number} is {name} in what is trained on and {other_name} in the other. Give the "
        "other one `class_names=train.class_names`.",
        stacklevel=5,
    )


def _differences(
    names: Sequence[Any], other_names: Sequence[Any]
) -> Iterator[tuple[int, str, str]]:
    for number in range(max(len(names), len(other_names))):
        name = _name(names, number)
        other_name = _name(other_names, number)
        if name != other_name:
            yield number, name, other_name


def _name(names: Sequence[Any], number: int) -> str:
    return printable(repr(names[number])) if number < len(names) else "missing"
