"""Pixels come as they were made, or are refused with the cure; nothing hangs on other images."""

import threading

import numpy as np
import pytest
from numbered_photos import Reads, decode, epoch_of, numbers, photos, read, same

from colab_helpers.stream import PixelCache, StreamingSequence

GREY = np.full((3, 2, 3), 128, np.uint8)

AS_FLOATS = {
    "/ 255": lambda image: image / 255.0,
    "/ 255, float32": lambda image: image / np.float32(255),
    "-1 to 1": lambda image: image / 127.5 - 1,
    "means subtracted": lambda image: image.astype("float32") - [123.68, 116.78, 103.94],
    "float16": lambda image: (image / 255).astype("float16"),
    "big-endian": lambda image: (image / 255).astype(">f4"),
}
AS_INTEGERS = {
    "uint16": lambda image: image.astype(np.uint16) * 257,
    "int64": lambda image: image.astype(np.int64),
    "int32 above 255": lambda image: image.astype(np.int32) * 3,
    "negative": lambda image: image.astype(np.int16) - 128,
    "bool": lambda image: image > 100,
}
ALL = AS_FLOATS | AS_INTEGERS


def sequence_of(change, where, files=8, **options):
    if where == "decode":
        return StreamingSequence(photos(files), read, lambda data: change(GREY), **options)
    return StreamingSequence(
        photos(files),
        read,
        lambda data: GREY,
        augment=lambda image, rng: change(image),
        **options,
    )


@pytest.mark.parametrize("where", ["decode", "augment"])
@pytest.mark.parametrize("name", ALL)
def test_with_float32_all_numbers_are_kept_as_they_are(name, where):
    images, _ = sequence_of(ALL[name], where, dtype="float32")[0]
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[3], ALL[name](GREY).astype(np.float32))


@pytest.mark.parametrize("on_bad_file", ["raise", "skip"])
@pytest.mark.parametrize("where", ["decode", "augment"])
@pytest.mark.parametrize("name", ALL)
def test_without_it_they_are_refused_with_what_came_and_the_cure(name, where, on_bad_file):
    sequence = sequence_of(ALL[name], where, on_bad_file=on_bad_file)
    given = ALL[name](GREY)
    with pytest.raises(ValueError) as caught:
        sequence[0]
    said = str(caught.value)
    assert said.startswith(f"`{where}` gave {given.dtype} from {float(given.min()):g} to ")
    assert ".jpg' (id id0000" in said
    assert '`dtype="float32"`' in said
    assert "Take it off the list" not in said
    assert not sequence.skipped


@pytest.mark.parametrize("where", ["decode", "augment"])
@pytest.mark.parametrize("name", ALL)
def test_normalize_unit_takes_uint8_alone(name, where):
    with pytest.raises(ValueError, match=r"`normalize=\"unit\"` divides by 255.*dtype=\"float32\""):
        sequence_of(ALL[name], where, normalize="unit")[0]


