"""What is damaged or forged is not taken for a checkpoint, whatever was done to it."""

import io
import json
import zipfile

import numpy as np
import pytest
from small_run import cell, small_checkpoint

from colab_helpers.training.checkpoint import Checkpoint
from colab_helpers.training.sealed import DamagedError, write_sealed


def arrays_and_header(data):
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads(arrays.pop("header").tobytes())


def npz(arrays, header):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    out = io.BytesIO()
    np.savez(out, header=np.frombuffer(text, np.uint8), **arrays)
    return out.getvalue()


FIRST_VERSION = {
    "serial": 7,
    "stopped": False,
    "shapes": {"model": [[3, 1], []], "optimizer": [], "metrics": [[2]]},
    "place": {"epoch": 1, "batches_trained": 2},
    "epochs": [0],
    "history": {"dict": {"loss": [0.5]}},
    "keep": [{"dict": {"wait": 1, "monitor_op": {"op": "less"}, "best_weights": [{"array": 3}]}}],
}


def test_a_checkpoint_of_the_first_versions_is_read():
    arrays, _ = arrays_and_header(small_checkpoint().to_bytes())
    found = Checkpoint.read(io.BytesIO(npz(arrays, FIRST_VERSION)))
    assert found.serial == 7
    assert found.history == {"loss": [0.5]}
    np.testing.assert_array_equal(found.variables["model"][0], np.ones((3, 1)))
    (learned,) = found.learned
    assert list(learned.attributes) == ["wait", "best_weights"]
    assert found.learning_rate is None


def test_a_checkpoint_of_a_later_version_ends_the_run_before_it_begins_anew(tmp_path):
    arrays, header = arrays_and_header(small_checkpoint().to_bytes())
    (tmp_path / "checkpoint-1.npz").write_bytes(npz(arrays, {**header, "format": 3}))
    with pytest.raises(ValueError, match="written by a later version.*its format is 3"):
        cell(tmp_path)


def every_bit(data):
    for position in range(len(data)):
        for bit in range(8):
            yield position, bit


def some_bits(data):
    """One of each byte."""
    for position in range(len(data)):
        yield position, position * 5 % 8


def check_flips(flips):
    written = small_checkpoint()
    data = written.to_bytes()
    noticed = 0
    all_flips = list(flips(data))
    for position, bit in all_flips:
        flipped = bytearray(data)
        flipped[position] ^= 1 << bit
        try:
            found = Checkpoint.read(io.BytesIO(flipped))
        except DamagedError:
            noticed += 1
            continue
        assert found.to_bytes() == data, f"bit {bit} of byte {position}"
    assert noticed > len(all_flips) / 2, "dates and such, which no value depends on, may differ"


def test_a_flipped_bit_in_any_byte_is_noticed_or_changes_no_value():
    check_flips(some_bits)


@pytest.mark.slow
def test_each_flipped_bit_is_noticed_or_changes_no_value():
    check_flips(every_bit)


def without(name):
    def change(arrays, header):
        return {other: array for other, array in arrays.items() if other != name}, header

    return change


def with_array(name, array):
    return lambda arrays, header: ({**arrays, name: array}, header)


def with_field(name, value):
    return lambda arrays, header: (arrays, {**header, name: value})


FORGED = [
    ("fewer arrays", without("3")),
    ("more arrays", with_array("4", np.zeros(3))),
    ("a gap", without("1")),
    ("another shape", with_array("0", np.ones((1, 3), "float32"))),
    ("another type", with_array("0", np.ones((3, 1), "int32"))),
    ("another value", with_array("0", np.zeros((3, 1), "float32"))),
    ("another field", with_field("serial", 2)),
    ("no checksum", with_field("checksum", None)),
    ("no header", lambda arrays, header: (arrays, b"")),
    ("no JSON", lambda arrays, header: (arrays, b"{")),
    ("a list", lambda arrays, header: (arrays, [header])),
    ("deep nesting", lambda arrays, header: (arrays, b"[" * 200_000)),
    ("a number of 5,000 digits", lambda arrays, header: (arrays, b"9" * 5000)),
    ("no text", lambda arrays, header: (arrays, bytes([0xFF, 0xFE, 0x80]))),
]


@pytest.mark.parametrize("name, change", FORGED, ids=[name for name, _ in FORGED])
def test_what_was_changed_by_hand_is_damaged(name, change):
    arrays, header = change(*arrays_and_header(small_checkpoint().to_bytes()))
    with pytest.raises(DamagedError):
        Checkpoint.read(io.BytesIO(npz(arrays, header)))


def compressed(data):
    """Larger unpacked than the file is: reading it could fill the memory."""
    arrays, _ = arrays_and_header(data)
    out = io.BytesIO()
    np.savez_compressed(out, **arrays, header=np.zeros(9_000_000, np.uint8))
    return out.getvalue()


def with_a_pickle(data):
    arrays, header = arrays_and_header(data)
    return npz({**arrays, "0": np.array([{"code": print}], object)}, header)


def claiming_a_huge_array(data):
    """Each member is whole, with a checksum that is right."""
    begin = io.BytesIO()
    description = {"descr": "<f8", "fortran_order": False, "shape": (10**10,)}
    np.lib.format.write_array_header_1_0(begin, description)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(out, "w") as claiming:
        for name in whole.namelist():
            content = begin.getvalue() + bytes(32) if name == "3.npy" else whole.read(name)
            claiming.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("change", [compressed, with_a_pickle, claiming_a_huge_array])
def test_a_hostile_file_is_damaged(change):
    with pytest.raises(DamagedError, match="no whole .npz file"):
        Checkpoint.read(io.BytesIO(change(small_checkpoint().to_bytes())))


# With a checksum that is right: by somebody who wants to know what happens then.
WRONG_FORMS = [
    ("serial", "1"),
    ("serial", True),
    ("serial", 0),
    ("serial", 1e300),
    ("stopped", 1),
    ("shapes", []),
    ("shapes", {"model": 3, "optimizer": [], "metrics": []}),
    ("shapes", {"model": [[3, 1], []], "optimizer": []}),
    ("shapes", {"model": [[3, 1]] * 99, "optimizer": [], "metrics": []}),
    ("place", None),
    ("place", {}),
    ("place", {"epoch": -1, "batches_trained": 0}),
    ("place", {"epoch": 0, "batches_trained": "2"}),
    ("epochs", None),
    ("epochs", ["a"]),
    ("history", []),
    ("history", {"dict": {"loss": 0.5}}),
    ("history", {"dict": {"loss": {"array": 99}}}),
    ("history", {"dict": {"loss": {"array": -1}}}),
    ("history", {"dict": {"loss": {"what": 1}}}),
    ("keep", {}),
    ("keep", [3]),
    ("keep", [{"callback": 3, "learned": {"dict": {}}}]),
    ("keep", [{"callback": "A", "learned": []}]),
    ("learning_rate", "fast"),
    ("learning_rate", []),
    ("between_epochs", 1),
    ("history", {"tuple": 3}),
    ("history", {"items": [[1]]}),
    ("history", {"items": [[[], 2]]}),
]


@pytest.mark.parametrize("name, value", WRONG_FORMS)
def test_a_header_of_a_wrong_form_is_damaged(name, value):
    arrays, header = arrays_and_header(small_checkpoint().to_bytes())
    out = io.BytesIO()
    for field in ("format", "checksum", "arrays"):
        del header[field]
    write_sealed(out, {**header, name: value}, [arrays[str(n)] for n in range(len(arrays))])
    with pytest.raises(DamagedError):
        Checkpoint.read(out)
