"""What the bare name of a sequence shows in a notebook, and `print(train)` anywhere.

It tells what is known, and lists, reads and asks nothing for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .class_counts import ClassCounts
from .contents import Contents
from .handover import Handover
from .layers import BatchCache, Decode
from .messages import printable
from .rows import Augment
from .shown import counted, html_table, in_words, text_table
from .tally import Tally

__all__ = ["BareName"]

SHOWN_CLASSES = 12  # rows of the table of classes
SIDE_BY_SIDE = "display: flex; flex-wrap: wrap; gap: 0 2em; align-items: flex-start"


class BareName:
    """The text and the table of a sequence."""

    _contents: Contents
    _handover: Handover
    _tally: Tally
    read: Any
    decode: Decode
    augment: Augment | None
    cache: BatchCache | None
    reads: int
    batch_size: int
    shuffle: bool
    seed: int
    label_mode: Any

    def __repr__(self) -> str:
        if not hasattr(self, "_tally"):  # its `__init__` has raised an error
            return object.__repr__(self)
        return text_table(type(self).__name__, self._told(self._class_counts()))

    def _repr_html_(self) -> str:
        counts = self._class_counts()
        tables = [html_table(("", type(self).__name__), self._told(counts))]
        for output, of_output in counts.items():
            titles = (f"class of {printable(str(output))}" if output else "class", "pictures")
            tables.append(html_table(titles, _rows_of(of_output), are_numbers=True))
        return f"<div style='{SIDE_BY_SIDE}'>{''.join(tables)}</div>"

    def _class_counts(self) -> Mapping[str, ClassCounts]:
        try:
            return self._contents.known_counts
        except Exception:  # of labels that the first batch will refuse, in words
            return {}

    def _told(self, counts: Mapping[str, ClassCounts]) -> list[tuple[str, str]]:
        rows = [
            ("pictures", self._pictures(counts)),
            ("batches", self._batches()),
            ("labels", _labels_in_words(self.label_mode)),
            ("read", f"{in_words(self.read)}; up to {self.reads} at a time"),
            ("decode", in_words(self.decode)),
        ]
        if self.augment is not None:
            rows.append(("augment", in_words(self.augment)))
        if self.cache is not None:
            rows.append(("cache", in_words(self.cache)))
        rows.append(("place", self._place()))
        skipped = len(self._tally.skipped)
        if skipped:
            rows.append(("left out", f"{skipped:,}; `skipped` names all"))
        return rows

    def _pictures(self, counts: Mapping[str, ClassCounts]) -> str:
        files = self._contents.known_files
        if files is None:
            return f"not listed yet, from: {in_words(self._contents.given_files)}"
        words = f"{len(files):,}"
        if set(counts) == {""}:
            words += f" {_spread(counts[''])}"
            without = len(files) - sum(counts[""].values())
            if without > 0 and self.label_mode != "multi_label":
                words += f"; {without:,} are of none of them"
        return words

    def _batches(self) -> str:
        order = f"in a new order each epoch (seed {self.seed})" if self.shuffle else "as listed"
        count = self._batch_count()
        words = f"of {self.batch_size}" if count is None else f"{count:,} of {self.batch_size}"
        plan = self._contents.known_plan
        if plan is not None and plan.shard_count > 1:
            words += f", part {plan.shard_index + 1} of {plan.shard_count} of each"
        return f"{words}, {order}"

    def _batch_count(self) -> int | None:
        plan = self._contents.known_plan
        if plan is not None:
            return len(plan)
        files = self._contents.known_files
        return None if files is None else -(-len(files) // self.batch_size)

    def _place(self) -> str:
        epoch, _ = self._handover.position
        given = self._handover.places_given
        total = self._batch_count() or 0
        if not given or given >= total:
            return f"epoch {epoch + 1 + (given > 0)} comes next"
        return f"in epoch {epoch + 1}, after {given:,} of its {total:,} batches"


def _labels_in_words(mode: Any) -> str:
    if mode is None:
        return "none"
    if not isinstance(mode, Mapping):
        return str(mode)
    return ", ".join(f"{printable(str(output))}: {kind}" for output, kind in mode.items())


def _spread(counts: ClassCounts) -> str:
    """How many classes, and of how many pictures each.

    Example:
        >>> _spread({"cat": 3, "dog": 1})
        'of 2 classes, 1 to 3 of each'
    """
    fewest, most = min(counts.values(), default=0), max(counts.values(), default=0)
    each = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return f"of {counted(len(counts), 'class', 'classes')}, {each} of each"


def _rows_of(counts: ClassCounts) -> Sequence[tuple[str, str]]:
    """The table of classes: the first ones by number, and how many more there are."""
    rows = [(printable(str(name)), f"{count:,}") for name, count in counts.items()]
    hidden = list(counts.values())[SHOWN_CLASSES:]
    if not hidden:
        return rows
    return [*rows[:SHOWN_CLASSES], (f"and {len(hidden):,} more", f"{sum(hidden):,}")]