@pytest.mark.parametrize("where", ["decode", "augment"])
def test_normalize_zscore_takes_any_numbers(where):
    def ramp(image):
        return np.arange(image.size, dtype=np.uint16).reshape(image.shape) * 100

    images, _ = sequence_of(ramp, where, normalize="zscore")[0]
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(images.std(axis=(1, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize(
    "value, dtype",
    [
        (np.uint16(65535), "float16"),
        (np.uint16(2049), "float16"),
        (np.float32(1e6), "float16"),
        (np.int64(2**24 + 1), "float32"),
        (np.float64(1e300), "float32"),
    ],
    ids=str,
)
def test_numbers_that_the_type_cannot_hold_are_refused(value, dtype):
    sequence = sequence_of(lambda image: np.full(image.shape, value), "decode", dtype=dtype)
    with pytest.raises(ValueError, match=f"what {dtype} can hold is wanted"):
        sequence[0]


def test_float16_keeps_what_it_can_hold():
    images, _ = sequence_of(lambda image: image / 256, "augment", dtype="float16")[0]
    assert images.dtype == np.float16 and (images == 0.5).all()


@pytest.mark.parametrize("first", ["uint8", "float32"])
@pytest.mark.parametrize("where", ["decode", "augment"])
def test_mixed_images_come_out_the_same_whichever_is_made_first(first, where):
    """Of each batch, the images of one type wait until all others are there."""
    others_are_there = threading.Event()
    made = []

    def change(image):
        is_float = image[0, 0, 1] % 2
        if ("float32" if is_float else "uint8") != first:
            assert others_are_there.wait(30)
        made.append(1)
        if len(made) == 4:
            others_are_there.set()
        return image / np.float32(255) if is_float else image

    def in_turn(data):
        image = decode(data)
        return change(image) if where == "decode" else image

    files = photos(8)
    files.sort(key=lambda file: (int(file.id[2:]) % 2 == 1) != (first == "float32"))
    sequence = StreamingSequence(
        files,
        read,
        in_turn,
        augment=None if where == "decode" else lambda image, rng: change(image),
        batch_size=8,
        shuffle=False,
        dtype="float32",
        reads=1,
    )
    images, _ = sequence[0]
    assert images.dtype == np.float32
    for file, image in zip(files, images):
        number = int(file.id[2:])
        expected = np.float32(number) / np.float32(255) if number % 2 else number
        assert (image[..., 1] == expected).all()


def test_the_bound_of_what_is_read_ahead_counts_floats_as_four_bytes():
    """Batches of 50 MB as uint8 are read two ahead, batches of 200 MB one ahead."""
    shape = (2, 1000, 1000)
    most = {}
    for dtype in ("uint8", "float32"):
        reads = Reads()
        sequence = StreamingSequence(
            photos(300),
            reads,
            lambda data, dtype=dtype: np.broadcast_to(np.zeros((), dtype), shape),
            batch_size=20,
            reads=20,
            dtype="float32",
        )
        sequence.on_epoch_begin()
        sequence[0]
        most[dtype] = reads.count.total()
        sequence.close()
    assert most["float32"] <= most["uint8"]


def test_memory_of_one_type_is_not_taken_for_another():
    """Batches of uint8 and of float32 take turns."""

    def some_floats(data):
        image = decode(data)
        return image.astype(np.float32) if data[1] // 8 % 2 else image

    sequence = StreamingSequence(
        photos(200), read, some_floats, batch_size=8, shuffle=False, dtype="float32"
    )
    for _ in range(2):
        batches = epoch_of(sequence)
        assert [n for images, _ in batches for n in numbers(images)] == list(range(200))


class Keyed:
    """A decoder of one's own that a cache accepts."""

    shape = (3, 2, 3)

    def __init__(self, change, **more):
        self.change = change
        self.key = repr(change)
        vars(self).update(more)

    def __call__(self, data):
        return self.change(decode(data))


@pytest.mark.parametrize("augment", [None, lambda image, rng: image * np.float32(2)])
@pytest.mark.parametrize("name", AS_FLOATS)
def test_a_cache_keeps_the_floats_of_a_decode_that_says_so(name, augment, tmp_path):
    cache = PixelCache(tmp_path, max_bytes=10**6)
    reads = Reads()
    decode_floats = Keyed(AS_FLOATS[name], dtype="float32")
    options = {"batch_size": 8, "augment": augment, "dtype": "float32", "shuffle": False}
    cached = StreamingSequence(photos(40), reads, decode_floats, cache=cache, **options)
    batches = [epoch_of(cached) for _ in range(2)]
    assert same(*batches)
    assert reads.count.total() == 40
    plain = StreamingSequence(photos(40), read, decode_floats, **options)
    for (images, _), (expected, _) in zip(batches[1], epoch_of(plain), strict=True):
        np.testing.assert_allclose(images, expected, rtol=1e-6, atol=1e-6)
    cache.close()


@pytest.mark.parametrize("on_bad_file", ["raise", "skip"])
def test_a_cache_refuses_what_decode_did_not_say(on_bad_file, tmp_path):
    cache = PixelCache(tmp_path, max_bytes=10**6)
    sequence = StreamingSequence(
        photos(8),
        read,
        Keyed(AS_FLOATS["/ 255"]),
        cache=cache,
        dtype="float32",
        on_bad_file=on_bad_file,
    )
    with pytest.raises(ValueError, match=r'`decode.dtype = "float32"`'):
        sequence[0]
    cache.close()


@pytest.mark.parametrize("how", [{"dtype": "float32"}, {"normalize": "unit"}])
def test_floats_of_augment_are_right_with_a_cache_too(how, tmp_path):
    cache = PixelCache(tmp_path, max_bytes=10**6)
    sequence = StreamingSequence(
        photos(8),
        read,
        Keyed(lambda image: image),
        cache=cache,
        augment=(lambda image, rng: image / 255.0) if "dtype" in how else None,
        shuffle=False,
        **how,
    )
    for _ in range(2):
        images, _ = epoch_of(sequence)[0]
        assert images.dtype == np.float32
        np.testing.assert_allclose(images[5, 0, 0], [0, 5 / 255, 7 / 255], rtol=1e-6)
    cache.close()


def test_an_image_that_lies_in_memory_in_another_order_is_cached(tmp_path):
    cache = PixelCache(tmp_path, max_bytes=10**6)
    sequence = StreamingSequence(
        photos(8), read, Keyed(lambda image: image[..., ::-1]), cache=cache, shuffle=False
    )
    assert same(epoch_of(sequence), epoch_of(sequence))
    assert sequence.stats["cached"] == 8
    cache.close()


@pytest.mark.parametrize("where", ["decode", "augment"])
def test_an_image_without_a_pixel_is_refused_and_its_file_named(where):
    sequence = sequence_of(lambda image: image[:0], where)
    with pytest.raises(Exception, match=rf"`{where}` gave uint8 of shape \(0, 2, 3\) for .*pixel"):
        sequence[0]
