"""`fit` with a model that costs next to nothing, so that its time is that of its input."""

import keras
import numpy as np

from tests.benchmarks.measure import BATCH, SIZE, Meter

CLASSES = 1000  # more than any folder here has


def trivial_model():
    """Looks at one pixel."""
    inputs = keras.Input((*SIZE, 3))
    pixel = keras.layers.Flatten()(inputs[:, :1, :1])
    model = keras.Model(inputs, keras.layers.Dense(CLASSES)(pixel))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


class Constant(keras.utils.PyDataset):
    """One constant batch: nothing that Keras can be given as a PyDataset is faster."""

    def __init__(self, steps, batch_size=BATCH):
        super().__init__()
        self._steps = steps
        self._batch = np.zeros((batch_size, *SIZE, 3), np.uint8), np.zeros(batch_size, np.int32)

    def __len__(self):
        return self._steps

    def __getitem__(self, index):
        return self._batch


class Watch(keras.callbacks.Callback):
    """Measures all of `fit`, or its epochs after the first."""

    def __init__(self, meter, epochs):
        super().__init__()
        self.meter, self.epochs, self.steps = meter, epochs, 0

    def on_epoch_end(self, epoch, logs=None):
        if self.epochs > 1 and epoch == 0:
            self.steps = 0
            self.meter.__enter__()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1

    def on_train_end(self, logs=None):
        self.meter.__exit__()


def timed_fit(data, epochs=1, **options):
    """What a step of `fit` takes; the model is compiled before."""
    model, meter = trivial_model(), Meter()
    watch = Watch(meter, epochs)
    model.fit(Constant(2), verbose=0)
    if epochs == 1:
        meter.__enter__()
    model.fit(data, epochs=epochs, verbose=0, callbacks=[watch], **options)
    return {"step ms": meter.wall / watch.steps * 1e3, **meter.per(watch.steps * BATCH)}
