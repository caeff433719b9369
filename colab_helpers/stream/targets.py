"""What the pictures of a batch are learnt as: one form of labels, or a dict of several.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg", label="cat"), File(id="2", name="2.jpg", label="dog")]
    >>> wanted = TargetsWanted(
    ...     labels={"age": {"1": 2.5, "2": 7}}, label_mode={"kind": "int", "age": "raw"}
    ... )
    >>> targets = wanted.of(files)
    >>> targets.names
    {'kind': ['cat', 'dog']}
    >>> targets.labels_of(Rows(np.array([1]), images=np.zeros((1, 8, 8, 3))))
    {'kind': array([1], dtype=int32), 'age': array([7.], dtype=float32)}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import check_choice
from .classes import as_class_names
from .labels import CLASS_MODES, ClassLabels
from .numbers import Numbers
from .several_labels import SeveralLabels

__all__ = ["Picture", "Rows", "Target", "Targets", "TargetsWanted"]

LABEL_MODES = (*CLASS_MODES, "multi_label", "raw", "input")


@dataclass(frozen=True)
class Rows:
    """The rows of a batch that labels are wanted for.

    Attributes:
        file_numbers: Their files, by number, `(n,)`.
        images: As the model is given them, `(n, height, width, channels)`.
    """

    file_numbers: npt.NDArray[np.intp]
    images: npt.NDArray[Any]


class Picture:
    """The picture itself, as it goes in: what an autoencoder learns."""


Target = ClassLabels | SeveralLabels | Numbers | Picture


@dataclass(frozen=True)
class Targets:
    """What all files are learnt as.

    Attributes:
        outputs: By the name of the output; of a model with one, by "".
        names_outputs: Whether labels are a dict by these names.
        given_names: Class names that stay as they were given, where no output has any.
    """

    outputs: Mapping[str, Target]
    names_outputs: bool
    given_names: Any

    @property
    def names(self) -> Any:
        """Class names in the order of their numbers; a dict for a dict of outputs."""
        names = {
            output: target.names
            for output, target in self.outputs.items()
            if isinstance(target, (ClassLabels, SeveralLabels))
        }
        if not self.names_outputs:
            return names.get("", self.given_names)
        return {**(self.given_names or {}), **names}

    @property
    def values(self) -> Any:
        """What is known of all files without reading: class numbers, rows of ones, numbers."""
        return self._by_output(_values_of)

    def labels_of(self, rows: Rows) -> Any:
        """The labels of some rows, in the form of each mode; None where there are none."""
        return self._by_output(lambda target: _labels_of(target, rows))

    def _by_output(self, value: Callable[[Target], Any]) -> Any:
        if self.names_outputs:
            return {output: value(target) for output, target in self.outputs.items()}
        return value(self.outputs[""]) if self.outputs else None


def _values_of(target: Target) -> Any:
    if isinstance(target, Picture):
        return None
    return target.numbers if isinstance(target, ClassLabels) else target.values


def _labels_of(target: Target, rows: Rows) -> npt.NDArray[Any]:
    if isinstance(target, Picture):
        return rows.images.copy()
    return target.of_files(rows.file_numbers)


@dataclass(frozen=True)
class TargetsWanted:
    """What a user wants pictures to be learnt as; nothing is looked up before `of`.

    Attributes:
        labels: See `StreamingSequence`.
        label_mode: One of LABEL_MODES, None, or a dict of them by output.
        class_names: Classes in the order of their numbers, or None; a dict for a dict of outputs.

    Raises:
        ValueError: One of them has a form that it cannot have.
    """

    labels: Any = None
    label_mode: Any = None
    class_names: Any = None

    def __post_init__(self) -> None:
        self._check_modes()
        if self.class_names is not None:
            object.__setattr__(self, "class_names", self._checked_names(self.class_names))

    def _check_modes(self) -> None:
        if not isinstance(self.label_mode, Mapping):
            check_choice("label_mode", self.label_mode, (*LABEL_MODES, None))
            return
        if not self.label_mode:
            raise ValueError("`label_mode` must name an output at least. Received: label_mode={}")
        for output, mode in self.label_mode.items():
            check_choice(f'label_mode["{output}"]', mode, LABEL_MODES)

    def _checked_names(self, names: Iterable[Any]) -> Any:
        if not isinstance(self.label_mode, Mapping):
            return as_class_names(names)
        if not isinstance(names, Mapping):
            raise ValueError(
                "For a dict of outputs, `class_names` must be a dict of lists by output. "
                f"Received: {type(names).__name__}"
            )
        self._refuse_other_outputs("class_names", names)
        return {output: as_class_names(of_output) for output, of_output in names.items()}

    def of(self, files: Sequence[Any], names_of_list: Sequence[Any] | None = None) -> Targets:
        """Finds what each file is learnt as.

        Args:
            files: Objects with `id`, `name` and, where `labels` is not given, `label`.
            names_of_list: The classes of the whole that the list of files is a part of.

        Raises:
            ValueError: A file's label is missing, or has another form than its mode wants.
        """
        if self.label_mode is None:
            return Targets({}, names_outputs=False, given_names=self.class_names or names_of_list)
        if not isinstance(self.label_mode, Mapping):
            target = _target(files, self.label_mode, self.labels, self.class_names, names_of_list)
            return Targets({"": target}, names_outputs=False, given_names=self.class_names)
        labels = self._labels_by_output()
        names = self.class_names or {}
        outputs = {}
        for output, mode in self.label_mode.items():
            try:
                outputs[output] = _target(
                    files, mode, labels.get(output), names.get(output), names_of_list
                )
            except ValueError as error:
                raise ValueError(f'Output "{output}": {error}') from error
        return Targets(outputs, names_outputs=True, given_names=names)

    def _labels_by_output(self) -> Mapping[Any, Any]:
        """The labels of each output; the columns of a table are outputs too."""
        labels = {} if self.labels is None else self.labels
        if hasattr(labels, "columns"):
            labels = {column: labels[column] for column in labels.columns}
            return {output: labels[output] for output in self.label_mode if output in labels}
        if not isinstance(labels, Mapping):
            raise ValueError(
                "For a dict of outputs, `labels` must be a dict of labels by output. "
                f"Received: {type(labels).__name__}"
            )
        self._refuse_other_outputs("labels", labels)
        return labels

    def _refuse_other_outputs(self, argument: str, by_output: Mapping[Any, Any]) -> None:
        for output in by_output:
            if output not in self.label_mode:
                raise ValueError(
                    f"`{argument}` names an output that `label_mode` does not. "
                    f"Received: {output!r}, label_mode={dict(self.label_mode)}"
                )


def _target(
    files: Sequence[Any],
    mode: str,
    labels: Any,
    names: Sequence[Any] | None,
    names_of_list: Sequence[Any] | None,
) -> Target:
    if mode == "input":
        return Picture()
    if mode == "raw":
        return Numbers.of(files, labels)
    if mode == "multi_label":
        return SeveralLabels.of(files, labels, names)
    if names is None and labels is None:
        names = names_of_list
    return ClassLabels.of(files, mode=mode, labels=labels, names=names)
