"""Trains with each kind of target, cut off and resumed, and compares with a run left alone.

A program of its own, run once for each backend by test_targets_in_keras.py; prints what differs.
"""

import json
import sys
import tempfile

import keras
import numpy as np
from numbered_photos import Photo, photos, read

from colab_helpers.stream import PixelCache, StreamingSequence, augmenter
from colab_helpers.training import InputMeter, ResumeTraining

SIZE = (8, 8)
FILES = photos(18)
NUMBERS = {file.id: n for n, file in enumerate(FILES)}


class Decode:
    """A picture, or a mask of ones and zeros, that tells its number."""

    def __init__(self, channels):
        self.shape = (*SIZE, channels)
        self.key = f"{channels}"

    def __call__(self, data):
        rng = np.random.default_rng(data[1])
        values = rng.integers(0, 256, self.shape, np.uint8)
        return values if self.shape[2] == 3 else values // 128


MASKS = {id: Photo(f"ma{n:05d}", f"{n}.png", None) for id, n in NUMBERS.items()}
SEVERAL = {id: ["sky", "sea"][: n % 3] for id, n in NUMBERS.items()}
POINTS = {id: [[n, 1], [2, n]] for id, n in NUMBERS.items()}
WEIGHTS = {id: n % 3 for id, n in NUMBERS.items()}
KIND_AND_MASK = {"kind": "int", "mask": "image", "age": "raw"}

# By name: arguments of the sequence, and the loss.
KINDS = {
    "int": ({}, "sparse_categorical_crossentropy"),
    "categorical": ({"label_mode": "categorical"}, "categorical_crossentropy"),
    "binary": ({"label_mode": "binary"}, "binary_crossentropy"),
    "multi_label": ({"label_mode": "multi_label", "labels": SEVERAL}, "binary_crossentropy"),
    "number": ({"label_mode": "raw", "labels": NUMBERS}, "mse"),
    "points": ({"label_mode": "raw", "labels": POINTS}, "mse"),
    "mask": (
        {"label_mode": "image", "labels": MASKS, "augment": augmenter(rotation_range=9)},
        "sparse_categorical_crossentropy",
    ),
    "binary mask": ({"label_mode": "image", "labels": MASKS}, "binary_crossentropy"),
    "input": ({"label_mode": "input", "normalize": "unit"}, "mse"),
    "dict": (
        {"label_mode": KIND_AND_MASK, "labels": {"mask": MASKS, "age": NUMBERS}},
        {
            "kind": "sparse_categorical_crossentropy",
            "mask": "sparse_categorical_crossentropy",
            "age": "mse",
        },
    ),
}
OUTPUTS = {
    "int": (2, "softmax"),
    "categorical": (2, "softmax"),
    "binary": (1, "sigmoid"),
    "multi_label": (2, "sigmoid"),
    "number": (1, None),
    "points": (4, None),
}
CHANNELS = {"mask": (2, "softmax"), "binary mask": (1, "sigmoid"), "input": (3, "sigmoid")}


def output(image, name):
    if name in CHANNELS:
        channels, activation = CHANNELS[name]
        return keras.layers.Conv2D(channels, 3, padding="same", activation=activation)(image)
    units, activation = OUTPUTS[name]
    answer = keras.layers.Dense(units, activation=activation)(keras.layers.Flatten()(image))
    return keras.layers.Reshape((2, 2))(answer) if name == "points" else answer


def model_of(name, loss, has_inputs):
    keras.utils.set_random_seed(0)
    image = keras.Input((*SIZE, 3), name="image")
    inputs = image
    scaled = keras.layers.Rescaling(1 / 255)(image)
    if has_inputs:
        place = keras.Input((3,), name="place")
        inputs = {"image": image, "place": place}
        beside = keras.layers.Reshape((1, 1, 3))(place)
        scaled = keras.layers.Add()([scaled, beside])
    if name == "dict":
        parts = {"kind": "int", "mask": "mask", "age": "number"}
        outputs = {part: output(scaled, of) for part, of in parts.items()}
    else:
        outputs = output(scaled, name)
    model = keras.Model(inputs, outputs)
    model.compile("adam", loss)
    return model


class CutOff(keras.callbacks.Callback):
    """Ends a run before its n-th step, as a lost connection does."""

    def __init__(self, step):
        super().__init__()
        self.left = step

    def on_train_batch_begin(self, batch, logs=None):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


def run(name, folder, cache, extra, cut_off=None):
    arguments, loss = KINDS[name]
    train = StreamingSequence(
        FILES,
        read,
        Decode(3),
        **{
            "decode_label": Decode(1) if "image" in str(arguments) else None,
            "batch_size": 4,
            "cache": cache,
            **arguments,
            **extra,
        },
    )
    model = model_of(name, loss, "inputs" in extra)
    meter = InputMeter(train, verbose=False)
    callbacks = [meter, ResumeTraining(train, folder, save_freq=1)]
    if cut_off is not None:
        callbacks.append(CutOff(cut_off))
    try:
        model.fit(train, epochs=2, verbose=0, callbacks=callbacks)
    except KeyboardInterrupt:
        return None
    assert meter.history[-1]["images"] > 0
    weights = [np.asarray(variable) for variable in model.variables]
    if cache is None:
        model.fit(train, verbose=0, validation_data=train)
        model.predict(train, verbose=0)
    return weights


def differs(name, extra):
    """What is wrong about a kind of target; nothing where a resumed run ends as one left alone."""
    with tempfile.TemporaryDirectory() as folder:
        whole = run(name, f"{folder}/whole", None, extra)
        cache = PixelCache(f"{folder}/cache", max_bytes=1e7)
        run(name, f"{folder}/cut", cache, extra, cut_off=7)
        resumed = run(name, f"{folder}/cut", cache, extra)
    if not all(np.isfinite(variable).all() for variable in whole):
        return "weights are NaN"
    same = all(np.array_equal(one, other) for one, other in zip(whole, resumed, strict=True))
    return "" if same else "a resumed run ended with other weights"


def main():
    places = {"place": {id: [n, 1, 0] for id, n in NUMBERS.items()}}
    wrong = {}
    for name in KINDS:
        for extra in ({}, {"sample_weight": WEIGHTS, "inputs": places}):
            try:
                fault = differs(name, extra)
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"[:800]
            if fault:
                wrong[f"{name} with {list(extra)}"] = fault
    print(json.dumps(wrong))


if __name__ == "__main__":
    sys.exit(main())
