"""What a checkpoint holds, and its file.

The file is one of `sealed.py`. Its header has the fields of `Header`. Its arrays are the variables,
in the order of the header's `shapes`, and then those that the header's other fields name by number.

Example:
    >>> import io
    >>> import numpy as np
    >>> checkpoint = Checkpoint(
    ...     serial=1,
    ...     stopped=False,
    ...     place={"epoch": 2, "batches_trained": 0},
    ...     variables={"model": [np.zeros((3, 1))], "optimizer": [], "metrics": []},
    ...     epochs=[0, 1],
    ...     history={"loss": [0.7, 0.5]},
    ...     learned=[Learned("EarlyStopping", {"wait": 1})],
    ...     learning_rate=0.01,
    ... )
    >>> file = io.BytesIO(checkpoint.to_bytes())
    >>> Checkpoint.read(file).history
    {'loss': [0.7, 0.5]}
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from .sealed import FIRST_FORMAT, DamagedError, read_sealed, write_sealed
from .values import Array, Packed, pack, pack_attributes, unpack

__all__ = ["Checkpoint", "Header", "Learned", "Place", "Shapes", "shapes_of"]

Place: TypeAlias = dict[str, Any]  # what `sequence.state_dict(epoch, batches_trained)` returned
Shapes: TypeAlias = dict[str, list[list[int]]]  # of the variables in each group

GROUPS = ("model", "optimizer", "metrics")


def shapes_of(groups: Mapping[str, Sequence[Any]]) -> Shapes:
    """The shapes of the variables, or arrays, in each group.

    Example:
        >>> import numpy as np
        >>> shapes_of({"model": [np.zeros((3, 1)), np.zeros(1)], "metrics": []})
        {'model': [[3, 1], [1]], 'metrics': []}
    """
    return {name: [list(variable.shape) for variable in group] for name, group in groups.items()}


@dataclass(frozen=True, eq=False)
class Learned:
    """What a kept callback learned.

    Attributes:
        callback: The name of its class; None in checkpoints of 0.1 and 0.2.
        attributes: Its attributes by their names.
    """

    callback: str | None
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Header:
    """The part of a checkpoint's file that is JSON, beside what `sealed.py` puts there.

    Attributes:
        serial: Counts the checkpoints of a run, from 1.
        stopped: Whether a callback ended the run.
        shapes: Shapes of the variables.
        place: Where training goes on.
        epochs: Numbers of the epochs in `history`, packed.
        history: Packed.
        keep: Of each kept callback the class, and what it learned, packed.
        learning_rate: The optimizer's when the run began; None where it is a schedule.
        between_epochs: Whether it was made after an epoch's end, before the next one's begin.
        class_names: As the sequence has them; None where it has none.
    """

    serial: int
    stopped: bool
    shapes: Shapes
    place: Place
    epochs: Packed
    history: Packed
    keep: list[Packed]
    learning_rate: float | None
    between_epochs: bool
    class_names: Any


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
        learned: What each kept callback learned.
        learning_rate: The optimizer's when the run began, or as the user changed it since; None
            where it is a schedule, and in checkpoints of 0.1 and 0.2.
        between_epochs: Whether it was made after an epoch's end, before callbacks began the next
            one; False in older checkpoints, which do not say.
        class_names: The classes in the order of their numbers, or a dict of them by output; None
            in older checkpoints, and where the sequence has none.
    """

    serial: int
    stopped: bool
    place: Place
    variables: dict[str, list[Array]]
    epochs: list[int]
    history: dict[str, list[float]]
    learned: list[Learned]
    learning_rate: float | None
    between_epochs: bool = False
    class_names: Any = None

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
            keep=[_pack_learned(learned, arrays) for learned in self.learned],
            learning_rate=self.learning_rate,
            between_epochs=self.between_epochs,
            class_names=self.class_names,
        )
        fields = dataclasses.asdict(header)
        if self.class_names is None:
            del fields["class_names"]  # the file is as it was before there were any
        write_sealed(out, fields, arrays)

    @classmethod
    def read(cls, file: BinaryIO | Path) -> Checkpoint:
        """Reads what `write` wrote, in this version, 0.1 or 0.2.

        Raises:
            FileNotFoundError: There is no such file.
            DamagedError: The file is not what was written, or no checkpoint.
            NewerFormatError: It is of a later version.
        """
        if isinstance(file, Path):
            with open(file, "rb") as opened:
                return cls.read(opened)
        fields, arrays = read_sealed(file)
        try:
            return cls._of(fields, arrays)
        except DamagedError:
            raise
        except Exception as error:  # whatever a value of another type does to what is done with it
            raise DamagedError("its header has not the form of a checkpoint's") from error

    def to_bytes(self) -> bytes:
        """The content of its file."""
        out = io.BytesIO()
        self.write(out)
        return out.getvalue()

    @classmethod
    def _of(cls, fields: Mapping[str, Any], arrays: list[Array]) -> Checkpoint:
        place = _checked(fields, "place", dict)
        if _checked(place, "epoch", int) < 0 or _checked(place, "batches_trained", int) < 0:
            raise DamagedError("its place is before the first batch")
        is_first_format = fields["format"] == FIRST_FORMAT
        learning_rate = fields.get("learning_rate")
        return cls(
            serial=_serial_in(fields),
            stopped=_checked(fields, "stopped", bool),
            place=place,
            variables=_grouped(arrays, _checked(fields, "shapes", dict)),
            epochs=[_as_number(epoch, int) for epoch in unpack(fields["epochs"], arrays)],
            history=_history_in(unpack(fields["history"], arrays)),
            learned=[
                _unpack_learned(kept, arrays, is_first_format)
                for kept in _checked(fields, "keep", list)
            ],
            learning_rate=None if learning_rate is None else _as_number(learning_rate, float),
            between_epochs=_checked({"between_epochs": False, **fields}, "between_epochs", bool),
            class_names=fields.get("class_names"),
        )


