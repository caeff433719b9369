"""Two callbacks for `model.fit`: one that lets a killed run go on, one that tells whether it waits for data.

Example:
    >>> import tempfile
    >>> import keras, numpy as np
    >>> from colab_helpers.training import ResumeTraining
    >>> class Batches(keras.utils.PyDataset):           # stands in for a StreamingSequence
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, k):
    ...         return np.full((2, 3), k, "float32"), np.zeros((2, 1), "float32")
    ...     def state_dict(self, epoch, batches_trained):
    ...         return {"epoch": epoch, "batches_trained": batches_trained}
    ...     def load_state_dict(self, state):
    ...         pass
    >>> sequence, folder = Batches(), tempfile.mkdtemp() + "/run1"
    >>> model = keras.Sequential([keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> history = model.fit(sequence, epochs=2, verbose=0, callbacks=[ResumeTraining(sequence, folder)])
    >>> again = model.fit(sequence, epochs=2, verbose=0, callbacks=[ResumeTraining(sequence, folder)])
    Nothing is left to train: all 2 epochs are done. For a new run, give another folder than '...'.
    >>> again.history == history.history
    True
"""

import io
import json
import os
import shutil
import threading
import time
import warnings
from pathlib import Path

import keras
import numpy as np

ON_DRIVE = "checkpoint.npz"  # the newest, uploaded whole; locally there are two, written in turn


