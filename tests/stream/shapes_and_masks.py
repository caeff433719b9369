"""Pictures of a shape on dark ground, and their masks, whose values no blending can give."""

import io

import numpy as np
from numbered_photos import Photo
from PIL import Image

SIZE = (64, 96)
GROUND, SHAPE = 3, 200  # values of a mask


def pictures(count):
    return [Photo(f"id{n:05d}", f"cat_{n}.jpg", f"class{n % 2}") for n in range(count)]


def masks_of(files):
    return {file.id: Photo(f"mask{file.id[2:]}", f"{file.name[:-4]}.png", None) for file in files}


def drawn(number):
    """Where the shape of a picture is, bool `SIZE`: an ellipse and a bar, at no symmetric place."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    rng = np.random.default_rng(number)
    top, left = rng.uniform(20, 40), rng.uniform(30, 60)
    ellipse = ((y - top) / 14) ** 2 + ((x - left) / 20) ** 2 < 1
    bar = (abs(x - left) < 4) & (y > top)
    return ellipse | bar


def png(image):
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def read(file):
    """The picture, or the mask, of a number: the shape is bright and red, the ground dark."""
    number = int(file.id[-5:])
    shape = drawn(number)
    if file.id.startswith("mask"):
        return png(Image.fromarray(np.where(shape, SHAPE, GROUND).astype(np.uint8)))
    picture = np.full((*SIZE, 3), (10, number, 40), np.uint8)
    picture[shape] = (240, number, 90)
    return png(Image.fromarray(picture))


def overlap(one, other):
    """Intersection over union."""
    return (one & other).sum() / (one | other).sum()
