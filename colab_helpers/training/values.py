"""Values as JSON and arrays: `pack` takes them apart, `unpack` puts them together again.

JSON holds numbers, text, lists and dicts. Each array goes to a list of arrays, and its place in
that list stands in the JSON. So a file of packed values needs no pickle, and reading it runs no
code.

Example:
    >>> arrays = []
    >>> packed = pack({"wait": 2, "best_weights": [np.ones(3)]}, arrays)
    >>> packed
    {'dict': {'wait': 2, 'best_weights': [{'array': 0}]}}
    >>> unpack(packed, arrays)
    {'wait': 2, 'best_weights': [array([1., 1., 1.])]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Packed", "is_plain", "pack", "pack_attributes", "to_array", "unpack"]

Array: TypeAlias = npt.NDArray[Any]
Packed: TypeAlias = Any  # whatever JSON can hold

# The keys that tell in JSON what an object stands for.
ARRAY = "array"  # {"array": 3}: the array with this index
DICT = "dict"  # {"dict": {...}}: a dict whose keys are text
ITEMS = "items"  # {"items": [[3, ...], ...]}: a dict with other keys
TUPLE = "tuple"  # {"tuple": [...]}: a tuple
# {"op": "less"}: keras.ops.less, in checkpoints of 0.1 and 0.2. A callback finds its own anew.
OPERATION = "op"
OF_ANOTHER_LIBRARY = 2  # what NumPy answers of a type that it does not know itself
KINDS_STORED = "biufcSUmM"  # NumPy's letters for numbers, text and times; all else takes a pickle


def is_plain(value: object) -> bool:
    """Whether JSON holds a value as it is.

    Example:
        >>> is_plain(0.5), is_plain(None), is_plain([0.5])
        (True, True, False)
    """
    return value is None or isinstance(value, (bool, int, float, str))


def to_array(tensor: Any) -> Array:
    """A tensor or variable as an array of a type that NumPy itself knows, of the same values.

    NumPy stores other types, such as bfloat16, by pickle only: they become float32, which is exact.

    Raises:
        TypeError: It holds other things than numbers, text and times.
    """
    array = np.asarray(keras.ops.convert_to_numpy(tensor))
    if array.dtype.isbuiltin == OF_ANOTHER_LIBRARY:
        return array.astype(np.float32)
    if array.dtype.kind not in KINDS_STORED:
        raise TypeError(f"An array of {array.dtype} cannot be kept in a checkpoint")
    return array


def pack(value: Any, arrays: list[Array]) -> Packed:
    """Returns a value as JSON can hold it; arrays in it are appended to `arrays`.

    Args:
        value: Numbers, text, None, arrays, and lists, tuples and dicts of such. Of a class that
            comes from one of these three, it becomes one of the three itself.
        arrays: Where the arrays go.

    Raises:
        TypeError: The value holds something else, such as a function or an open file.
    """
    if isinstance(value, (np.ndarray, np.generic)) or keras.ops.is_tensor(value):
        arrays.append(to_array(value))
        return {ARRAY: len(arrays) - 1}
    if isinstance(value, dict):
        return _pack_dict(value, arrays)
    if isinstance(value, tuple):
        return {TUPLE: [pack(item, arrays) for item in value]}
    if isinstance(value, list):
        return [pack(item, arrays) for item in value]
    if is_plain(value):
        return value
    raise TypeError(f"{type(value)} cannot be kept in a checkpoint")


def _pack_dict(value: Mapping[Any, Any], arrays: list[Array]) -> Packed:
    if all(type(key) is str for key in value):
        return {DICT: {key: pack(item, arrays) for key, item in value.items()}}
    return {ITEMS: [[pack(key, arrays), pack(item, arrays)] for key, item in value.items()]}


def pack_attributes(attributes: Mapping[str, Any], arrays: list[Array]) -> Packed:
    """Packs a dict, without the values that cannot be packed: a callback makes these anew."""
    packed = {}
    for name, value in attributes.items():
        try:
            packed[name] = pack(value, arrays)
        except (TypeError, RecursionError):  # the latter where a list holds itself
            continue
    return {DICT: packed}


def unpack(packed: Packed, arrays: Sequence[Array]) -> Any:
    """Returns the value that was packed.

    Raises:
        Exception: It is nothing that `pack` returned with these arrays.
    """
    if isinstance(packed, list):
        return [unpack(item, arrays) for item in packed]
    if not isinstance(packed, dict):
        return packed
    if DICT in packed:
        items = packed[DICT].items()
        return {key: unpack(item, arrays) for key, item in items if not _is_operation(item)}
    if ITEMS in packed:
        return {unpack(key, arrays): unpack(item, arrays) for key, item in packed[ITEMS]}
    if TUPLE in packed:
        return tuple(unpack(item, arrays) for item in packed[TUPLE])
    return _array_at(packed[ARRAY], arrays)


def _array_at(index: int, arrays: Sequence[Array]) -> Any:
    if index < 0:
        raise IndexError("arrays are numbered from 0")
    array = arrays[index]
    if array.ndim == 0:
        return array[()]  # a NumPy number, as it was
    return array


def _is_operation(packed: Packed) -> bool:
    return isinstance(packed, dict) and OPERATION in packed
