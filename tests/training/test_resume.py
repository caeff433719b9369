"""A run killed at any moment and run again ends as if nothing had happened.

Each run is a process of its own that ends itself with SIGKILL at the n-th of the moments it counts:
at each read, in the middle of a checkpoint's bytes, before and after its renaming, before and after
each step, between epochs.
"""

import io
import json
import multiprocessing
import os
import random
import signal
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
from small_run import decode, jitter, numbers, photos, read

from colab_helpers.stream import StreamingSequence
from colab_helpers.training import ResumeTraining

EPOCHS = 3
SAVE_FREQ = 2
PICTURES = 44  # 6 batches of 8, the last one short


class Moments:
    """Counts moments, by what happens in them, and ends the process at one of them."""

    def __init__(self, kill_at):
        self.kill_at = kill_at
        self.seen = []

    def __call__(self, what):
        self.seen.append(what)
        if len(self.seen) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


class Watched(StreamingSequence):
    """Remembers which files were handed over in this epoch, batch by batch."""

    handed = ()

    def on_epoch_begin(self):
        self.handed = []
        super().on_epoch_begin()

    def __getitem__(self, index):
        batch = super().__getitem__(index)
        self.handed = [*self.handed, numbers(batch[0])]
        return batch


class Log(keras.callbacks.Callback):
    """Writes a line for each step: epoch, and the files that were trained on."""

    def __init__(self, path, sequence, moment):
        super().__init__()
        self.log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.sequence = sequence
        self.moment = moment

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.moment("epoch begins")

    def on_train_batch_end(self, batch, logs=None):
        self.moment("step done")
        line = json.dumps([self.epoch, self.sequence.handed[batch]])
        os.write(self.log, line.encode() + b"\n")
        self.moment("step logged")

    def on_test_batch_end(self, batch, logs=None):
        self.moment("validation step")

    def on_epoch_end(self, epoch, logs=None):
        self.moment("epoch ends")


def watch_writing(moment):
    """Counts the moments in which a file is half written, written, and renamed."""
    savez, replace = np.savez, os.replace

    def slow_savez(out, **arrays):
        whole = io.BytesIO()
        savez(whole, **arrays)
        out.write(whole.getvalue()[:9999])
        out.flush()
        moment("checkpoint half written")
        out.write(whole.getvalue()[9999:])

    def watched_replace(source, target):
        moment("checkpoint written")
        replace(source, target)
        moment("checkpoint renamed")

    np.savez = slow_savez
    os.replace = watched_replace


def make_model():
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 255),
            keras.layers.RandomFlip(),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def run(folder, log, result, kill_at=None):
    """The cell that is run again and again."""
    savez = np.savez
    moment = Moments(kill_at)
    watch_writing(moment)

    def watched_read(file):
        moment("read")
        return read(file)

    train = Watched(photos(PICTURES), watched_read, decode, batch_size=8, augment=jitter, seed=4)
    val = StreamingSequence(photos(12), read, decode, batch_size=8, shuffle=False)
    model = make_model()
    slower = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    plateau = keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, min_delta=1)
    stopper = keras.callbacks.EarlyStopping(patience=5)
    resume = ResumeTraining(train, folder, save_freq=SAVE_FREQ, keep=[plateau, stopper])
    history = model.fit(
        train,
        validation_data=val,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[slower, plateau, stopper, Log(log, train, moment), resume],
    )
    variables = [*model.variables, *model.optimizer.variables]
    savez(
        result,
        *[np.asarray(variable) for variable in variables],
        history=json.dumps(history.history),
        moments=np.array(moment.seen),
    )


@pytest.fixture(scope="module")
def in_process():
    """Runs `run` in a process of its own; Keras is imported once for all of them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras"])

    def start(folder, log, result, kill_at=None):
        process = context.Process(target=run, args=[str(folder), str(log), str(result), kill_at])
        process.start()
        process.join(120)
        assert process.exitcode is not None
        return process.exitcode

    return start


def lines(log):
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def undisturbed(in_process, tmp_path_factory):
    """Steps and result of a run that was left alone, in which each file is seen once an epoch."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert in_process(folder / "run", folder / "log", folder / "result.npz") == 0
    steps = lines(folder / "log")
    assert Counter(epoch for epoch, _ in steps) == dict.fromkeys(range(EPOCHS), 6)
    for epoch in range(EPOCHS):
        seen = [file for of_epoch, files in steps if of_epoch == epoch for file in files]
        assert sorted(seen) == list(range(PICTURES))
    with np.load(folder / "result.npz") as result:
        return steps, dict(result)


def check_equal(result, expected):
    """The same history, and the same weights bit for bit."""
    with np.load(result) as found:
        assert str(found["history"]) == str(expected["history"])
        arrays = [name for name in expected if name.startswith("arr_")]
        assert arrays
        for name in arrays:
            np.testing.assert_array_equal(found[name], expected[name])


def check_steps(all_steps, parts):
    """Each part goes on at most SAVE_FREQ steps before where the last one was killed."""
    done = 0
    for part in parts:
        if part:
            begin = all_steps.index(part[0])
            end = begin + len(part)
            assert all_steps[begin:end] == part, "these are not steps of the undisturbed run"
            assert done - SAVE_FREQ <= begin <= done
            done = max(done, end)
    assert done == len(all_steps)


def check_nothing_is_left_over(folder):
    """Of writes that were killed no half-written file stays."""
    names = sorted(path.name for path in Path(folder).iterdir())
    assert names == ["checkpoint-0.npz", "checkpoint-1.npz"]


def test_killed_three_times_a_run_ends_with_the_weights_and_history_of_an_undisturbed_one(
    in_process, undisturbed, tmp_path
):
    all_steps, expected = undisturbed
    half_written = [
        number
        for number, what in enumerate(expected["moments"], start=1)
        if what == "checkpoint half written" and number > 60
    ]
    draw = random.Random(0)
    kills = [half_written[0], draw.randrange(20, 80), draw.randrange(20, 80), None]
    parts = []
    for number, kill_at in enumerate(kills):
        log = tmp_path / f"log{number}"
        code = in_process(tmp_path / "run", log, tmp_path / "result.npz", kill_at)
        assert code == (0 if kill_at is None else -signal.SIGKILL)
        parts.append(lines(log))
    check_steps(all_steps, parts)
    check_equal(tmp_path / "result.npz", expected)
    check_nothing_is_left_over(tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment_each_time(in_process, undisturbed, tmp_path, seed):
    all_steps, expected = undisturbed
    moments = list(expected["moments"])
    kinds = sorted(set(moments))
    what = kinds[seed % len(kinds)]  # each kind of moment has its turn, also the rare ones
    numbers_of_kind = [number for number, moment in enumerate(moments, start=1) if moment == what]
    kill_at = random.Random(seed).choice(numbers_of_kind)
    result = tmp_path / "result.npz"
    killed = in_process(tmp_path / "run", tmp_path / "log0", result, kill_at)
    assert killed == -signal.SIGKILL
    assert in_process(tmp_path / "run", tmp_path / "log1", result) == 0
    check_steps(all_steps, [lines(tmp_path / "log0"), lines(tmp_path / "log1")])
    check_equal(result, expected)
    check_nothing_is_left_over(tmp_path / "run")
