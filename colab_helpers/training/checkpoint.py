"""What a checkpoint holds, and its file.

A checkpoint is an `.npz` file, which NumPy alone can read. Its array "header" is JSON in UTF-8,
with the fields of `Header`. The arrays "0", "1", ... are the variables, in the order of the
header's `shapes`, and then the arrays that the header's other fields name by number.

Example:
    >>> import io
    >>> checkpoint = Checkpoint(
    ...     serial=1,
    ...     stopped=False,
    ...     place={"epoch": 2, "batches_trained": 0},
    ...     variables={"model": [np.zeros((3, 1))], "optimizer": [], "metrics": []},
    ...     epochs=[0, 1],
    ...     history={"loss": [0.7, 0.5]},
    ...     learned=[{"wait": 1}],
    ... )
    >>> file = io.BytesIO(checkpoint.to_bytes())
    >>> Checkpoint.read(file).history
    {'loss': [0.7, 0.5]}
"""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from .values import Array, Packed, pack, pack_attributes, unpack

__all__ = ["Checkpoint", "Header", "Place", "Shapes", "shapes_of"]

Place: TypeAlias = dict[str, Any]  # what `sequence.state_dict(epoch, batches_trained)` returned
Shapes: TypeAlias = dict[str, list[list[int]]]  # of the variables in each group

HEADER = "header"  # the array that holds the JSON; the others are called by their numbers


def shapes_of(groups: Mapping[str, Sequence[Any]]) -> Shapes:
    """The shapes of the variables, or arrays, in each group.

    Example:
        >>> shapes_of({"model": [np.zeros((3, 1)), np.zeros(1)], "metrics": []})
        {'model': [[3, 1], [1]], 'metrics': []}
    """
    return {name: [list(variable.shape) for variable in group] for name, group in groups.items()}


@dataclass(frozen=True)
class Header:
    """The part of a checkpoint's file that is JSON. Checkpoints of 0.1 have just these fields.

    Attributes:
        serial: Counts the checkpoints of a run, from 1.
        stopped: Whether a callback ended the run.
        shapes: Shapes of the variables.
        place: Where training goes on.
        epochs: Numbers of the epochs in `history`, packed.
        history: Packed.
        keep: What each kept callback learned, packed.
    """

    serial: int
    stopped: bool
    shapes: Shapes
    place: Place
    epochs: Packed
    history: Packed
    keep: list[Packed]

    def to_array(self) -> Array:
        """The header as it stands in the file: JSON, uint8 `(bytes,)`."""
        text = json.dumps(dataclasses.asdict(self))
        return np.frombuffer(text.encode(), np.uint8)

    @classmethod
    def from_array(cls, array: Array) -> Header:
        """Reads what `to_array` wrote.

        Raises:
            ValueError: This is no JSON.
            KeyError: A field is missing.
        """
        content = json.loads(array.tobytes())
        return cls(**{field.name: content[field.name] for field in dataclasses.fields(cls)})


@dataclass(frozen=True, eq=False)  # arrays are not compared by ==
class Checkpoint:
    """All that the next step of training depends on.

    Attributes:
        serial: Counts the checkpoints of a run, from 1.
        stopped: Whether a callback ended the run.
        place: Where training goes on: epoch and batches trained of it, in the sequence's own terms.
        variables: Values of the variables of model, optimizer and metrics, by these words.
        epochs: Numbers of the epochs that `history` tells of, from 0.
        history: Loss and metrics after each of these epochs.
        learned: What each kept callback learned: its attributes by their names.
    """

    serial: int
    stopped: bool
    place: Place
    variables: dict[str, list[Array]]
    epochs: list[int]
    history: dict[str, list[float]]
    learned: list[dict[str, Any]]

    def write(self, out: BinaryIO) -> None:
        """Writes the checkpoint to a file.

        Attributes of callbacks that cannot be packed, such as functions, are left out.
        """
        arrays = [array for group in self.variables.values() for array in group]
        header = Header(
            serial=self.serial,
            stopped=self.stopped,
            shapes=shapes_of(self.variables),
            place=self.place,
            epochs=pack(self.epochs, arrays),
            history=pack(self.history, arrays),
            keep=[pack_attributes(attributes, arrays) for attributes in self.learned],
        )
        content: dict[str, Any] = {HEADER: header.to_array()}
        for number, array in enumerate(arrays):
            content[str(number)] = array
        np.savez(out, **content)

    @classmethod
    def read(cls, file: BinaryIO | Path) -> Checkpoint:
        """Reads what `write` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            Exception: The file is damaged; `np.load` has many ways to say so.
        """
        with np.load(file, allow_pickle=False) as content:
            header = Header.from_array(content[HEADER])
            arrays = [content[str(number)] for number in range(len(content.files) - 1)]
        return cls(
            serial=header.serial,
            stopped=header.stopped,
            place=header.place,
            variables=_grouped(arrays, header.shapes),
            epochs=unpack(header.epochs, arrays),
            history=unpack(header.history, arrays),
            learned=[unpack(attributes, arrays) for attributes in header.keep],
        )

    def to_bytes(self) -> bytes:
        """The content of its file."""
        out = io.BytesIO()
        self.write(out)
        return out.getvalue()


def _grouped(arrays: Sequence[Array], shapes: Shapes) -> dict[str, list[Array]]:
    """The first arrays, as many as there are shapes, by their groups."""
    groups = {}
    begin = 0
    for name, group_shapes in shapes.items():
        end = begin + len(group_shapes)
        groups[name] = list(arrays[begin:end])
        begin = end
    if shapes_of(groups) != shapes:
        raise ValueError("the arrays are not those that its header names")
    return groups
