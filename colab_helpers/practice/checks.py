"""Refuses a number that is none."""

from __future__ import annotations

from numbers import Integral

__all__ = ["check_whole_number"]


def check_whole_number(name: str, value: object, least: int) -> None:
    """Refuses what is no integer of at least `least`; True and False are none.

    Raises:
        ValueError: `value` is no integer, or a smaller one.
    """
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least:
        return
    raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")
