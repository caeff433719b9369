"""The pictures that are read: small photographs, many of them, and large ones made from them."""

import os
import shutil
from pathlib import Path

from PIL import Image

FLOWERS17 = Path(__file__).parents[2].parent / "shared" / "data" / "flowers17"


def small(work):
    """A folder of class folders: Flowers-17, or practice pictures where that is not at hand."""
    flowers = Path(os.environ.get("FLOWERS17", FLOWERS17))
    if flowers.is_dir():
        copy = work / "small"
        shutil.copytree(flowers, copy)  # local disk, whatever the original lies on
        return copy, "Flowers-17"
    from colab_helpers.practice import make_practice_folder

    return Path(make_practice_folder(work / "small", files_per_class=250)), "practice pictures"


def many(work, source, count):
    """`count` files in class folders, hard links to the small photographs in turn."""
    photos = sorted(source.glob("*/*.*"))
    for n in range(count):
        photo = photos[n % len(photos)]
        link = work / "many" / photo.parent.name / f"{n:06d}{photo.suffix}"
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(photo, link)
    return work / "many"


def large(work, source, count):
    """`count` JPEGs of 4000 x 3000: mosaics of small photographs, so with a real one's detail."""
    photos = sorted(source.glob("*/*.jpg"))
    for n in range(count):
        mosaic = Image.new("RGB", (4000, 3000))
        for tile in range(64):
            row, column = divmod(tile, 8)
            with Image.open(photos[(n * 64 + tile * 7) % len(photos)]) as photo:
                if photo.size != (500, 375):
                    photo = photo.convert("RGB").resize((500, 375))
                mosaic.paste(photo, (column * 500, row * 375))
        path = work / "large" / f"class_{n % 2}" / f"{n:03d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        mosaic.save(path, quality=90)
    return work / "large"
