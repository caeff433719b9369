"""Which class each file has, and which classes there are, in whatever form labels come.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg", label="dog"), File(id="2", name="2.jpg", label="cat")]
    >>> labels_of_files(files, None)
    ['dog', 'cat']
    >>> labels_of_files(files, {"1": "cat", "2": "cow", "3": "dog"})
    ['cat', 'cow']
    >>> labels_of_files(files, ["cow", "cat"])
    ['cow', 'cat']
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .messages import file_named, printable, shortened
from .per_file import is_missing, mapping_by_id, values_of_files

__all__ = [
    "as_class_names",
    "class_of",
    "classes_of_mapping",
    "is_class_type",
    "labels_of_files",
    "names_in_order",
    "refuse_two_kinds",
    "warn_of_names_that_look_alike",
]

WANTED = (
    "One class a file is wanted, a str or an int; `label_mode` says where it is something else: "
    '"multi_label" several names, "raw" numbers, "image" files such as masks'
)

UNSEEN_CATEGORIES = ("Cc", "Cf")  # control and format characters, such as a zero-width space
UNSEEN_LETTERS = "\u034f\u115f\u1160\u2800\u3164\uffa0\ufe0e\ufe0f"


def labels_of_files(files: Sequence[Any], labels: Any) -> list[Any]:
    """The class of each file, a str or an int; None where it has none.

    Args:
        files: Objects with `id`, `name` and, where `labels` is None, `label`.
        labels: A mapping, or a pandas Series, by file id. Or a list, an array or a column with
            the label of each of `files` in their order. Or None.

    Raises:
        ValueError: `labels` is none of these, or a label is not one class.
    """
    given = _as_given(files, labels)
    if not all(is_class_type(kind) for kind in set(map(type, given))):
        given = [_checked(label, file) for label, file in zip(given, files)]
    refuse_two_kinds(given, files)
    class_of_label = {label: class_of(label) for label in set(given)}
    return [class_of_label[label] for label in given]


def classes_of_mapping(files: Sequence[Any], labels: Any) -> list[Any] | None:
    """All classes that `labels` names, sorted, also those of other files; None if it is no mapping.

    So a part of the files numbers its classes as the whole does.
    """
    by_id = mapping_by_id(labels, files)
    if by_id is None:
        return None
    classes = {class_of(label) for label in by_id.values() if is_class_type(type(label))}
    classes.discard(None)
    if len({isinstance(name, str) for name in classes}) > 1:
        return None  # as other files mix kinds, only the classes of these files count
    return sorted(classes)


def names_in_order(
    class_of_file: Sequence[Any], files: Sequence[Any], labels: Any, names_of_list: Any = None
) -> list[Any]:
    """The classes in the order of their numbers, where these are not given.

    All of a mapping; else those of the whole that a list of files is a part of, where they are
    those of its labels; else those of the labels, sorted.

    Args:
        class_of_file: What `labels_of_files` gave.
        files: Objects with `id`.
        labels: See `labels_of_files`.
        names_of_list: The classes that the list of files knows, or None.
    """
    classes = None if labels is None else classes_of_mapping(files, labels)
    if classes is not None:
        return classes
    found = {label for label in class_of_file if label is not None}
    names = [] if names_of_list is None else as_class_names(names_of_list)
    return names if found.issubset(names) else sorted(found)


def as_class_names(names: Iterable[Any]) -> list[Any]:
    """Class names in the form that labels have.

    Raises:
        ValueError: They are no names, one of them stands there twice, or they have no order.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f"`class_names` must be a list of names. Received: {names!r}")
    if isinstance(names, (set, frozenset)):  # of str, another order in each run
        raise ValueError(
            "`class_names` are in the order of their numbers, and a set has no order: give "
            f"`sorted(class_names)`. Received: {shortened(names)}"
        )
    if isinstance(names, Mapping):
        raise ValueError(
            "`class_names` must be a list of names in the order of their numbers; of a dict of "
            f"numbers it is `sorted(numbers, key=numbers.get)`. Received: {shortened(names)}"
        )
    given = list(names)
    for name in given:
        if name is None or not is_class_type(type(name)):
            raise ValueError(f"`class_names` must be of str or int. Received: {name!r}")
    classes = [class_of(name) for name in given]
    seen: set[Any] = set()
    for name in classes:
        if name in seen:
            raise ValueError(f"`class_names` names {name!r} twice. Received: {given}")
        seen.add(name)
    return classes