class ResumeTraining(keras.callbacks.Callback):
    """Goes on where the last checkpoint was, also in the middle of an epoch, when the same cell is run again.

    A checkpoint holds all that the next step depends on: weights, optimizer, the states of all seeds in the model
    (Dropout, augmentation layers), metrics, history, epoch and place in it. So a run that was killed and run
    again ends with the weights of one that was left alone. The order of batches is the sequence's: see its `seed`.

    Example:
        stopper = keras.callbacks.EarlyStopping(patience=3)
        resume = ResumeTraining(train, "results/run1", drive=drive, keep=[stopper])
        model.fit(train, validation_data=val, epochs=20, callbacks=[stopper, resume])

    Args:
        sequence: The `StreamingSequence` that `fit` trains on, `steps_per_epoch` not given.
        folder: Local folder for the checkpoints, one for each run; made where missing.
        save_freq: Batches between checkpoints, or "epoch". There is one at the start of each epoch in any case.
        drive: A `Drive` or `LocalFolder` that the newest checkpoint is uploaded to, in the background; on a fresh
            machine, with `folder` empty, it is fetched from there. A relative `folder` is the path on the Drive
            too; of an absolute one its last name is. Of several processes (`keras.distribution` on JAX), the first
            writes and reads checkpoints, and hands the others what it read.
        keep: Callbacks whose state is restored too, such as EarlyStopping, ReduceLROnPlateau, ModelCheckpoint.
            In `callbacks`, put ResumeTraining after them.

    Raises:
        ValueError: An argument is not one of the allowed; when training begins: the checkpoint is of another model.
    """

    def __init__(self, sequence, folder, *, save_freq=100, drive=None, keep=()):
        super().__init__()
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 1):
            raise ValueError(
                f'`save_freq` must be "epoch" or a number of batches, 1 or more. Received: {save_freq!r}'
            )
        self.sequence, self.folder, self.save_freq, self.drive = (
            sequence,
            Path(folder),
            save_freq,
            drive,
        )
        self.drive_folder = (
            self.folder.name if self.folder.is_absolute() else self.folder.as_posix()
        )
        self.keep = list(keep)
        self._as_made = [
            dict(vars(callback)) for callback in self.keep
        ]  # what differs later was learned in training
        self._serial = 0
        self._lock, self._sender = threading.Lock(), None

    def on_train_begin(self, logs=None):
        self._total, self._epoch, self._quiet = len(self.sequence), None, None
        if self.params["steps"] != self._total:
            raise ValueError(
                "ResumeTraining needs the sequence that `fit` is given, and no `steps_per_epoch`. "
                f"Received: {self._total} batches; `fit` has {self.params['steps']}"
            )
        self._build()
        self._found = _from_first_process(self._newest)
        if self._found is None:
            return
        header, epochs = self._found[0], self.params["epochs"]
        if header["shapes"] != self._shapes():
            raise ValueError(
                f"The checkpoint in '{self.folder}' is of another model: the shapes of its variables differ. "
                "Give each model a folder of its own, or build the model as it was."
            )
        if header["stopped"] or header["place"]["epoch"] >= epochs:
            self.model._initial_epoch = epochs
            self._restore_variables()
            why = (
                "a callback stopped the run"
                if header["stopped"]
                else f"all {epochs} epochs are done"
            )
            print(
                f"Nothing is left to train: {why}. For a new run, give another folder than '{self.folder}'."
            )
            return
        place = header["place"] = self._here(header["place"])
        self.model._initial_epoch = place["epoch"]  # as keras.callbacks.BackupAndRestore does
        print(
            f"Going on in epoch {place['epoch'] + 1} of {epochs}, after {place['batches_trained']} of its "
            f"{self._total} batches."
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._start = epoch, 0
        if self._found is not None:
            self._start = self._found[0]["place"]["batches_trained"]
            self._restore_callbacks()
            self.model._initial_epoch = None
        if self._start:
            self._quiet = warnings.catch_warnings()
            self._quiet.__enter__()
            warnings.filterwarnings(
                "ignore", message="Your input ran out of data"
            )  # an epoch's rest is short
        self._trained = self._saved = self._start
        self.sequence.load_state_dict(self.sequence.state_dict(epoch, self._start))

    def on_train_batch_begin(self, batch, logs=None):
        # Only now has every callback done its part for the epoch and for the batch before: here a checkpoint is
        # made, and here it is restored.
        self._trained = self._start + batch
        if self._found is not None:
            self._restore_variables(metrics=self._start > 0)
            self._found = None
        elif self._trained >= self._total:
            self._leave_out_a_step()
        elif batch == 0 or self._due():
            self._save(self._epoch, self._trained)

    def on_epoch_end(self, epoch, logs=None):
        if self._quiet is not None:
            self._quiet.__exit__(None, None, None)
            self._quiet = None
        self._trained = min(self._trained + self.model.steps_per_execution, self._total)

    def on_train_end(self, logs=None):
        if self._epoch is None:  # there was nothing left to train
            if self._found is not None:
                self._restore_callbacks()
                self.model._initial_epoch = None
        elif self._trained < self._total:
            self._save(self._epoch, self._trained)
        else:
            self._save(self._epoch + 1, 0, stopped=self.model.stop_training)
        sender = self._sender
        if sender is not None:
            sender.join()

    def _leave_out_a_step(self):
        """Ends an epoch of which only the rest was trained, before the step that Keras believes is next.

        Begun without data, that step would fail, but not without counting on in seeds and optimizer.
        """
        model, step = self.model, self.model.train_function

        def no_step(*state_and_iterator):  # on JAX, the state comes first
            model.train_function = step
            raise StopIteration

        model.train_function = no_step

    def _due(self):
        return self.save_freq != "epoch" and self._trained - self._saved >= self.save_freq

    def _here(self, place):
        """The place in the sequence's own terms; the start of its epoch if the place means something else now."""
        now = self.sequence.state_dict(place["epoch"], place["batches_trained"])
        changed = [
            f"{name} {place.get(name)} -> {now[name]}"
            for name in now
            if now[name] != place.get(name)
        ]
        if not changed:
            return place
        print(
            f"The batches are not those of the checkpoint ({', '.join(changed)}). So epoch {place['epoch'] + 1} begins "
            "anew, with the files as they are now; weights, optimizer and history are kept."
        )
        return self.sequence.state_dict(place["epoch"], 0)

    # What a checkpoint holds

    def _build(self):
        """Makes all variables exist that training will change; Keras makes some only in the first step."""
        model = self.model
        if not all(
            getattr(part, "built", True) for part in (model, model.optimizer, *model.metrics)
        ):
            batch = self.sequence[0]
            model.test_on_batch(*batch if isinstance(batch, tuple) else (batch,))
            model.optimizer.build(model.trainable_variables)

    def _variables(self):
        model = self.model
        metrics = [variable for metric in model.metrics for variable in metric.variables]
        return {
            "model": model.variables,
            "optimizer": model.optimizer.variables,
            "metrics": metrics,
        }

    def _shapes(self):
        return {
            name: [list(variable.shape) for variable in group]
            for name, group in self._variables().items()
        }

    def _restore_variables(self, metrics=True):
        arrays = iter(self._found[1])
        for name, group in self._variables().items():
            for variable, array in zip(group, arrays):
                if metrics or name != "metrics":
                    variable.assign(array)

    def _restore_callbacks(self):
        header, arrays = self._found
        epochs = _unpack(header["epochs"], arrays)
        done = sum(epoch < header["place"]["epoch"] for epoch in epochs)
        history = self.model.history
        history.epoch = epochs[:done]
        history.history.clear()
        history.history.update(
            {name: values[:done] for name, values in _unpack(header["history"], arrays).items()}
        )
        for callback, state in zip(self.keep, header["keep"]):
            vars(callback).update(_unpack(state, arrays))

    def _learned(self, callback, as_made, arrays):
        """What a callback knows by now; not what it was told when it was made, which the user may change."""
        state = {}
        for name, value in vars(callback).items():
            plain = isinstance(value, (bool, int, float, str, type(None)))
            if name not in ("params", "_model") and not (
                plain and as_made.get(name, self) == value
            ):
                try:
                    state[name] = _pack(value, arrays)
                except TypeError:
                    pass  # a function, a file: made anew by the callback
        return {"dict": state}

    def _save(self, epoch, batches_trained, stopped=False):
        self._saved = batches_trained
        if not _is_first_process():
            return
        arrays = [_array(variable) for group in self._variables().values() for variable in group]
        history = self.model.history
        header = {
            "serial": self._serial + 1,
            "stopped": bool(stopped),
            "shapes": self._shapes(),
            "place": self.sequence.state_dict(epoch, batches_trained),
            "epochs": _pack(history.epoch, arrays),
            "history": _pack(history.history, arrays),
            "keep": [self._learned(*pair, arrays) for pair in zip(self.keep, self._as_made)],
        }
        path = self.folder / f"checkpoint-{header['serial'] % 2}.npz"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(path, lambda out: _dump(out, header, arrays))
        except OSError as error:
            warnings.warn(
                f"Could not write the checkpoint '{path}': {error}. Training goes on, and the next one is "
                "tried in its turn; the one before is whole.",
                stacklevel=2,
            )
            return
        self._serial += 1
        if self.drive is not None:
            self._upload(path)

    def _newest(self):
        """The newest checkpoint that is whole: (header, arrays), or None."""
        paths = [self.folder / f"checkpoint-{number}.npz" for number in (0, 1)]
        found = []
        if self.drive is not None and not any(path.exists() for path in paths):
            self._fetch(paths[0])
        for path in paths:
            try:
                found.append(_read(path))
            except FileNotFoundError:
                pass
            except Exception as error:  # np.load has many ways to say that a file is damaged
                print(
                    f"The checkpoint '{path}' is damaged ({error or type(error).__name__}), and is not used."
                )
        newest = max(found, key=lambda checkpoint: checkpoint[0]["serial"], default=None)
        self._serial = newest[0]["serial"] if newest else 0
        return newest

    # Drive

    def _fetch(self, path):
        try:
            data = self.drive.read(self.drive.find(f"{self.drive_folder}/{ON_DRIVE}"))
        except Exception as error:
            if (
                type(error).__name__ != "NotFoundError"
            ):  # that is the first run; anything else must not look like it
                raise
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(path, lambda out: out.write(data))

    def _upload(self, path):
        """Has the newest checkpoint sent; while one is being sent, only the newest of the others waits."""
        waiting = self.folder / "waiting.npz"
        with self._lock:
            waiting.unlink(missing_ok=True)
            try:
                os.link(
                    path, waiting
                )  # no copy, and still there when the checkpoint after the next replaces this
            except OSError:
                shutil.copyfile(path, waiting)
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send, args=(waiting,), name="ResumeTraining", daemon=True
                )
                self._sender.start()

    def _send(self, waiting):
        while True:
            with self._lock:
                if not waiting.exists():
                    self._sender = None
                    return
                os.replace(waiting, self.folder / ON_DRIVE)
            try:
                self.drive.upload(self.folder / ON_DRIVE, self.drive_folder)
            except Exception as error:
                print(
                    f"\nThe checkpoint in '{self.folder}' did not get to Drive: {error} Training goes on; the next "
                    "checkpoint is sent in its turn."
                )


