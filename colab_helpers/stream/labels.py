"""What a picture is to be learnt as: the number of its class, in one of Keras's forms.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg", label="cat"), File(id="2", name="2.jpg", label="dog")]
    >>> labels = ClassLabels.of(files, mode="categorical")
    >>> labels.names
    ['cat', 'dog']
    >>> labels.of_files(np.array([1, 0]))
    array([[0., 1.],
           [1., 0.]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .classes import (
    labels_of_files,
    names_in_order,
    warn_of_names_that_look_alike,
)
from .messages import file_named

__all__ = ["CLASS_MODES", "ClassLabels"]

CLASS_MODES = ("int", "categorical", "binary")
SHOWN_NAMES = 20  # so many class names stand in an error message


@dataclass(frozen=True)
class ClassLabels:
    """One class for each file.

    Attributes:
        names: The classes, in the order of their numbers.
        numbers: The class of each file, int32 `(files,)`.
        mode: "int" gives int32 `(n,)`, "categorical" float32 `(n, classes)`, "binary" float32
            `(n, 1)`, as `keras.utils.image_dataset_from_directory` does.
    """

    names: list[Any]
    numbers: npt.NDArray[np.int32]
    mode: str

    @classmethod
    def of(
        cls,
        files: Sequence[Any],
        *,
        mode: str,
        labels: Any = None,
        names: Sequence[Any] | None = None,
        names_of_list: Sequence[Any] | None = None,
    ) -> ClassLabels:
        """Numbers the classes of a list of files.

        Args:
            files: Objects with `id`, `name` and, where `labels` is not given, `label`.
            mode: One of `CLASS_MODES`.
            labels: See `classes.labels_of_files`.
            names: What `as_class_names` gave, in the order of their numbers; by default those of
                `classes.names_in_order`.
            names_of_list: The classes that the list of files knows, or None.

        Raises:
            ValueError: A file's label is no class, or "binary" does not find two classes.
        """
        class_of_file = labels_of_files(files, labels)
        if not names:
            names = names_in_order(class_of_file, files, labels, names_of_list)
        names = list(names)
        number_of_name = {name: number for number, name in enumerate(names)}
        for file, label in zip(files, class_of_file):
            if label not in number_of_name:
                raise ValueError(
                    f"{file_named(file)} has the label {label!r}, which is no class: "
                    "leave it out, or give `labels={id: label}`. "
                    f"Received: class_names={names[:SHOWN_NAMES]}"
                )
        warn_of_names_that_look_alike(names)
        if mode == "binary" and len(names) != 2:
            raise ValueError(
                '`label_mode="binary"` needs two classes. '
                f"Received: class_names={names[:SHOWN_NAMES]}"
            )
        numbers = (number_of_name[label] for label in class_of_file)
        return cls(names, np.fromiter(numbers, np.int32, len(files)), mode)

    def of_files(self, file_numbers: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """The labels of some of the files, by number, in the form that `mode` names."""
        numbers = self.numbers[file_numbers]
        if self.mode == "categorical":
            return np.eye(len(self.names), dtype=np.float32)[numbers]
        if self.mode == "binary":
            return numbers[:, None].astype(np.float32)
        return numbers
