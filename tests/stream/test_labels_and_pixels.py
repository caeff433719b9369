"""The form of labels and pixels, and arguments that are refused."""

import numpy as np
import pytest
from numbered_photos import Photo, broken, decode, jitter, numbers, photos, read

from colab_helpers.stream import StreamingSequence, augmenter, decoder


@pytest.mark.parametrize(
    "mode, expected",
    [
        ("int", np.array([0, 1, 0, 1], np.int32)),
        ("categorical", np.array([[1, 0], [0, 1], [1, 0], [0, 1]], np.float32)),
        ("binary", np.array([[0], [1], [0], [1]], np.float32)),
    ],
)
def test_labels_have_the_forms_of_image_dataset_from_directory(mode, expected):
    _, labels = StreamingSequence(photos(4), read, decode, label_mode=mode, shuffle=False)[0]
    assert labels.dtype == expected.dtype and np.array_equal(labels, expected)


def test_without_labels_a_batch_is_its_images():
    unlabelled = [Photo(file.id, file.name, None) for file in photos(4)]
    sequence = StreamingSequence(unlabelled, read, decode, label_mode=None)
    assert sequence[0].shape == (4, 3, 2, 3) and sequence.labels is None
    assert [labels for _, labels, _ in sequence.in_order()] == [None]


def test_labels_may_come_from_a_mapping_and_classes_in_an_order_of_ones_own():
    labels = {file.id: "cat" if n < 3 else "dog" for n, file in enumerate(photos(4))}
    sequence = StreamingSequence(
        photos(4), read, decode, labels=labels, class_names=["dog", "cat"], shuffle=False
    )
    assert sequence.class_names == ["dog", "cat"]
    assert list(sequence.labels) == list(sequence[0][1]) == [1, 1, 1, 0]


def test_pixels_are_scaled_as_asked():
    def image(data):
        return np.random.default_rng(data[1]).integers(0, 256, (3, 2, 3), np.uint8)

    def batch(**how):
        return StreamingSequence(photos(4), read, image, shuffle=False, **how)[0][0]

    raw = batch()
    assert raw.dtype == np.uint8
    assert batch(dtype="float16").dtype == np.float16 and np.array_equal(
        batch(dtype="float16"), raw
    )
    assert np.array_equal(batch(normalize="unit"), raw.astype(np.float32) / 255)
    scores = batch(normalize="zscore")
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.mean(axis=(1, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(scores.std(axis=(1, 2, 3)), 1, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"reads": 0},
        {"seed": -1},
        {"label_mode": "sparse"},
        {"dtype": "int8"},
        {"normalize": "max"},
        {"normalize": "unit", "dtype": "uint8"},
        {"on_bad_file": "ignore"},
        {"cache": object()},
        {"cache": "/content/pixels"},
        {"augment": augmenter},
    ],
)
def test_wrong_arguments_are_named_with_what_was_received(wrong):
    with pytest.raises(ValueError, match="Received: "):
        StreamingSequence(photos(4), read, decode, **wrong)


@pytest.mark.parametrize(
    "functions, said",
    [
        ((object(), decode), "`read` must be a function, such as `drive.read`"),
        ((read, decoder), r"`decode` must be .* `decoder\(image_size=\(224, 224\)\)`"),
        ((read, (224, 224)), r"`decode` must be .*Received: decode=\(224, 224\)"),
    ],
)
def test_what_stands_in_place_of_a_function_is_named_before_a_thread_calls_it(functions, said):
    with pytest.raises(ValueError, match=said):
        StreamingSequence(photos(4), *functions)


@pytest.mark.parametrize(
    "files, how, said",
    [
        ([], {}, "There are no files"),
        (["cats/1.jpg"], {"labels": ["cat"]}, "Received: list with 'cats/1.jpg' in it"),
        (photos(1)[0], {}, "`files` must be a list of files.*Received: Photo"),
        ([Photo("1", "a.jpg", None)], {}, r"'a.jpg' \(id 1\) has the label None"),
        (photos(4), {"class_names": ["class0"]}, "class1.*Received: class_names=\\['class0'\\]"),
        (photos(6, classes=3), {"label_mode": "binary"}, "needs two classes"),
    ],
)
def test_files_and_labels_that_do_not_fit_are_named(files, how, said):
    with pytest.raises(ValueError, match=said):
        len(StreamingSequence(files, read, decode, **how))


def test_in_order_gives_each_file_once_as_listed_and_not_augmented():
    sequence = StreamingSequence(
        photos(20), read, broken, batch_size=8, augment=jitter, on_bad_file="skip"
    )
    images, labels, files = zip(*sequence.in_order())
    kept = [n for n in range(20) if n % 5 != 2]
    assert [n for batch in images for n in numbers(batch)] == kept
    assert [file.id for batch in files for file in batch] == [f"id{n:05d}" for n in kept]
    assert all((batch[..., 2] == 7).all() for batch in images)
    assert [int(label) for batch in labels for label in batch] == [n % 2 for n in kept]
