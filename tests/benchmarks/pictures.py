"""The pictures that are read: small ones, many of them, large ones, and masks."""

import os
import random
import shutil
from pathlib import Path

from PIL import Image


def small(work, folder, count):
    """At most `count` JPEGs of class folders, copied to the local disk; and what they are.

    Without a folder they are drawn."""
    kind = "photographs" if folder else "drawn pictures"
    folder = folder or drawn(work / "practice", min(100, count // 3))
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise SystemExit(f"There is no JPEG in {folder}: name a folder of class folders.")
    chosen = random.Random(0).sample(found, min(count, len(found)))
    for number, path in enumerate(sorted(chosen)):
        copy = work / "small" / path.parent.name / f"{number:06}.jpg"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return work / "small", f"{len(chosen)} {kind}"


def drawn(folder, files_per_class):
    """Five classes of drawn pictures; two thirds of them are JPEGs."""
    from colab_helpers.practice import make_practice_folder

    return Path(make_practice_folder(folder, files_per_class=files_per_class))


def many(work, source, count):
    """`count` files in class folders, hard links to the small pictures in turn."""
    photos = sorted(source.glob("*/*.jpg"))
    for number in range(count):
        photo = photos[number % len(photos)]
        link = work / "many" / photo.parent.name / f"{number:06}.jpg"
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(photo, link)
    return work / "many"


def enlarged(work, source, count):
    """`count` JPEGs of 4000 x 3000 that are soft: small pictures, each enlarged."""
    return _large(work / "enlarged", source, count, tiles_a_side=1)


def mosaics(work, source, count):
    """`count` JPEGs of 4000 x 3000 that are sharp: each is made of 64 small pictures."""
    return _large(work / "mosaics", source, count, tiles_a_side=8)


def _large(folder, source, count, tiles_a_side):
    photos = sorted(source.glob("*/*.jpg"))
    size = 4000 // tiles_a_side, 3000 // tiles_a_side
    for number in range(count):
        large = Image.new("RGB", (4000, 3000))
        for tile in range(tiles_a_side**2):
            row, column = divmod(tile, tiles_a_side)
            with Image.open(photos[(number * 64 + tile * 7) % len(photos)]) as photo:
                large.paste(photo.convert("RGB").resize(size), (column * size[0], row * size[1]))
        path = folder / f"class_{number % 2}" / f"{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        large.save(path, quality=90)
    return folder


def masks(work, source):
    """An indexed PNG of four values for each small picture, as large as the picture."""
    for path in sorted(source.glob("*/*.jpg")):
        with Image.open(path) as photo:
            areas = photo.convert("RGB").resize((12, 12)).quantize(4)
            mask = areas.resize(photo.size, Image.Resampling.NEAREST)
        target = work / "masks" / path.parent.name / f"{path.stem}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        mask.save(target)
    return work / "masks"
