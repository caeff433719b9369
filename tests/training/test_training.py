"""What the two callbacks promise to those who train with them."""

import json
import os
import shutil
import threading
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from test_sequence import decode, jitter, photos, read

from colab_helpers import training
from colab_helpers.drive import connect
from colab_helpers.sequence import StreamingSequence
from colab_helpers.training import InputMeter, ResumeTraining


class Interrupt(keras.callbacks.Callback):
    """Breaks a run off, as a lost connection does, before its n-th step (counted over epochs)."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_begin(self, batch, logs=None):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


class Steps(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1


def cell(
    folder,
    interrupt=None,
    epochs=2,
    files=None,
    units=4,
    keep=(),
    callbacks=(),
    steps_per_execution=1,
    fit=None,
    **options,
):
    """The cell of a notebook: a new kernel would run just this again. Returns what a test asks about."""
    train = StreamingSequence(
        files or photos(20), read, decode, batch_size=4, augment=jitter, seed=2
    )
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((3, 2, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    eager = (
        steps_per_execution == 1
    )  # which spares the tracing; test_resume.py trains in graph mode
    model.compile(
        "adam",
        "sparse_categorical_crossentropy",
        steps_per_execution=steps_per_execution,
        run_eagerly=eager,
    )
    steps = Steps()
    try:
        resume = ResumeTraining(train, folder, keep=keep, **{"save_freq": 1} | options)
        breaks = [] if interrupt is None else [Interrupt(interrupt)]
        model.fit(
            train,
            epochs=epochs,
            verbose=0,
            callbacks=[*keep, *callbacks, steps, resume, *breaks],
            **fit or {},
        )
    except KeyboardInterrupt:
        assert interrupt is not None
    variables = [
        np.asarray(variable) for variable in [*model.variables, *model.optimizer.variables]
    ]
    return SimpleNamespace(
        variables=variables, steps=steps.count, history=model.history.history, model=model
    )


def same(run, other):
    return all(
        np.array_equal(a, b) for a, b in zip(run.variables, other.variables, strict=True)
    ) and (run.history == other.history)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return cell(tmp_path_factory.mktemp("undisturbed"))


# Going on


@pytest.mark.parametrize("step", range(0, 10, 2))
def test_broken_off_before_any_step_a_run_does_the_steps_that_were_left_and_ends_the_same(
    undisturbed, tmp_path, step
):
    cell(tmp_path, interrupt=step)
    resumed = cell(tmp_path)
    assert resumed.steps == 10 - step
    assert same(resumed, undisturbed)


def test_steps_since_the_last_checkpoint_are_done_again(undisturbed, tmp_path):
    cell(tmp_path, interrupt=9, save_freq="epoch")
    resumed = cell(tmp_path, save_freq="epoch")
    assert resumed.steps == 5 and same(resumed, undisturbed)


def test_several_steps_an_execution_are_counted(tmp_path):
    whole = cell(tmp_path / "whole", steps_per_execution=2)
    cell(tmp_path / "broken", steps_per_execution=2, interrupt=4)
    assert same(cell(tmp_path / "broken", steps_per_execution=2), whole)


def test_a_run_that_is_done_trains_nothing_more_and_says_so(undisturbed, tmp_path, capsys):
    cell(tmp_path)
    again = cell(tmp_path)
    assert again.steps == 0 and same(again, undisturbed)
    assert "Nothing is left to train: all 2 epochs are done" in capsys.readouterr().out


def test_more_epochs_go_on_from_there(tmp_path):
    whole = cell(tmp_path / "whole", epochs=3)
    cell(tmp_path / "more", epochs=2)
    more = cell(tmp_path / "more", epochs=3)
    assert more.steps == 5 and same(more, whole)


def test_early_stopping_keeps_its_patience_and_its_best_weights(tmp_path, capsys):
    """Loss cannot improve by 10, so a patience of 3 ends each run after 4 epochs, with the first epoch's weights."""

    def run(folder, **options):
        stopper = keras.callbacks.EarlyStopping(
            "loss", patience=3, min_delta=10, restore_best_weights=True
        )
        return cell(folder, keep=[stopper], epochs=9, **options)

    whole = run(tmp_path / "whole")
    assert whole.steps == 20
    for step in (12, 3):
        run(tmp_path / "broken", interrupt=step)
    resumed = run(tmp_path / "broken")
    assert resumed.steps < 10 and same(resumed, whole)
    again = run(tmp_path / "broken")
    assert again.steps == 0 and same(again, whole)
    assert "a callback stopped the run" in capsys.readouterr().out


