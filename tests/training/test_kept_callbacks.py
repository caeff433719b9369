"""What a callback learned comes back to it, and nothing but that."""

import keras
import numpy as np
import pytest
from small_run import Interrupt, cell, make_train, photos, small_model

from colab_helpers.training import ResumeTraining
from colab_helpers.training.checkpoint import Learned
from colab_helpers.training.kept_callback import KeptCallback, restore_callbacks


class Tally(keras.callbacks.Callback):
    """A callback of a user's own."""

    steps = 0  # an attribute of the instance from the first step on

    def __init__(self, out="here"):
        super().__init__()
        self.out = out
        self.losses = []
        self.lowest = None
        self.state = "new"

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])
        self.lowest = np.float32(min(self.losses))
        self.state = "trained"


def test_numbers_lists_and_text_of_a_callback_of_ones_own_come_back(tmp_path):
    whole = Tally()
    cell(tmp_path / "whole", keep=[whole])
    cell(tmp_path / "broken", keep=[Tally()], interrupt=7)
    again = Tally()
    cell(tmp_path / "broken", keep=[again])
    assert again.steps == whole.steps == 10
    assert again.losses == whole.losses
    assert again.lowest == whole.lowest
    assert again.state == "trained"


def test_what_a_callback_was_given_and_training_left_alone_is_in_no_checkpoint(tmp_path):
    """It may be a password, or a path of this machine."""

    class Reporter(Tally):
        def __init__(self, token, folder):
            super().__init__()
            self.token = token
            self.headers = {"Authorization": f"Bearer {token}"}
            self.places = [[folder]]

    cell(tmp_path, keep=[Reporter("ya29.secret", "/home/somebody")], interrupt=7)
    for path in tmp_path.glob("checkpoint-?.npz"):
        content = path.read_bytes()
        assert b"Reporter" in content
        assert b"ya29" not in content
        assert b"somebody" not in content


FORGED = [
    ("out", "/etc/elsewhere"),  # what it was told
    ("_model", 3),
    ("params", {}),
    ("on_epoch_end", 3),  # a method
    ("model", 3),  # a property
    ("model", None),
    ("evil", 3),  # what it does not have
    ("evil", None),
    ("__class__", "int"),
    ("losses", "text"),
    ("losses", 3),
    ("losses", None),
    ("state", 3),
    ("steps", "many"),
    ("steps", [1]),
]


def fit_cell(folder, model, callback, interrupt=None, save_freq="epoch", resume=None):
    """Only this cell is run again: model and callback are of another one."""
    train = make_train(photos(20))
    resume = resume or ResumeTraining(train, folder, save_freq=save_freq, keep=[callback])
    callbacks = [callback, resume, *([] if interrupt is None else [Interrupt(interrupt)])]
    try:
        model.fit(resume.sequence, epochs=2, verbose=0, callbacks=callbacks)
    except KeyboardInterrupt:
        assert interrupt is not None
    return resume


def test_what_came_back_is_in_the_next_checkpoints_too(tmp_path):
    """Where only the cell of `fit` is run again, a callback is as the run before left it."""
    tally = Tally()
    model = small_model(units=4, steps_per_execution=1)
    fit_cell(tmp_path, model, tally, interrupt=7, save_freq=1)
    fit_cell(tmp_path, model, tally, interrupt=0, save_freq=1)
    fit_cell(tmp_path, model, tally, interrupt=1, save_freq=1)
    again = Tally()
    fit_cell(tmp_path, small_model(units=4, steps_per_execution=1), again)
    assert again.steps == 10
    assert len(again.losses) == 2


@pytest.mark.parametrize("interrupt", [3, 8])
def test_what_was_counted_after_the_checkpoint_is_not_counted_twice(tmp_path, interrupt):
    tally = Tally()
    model = small_model(units=4, steps_per_execution=1)
    resume = fit_cell(tmp_path, model, tally, interrupt)
    fit_cell(tmp_path, model, tally, resume=resume)
    assert tally.steps == 10
    assert len(tally.losses) == 2


