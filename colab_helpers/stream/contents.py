"""What is streamed: files, what they are learnt as, and the plan of batches; listed when needed."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .balance import Balance
from .checks import check_whole_number
from .class_counts import ClassCounts, counts_of_labels, counts_of_targets
from .forks import renew_after_fork
from .keys import Keys, keys_of_places, occurrences, random_keys
from .labels import CLASS_MODES
from .messages import shortened
from .order import BatchPlan
from .targets import Targets
from .targets_wanted import TargetsWanted

__all__ = ["Contents"]


class Contents:
    """Files and what they are to be learnt as, in batches.

    Nothing is listed before the first of `files`, `plan` and `targets` is asked for.

    Args:
        files: Any iterable of files; see `StreamingSequence`.
        wanted: What they are to be learnt as. A list that carries `class_names`, as the parts of
            a split do, tells those of its files' labels.
        batch_size: Files a batch, all shards together.
        shuffle: Whether each epoch has an order of its own.
        seed: Of the order.
        balanced: Whether each epoch draws each class alike.
    """

    def __init__(
        self,
        files: Iterable[Any],
        *,
        wanted: TargetsWanted,
        batch_size: int,
        shuffle: bool,
        seed: int,
        balanced: bool,
    ) -> None:
        self._given_files: Iterable[Any] = files
        self._wanted = wanted
        self._names_of_list = getattr(files, "class_names", None)
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._seed = seed
        self._balanced = balanced
        self._files: tuple[Any, ...] = ()
        self._targets: Targets | None = None
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
    def targets(self) -> Targets:
        """What each file is learnt as."""
        self._ensure_listed()
        return cast(Targets, self._targets)

    # What is known at any time, without listing

    @property
    def known_plan(self) -> BatchPlan | None:
        """The plan of batches; None where nothing was listed yet."""
        return self._plan

    @property
    def known_files(self) -> Sequence[Any] | None:
        """The files; None where they are still to be listed."""
        if self._plan is not None:
            return self._files
        return self._given_files if isinstance(self._given_files, (list, tuple)) else None

    @property
    def known_counts(self) -> dict[str, ClassCounts]:
        """Pictures by class, by output; none where that is not known."""
        if self._plan is not None and self._targets is not None:
            return counts_of_targets(self._targets)
        wanted = self._wanted
        labels_are_at_hand = isinstance(wanted.labels, (type(None), Mapping, list, tuple))
        if not (self.known_files and wanted.label_mode in CLASS_MODES and labels_are_at_hand):
            return {}
        names = wanted.class_names
        if names is None and wanted.labels is None:
            names = self._names_of_list
        return {"": counts_of_labels(self.known_files, wanted.labels, names, self._names_of_list)}

    @property
    def given_files(self) -> Iterable[Any]:
        """What is to be listed, or was."""
        return self._given_files

    def _ensure_listed(self) -> BatchPlan:
        with self._lock:
            if self._plan is None:
                self._plan = self._list()
            return self._plan

    def _list(self) -> BatchPlan:
        """Lists the files and finds what they are learnt as."""
        files = _checked_files(self._given_files)
        if not files:
            raise ValueError(
                "There are no files to stream. If `files` is a generator it may be used up: "
                "keep its files with `files = list(...)`."
            )
        self._targets = self._wanted.of(files, self._names_of_list)
        self._files = files
        self._given_files = files
        id_keys = random_keys(file.id for file in files)
        counts = occurrences(id_keys)
        file_keys = keys_of_places(id_keys, counts)
        balance = None
        if self._balanced:
            balance = Balance.of(self._targets.classes, file_keys, self._seed)
        has_blocks = any(getattr(file, "block", None) is not None for file in files)
        return BatchPlan(
            file_keys,
            _block_keys(files, counts) if has_blocks else file_keys,
            self._batch_size,
            self._shuffle,
            self._seed,
            balance,
        )

    def shard(self, index: int, count: int) -> Contents:
        """The part of each batch that the `index`-th of `count` processes reads."""
        part = copy.copy(self)
        part._plan = replace(self.plan, shard_index=index, shard_count=count)
        return part

    def state(self, epoch: int, batches_trained: int) -> dict[str, Any]:
        """A place in a run, and what must be unchanged for it to mean the same."""
        check_whole_number("epoch", epoch, least=0)
        check_whole_number("batches_trained", batches_trained, least=0)
        balance = self.plan.balance
        state = {
            "epoch": int(epoch),
            "batches_trained": int(batches_trained),
            "seed": self._seed,
            "shuffle": self._shuffle,
            "batch_size": self._batch_size,
            "files": len(self.plan.file_keys),
            "fingerprint": self._fingerprint(),
        }
        return state if balance is None else {**state, "balanced": True}

    def _fingerprint(self) -> str:
        """Marks what the order of an epoch hangs on beside the seed: files, classes, blocks."""
        plan = self.plan
        keys = plan.file_keys
        if self._shuffle:
            order = np.argsort(keys) if plan.balance is None else plan.balance.circles
            keys = keys[order]
            if plan.balance is not None:
                keys = np.r_[keys, plan.balance.sizes.astype(np.uint64)]
            if plan.has_blocks:
                keys = np.r_[keys, plan.block_keys[order]]
        return hashlib.blake2b(keys.tobytes(), digest_size=16).hexdigest()

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Refuses the state of other batches.

        Raises:
            ValueError: Files, their blocks, seed, shuffle or batch size differ, or it is no state.
        """
        if not (isinstance(state, Mapping) and {"epoch", "batches_trained"} <= state.keys()):
            raise ValueError(
                "`state` must be what `sequence.state_dict(epoch, batches_trained)` gave. "
                f"Received: {shortened(state)}"
            )
        here = {"balanced": False, **self.state(state["epoch"], state["batches_trained"])}
        there = {"balanced": False, **state}
        changed = [
            f"`{name}` was {there.get(name)} and is {here[name]}"
            for name in here
            if here[name] != there.get(name)
        ]
        if changed:
            raise ValueError(
                f"This state belongs to other batches: {', '.join(changed)}. Load "
                f"`sequence.state_dict({state['epoch']}, 0)` to begin that epoch anew."
            )


def _checked_files(given: Any) -> tuple[Any, ...]:
    """The files that were given.

    Raises:
        ValueError: They are none, such as paths.
    """
    if isinstance(given, Iterable):
        files = tuple(given)
        other = next((file for file in files if not hasattr(file, "id")), None)
        if other is None and None not in files:
            return files
        received = f"{type(given).__name__} with {shortened(other)} in it"
    else:
        received = type(given).__name__
    raise ValueError(
        "`files` must be a list of files with `id` and `name`, such as "
        f"`list(drive.list_images(folder))`. Received: {received}"
    )


def _block_keys(files: tuple[Any, ...], counts: npt.NDArray[np.intp]) -> Keys:
    """The keys of the blocks that files lie in; a repeated file is in its block once more."""
    return keys_of_places(random_keys(_block_name(file) for file in files), counts)


def _block_name(file: Any) -> Any:
    """The block of a file; a file without one is a block by itself."""
    block = getattr(file, "block", None)
    return file.id if block is None else block
