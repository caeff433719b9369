"""Times the ways to decode a folder of photographs, and how far they are from a full decode.

    python -m tests.benchmarks.decode ../shared/data/flowers17

Every way decodes the same files, one after the other in the same run, several rounds; the table
shows medians of CPU time (of all threads), and the mean absolute difference from a full decode that
is resized with antialiasing. Large photographs are mosaics of the small ones. The peer is
`image_dataset_from_directory`."""

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from colab_helpers.stream import augmenter, decoder  # noqa: E402
from tests.benchmarks import pictures  # noqa: E402

PEER = "image_dataset_from_directory"
FLOOR = "an eighth, not resized"  # what is left is libjpeg's reading of the bits; no way avoids it


def reference(path, size):
    with Image.open(path) as image:
        return np.asarray(
            image.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR), np.float32
        )


def decode_an_eighth(path):
    with Image.open(path) as image:
        image.draft("RGB", (1, 1))
        return np.asarray(image)


def ways(folder, paths, size):
    """Returns {name: a function that decodes all files, in the order of paths}."""
    found = {}
    for name, options in (
        ("Pillow, bilinear", {"library": "pillow"}),
        ("Pillow, area", {"library": "pillow", "interpolation": "area"}),
        ("Pillow, exact", {"exact": True}),
        ("opencv, area", {"library": "opencv", "interpolation": "area"}),
        ("opencv, bilinear", {"library": "opencv"}),
    ):
        try:
            decode = decoder(size, **options)
        except ImportError:
            print(f"left out: {name} (OpenCV is not installed)")
            continue
        found[name] = lambda decode=decode: [decode(path.read_bytes()) for path in paths]
    found[FLOOR] = lambda: [decode_an_eighth(path) for path in paths]
    try:
        import keras
    except ImportError:
        print(f"left out: {PEER} (Keras is not installed)")
        return found
    dataset = keras.utils.image_dataset_from_directory(
        folder, labels=None, image_size=size, batch_size=32, shuffle=False, verbose=False
    ).prefetch(2)
    found[PEER] = lambda: [image for batch in dataset.as_numpy_iterator() for image in batch]
    return found


def measure(title, folder, size, rounds):
    paths = sorted(folder.rglob("*.jpg"))
    expected, times, pixels = [reference(path, size) for path in paths], {}, {}
    todo = ways(folder, paths, size)
    for one in range(rounds + 1):
        for name, decode_all in todo.items():
            start = time.process_time()
            pixels[name] = decode_all()
            if one:  # the first round warms up
                times.setdefault(name, []).append((time.process_time() - start) / len(paths) * 1000)
    mean_size = np.mean([path.stat().st_size for path in paths]) / 1000
    print(f"\n{title}: {len(paths)} files of {mean_size:.0f} kB to {size}")
    print(f"{'':30}{'CPU ms/image':>14}{'x the peer':>12}{'difference':>12}")
    peer = statistics.median(times[PEER]) if PEER in times else float("nan")
    for name, taken in times.items():
        taken = statistics.median(taken)
        print(f"{name:30}{taken:14.2f}{peer / taken:12.2f}", end="")
        off = [
            np.abs(np.asarray(a, np.float32) - b).mean()
            for a, b in zip(pixels[name], expected)
            if a.shape == b.shape
        ]
        print(f"{np.mean(off):12.2f}" if off else "")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="JPEGs in class folders")
    parser.add_argument("--files", type=int, default=120)
    parser.add_argument(
        "--large", type=int, default=12, help="how many of 4000 x 3000 pixels to make"
    )
    parser.add_argument(
        "--size", type=int, nargs=2, default=(224, 224), metavar=("HEIGHT", "WIDTH")
    )
    parser.add_argument("--rounds", type=int, default=5)
    choice = parser.parse_args()
    size, found = tuple(choice.size), sorted(choice.folder.rglob("*.jpg"))
    found = random.Random(0).sample(found, min(choice.files, len(found)))
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {decoder(size).key}"
    )
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        for number, path in enumerate(found):
            Path(small, f"{number:05}.jpg").write_bytes(path.read_bytes())
        measure("Photographs as they are", Path(small), size, choice.rounds)
        measure(
            "Large photographs",
            pictures.large(Path(large), choice.folder, choice.large),
            size,
            choice.rounds,
        )
    image, rng = decoder(size)(found[0].read_bytes()), np.random.default_rng(0)
    print(f"\n{'augmenter':38}{'CPU ms/image':>14}")
    geometry = {
        "rotation_range": 20,
        "width_shift_range": 0.2,
        "height_shift_range": 0.2,
        "zoom_range": 0.2,
    }
    for name, words in (
        ("turn, shift, zoom; nearest", geometry),
        ("  the same; reflect", geometry | {"fill_mode": "reflect"}),
        ("  the same; constant", geometry | {"fill_mode": "constant"}),
        ("random_crop=0.8", {"random_crop": 0.8}),
        ("horizontal_flip", {"horizontal_flip": True}),
    ):
        for library in ("pillow", "opencv"):
            try:
                augment = augmenter(**words, library=library)
            except ImportError:
                continue
            start = time.process_time()
            for _ in range(300):
                augment(image, rng)
            taken = (time.process_time() - start) / 300 * 1000
            print(f"{name + ', ' + library:38}{taken:14.2f}")


if __name__ == "__main__":
    main()