def test_a_table_has_one_title_where_the_cell_is_run_again_with_its_callback(tmp_path):
    table = tmp_path / "log.csv"
    logger = keras.callbacks.CSVLogger(str(table), append=True)
    model = small_model(units=4, steps_per_execution=1)
    resume = fit_cell(tmp_path / "run", model, logger, interrupt=8)
    fit_cell(tmp_path / "run", model, logger, resume=resume)
    rows = table.read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "0", "1"]


@pytest.mark.parametrize("name, value", FORGED)
def test_a_forged_checkpoint_gives_no_attribute_that_the_callback_could_not_have_learned(
    name, value
):
    tally = Tally()
    before = dict(vars(tally))
    restore_callbacks([KeptCallback(tally)], [Learned("Tally", {name: value})])
    assert vars(tally) == before


def test_what_has_no_place_is_told_without_obeying_it(capsys):
    restore_callbacks([KeptCallback(Tally())], [Learned("Tally", {"evil\x1b[31m": 3})])
    said = capsys.readouterr().out
    assert "Tally has nothing to take 'evil\\x1b[31m' of the checkpoint" in said


def stopper_that_waited(wait):
    stopper = keras.callbacks.EarlyStopping("loss")
    kept = KeptCallback(stopper)
    stopper.wait = wait
    return kept


def tally_that_counted(steps):
    tally = Tally()
    kept = KeptCallback(tally)
    tally.steps = steps
    return kept


@pytest.mark.parametrize(
    "then, now",
    [
        ([stopper_that_waited(2), tally_that_counted(7)], [Tally, keras.callbacks.EarlyStopping]),
        ([tally_that_counted(7)], [keras.callbacks.EarlyStopping]),
        ([stopper_that_waited(2), tally_that_counted(7)], [Tally]),
        ([], [Tally]),
        ([tally_that_counted(7)], []),
    ],
)
def test_a_callback_gets_nothing_that_one_of_another_kind_learned(capsys, then, now):
    kept = [KeptCallback(kind()) for kind in now]
    before = [dict(vars(one.callback)) for one in kept]
    restore_callbacks(kept, [one.learned() for one in then])
    assert [vars(one.callback) for one in kept] == before
    assert "Those that were not there, or elsewhere in the list, begin anew" in (
        capsys.readouterr().out
    )


def test_one_that_is_added_to_the_end_of_the_list_takes_nothing_from_the_others():
    kept = [KeptCallback(Tally()), KeptCallback(keras.callbacks.EarlyStopping())]
    restore_callbacks(kept, [tally_that_counted(7).learned()])
    assert kept[0].callback.steps == 7


def test_with_another_minimum_of_change_early_stopping_goes_on_with_what_it_is_told_now(tmp_path):
    """Keras turns the sign of `min_delta` in training, which is no change of the user's."""

    def stopper(min_delta):
        return keras.callbacks.EarlyStopping("loss", patience=9, min_delta=min_delta)

    cell(tmp_path, keep=[stopper(10)], interrupt=8)
    second = stopper(0.5)
    cell(tmp_path, keep=[second], epochs=3)
    assert abs(second.min_delta) == 0.5
    assert second.wait == 2


# The learning rate


