"""How far each decoder is from a full decode that is resized with antialiasing, size by size.

What is compared is the mean absolute difference of all pixels, of 255."""

import random
from pathlib import Path

from tests.benchmarks import pictures
from tests.benchmarks.measure import fresh, is_installed
from tests.benchmarks.table import OFF, Row

TITLE = "Pixels: mean difference from a full decode, resized with antialiasing (of 255)"
SIDES = (32, 64, 96, 128, 224, 320, 512)


def rows(bench):
    count = 2 if bench.quick else 8
    for kind, folder in (
        ("small pictures", bench.photos),
        ("4000 x 3000, soft,", pictures.enlarged(bench.work, bench.photos, count)),
        ("4000 x 3000, sharp,", pictures.mosaics(bench.work, bench.photos, count)),
    ):
        found = fresh(differences, folder=str(folder), most=8 if bench.quick else 96)
        for side, off in found.items():
            keras = off.pop("Keras's loader")
            yield Row(
                f"{kind} to {side} x {side}",
                ", ".join(f"{name} {difference:.2f}" for name, difference in off.items()),
                max(off["Pillow"], off.get("OpenCV", 0)) / keras,
                OFF,
                peer="Keras's loader",
                there=f"{keras:.2f}",
                most=1,
                limit=0,
                limit_is="`exact=True`",
            )


def differences(folder, most):
    """{side: {decoder: mean difference}}."""
    paths = sorted(Path(folder).glob("*/*.jpg"))
    paths = sorted(random.Random(0).sample(paths, min(most, len(paths))))
    found = {str(side): {} for side in SIDES}
    for side in SIDES:
        full = [full_decode(path, side) for path in paths]
        for name, images in decoded(paths, side).items():
            off = [abs(image.astype("float32") - right) for image, right in zip(images, full)]
            found[str(side)][name] = float(sum(one.mean() for one in off) / len(off))
        print(f"    {Path(folder).name}, {side}: {found[str(side)]}", flush=True)
    return found


def full_decode(path, side):
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        image = image.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)


def decoded(paths, side):
    """{decoder: an iterator over the images of all paths}."""
    from colab_helpers import decoder

    decoders = {"Pillow": decoder((side, side), library="pillow")}
    if is_installed("cv2"):
        decoders["OpenCV"] = decoder((side, side), library="opencv")
    decoders["exact"] = decoder((side, side), exact=True)
    contents = [path.read_bytes() for path in paths]
    found = {name: map(decode, contents) for name, decode in decoders.items()}
    return {**found, "Keras's loader": keras_images(paths, side)}


def keras_images(paths, side):
    """What image_dataset_from_directory makes of the files: it takes all below a folder."""
    import os
    import tempfile

    import keras

    with tempfile.TemporaryDirectory(dir=paths[0].parents[2]) as folder:
        for number, path in enumerate(paths):
            os.link(path, Path(folder, f"{number:06}.jpg"))
        data = keras.utils.image_dataset_from_directory(
            folder, labels=None, image_size=(side, side), shuffle=False, verbose=False
        )
        for batch in data.as_numpy_iterator():
            yield from batch
