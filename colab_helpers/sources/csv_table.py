"""Where the rows of a CSV lie: a table of arrays, which is saved, so that one pass is enough.

A saved table may come from anybody: it is loaded without pickles, and taken for damaged where it
says what cannot be.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..atomic import atomic_write, remove_left_overs
from .csv_layout import CsvLayout

__all__ = ["CsvTable", "load_table", "save_table"]

ARRAYS = ("lines", "starts", "ends", "codes")


@dataclass(frozen=True)
class CsvTable:
    """Where the rows of a CSV lie; int64 arrays of shape `(rows,)`, labels and layout.

    Attributes:
        lines: Number of the row's line, counted from 1; rising.
        starts: Its first byte in the CSV; rising.
        ends: The byte after its last.
        codes: Its place in `labels`.
        labels: Each label once.
        layout: Which column is what.
    """

    lines: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    layout: CsvLayout


def save_table(table: CsvTable, path: str, of: str) -> None:
    """Saves a table as an .npz, whole or not at all; `of` names the CSV and its version."""
    about = {
        "of": of,
        "labels": table.labels,
        "layout": dataclasses.asdict(table.layout) | {"delimiter": table.layout.delimiter.decode()},
    }
    remove_left_overs(path)
    with atomic_write(path) as out:
        np.savez(
            out,
            about=np.frombuffer(json.dumps(about).encode(), np.uint8),
            lines=table.lines,
            starts=table.starts,
            ends=table.ends,
            codes=table.codes,
        )


def load_table(path: str, of: str, longest: int) -> CsvTable | None:
    """Loads a table that `save_table` wrote for the same CSV; None where it is of another one.

    Args:
        path: Where it lies.
        of: Names the CSV and its version.
        longest: Bytes of the longest row.

    Raises:
        Exception: There is none, or it is damaged.
    """
    with np.load(path) as saved:
        if sum(member.file_size for member in saved.zip.infolist()) > os.path.getsize(path):
            raise ValueError("it unpacks to more than it is, and we pack nothing")
        about = json.loads(saved["about"].tobytes())
        if about["of"] != of:
            return None
        arrays = {name: saved[name] for name in ARRAYS}
    table = CsvTable(**arrays, labels=tuple(about["labels"]), layout=_layout(about["layout"]))
    _check(table, longest)
    return table


def _layout(saved: dict[str, Any]) -> CsvLayout:
    layout = CsvLayout(
        delimiter=saved["delimiter"].encode(),
        columns=saved["columns"],
        label=saved["label"],
        left_out=tuple(saved["left_out"]),
        packed=saved["packed"],
        has_titles=saved["has_titles"],
    )
    named = [*layout.left_out, layout.label or 0, layout.packed or 0]
    if len(layout.delimiter) != 1 or any(column not in range(layout.columns) for column in named):
        raise ValueError("its layout names columns that are not there")
    return layout


def _check(table: CsvTable, longest: int) -> None:
    """Raises a ValueError where a table says what no scan would find."""
    arrays = [table.lines, table.starts, table.ends, table.codes]
    if {array.dtype for array in arrays} != {np.dtype(np.int64)}:
        raise ValueError("its numbers are of another kind")
    if len({array.shape for array in arrays}) != 1 or table.lines.ndim != 1:
        raise ValueError("its columns are not of one length")
    sizes = table.ends - table.starts
    is_sound = (
        len(table.lines) > 0
        and (np.diff(table.lines) > 0).all()
        and (np.diff(table.starts) > 0).all()
        and (table.starts[1:] >= table.ends[:-1]).all()
        and table.starts[0] >= 0
        and ((sizes >= 0) & (sizes <= longest)).all()
        and ((table.codes >= 0) & (table.codes < len(table.labels))).all()
        and all(isinstance(label, str) for label in table.labels)
    )
    if not is_sound:
        raise ValueError("its rows lie where none can")
