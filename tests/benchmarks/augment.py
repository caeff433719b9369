"""Usual augmentation alone: ours against others, the same operations as near as can be.

Turn by up to 20 degrees, shift by up to a fifth, shear by up to 10 degrees, zoom by up to a fifth,
mirror; what lies outside is the nearest pixel. Images lie in memory; the time is that of the CPU,
so that nobody is ahead by more threads."""

from tests.benchmarks.measure import (
    BATCH,
    SIZE,
    Meter,
    fresh,
    interleaved,
    is_installed,
    median,
    ratio,
)
from tests.benchmarks.table import Row

TITLE = "Usual augmentation of 224 x 224 (images a second of one core)"
TURN, SHIFT, SHEAR, ZOOM = 20, 0.2, 10, 0.2
WORDS = {
    "rotation_range": TURN,
    "width_shift_range": SHIFT,
    "height_shift_range": SHIFT,
    "shear_range": SHEAR,
    "zoom_range": ZOOM,
    "horizontal_flip": True,
}
OPENCV, PILLOW = "`augmenter`, OpenCV", "`augmenter`, Pillow"
PEERS = ("albumentations", "`ImageDataGenerator`", "Keras's layers")
OPENCV_ALONE, PILLOW_ALONE = "one `cv2.warpAffine` alone", "one `Image.transform` alone"
LIMITS = {OPENCV: OPENCV_ALONE, PILLOW: PILLOW_ALONE}
HEADLINES = {(OPENCV, peer): "augmentation, OpenCV" for peer in PEERS}
HEADLINES |= {(PILLOW, "albumentations"): "augmentation, Pillow"}


def rows(bench):
    found = fresh(compare, images=64 if bench.quick else 640, rounds=bench.rounds)

    def shown(name):
        return f"{1000 / median(found, name, 'CPU ms'):,.0f}"

    for ours in (OPENCV, PILLOW):
        for peer in PEERS:
            if ours in found and peer in found:
                yield Row(
                    ours,
                    shown(ours),
                    ratio(found, peer, ours, "CPU ms"),
                    peer=peer,
                    there=shown(peer),
                    limit=ratio(found, peer, LIMITS[ours], "CPU ms"),
                    limit_is=f"{LIMITS[ours]}: {shown(LIMITS[ours])}",
                    headline=HEADLINES.get((ours, peer), ""),
                )


def compare(images, rounds):
    """All ways in one process, in turn."""
    import numpy as np

    small = np.random.default_rng(0).integers(0, 256, (images, 14, 14, 3), np.uint8)
    batch = small.repeat(SIZE[0] // 14, axis=1).repeat(SIZE[1] // 14, axis=2)
    makers = {PILLOW: lambda: ours("pillow"), PILLOW_ALONE: pillow_alone}
    if is_installed("cv2"):
        import cv2

        cv2.setNumThreads(0)  # as albumentations' documentation says for its own speed
        makers |= {OPENCV: lambda: ours("opencv"), OPENCV_ALONE: opencv_alone}
    if is_installed("albumentations"):
        makers["albumentations"] = albumentations
    makers["`ImageDataGenerator`"] = image_data_generator
    ways = {name: one_by_one(make(), batch) for name, make in makers.items()}
    return interleaved(rounds, {**ways, "Keras's layers": by_batches(keras_layers(), batch)})


def one_by_one(augment, images):
    def run():
        with Meter() as meter:
            for image in images:
                augment(image)
        return meter.per(len(images))

    return run


def by_batches(augment, images):
    def run():
        with Meter() as meter:
            for start in range(0, len(images), BATCH):
                augment(images[start : start + BATCH])
        return meter.per(len(images))

    return run


def ours(library):
    import numpy as np

    from colab_helpers import augmenter

    augment, rng = augmenter(**WORDS, library=library), np.random.default_rng(0)
    return lambda image: augment(image, rng)


def albumentations():
    import albumentations
    import cv2

    both_ways = {"x": (1 - ZOOM, 1 + ZOOM), "y": (1 - ZOOM, 1 + ZOOM)}
    affine = albumentations.Affine(
        rotate=(-TURN, TURN),
        translate_percent={"x": (-SHIFT, SHIFT), "y": (-SHIFT, SHIFT)},
        shear={"x": (-SHEAR, SHEAR), "y": (0, 0)},
        scale=both_ways,
        border_mode=cv2.BORDER_REPLICATE,
        p=1,
    )
    compose = albumentations.Compose([affine, albumentations.HorizontalFlip(p=0.5)], seed=0)
    return lambda image: compose(image=image)["image"]


def image_data_generator():
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**WORDS).random_transform


def keras_layers():
    """As a function of tf.data's map: a compiled graph for a batch."""
    import math

    import keras
    import tensorflow as tf

    layers = keras.layers
    sheared = math.tan(math.radians(SHEAR))
    layer = keras.Sequential(
        [
            layers.RandomRotation(TURN / 360, fill_mode="nearest"),
            layers.RandomTranslation(SHIFT, SHIFT, fill_mode="nearest"),
            layers.RandomShear(sheared, fill_mode="nearest"),
            layers.RandomZoom((-ZOOM, ZOOM), (-ZOOM, ZOOM), fill_mode="nearest"),
            layers.RandomFlip("horizontal"),
        ]
    )
    return tf.function(lambda images: layer(images, training=True))


MATRIX = (0.9, 0.2, 10, -0.2, 1.1, 5)


def opencv_alone():
    """One warp with the same matrix each time: nothing is drawn, nothing is composed.

    Of four channels, which OpenCV warps faster than three."""
    import cv2
    import numpy as np

    matrix = np.reshape(np.float32(MATRIX), (2, 3))
    four = np.zeros((*SIZE, 4), np.uint8)
    into = np.zeros((*SIZE, 4), np.uint8)
    how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    return lambda image: cv2.warpAffine(four, matrix, SIZE, dst=into, **how)


def pillow_alone():
    """The same with Pillow, which knows no outside but black."""
    import numpy as np
    from PIL import Image

    affine, bilinear = Image.Transform.AFFINE, Image.Resampling.BILINEAR
    image = Image.fromarray(np.zeros((*SIZE, 3), np.uint8))
    return lambda _: image.transform(SIZE, affine, MATRIX, bilinear)
