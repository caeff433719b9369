"""What InputMeter promises: true numbers, and advice that fits them."""

import os
import re
from types import SimpleNamespace

import keras
import pytest
from small_run import decode, photos, read

from colab_helpers.stream import StreamingSequence
from colab_helpers.training import InputMeter
from colab_helpers.training.meter import InputRates, InputWatch, advise


def rates(**changed):
    """Of ten seconds in which a thousand images came."""
    measured = {
        "images": 1000,
        "cached": 0,
        "seconds": 10.0,
        "waiting": 8.0,
        "reading": 0.0,
        "decoding": 0.0,
    }
    return InputRates(**{**measured, **changed})


BUSY_CORES = 9.5 * 2  # seconds of decoding, of the 20 that two cores have

ADVICE = [
    ("no waiting", rates(waiting=0.5), {}, "Nothing to gain"),
    ("decoding", rates(decoding=BUSY_CORES), {}, "a `PixelCache` spares it"),
    (
        "decoding, and a cache that fills",
        rates(decoding=BUSY_CORES, cached=999),
        {"has_cache": True},
        "epochs from the cache will be faster",
    ),
    (
        "all from the cache",
        rates(decoding=BUSY_CORES, cached=1000),
        {"has_cache": True},
        "Augmentation keeps the processor busy",
    ),
    ("all reads under way", rates(reading=300.0), {}, "All 32 reads .* raise `reads`"),
    ("many reads under way", rates(reading=900.0), {"reads": 100}, "All 100 reads .* archive"),
    ("few reads under way", rates(reading=20.0), {}, "Reads are few at a time.* archive"),
]


@pytest.mark.parametrize(
    "measured, settings, advice", [row[1:] for row in ADVICE], ids=[row[0] for row in ADVICE]
)
def test_the_advice_follows_from_what_took_the_time(measured, settings, advice):
    given = advise(measured, **{"reads": 32, "has_cache": False, "cores": 2, **settings})
    assert re.search(advice, given)


@pytest.mark.parametrize("waiting, share, training", [(0.0, 0, 10), (8.0, 0.8, 2), (12.0, 1, 0)])
def test_waiting_and_training_share_the_time(waiting, share, training):
    """Time waited by several threads at once cannot be more than there was."""
    measured = rates(waiting=waiting)
    assert measured.images_per_second == 100
    assert measured.waiting_share == pytest.approx(share)
    assert measured.training == pytest.approx(training)


class StoppedClock:
    """Shows what it is set to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def sequence_of(**counted):
    stats = {"reading": 0.0, "decoding": 0.0, "waiting": 0.0, "images": 0, "cached": 0}
    return SimpleNamespace(stats={**stats, **counted}, reads=32, cache=None)


def test_what_was_counted_before_and_the_time_after_the_last_batch_are_left_out():
    clock = StoppedClock()
    sequence = sequence_of(images=500, waiting=3.0)
    watch = InputWatch(sequence, clock)
    sequence.stats.update(images=1500, waiting=7.0)
    clock.now += 10
    watch.batch_ended()
    clock.now += 60  # validation
    assert watch.rates() == rates(waiting=4.0)


def test_a_count_that_a_sequence_does_not_keep_is_0():
    clock = StoppedClock()
    sequence = SimpleNamespace(stats={"images": 0, "waiting": 0.0})
    watch = InputWatch(sequence, clock)
    sequence.stats.update(images=1000, waiting=8.0)
    clock.now += 10
    watch.batch_ended()
    assert watch.rates() == rates()


class Unmeasured:
    """A sequence whose `stats` are there when training begins, not before."""

    @property
    def stats(self):
        raise AssertionError("there are no counts yet")


def test_a_meter_asks_for_no_count_before_an_epoch_begins():
    InputMeter(Unmeasured()).on_train_begin()


def test_an_epoch_without_a_batch_divides_by_nothing():
    assert InputWatch(sequence_of(), StoppedClock()).rates().images_per_second == 0


def test_decoding_is_the_limit_where_its_threads_are_busy_whatever_the_machine_has(monkeypatch):
    """A machine of 64 cores decodes with eight."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    clock = StoppedClock()
    sequence = sequence_of()
    sequence.decoders = 8
    meter = InputMeter(sequence, verbose=False, clock=clock)
    meter.on_epoch_begin(0)
    sequence.stats.update(images=1000, waiting=8.0, decoding=75.0)
    clock.now += 10
    meter.on_train_batch_end(0)
    meter.on_epoch_end(0)
    assert meter.history[0]["advice"].startswith("Decoding keeps the processor busy")


def test_a_row_an_epoch_is_kept_and_printed(capsys):
    clock = StoppedClock()
    sequence = sequence_of()
    meter = InputMeter(sequence, clock=clock)
    meter.on_epoch_begin(0)
    sequence.stats.update(images=1000, waiting=8.0, reading=300.0, decoding=2.0)
    clock.now += 10
    meter.on_train_batch_end(0)
    meter.on_epoch_end(0)
    advice = "All 32 reads are under way at all times: raise `reads`, or cache the files."
    assert meter.history == [
        {
            "epoch": 0,
            "images": 1000,
            "cached": 0,
            "seconds": 10.0,
            "images_per_second": 100.0,
            "waiting_share": 0.8,
            "waiting": 8.0,
            "training": 2.0,
            "reading": 300.0,
            "decoding": 2.0,
            "advice": advice,
        }
    ]
    printed = capsys.readouterr().out
    assert printed == f"\n100 images/s; 80% of the time training waited for them. {advice}\n"


def test_a_quiet_meter_prints_nothing(capsys):
    meter = InputMeter(sequence_of(), verbose=False)
    meter.on_epoch_begin(0)
    meter.on_epoch_end(0)
    assert len(meter.history) == 1
    assert capsys.readouterr().out == ""


def test_the_meter_measures_each_epoch_of_a_fit():
    train = StreamingSequence(photos(20), read, decode, batch_size=4)
    model = keras.Sequential(
        [keras.Input((3, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    meter = InputMeter(train)
    model.fit(train, validation_data=train, epochs=2, verbose=0, callbacks=[meter])
    assert [row["epoch"] for row in meter.history] == [0, 1]
    assert all(row["seconds"] > 0 for row in meter.history)
    assert all(0 <= row["waiting_share"] <= 1 for row in meter.history)


def test_a_meter_of_other_data_is_refused_when_training_begins():
    with pytest.raises(ValueError, match="`sequence` must be the `StreamingSequence`.*list"):
        InputMeter([]).on_epoch_begin(0)
