"""What a list says of each file, as JSON holds it: labels, masks among them, weights and inputs.

Example:
    >>> import json
    >>> picture = File("1AbC", "1.jpg", "rose", "rose/1.jpg", 9, None, version="1")
    >>> mask = File("2DeF", "1.png", "masks", "masks/1.png", 9, None, version="1")
    >>> words = {"labels": {"1AbC": mask}, "sample_weight": [0.5]}
    >>> saved = json.loads(json.dumps(as_saved(words, [picture], by_output=False), default=plain))
    >>> saved["labels"]["1AbC"]["path"], saved["sample_weight"]
    ('masks/1.png', [0.5])
    >>> as_given(saved, [picture], by_output=False) == words
    True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kedro.io import DatasetError

from ..drive import File
from ..inventory.saved_format import FIELDS, file_of_fields
from ..stream.per_file import mapping_by_id

__all__ = ["as_given", "as_saved", "plain"]

WORDS_OF_FILES = ("labels", "sample_weight", "inputs")


def as_saved(words: Mapping[str, Any], files: Sequence[Any], by_output: bool) -> dict[str, Any]:
    """Words with what they say of files as mappings by id, or as lists.

    Args:
        words: As a node returned them; tables and columns of pandas among them.
        files: The files of the list.
        by_output: Whether labels are by output.

    Raises:
        DatasetError: Labels are by output, and no `label_mode` is.
    """

    def save(values: Any, argument: str) -> Any:
        if isinstance(values, str) or not hasattr(values, "__len__"):
            return values  # the stream says what is wrong with it
        by_id = mapping_by_id(values, files, argument)
        saved = list(values) if by_id is None else dict(by_id)
        if argument == "labels" and any(isinstance(label, Mapping) for label in _labels(saved)):
            raise DatasetError(
                "A node returned `labels` by output. Then `label_mode` must be by output, too, "
                "such as `{kind: int, age: raw}`: in the entry's `sequence`, or beside the labels."
            )
        return saved

    return _for_each(words, by_output, save)


def as_given(words: Mapping[str, Any], files: Sequence[File], by_output: bool) -> dict[str, Any]:
    """The words that `as_saved` was given, but for the forms of mappings and lists.

    Raises:
        ValueError: A label is no file that can be.
    """
    ids = {str(file.id): file.id for file in files}  # JSON makes texts of numbers

    def give(values: Any, argument: str) -> Any:
        if isinstance(values, dict):
            return {ids.get(id, id): _label_given(label) for id, label in values.items()}
        if isinstance(values, list):
            return [_label_given(label) for label in values]
        return values

    return _for_each(words, by_output, give)


def _for_each(
    words: Mapping[str, Any], by_output: bool, change: Callable[[Any, str], Any]
) -> dict[str, Any]:
    """Words of which those that speak of files are changed, each output and each input alone."""
    changed = dict(words)
    for word in WORDS_OF_FILES:
        values = words.get(word)
        if values is None:
            continue
        is_by_name = word == "inputs" or (word == "labels" and by_output)
        if is_by_name and hasattr(values, "columns"):  # a table of pandas
            values = {name: values[name] for name in values.columns}
        if is_by_name and isinstance(values, Mapping):
            changed[word] = {
                name: change(of_name, f'{word}["{name}"]') for name, of_name in values.items()
            }
        else:
            changed[word] = change(values, word)
    return changed


def _labels(saved: Any) -> Any:
    return saved.values() if isinstance(saved, dict) else saved


def _label_given(label: Any) -> Any:
    """A label; what is a mapping is a file."""
    return file_of_fields(label) if isinstance(label, dict) else label


def plain(value: Any) -> Any:
    """What JSON holds in place of a file, an array, a number of NumPy or a set.

    Raises:
        TypeError: There is nothing.
    """
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "id"):
        return {field: getattr(value, field, None) for field in FIELDS}
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
