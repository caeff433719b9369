"""What a checkpoint's file promises: it holds arrays and JSON, and damage is noticed."""

import io
import json
import os

import keras
import numpy as np
import pytest
from small_run import cell, small_checkpoint

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
    ("a tuple", (1, (2, [3])), (1, (2, [3]))),
    ("a dict", {"loss": [0.5]}, {"loss": [0.5]}),
    ("a dict of numbers", {3: 1, 0.5: {None: (2,)}}, {3: 1, 0.5: {None: (2,)}}),
    ("a dict with a tuple for key", {(1, "a"): 2, "b": 3}, {(1, "a"): 2, "b": 3}),
    ("a dict that looks like a packed one", {"array": 0, "op": "less"}, {"array": 0, "op": "less"}),
    ("one that looks like a tuple", {"tuple": [1]}, {"tuple": [1]}),
    ("a NumPy number", np.float32(0.1), np.float32(0.1)),
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


def test_a_checkpoint_is_read_as_it_was_written():
    written = small_checkpoint()
    found = Checkpoint.read(io.BytesIO(written.to_bytes()))
    for name in ("serial", "stopped", "place", "epochs", "history", "learning_rate"):
        assert getattr(found, name) == getattr(written, name)
    for name, group in written.variables.items():
        for array, expected in zip(found.variables[name], group, strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)
    (learned,) = found.learned
    assert learned.callback == "EarlyStopping"
    assert learned.attributes["wait"] == 1
    np.testing.assert_array_equal(learned.attributes["best_weights"][0], np.full(4, 0.25))


def test_the_file_is_pinned():
    """Runs that were begun go on with every later version: names and form of all that is there."""
    with np.load(io.BytesIO(small_checkpoint().to_bytes()), allow_pickle=False) as file:
        assert file.files == ["header", "0", "1", "2", "3"]
        assert json.loads(file["header"].tobytes()) == {
            "format": 2,
            "checksum": "f70a8ab54220e80128118dc5f8df43d6",
            "arrays": [["<f4", [3, 1]], ["<i8", []], ["<f8", [2]], ["<f8", [4]]],
            "serial": 1,
            "stopped": False,
            "shapes": {"model": [[3, 1], []], "optimizer": [], "metrics": [[2]]},
            "place": {"epoch": 1, "batches_trained": 2},
            "epochs": [0],
            "history": {"dict": {"loss": [0.5]}},
            "keep": [
                {
                    "callback": "EarlyStopping",
                    "learned": {"dict": {"wait": 1, "best_weights": [{"array": 3}]}},
                }
            ],
            "learning_rate": 0.001,
            "between_epochs": False,
        }


def test_a_file_from_before_it_said_whether_it_is_between_epochs_is_read():
    with np.load(io.BytesIO(small_checkpoint().to_bytes()), allow_pickle=False) as file:
        content = dict(file)
    header = json.loads(content["header"].tobytes())
    del header["between_epochs"]
    header["checksum"] = "27dcfb0964f5080bfd0a588ecdae6a55"
    before = io.BytesIO()
    np.savez(before, **{**content, "header": np.frombuffer(json.dumps(header).encode(), np.uint8)})
    found = Checkpoint.read(before)
    assert found.serial == 1
    assert found.between_epochs is False


def test_arrays_of_objects_which_would_take_a_pickle_are_left_out(undisturbed, tmp_path):
    class Odd(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.count = 0
            self.objects = np.array([print, None], object)
            self.fields = np.zeros(2, [("a", "f4"), ("b", "O")])
            self.itself = []
            self.itself.append(self.itself)

        def on_train_batch_end(self, batch, logs=None):
            self.count += 1

    odd = Odd()
    cell(tmp_path, keep=[odd], interrupt=7)
    (learned,) = Checkpoint.read(newest_file(tmp_path)).learned
    assert learned.attributes == {"count": 7}


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
    assert files.newest() is None
    for serial in (1, 2, 3):
        assert files.next_serial == serial
        files.write(small_checkpoint(serial))
        assert files.newest().serial == serial
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["checkpoint-0.npz", "checkpoint-1.npz"]
    assert CheckpointFolder(tmp_path / "run").newest().serial == 3


def test_what_a_killed_run_was_writing_does_not_pile_up(tmp_path):
    files = CheckpointFolder(tmp_path)
    path = files.write(small_checkpoint())
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
