"""A sequence that finds decoded pixels in a cache."""

import numpy as np
import pytest
from numbered_photos import Reads, decode, epoch_of, jitter, photos, read, same

from colab_helpers.stream import StreamingSequence


class Kept:
    """A cache in a dictionary."""

    def __init__(self, room=10**6):
        self.pixels, self.room = {}, room

    def get_batch(self, files, key, out):
        found = [self.pixels.get((file.id, file.version, key)) for file in files]
        for row, pixels in zip(out, found):
            if pixels is not None:
                row[:] = pixels
        return np.array([pixels is not None for pixels in found])

    def put(self, file, key, pixels):
        if len(self.pixels) < self.room:
            self.pixels[file.id, file.version, key] = pixels.copy()
        return (file.id, file.version, key) in self.pixels


def keyed(data):
    return decode(data)


keyed.key, keyed.shape = "3x2", (3, 2, 3)


@pytest.mark.parametrize("room", [100, 10, 0])
def test_cached_pixels_are_neither_read_nor_decoded_again_and_change_no_batch(room):
    reads = Reads()
    sequence = StreamingSequence(
        photos(50), reads, keyed, batch_size=8, augment=jitter, cache=Kept(room)
    )
    plain = StreamingSequence(photos(50), read, keyed, batch_size=8, augment=jitter)
    for _ in range(3):
        assert same(epoch_of(sequence), epoch_of(plain))
    assert reads.count.total() == 3 * 50 - 2 * min(room, 50)
    assert sequence.stats["cached"] == 2 * min(room, 50)


def test_with_a_cache_an_image_that_cannot_be_augmented_is_one_bad_file():
    def fragile(image, rng):
        if image[0, 0, 1] == 3:
            raise ValueError("it will not turn")
        return image

    sequence = StreamingSequence(
        photos(8), read, keyed, cache=Kept(), augment=fragile, on_bad_file="skip"
    )
    assert [len(epoch_of(sequence)[0][0]) for _ in range(2)] == [7, 7]
