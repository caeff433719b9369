"""At each size, pixels are closer to those of a full decode than those of Keras's own loader."""

import functools
import io

import numpy as np
import pytest
from PIL import Image
from scenes import difference, encoded, resized

from colab_helpers.stream import decoder

tensorflow = pytest.importorskip("tensorflow")


@functools.cache
def photograph(width, height):
    """A JPEG that is as rough at each scale as photographs are: the spectrum falls as 1/f."""
    rng = np.random.default_rng(0)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = 1
    planes = []
    for _ in range(3):
        noise = np.fft.rfft2(rng.standard_normal((height, width)))
        plane = np.fft.irfft2(noise / frequency**1.2, (height, width))
        planes.append(128 + 50 * plane / plane.std())
    # Colours of photographs go together, more than those of three noises.
    grey = sum(planes) / 3
    image = np.stack([0.7 * grey + 0.3 * plane for plane in planes], axis=2)
    return encoded(Image.fromarray(image.clip(0, 255).astype(np.uint8)), "JPEG", quality=92)


def as_keras_loads_it(data, size):
    """What `image_dataset_from_directory` does: no antialiasing."""
    image = tensorflow.io.decode_image(data, channels=3, expand_animations=False)
    return tensorflow.image.resize(image, size, method="bilinear").numpy()


@pytest.mark.parametrize("library", ["pillow", "opencv"])
@pytest.mark.parametrize("side", [32, 48, 64, 96, 128, 160, 192, 224, 256, 299, 320, 384, 448, 512])
@pytest.mark.parametrize("photo_size", [(500, 620), (1600, 1200)])
def test_the_error_is_below_that_of_keras(library, side, photo_size):
    if library == "opencv":
        pytest.importorskip("cv2")
    data = photograph(*photo_size)
    size = (side, side)
    exact = resized(Image.open(io.BytesIO(data)).convert("RGB"), size)
    error = difference(decoder(size, library=library)(data), exact)
    assert error < difference(as_keras_loads_it(data, size), exact)
    assert np.array_equal(decoder(size, exact=True)(data), exact)
