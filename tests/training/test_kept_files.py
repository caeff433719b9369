"""The files that kept callbacks write come back with the checkpoint, and nothing else does."""

import csv
import io
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from small_run import cell, wait_until_sent

from colab_helpers.drive import connect
from colab_helpers.training.kept_files import KeptFiles
from colab_helpers.training.sealed import DamagedError, write_sealed

IN_EPOCH_3 = 13  # steps, of which an epoch has 5
SCORES = [0.6, 0.9, 0.8, 0.7]  # the best one is that of the second epoch


def best(path="best.keras", **options):
    return keras.callbacks.ModelCheckpoint(
        path, monitor="score", mode="max", save_best_only=True, **options
    )


def run(machine, monkeypatch, callback, **options):
    """The cell, on a machine of its own; a result `score` stands in for validation."""
    machine.mkdir(exist_ok=True)
    monkeypatch.chdir(machine)
    run_folder = options.pop("run_folder", "results/run1")
    outcome = cell(run_folder, epochs=4, keep=[scored(callback)], **options)
    wait_until_sent()
    return outcome


def scored(callback):
    """The callback, which sees a score among the results of each epoch."""
    on_epoch_end = callback.on_epoch_end

    def with_score(epoch, logs=None):
        on_epoch_end(epoch, {**logs, "score": SCORES[epoch]})

    callback.on_epoch_end = with_score
    return callback


PATHS = [
    ("best.keras", {}),
    ("models/{epoch:02d}-{score:.2f}.keras", {}),
    ("{{my}} [models]*/run-{epoch}/best.keras", {}),
    ("best.weights.h5", {"save_weights_only": True}),
    ("models//{epoch:02d}.keras", {}),
    ("./models/./best.keras", {}),
]


@pytest.mark.parametrize("path, options", PATHS)
def test_on_an_empty_disk_the_best_model_comes_back_with_its_score(
    tmp_path, monkeypatch, capsys, path, options
):
    (tmp_path / "drive").mkdir()
    drive = connect(tmp_path / "drive")
    run(tmp_path / "one", monkeypatch, best(path, **options), interrupt=IN_EPOCH_3, drive=drive)
    written = path.format(epoch=2, score=0.9)
    content = (tmp_path / "one" / written).read_bytes()
    again = best(path, **options)
    run(tmp_path / "two", monkeypatch, again, drive=drive)
    assert again.best == 0.9
    assert (tmp_path / "two" / written).read_bytes() == content
    assert f"'{Path(written)}' is brought back" in capsys.readouterr().out


def test_over_http_to_drive_they_come_back_too(tmp_path, monkeypatch, drive_server):
    (tmp_path / "drive").mkdir()
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", drive_server(tmp_path / "drive").url)
    run(tmp_path / "one", monkeypatch, best(), interrupt=IN_EPOCH_3, drive=connect())
    content = (tmp_path / "one/best.keras").read_bytes()
    run(tmp_path / "two", monkeypatch, best(), drive=connect())
    assert (tmp_path / "two/best.keras").read_bytes() == content
    on_drive = sorted(path.name for path in (tmp_path / "drive/results/run1").iterdir())
    assert on_drive == ["checkpoint.npz", "files.npz"]


def test_from_a_folder_that_outlived_the_machine_they_come_back_without_a_drive(
    tmp_path, monkeypatch
):
    """As where the checkpoints are on a mounted Drive, and the model is not."""
    mounted = tmp_path / "mounted"
    run(tmp_path / "one", monkeypatch, best(), interrupt=IN_EPOCH_3, run_folder=mounted)
    content = (tmp_path / "one/best.keras").read_bytes()
    run(tmp_path / "two", monkeypatch, best(), run_folder=mounted)
    assert (tmp_path / "two/best.keras").read_bytes() == content


def test_a_run_that_is_done_gives_its_best_model_to_a_fresh_machine(tmp_path, monkeypatch):
    (tmp_path / "drive").mkdir()
    drive = connect(tmp_path / "drive")
    run(tmp_path / "one", monkeypatch, best(), drive=drive)
    content = (tmp_path / "one/best.keras").read_bytes()
    assert run(tmp_path / "two", monkeypatch, best(), drive=drive).steps == 0
    assert (tmp_path / "two/best.keras").read_bytes() == content


def test_a_file_that_is_there_is_left_as_it_is(tmp_path, monkeypatch):
    run(tmp_path / "one", monkeypatch, best(), interrupt=IN_EPOCH_3)
    (tmp_path / "one/best.keras").write_bytes(b"another, of the user")
    run(tmp_path / "one", monkeypatch, best(), interrupt=1)
    assert (tmp_path / "one/best.keras").read_bytes() == b"another, of the user"


