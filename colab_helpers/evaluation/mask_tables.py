"""How good a model is at masks, as tables: by class, and picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..drive.spreadsheet import as_cell
from .class_numbers import NAMES_SHOWN
from .masks import ComparedMasks, picture_overlap
from .tables import add_files, check_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_mask_names", "rank_masks", "report_masks"]


def report_masks(compared: ComparedMasks, class_names: Sequence[str]) -> pd.DataFrame:
    """Intersection over union by class, over the pixels of all pictures, as Keras's `IoU` has it.

    That is the share of the pixels which are of the class in both masks, of those which are in
    either: https://keras.io/api/metrics/segmentation_metrics/

    Example:
        `report_masks(compare_masks(model, test), ["nothing", "balloon"])`

    Args:
        compared: What `compare_masks` returns.
        class_names: Names in the order of the numbers in the masks, from 0.

    Returns:
        DataFrame with a row a class, and `mean` of the classes that occur (Keras's `MeanIoU`);
        columns `iou` (in [0, 1]; NaN where no pixel is of the class in either mask), `expected`
        and `predicted` (how many pixels), `support` (pictures whose true mask has the class).
        Names are as they may be shown.

    Raises:
        ValueError: `class_names` does not name each class.
    """
    import pandas as pd

    check_mask_names(compared, class_names)
    expected = compared.expected.sum(axis=0)
    predicted = compared.predicted.sum(axis=0)
    pictures = compared.expected > 0
    table = pd.DataFrame(
        {
            "iou": [*compared.class_overlaps, compared.mean_overlap],
            "expected": [*expected, expected.sum()],
            "predicted": [*predicted, predicted.sum()],
            "support": [*pictures.sum(axis=0), len(pictures)],
        },
        index=[*(as_cell(name) for name in class_names), "mean"],
    )
    return table.astype({"expected": int, "predicted": int, "support": int})


def rank_masks(compared: ComparedMasks, class_names: Sequence[str]) -> pd.DataFrame:
    """Ranks pictures by how little the predicted mask overlaps with the true one, worst first.

    Example:
        `rank_masks(compare_masks(model, test), ["nothing", "balloon"]).head()`

    Args:
        compared: What `compare_masks` returns.
        class_names: Names in the order of the numbers in the masks, from 0.

    Returns:
        DataFrame with a row for each picture: `row` (its place in `compared.files`), `iou` (the
        mean of the classes in its true mask, in [0, 1]; NaN, and last, where no pixel counts),
        `worst_class` (the one of them that overlaps least), `name`, `path` and `id`. Names are as
        they may be shown and saved as CSV.

    Raises:
        ValueError: `class_names` does not name each class.
    """
    import pandas as pd

    check_mask_names(compared, class_names)
    counts = list(zip(compared.shared, compared.expected, compared.predicted))
    least = np.where(compared.expected > 0, compared.overlaps, np.inf).argmin(axis=1)
    names = np.array([as_cell(name) for name in class_names], dtype=object)
    table = pd.DataFrame(
        {
            "row": np.arange(len(counts)),
            "iou": [picture_overlap(*of_picture) for of_picture in counts],
            "worst_class": names[least],
        }
    )
    add_files(table, compared.files)
    return table.sort_values("iou", kind="stable").reset_index(drop=True)


def check_mask_names(compared: ComparedMasks, class_names: Sequence[str]) -> None:
    """Refuses names that are not one a class.

    Raises:
        ValueError: There are more or fewer of them.
    """
    check_names(class_names)
    classes = compared.shared.shape[1]
    if len(class_names) != classes:
        raise ValueError(
            f"The model gives {classes} classes, but `class_names` has {len(class_names)} names. "
            "Give one for each number in the masks, from 0. "
            f"Received: class_names={list(class_names)[:NAMES_SHOWN]}"
        )
