"""What is streamed: the files, their labels, and the plan of batches; listed once, when needed."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .forks import renew_after_fork
from .labels import ClassLabels
from .order import BatchPlan, Keys, keys_of_places, occurrences, random_keys

__all__ = ["Contents"]


class Contents:
    """Files and what they are to be learnt as, in batches.

    Nothing is listed before the first of `files`, `plan` and `labels` is asked for.

    Args:
        files: Any iterable of files; see `StreamingSequence`.
        labels: Mapping of file id to label, or labels in the order of `files`, or None.
        label_mode: One of `labels.LABEL_MODES`.
        class_names: Labels in the order of their numbers, or None. Then a list that carries
            `class_names`, as the parts of a split do, tells those of its files' labels.
        batch_size: Files a batch, all shards together.
        shuffle: Whether each epoch has an order of its own.
        seed: Of the order.
    """

    def __init__(
        self,
        files: Iterable[Any],
        *,
        labels: Any,
        label_mode: str | None,
        class_names: list[Any] | None,
        batch_size: int,
        shuffle: bool,
        seed: int,
    ) -> None:
        self._given_files: Iterable[Any] = files
        self._given_labels = labels
        self._label_mode = label_mode
        if class_names is None and labels is None:
            class_names = getattr(files, "class_names", None)
        self._given_class_names = class_names
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._files: tuple[Any, ...] = ()
        self._labels: ClassLabels | None = None
        self._plan: BatchPlan | None = None
        self.renew()
        renew_after_fork(self)

    def renew(self) -> None:
        """Makes the lock anew, which a thread of the parent may hold for ever."""
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        self._ensure_listed()  # a generator cannot be pickled, the files that it gave can
        state = dict(vars(self))
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.renew()
        renew_after_fork(self)

    @property
    def plan(self) -> BatchPlan:
        """Which files make up each batch of an epoch."""
        return self._ensure_listed()

    @property
    def files(self) -> tuple[Any, ...]:
        """The files, in the order given."""
        self._ensure_listed()
        return self._files

    @property
    def labels(self) -> ClassLabels | None:
        """The class of each file; None with `label_mode=None`."""
        self._ensure_listed()
        return self._labels

    @property
    def class_names(self) -> list[Any] | None:
        """Labels, in the order of their numbers."""
        labels = self.labels
        return self._given_class_names if labels is None else labels.names

    def _ensure_listed(self) -> BatchPlan:
        with self._lock:
            if self._plan is None:
                self._plan = self._list()
            return self._plan

    def _list(self) -> BatchPlan:
        """Lists the files and numbers their classes."""
        files = tuple(self._given_files)
        if not files:
            raise ValueError(
                "There are no files to stream. If `files` is a generator it may be used up: "
                "keep its files with `files = list(...)`."
            )
        if self._label_mode is not None:
            self._labels = ClassLabels.of(
                files,
                mode=self._label_mode,
                labels=self._given_labels,
                names=self._given_class_names,
            )
        self._files = files
        self._given_files = files
        id_keys = random_keys(file.id for file in files)
        counts = occurrences(id_keys)
        file_keys = keys_of_places(id_keys, counts)
        has_blocks = any(getattr(file, "block", None) is not None for file in files)
        return BatchPlan(
            file_keys,
            _block_keys(files, counts) if has_blocks else file_keys,
            self._batch_size,
            self._shuffle,
            self._seed,
        )

    def shard(self, index: int, count: int) -> Contents:
        """The part of each batch that the `index`-th of `count` processes reads."""
        part = copy.copy(self)
        part._plan = replace(self.plan, shard_index=index, shard_count=count)
        return part

    def state(self, epoch: int, batches_trained: int) -> dict[str, Any]:
        """A place in a run, and what must be unchanged for it to mean the same."""
        keys = self.plan.file_keys
        if self._shuffle:
            keys = np.sort(keys)
        return {
            "epoch": int(epoch),
            "batches_trained": int(batches_trained),
            "seed": self._seed,
            "shuffle": self._shuffle,
            "batch_size": self._batch_size,
            "files": len(keys),
            "fingerprint": hashlib.blake2b(keys.tobytes(), digest_size=16).hexdigest(),
        }

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Refuses the state of other batches.

        Raises:
            ValueError: Files, seed, shuffle or batch size differ.
        """
        here = self.state(state["epoch"], state["batches_trained"])
        changed = [
            f"`{name}` was {state.get(name)} and is {here[name]}"
            for name in here
            if here[name] != state.get(name)
        ]
        if changed:
            raise ValueError(
                f"This state belongs to other batches: {', '.join(changed)}. Load "
                f"`sequence.state_dict({state['epoch']}, 0)` to begin that epoch anew."
            )


def _block_keys(files: tuple[Any, ...], counts: npt.NDArray[np.intp]) -> Keys:
    """The keys of the blocks that files lie in; a repeated file is in its block once more."""
    return keys_of_places(random_keys(_block_name(file) for file in files), counts)


def _block_name(file: Any) -> Any:
    """The block of a file; a file without one is a block by itself."""
    block = getattr(file, "block", None)
    return file.id if block is None else block