def test_what_a_kept_callback_was_told_anew_is_not_overwritten(tmp_path):
    first = keras.callbacks.EarlyStopping("loss", patience=3, min_delta=10)
    cell(tmp_path, keep=[first], interrupt=8)
    second = keras.callbacks.EarlyStopping("loss", patience=7, min_delta=10)
    cell(tmp_path, keep=[second], epochs=3)
    assert second.patience == 7 and second.wait == 2


def test_half_precision_weights_are_restored_bit_for_bit(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        whole = cell(tmp_path / "whole")
        cell(tmp_path / "broken", interrupt=7)
        assert same(cell(tmp_path / "broken"), whole)
    finally:
        keras.config.set_dtype_policy("float32")


# What can go wrong


def test_a_torn_checkpoint_falls_back_to_the_one_before(undisturbed, tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    newest = max(tmp_path.glob("*.npz"), key=lambda path: training._read(path)[0]["serial"])
    newest.write_bytes(newest.read_bytes()[:-100])
    resumed = cell(tmp_path)
    assert resumed.steps == 4 and same(resumed, undisturbed)
    assert "is damaged" in capsys.readouterr().out


def test_a_flipped_bit_is_noticed(undisturbed, tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    newest = max(tmp_path.glob("*.npz"), key=lambda path: training._read(path)[0]["serial"])
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 4
    newest.write_bytes(data)
    assert same(cell(tmp_path), undisturbed)


def test_with_both_damaged_training_begins_anew_and_says_so(undisturbed, tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(b"PK nothing")
    resumed = cell(tmp_path)
    assert resumed.steps == 10 and same(resumed, undisturbed)
    assert capsys.readouterr().out.count("is damaged") == 2


def test_no_space_left_is_a_warning_and_the_checkpoint_before_stays(
    undisturbed, tmp_path, monkeypatch
):
    cell(tmp_path, interrupt=4)
    there = {path: path.read_bytes() for path in tmp_path.glob("*.npz")}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with (
        monkeypatch.context() as patch,
        pytest.warns(UserWarning, match="No space left.*Training goes on"),
    ):
        patch.setattr(os, "fsync", full)
        assert same(cell(tmp_path), undisturbed)
    assert {path: path.read_bytes() for path in tmp_path.glob("*.npz")} == there


def test_files_that_changed_are_told_and_their_epoch_begins_anew(tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    resumed = cell(tmp_path, files=photos(24))
    said = capsys.readouterr().out
    assert "files 20 -> 24" in said and "epoch 2 begins anew" in said
    assert resumed.steps == 6 and len(resumed.history["loss"]) == 2


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    cell(tmp_path, interrupt=3)
    with pytest.raises(ValueError, match="is of another model"):
        cell(tmp_path, units=5)


def test_steps_per_epoch_and_wrong_save_freq_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no `steps_per_epoch`.*Received: 5 batches; `fit` has 3"):
        cell(tmp_path, fit={"steps_per_epoch": 3})
    with pytest.raises(ValueError, match="Received: 0"):
        ResumeTraining(None, tmp_path, save_freq=0)


def test_a_checkpoint_is_arrays_and_json_and_holds_no_secret(tmp_path):
    drive = connect(str(tmp_path))
    drive.token = "ya29.secret"
    cell(tmp_path / "run", interrupt=3, drive=drive)
    for path in (tmp_path / "run").glob("checkpoint-?.npz"):
        with np.load(path, allow_pickle=False) as file:
            assert json.loads(file["header"].tobytes())["place"]["seed"] == 2
            assert all(file[name].dtype != object for name in file.files)
        assert b"ya29" not in path.read_bytes()


# Checkpoints on Drive


def test_on_a_fresh_machine_the_run_goes_on_from_drive(
    undisturbed, tmp_path, drive_server, monkeypatch
):
    """The real client, over HTTP to a stand-in Drive; the local folder is lost, as with Colab's machine."""
    (tmp_path / "drive").mkdir()
    server = drive_server(tmp_path / "drive")
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    monkeypatch.chdir(tmp_path)
    cell("results/run1", interrupt=7, drive=connect())
    for thread in threading.enumerate():
        if thread.name == "ResumeTraining":
            thread.join(30)
    shutil.rmtree("results")
    resumed = cell("results/run1", drive=connect())
    assert resumed.steps == 3 and same(resumed, undisturbed)
    assert [path.name for path in (tmp_path / "drive/results/run1").iterdir()] == ["checkpoint.npz"]


class SlowDrive:
    """A place for uploads that takes them when it is let."""

    def __init__(self, fails=0):
        self.let, self.uploads, self.fails = threading.Event(), [], fails

    def find(self, path):
        raise type("NotFoundError", (Exception,), {})(path)

    read = None

    def upload(self, path, folder):
        assert self.let.wait(30)
        if self.fails:
            self.fails -= 1
            raise OSError("Drive said 500.")
        self.uploads.append((folder, training._read(path)[0]["place"]))


def test_a_slow_upload_does_not_hold_up_training_and_the_newest_wins(undisturbed, tmp_path):
    drive = SlowDrive()

    class LetGo(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            drive.let.set()

    assert same(cell(tmp_path / "run", drive=drive, callbacks=[LetGo()]), undisturbed)
    assert 1 <= len(drive.uploads) <= 3, "of 11 checkpoints, those that were overtaken are not sent"
    folder, place = drive.uploads[-1]
    assert folder == "run" and place["epoch"] == 2, "the end of the run is there when fit returns"


def test_a_failed_upload_is_told_and_does_not_end_the_run(undisturbed, tmp_path, capsys):
    drive = SlowDrive(fails=1)
    drive.let.set()
    assert same(cell(tmp_path / "run", drive=drive), undisturbed)
    assert drive.fails == 0 and "Drive said 500." in capsys.readouterr().out
    assert drive.uploads[-1][1]["epoch"] == 2


def test_a_drive_that_cannot_be_asked_is_not_taken_for_an_empty_one(tmp_path):
    drive = SlowDrive()
    drive.find = read  # fails with an error of its own
    with pytest.raises(AttributeError):
        cell(tmp_path / "run", drive=drive)


# The meter


def measured(cache=None, reads=32, clock=10.0, **stats):
    """A meter after an epoch of 10 s in which these stats were counted."""
    zero = {"reading": 0.0, "decoding": 0.0, "waiting": 0.0, "images": 0, "cached": 0}
    sequence = SimpleNamespace(stats=zero, cache=cache, reads=reads)
    meter = InputMeter(sequence)
    meter.on_epoch_begin(0)
    sequence.stats = zero | {"images": 1000} | stats
    meter._ended = meter._begun + clock
    meter.on_epoch_end(0)
    return meter.history[-1]


@pytest.mark.parametrize(
    "stats, advice",
    [
        ({"waiting": 0.5}, "Nothing to gain"),
        ({"waiting": 8.0, "decoding": 9.5 * (os.cpu_count() or 1)}, "PixelCache"),
        (
            {
                "waiting": 8.0,
                "decoding": 9.5 * (os.cpu_count() or 1),
                "cache": "one",
                "cached": 1000,
            },
            "Augmentation",
        ),
        ({"waiting": 8.0, "reading": 300.0}, "raise `reads`"),
        ({"waiting": 8.0, "reading": 900.0, "reads": 100}, "archive"),
        ({"waiting": 8.0, "reading": 20.0}, "archive"),
    ],
)
def test_the_meter_advises_by_what_took_the_time(stats, advice, capsys):
    row = measured(**stats)
    assert advice in row["advice"] and row["advice"] in capsys.readouterr().out
    assert row["images_per_second"] == pytest.approx(100)
    assert row["waiting_share"] == pytest.approx(stats["waiting"] / 10)
    assert row["training"] == pytest.approx(10 - stats["waiting"])


def test_the_meter_measures_each_epoch_of_a_fit():
    train = StreamingSequence(photos(20), read, decode, batch_size=4)
    model = keras.Sequential(
        [keras.Input((3, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    meter = InputMeter(train)
    model.fit(train, validation_data=train, epochs=2, verbose=0, callbacks=[meter])
    assert [row["epoch"] for row in meter.history] == [0, 1]
    assert all(row["seconds"] > 0 and 0 <= row["waiting_share"] <= 1 for row in meter.history)