def test_it_is_sent_once_and_again_only_when_it_changed(tmp_path, monkeypatch):
    sent = []

    class Shelf:
        def find(self, path):
            raise NotFoundError(path)

        def upload(self, path, folder):
            sent.append(path.name)

    class NotFoundError(Exception):
        pass

    run(tmp_path / "one", monkeypatch, best(), drive=Shelf())
    assert 1 <= sent.count("files.npz") <= 2, "of four epochs, two were better than all before"
    assert sent.count("checkpoint.npz") >= 1
    assert sent[-1] == "checkpoint.npz", "no checkpoint comes before its files"


def test_the_table_of_a_csv_logger_goes_on(tmp_path, monkeypatch):
    (tmp_path / "drive").mkdir()
    drive = connect(tmp_path / "drive")

    def logger():
        return keras.callbacks.CSVLogger("log.csv", append=True)

    run(tmp_path / "one", monkeypatch, logger(), interrupt=IN_EPOCH_3, drive=drive)
    run(tmp_path / "two", monkeypatch, logger(), drive=drive)
    with open(tmp_path / "two/log.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert [float(row["score"]) for row in rows] == SCORES


@pytest.mark.parametrize("below", ["/best.keras", "//best.keras", "/./best.keras"])
def test_its_file_holds_no_path_of_the_machine(tmp_path, monkeypatch, below):
    (tmp_path / "one").mkdir()
    elsewhere = f"{tmp_path}/home of somebody{below}"
    run(tmp_path / "one", monkeypatch, best(elsewhere), interrupt=IN_EPOCH_3)
    stored = (tmp_path / "one/results/run1/files.npz").read_bytes()
    with np.load(io.BytesIO(stored), allow_pickle=False) as file:
        header = file["header"].tobytes()
    assert b"best.keras" in header
    assert b"home of somebody" not in header


def test_a_damaged_file_is_told_and_the_run_goes_on(tmp_path, monkeypatch, capsys):
    run(tmp_path / "one", monkeypatch, best(), interrupt=IN_EPOCH_3)
    stored = tmp_path / "one/results/run1/files.npz"
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.write_bytes(content)
    (tmp_path / "one/best.keras").unlink()
    again = best()
    run(tmp_path / "one", monkeypatch, again)
    said = capsys.readouterr().out
    assert "files.npz' is damaged" in said
    assert "'best.keras' is missing. So its best score is forgotten" in said
    assert again.best == 0.8, "the best of the epochs that were left"
    assert (tmp_path / "one/best.keras").exists()


FORGED = [
    ("BackupAndRestore", 0, "best.keras"),
    ("ModelCheckpoint", 1, "best.keras"),
    ("ModelCheckpoint", -1, "best.keras"),
    ("ModelCheckpoint", 0, "../best.keras"),
    ("ModelCheckpoint", 0, "/etc/passwd"),
    ("ModelCheckpoint", 0, "other.keras"),
    ("ModelCheckpoint", 0, "best\n\x1b[31m.keras"),
    ("ModelCheckpoint", 2, "../x.keras"),
    ("ModelCheckpoint", 2, "a/b.keras"),
    ("ModelCheckpoint", 2, "\x1b[31m.keras"),
    ("ModelCheckpoint", 2, "1\n.keras"),
    ("ModelCheckpoint", 2, "\u202e1.keras"),
    ("ModelCheckpoint", 2, "1\0.keras"),
    ("ModelCheckpoint", 2, "\udc80.keras"),
]


@pytest.mark.parametrize("callback, number, name", FORGED)
def test_a_forged_file_is_put_nowhere_but_where_a_kept_callback_writes(
    tmp_path, monkeypatch, capsys, callback, number, name
):
    monkeypatch.chdir(tmp_path)
    stopper = keras.callbacks.EarlyStopping()
    kept = KeptFiles([best("best.keras"), stopper, best("models/{epoch}.keras")])
    forged = io.BytesIO()
    entry = {"callback": callback, "number": number, "name": name}
    write_sealed(forged, {"files": [entry]}, [np.frombuffer(b"evil", np.uint8)])
    kept.bring_back(forged)
    assert list(Path().rglob("*")) == []
    said = capsys.readouterr().out
    assert "is not brought back" in said
    assert "\x1b" not in said


@pytest.mark.parametrize("files", [None, {}, [], [3], [{}], [{"number": "0", "name": "a"}]])
def test_a_file_that_does_not_name_its_files_is_damaged(files):
    forged = io.BytesIO()
    write_sealed(forged, {"files": files}, [np.zeros(1, np.uint8)])
    with pytest.raises(DamagedError):
        KeptFiles([best()]).bring_back(forged)


def test_a_lost_file_of_an_earlier_place_is_told(tmp_path, monkeypatch, capsys):
    """The user has given the best model another name since."""
    run(tmp_path / "one", monkeypatch, best("best.keras"), interrupt=IN_EPOCH_3)
    shutil.copytree(tmp_path / "one/results", tmp_path / "two/results")
    run(tmp_path / "two", monkeypatch, best("other.keras"), interrupt=1)
    assert "'best.keras' of the checkpoint is not brought back" in capsys.readouterr().out
