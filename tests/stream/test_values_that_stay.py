"""Values that no version may change: else a run that is resumed trains on other batches."""

import numpy as np
import pytest
from numbered_photos import Photo, decode, epoch_of, numbers, photos, read

from colab_helpers.stream import StreamingSequence


def note_what_is_drawn(image, rng):
    noted = image.copy()
    noted[0, 0, 2] = rng.integers(256)
    noted[1, 0, 2] = rng.integers(256)
    return noted


@pytest.mark.parametrize(
    "seed, epoch, order, drawn",
    [
        (
            0,
            0,
            [2, 0, 5, 9, 3, 7, 10, 11, 4, 1, 6, 8],
            [150, 72, 61, 111, 129, 204, 19, 86, 173, 131, 143, 68],
        ),
        (
            0,
            1,
            [2, 0, 9, 10, 4, 11, 1, 3, 7, 5, 6, 8],
            [134, 94, 36, 57, 110, 16, 251, 137, 169, 212, 215, 124],
        ),
        (
            3,
            0,
            [7, 1, 0, 3, 4, 8, 11, 6, 5, 10, 9, 2],
            [100, 68, 138, 199, 109, 210, 129, 69, 55, 66, 115, 128],
        ),
        (
            3,
            1,
            [1, 11, 3, 5, 10, 4, 2, 0, 6, 7, 9, 8],
            [97, 206, 66, 125, 192, 221, 94, 60, 71, 167, 208, 249],
        ),
    ],
)
def test_order_and_variation_of_a_seed_and_an_epoch_stay(seed, epoch, order, drawn):
    sequence = StreamingSequence(
        photos(12), read, decode, batch_size=12, seed=seed, augment=note_what_is_drawn
    )
    sequence.load_state_dict(sequence.state_dict(epoch, 0))
    images, _ = epoch_of(sequence)[0]
    assert numbers(images) == order
    assert images[:, 0, 0, 2].tolist() == drawn


def test_all_that_is_drawn_for_a_file_stays():
    sequence = StreamingSequence(photos(4), read, decode, batch_size=4, augment=note_what_is_drawn)
    images, _ = sequence[0]
    drawn = dict(zip(numbers(images), images[:, :2, 0, 2].tolist()))
    assert drawn == {0: [72, 127], 1: [131, 185], 2: [150, 90], 3: [129, 180]}


def test_the_order_of_many_files_stays():
    images, _ = StreamingSequence(photos(1000), read, decode, batch_size=8)[0]
    assert numbers(images) == [982, 814, 108, 990, 552, 973, 451, 879]


def test_the_order_of_files_in_blocks_stays():
    files = [Photo(f"id{n:05d}", f"{n}.jpg", "a", block=n // 4) for n in range(48)]
    images, _ = StreamingSequence(files, read, decode, batch_size=16, seed=3)[0]
    assert numbers(images) == [7, 42, 39, 25, 33, 43, 38, 35, 40, 16, 26, 44, 27, 47, 19, 36]


def test_ids_of_any_letters_keep_their_places():
    files = [Photo(file_id, "a.jpg", "a") for file_id in ("é", "e\u0301", "aaa", "")]
    images, _ = StreamingSequence(
        files, lambda file: bytes([0, files.index(file)]), decode, batch_size=4
    )[0]
    assert numbers(images) == [1, 3, 0, 2]


def test_repeated_files_keep_their_places_and_their_variations():
    files = photos(4) + photos(2)
    sequence = StreamingSequence(files, read, decode, batch_size=6, augment=note_what_is_drawn)
    images, _ = sequence[0]
    drawn = list(zip(numbers(images), images[:, 0, 0, 2].tolist()))
    assert drawn == [(2, 150), (0, 72), (1, 2), (3, 129), (0, 15), (1, 131)]


@pytest.mark.parametrize(
    "shuffle, fingerprint",
    [
        (True, "de2127e5ed6f74a0f597fece35991e16"),
        (False, "8b76860f3fa7eefcc56f4c98bb674a17"),
    ],
)
def test_the_place_in_a_run_is_written_as_ever(shuffle, fingerprint):
    sequence = StreamingSequence(photos(12), read, decode, batch_size=5, seed=3, shuffle=shuffle)
    assert sequence.state_dict(np.int64(1), 2) == {
        "epoch": 1,
        "batches_trained": 2,
        "seed": 3,
        "shuffle": shuffle,
        "batch_size": 5,
        "files": 12,
        "fingerprint": fingerprint,
    }