class InputMeter(keras.callbacks.Callback):
    """Tells after each epoch how fast images came, whether training waited for them, and what to do about it.

    Example:
        meter = InputMeter(train)
        model.fit(train, epochs=3, callbacks=[meter])
        meter.history[-1]["images_per_second"]

    `history` holds a dict for each epoch: `epoch`, `images`, `seconds` (validation not counted), `images_per_second`,
    `waiting_share` (0 to 1, of `seconds`), `waiting` and `training` in seconds, `reading` and `decoding` in seconds
    summed over threads, and `advice`.

    Args:
        sequence: The `StreamingSequence` that `fit` trains on.
        verbose: Whether to print a line after each epoch.
    """

    async_safe = True  # Keras need not wait for the GPU at each batch on account of this callback

    def __init__(self, sequence, verbose=True):
        super().__init__()
        self.sequence, self.verbose, self.history = sequence, verbose, []

    def on_epoch_begin(self, epoch, logs=None):
        self._before = dict(self.sequence.stats)
        self._begun = self._ended = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self._ended = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        row = {name: value - self._before[name] for name, value in self.sequence.stats.items()}
        seconds = max(self._ended - self._begun, 1e-9)
        row |= {
            "epoch": epoch,
            "seconds": seconds,
            "images_per_second": row["images"] / seconds,
            "waiting_share": min(1.0, row["waiting"] / seconds),
            "training": max(0.0, seconds - row["waiting"]),
        }
        row["advice"] = self._advice(row)
        self.history.append(row)
        if self.verbose:
            print(
                f"\n{row['images_per_second']:.0f} images/s; {row['waiting_share']:.0%} of the time training waited for "
                f"them. {row['advice']}"
            )

    def _advice(self, row):
        cores, reads = os.cpu_count() or 1, self.sequence.reads
        if row["waiting_share"] < 0.1:
            return "Nothing to gain from faster input: the model is what takes the time."
        if row["decoding"] > 0.6 * cores * row["seconds"]:
            if self.sequence.cache is None:
                return "Decoding keeps the processor busy: a `PixelCache` spares it from the second epoch on."
            if row["cached"] < row["images"]:
                return "Decoding keeps the processor busy: epochs from the cache will be faster, or take smaller images."
            return "Augmentation keeps the processor busy: move it into the model, where the GPU does it."
        if row["reading"] < 0.6 * reads * row["seconds"]:
            return "Reads are few at a time, so Drive holds them back: pack the files into an archive, or cache them."
        if reads < 64:
            return (
                f"All {reads} reads are under way at all times: raise `reads`, or cache the files."
            )
        return f"All {reads} reads are under way at all times: pack the files into an archive, or cache them."


