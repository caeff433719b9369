"""What tables about single pictures share: the columns of their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..drive.spreadsheet import as_cell

if TYPE_CHECKING:
    import pandas as pd

    from ..drive import File

__all__ = ["add_files", "check_files", "refuse_not_numbers"]


def check_files(files: Sequence[File] | None, count: int) -> None:
    """Refuses files that are not one a row.

    Raises:
        ValueError: There is another number of them.
    """
    if files is not None and len(files) != count:
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
