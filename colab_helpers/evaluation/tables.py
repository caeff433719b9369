"""What tables share: what they refuse and warn of, and the columns of their files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..drive.arguments import listed_files
from ..drive.spreadsheet import as_cell

if TYPE_CHECKING:
    import pandas as pd

    from ..drive import File

__all__ = ["add_files", "check_files", "refuse_nothing", "refuse_not_numbers", "warn_of_nan"]


def refuse_nothing(count: int) -> None:
    """Refuses an evaluation of no picture.

    Raises:
        ValueError: `count` is 0.
    """
    if not count:
        raise ValueError(
            "There is nothing to evaluate: 0 predictions. Check that the test part holds files."
        )


def warn_of_nan(predictions: npt.NDArray[Any], stacklevel: int) -> None:
    """Warns of predictions that are not numbers, which the tables still show.

    Args:
        predictions: An array of any shape.
        stacklevel: 1 for a warning in the caller's line, 2 in that of its caller, and so on.
    """
    if not np.isfinite(predictions).all():
        warnings.warn(
            "Some predictions are not numbers (NaN): the training went wrong, not the test.",
            stacklevel=stacklevel + 1,
        )


def check_names(class_names: Any) -> None:
    """Refuses what is no list of names, as a set is none.

    Raises:
        ValueError: It has no order, or no length.
    """
    has_order = not isinstance(class_names, (Mapping, set, frozenset))
    if not (has_order and hasattr(class_names, "__len__")):
        raise ValueError(
            "`class_names` must be a list of names in the order of their numbers, such as "
            f"`sequence.class_names`. Received: {class_names!r:.60}"
        )


def check_files(files: Sequence[File] | None, count: int) -> None:
    """Refuses files that are not one a row.

    Raises:
        ValueError: There is another number of them.
    """
    if files is not None and len(listed_files(files)) != count:
        raise ValueError(
            "`files` must be those of the rows, as predict_once returns them: files that were "
            f"skipped are not among them. Received: {len(files)} files, {count} predictions"
        )


def add_files(table: pd.DataFrame, files: Sequence[File] | None) -> None:
    """Adds the columns `name`, `path` and `id` of the files that the column `row` counts in."""
    if files is None:
        return
    of_rows = [files[row] for row in table["row"].tolist()]
    table["name"] = [as_cell(file.name) for file in of_rows]
    table["path"] = [as_cell(file.path) for file in of_rows]
    table["id"] = [as_cell(file.id) for file in of_rows]


def refuse_not_numbers(values: npt.NDArray[Any], name: str) -> None:
    """Refuses NaN and infinity, of which no sum can be made.

    Raises:
        ValueError: There are some; the message names the first row.
    """
    is_number = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not is_number.all():
        raise ValueError(
            f"Some `{name}` are not numbers (NaN), or infinite: the training went wrong, not the "
            f"test. Received: {(~is_number).sum()} such rows, the first is {is_number.argmin()}"
        )
