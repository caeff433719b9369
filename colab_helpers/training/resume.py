"""`ResumeTraining`: a run that was killed goes on where its last checkpoint was.

What `fit` calls, in this order, and what is done then (read in the trainers of Keras 3.15,
https://github.com/keras-team/keras/tree/v3.15.0/keras/src/backend):

- `on_train_begin`: the newest checkpoint is read, and files of kept callbacks are put back. `fit`
  takes the epoch to begin with from `model._initial_epoch` right after this, as
  `keras.callbacks.BackupAndRestore` also uses it. Where the checkpoint was made between epochs,
  the variables are restored here: callbacks do their part for the next epoch on top of them.
- `on_epoch_begin`: history and kept callbacks get back what they knew, after all callbacks have
  had their `on_train_begin`, which resets them. The sequence is told its place, just before
  `fit` calls the sequence's own `on_epoch_begin`.
- `on_train_batch_begin`, before each step: only now has every callback done its part for the
  epoch (LearningRateScheduler) and for the step before. So here a checkpoint is made, and here,
  before the first step, the variables of such a checkpoint are restored.
- the sequence's `on_epoch_end`, then validation.
- `on_test_begin`: validation has begun, so the epoch's steps are done.
- `on_epoch_end`: the epoch's last step is counted. No checkpoint: callbacks that come later in
  the list have not yet seen the epoch's result.
- `on_train_end`: the last checkpoint, of a run that is over: more epochs may follow it, in another
  `fit`. After an error or an interrupt, `fit` does not call it.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras

from . import processes
from .checkpoint import Checkpoint, Place, shapes_of
from .drive_copy import CheckpointDrive
from .kept_callback import KeptCallback, restore_callbacks
from .kept_files import KeptFiles
from .keras_logs import Logs
from .learning_rate import LearningRate
from .short_epoch import ShortEpoch
from .state import (
    ResumableSequence,
    arrays_of,
    build_variables,
    class_names_of,
    restore_history,
    restore_variables,
    variables_of,
)
from .store import CheckpointStore

__all__ = ["ResumeTraining"]


@dataclass
class EpochProgress:
    """How far an epoch is, in batches from its own first; those trained before a kill count too.

    Attributes:
        epoch: Its number, from 0.
        first: The batch with which `fit` began: not 0 when the epoch was resumed in its middle.
        trained: Batches that are trained.
        saved: Batches that were trained when the last checkpoint was made.
    """

    epoch: int
    first: int = 0
    trained: int = 0
    saved: int = 0


class ResumeTraining(keras.callbacks.Callback):
    """Goes on where the last checkpoint was, also in mid-epoch, when the same cell is run again.

    A checkpoint holds all that the next step depends on: weights, optimizer, the states of all
    seeds in the model (Dropout, augmentation layers), metrics, history, epoch and place in it. So a
    run that was killed and run again ends with the weights of one that was left alone. The order of
    batches is the sequence's: see its `seed`. On torch, Keras's Dropout draws from torch's own
    generator, whose state is not kept: there it draws others.

    A learning rate that you changed before going on is taken, and said. A warning says where
    classes have other numbers than in the checkpoint.

    Example:
        ```python
        stopper = keras.callbacks.EarlyStopping(patience=3)
        resume = ResumeTraining(train, "results/run1", drive=drive, keep=[stopper])
        model.fit(train, validation_data=val, epochs=20, callbacks=[stopper, resume])
        ```

    Args:
        sequence: The `StreamingSequence` that `fit` trains on, `steps_per_epoch` not given.
        folder: Local folder for the checkpoints, one for each run; made where missing.
        save_freq: Batches between checkpoints, or "epoch". There is one at the start of each epoch
            in any case.
        drive: A `Drive` or `LocalFolder` that the newest checkpoint is uploaded to, in the
            background; with no whole one in `folder`, as on a fresh machine, it is fetched from
            there. A relative `folder` is the path on the Drive too; of an absolute one its last
            name is. Of several processes (`keras.distribution` on JAX), the first writes and reads
            checkpoints, and hands the others what it read.
        keep: Callbacks whose state is restored too, such as EarlyStopping, ReduceLROnPlateau,
            ModelCheckpoint. What they were told when they were made stays as they are told now. The
            file that a ModelCheckpoint writes (of several, by a template, the last) and the table
            of a `CSVLogger(append=True)` go with the checkpoints, to Drive too, and are put back
            where they are missing; other files are not. In `callbacks`, put ResumeTraining after
            them.

    Raises:
        ValueError: `save_freq` is not one of those allowed. When training begins: the checkpoint
            is of another model or a later version, or `fit` was given `steps_per_epoch`.
    """

    _learning_rate: LearningRate  # of the run that was begun last

    def __init__(
        self,
        sequence: ResumableSequence,
        folder: str | Path,
        *,
        save_freq: int | Literal["epoch"] = 100,
        drive: CheckpointDrive | None = None,
        keep: Iterable[keras.callbacks.Callback] = (),
    ) -> None:
        super().__init__()
        is_count = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (is_count and save_freq >= 1):
            raise ValueError(
                '`save_freq` must be "epoch" or a number of batches, 1 or more. '
                f"Received: {save_freq!r}"
            )
        if not hasattr(sequence, "load_state_dict"):
            raise ValueError(
                "`sequence` must be the `StreamingSequence` that `fit` trains on. "
                f"Received: {type(sequence).__name__}"
            )
        self.sequence = sequence
        self.folder = Path(folder)
        self.save_freq = save_freq
        self.drive_folder = _path_on_drive(self.folder)
        self.keep = _checked_callbacks(keep)
        self._kept = [KeptCallback(callback) for callback in self.keep]
        self._kept_files = KeptFiles(self.keep)
        self._store = CheckpointStore(self.folder, drive, self.drive_folder, self._kept_files)
        self._short_epoch = ShortEpoch()
        self._forget_run()

    def _forget_run(self) -> None:
        """Sets what is known of a run before it begins."""
        # Batches of a whole epoch; the sequence's length may be less in an epoch that is resumed.
        self._batches_in_epoch = 0
        # What was read, until all of it is restored; None in a run from the start.
        self._to_restore: Checkpoint | None = None
        # Of the epoch that was begun last; None as long as `fit` has begun none.
        self._progress: EpochProgress | None = None

    def __repr__(self) -> str:
        """Where checkpoints go, and how far the run is; no checkpoint is looked at for it."""
        frequency = "epoch" if self.save_freq == "epoch" else f"{self.save_freq:,} batches"
        words = f"ResumeTraining({str(self.folder)!r}), a checkpoint every {frequency}"
        if self._store.is_copied:
            words += f", copied to {self.drive_folder!r} on the Drive"
        if self.keep:
            kinds = ", ".join(type(callback).__name__ for callback in self.keep)
            words += f", with the state of {kinds}"
        progress = self._progress
        if progress is None:
            return f"{words}: nothing is trained here yet"
        return (
            f"{words}: in epoch {progress.epoch + 1}, after {progress.trained:,} of its "
            f"{self._batches_in_epoch:,} batches"
        )

    # What Keras calls

    def set_model(self, model: keras.Model) -> None:
        """Looks at the kept callbacks, before `on_train_begin` of any callback."""
        super().set_model(model)
        for kept in self._kept:
            kept.note_before_fit()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Reads the newest checkpoint, and tells `fit` with which epoch to begin."""
        self._short_epoch.end()  # of a run that was interrupted
        self._kept_files.begin()
        self._forget_run()
        self._batches_in_epoch = len(self.sequence)
        self._check_steps()
        build_variables(self.model, self.sequence)
        self._learning_rate = LearningRate(self.model)
        checkpoint = self._store.newest()
        if checkpoint is None:
            return
        self._check_model(checkpoint)
        _compare_classes(checkpoint.class_names, class_names_of(self.sequence))
        self._store.bring_files_back()
        if checkpoint.stopped or checkpoint.place["epoch"] >= self.params["epochs"]:
            self._train_nothing(checkpoint)
        else:
            self._go_on(checkpoint)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Restores history and callbacks, and tells the sequence its place."""
        first = 0
        if self._to_restore is not None:
            first = self._to_restore.place["batches_trained"]
            self._restore_callbacks(self._to_restore)
        self._progress = EpochProgress(epoch, first=first, trained=first, saved=first)
        self.sequence.load_state_dict(self.sequence.state_dict(epoch, first))

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Restores the variables, before the first step; makes a checkpoint, where one is due."""
        progress = self._progress
        if progress is None:
            return
        progress.trained = progress.first + batch
        if self._to_restore is not None:
            if not self._to_restore.between_epochs:
                self._begin_where_it_was(self._to_restore, in_mid_epoch=progress.first > 0)
            self._to_restore = None
        elif progress.trained >= self._batches_in_epoch:
            self._short_epoch.no_step_comes(self.model)
        elif batch == 0 or self._is_due(progress):
            self._save(progress.epoch, progress.trained)
            progress.saved = progress.trained
        left = self._batches_in_epoch - progress.trained
        if progress.first > 0 and 0 < left <= self.model.steps_per_execution:
            self._short_epoch.last_step_comes(self.model)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Notes that the steps of an epoch are done."""
        self._short_epoch.end()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Counts the step that was the epoch's last."""
        self._short_epoch.end()
        progress = self._progress
        if progress is not None:
            trained = progress.trained + self.model.steps_per_execution
            progress.trained = min(trained, self._batches_in_epoch)

    def on_train_end(self, logs: Logs = None) -> None:
        """Makes the last checkpoint, and waits until it is on Drive."""
        progress = self._progress
        if progress is None:
            self._end_without_training()
        elif progress.trained < self._batches_in_epoch:
            self._save(progress.epoch, progress.trained)
        else:
            stopped = self.model.stop_training
            self._save(progress.epoch + 1, 0, stopped=stopped, between_epochs=True)
        self._store.wait()

    # Going on

    def _check_steps(self) -> None:
        if self.params["steps"] != self._batches_in_epoch:
            raise ValueError(
                "ResumeTraining needs the sequence that `fit` is given, and no `steps_per_epoch`. "
                f"Received: {self._batches_in_epoch} batches; `fit` has {self.params['steps']}"
            )

    def _check_model(self, checkpoint: Checkpoint) -> None:
        if shapes_of(checkpoint.variables) != shapes_of(variables_of(self.model)):
            raise ValueError(
                f"The checkpoint in '{self.folder}' is of another model or optimizer: the shapes "
                "of its variables differ. Give each model a folder of its own, or build the model "
                "as it was."
            )

    def _train_nothing(self, checkpoint: Checkpoint) -> None:
        """Leaves the model as it was when the run ended; `on_train_end` restores the callbacks."""
        epochs = self.params["epochs"]
        self._to_restore = checkpoint
        self.model._initial_epoch = epochs
        self._restore_variables(checkpoint, in_mid_epoch=True)
        why = f"all {epochs} epochs are done"
        if checkpoint.stopped:
            why = "a callback stopped the run"
        print(
            f"Nothing is left to train: {why}. For a new run, give another folder than "
            f"'{self.folder}'."
        )

    def _end_without_training(self) -> None:
        # Not before: the callbacks after this one reset themselves in `on_train_begin`.
        if self._to_restore is not None:
            self._restore_callbacks(self._to_restore)

    def _go_on(self, checkpoint: Checkpoint) -> None:
        place = _place_now(self.sequence, checkpoint.place)
        self._to_restore = dataclasses.replace(checkpoint, place=place)
        self.model._initial_epoch = place["epoch"]
        self._learning_rate.compare(checkpoint)
        if checkpoint.between_epochs:
            self._begin_where_it_was(checkpoint, in_mid_epoch=False)
        print(
            f"Going on in epoch {place['epoch'] + 1} of {self.params['epochs']}, after "
            f"{place['batches_trained']} of its {self._batches_in_epoch} batches."
        )

    def _begin_where_it_was(self, checkpoint: Checkpoint, *, in_mid_epoch: bool) -> None:
        with self._learning_rate.kept_where_changed():
            self._restore_variables(checkpoint, in_mid_epoch=in_mid_epoch)

    def _restore_variables(self, checkpoint: Checkpoint, *, in_mid_epoch: bool) -> None:
        groups = ["model", "optimizer"]
        if in_mid_epoch:
            groups.append("metrics")  # at an epoch's start `fit` has just reset them
        restore_variables(self.model, checkpoint.variables, groups)

    def _restore_callbacks(self, checkpoint: Checkpoint) -> None:
        place = checkpoint.place
        done = [epoch for epoch in checkpoint.epochs if epoch < place["epoch"]]
        restore_history(self.model.history, done, checkpoint.history)
        learned = self._kept_files.without_lost_scores(checkpoint.learned)
        restore_callbacks(self._kept, learned)
        self.model._initial_epoch = None  # the next `fit` of this model decides for itself

    # Checkpoints

    def _is_due(self, progress: EpochProgress) -> bool:
        if self.save_freq == "epoch":
            return False  # the one at the epoch's start is made in any case
        return progress.trained - progress.saved >= self.save_freq

    def _save(
        self,
        epoch: int,
        batches_trained: int,
        *,
        stopped: bool = False,
        between_epochs: bool = False,
    ) -> None:
        if not processes.is_first():
            return
        history = self.model.history
        checkpoint = Checkpoint(
            serial=self._store.next_serial,
            stopped=bool(stopped),
            place=self.sequence.state_dict(epoch, batches_trained),
            variables=arrays_of(variables_of(self.model)),
            epochs=history.epoch,
            history=history.history,
            learned=[kept.learned() for kept in self._kept],
            learning_rate=self._learning_rate.at_begin,
            between_epochs=between_epochs,
            class_names=class_names_of(self.sequence),
        )
        self._store.save(checkpoint)


