"""What `fit`, `evaluate` and `predict` are given."""

import keras
import pytest
from numbered_photos import Reads, decode, epoch_of, numbers, photos, read, small_model

from colab_helpers.stream import StreamingSequence


def test_fit_trains_on_the_batches_of_the_plan_and_reads_none_twice():
    reads, seen = Reads(), []

    class Watched(StreamingSequence):
        def __getitem__(self, index):
            batch = super().__getitem__(index)
            seen.append(numbers(batch[0]))
            return batch

    train = Watched(photos(40), reads, decode, batch_size=8)
    val_reads = Reads()
    val = StreamingSequence(photos(12), val_reads, decode, batch_size=8, shuffle=False)
    plan = StreamingSequence(photos(40), read, decode, batch_size=8)
    small_model().fit(train, validation_data=val, epochs=3, verbose=0)
    assert seen[2:] == [numbers(images) for _ in range(3) for images, _ in epoch_of(plan)]
    assert set(reads.count.values()) == {3} and set(val_reads.count.values()) == {3}


def test_fit_again_goes_on_with_the_next_epoch_and_evaluate_and_predict_see_every_file():
    reads = Reads()
    sequence = StreamingSequence(photos(20), reads, decode, batch_size=8, shuffle=False)
    model = small_model(metrics=["accuracy"])
    model.fit(sequence, epochs=1, verbose=0)
    model.fit(sequence, epochs=1, verbose=0)
    assert model.predict(sequence, verbose=0).shape == (20, 2)
    assert 0 <= model.evaluate(sequence, verbose=0)[1] <= 1
    assert set(reads.count.values()) == {4}


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, None])
def test_after_an_interrupted_fit_the_next_one_trains_on_a_whole_epoch(stop):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                self.model.stop_training = True
                if stop:
                    raise stop("enough")

    sequence = StreamingSequence(photos(64), read, decode, batch_size=4)
    model = small_model()
    try:
        model.fit(sequence, epochs=2, verbose=0, callbacks=[Stop()])
    except (KeyboardInterrupt, ValueError) as error:
        assert stop and "enough" in str(error)
    steps = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    model.fit(sequence, epochs=1, verbose=0, callbacks=[count])
    assert steps == list(range(16))


def test_a_failed_read_leaves_fit_with_its_own_text_and_stays_as_last_error():
    class Refused(Exception):
        pass

    def refuse(file):
        if file.id == "id00003":
            raise Refused(
                f"Could not read '{file.name}' (id {file.id}): Drive said 404. Share it again."
            )
        return read(file)

    sequence = StreamingSequence(photos(20), refuse, decode, batch_size=8, shuffle=False)
    with pytest.raises(Exception, match="Drive said 404. Share it again"):
        small_model().fit(sequence, verbose=0)
    assert type(sequence.last_error) is Refused
