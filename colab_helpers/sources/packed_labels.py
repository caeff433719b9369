"""What pictures are learnt as, as `pack` takes it along: masks among the images, `labels.json`.

Shards keep the ids of the files that went into them, so that labels by id fit them, too.

Example:
    >>> picture = File("1AbC", "1.jpg", "rose", "rose/1.jpg", 9, None, version="1")
    >>> mask = File("2DeF", "1.png", "masks", "masks/1.png", 9, None, version="1")
    >>> labels = outputs_of({"mask": {"1AbC": mask}, "petals": {"1AbC": 5}}, [picture])
    >>> label_files([picture], labels)["1AbC"].name
    '1.png'
    >>> text = as_json(labels)
    >>> print(text)
    {"mask": {"files": {"1AbC": "2DeF"}}, "petals": {"values": {"1AbC": 5}}}
    >>> labels_of_json(text, {"2DeF": mask}.get) == labels
    True
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, TypeAlias

import numpy as np

from ..drive import File
from ..drive.names import printable

__all__ = [
    "LABELS",
    "LARGEST_LABELS",
    "Outputs",
    "as_json",
    "label_files",
    "labels_of_json",
    "outputs_of",
]

LABELS = "labels.json"
LARGEST_LABELS = 256 << 20  # bytes that are read
NO_NAME = ""  # of the only output, where labels name none

Outputs: TypeAlias = dict[str, dict[Any, Any]]
"""By output and by id; a label is a file, or numbers and texts as JSON holds them."""


def outputs_of(labels: Any, files: Sequence[Any]) -> Outputs:
    """Labels by output and by id.

    Args:
        labels: As `pack` takes them; None is none.
        files: The pictures.

    Raises:
        ValueError: They have another form, or name none of the files.
    """
    if labels is None:
        return {}
    if hasattr(labels, "columns"):  # a table of pandas: a column is an output
        labels = {column: labels[column] for column in labels.columns}
    outputs = labels if _names_outputs(labels, files) else {NO_NAME: labels}
    return {
        str(output): _by_id(of_output, files, _named(str(output)))
        for output, of_output in outputs.items()
    }


def _names_outputs(labels: Any, files: Sequence[Any]) -> bool:
    """Whether labels are by output: their keys are no ids, and all of them are labels of files."""
    if not isinstance(labels, Mapping) or _has_ids(labels, files):
        return False
    return all(
        isinstance(of_output, Mapping)
        or hasattr(of_output, "to_dict")  # of pandas, perhaps of more ids than there are files
        or _is_in_order(of_output, files)
        for of_output in labels.values()
    )


def _has_ids(labels: Any, files: Sequence[Any]) -> bool:
    return any(file.id in labels for file in files)


def _is_in_order(labels: Any, files: Sequence[Any]) -> bool:
    is_list = hasattr(labels, "__len__") and not isinstance(labels, str)
    return is_list and len(labels) == len(files)


def _by_id(labels: Any, files: Sequence[Any], argument: str) -> dict[Any, Any]:
    by_index = labels.to_dict() if hasattr(labels, "to_dict") else labels  # of pandas
    if isinstance(by_index, Mapping) and _has_ids(by_index, files):
        if len(by_index) < len(labels):
            raise ValueError(f"`{argument}` has several rows for one id: keep one of each.")
        return dict(by_index)
    stands_in_order = not isinstance(by_index, Mapping) or (
        by_index is not labels and all(isinstance(row, Integral) for row in by_index)
    )  # a table of pandas does where its rows have no names
    if stands_in_order and _is_in_order(labels, files):
        return _of_files(labels, files, argument)
    received = list(by_index)[:3] if isinstance(by_index, Mapping) else type(labels).__name__
    raise ValueError(
        f"`{argument}` must be a mapping by file id, or a list with one for each of the "
        f"{len(files)} files in their order. Received: {received}, for files such as "
        f"{[file.id for file in files[:3]]}"
    )


def _of_files(labels: Iterable[Any], files: Iterable[Any], argument: str) -> dict[Any, Any]:
    """Labels in the order of the files, by id.

    Raises:
        ValueError: A file that stands there several times has several labels.
    """
    found: dict[Any, Any] = {}
    for file, label in zip(files, labels):
        known = found.setdefault(file.id, label)
        if known is not label and not np.array_equal(known, label):
            raise ValueError(
                f"`{argument}` has two labels for '{printable(str(file.id))}', which stands in "
                f"`files` twice: keep one. Received: {known!r:.50} and {label!r:.50}"
            )
    return found


def _named(output: str) -> str:
    return f'labels["{output}"]' if output else "labels"


def label_files(files: Iterable[Any], outputs: Outputs) -> dict[Any, File]:
    """The file that a picture is learnt as, such as its mask, by the id of the picture.

    Raises:
        ValueError: Two outputs give files.
    """
    with_files = [labels for labels in outputs.values() if any(map(_is_file, labels.values()))]
    if len(with_files) > 1:
        raise ValueError(
            "One output of `labels` can be files, such as masks: pack the others by a call of "
            "their own, into another folder."
        )
    found = {}
    for labels in with_files:
        for file in files:
            if _is_file(labels.get(file.id)):
                found[file.id] = labels[file.id]
    return found


def _is_file(label: Any) -> bool:
    return hasattr(label, "id")


def as_json(outputs: Outputs) -> str:
    """Labels as they stand in `labels.json`; files by their ids.

    Raises:
        ValueError: A label is nothing that JSON holds.
    """
    by_output: dict[str, dict[str, dict[Any, Any]]] = {}
    for output, labels in outputs.items():
        kinds = by_output[output] = {}
        for file_id, label in labels.items():
            kind, value = ("files", label.id) if _is_file(label) else ("values", label)
            kinds.setdefault(kind, {})[file_id] = value
    try:
        return json.dumps(by_output, default=_plain)
    except TypeError as error:
        raise ValueError(
            f"A label must be a file, or numbers and texts: {error}. Give others as such."
        ) from None


def _plain(value: Any) -> Any:
    """An array, a number of NumPy or a set as JSON holds it."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"one is of the type {type(value).__name__}")


def labels_of_json(text: str | bytes, file_of_id: Callable[[str], File | None]) -> Any:
    """Labels as `pack` was given them; None where there are none. Files that are gone are left out.

    Args:
        text: What `as_json` gave.
        file_of_id: Finds a file.

    Raises:
        ValueError: It is nothing that `as_json` gave.
    """
    outputs: dict[str, dict[str, Any]] = {}
    for output, content in _checked(json.loads(text)).items():
        kinds = _checked(content)
        if not {"files", "values"}.issuperset(kinds):
            raise ValueError(f"it holds {list(kinds)[:3]}")
        outputs[output] = dict(_checked(kinds.get("values", {})))
        for picture, file_id in _checked(kinds.get("files", {})).items():
            file = file_of_id(str(file_id))
            if file is not None:
                outputs[output][picture] = file
    if set(outputs) <= {NO_NAME}:
        return outputs.get(NO_NAME)
    return outputs


def _checked(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"a mapping is wanted where it has a {type(content).__name__}")
    return content
