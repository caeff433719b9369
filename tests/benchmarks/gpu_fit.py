"""What gpu.py compares: ways to feed `fit`, with a network of keras.applications."""

import functools
import math
import os
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from colab_helpers import InputMeter, PixelCache, StreamingSequence, augmenter, connect, decoder
from tests.benchmarks.augment import WORDS
from tests.benchmarks.fitting import Constant
from tests.benchmarks.measure import SIZE, interleaved

BATCH, EPOCHS = 64, 4  # the first of a `fit` is told apart
CONSTANT, PLAIN = "a constant batch", "`PyDataset(workers=8)`"
FIRST, LATER = "the stream, first epoch", "the stream, later epochs"
OPENCV, PILLOW = f"{LATER}, augmented, OpenCV", f"{LATER}, augmented, Pillow"


def compare(network, cores, rounds, url, folder, work):
    """All ways in one process, in turn; the round that warms up compiles the network."""
    if all(device.lower().startswith("cpu") for device in keras.distribution.list_devices()):
        raise RuntimeError(
            f"Keras on {keras.backend.backend()} sees no GPU. For JAX: pip install 'jax[cuda13]'"
        )
    if cores != "all":
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    fit = functools.partial(timed_fit, built(network))
    ways = {
        CONSTANT: lambda: fit(Constant(len(paths(folder)) // BATCH, BATCH)),
        LATER: lambda: fit(stream(url, work)),
        OPENCV: lambda: fit(stream(url, work, "opencv")),
        PILLOW: lambda: fit(stream(url, work, "pillow")),
        PLAIN: lambda: fit(Plain(folder), epochs=2),
    }
    return interleaved(rounds, ways)


def built(network):
    """The network with weights drawn at random, compiled."""
    inputs = keras.Input((*SIZE, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    body = getattr(keras.applications, network)(
        weights=None, include_top=False, pooling="avg", input_shape=(*SIZE, 3)
    )
    outputs = keras.layers.Dense(1000, activation="softmax", dtype="float32")(body(scaled))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    return model


def stream(url, work, library=None):
    """The folder's files from the stand-in Drive, with a cache of pixels that is empty."""
    drive = connect(endpoint=url)
    files = list(drive.list_images("photos"))
    return StreamingSequence(
        files[: len(files) // BATCH * BATCH],  # a batch of another size would be compiled
        drive.read,
        decoder(SIZE),
        batch_size=BATCH,
        cache=PixelCache(tempfile.mkdtemp(dir=work), max_bytes=4e9),
        augment=augmenter(**WORDS, library=library) if library else None,
    )


@functools.cache
def paths(folder):
    return sorted(Path(folder).rglob("*.jpg"))


class Plain(keras.utils.PyDataset):
    """Eight workers, which open files of the local disk with Pillow."""

    def __init__(self, folder):
        super().__init__(workers=8, max_queue_size=16)
        self._paths = paths(folder)

    def __len__(self):
        return len(self._paths) // BATCH

    def __getitem__(self, index):
        chosen = self._paths[index * BATCH : (index + 1) * BATCH]
        return np.stack([opened(path) for path in chosen]), np.zeros(BATCH, np.int32)


def opened(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize(SIZE, Image.Resampling.BILINEAR))


def timed_fit(model, data, epochs=EPOCHS):
    """Images a second, how busy the GPU was, and how long `fit` waited; of a stream's first epoch
    too. What is not known is NaN."""
    watch, callbacks, meter = Watch(), [], None
    if isinstance(data, StreamingSequence):
        meter = InputMeter(data, verbose=False)
        callbacks = [meter]
    with Utilization() as gpu:
        model.fit(data, epochs=epochs, verbose=0, callbacks=[*callbacks, watch])
    images = len(data) * BATCH

    def told(numbers, epoch=""):
        spans = [watch.spans[number] for number in numbers]
        waits = [meter.history[number]["waiting_share"] for number in numbers] if meter else []
        seconds = sum(end - begin for begin, end in spans)
        return {
            f"{epoch}images/s": images * len(spans) / seconds,
            f"{epoch}busy": gpu.busy(spans),
            f"{epoch}waited": statistics.mean(waits) if waits else math.nan,
        }

    found = told(range(1, epochs))
    if meter:
        found |= told([0], "first ")
        data.close()
    return found


class Watch(keras.callbacks.Callback):
    """When each epoch begins and ends; the end waits for the GPU, as it tells the loss."""

    def __init__(self):
        super().__init__()
        self.spans = []

    def on_epoch_begin(self, epoch, logs=None):
        self._begun = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        float(logs["loss"])
        self.spans.append((self._begun, time.perf_counter()))


class Utilization:
    """What `nvidia-smi` tells of the GPU ten times a second."""

    def __enter__(self):
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        self._seen = []
        self._process = subprocess.Popen([*command, "-lms", "100"], stdout=subprocess.PIPE)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def _read(self):
        for line in self._process.stdout:
            self._seen.append((time.perf_counter(), int(line) / 100))

    def __exit__(self, *error):
        self._process.kill()
        self._process.wait()
        self._thread.join()
        self._process.stdout.close()

    def busy(self, spans):
        """The mean share within some spans of time; NaN where it told nothing in them."""
        seen = [share for at, share in self._seen if any(a <= at <= b for a, b in spans)]
        return statistics.mean(seen) if seen else math.nan
