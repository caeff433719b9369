"""What ResumeTraining promises: the same cell, run again, goes on, and ends as if left alone."""

import types
import warnings

import keras
import numpy as np
import pytest
from small_run import (
    Interrupt,
    StepCounter,
    cell,
    decode,
    jitter,
    make_train,
    photos,
    read,
    small_model,
)

from colab_helpers.stream import StreamingSequence
from colab_helpers.training import ResumeTraining


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return cell(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("step", range(0, 10, 2))
def test_broken_off_before_any_step_a_run_does_the_steps_that_were_left_and_ends_the_same(
    undisturbed, tmp_path, step
):
    cell(tmp_path, interrupt=step)
    resumed = cell(tmp_path)
    assert resumed.steps == 10 - step
    assert resumed.ended_like(undisturbed)


def test_steps_since_the_last_checkpoint_are_done_again(undisturbed, tmp_path):
    cell(tmp_path, interrupt=9, save_freq="epoch")
    resumed = cell(tmp_path, save_freq="epoch")
    assert resumed.steps == 5
    assert resumed.ended_like(undisturbed)


def test_with_the_same_sequence_interrupted_in_an_epoch_that_was_resumed_no_step_is_left_out(
    undisturbed, tmp_path
):
    """For the next `fit`, that epoch is as long as any."""
    cell(tmp_path, interrupt=3)
    train = make_train(photos(20))
    cell(tmp_path, train=train, interrupt=1)
    assert cell(tmp_path, train=train).ended_like(undisturbed)


@pytest.mark.parametrize("step", [0, 1, 2])
def test_interrupted_in_an_epoch_that_was_resumed_it_leaves_no_trace(tmp_path, step):
    """Of the epoch two steps are left; in the third there is no data. Keras may warn as before."""
    cell(tmp_path, interrupt=3)
    train = make_train(photos(20))
    model = small_model(units=4, steps_per_execution=1)
    resume = ResumeTraining(train, tmp_path, save_freq=1)
    filters = list(warnings.filters)
    with pytest.raises(KeyboardInterrupt):
        model.fit(train, epochs=2, verbose=0, callbacks=[resume, Interrupt(step)])
    assert warnings.filters == filters
    counter = StepCounter()
    model.fit(make_train(photos(20)), epochs=1, verbose=0, callbacks=[counter])
    assert counter.count == 5, "the next `fit` of this model leaves no step out"


def test_that_an_epoch_is_short_on_purpose_is_nothing_to_warn_of(tmp_path):
    cell(tmp_path, interrupt=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cell(tmp_path)
    assert not [one for one in caught if "ran out of data" in str(one.message)]


def test_several_steps_an_execution_are_counted(tmp_path):
    whole = cell(tmp_path / "whole", steps_per_execution=2)
    cell(tmp_path / "broken", steps_per_execution=2, interrupt=4)
    assert cell(tmp_path / "broken", steps_per_execution=2).ended_like(whole)


def test_a_run_that_is_done_trains_nothing_more_and_says_so(undisturbed, tmp_path, capsys):
    cell(tmp_path)
    again = cell(tmp_path)
    assert again.steps == 0
    assert again.ended_like(undisturbed)
    assert "Nothing is left to train: all 2 epochs are done" in capsys.readouterr().out


def test_more_epochs_go_on_from_there(tmp_path):
    whole = cell(tmp_path / "whole", epochs=3)
    cell(tmp_path / "more", epochs=2)
    more = cell(tmp_path / "more", epochs=3)
    assert more.steps == 5
    assert more.ended_like(whole)


def test_early_stopping_keeps_its_patience_and_its_best_weights(tmp_path, capsys):
    """Loss cannot improve by 10: a patience of 3 ends after 4 epochs, with the first's weights."""

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
    assert resumed.steps < 10
    assert resumed.ended_like(whole)
    again = run(tmp_path / "broken")
    assert again.steps == 0
    assert again.ended_like(whole)
    assert "a callback stopped the run" in capsys.readouterr().out


def test_what_a_kept_callback_was_told_anew_is_not_overwritten(tmp_path):
    first = keras.callbacks.EarlyStopping("loss", patience=3, min_delta=10)
    cell(tmp_path, keep=[first], interrupt=8)
    second = keras.callbacks.EarlyStopping("loss", patience=7, min_delta=10)
    cell(tmp_path, keep=[second], epochs=3)
    assert second.patience == 7
    assert second.wait == 2


def test_half_precision_weights_are_restored_bit_for_bit(tmp_path):
    keras.config.set_dtype_policy("bfloat16")
    try:
        whole = cell(tmp_path / "whole")
        cell(tmp_path / "broken", interrupt=7)
        assert cell(tmp_path / "broken").ended_like(whole)
    finally:
        keras.config.set_dtype_policy("float32")


def test_files_that_changed_are_told_and_their_epoch_begins_anew(tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    resumed = cell(tmp_path, files=photos(24))
    said = capsys.readouterr().out
    assert "files 20 -> 24" in said
    assert "epoch 2 begins anew" in said
    assert resumed.steps == 6
    assert len(resumed.history["loss"]) == 2


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    cell(tmp_path, interrupt=3)
    with pytest.raises(ValueError, match="is of another model"):
        cell(tmp_path, units=5)


def test_steps_per_epoch_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no `steps_per_epoch`.*Received: 5 batches; `fit` has 3"):
        cell(tmp_path, fit={"steps_per_epoch": 3})


@pytest.mark.parametrize("save_freq", [0, -1, 2.5, "batch"])
def test_a_wrong_save_freq_is_refused(tmp_path, save_freq):
    with pytest.raises(ValueError, match=f"Received: {save_freq!r}"):
        ResumeTraining(None, tmp_path, save_freq=save_freq)


class Batches(keras.utils.PyDataset):
    """A sequence of one's own: it has what ResumeTraining asks for, and no more."""

    def __init__(self):
        super().__init__()
        self.first = 0
        self.handed = []

    def __len__(self):
        return 4

    def __getitem__(self, index):
        index = min(index + self.first, 3)
        self.handed.append(index)
        return np.full((2, 3), index, "float32"), np.zeros((2, 1), "float32")

    def on_epoch_end(self):
        self.first = 0

    def state_dict(self, epoch, batches_trained):
        return {"epoch": epoch, "batches_trained": batches_trained}

    def load_state_dict(self, state):
        self.first = state["batches_trained"]


def test_any_sequence_that_knows_its_place_can_go_on(tmp_path, capsys):
    """Length, `state_dict` and `load_state_dict` are all that is asked of a sequence."""

    class Stop(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                raise KeyboardInterrupt

    def fit(*callbacks):
        sequence = Batches()
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", run_eagerly=True)
        resume = ResumeTraining(sequence, tmp_path, save_freq=1)
        model.fit(sequence, epochs=1, shuffle=False, verbose=0, callbacks=[resume, *callbacks])

    with pytest.raises(KeyboardInterrupt):
        fit(Stop())
    fit()
    assert "Going on in epoch 1 of 1, after 3 of its 4 batches." in capsys.readouterr().out


def test_a_run_in_which_classes_are_drawn_alike_goes_on_where_it_was_interrupted(tmp_path):
    def balanced():
        files = photos(20)
        rare = {file.id: "rare" if n < 3 else "common" for n, file in enumerate(files)}
        return StreamingSequence(
            files, read, decode, labels=rare, balanced=True, batch_size=4, augment=jitter
        )

    whole = cell(tmp_path / "whole", train=balanced())
    cell(tmp_path / "cut", interrupt=7, train=balanced())
    assert cell(tmp_path / "cut", train=balanced()).ended_like(whole)


def test_classes_of_other_numbers_than_in_the_checkpoint_are_said(tmp_path):
    """The same files in the same batches, and each class means the other."""

    def train(names=None):
        return StreamingSequence(photos(20), read, decode, batch_size=4, class_names=names)

    cell(tmp_path, train=train(), interrupt=3)
    with pytest.warns(UserWarning, match=r"'class0', 'class1'\] in the checkpoint, and are \['cl"):
        cell(tmp_path, train=train(["class1", "class0"]), interrupt=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        cell(tmp_path, train=train(["class1", "class0"]))


def test_what_no_run_can_go_on_with_is_refused(tmp_path):
    with pytest.raises(ValueError, match="`sequence` must be the `StreamingSequence`.*list"):
        ResumeTraining([], tmp_path)


@pytest.mark.parametrize("keep", [None, [keras.callbacks.EarlyStopping], "stop", [None]])
def test_what_is_no_list_of_callbacks_is_not_kept(tmp_path, keep):
    sequence = types.SimpleNamespace(load_state_dict=None)
    with pytest.raises(ValueError, match=r"`keep` must be a list of callbacks.*Received: keep="):
        ResumeTraining(sequence, tmp_path, keep=keep)
