"""The bound of a cache, as its user writes it."""

from __future__ import annotations

import math
import re

import numpy as np

__all__ = ["checked_max_bytes"]

SIZE_IN_WORDS = re.compile(r"\s*([\d_]*\.?\d+)\s*([kmgt]?)(i?)b?\w*\s*", re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def checked_max_bytes(value: object) -> int:
    """Returns a number of bytes, or refuses it and says what to write.

    Example:
        >>> checked_max_bytes(5e9)
        5000000000
        >>> checked_max_bytes("5GB")
        Traceback (most recent call last):
        ...
        ValueError: `max_bytes` must be a number of bytes above 0: write max_bytes=5e+09. \
Received: max_bytes='5GB'
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        if math.isfinite(value) and value > 0:
            return max(1, int(value))
    advice = f": write {number_for(value)}" if isinstance(value, str) else ", such as 5e9"
    raise ValueError(
        f"`max_bytes` must be a number of bytes above 0{advice}. Received: max_bytes={value!r}"
    )


def number_for(text: str) -> str:
    """What to write in place of a size in words, such as "5GB"."""
    found = SIZE_IN_WORDS.fullmatch(text)
    if found is None:
        return "max_bytes=5e9 for 5 GB"
    number, prefix, is_binary = found.groups()
    unit = 1024 if is_binary else 1000
    size = float(number) * unit ** POWERS[prefix.lower()]
    return f"max_bytes={size:.6g}"
