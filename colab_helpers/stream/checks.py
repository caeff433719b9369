"""Refuses an argument in Keras's words: its name, what is allowed, what was received."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

__all__ = [
    "check_choice",
    "check_function",
    "check_whole_number",
    "checked_bytes",
    "is_whole_number",
]


def check_choice(name: str, value: object, allowed: Collection[object]) -> None:
    """Refuses a value that is not one of those allowed.

    Example:
        >>> check_choice("fit", "fill", ("stretch", "crop", "pad"))
        Traceback (most recent call last):
        ...
        ValueError: `fit` must be one of 'stretch', 'crop', 'pad'. Received: fit='fill'

    Args:
        name: The argument, as its user writes it.
        value: What was received.
        allowed: All values that are allowed, in the order in which the message shows them.

    Raises:
        ValueError: `value` is none of `allowed`.
    """
    if value in tuple(allowed):
        return
    choices = ", ".join(repr(choice) for choice in allowed)
    raise ValueError(f"`{name}` must be one of {choices}. Received: {name}={value!r}")


def check_whole_number(name: str, value: object, least: int) -> None:
    """Refuses what is not an integer of at least `least`.

    Example:
        >>> check_whole_number("batch_size", 0, least=1)
        Traceback (most recent call last):
        ...
        ValueError: `batch_size` must be an integer of at least 1. Received: batch_size=0

    Args:
        name: The argument, as its user writes it.
        value: What was received.
        least: The smallest number that is allowed.

    Raises:
        ValueError: `value` is no integer, or a smaller one.
    """
    if is_whole_number(value, least):
        return
    raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")


def check_function(name: str, value: object, such_as: str) -> None:
    """Refuses what is no function, such as a class that makes one; None, for one set later, passes.

    Example:
        >>> check_function("read", "roses", "`drive.read`")
        Traceback (most recent call last):
        ...
        ValueError: `read` must be a function, such as `drive.read`. Received: read='roses'

    Raises:
        ValueError: `value` is no function.
    """
    if value is not None and (not callable(value) or isinstance(value, type)):
        raise ValueError(
            f"`{name}` must be a function, such as {such_as}. Received: {name}={value!r}"
        )


def is_whole_number(value: object, least: int) -> bool:
    """Whether this is an integer of at least `least`: one of NumPy's is, True is not.

    Example:
        >>> [is_whole_number(value, least=1) for value in (np.int64(3), 3.0, True)]
        [True, False, False]
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        return False
    return bool(value >= least)


def checked_bytes(data: object, wanted: str) -> bytes:
    """Returns what is bytes, in any of its forms, as bytes.

    Example:
        >>> checked_bytes("text", "`read` must give bytes")
        Traceback (most recent call last):
        ...
        TypeError: `read` must give bytes. Received: str

    Args:
        data: What was received.
        wanted: The beginning of the message.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"{wanted}. Received: {type(data).__name__}")
