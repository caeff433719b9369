"""What `live_view` promises: a line an epoch in a terminal, a table that grows in a notebook."""

import dataclasses

import pytest

pytest.importorskip("ipywidgets")
pytest.importorskip("keras")

import keras
import numpy as np

from colab_helpers.drive import connect
from colab_helpers.stream import StreamingSequence, decoder
from colab_helpers.training.meter import InputRates
from colab_helpers.widgets import live_view
from colab_helpers.widgets.run_view import (
    RunProgress,
    RunView,
    as_line,
    as_table,
    as_time,
    make_row,
)


@pytest.fixture
def run(practice):
    """Trains two epochs on a real stream; one of its files is gone."""
    source = connect(practice)
    files = list(source.list_images("."))
    gone = dataclasses.replace(files[0], id="gone.jpg")
    stream = StreamingSequence(
        [*files, gone], source.read, decoder((16, 16)), batch_size=8, on_bad_file="skip"
    )
    model = keras.Sequential(
        [keras.Input((16, 16, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])

    def fit():
        model.fit(stream, epochs=2, verbose=0, callbacks=[live_view(stream, seconds=0)])

    return fit


def test_the_live_view_prints_a_line_an_epoch_outside_a_notebook(run, capsys):
    """Nothing is lost in a plain terminal."""
    run()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch")]
    assert [line.split(",")[0] for line in lines] == ["epoch 1", "epoch 2"]
    for word in ("loss", "accuracy", "images/s", "waited"):
        assert word in lines[-1]


def test_the_live_view_updates_itself_and_stays_as_a_table(run):
    """One output, updated; what stays has a row an epoch, the skipped files, and no bar."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            run()
    finally:
        InteractiveShell.clear_instance()
    views = [output.data for output in captured.outputs]
    first = views[0]["text/html"]
    last = views[-1]["text/html"]
    assert "Epoch 1 of 2, batch 1 of 5, about" in first
    assert "<progress" in first
    assert views[-1]["text/plain"].startswith("Finished 2 epochs in 0:0")
    assert "skipped files: 1" in last
    assert "<progress" not in last
    assert last.count("<tr>") == 3


class CountingBatches(keras.utils.PyDataset):
    """A sequence of one's own that keeps just the counts which `live_view` shows."""

    skipped = ()

    def __init__(self):
        super().__init__()
        self.stats = {"images": 0, "waiting": 0.0}

    def __len__(self):
        return 3

    def __getitem__(self, index):
        self.stats["images"] += 2
        return np.zeros((2, 3), "float32"), np.zeros((2, 1), "float32")


def test_the_live_view_asks_a_sequence_for_images_and_waiting_alone(capsys):
    """Not for its other counts, its `reads` or its `cache`."""
    batches = CountingBatches()
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(batches, verbose=0, callbacks=[live_view(batches)])
    assert capsys.readouterr().out.strip().endswith("waited 0%")


def test_the_live_view_asks_for_no_count_before_an_epoch_begins():
    """A sequence may list its files only when it is trained on."""
    live_view(object()).on_train_begin()


# What is shown, without a run


def test_a_row_tells_of_an_epoch_in_few_digits():
    rates = InputRates(images=12345, cached=0, seconds=10, waiting=2.5, reading=0, decoding=0)
    row = make_row(0, {"loss": 0.123456, "accuracy": 1.0}, rates)
    assert as_line(row) == "epoch 1, loss 0.1235, accuracy 1, images/s 1,234, waited 25%"


def test_the_table_has_a_column_for_all_that_any_row_has():
    """An epoch that is not over has no validation yet: its cells are blank."""
    table = as_table(
        [{"epoch": "1", "loss": "0.5", "val_loss": "0.6"}, {"epoch": "2", "loss": "0.4"}]
    )
    assert table.count("<tr>") == 3
    assert table.count("<td") == 9
    assert table.endswith(
        "<td style='text-align: right'>0.4</td><td style='text-align: right'></td></tr></table>"
    )


def test_names_of_metrics_are_text_and_run_nothing():
    assert "<b>" not in as_table([{"<b>": "<b>"}])


@pytest.mark.parametrize(
    "seconds, shown", [(-3, "0:00"), (0.9, "0:00"), (65, "1:05"), (3600, "60:00")]
)
def test_time_is_shown_in_minutes_and_seconds(seconds, shown):
    assert as_time(seconds) == shown


@pytest.mark.parametrize(
    "progress, left",
    [
        ({"first_epoch": 0, "batches_done": 20}, 60),  # a quarter of 80 batches in 20 s
        ({"first_epoch": 0, "batches_done": 80}, 0),
        ({"first_epoch": 2, "batches_done": 20}, 20),  # a run that was resumed in its third epoch
        ({"first_epoch": 0, "batches_done": 0}, 20 * 79),
    ],
)
def test_the_time_left_is_that_of_the_batches_left(progress, left):
    whole = RunProgress(epoch=0, epochs=4, batch=1, steps=20, seconds=20, **progress)
    assert whole.seconds_left == pytest.approx(left)


ROWS = [{"epoch": "1", "loss": "0.5"}]


def test_a_view_of_a_run_shows_how_far_it_is():
    progress = RunProgress(
        epoch=1, epochs=2, first_epoch=1, batch=5, steps=10, batches_done=5, seconds=30
    )
    view = RunView(rows=ROWS, seconds=30, skipped=0, progress=progress)
    assert view.words == "Epoch 2 of 2, batch 5 of 10, about 0:30 left"
    assert view.by_mime_type()["text/html"].startswith(
        "<p><progress value='5' max='10'></progress>"
    )
    assert view.by_mime_type()["text/plain"] == f"{view.words}: epoch 1, loss 0.5"


def test_a_view_of_a_run_that_is_over_has_no_bar():
    view = RunView(rows=ROWS, seconds=61, skipped=2, progress=None)
    assert view.words == "Finished 1 epochs in 1:01; skipped files: 2"
    assert view.by_mime_type()["text/html"].startswith("<p>Finished")
