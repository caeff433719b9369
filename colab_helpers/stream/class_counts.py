"""How many pictures each class has, as far as it is known without listing or reading.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg", label="cat"), File(id="2", name="2.jpg", label="dog")]
    >>> counts_of_labels(files, {"1": "cat", "2": "cat", "3": "dog"})
    {'cat': 2, 'dog': 0}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .classes import labels_of_files, names_in_order
from .labels import ClassLabels
from .several_labels import SeveralLabels
from .targets import Target, Targets

__all__ = ["ClassCounts", "counts_of_labels", "counts_of_targets"]

ClassCounts = dict[Any, int]
"""Pictures by class, in the order of the classes' numbers."""


def counts_of_targets(targets: Targets) -> dict[str, ClassCounts]:
    """The pictures of each class, by output; of a model with one output, by ""."""
    counts = {output: _counts(target) for output, target in targets.outputs.items()}
    return {output: of_output for output, of_output in counts.items() if of_output}


def counts_of_labels(
    files: Sequence[Any],
    labels: Any,
    names: Iterable[Any] | None = None,
    names_of_list: Sequence[Any] | None = None,
) -> ClassCounts:
    """The pictures of each class, before these are numbered.

    Args:
        files: Objects with `id`, `name` and, where `labels` is None, `label`.
        labels: None, a mapping by id, or a list in the order of `files`.
        names: The classes in the order of their numbers, where they are given.
        names_of_list: The classes that the list of files knows, or None.

    Raises:
        ValueError: A label is no class.
    """
    class_of_file = labels_of_files(files, labels)
    found = Counter(class_of_file)
    if names is None:
        names = names_in_order(class_of_file, files, labels, names_of_list)
    return {name: found[name] for name in names}


def _counts(target: Target) -> ClassCounts:
    if isinstance(target, ClassLabels):
        return _by_name(target.names, target.numbers)
    if isinstance(target, SeveralLabels):
        return _by_name(target.names, np.concatenate(target.numbers))
    return {}


def _by_name(names: Sequence[Any], numbers: npt.NDArray[Any]) -> ClassCounts:
    return dict(zip(names, np.bincount(numbers, minlength=len(names)).tolist()))
