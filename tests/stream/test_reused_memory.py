"""Memory is used again for speed, and nobody who still holds a picture notices."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from scenes import draw_scene, encoded

from colab_helpers.stream import augmenter, decoder

SIZE = (48, 64)
LIBRARIES = ["pillow", "opencv"]


@pytest.fixture(params=LIBRARIES)
def library(request):
    if request.param == "opencv":
        pytest.importorskip("cv2", reason="NOT TESTED: needs opencv-python-headless")
    return request.param


@pytest.fixture(scope="module")
def photo():
    return encoded(draw_scene(), "JPEG")


def varied(library, photo, seed):
    image = decoder(SIZE, library=library)(photo)
    augment = augmenter(rotation_range=40, zoom_range=0.3, library=library)
    return augment(image, np.random.default_rng(seed))


def test_a_picture_stays_as_it_is_while_others_are_made(library, photo):
    first = varied(library, photo, 0)
    kept = first.copy()
    others = [varied(library, photo, seed) for seed in range(1, 40)]
    assert np.array_equal(first, kept)
    assert not any(np.shares_memory(first, other) for other in others)


def test_a_part_of_a_picture_stays_when_the_rest_is_let_go(library, photo):
    row = varied(library, photo, 0)[3:5, :, 1]
    decoded_row = decoder(SIZE, library=library)(photo)[7]
    kept, decoded_kept = row.copy(), decoded_row.copy()
    gc.collect()
    for seed in range(1, 40):
        varied(library, photo, seed)[:] = 0
        decoder(SIZE, library=library)(photo)[:] = 0
    assert np.array_equal(row, kept)
    assert np.array_equal(decoded_row, decoded_kept)


def test_threads_get_pictures_of_their_own(library, photo):
    seeds = list(range(12)) * 8
    expected = [varied(library, photo, seed) for seed in range(12)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda seed: varied(library, photo, seed), seeds))
    for seed, image in zip(seeds, found):
        assert np.array_equal(image, expected[seed])


def test_what_was_made_may_be_changed_and_more_of_it_kept_than_is_used_again(library, photo):
    images = [varied(library, photo, 0) for _ in range(200)]
    for number, image in enumerate(images):
        image[:] = number
    assert [int(image.max()) for image in images] == list(range(200))


def test_pictures_of_many_sizes_leave_no_memory_behind(library):
    def make(height):
        small = Image.new("RGB", (256, height), "orange")
        decoder((256, 256), fit="pad", library=library)(encoded(small, "JPEG"))
        large = np.zeros((4 * height, 256, 3), np.uint8)
        augmenter(rotation_range=40, library=library)(large, np.random.default_rng(0))

    make(256)
    tracemalloc.start()
    try:
        for height in range(56, 256):
            make(height)
        left_behind, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left_behind < 10 * 256 * 1024 * 3  # of 400 pictures
