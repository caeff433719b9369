"""What the copy on Drive promises: the newest gets there, and training does not wait for it."""

import os
import shutil
import signal
import subprocess
import sys
import threading

import keras
import pytest
from small_run import cell, small_checkpoint, wait_until_sent

from colab_helpers.drive import NotFoundError as NotFoundErrorOfDrive
from colab_helpers.drive import connect
from colab_helpers.training.checkpoint import Checkpoint
from colab_helpers.training.drive_copy import CHECKPOINT, FILES, DriveCopy
from colab_helpers.training.kept_files import KeptFiles
from colab_helpers.training.store import CheckpointStore
from stand_in import Extra


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return cell(tmp_path_factory.mktemp("undisturbed"))


def test_on_a_fresh_machine_the_run_goes_on_from_drive(
    undisturbed, tmp_path, drive_server, monkeypatch
):
    """The real client, over HTTP to a stand-in; the local folder is lost, as Colab's machine is."""
    (tmp_path / "drive").mkdir()
    server = drive_server(tmp_path / "drive")
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    monkeypatch.chdir(tmp_path)
    cell("results/run1", interrupt=7, drive=connect())
    wait_until_sent()
    shutil.rmtree("results")
    resumed = cell("results/run1", drive=connect())
    assert resumed.steps == 3
    assert resumed.ended_like(undisturbed)
    on_drive = [path.name for path in (tmp_path / "drive/results/run1").iterdir()]
    assert on_drive == ["checkpoint.npz"]


def test_where_all_checkpoints_here_are_damaged_the_run_goes_on_from_drive(undisturbed, tmp_path):
    (tmp_path / "drive").mkdir()
    drive = connect(tmp_path / "drive")
    cell(tmp_path / "run", interrupt=7, drive=drive)
    wait_until_sent()
    for path in (tmp_path / "run").glob("checkpoint-?.npz"):
        path.write_bytes(b"PK nothing")
    resumed = cell(tmp_path / "run", drive=drive)
    assert resumed.steps == 3
    assert resumed.ended_like(undisturbed)


@pytest.mark.parametrize("twin", ["checkpoint.npz", "run1"])
def test_two_of_a_name_on_drive_are_no_run_from_the_start(tmp_path, drive_server, twin):
    """Drive allows it, as after two runtimes began at once: which one to go on from, it asks."""
    (tmp_path / "drive").mkdir()
    server = drive_server(tmp_path / "drive")
    drive = connect(endpoint=server.url)
    copy = DriveCopy(drive, tmp_path / "run1", "results/run1")
    assert copy.fetch(CHECKPOINT) is None
    server.add(Extra(".", "results", content=None))
    server.add(Extra("results", "run1", content=None))
    server.add(Extra("results/run1", "checkpoint.npz", b"one"))
    assert copy.fetch(CHECKPOINT) == b"one"
    folder, content = ("results/run1", b"two") if twin == "checkpoint.npz" else ("results", None)
    server.add(Extra(folder, twin, content=content))
    with pytest.raises(NotFoundErrorOfDrive, match=f"There are 2 f.* called '{twin}'"):
        copy.fetch(CHECKPOINT)


class NotFoundError(Exception):
    """A class of any drive's own; only its name counts."""


class SlowDrive:
    """A place for uploads that takes them when it is let."""

    def __init__(self, fails=0):
        self.let = threading.Event()
        self.fails = fails
        self.uploads = []

    def find(self, path):
        raise NotFoundError(path)

    def read(self, file):
        raise AssertionError("there is nothing to read")

    def upload(self, path, folder):
        assert self.let.wait(30)
        if self.fails > 0:
            self.fails -= 1
            raise OSError("Drive said 500.")
        self.uploads.append((folder, Checkpoint.read(path).place))


