"""Files that cannot be read or decoded, and errors that are no file's."""

import keras
import numpy as np
import pytest
from numbered_photos import broken, decode, epoch_of, numbers, photos, read

from colab_helpers.stream import StreamingSequence


def bad_at(*bad_numbers):
    """A decoder that finds some of the files broken."""

    def decode_others(data):
        if int.from_bytes(data, "big") in bad_numbers:
            raise ValueError("it is cut off")
        return decode(data)

    return decode_others


def test_raise_names_the_file_and_what_to_do():
    sequence = StreamingSequence(photos(20), read, broken, batch_size=20)
    with pytest.raises(
        RuntimeError, match=r"'\d+\.jpg' \(id id000\d\d\): it is cut off.*on_bad_file"
    ):
        sequence[0]
    assert isinstance(sequence.last_error.__cause__, ValueError)


def test_skip_shrinks_the_batch_says_so_once_and_lists_the_files(capsys):
    sequence = StreamingSequence(
        photos(20), read, broken, batch_size=10, shuffle=False, on_bad_file="skip"
    )
    for _ in range(2):
        batches = epoch_of(sequence)
        assert (
            [len(images) for images, _ in batches]
            == [len(labels) for _, labels in batches]
            == [8, 8]
        )
        assert not {2, 7, 12, 17} & {n for images, _ in batches for n in numbers(images)}
    assert sorted(file.id for file, _ in sequence.skipped) == [
        "id00002",
        "id00007",
        "id00012",
        "id00017",
    ]
    said = capsys.readouterr().out
    assert said.count("Left out 4 of 20 files") == 1 and "it is cut off" in said


@pytest.mark.parametrize(
    "bad, expected",
    [
        ([8], [[0, 1, 2, 3], [4, 5, 6, 7], [7]]),
        ([7, 8], [[0, 1, 2, 3], [4, 5, 6], [6]]),
        ([0, 1, 2, 3], [[4], [4, 5, 6, 7], [8]]),
        ([4, 5, 6, 7], [[0, 1, 2, 3], [3], [8]]),
        ([0, 1, 2, 3, 4, 5, 6, 7], [[8], [8], [8]]),
        ([0, 1, 3, 4, 5, 6, 7, 8], [[2], [2], [2]]),
    ],
)
def test_a_batch_of_which_nothing_is_left_shows_the_nearest_picture_of_its_epoch(bad, expected):
    sequence = StreamingSequence(
        photos(9), read, bad_at(*bad), batch_size=4, shuffle=False, on_bad_file="skip"
    )
    for batches in (epoch_of(sequence), [sequence[k] for k in range(3)], list(sequence)):
        assert [numbers(images) for images, _ in batches] == expected
        assert [labels.tolist() for _, labels in batches] == [
            [number % 2 for number in batch] for batch in expected
        ]
    in_order = [number for images, _, _ in sequence.in_order() for number in numbers(images)]
    assert in_order == [number for number in range(9) if number not in bad]


def test_fit_goes_on_whatever_epoch_leaves_nothing_of_a_batch_and_no_weight_becomes_nan():
    train = StreamingSequence(photos(9), read, bad_at(4), batch_size=4, on_bad_file="skip")
    model = keras.Sequential(
        [
            keras.Input((3, 2, 3)),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    steps = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    model.fit(train, validation_data=train.shard(0, 1), epochs=20, verbose=0, callbacks=[count])
    assert steps == [0, 1, 2] * 20
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_only_a_pass_without_any_picture_is_an_error_that_says_so(batch_size, capsys):
    def nothing(data):
        raise ValueError("it is cut off")

    sequence = StreamingSequence(
        photos(4), read, nothing, batch_size=batch_size, on_bad_file="skip"
    )
    with pytest.raises(
        ValueError, match=rf"All {batch_size} files of a batch were left out.*it is cut off"
    ):
        sequence[0]
    assert isinstance(sequence.last_error, ValueError)
    assert len(sequence.skipped) == 4
    assert "Left out" in capsys.readouterr().out


@pytest.mark.parametrize("on_bad_file", ["skip", "raise"])
@pytest.mark.parametrize(
    "error", [MemoryError, type("SignedOut", (Exception,), {"ends_run": True})]
)
def test_skip_does_not_swallow_what_ends_a_run(error, on_bad_file):
    def refuse(file):
        raise error("no more")

    sequence = StreamingSequence(photos(4), refuse, decode, on_bad_file=on_bad_file)
    with pytest.raises(error) as caught:
        sequence[0]
    assert str(caught.value) == "no more"
    assert not sequence.skipped


ERRORS_OF_CODE = {
    NameError: lambda: imagge,  # noqa: F821
    TypeError: lambda: len(5),
    AttributeError: lambda: np.zeros(1).imge,
    KeyError: lambda: {}["a"],
    IndexError: lambda: [][1],
    ZeroDivisionError: lambda: 1 // 0,
    ModuleNotFoundError: lambda: __import__("no_such_module"),
    NotImplementedError: lambda: exec("raise NotImplementedError('later')"),
}


@pytest.mark.parametrize("on_bad_file", ["skip", "raise"])
@pytest.mark.parametrize("where", ["read", "decode", "augment"])
@pytest.mark.parametrize("kind", ERRORS_OF_CODE)
def test_an_error_in_the_users_own_code_is_raised_as_it_is(kind, where, on_bad_file):
    def fails_for_one(number):
        if number == 3:
            ERRORS_OF_CODE[kind]()

    def read_as_written(file):
        if where == "read":
            fails_for_one(int(file.id[2:]))
        return read(file)

    def decode_as_written(data):
        if where == "decode":
            fails_for_one(data[1])
        return decode(data)

    def augment_as_written(image, rng):
        if where == "augment":
            fails_for_one(image[0, 0, 1])
        return image

    sequence = StreamingSequence(
        photos(9),
        read_as_written,
        decode_as_written,
        batch_size=4,
        augment=augment_as_written,
        on_bad_file=on_bad_file,
    )
    with pytest.raises(kind) as caught:
        epoch_of(sequence)
    assert type(caught.value) is kind
    assert caught.value is sequence.last_error
    assert "Take it off the list" not in str(caught.value)
    assert f"{where}_as_written" in [entry.name for entry in caught.traceback]
    assert any("'3.jpg' (id id00003)" in note for note in caught.value.__notes__)
    assert not sequence.skipped


def test_an_error_of_the_users_code_leaves_fit_with_its_text_and_stays_as_last_error():
    def misspelt(data):
        return imagge(data)  # noqa: F821

    sequence = StreamingSequence(photos(9), read, misspelt, on_bad_file="skip")
    model = keras.Sequential([keras.Input((3, 2, 3)), keras.layers.Flatten()])
    model.compile("sgd", "mse")
    with pytest.raises(Exception, match="imagge"):
        model.fit(sequence, verbose=0)
    assert type(sequence.last_error) is NameError


@pytest.mark.parametrize("on_bad_file", ["skip", "raise"])
def test_images_of_two_shapes_are_refused_with_both_shapes(on_bad_file):
    """Which of the files would be left out were a matter of chance."""
    sequence = StreamingSequence(
        photos(4),
        read,
        lambda data: np.zeros((2 + data[1] // 3, 2, 3), np.uint8),
        reads=1,
        on_bad_file=on_bad_file,
    )
    with pytest.raises(ValueError, match=r"shape \(\d, 2, 3\) where others have \(\d, 2, 3\)"):
        sequence[0]
    assert not sequence.skipped
