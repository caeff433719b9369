"""Trains in situations that a seed draws, and compares with what was to be trained on.

Situations differ in all that may meet: repeated files, bad ones, blocks, types of pixels, a cache,
forms of labels, steps of an epoch, looks from a callback, a run that is resumed. What is right is
worked out here by plain loops, from an epoch without any of it. Prints what went wrong, as JSON.

A program of its own, run once for each backend by test_situations_in_keras.py.
"""

import json
import random
import sys
from dataclasses import dataclass, field

import keras
import numpy as np
from numbered_photos import Photo, decode, epoch_of, jitter, numbers, photos, read

from colab_helpers.stream import StreamingSequence

SITUATIONS = 24
EPOCHS = 3


class Kept:
    """A cache in a dictionary."""

    def __init__(self):
        self.pixels = {}

    def get_batch(self, files, key, out):
        for row, file in zip(out, files):
            row[:] = self.pixels.get(file.id, 0)
        return np.array([file.id in self.pixels for file in files])

    def put(self, file, key, pixels):
        self.pixels[file.id] = pixels.copy()
        return True


class Decode:
    """Finds some files bad, and halves the others where floats are wanted."""

    shape = (3, 2, 3)
    key = "3x2"

    def __init__(self, bad, makes_floats):
        self.bad = bad
        self.makes_floats = makes_floats
        self.dtype = "float32" if makes_floats else "uint8"

    def __call__(self, data):
        if int.from_bytes(data, "big") in self.bad:
            raise ValueError("it is cut off")
        image = decode(data)
        return image / 2 if self.makes_floats else image


def vary(image, rng):
    """Varies the last channel alone, also of floats."""
    if image.dtype == np.uint8:
        return jitter(image, rng)
    return image + rng.integers(0, 2, image.shape) * np.array([0, 0, 0.5])


class Notes(keras.Model):
    """A model that notes what it is trained on."""

    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.dense = keras.layers.Dense(3)
        self.trained = []

    def call(self, images):
        return self.dense(self.flatten(keras.ops.cast(images, "float32")))

    def train_step(self, *arguments):
        data = arguments[-1]  # on JAX, the state comes first
        self.trained.append([np.array(keras.ops.convert_to_numpy(array)) for array in data])
        return super().train_step(*arguments)


def model_of():
    model = Notes()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, run_eagerly=True, jit_compile=False)
    return model


@dataclass
class Situation:
    """What a seed draws."""

    seed: int
    rng: random.Random = field(init=False)
    count: int = 0  # of the batches that are to be trained on

    def __post_init__(self):
        rng = random.Random(self.seed)
        self.rng = rng
        count = rng.randrange(5, 40)
        files = photos(count, classes=3, block=None)
        if rng.random() < 0.3:
            files = [
                Photo(file.id, file.name, file.label, block=n // 5) for n, file in enumerate(files)
            ]
        self.files = files + rng.choices(files, k=rng.choice([0, 0, 3, 20]))
        self.batch_size = rng.choice([1, 2, 4, 7, 64])
        self.shuffle = rng.random() < 0.8
        self.makes_floats = rng.random() < 0.4
        self.dtype = "float32" if self.makes_floats or rng.random() < 0.3 else None
        self.augment = vary if rng.random() < 0.7 else None
        share = rng.choice([0, 0, 0.1, 0.5, 0.9])
        self.bad = {n for n in range(count - 1) if rng.random() < share}
        self.has_cache = rng.random() < 0.4
        self.labels = rng.choice(["files", "mapping", "list"])
        self.reads = rng.choice([1, 4, 32])
        self.looks = rng.random() < 0.5
        self.first_place = rng.choice([0, 0, 0, 1, 2])
        self.steps = rng.choice([None, None, None, 1, 2, 3])

    def sequence(self, bad):
        return StreamingSequence(
            self.files,
            read,
            Decode(bad, self.makes_floats),
            labels=self._labels(),
            batch_size=self.batch_size,
            shuffle=self.shuffle,
            seed=self.seed,
            augment=self.augment,
            dtype=self.dtype,
            reads=self.reads,
            cache=Kept() if self.has_cache else None,
            on_bad_file="skip",
        )

    def _labels(self):
        if self.labels == "files":
            return None
        if self.labels == "mapping":
            return {file.id: file.label for file in self.files}
        return [file.label for file in self.files]

    def expected(self):
        """All batches of all epochs, each a list of (pixels, label)."""
        plan = self.sequence(bad=set())
        batches = []
        for _ in range(EPOCHS):
            epoch = [list(zip(images, labels)) for images, labels in epoch_of(plan)]
            batches += self._without_bad(epoch)
        return batches[self.first_place % len(plan) :]

    def _without_bad(self, epoch):
        good = [[row for row in batch if self.number(row[0]) not in self.bad] for batch in epoch]
        return [rows or [self._stand_in(good, place)] for place, rows in enumerate(good)]

    def _stand_in(self, good, place):
        before = [row for rows in good[:place] for row in rows]
        behind = [row for rows in good[place + 1 :] for row in rows]
        return before[-1] if before else behind[0]

    def number(self, image):
        return numbers([image * 2 if self.makes_floats else image])[0]

    def look(self, model, train):
        kind = self.rng.choice(["none", "index", "loop", "indices", "predict", "evaluate"])
        if kind == "index":
            train[self.rng.randrange(len(train))][0][:] = 0
        if kind == "loop":
            list(train)
        if kind == "indices":
            for index in range(self.rng.randrange(len(train) + 1)):
                train[index]
        if kind == "predict":
            model.predict(train, verbose=0)
        if kind == "evaluate":
            model.evaluate(train, verbose=0)

    def trained(self):
        """What `fit` trained on, in the same form."""
        train = self.sequence(self.bad)
        model = model_of()
        other = model_of()
        total = len(train)
        start = train.state_dict(0, self.first_place % total)
        callbacks = [
            keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda batch, logs: self.looks and self.look(other, train)
            )
        ]
        if start["batches_trained"]:
            train.load_state_dict(start)
            model.fit(train, epochs=1, verbose=0, callbacks=callbacks)
        steps = self.steps and min(self.steps, total)
        model.fit(train, epochs=2, steps_per_epoch=steps, verbose=0, callbacks=callbacks)
        first_fit = total - start["batches_trained"] if start["batches_trained"] else 0
        self.count = first_fit + 2 * total
        if steps:  # Keras cuts an epoch short where the steps of several do not divide it
            self.count = min(self.count, len(model.trained))
        return [list(zip(*batch)) for batch in model.trained]

    def what_went_wrong(self):
        expected = self.expected()
        trained = self.trained()
        if not trained or len(trained) != self.count:
            return f"{len(trained)} batches rather than {self.count}"
        for place, (batch, right) in enumerate(zip(trained, expected[: self.count], strict=True)):
            if [self.number(image) for image, _ in batch] != [self.number(row[0]) for row in right]:
                return f"batch {place}: other files"
            if [int(label) for _, label in batch] != [int(label) for _, label in right]:
                return f"batch {place}: other labels"
            if not all(np.array_equal(image, row[0]) for (image, _), row in zip(batch, right)):
                return f"batch {place}: other pixels"
            if any(int(label) != self.number(image) % 3 for image, label in batch):
                return f"batch {place}: labels of other files"
        return ""


if __name__ == "__main__":
    keras.utils.set_random_seed(1)
    found = {seed: Situation(seed).what_went_wrong() for seed in range(SITUATIONS)}
    json.dump({seed: wrong for seed, wrong in found.items() if wrong}, sys.stdout)
