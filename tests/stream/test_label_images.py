"""An image that a picture is learnt as, such as its mask: read, moved and cached with it."""

import numpy as np
import pytest
from numbered_photos import Photo
from shapes_and_masks import GROUND, SHAPE, SIZE, drawn, masks_of, overlap, pictures, read

from colab_helpers.stream import PixelCache, StreamingSequence, augmenter, decoder

DECODE = decoder(SIZE)
ALL_MOVES = {
    "rotation_range": 40,
    "width_shift_range": 0.15,
    "height_shift_range": 0.15,
    "shear_range": 15,
    "zoom_range": 0.25,
    "horizontal_flip": True,
    "vertical_flip": True,
    "random_crop": 0.9,
    "brightness_range": (0.8, 1.2),
    "channel_shift_range": 10,
}


def stream(count=12, files=None, **how):
    files = files or pictures(count)
    return StreamingSequence(
        files,
        how.pop("read", read),
        DECODE,
        **{"labels": masks_of(files), "label_mode": "image", "batch_size": 4, **how},
    )


def number_of(image):
    """Which file a picture was made from, where light did not change it."""
    return int(np.median(image[..., 1]))


def test_a_mask_comes_beside_its_picture_as_it_is():
    for images, masks in stream():
        assert masks.dtype == np.uint8 and masks.shape == (len(images), *SIZE, 1)
        for image, mask in zip(images, masks):
            expected = np.where(drawn(number_of(image)), SHAPE, GROUND)
            assert np.array_equal(mask[..., 0], expected)


def test_masks_come_in_the_order_of_the_files_too():
    files = pictures(8)
    in_order = list(masks_of(files).values())
    for by_order, by_id in zip(stream(files=files, labels=in_order), stream(files=files)):
        assert np.array_equal(by_order[1], by_id[1])
    assert stream(files=files).labels == in_order


def test_a_decoder_of_masks_may_be_given():
    decode_label = decoder((16, 24), color_mode="grayscale", interpolation="nearest")
    assert stream(decode_label=decode_label)[0][1].shape == (4, 16, 24, 1)

    def as_share(data):
        return decode_label(data) / np.float32(255)

    assert stream(decode_label=as_share)[0][1].dtype == np.float32


@pytest.mark.parametrize("library", ["pillow", "opencv"])
def test_a_mask_moves_with_its_picture_and_no_value_of_it_is_blended(library):
    pytest.importorskip("cv2" if library == "opencv" else "PIL")
    augment = augmenter(**ALL_MOVES, fill_mode="constant", mask_cval=255, library=library)
    pairs = 0
    for images, masks in stream(24, augment=augment):
        for image, mask in zip(images, masks):
            assert set(np.unique(mask)) <= {GROUND, SHAPE, 255}
            assert overlap(image[..., 0] > 100, mask[..., 0] == SHAPE) >= 0.85
            pairs += 1
    assert pairs == 24


def test_a_mask_of_another_size_moves_alike():
    decode_label = decoder((32, 48), color_mode="grayscale", interpolation="nearest")
    augment = augmenter(**ALL_MOVES)
    for images, masks in stream(24, augment=augment, decode_label=decode_label):
        for image, mask in zip(images, masks):
            assert set(np.unique(mask)) <= {0, GROUND, SHAPE}
            assert overlap(image[::2, ::2, 0] > 100, mask[..., 0] == SHAPE) >= 0.75


def test_pictures_vary_alike_with_and_without_masks():
    augment = augmenter(**ALL_MOVES)
    with_masks = stream(augment=augment)
    without = StreamingSequence(pictures(12), read, DECODE, batch_size=4, augment=augment)
    for (images, _), (same_images, _) in zip(with_masks, without):
        assert np.array_equal(images, same_images)


def test_light_leaves_masks_alone_and_so_does_an_augmenter_that_moves_nothing():
    augment = augmenter(brightness_range=(0.2, 0.4), channel_shift_range=50)
    for _, masks in stream(augment=augment):
        assert set(np.unique(masks)) == {GROUND, SHAPE}


