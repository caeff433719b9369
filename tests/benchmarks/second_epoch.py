"""The epochs after the first, inside `fit` with a model that costs next to nothing."""

import shutil

from tests.benchmarks import pictures
from tests.benchmarks.augment import WORDS
from tests.benchmarks.measure import BATCH, SIZE, fresh, interleaved, is_installed, median, ratio
from tests.benchmarks.table import FASTER, TIME, Row

TITLE = "Later epochs, in `fit` with a trivial model, 224 x 224"
EPOCHS, SLOW_EPOCHS = 4, 2  # the first of a `fit` is not counted
OURS, CONSTANT, MEMORY = "`PixelCache`", "a constant batch", "images in memory"
TF, LAYERS = "Keras's loader with `.cache()`", "Keras's loader with `.cache()`, and Keras's layers"
OPENCV, PILLOW = f"{OURS}, augmented, OpenCV", f"{OURS}, augmented, Pillow"
ASKED = {OPENCV: 2310, PILLOW: 1365}  # images/s on two cores with nothing else to do


def rows(bench):
    folder = pictures.many(bench.work, bench.photos, 128 if bench.quick else 1920)
    cache = bench.work / "pixels"
    found = fresh(compare, folder=str(folder), cache=str(cache), rounds=bench.rounds)
    shutil.rmtree(cache)

    def step(name):
        return f"{median(found, name, 'step ms'):.1f} ms a step"

    def row(name, other, **more):
        return Row(name, step(name), ratio(found, name, other, "step ms"), TIME, **more)

    constant = {"limit": 1, "limit_is": f"{CONSTANT}: {step(CONSTANT)}"}
    yield row(OURS, CONSTANT, most=1.2, **constant)
    yield row(MEMORY, CONSTANT, **constant)
    for peer, headline in ((MEMORY, ""), (TF, "later epochs, in `fit`")):
        faster = ratio(found, peer, OURS, "step ms")
        limit = ratio(found, peer, CONSTANT, "step ms")
        yield Row(
            OURS, step(OURS), faster, FASTER, peer, step(peer), limit=limit, headline=headline
        )
    for ours in (OPENCV, PILLOW):
        if ours in found:
            yield from _augmented(found, ours)


def _augmented(found, ours):
    def speed(name):
        return median(found, name, "images/s")

    yield Row(
        ours,
        f"{speed(ours):,.0f} images/s",
        speed(ours),
        " images/s",
        least=ASKED[ours],
        limit=speed(OURS),
        limit_is="without augmentation",
    )
    yield Row(
        ours,
        f"{speed(ours):,.0f} images/s",
        ratio(found, ours, LAYERS, "images/s"),
        peer=LAYERS,
        there=f"{speed(LAYERS):,.0f} images/s",
        limit=ratio(found, OURS, LAYERS, "images/s"),
        headline=f"later epochs, augmented, {ours.rpartition(', ')[2]}",
    )


def compare(folder, cache, rounds):
    """All ways in one process, in turn; the round that warms up fills the caches."""
    from tests.benchmarks.fitting import Constant, timed_fit

    stream, loader = ours(folder, cache), keras_loader(folder)
    steps = len(stream(None))
    ways = {
        CONSTANT: Constant(steps),
        MEMORY: in_memory(steps),
        OURS: stream(None),
        TF: loader,
        LAYERS: with_layers(loader),
        PILLOW: stream("pillow"),
    }
    if is_installed("cv2"):
        ways[OPENCV] = stream("opencv")
    for name, data in ways.items():
        epochs = SLOW_EPOCHS if name == LAYERS else EPOCHS
        ways[name] = lambda data=data, epochs=epochs: timed_fit(data, epochs)
    return interleaved(rounds, ways)


def ours(folder, cache):
    from colab_helpers import PixelCache, StreamingSequence, augmenter, connect, decoder

    drive = connect(folder)
    files = list(drive.list_images("."))
    pixels = PixelCache(cache, max_bytes=10e9)

    def stream(library):
        augment = library and augmenter(**WORDS, library=library)
        return StreamingSequence(
            files, drive.read, decoder(SIZE), batch_size=BATCH, cache=pixels, augment=augment
        )

    return stream


def in_memory(steps):
    """A PyDataset over one array: nothing is read or decoded."""
    import keras
    import numpy as np

    images = np.random.default_rng(0).integers(0, 256, (steps * BATCH, *SIZE, 3), np.uint8)
    order = np.random.default_rng(1).permutation(len(images))

    class Taken(keras.utils.PyDataset):
        def __len__(self):
            return steps

        def __getitem__(self, index):
            rows = order[index * BATCH : (index + 1) * BATCH]
            return images[rows], np.zeros(BATCH, np.int32)

    return Taken()


def keras_loader(folder):
    """Kept in memory after the first epoch, as TensorFlow's tutorial on images says."""
    import keras
    import tensorflow as tf

    data = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, seed=0, verbose=False
    )
    return data.cache().prefetch(tf.data.AUTOTUNE)


def with_layers(data):
    import tensorflow as tf

    from tests.benchmarks.augment import keras_layers

    augment = keras_layers()
    varied = data.map(lambda x, y: (augment(x), y), num_parallel_calls=tf.data.AUTOTUNE)
    return varied.prefetch(tf.data.AUTOTUNE)
