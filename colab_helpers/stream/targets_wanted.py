"""What a user wants pictures to be learnt as, in the words of `StreamingSequence`.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="1.jpg", label="cat"), File(id="2", name="2.jpg", label="dog")]
    >>> wanted = TargetsWanted(
    ...     labels={"age": {"1": 2.5, "2": 7}}, label_mode={"kind": "int", "age": "raw"}
    ... )
    >>> targets = wanted.of(files)
    >>> targets.names
    {'kind': ['cat', 'dog']}
    >>> targets.values
    {'kind': array([0, 1], dtype=int32), 'age': array([2.5, 7. ], dtype=float32)}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .checks import check_choice
from .classes import as_class_names
from .label_images import LabelImages
from .labels import CLASS_MODES, ClassLabels
from .messages import shortened
from .numbers import Numbers
from .several_labels import SeveralLabels
from .targets import IMAGE, Picture, Target, Targets

__all__ = ["TargetsWanted", "check_can_be_balanced"]

LABEL_MODES = (*CLASS_MODES, "multi_label", "raw", "image", "input")
SHOWN_COLUMNS = 20  # so many columns of a table stand in an error message


@dataclass(frozen=True)
class TargetsWanted:
    """What a user wants pictures to be learnt as; nothing is looked up before `of`.

    Attributes:
        labels: See `StreamingSequence`.
        label_mode: One of LABEL_MODES, None, or a dict of them by output.
        class_names: Classes in the order of their numbers, or None; a dict for a dict of outputs.
        sample_weight: A number for each file, or None.
        inputs: By name, numbers or arrays for each file, or None.

    Raises:
        ValueError: One of them has a form that it cannot have.
    """

    labels: Any = None
    label_mode: Any = None
    class_names: Any = None
    sample_weight: Any = None
    inputs: Any = None

    def __post_init__(self) -> None:
        self._check_modes()
        self._check_inputs()
        if self.sample_weight is not None and self.label_mode is None:
            raise ValueError(
                "`sample_weight` says how much the error of a label counts, and "
                "`label_mode=None` gives no labels."
            )
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
        if list(self.label_mode.values()).count("image") > 1:
            raise ValueError(
                'One output can be of mode "image": one file is read beside each picture. '
                f"Received: label_mode={dict(self.label_mode)}"
            )

    def _check_inputs(self) -> None:
        if self.inputs is None:
            return
        if not isinstance(self.inputs, Mapping):
            raise ValueError(
                "`inputs` must be a dict of what goes in beside the images, such as "
                f"`{{'place': {{id: array}}}}`. Received: {type(self.inputs).__name__}"
            )
        if IMAGE in self.inputs:
            raise ValueError(f'`inputs["{IMAGE}"]` are the pictures: give yours another name.')

    @property
    def has_label_images(self) -> bool:
        """Whether an output learns images of their own files."""
        if isinstance(self.label_mode, Mapping):
            return "image" in self.label_mode.values()
        return bool(self.label_mode == "image")

    def _checked_names(self, names: Iterable[Any]) -> Any:
        if not isinstance(self.label_mode, Mapping):
            return _names_given(names, self.label_mode)
        if not isinstance(names, Mapping):
            raise ValueError(
                "For a dict of outputs, `class_names` must be a dict of lists by output. "
                f"Received: {type(names).__name__}"
            )
        self._refuse_other_outputs("class_names", names)
        return {
            output: _names_given(of_output, self.label_mode[output])
            for output, of_output in names.items()
        }

    def of(self, files: Sequence[Any], names_of_list: Sequence[Any] | None = None) -> Targets:
        """Finds what each file is learnt as.

        Args:
            files: Objects with `id`, `name` and, where `labels` is not given, `label`.
            names_of_list: The classes of the whole that the list of files is a part of.

        Raises:
            ValueError: A file's label is missing, or has another form than its mode wants.
        """
        outputs, given_names = self._outputs(files, names_of_list)
        inputs = {
            name: Numbers.of(files, values, f'inputs["{name}"]')
            for name, values in (self.inputs or {}).items()
        }
        return Targets(
            outputs,
            names_outputs=isinstance(self.label_mode, Mapping),
            given_names=given_names,
            inputs=inputs,
            weights=self._weights(files),
        )

    def _weights(self, files: Sequence[Any]) -> Numbers | None:
        if self.sample_weight is None:
            return None
        weights = Numbers.of(files, self.sample_weight, "sample_weight")
        if weights.values.ndim > 1:
            raise ValueError(
                "`sample_weight` must be one number for each file. "
                f"Received: arrays of shape {weights.values.shape[1:]}"
            )
        return weights

    def _outputs(
        self, files: Sequence[Any], names_of_list: Sequence[Any] | None
    ) -> tuple[Mapping[str, Target], Any]:
        """What each output learns, and class names as they were given."""
        if self.label_mode is None:
            return {}, self.class_names or _checked_list(names_of_list)
        if not isinstance(self.label_mode, Mapping):
            target = _target(files, self.label_mode, self.labels, self.class_names, names_of_list)
            return {"": target}, self.class_names
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
        return outputs, names

    def _labels_by_output(self) -> Mapping[Any, Any]:
        """The labels of each output; the columns of a table are outputs too."""
        labels = {} if self.labels is None else self.labels
        if hasattr(labels, "columns"):
            return self._columns(labels)
        if not isinstance(labels, Mapping):
            raise ValueError(
                "For a dict of outputs, `labels` must be a dict of labels by output. "
                f"Received: {type(labels).__name__}"
            )
        self._refuse_other_outputs("labels", labels)
        return labels

    def _columns(self, table: Any) -> Mapping[Any, Any]:
        columns = {column: table[column] for column in table.columns}
        for output, mode in self.label_mode.items():
            if output not in columns and mode != "input":
                raise ValueError(
                    f"`labels` has no column for the output {output!r}. Where it is not to come "
                    "from a table, give a dict of columns by output. "
                    f"Received: columns {list(columns)[:SHOWN_COLUMNS]}"
                )
        return {output: columns[output] for output in self.label_mode if output in columns}

    def _refuse_other_outputs(self, argument: str, by_output: Mapping[Any, Any]) -> None:
        for output in by_output:
            if output not in self.label_mode:
                raise ValueError(
                    f"`{argument}` names an output that `label_mode` does not. "
                    f"Received: {output!r}, label_mode={dict(self.label_mode)}"
                )


def check_can_be_balanced(label_mode: Any, shuffle: bool) -> None:
    """Refuses to draw classes alike where files have not one class each, or keep their order.

    Raises:
        ValueError: It says which argument is in the way.
    """
    modes = list(label_mode.values()) if isinstance(label_mode, Mapping) else [label_mode]
    if sum(mode in CLASS_MODES for mode in modes) != 1:
        raise ValueError(
            "`balanced=True` draws each class alike, so each file must have one class: "
            '`label_mode` "int", "categorical" or "binary", or a dict with one such output. '
            "Without, let files count differently by `sample_weight`, or repeat them in `files`. "
            f"Received: label_mode={label_mode!r}"
        )
    if not shuffle:
        raise ValueError(
            "`balanced=True` draws files at random, and `shuffle=False` keeps their order: leave "
            "one of the two out. Received: balanced=True, shuffle=False"
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
    if mode == "image":
        return LabelImages.of(files, labels)
    if mode == "raw":
        if labels is None:
            labels = [getattr(file, "label", None) for file in files]
        return Numbers.of(files, labels)
    if mode == "multi_label":
        return SeveralLabels.of(files, labels, names)
    if names is None and labels is None:
        names = _checked_list(names_of_list)
    return ClassLabels.of(files, mode=mode, labels=labels, names=names, names_of_list=names_of_list)


def _names_given(names: Iterable[Any], mode: Any) -> list[Any]:
    """Class names as a user gave them.

    Raises:
        ValueError: They are none, and the mode learns classes.
    """
    listed = as_class_names(names)
    if mode in CLASS_MODES and not listed:
        raise ValueError(
            "`class_names` names no class. An iterator may be used up: keep `list(class_names)`. "
            f"Received: {shortened(names)}"
        )
    return listed


def _checked_list(names: Sequence[Any] | None) -> list[Any] | None:
    return None if names is None else as_class_names(names)