def test_a_function_of_ones_own_takes_picture_and_mask():
    def mirror(image, mask, rng):
        if rng.random() < 0.5:
            return image[:, ::-1], mask[:, ::-1]
        return image, mask

    for images, masks in stream(augment=mirror):
        for image, mask in zip(images, masks):
            assert overlap(image[..., 0] > 100, mask[..., 0] == SHAPE) == 1


def test_a_function_that_takes_no_mask_is_refused_at_once():
    with pytest.raises(ValueError, match=r"augment\(image, mask, rng\) -> \(image, mask\)"):
        stream(augment=lambda image, rng: image)


@pytest.mark.parametrize(
    "augment, said",
    [
        (lambda image, mask, rng: image, "must return `.image, mask.`"),
        (
            lambda image, mask, rng: (image, mask[:9]),
            r"`augment` gave 'cat_.*shape \(9, 96, 1\).*Let `augment` keep the shape",
        ),
    ],
)
def test_a_function_that_gives_no_pair_is_told_so(augment, said):
    with pytest.raises(ValueError, match=said):
        stream(augment=augment)[0]


def without_mask_3(file):
    if file.id == "mask00003":
        return b"<html>no picture</html>"
    return read(file)


def refusing_mask_3(file):
    if file.id == "mask00003":
        raise OSError("Drive said 404")
    return read(file)


@pytest.mark.parametrize("read_badly", [without_mask_3, refusing_mask_3])
def test_a_bad_mask_is_a_bad_file_by_the_name_of_the_picture(read_badly):
    said = r"'cat_3.jpg' \(id id00003\): its mask 'cat_3.png' \(id mask00003\): "
    with pytest.raises(RuntimeError, match=said):
        list(stream(read=read_badly))
    sequence = stream(read=read_badly, on_bad_file="skip")
    shown = [number_of(image) for images, _ in sequence for image in images]
    assert sorted(shown) == [n for n in range(12) if n != 3]
    [(file, reason)] = sequence.skipped
    assert file.name == "cat_3.jpg" and "its mask 'cat_3.png'" in reason


def test_a_picture_left_out_for_a_bad_mask_stands_in_where_it_has_a_good_one():
    bad, good = Photo("mask00003", "bad.png", None), Photo("mask00001", "good.png", None)
    sequence = stream(
        files=[pictures(1)[0]] * 2,
        labels=[bad, good],
        read=without_mask_3,
        batch_size=1,
        shuffle=False,
        on_bad_file="skip",
    )
    first, second = [masks for _, masks in sequence]
    assert np.array_equal(first, second)


def test_where_no_mask_can_be_read_that_is_said():
    bad = Photo("mask00003", "bad.png", None)
    sequence = stream(labels=[bad] * 12, read=without_mask_3, on_bad_file="skip", decode_label=None)
    with pytest.raises(ValueError, match="All 4 files of a batch were left out.*'bad.png'"):
        sequence[0]


def test_a_batch_of_which_nothing_is_left_shows_one_picture_with_all_that_is_its_own():
    files = pictures(12)
    masks = {id: Photo("mask00003", "bad.png", None) for id in list(masks_of(files))[4:8]}
    sequence = stream(
        files=files,
        read=without_mask_3,
        labels={"mask": masks_of(files) | masks, "number": list(range(12))},
        label_mode={"kind": "int", "mask": "image", "number": "raw"},
        sample_weight=list(range(12)),
        inputs={"place": list(range(12))},
        shuffle=False,
        on_bad_file="skip",
    )
    inputs, labels, weights = sequence[1]
    assert number_of(inputs["image"][0]) == inputs["place"].tolist()[0] == 2
    assert labels["kind"].tolist() == [0] and labels["number"].tolist() == [2]
    assert np.array_equal(labels["mask"][0, ..., 0], np.where(drawn(2), SHAPE, GROUND))
    assert weights["mask"].shape == (1, 1, 1, 1) and weights["mask"].item() == 2
    assert weights["kind"].tolist() == weights["number"].tolist() == [2]


