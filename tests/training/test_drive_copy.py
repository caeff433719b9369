"""What the copy on Drive promises: the newest gets there, and training does not wait for it."""

import shutil
import threading

import keras
import pytest
from small_run import cell

from colab_helpers.drive import connect
from colab_helpers.training.checkpoint import Checkpoint


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return cell(tmp_path_factory.mktemp("undisturbed"))


def wait_until_sent():
    for thread in threading.enumerate():
        if thread.name == "ResumeTraining":
            thread.join(30)


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