def _is_first_process():
    """Whether this is the first, or only, process of a run; in all of them, the variables are the same."""
    if keras.backend.backend() != "jax":
        return True
    import jax

    return jax.process_index() == 0


def _from_first_process(find):
    """What `find` returns in the first of all processes: their disks may differ, the place they go on from must not."""
    if keras.backend.backend() != "jax":
        return find()
    import jax
    from jax.experimental.multihost_utils import broadcast_one_to_all

    if jax.process_count() == 1:
        return find()
    out = io.BytesIO()
    if jax.process_index() == 0 and (found := find()):
        _dump(out, *found)
    size = int(broadcast_one_to_all(np.int32(out.tell())))
    data = np.zeros(size, np.uint8)
    data[: out.tell()] = np.frombuffer(out.getvalue(), np.uint8)
    return _read(io.BytesIO(np.asarray(broadcast_one_to_all(data)).tobytes())) if size else None


def _array(variable):
    array = np.asarray(keras.ops.convert_to_numpy(variable))
    return (
        array if array.dtype.isbuiltin == 1 else array.astype(np.float32)
    )  # bfloat16: exact, and no pickle


def _pack(value, arrays):
    """A value as JSON can hold it; what is an array goes to `arrays`."""
    if isinstance(value, (np.ndarray, np.generic)) or keras.ops.is_tensor(value):
        arrays.append(_array(value))
        return {"array": len(arrays) - 1}
    if isinstance(value, dict):
        return {"dict": {str(key): _pack(item, arrays) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_pack(item, arrays) for item in value]
    if isinstance(value, (bool, int, float, str, type(None))):
        return value
    name = getattr(value, "__name__", "")
    if value is getattr(keras.ops, name, None):  # EarlyStopping's way to compare
        return {"op": name}
    raise TypeError(f"{type(value)} cannot be kept in a checkpoint")


def _unpack(value, arrays):
    if isinstance(value, list):
        return [_unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "dict" in value:
        return {key: _unpack(item, arrays) for key, item in value["dict"].items()}
    if "op" in value:
        return getattr(keras.ops, value["op"])
    array = arrays[value["array"]]
    return array if array.ndim else array[()]


def _write(path, write):
    """Writes a file as a whole or not at all, whatever happens meanwhile."""
    temporary = path.with_suffix(".tmp")
    with open(temporary, "wb") as out:
        write(out)
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # so that the new name survives a power cut too
    finally:
        os.close(folder)


def _dump(out, header, arrays):
    header = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(out, header=header, **{str(index): array for index, array in enumerate(arrays)})


def _read(path):
    with np.load(path, allow_pickle=False) as file:
        header = json.loads(file["header"].tobytes())
        return header, [file[str(index)] for index in range(len(file.files) - 1)]