def _checked(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    """A field of the header, which must be of this type."""
    value = fields[name]
    if type(value) is not kind:
        raise DamagedError(f"its {name} is {type(value).__name__}, not {kind.__name__}")
    return value


def _as_number(value: Any, kind: type) -> Any:
    if isinstance(value, (bool, str)):
        raise DamagedError(f"{type(value).__name__} stands where a number belongs")
    return kind(value)


def _serial_in(fields: Mapping[str, Any]) -> int:
    serial: int = _checked(fields, "serial", int)
    if serial < 1:
        raise DamagedError("its serial is no number from 1")
    return serial


def _history_in(values: Any) -> dict[str, list[Any]]:
    if not isinstance(values, dict):
        raise DamagedError("its history is no dict")
    return {name: _checked(values, name, list) for name in values}


def _grouped(arrays: Sequence[Array], shapes: Shapes) -> dict[str, list[Array]]:
    """The first arrays, as many as there are shapes, by their groups."""
    if tuple(shapes) != GROUPS:
        raise DamagedError("its groups of variables are others")
    groups = {}
    begin = 0
    for name, group_shapes in shapes.items():
        end = begin + len(group_shapes)
        groups[name] = list(arrays[begin:end])
        begin = end
    if shapes_of(groups) != shapes:
        raise DamagedError("its arrays are not those that its header names")
    return groups


def _pack_learned(learned: Learned, arrays: list[Array]) -> Packed:
    return {
        "callback": learned.callback,
        "learned": pack_attributes(learned.attributes, arrays),
    }


def _unpack_learned(packed: Packed, arrays: list[Array], is_first_format: bool) -> Learned:
    if is_first_format:
        packed = {"callback": None, "learned": packed}
    attributes = unpack(packed["learned"], arrays)
    if not isinstance(attributes, dict):
        raise DamagedError("what a callback learned is no dict")
    return Learned(_checked_name(packed["callback"]), attributes)


def _checked_name(name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise DamagedError("a callback's name is no text")
    return name
