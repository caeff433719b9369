"""First epoch from the local disk: our stream against Keras's loaders, CPU and wall an image."""

import contextlib
import inspect
import io
from pathlib import Path

from tests.benchmarks import pictures
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

TITLE = "First epoch, from the local disk to 224 x 224 (CPU ms an image, by the wall in brackets)"
OPENCV, PILLOW, EXACT = "OpenCV", "Pillow", "`exact=True`"
TF, GRAIN, OLD = "Keras's loader", 'Keras\'s loader, `format="grain"`', "`flow_from_directory`"
OPENCV_ALONE = "OpenCV's decode and resize alone"
PILLOW_ALONE = "Pillow's decode and resize alone"
LIMITS = {OPENCV: OPENCV_ALONE, PILLOW: PILLOW_ALONE, EXACT: PILLOW_ALONE}
SMALL, SOFT, SHARP = "small pictures", "4000 x 3000, soft", "4000 x 3000, sharp"
ASKED = {(SMALL, OPENCV): 1.7, (SMALL, PILLOW): 1.0, (SOFT, OPENCV): 1.8, (SOFT, PILLOW): 1.7}


def rows(bench):
    count = 4 if bench.quick else 16
    for kind, folder in (
        (SMALL, bench.photos),
        (SOFT, pictures.enlarged(bench.work, bench.photos, count)),
        (SHARP, pictures.mosaics(bench.work, bench.photos, count)),
    ):
        found = fresh(compare, folder=str(folder), rounds=bench.rounds)
        for ours in (OPENCV, PILLOW, EXACT):
            for peer in (TF, GRAIN, OLD) if ours == OPENCV else (TF,):
                if peer in found and ours in found:
                    yield _row(kind, found, ours, peer)


def _row(kind, found, ours, peer):
    def shown(name):
        return f"{median(found, name, 'CPU ms'):.2f} ms ({median(found, name, 'wall ms'):.2f})"

    faster_by_the_wall = ratio(found, peer, ours, "wall ms")
    alone = LIMITS[ours]
    return Row(
        f"{kind}, {ours}",
        shown(ours),
        ratio(found, peer, ours, "CPU ms"),
        peer=peer,
        there=f"{shown(peer)}; {faster_by_the_wall:.2f}x by the wall",
        least=ASKED.get((kind, ours)) if peer == TF else None,
        limit=ratio(found, peer, alone, "CPU ms"),
        limit_is=alone,
        headline=f"local disk, {kind}, {ours}" if peer == TF and ours != EXACT else "",
    )


def compare(folder, rounds):
    """All ways in one process, in turn."""
    ways = {
        OPENCV: lambda: ours(folder, library="opencv"),
        PILLOW: lambda: ours(folder, library="pillow"),
        EXACT: lambda: ours(folder, exact=True),
        TF: lambda: keras_loader(folder),
        GRAIN: lambda: keras_loader(folder, format="grain"),
        OLD: lambda: flow_from_directory(folder),
        OPENCV_ALONE: lambda: opencv_alone(folder),
        PILLOW_ALONE: lambda: pillow_alone(folder),
    }
    if not is_installed("cv2"):
        del ways[OPENCV], ways[OPENCV_ALONE]
    if not has_grain():
        del ways[GRAIN]
    return interleaved(rounds, ways)


def has_grain():
    """Whether the installed Keras has the format, and grain is installed."""
    import keras

    words = inspect.signature(keras.utils.image_dataset_from_directory).parameters
    return "format" in words and is_installed("grain")


def ours(folder, **choices):
    """A StreamingSequence over a local folder."""
    from colab_helpers import StreamingSequence, connect, decoder

    drive = connect(folder)
    files = list(drive.list_images("."))
    decode = decoder(SIZE, **choices)
    return _timed(StreamingSequence(files, drive.read, decode, batch_size=BATCH, seed=0))


def keras_loader(folder, **format):
    """image_dataset_from_directory; for tf.data with prefetch, as its tutorial on images says."""
    import keras
    import tensorflow as tf

    data = keras.utils.image_dataset_from_directory(
        folder, image_size=SIZE, batch_size=BATCH, seed=0, verbose=False, **format
    )
    return _timed(data if format else data.prefetch(tf.data.AUTOTUNE))


def flow_from_directory(folder):
    """ImageDataGenerator, which older courses teach; it resizes by the nearest pixel."""
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    with contextlib.redirect_stdout(io.StringIO()):  # it says how many it found
        data = ImageDataGenerator().flow_from_directory(
            folder, target_size=SIZE, batch_size=BATCH, class_mode="sparse"
        )
    return _timed(data[index] for index in range(len(data)))


def opencv_alone(folder):
    """A loop on one thread: read, decode as small as suffices, resize; no checks, no batches."""
    import cv2
    import numpy as np

    paths = sorted(Path(folder).glob("*/*.jpg"))
    with Meter() as meter:
        for path in paths:
            with open(path, "rb") as file:
                data = np.frombuffer(file.read(), np.uint8)
            image = cv2.imdecode(data, reduced(data))
            cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), SIZE[::-1])
    return meter.per(len(paths))


def pillow_alone(folder):
    """The same with Pillow; it averages all pixels that become one."""
    import numpy as np
    from PIL import Image

    paths = sorted(Path(folder).glob("*/*.jpg"))
    with Meter() as meter:
        for path in paths:
            with Image.open(path) as image:
                image.draft("RGB", SIZE[::-1])
                np.asarray(image.resize(SIZE[::-1], Image.Resampling.BILINEAR))
    return meter.per(len(paths))


def reduced(data):
    """The flag that decodes a JPEG at 1/8, 1/4 or 1/2 of its sides, but not below SIZE."""
    import cv2
    from PIL import Image

    with Image.open(io.BytesIO(data)) as header:
        times = min(length // wanted for length, wanted in zip(header.size, SIZE[::-1]))
    for factor in (8, 4, 2):
        if times >= factor:
            return getattr(cv2, f"IMREAD_REDUCED_COLOR_{factor}")
    return cv2.IMREAD_COLOR


def _timed(batches):
    with Meter() as meter:
        images = sum(len(pixels) for pixels, _ in batches)
    return meter.per(images)
