"""A run so small that a test can break it off and run it again: a notebook's cell, and pictures."""

import threading
from dataclasses import dataclass

import keras
import numpy as np

from colab_helpers.drive import File
from colab_helpers.stream import StreamingSequence
from colab_helpers.training import ResumeTraining
from colab_helpers.training.checkpoint import Checkpoint, Learned


def photos(count):
    """Files of two classes in turn; each one's content tells its number."""
    return [
        File(
            id=f"id{number:05d}",
            name=f"{number}.jpg",
            label=f"class{number % 2}",
            path=f"class{number % 2}/{number}.jpg",
            size=2,
            md5=None,
            version="1",
        )
        for number in range(count)
    ]


def read(file):
    return int(file.id[2:]).to_bytes(2, "big")


def decode(data):
    """An image that tells which file it was made from."""
    return np.full((3, 2, 3), [*data, 7], np.uint8)


def jitter(image, rng):
    """Augments: the last channel becomes another, the file can still be told."""
    return image + rng.integers(0, 2, image.shape, np.uint8) * np.array([0, 0, 1], np.uint8)


def numbers(images):
    """Which files these images were made from."""
    return [int(image[0, 0, 0]) * 256 + int(image[0, 0, 1]) for image in images]


class Interrupt(keras.callbacks.Callback):
    """Breaks a run off, as a lost connection does, before its n-th step (counted over epochs)."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_begin(self, batch, logs=None):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


class StepCounter(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.count = 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1


@dataclass
class Outcome:
    """What a test asks about a run: steps done, history, and the values of all variables."""

    steps: int
    history: dict
    variables: list

    def ended_like(self, other):
        pairs = zip(self.variables, other.variables, strict=True)
        return self.history == other.history and all(np.array_equal(a, b) for a, b in pairs)


def small_model(units, steps_per_execution, optimizer="adam"):
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
    model.compile(
        optimizer,
        "sparse_categorical_crossentropy",
        steps_per_execution=steps_per_execution,
        run_eagerly=steps_per_execution == 1,  # spares the tracing; test_resume.py is in graph mode
    )
    return model


def make_train(files):
    return StreamingSequence(files, read, decode, batch_size=4, augment=jitter, seed=2)


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
    train=None,
    optimizer="adam",
    **options,
):
    """The cell of a notebook, 5 batches an epoch: a new kernel would run just this again."""
    train = train or make_train(files or photos(20))
    model = small_model(units, steps_per_execution, optimizer)
    counter = StepCounter()
    resume = ResumeTraining(train, folder, keep=keep, **{"save_freq": 1, **options})
    callbacks = [*keep, *callbacks, counter, resume]
    if interrupt is not None:
        callbacks.append(Interrupt(interrupt))
    try:
        model.fit(train, epochs=epochs, verbose=0, callbacks=callbacks, **(fit or {}))
    except KeyboardInterrupt:
        assert interrupt is not None
    variables = [*model.variables, *model.optimizer.variables]
    return Outcome(
        steps=counter.count,
        history=model.history.history,
        variables=[np.asarray(variable) for variable in variables],
    )


def small_checkpoint(serial=1, **changed):
    """A checkpoint of four arrays."""
    fields = {
        "stopped": False,
        "place": {"epoch": 1, "batches_trained": 2},
        "variables": {
            "model": [np.ones((3, 1), "float32"), np.array(7)],
            "optimizer": [],
            "metrics": [np.zeros(2)],
        },
        "epochs": [0],
        "history": {"loss": [0.5]},
        "learned": [
            Learned("EarlyStopping", {"wait": 1, "best_weights": [np.full(4, 0.25)]}),
        ],
        "learning_rate": 0.001,
    }
    return Checkpoint(serial=serial, **{**fields, **changed})


def wait_until_sent():
    """Returns when no copy is under way to Drive."""
    for thread in threading.enumerate():
        if thread.name == "ResumeTraining":
            thread.join(30)
