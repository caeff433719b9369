"""What each way of decoding costs, and how far its pixels are from a full decode.

    python tests/benchmarks/decode.py FOLDER [FILES]

The yardstick is Pillow's full decode and antialiased bilinear resize to 224 x 224. Milliseconds are CPU time of one
thread, medians over the files, each of which every way decodes in turn; the difference is the mean of the absolute
difference of all pixels, of 255.
"""
import io
import random
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from colab_helpers.images import decoder  # noqa: E402

SIZE = 224, 224


def full_decode(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize(SIZE, Image.Resampling.BILINEAR))


def as_image_dataset_from_directory(tf, data):
    pixels = tf.image.decode_image(data, channels=3, expand_animations=False)
    return tf.image.resize(pixels, SIZE).numpy()


def ways():
    yield "Pillow, full decode (the yardstick)", full_decode
    yield 'decoder(library="pillow")', decoder(SIZE)
    try:
        yield 'decoder(library="opencv")', decoder(SIZE, library="opencv")
        yield 'decoder(library="opencv", interpolation="area")', decoder(SIZE, library="opencv", interpolation="area")
    except ImportError:
        print("(OpenCV is not installed: pip install opencv-python-headless)")
    try:
        import tensorflow as tf

        yield "image_dataset_from_directory's", partial(as_image_dataset_from_directory, tf)
    except ImportError:
        print("(TensorFlow is not installed.)")


def main(folder, count=200):
    photos = sorted(path for path in Path(folder).rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    photos = random.Random(0).sample(photos, min(int(count), len(photos)))
    seconds, differences = {}, {}
    chosen = list(ways())
    for photo in photos:
        data = photo.read_bytes()
        expected = full_decode(data).astype(np.float32)
        for name, decode in chosen:
            begun = time.process_time()
            pixels = decode(data)
            seconds.setdefault(name, []).append(time.process_time() - begun)
            differences.setdefault(name, []).append(float(np.abs(pixels - expected).mean()))
    print(f"{len(photos)} JPEGs to 224 x 224\n\n| way | ms | mean difference | largest of a file |\n|---|---|---|---|")
    for name, _ in chosen:
        print(f"| {name} | {statistics.median(seconds[name]) * 1e3:.2f} | {statistics.mean(differences[name]):.2f} | "
              f"{max(differences[name]):.2f} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
