"""What a folder on this machine promises beside what it has in common with a Drive."""

import os

import pytest

from colab_helpers.drive import DriveError, NotFoundError, TransientError, connect
from colab_helpers.stream import cached


def test_a_folder_is_listed_in_the_order_people_count(flowers):
    names = [file.name for file in connect(flowers).list_images("flowers/roses")]
    assert names == [f"{n}.jpg" for n in range(12)]


def test_folders_are_listed_in_the_order_people_count(flowers):
    for name in ("bed 10", "bed 9", "Bed 1"):
        (flowers / "beds" / name).mkdir(parents=True)
    names = [name for _, name in connect(flowers).list_folders("beds")]
    assert names == ["Bed 1", "bed 9", "bed 10"]


def test_one_path_in_two_folders_is_two_files_to_a_cache(tmp_path):
    """Of one size and one time, as those of pictures without compression from an archive are."""
    pictures = {"train": b"a picture to train", "test": b"a picture to test."}
    for part, content in pictures.items():
        (tmp_path / part).mkdir()
        (tmp_path / part / "1.bmp").write_bytes(content)
        os.utime(tmp_path / part / "1.bmp", (1e9, 1e9))
    for part, content in pictures.items():
        drive = connect(tmp_path / part)
        (file,) = drive.list_images(".", label=None)
        assert cached(drive.read, tmp_path / "cache", max_bytes=1e6)(file) == content


def test_hidden_files_and_folders_are_left_out(flowers):
    (flowers / "flowers/.trash").mkdir()
    (flowers / "flowers/.trash/old.jpg").write_bytes(b"old")
    (flowers / "flowers/roses/.hidden.jpg").write_bytes(b"hidden")
    drive = connect(flowers)
    assert len(list(drive.list_images("flowers"))) == 24
    assert [name for _, name in drive.list_folders("flowers")] == ["roses", "tulips"]


def test_links_in_circles_end(flowers):
    (flowers / "flowers/roses/up").symlink_to(flowers / "flowers")
    assert len(list(connect(flowers).list_images("."))) == 24


def test_links_to_photos_on_another_disk_are_listed_and_read(flowers, tmp_path):
    """To a file and to a folder; the paths are those here."""
    disk = tmp_path / "disk"
    (disk / "daisies").mkdir(parents=True)
    (disk / "daisies/1.jpg").write_bytes(b"daisy")
    (disk / "0.jpg").write_bytes(b"rose")
    (flowers / "linked/roses").mkdir(parents=True)
    (flowers / "linked/daisies").symlink_to(disk / "daisies")
    (flowers / "linked/roses/0.jpg").symlink_to(disk / "0.jpg")
    drive = connect(flowers)
    read = {file.path: drive.read(file) for file in drive.list_images("linked")}
    assert read == {"daisies/1.jpg": b"daisy", "roses/0.jpg": b"rose"}
    assert drive.read(drive.find("linked/daisies/1.jpg")) == b"daisy"


@pytest.mark.parametrize(
    "target", ["loop", "nowhere", "notes.txt/below", "n" * 300], ids=lambda target: target[:16]
)
def test_a_link_that_leads_nowhere_is_passed_over(flowers, target):
    (flowers / "flowers/loop").symlink_to(target)
    (flowers / "flowers/loop.jpg").symlink_to("loop")
    drive = connect(flowers)
    assert len(list(drive.list_images("flowers"))) == 24
    assert [name for _, name in drive.list_folders("flowers")] == ["roses", "tulips"]


@pytest.mark.parametrize("folder", ["way out", "way out/new", "../outside", "{outside}"])
def test_nothing_is_written_outside(flowers, tmp_path, folder):
    outside = tmp_path / "outside"
    outside.mkdir()
    (flowers / "way out").symlink_to(outside)
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(DriveError, match="outside|leads out"):
        connect(flowers).upload(tmp_path / "x.txt", folder.format(outside=outside))
    assert not os.listdir(outside)


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd"])
def test_nothing_is_found_outside(flowers, path):
    with pytest.raises(NotFoundError, match="outside"):
        connect(flowers).find(path)


def test_a_file_that_is_gone_says_so(flowers):
    drive = connect(flowers)
    file = drive.find("flowers/roses/0.jpg")
    (flowers / "flowers/roses/0.jpg").unlink()
    with pytest.raises(NotFoundError, match="'0.jpg'.*Was it moved"):
        drive.read(file)


def test_a_mount_that_fell_away_is_transient_and_says_what_to_do(flowers, monkeypatch):
    drive = connect(flowers)
    file = drive.find("flowers/roses/0.jpg")

    def broken(*_, **__):
        raise OSError(107, "Transport endpoint is not connected")

    monkeypatch.setattr("builtins.open", broken)
    with pytest.raises(TransientError, match="'0.jpg'.*endpoint is not connected.*mount it again"):
        drive.read(file)


@pytest.mark.parametrize("ask", ["find", "list_folders"])
def test_what_a_mount_that_fell_away_holds_is_not_said_to_be_missing(flowers, monkeypatch, ask):
    """Else `ResumeTraining` would take its run for one that never began."""
    drive = connect(flowers)
    look = os.stat

    def broken(path, *arguments, **options):
        if str(path).startswith(str(flowers)):
            raise OSError(107, "Transport endpoint is not connected")
        return look(path, *arguments, **options)

    monkeypatch.setattr("os.stat", broken)
    with pytest.raises(TransientError, match="not connected. If this is a mounted Drive, mount it"):
        list(getattr(drive, ask)("results/run1"))


def test_a_copy_that_fails_leaves_no_half_file(flowers, tmp_path, monkeypatch):
    (tmp_path / "model.keras").write_bytes(b"1")

    def full(*_):
        raise OSError(28, "No space")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(DriveError, match="No space"):
        connect(flowers).upload(tmp_path / "model.keras", "results")
    assert not os.listdir(flowers / "results")


def test_a_folder_that_is_not_there_is_named():
    with pytest.raises(NotFoundError, match="no folder '.*/nowhere'"):
        connect("nowhere")


def test_the_account_of_a_folder_is_its_path(flowers):
    assert connect(flowers).account() == str(flowers)
