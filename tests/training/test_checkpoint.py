"""What a checkpoint's file promises: it holds arrays and JSON, and damage is noticed."""

import io
import json
import os

import keras
import numpy as np
import pytest
from small_run import cell

from colab_helpers.drive import connect
from colab_helpers.training.checkpoint import Checkpoint
from colab_helpers.training.store import CheckpointFolder
from colab_helpers.training.values import pack, pack_attributes, unpack


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return cell(tmp_path_factory.mktemp("undisturbed"))


def newest_file(folder):
    return max(folder.glob("checkpoint-?.npz"), key=lambda path: Checkpoint.read(path).serial)


# Values

VALUES = [
    ("a number", 3, 3),
    ("a float", 0.1, 0.1),
    ("infinity", -np.inf, -np.inf),
    ("text", "val_loss", "val_loss"),
    ("nothing", None, None),
    ("truth", True, True),
    ("a list", [1, [2.5, None]], [1, [2.5, None]]),
    ("a tuple becomes a list", (1, 2), [1, 2]),
    ("a dict", {"loss": [0.5]}, {"loss": [0.5]}),
    ("keys become text", {3: 1}, {"3": 1}),
    ("a dict that looks like a packed one", {"array": 0, "op": "less"}, {"array": 0, "op": "less"}),
    ("a NumPy number", np.float32(0.1), np.float32(0.1)),
    ("a function of Keras", keras.ops.less, keras.ops.less),
]


@pytest.mark.parametrize("name, value, expected", VALUES, ids=[name for name, *_ in VALUES])
def test_a_packed_value_comes_back(name, value, expected):
    arrays = []
    packed = json.loads(json.dumps(pack(value, arrays)))
    found = unpack(packed, arrays)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("make", [np.asarray, keras.ops.convert_to_tensor], ids=["array", "tensor"])
def test_arrays_and_tensors_come_back_as_arrays(make):
    arrays = []
    packed = pack({"best_weights": [make([1.0, 2.0])]}, arrays)
    found = unpack(packed, arrays)["best_weights"][0]
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, [1.0, 2.0])


def test_what_cannot_be_packed_is_refused_and_left_out_of_attributes():
    with pytest.raises(TypeError, match="cannot be kept in a checkpoint"):
        pack({"fine": 1, "not": print}, [])
    packed = pack_attributes({"wait": 2, "schedule": print, "file": io.BytesIO()}, [])
    assert unpack(packed, []) == {"wait": 2}


# The file


def checkpoint(serial=1, **changed):
    fields = {
        "stopped": False,
        "place": {"epoch": 1, "batches_trained": 2},
        "variables": {
            "model": [np.ones((3, 1), "float32"), np.array(7)],
            "optimizer": [],
            "metrics": [np.zeros(2)],
        },
        "epochs": [0],
        "history": {"loss": [0.5]},
        "learned": [{"wait": 1, "best_weights": [np.full(4, 0.25)]}],
    }
    return Checkpoint(serial=serial, **{**fields, **changed})


def test_a_checkpoint_is_read_as_it_was_written():
    written = checkpoint()
    found = Checkpoint.read(io.BytesIO(written.to_bytes()))
    for name in ("serial", "stopped", "place", "epochs", "history"):
        assert getattr(found, name) == getattr(written, name)
    for name, group in written.variables.items():
        for array, expected in zip(found.variables[name], group, strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
    assert found.learned[0]["wait"] == 1
    np.testing.assert_array_equal(found.learned[0]["best_weights"][0], np.full(4, 0.25))


def test_the_file_is_that_of_the_first_version():
    """Runs begun with 0.1 go on: names and form of all that is in the file are pinned here."""
    with np.load(io.BytesIO(checkpoint().to_bytes())) as file:
        assert file.files == ["header", "0", "1", "2", "3"]
        assert json.loads(file["header"].tobytes()) == {
            "serial": 1,
            "stopped": False,
            "shapes": {"model": [[3, 1], []], "optimizer": [], "metrics": [[2]]},
            "place": {"epoch": 1, "batches_trained": 2},
            "epochs": [0],
            "history": {"dict": {"loss": [0.5]}},
            "keep": [{"dict": {"wait": 1, "best_weights": [{"array": 3}]}}],
        }


def test_fewer_arrays_than_the_header_names_are_no_checkpoint(tmp_path):
    with np.load(io.BytesIO(checkpoint().to_bytes())) as file:
        arrays = {name: file[name] for name in file.files}
    del arrays["3"], arrays["2"]
    np.savez(tmp_path / "short.npz", **arrays)
    with pytest.raises(ValueError, match="not those that its header names"):
        Checkpoint.read(tmp_path / "short.npz")


def test_a_checkpoint_is_arrays_and_json_and_holds_no_secret(tmp_path):
    drive = connect(str(tmp_path))
    drive.token = "ya29.secret"
    cell(tmp_path / "run", interrupt=3, drive=drive)
    for path in (tmp_path / "run").glob("checkpoint-?.npz"):
        with np.load(path, allow_pickle=False) as file:
            assert json.loads(file["header"].tobytes())["place"]["seed"] == 2
            assert all(file[name].dtype != object for name in file.files)
        assert b"ya29" not in path.read_bytes()


# Two files in turn


def test_checkpoints_are_written_in_turn_and_the_newest_is_found(tmp_path):
    files = CheckpointFolder(tmp_path / "run")
    assert files.is_empty()
    assert files.newest() is None
    for serial in (1, 2, 3):
        assert files.next_serial == serial
        files.write(checkpoint(serial))
        assert files.newest().serial == serial
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["checkpoint-0.npz", "checkpoint-1.npz"]
    assert CheckpointFolder(tmp_path / "run").newest().serial == 3


def test_what_a_killed_run_was_writing_does_not_pile_up(tmp_path):
    files = CheckpointFolder(tmp_path)
    path = files.write(checkpoint())
    half_written = tmp_path / f".{path.name}-0123456789abcdef.tmp"  # as `atomic_write` names it
    half_written.write_bytes(b"PK half")
    assert files.newest().serial == 1
    assert list(tmp_path.iterdir()) == [path]


# Damage


def test_a_torn_checkpoint_falls_back_to_the_one_before(undisturbed, tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    newest = newest_file(tmp_path)
    newest.write_bytes(newest.read_bytes()[:-100])
    resumed = cell(tmp_path)
    assert resumed.steps == 4
    assert resumed.ended_like(undisturbed)
    assert "is damaged" in capsys.readouterr().out


def test_a_flipped_bit_is_noticed(undisturbed, tmp_path):
    cell(tmp_path, interrupt=7)
    newest = newest_file(tmp_path)
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 4
    newest.write_bytes(data)
    assert cell(tmp_path).ended_like(undisturbed)


def test_with_both_damaged_training_begins_anew_and_says_so(undisturbed, tmp_path, capsys):
    cell(tmp_path, interrupt=7)
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(b"PK nothing")
    resumed = cell(tmp_path)
    assert resumed.steps == 10
    assert resumed.ended_like(undisturbed)
    assert capsys.readouterr().out.count("is damaged") == 2


def test_no_space_left_is_a_warning_and_the_checkpoint_before_stays(
    undisturbed, tmp_path, monkeypatch
):
    cell(tmp_path, interrupt=4)
    there = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.warns(UserWarning, match="No space left.*Training goes on"):
            assert cell(tmp_path).ended_like(undisturbed)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == there
