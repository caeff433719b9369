"""Trains on a StreamingSequence and looks at it meanwhile; prints what was trained on, as JSON.

A program of its own, run once for each backend by test_epochs_in_keras.py.
"""

import gc
import json
import random
import sys

import keras
import numpy as np
from numbered_photos import Reads, decode, epoch_of, jitter, numbers, photos

from colab_helpers.stream import StreamingSequence

BACKEND = keras.backend.backend()
FILES = 40
BATCH_SIZE = 4
STEPS = 10


class Notes(keras.Model):
    """A model that notes which files it is trained on."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(2)
        self.trained = []

    def call(self, images):
        return self.dense(self.flatten(images))

    def train_step(self, *arguments):
        data = arguments[-1]  # on JAX, the state comes first
        self.trained.append(numbers(keras.ops.convert_to_numpy(data[0])))
        return super().train_step(*arguments)


def make_model():
    model = Notes()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=True, jit_compile=False)
    return model


def make_sequence(read=None, **options):
    return StreamingSequence(
        photos(FILES), read or Reads(), decode, batch_size=BATCH_SIZE, augment=jitter, **options
    )


def as_seeded(epochs):
    """What training is to see, by batch."""
    plan = make_sequence()
    return [numbers(images) for _ in range(epochs) for images, _ in epoch_of(plan)]


def callback(on_batch):
    return keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: on_batch(batch))


def plain():
    reads = Reads()
    model = make_model()
    model.fit(make_sequence(reads), epochs=2, verbose=0)
    another = make_sequence(reads)
    return {
        "trained": model.trained,
        "expected": as_seeded(2),
        "reads": reads.count.total(),
        "files": len(another.files),
    }


def two_models():
    """A second model looks at a batch before it trains, on JAX and torch."""
    train = make_sequence()
    trained = []
    for _ in range(2):
        model = make_model()
        model.fit(train, epochs=1, verbose=0)
        trained += model.trained
    return {"trained": trained, "expected": as_seeded(2)}


def looks(seed):
    """Looks of all kinds after any batch, several in an epoch."""
    rng = random.Random(seed)
    model = make_model()
    other = make_model()
    train = make_sequence()
    other.build((None, 3, 2, 3))

    def look(batch):
        kind = rng.choice(["none", "none", "index", "loop", "indices", "predict", "evaluate"])
        if kind == "index":
            train[rng.randrange(len(train))][0][:] = 0  # what a user does to a batch stays there
        if kind == "loop":
            for _ in train:
                pass
        if kind == "indices":
            for index in range(rng.randrange(len(train))):
                train[index]
        if kind == "predict":
            other.predict(train, verbose=0)
        if kind == "evaluate":
            other.evaluate(train, verbose=0)

    model.fit(train, epochs=3, verbose=0, callbacks=[callback(look)])
    return {"trained": model.trained, "expected": as_seeded(3)}


def few_steps(steps):
    model = make_model()
    model.fit(make_sequence(), epochs=STEPS, steps_per_epoch=steps, verbose=0)
    count = min(len(model.trained), 2 * STEPS)
    return {"trained": model.trained[:count], "expected": as_seeded(2)[:count]}


def one_fit_after_another():
    """No batch comes twice; on TensorFlow, those that tf.data asked for in vain are left out."""
    train = make_sequence()
    model = make_model()
    for _ in range(2):
        model.fit(train, epochs=1, steps_per_epoch=4, verbose=0)
    return {"trained": len({tuple(batch) for batch in model.trained}), "expected": 8}


def interrupted(at):
    train = make_sequence()
    model = make_model()

    def stop(batch):
        if batch == at:
            raise KeyboardInterrupt

    try:
        model.fit(train, epochs=2, verbose=0, callbacks=[callback(stop)])
    except KeyboardInterrupt:
        model.trained.clear()
    model.fit(train, epochs=1, verbose=0)
    once_each = sorted(number for batch in model.trained for number in batch)
    return {"trained": once_each, "expected": list(range(FILES))}


def resumed(epoch, batches_trained):
    """As `ResumeTraining` does: the place is set when an epoch begins."""
    train = make_sequence()
    model = make_model()
    start = train.state_dict(epoch, batches_trained)
    begin = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda number, logs: train.load_state_dict(start)
    )
    model.fit(train, epochs=1, verbose=0, callbacks=[begin])
    expected = as_seeded(epoch + 1)[epoch * STEPS + batches_trained :]
    return {"trained": model.trained[: len(expected)], "expected": expected}


def resumed_and_interrupted():
    """What is resumed in mid-epoch and then interrupted leaves no short epoch behind."""
    train = make_sequence()
    model = make_model()
    train.load_state_dict(train.state_dict(1, 3))

    def stop(batch):
        if batch == 2:
            raise KeyboardInterrupt

    try:
        model.fit(train, epochs=1, verbose=0, callbacks=[callback(stop)])
    except KeyboardInterrupt:
        model.trained.clear()
    model.fit(train, epochs=2, verbose=0)
    once_each = [
        sorted(number for batch in model.trained[start : start + STEPS] for number in batch)
        for start in (0, STEPS)
    ]
    return {"trained": once_each, "expected": [list(range(FILES))] * 2}


def validated():
    """Validation data has epochs of its own, inside of `fit`."""
    reads = Reads()
    validation = make_sequence(reads, shuffle=False)
    model = make_model()
    model.fit(make_sequence(), validation_data=validation, epochs=3, verbose=0)
    return {
        "trained": sorted(set(reads.count.values())),
        "expected": [3],
    }


def validated_in_part():
    """`validation_steps` shows the same batches each time; `predict` then begins at the front."""
    shown = []

    class Watched(StreamingSequence):
        def __getitem__(self, index):
            batch = super().__getitem__(index)
            shown.append(numbers(batch[0]))
            return batch

    validation = Watched(photos(FILES), Reads(), decode, batch_size=BATCH_SIZE, shuffle=False)
    model = make_model()
    model.fit(make_sequence(), validation_data=validation, validation_steps=2, epochs=2, verbose=0)
    seen_in_validation = {tuple(batch) for batch in shown}
    shown.clear()
    model.predict(validation, verbose=0)
    return {
        "trained": [[list(batch) for batch in sorted(seen_in_validation)[:2]], shown[-STEPS:]],
        "expected": [[[0, 1, 2, 3], [4, 5, 6, 7]], as_listed()],
    }


def as_listed():
    return [list(range(start, start + BATCH_SIZE)) for start in range(0, FILES, BATCH_SIZE)]


def evaluated_before():
    """A sequence that was evaluated on is read ahead like any when it validates."""
    reads = Reads()
    validation = make_sequence(reads, shuffle=False)
    model = make_model()
    model.evaluate(validation, verbose=0)
    model.fit(make_sequence(), validation_data=validation, epochs=2, verbose=0)
    return {"trained": sorted(set(reads.count.values())), "expected": [3]}


def looked_at_after():
    """After a `fit` of some steps, a look takes nothing from the next one."""
    train = make_sequence()
    make_model().fit(train, epochs=1, steps_per_epoch=2, verbose=0)
    gc.collect()
    first, second = numbers(train[0][0]), numbers(train[0][0])
    return {"trained": [first, second], "expected": [as_seeded(1)[0]] * 2}


SITUATIONS = {
    "plain": plain,
    "two models": two_models,
    **{f"looks, seed {seed}": lambda seed=seed: looks(seed) for seed in range(8)},
    **{f"{steps} steps an epoch": lambda steps=steps: few_steps(steps) for steps in (1, 2, 3, 10)},
    "one fit after another": one_fit_after_another,
    **{f"interrupted at {at}": lambda at=at: interrupted(at) for at in (0, 1, 5, 9)},
    "resumed": lambda: resumed(1, 3),
    "resumed at the start": lambda: resumed(2, 0),
    "resumed and interrupted": resumed_and_interrupted,
    "validated": validated,
    "validated in part": validated_in_part,
    "evaluated before": evaluated_before,
    "looked at after": looked_at_after,
}


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    np.random.seed(1)
    results = {name: situation() for name, situation in SITUATIONS.items()}
    json.dump(results, sys.stdout)
