"""Whatever goes wrong in a worker, even while a fault is handled, the batch ends."""

import io
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numbered_photos import decode, photos, read

from colab_helpers.stream import StreamingSequence

WATCHDOG_SECONDS = 60


def all_of(sequence):
    """What a pass gives, or the error that ends it; a hang fails the test."""
    given = []

    def run():
        try:
            given.append(list(sequence))
        except BaseException as error:
            given.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WATCHDOG_SECONDS)
    assert given, "it waits for ever"
    return given[0]


class NoText(ValueError):
    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class NoTextAtAll(BaseException):
    def __str__(self):
        raise SystemExit

    __repr__ = __str__


class NoName:
    label = "a"

    def __init__(self, file_id="1"):
        self.id = file_id

    @property
    def name(self):
        raise OSError("the name is out of reach")


def boom(file):
    raise ValueError("bad")


@pytest.mark.parametrize("on_bad_file", ["raise", "skip"])
@pytest.mark.parametrize(
    "file",
    [
        SimpleNamespace(id="1", label="a"),
        SimpleNamespace(id="1", name=None, label="a"),
        SimpleNamespace(id="1", name=Path("a.jpg"), label="a"),
        SimpleNamespace(id="1", name=b"a.jpg", label="a"),
        SimpleNamespace(id="1", name="\udce9\n\x1b[31m", label="a"),
        SimpleNamespace(id=["1"], name="a.jpg", label="a"),
        SimpleNamespace(id=None, name="a.jpg", label="a"),
        NoName(),
    ],
    ids=["no name", "name None", "a path", "bytes", "surrogate", "id list", "id None", "raises"],
)
def test_a_file_that_cannot_be_named_ends_its_batch(file, on_bad_file):
    error = all_of(StreamingSequence([file], boom, decode, on_bad_file=on_bad_file))
    assert isinstance(error, (RuntimeError, ValueError)) and "bad" in str(error)
    assert str(error).isprintable()


@pytest.mark.parametrize("on_bad_file", ["raise", "skip"])
@pytest.mark.parametrize("where", ["read", "decode", "augment"])
@pytest.mark.parametrize(
    "kind",
    [NoText, NoTextAtAll, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, MemoryError],
)
def test_an_error_of_any_kind_ends_its_batch(kind, where, on_bad_file):
    def fail(*_):
        raise kind

    steps = {"read": read, "decode": decode, "augment": None, where: fail}
    error = all_of(StreamingSequence(photos(8), **steps, batch_size=4, on_bad_file=on_bad_file))
    assert isinstance(error, Exception)


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_would_end_the_program_is_told_as_an_error_of_its_file(kind):
    def fail(data):
        raise kind

    sequence = StreamingSequence(photos(1), read, fail, on_bad_file="skip")
    error = all_of(sequence)
    assert isinstance(error, RuntimeError)
    assert str(error) == f"{kind.__name__}() was raised for '0.jpg' (id id00000)."
    assert isinstance(error.__cause__, kind)


@pytest.mark.parametrize("on_bad_file", ["raise", "skip"])
@pytest.mark.parametrize(
    "given",
    [io.BytesIO(b"x"), 5, None, "text", ["x"], np.zeros(3), object()],
    ids=["file object", "int", "None", "text", "list", "array", "object"],
)
def test_a_read_that_gives_no_bytes_is_told_with_what_it_gave(given, on_bad_file):
    files = photos(40, size=4 << 20)

    def read_some(file):
        return given if int(file.id[2:]) % 4 else read(file)

    error = all_of(
        StreamingSequence(files, read_some, decode, batch_size=4, on_bad_file=on_bad_file)
    )
    assert isinstance(error, TypeError)
    assert f"Received: {type(given).__name__}" in str(error)
    assert ".jpg' (id id0" in str(error)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_what_is_as_good_as_bytes_is_taken(kind):
    batches = all_of(StreamingSequence(photos(8), lambda file: kind(read(file)), decode))
    assert len(batches[0][0]) == 8


@pytest.mark.parametrize(
    "size",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        -1,
        -(10**30),
        10**30,
        1e300,
        2**63,
        "12",
        b"12",
        None,
        np.float64("nan"),
        np.int64(5),
        1 + 2j,
        [1],
        10 << 20,
    ],
    ids=repr,
)
def test_a_size_that_is_none_holds_up_nothing(size):
    files = [replace(file, size=size) for file in photos(80)]
    batches = all_of(StreamingSequence(files, read, decode, batch_size=8, reads=4))
    assert sum(len(images) for images, _ in batches) == 80


def test_a_decode_that_gives_no_image_is_told_with_what_it_gave():
    error = all_of(StreamingSequence(photos(4), read, lambda data: None, on_bad_file="skip"))
    assert isinstance(error, ValueError)
    assert "`decode` gave NoneType for '" in str(error)


def test_after_an_error_the_sequence_can_be_used_again():
    sequence = StreamingSequence(photos(8), boom, decode, batch_size=4)
    for _ in range(3):
        assert isinstance(all_of(sequence), RuntimeError)
    sequence.read = read
    assert len(all_of(sequence)) == 2
