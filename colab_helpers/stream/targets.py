"""What goes with the pictures of a batch: labels, or a dict of them; weights; other inputs.

Example:
    >>> numbers = Numbers(np.array([2.5, 7], np.float32))
    >>> targets = Targets(outputs={"age": numbers, "again": Picture()}, names_outputs=True)
    >>> labels = targets.labels_of(Rows(np.array([1]), images=np.zeros((1, 8, 8, 3))))
    >>> labels["age"], labels["again"].shape
    (array([7.], dtype=float32), (1, 8, 8, 3))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from .label_images import LabelImages
from .labels import ClassLabels
from .numbers import Numbers
from .several_labels import SeveralLabels

__all__ = ["IMAGE", "Picture", "Rows", "Target", "Targets"]

IMAGE = "image"  # the name of the pictures among several inputs


@dataclass(frozen=True)
class Rows:
    """The rows of a batch that labels are wanted for.

    Attributes:
        file_numbers: Their files, by number, `(n,)`.
        images: As the model is given them, `(n, height, width, channels)`.
        masks: Their label images, `(n, height, width, channels)`, or None.
    """

    file_numbers: npt.NDArray[np.intp]
    images: npt.NDArray[Any]
    masks: npt.NDArray[Any] | None = None

    def apart_from(self, *kept: npt.NDArray[Any] | None) -> Rows:
        """The same, with copies of what is one of these arrays."""
        images = self.images
        masks = self.masks
        if any(images is array for array in kept):
            images = images.copy()
        if masks is not None and any(masks is array for array in kept):
            masks = masks.copy()
        return Rows(self.file_numbers, images, masks)


class Picture:
    """The picture itself, as it goes in: what an autoencoder learns."""


Target = ClassLabels | SeveralLabels | Numbers | LabelImages | Picture


@dataclass(frozen=True)
class Targets:
    """What all files are learnt as.

    Attributes:
        outputs: By the name of the output; of a model with one, by "".
        names_outputs: Whether labels are a dict by these names.
        given_names: Class names that stay as they were given, where no output has any.
        inputs: What goes into the model beside the images, by the name of the input.
        weights: How much each file counts, or None.
    """

    outputs: Mapping[str, Target]
    names_outputs: bool
    given_names: Any = None
    inputs: Mapping[str, Numbers] = field(default_factory=dict)
    weights: Numbers | None = None

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
    def classes(self) -> npt.NDArray[np.int32]:
        """The number of the class of each file; of the only output that learns one class.

        Raises:
            ValueError: None does, or several do.
        """
        (target,) = (of for of in self.outputs.values() if isinstance(of, ClassLabels))
        return target.numbers

    @property
    def label_images(self) -> LabelImages | None:
        """The output that learns images of their own files, if there is one."""
        for target in self.outputs.values():
            if isinstance(target, LabelImages):
                return target
        return None

    @property
    def values(self) -> Any:
        """What is known of all files without reading: class numbers, rows of ones, numbers."""
        return self._by_output(_values_of)

    def labels_of(self, rows: Rows) -> Any:
        """The labels of some rows, in the form of each mode; None where there are none."""
        return self._by_output(lambda target: _labels_of(target, rows))

    def inputs_of(self, rows: Rows) -> Any:
        """The images, or a dict of them and all other inputs."""
        if not self.inputs:
            return rows.images
        others = {name: of.of_files(rows.file_numbers) for name, of in self.inputs.items()}
        return {IMAGE: rows.images, **others}

    def weights_of(self, rows: Rows, labels: Any) -> Any:
        """The weights of some rows, float32, or None; a dict where outputs want several forms.

        They are `(n,)` beside classes. Beside numbers and images they have as many dimensions as
        the labels, `(n, 1, ..., 1)`: some losses have these dimensions, as crossentropy of class
        numbers does, and others one fewer, for which Keras drops the last of the weights too.
        Weights of one dimension would meet the last of a loss, and not its pictures.
        """
        if self.weights is None:
            return None
        weights = self.weights.of_files(rows.file_numbers)
        if not self.names_outputs:
            return _beside(self.outputs[""], labels, weights)
        by_output = {
            output: _beside(target, labels[output], weights)
            for output, target in self.outputs.items()
        }
        is_one_form = all(shaped.ndim == 1 for shaped in by_output.values())
        return weights if is_one_form else by_output

    def _by_output(self, value: Callable[[Target], Any]) -> Any:
        if self.names_outputs:
            return {output: value(target) for output, target in self.outputs.items()}
        return value(self.outputs[""]) if self.outputs else None


def _values_of(target: Target) -> Any:
    if isinstance(target, Picture):
        return None
    return target.numbers if isinstance(target, ClassLabels) else target.values


def _labels_of(target: Target, rows: Rows) -> Any:
    if isinstance(target, Picture):
        return rows.images.copy()
    if isinstance(target, LabelImages):
        return rows.masks
    return target.of_files(rows.file_numbers)


def _beside(
    target: Target, labels: npt.NDArray[Any], weights: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Weights in the form that meets the losses of their own pictures."""
    if isinstance(target, (ClassLabels, SeveralLabels)):
        return weights
    return weights.reshape(len(weights), *(1,) * (labels.ndim - 1))