def _path_on_drive(folder: Path) -> str:
    """A relative path is one on the Drive too; of an absolute one, only the last name is."""
    if folder.is_absolute():
        return folder.name
    return folder.as_posix()


def _compare_classes(before: Any, now: Any) -> None:
    """Warns where the numbers of classes mean something else than what the model has learnt."""
    if None in (before, now) or before == now:
        return
    warnings.warn(
        f"The classes were {before!r:.200} in the checkpoint, and are {now!r:.200}: what the model "
        "has learnt of a number is of the class before. Where classes were only renamed in their "
        "order, there is nothing to do. Else give `class_names` as they were, or another folder.",
        stacklevel=3,
    )


def _place_now(sequence: ResumableSequence, place: Place) -> Place:
    """The place itself, or the start of its epoch if the place means something else by now."""
    now = sequence.state_dict(place["epoch"], place["batches_trained"])
    changed = _changed(place, now)
    if place["batches_trained"] >= len(sequence) > 0:
        changed.append(f"batches an epoch {place['batches_trained']} or more -> {len(sequence)}")
    if not changed:
        return place
    print(
        f"The batches are not those of the checkpoint ({', '.join(changed)}). So epoch "
        f"{place['epoch'] + 1} begins anew, with the files as they are now; weights, optimizer "
        "and history are kept."
    )
    return sequence.state_dict(place["epoch"], 0)


def _changed(before: Place, now: Place) -> list[str]:
    """What of a place is different now, in words."""
    return [
        f"{name} {before.get(name)!r:.50} -> {value!r:.50}"
        for name, value in now.items()
        if value != before.get(name)
    ]


def _checked_callbacks(keep: Any) -> list[keras.callbacks.Callback]:
    """The callbacks that are kept, as a list.

    Raises:
        ValueError: One of them is none, such as a class in place of what it makes.
    """
    callbacks = list(keep) if isinstance(keep, Iterable) else [None]
    if all(isinstance(callback, keras.callbacks.Callback) for callback in callbacks):
        return callbacks
    raise ValueError(
        f"`keep` must be a list of callbacks, such as [EarlyStopping()]. Received: keep={keep!r}"
    )