class Rates(keras.callbacks.Callback):
    """Notes with which rate each step was done."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(round(float(self.model.optimizer.learning_rate), 6))


def fit(folder, make_optimizer, callbacks=(), **options):
    rates = Rates()
    cell(folder, callbacks=[*callbacks, rates], optimizer=make_optimizer(), **options)
    return rates.seen


def sgd(rate):
    return lambda: keras.optimizers.SGD(rate)


def halve(epoch, rate):
    return rate if epoch == 0 else rate / 2


def test_a_rate_that_the_user_lowered_before_going_on_is_taken_and_said(tmp_path, capsys):
    fit(tmp_path, sgd(0.1), interrupt=7)
    assert fit(tmp_path, sgd(0.01)) == [0.01] * 3
    assert "The learning rate is 0.01, as you changed it; it was 0.1." in capsys.readouterr().out


def test_it_stays_so_when_the_run_is_killed_again(tmp_path):
    fit(tmp_path, sgd(0.1), interrupt=4)
    fit(tmp_path, sgd(0.01), interrupt=3)
    assert fit(tmp_path, sgd(0.01)) == [0.01] * 4


def test_a_rate_that_a_callback_lowered_goes_on_from_there(tmp_path, capsys):
    scheduler = keras.callbacks.LearningRateScheduler
    fit(tmp_path, sgd(0.1), interrupt=7, callbacks=[scheduler(halve)])
    assert fit(tmp_path, sgd(0.1), callbacks=[scheduler(halve)]) == [0.05] * 3
    assert "as you changed it" not in capsys.readouterr().out


def test_with_more_epochs_a_scheduler_goes_on_as_in_one_fit(tmp_path):
    scheduler = keras.callbacks.LearningRateScheduler
    whole = fit(tmp_path / "whole", sgd(0.1), callbacks=[scheduler(halve)], epochs=3)
    done = fit(tmp_path / "more", sgd(0.1), callbacks=[scheduler(halve)], epochs=1)
    more = fit(tmp_path / "more", sgd(0.1), callbacks=[scheduler(halve)], epochs=3)
    assert done + more == whole == [0.1] * 5 + [0.05] * 5 + [0.025] * 5


def test_killed_in_the_first_of_more_epochs_its_rate_goes_on(tmp_path):
    scheduler = keras.callbacks.LearningRateScheduler
    fit(tmp_path, sgd(0.1), callbacks=[scheduler(halve)], epochs=1)
    for step, options in [(1, {"save_freq": "epoch"}), (2, {})]:
        fit(tmp_path, sgd(0.1), [scheduler(halve)], epochs=2, interrupt=step, **options)
    assert fit(tmp_path, sgd(0.1), [scheduler(halve)], epochs=2) == [0.05] * 3


def test_with_more_epochs_a_rate_that_the_user_changed_is_taken(tmp_path):
    fit(tmp_path, sgd(0.1), epochs=1)
    assert fit(tmp_path, sgd(0.01), epochs=2) == [0.01] * 5


def test_what_a_callback_makes_of_the_users_rate_is_taken(tmp_path):
    scheduler = keras.callbacks.LearningRateScheduler
    fit(tmp_path, sgd(0.1), interrupt=7, callbacks=[scheduler(halve)])
    assert fit(tmp_path, sgd(0.01), callbacks=[scheduler(halve)]) == [0.005] * 3


def test_a_schedule_is_the_users_as_it_is_now(tmp_path):
    def decaying(rate):
        schedule = keras.optimizers.schedules.InverseTimeDecay(rate, 1, 1)
        return lambda: keras.optimizers.SGD(schedule)

    fit(tmp_path, decaying(0.1), interrupt=7)
    assert fit(tmp_path, decaying(0.01)) == pytest.approx(
        [0.01 / 9, 0.01 / 10, 0.01 / 11], abs=1e-6
    )


def test_a_schedule_in_place_of_a_number_is_another_optimizer(tmp_path):
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 1)
    fit(tmp_path, sgd(0.1), interrupt=7)
    with pytest.raises(ValueError, match="another model or optimizer"):
        fit(tmp_path, lambda: keras.optimizers.SGD(schedule))


def test_a_loss_that_is_scaled_has_a_rate_too(tmp_path):
    def scaled(rate):
        return lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rate))

    fit(tmp_path, scaled(0.1), interrupt=7)
    assert fit(tmp_path, scaled(0.01)) == [0.01] * 3


def test_the_rate_at_the_begin_is_of_the_run_not_of_the_callback_object(tmp_path):
    """`fit` run again in the same kernel, with all its objects, changes nothing."""
    train = make_train(photos(20))
    model = small_model(units=4, steps_per_execution=1)
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    scheduler = keras.callbacks.LearningRateScheduler(halve)
    resume = ResumeTraining(train, tmp_path, save_freq=1)
    rates = Rates()
    callbacks = [scheduler, rates, resume]
    with pytest.raises(KeyboardInterrupt):
        model.fit(train, epochs=2, verbose=0, callbacks=[*callbacks, Interrupt(7)])
    model.fit(train, epochs=2, verbose=0, callbacks=callbacks)
    assert rates.seen == [0.01] * 5 + [0.005] * 5
