"""What the bare names of callbacks show."""

import keras
import pytest
from small_run import Interrupt, decode, photos, read

from colab_helpers.drive import LocalFolder
from colab_helpers.stream import StreamingSequence
from colab_helpers.training import InputMeter, ResumeTraining


def sequence():
    return StreamingSequence(photos(12), read, decode, batch_size=4)


def fit(train, callbacks, epochs=2):
    model = keras.Sequential([keras.Input((3, 2, 3)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(1))
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(train, epochs=epochs, callbacks=callbacks, verbose=0)


def test_a_run_shows_where_its_checkpoints_go_before_one_is_looked_for(tmp_path):
    drive = LocalFolder(tmp_path)
    stopper = keras.callbacks.EarlyStopping()
    resume = ResumeTraining(sequence(), "results/run1", drive=drive, keep=[stopper])
    assert repr(resume) == (
        "ResumeTraining('results/run1'), a checkpoint every 100 batches, copied to 'results/run1' "
        "on the Drive, with the state of EarlyStopping: nothing is trained here yet"
    )


def test_a_run_shows_how_far_it_is(tmp_path):
    train = sequence()
    resume = ResumeTraining(train, tmp_path, save_freq="epoch")
    with pytest.raises(KeyboardInterrupt):
        fit(train, [Interrupt(5), resume])
    assert repr(resume) == (
        f"ResumeTraining('{tmp_path}'), a checkpoint every epoch: "
        "in epoch 2, after 1 of its 3 batches"
    )
    train.close()


def test_a_meter_shows_what_it_told_of_the_last_epochs(capsys):
    train = sequence()
    meter = InputMeter(train)
    assert repr(meter) == "InputMeter: no epoch is measured yet"
    fit(train, [meter], epochs=7)
    told = [line for line in capsys.readouterr().out.splitlines() if line]
    numbered = [f"  epoch {number}: {line}" for number, line in enumerate(told, start=1)]
    assert repr(meter).splitlines() == [
        "InputMeter",
        "  2 before them: see `history`",
        *numbered[2:],
    ]
