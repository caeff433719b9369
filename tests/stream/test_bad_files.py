"""Files that cannot be read or decoded."""

import numpy as np
import pytest
from numbered_photos import broken, decode, epoch_of, numbers, photos, read

from colab_helpers.stream import StreamingSequence


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


def test_a_batch_of_which_nothing_is_left_is_an_error_that_says_so():
    def nothing(data):
        raise ValueError("it is cut off")

    sequence = StreamingSequence(photos(4), read, nothing, on_bad_file="skip")
    with pytest.raises(ValueError, match=r"All 4 files of a batch were left out.*it is cut off"):
        sequence[0]


@pytest.mark.parametrize(
    "error", [MemoryError, type("SignedOut", (Exception,), {"ends_run": True})]
)
def test_skip_does_not_swallow_what_ends_a_run(error):
    def refuse(file):
        raise error("no more")

    sequence = StreamingSequence(photos(4), refuse, decode, on_bad_file="skip")
    with pytest.raises(Exception, match="no more"):
        sequence[0]
    assert not sequence.skipped


def test_images_of_two_shapes_are_refused_with_both_shapes():
    sequence = StreamingSequence(
        photos(4), read, lambda data: np.zeros((2 + data[1] // 3, 2, 3), np.uint8), reads=1
    )
    with pytest.raises(RuntimeError, match=r"shape \(\d, 2, 3\) where others have \(\d, 2, 3\)"):
        sequence[0]