def warn_of_names_that_look_alike(names: Sequence[Any]) -> None:
    """Says which classes are two, though a screen shows one name for both."""
    shown: dict[str, str] = {}
    for name in names:
        if not isinstance(name, str):
            continue
        looks = _looks(name)
        if looks in shown:
            warnings.warn(
                f"Two classes look alike: '{printable(shown[looks])}' and '{printable(name)}' "
                "differ in spaces or invisible characters. If they are one, rename a folder, or "
                "give `labels`.",
                stacklevel=2,
            )
        shown.setdefault(looks, name)


def _as_given(files: Sequence[Any], labels: Any) -> Sequence[Any]:
    if labels is None:
        return [getattr(file, "label", None) for file in files]
    if hasattr(labels, "columns"):
        raise ValueError(
            f"`labels` is a table: give one column of it. Received: {list(labels.columns)}"
        )
    values = values_of_files(files, labels)
    return values.tolist() if isinstance(values, np.ndarray) else values


def is_class_type(kind: type) -> bool:
    """Whether a value of this type names a class, or None."""
    return issubclass(kind, (str, int, np.integer, np.bool_, type(None)))


def class_of(label: Any) -> Any:
    """A label as plain str or int; equal names are one in Unicode's normal form C."""
    if isinstance(label, str):
        return unicodedata.normalize("NFC", str.__str__(label))
    if label is None or isinstance(label, bool):
        return label
    return bool(label) if isinstance(label, np.bool_) else int(label)


def _checked(label: Any, file: Any) -> Any:
    """A label that is one class, or None for what pandas puts where there is none.

    Raises:
        ValueError: It is anything else.
    """
    if is_class_type(type(label)):
        return label
    if isinstance(label, Collection) and not isinstance(label, bytes):
        said = "several values"
    elif is_missing(label):
        return None
    elif isinstance(label, (float, np.floating)):
        said = "a number with a fraction, or a float at least; class numbers are int"
    else:
        said = f"of type {type(label).__name__}"
    raise ValueError(
        f"The label of {file_named(file)} is {said}. {WANTED}. Received: {shortened(label)}"
    )


def refuse_two_kinds(labels: Sequence[Any], files: Sequence[Any]) -> None:
    """Refuses str beside int, which have no order.

    Args:
        labels: Of type str, int or None.
        files: The file of each label.

    Raises:
        ValueError: It names a file of each kind.
    """
    first_of_kind: dict[str, str] = {}
    for label, kind in {label: _kind(label) for label in labels}.items():
        if kind not in first_of_kind and kind != "none":
            file = files[labels.index(label)]
            first_of_kind[kind] = f"the {kind} {shortened(label)} for {file_named(file)}"
    if len(first_of_kind) > 1:
        raise ValueError(
            "Labels must be all of one kind, str or int. "
            f"Received: {' and '.join(first_of_kind.values())}"
        )


def _kind(label: Any) -> str:
    if label is None:
        return "none"
    return "str" if isinstance(label, str) else "int"


def _looks(name: str) -> str:
    """A name without what a screen does not show."""
    seen = [
        character
        for character in unicodedata.normalize("NFC", name)
        if unicodedata.category(character) not in UNSEEN_CATEGORIES or character.isspace()
    ]
    without_unseen = "".join(seen).translate(dict.fromkeys(map(ord, UNSEEN_LETTERS)))
    return " ".join(without_unseen.split())
