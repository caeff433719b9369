"""Random bits that files have for good: what orders and variations are drawn from.

They hang on names alone, so that they are the same on each machine and in each run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = [
    "Keys",
    "keys_again",
    "keys_of_places",
    "mix",
    "occurrences",
    "random_key",
    "random_keys",
]

Keys = npt.NDArray[np.uint64]


def random_key(name: object) -> int:
    """64 random bits that a name has for good, the same on each machine.

    Args:
        name: A string, or anything whose `repr` tells it apart.
    """
    text = name if isinstance(name, str) else repr(name)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def random_keys(names: Iterable[object]) -> Keys:
    """The `random_key` of each name, uint64 `(names,)`."""
    return np.fromiter((random_key(name) for name in names), np.uint64)


def occurrences(keys: Keys) -> npt.NDArray[np.intp]:
    """How often the key at each place of a list stands before that place.

    Example:
        >>> occurrences(random_keys(["a", "b", "a", "a"])).tolist()
        [0, 0, 1, 2]
    """
    by_key = np.argsort(keys, kind="stable")
    sorted_keys = keys[by_key]
    places = np.arange(len(keys))
    is_first = np.r_[True, sorted_keys[1:] != sorted_keys[:-1]]
    first_of_its_key = np.maximum.accumulate(np.where(is_first, places, 0))
    counts = np.empty(len(keys), np.intp)
    counts[by_key] = places - first_of_its_key
    return counts


def keys_of_places(keys: Keys, counts: npt.NDArray[np.intp]) -> Keys:
    """A key of its own for each place of a list in which files may stand more than once.

    So a file that is repeated comes at several places of an epoch, varied in several ways. What
    stands there for the first time has its key as it is.

    Args:
        keys: The `random_key` of what stands at each place.
        counts: How often it stands before that place; see `occurrences`.
    """
    repeated = np.flatnonzero(counts)
    if not len(repeated):
        return keys
    own_keys = keys.copy()
    for place in repeated:
        own_keys[place] = random_key((int(keys[place]), int(counts[place])))
    return own_keys


def keys_again(keys: Keys, times: npt.NDArray[np.intp]) -> Keys:
    """Another key for what is drawn again in an epoch; the first time it is the key as it is.

    Args:
        keys: Of what is drawn, `(n,)`.
        times: How often it was drawn before in this epoch, `(n,)`.
    """
    if not times.any():
        return keys
    return np.where(times > 0, mix(keys ^ mix(times.astype(np.uint64))), keys)


def mix(keys: Keys, *salt: int) -> Keys:
    """Draws a random number for each key on its own, from the key and the salt, uint64.

    The mixing steps are those of splitmix64 (https://prng.di.unimi.it/splitmix64.c).
    """
    mixed = keys + np.uint64(random_key(salt))
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