def test_a_slow_upload_does_not_hold_up_training_and_the_newest_wins(undisturbed, tmp_path):
    drive = SlowDrive()

    class LetGo(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            drive.let.set()

    assert cell(tmp_path / "run", drive=drive, callbacks=[LetGo()]).ended_like(undisturbed)
    assert 1 <= len(drive.uploads) <= 3, "of 11 checkpoints, those that were overtaken are not sent"
    folder, place = drive.uploads[-1]
    assert folder == "run"
    assert place["epoch"] == 2, "the end of the run is there when fit returns"


def test_a_failed_upload_is_told_and_does_not_end_the_run(undisturbed, tmp_path, capsys):
    drive = SlowDrive(fails=1)
    drive.let.set()
    assert cell(tmp_path / "run", drive=drive).ended_like(undisturbed)
    assert drive.fails == 0
    assert "Drive said 500." in capsys.readouterr().out
    assert drive.uploads[-1][1]["epoch"] == 2


def test_a_drive_that_cannot_be_asked_is_not_taken_for_an_empty_one(tmp_path):
    class Unreachable(SlowDrive):
        def find(self, path):
            raise ConnectionError("no route to host")

    with pytest.raises(ConnectionError, match="no route"):
        cell(tmp_path / "run", drive=Unreachable())


def test_any_place_with_find_read_and_upload_holds_the_copy(undisturbed, tmp_path):
    """A dictionary will do."""

    class Shelf:
        def __init__(self):
            self.files = {}

        def find(self, path):
            if path not in self.files:
                raise NotFoundError(path)
            return path

        def read(self, file):
            return self.files[file]

        def upload(self, path, folder):
            self.files[f"{folder}/{path.name}"] = path.read_bytes()

    shelf = Shelf()
    cell(tmp_path / "run", interrupt=7, drive=shelf)
    wait_until_sent()
    assert list(shelf.files) == ["run/checkpoint.npz"]
    shutil.rmtree(tmp_path / "run")
    resumed = cell(tmp_path / "run", drive=shelf)
    assert resumed.steps == 3
    assert resumed.ended_like(undisturbed)


# What goes wrong beside


def without_links(*arguments, **options):
    raise PermissionError(1, "no links here")


def path_of(descriptor):
    return os.readlink(f"/proc/self/fd/{descriptor}")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="tells files by /proc")
def test_where_links_cannot_be_made_and_the_disk_is_full_training_goes_on(
    undisturbed, tmp_path, monkeypatch
):
    synchronize = os.fsync

    def full(descriptor):
        if "to_drive" in path_of(descriptor):
            raise OSError(28, "No space left on device")
        synchronize(descriptor)

    monkeypatch.setattr(os, "link", without_links)
    monkeypatch.setattr(os, "fsync", full)
    drive = SlowDrive()
    with pytest.warns(UserWarning, match="No space left.*Training goes on"):
        outcome = cell(tmp_path / "run", drive=drive)
    assert outcome.ended_like(undisturbed)
    assert drive.uploads == []
    assert cell(tmp_path / "run").steps == 0, "the checkpoints themselves are whole"


def test_where_links_cannot_be_made_a_copy_is_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", without_links)
    drive = SlowDrive()
    drive.let.set()
    cell(tmp_path / "run", drive=drive)
    assert drive.uploads[-1][1]["epoch"] == 2