def test_a_fault_of_code_that_decodes_masks_is_raised_as_it_is():
    def misspelt(data):
        return imagge  # noqa: F821

    with pytest.raises(NameError, match="imagge") as raised:
        list(stream(decode_label=misspelt, on_bad_file="skip"))
    assert any("mask" in note for note in raised.value.__notes__)


@pytest.mark.parametrize(
    "how, said",
    [
        ({"labels": None}, "must give a file for each picture"),
        ({"labels": {}}, "has nothing for 'cat_0.jpg'.* 11 more"),
        ({"labels": ["cat_0.png"] * 12}, "'cat_0.jpg' .* is no file"),
        ({"label_mode": {"a": "image", "b": "image"}, "labels": {}}, "One output"),
        ({"label_mode": "int", "labels": None, "decode_label": DECODE}, "`decode_label` is for"),
    ],
)
def test_masks_that_do_not_fit_are_named(how, said):
    with pytest.raises(ValueError, match=said):
        len(stream(**how))


def test_a_decode_of_ones_own_needs_a_decode_label():
    files = pictures(4)
    with pytest.raises(ValueError, match="needs `decode_label`"):
        StreamingSequence(files, read, lambda data: data, labels={}, label_mode="image")


def test_a_dict_of_outputs_may_hold_masks():
    files = pictures(12)
    sequence = stream(
        files=files,
        labels={"mask": masks_of(files)},
        label_mode={"mask": "image", "kind": "int"},
        sample_weight=[1] * 12,
    )
    for images, labels, weights in sequence:
        assert labels["kind"].tolist() == [number_of(image) % 2 for image in images]
        assert weights["mask"].shape == (4, 1, 1, 1) and weights["kind"].shape == (4,)
        for image, mask in zip(images, labels["mask"]):
            assert np.array_equal(image[..., 0] > 100, mask[..., 0] == SHAPE)


class Counting:
    def __init__(self):
        self.ids = []

    def __call__(self, file):
        self.ids.append(file.id)
        return read(file)


@pytest.mark.parametrize("augment", [None, augmenter(**ALL_MOVES)])
def test_a_cache_keeps_pictures_and_masks(tmp_path, augment):
    reads = Counting()
    cached = stream(read=reads, cache=PixelCache(tmp_path, max_bytes=1e8), augment=augment)
    plain = stream(augment=augment)
    for _ in range(2):
        for (images, masks), (same_images, same_masks) in zip(cached, plain):
            assert np.array_equal(images, same_images) and np.array_equal(masks, same_masks)
    assert len(reads.ids) == 24 and cached.stats["cached"] == 12


def test_a_mask_that_changed_is_read_again(tmp_path):
    files = pictures(4)
    cache = PixelCache(tmp_path, max_bytes=1e8)
    list(stream(files=files, cache=cache))
    changed = {
        id: Photo(mask.id, mask.name, None, version="2") for id, mask in masks_of(files).items()
    }
    reads = Counting()
    list(stream(files=files, labels=changed, cache=cache, read=reads))
    assert len([id for id in reads.ids if id.startswith("mask")]) == 4


def test_a_cache_needs_a_decode_label_that_can_be_cached(tmp_path):
    with pytest.raises(ValueError, match="`cache` needs a `decode_label`"):
        stream(cache=PixelCache(tmp_path, max_bytes=1e8), decode_label=lambda data: data)


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_a_moved_mask_has_its_own_values_to_the_last_digit(dtype):
    augment = augmenter(rotation_range=40, zoom_range=0.3, mask_cval=9)
    largest = 200 if dtype in (np.uint8, np.float16) else 16_777_217
    values = np.array([0, 0.1, 1 / 3, largest]).astype(dtype)
    mask = np.resize(values, (12, 10, 3))
    image = np.zeros((24, 20, 3), np.uint8)
    for seed in range(9):
        _, moved = augment.with_mask(image, mask, np.random.default_rng(seed))
        assert moved.dtype == dtype
        assert moved.shape == mask.shape
        assert moved.flags.c_contiguous
        assert set(np.unique(moved)) <= {*values, dtype(9)}