@pytest.mark.parametrize("has_links", [True, False])
def test_a_planted_link_is_not_followed(tmp_path, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr(os, "link", without_links)
    victim = tmp_path / "victim"
    victim.write_bytes(b"of somebody else")
    for name in ("waiting-checkpoint.npz", "checkpoint.npz"):
        planted = tmp_path / "run/to_drive" / name
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.symlink_to(victim)
    drive = SlowDrive()
    drive.let.set()
    cell(tmp_path / "run", drive=drive)
    assert victim.read_bytes() == b"of somebody else"
    assert drive.uploads[-1][1]["epoch"] == 2


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no text")


class Undecodable(Exception):
    def __str__(self):
        return "no \udce9 in UTF-8"


@pytest.mark.parametrize("error", [Unspeakable(), Undecodable(), Exception()])
def test_whatever_an_upload_raises_the_next_checkpoint_is_sent(tmp_path, capsys, error):
    class Failing(SlowDrive):
        def upload(self, path, folder):
            if self.fails > 0:
                self.fails -= 1
                raise error
            super().upload(path, folder)

    drive = Failing(fails=1)
    drive.let.set()
    copy = DriveCopy(drive, tmp_path, "run")
    path = tmp_path / "checkpoint-0.npz"
    path.write_bytes(small_checkpoint().to_bytes())
    copy.send(path, CHECKPOINT)
    copy.wait()
    assert drive.uploads == []
    copy.send(path, CHECKPOINT)
    copy.wait()
    assert len(drive.uploads) == 1
    said = capsys.readouterr().out
    assert said.encode().count(b"did not get to Drive") == 1


class Names(SlowDrive):
    """Notes what is sent; `before` is called before each upload."""

    def __init__(self, before=lambda path: None):
        super().__init__()
        self.before = before

    def upload(self, path, folder):
        self.before(path)
        path.read_bytes()
        self.uploads.append(path.name)


def put_aside(tmp_path, drive):
    (tmp_path / CHECKPOINT).write_bytes(b"checkpoint")
    (tmp_path / FILES).write_bytes(b"files")
    copy = DriveCopy(drive, tmp_path, "run")
    copy.send(tmp_path / FILES, FILES)
    return copy


def test_after_files_that_wait_are_lost_every_checkpoint_is_sent(tmp_path, capsys):
    drive = Names()
    copy = put_aside(tmp_path, drive)
    shutil.rmtree(tmp_path / "to_drive")
    for _ in range(3):
        copy.send(tmp_path / CHECKPOINT, CHECKPOINT)
        copy.wait()
    assert drive.uploads == [CHECKPOINT] * 3
    assert copy.has_lost_files
    assert capsys.readouterr().out.count("did not get to Drive") == 1


def test_after_files_that_are_sent_are_lost_every_checkpoint_is_sent(tmp_path, capsys):
    def lose(path):
        if path.name == FILES:
            path.unlink()

    drive = Names(before=lose)
    copy = put_aside(tmp_path, drive)
    for _ in range(3):
        copy.send(tmp_path / CHECKPOINT, CHECKPOINT)
        copy.wait()
    assert drive.uploads == [CHECKPOINT] * 2, "the first comes after the files, with the second"
    assert copy.has_lost_files
    assert "did not get to Drive" in capsys.readouterr().out


def test_files_that_were_lost_are_sent_with_the_next_checkpoint(tmp_path):
    def lose_once(path):
        if path.name == FILES and not lost:
            lost.append(path)
            path.unlink()

    lost = []
    drive = Names(before=lose_once)
    kept = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"), append=True)
    store = CheckpointStore(tmp_path / "run", drive, "run", KeptFiles([kept]))
    (tmp_path / "log.csv").write_text("epoch\n")
    for serial in range(1, 5):
        store.save(small_checkpoint(serial))
        store.wait()
    assert lost
    assert drive.uploads == [CHECKPOINT, FILES, CHECKPOINT, CHECKPOINT]


UNTIL_KILLED = 60  # seconds after which a process that hangs is ended

ENDS = """
import sys, threading
sys.path.insert(0, {tests!r})
import keras
from small_run import Interrupt, cell, make_train, photos, small_model
from colab_helpers.training import ResumeTraining

class NotFoundError(Exception):
    pass

class Silent:
    def find(self, path):
        raise NotFoundError(path)

    def upload(self, path, folder):
        threading.Event().wait()

train = make_train(photos(20))
resume = ResumeTraining(train, {folder!r}, save_freq=1, drive=Silent())
model = small_model(4, 1)
model.fit(train, epochs=2, verbose=0, callbacks=[resume, Interrupt(3)])
"""


def test_a_silent_drive_does_not_keep_an_interrupted_program_from_ending(tmp_path):
    program = ENDS.format(tests=os.path.dirname(__file__), folder=str(tmp_path / "run"))
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=UNTIL_KILLED
    )
    assert "KeyboardInterrupt" in ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_neither_hangs_nor_sends_what_its_parent_sends(tmp_path):
    path = tmp_path / "checkpoint-0.npz"
    path.write_bytes(small_checkpoint().to_bytes())
    drive = SlowDrive()
    copy = DriveCopy(drive, tmp_path, "run")
    copy.send(path, CHECKPOINT)
    copy.send(path, CHECKPOINT)
    child = os.fork()
    if child == 0:
        signal.alarm(UNTIL_KILLED)  # ends the process
        drive.let = threading.Event()
        drive.let.set()
        copy.wait()
        sent_of_the_parent = len(drive.uploads)
        copy.send(path, CHECKPOINT)
        copy.wait()
        os._exit(10 * sent_of_the_parent + len(drive.uploads))
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 1, "its own, and no other"
    drive.let.set()
    copy.wait()
    assert 1 <= len(drive.uploads) <= 2
