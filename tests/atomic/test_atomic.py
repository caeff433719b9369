"""A file is written whole or not at all."""

import fcntl
import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from colab_helpers.atomic import atomic_write, remove_left_overs


def test_what_was_written_takes_the_place_of_the_old_file(tmp_path):
    path = tmp_path / "results" / "scores.txt"
    for content in (b"old", b"new"):
        with atomic_write(path) as out:
            out.write(content)
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["scores.txt"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), atomic_write(path) as out:
        out.write(b"half")
        raise KeyError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["scores.txt"]


def test_until_it_is_whole_readers_see_the_old_file(tmp_path):
    path = tmp_path / "scores.txt"
    path.write_bytes(b"old")
    with atomic_write(path) as out:
        out.write(b"new")
        assert path.read_bytes() == b"old"


def test_others_may_read_it_as_any_file(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_bytes(b"")
    path = tmp_path / "scores.txt"
    with atomic_write(path) as out:
        out.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("letter", ["x", "é", "画", "🌷"])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path, letter):
    """That of the temporary file is no longer: 255 bytes."""
    path = tmp_path / (letter * (255 // len(letter.encode())))
    with atomic_write(path) as out:
        out.write(b"new")
    assert path.read_bytes() == b"new"


def test_an_error_within_is_not_hidden_by_a_temporary_file_that_is_gone(tmp_path):
    with pytest.raises(KeyError, match="the error within"), atomic_write(tmp_path / "scores.txt"):
        (temporary,) = tmp_path.iterdir()
        temporary.unlink()
        raise KeyError("the error within")


KILLED = """
import sys
from colab_helpers.atomic import atomic_write

with atomic_write(sys.argv[1]) as out:
    out.write(b"half")
    out.flush()
    print("half written", flush=True)
    sys.stdin.read()
"""


def write_half_and_be_killed(path):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", KILLED, path]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as writer:
        assert writer.stdout.readline() == b"half written\n"
        writer.kill()


@pytest.mark.parametrize("name", ["scores.txt", "[1] *.txt", "画" * 80])
def test_what_a_killed_writer_left_is_deleted(tmp_path, name):
    """A kill leaves `path` as it was, and one hidden file, until it is asked for."""
    path = tmp_path / name
    path.write_bytes(b"old")
    write_half_and_be_killed(path)
    assert len(os.listdir(tmp_path)) == 2
    remove_left_overs(path)
    assert os.listdir(tmp_path) == [name]
    assert path.read_bytes() == b"old"


def test_what_is_still_being_written_is_no_left_over(tmp_path):
    path = tmp_path / "scores.txt"
    with atomic_write(path) as out:
        out.write(b"new")
        remove_left_overs(path)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "name",
    [
        ".scores.txt-best-0123456789abcdef.tmp",
        ".scores_txt-0123456789abcdef.tmp",
        ".scores.txt-mine.tmp",
        "scores.txt-0123456789abcdef.tmp",
        ".scores.txt-0123456789abcdef.tmp.txt",
    ],
)
def test_files_of_other_names_are_no_left_overs(tmp_path, name):
    (tmp_path / name).write_bytes(b"of another")
    remove_left_overs(tmp_path / "scores.txt")
    assert os.listdir(tmp_path) == [name]


def test_where_there_is_no_folder_there_are_no_left_overs(tmp_path):
    remove_left_overs(tmp_path / "nowhere" / "scores.txt")


MARK = "0123456789abcdef"


def test_what_a_link_points_to_is_neither_written_to_nor_deleted(tmp_path):
    """A link in the place of the file makes way; one with a left-over's name stays."""
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_bytes(b"of another")
    folder = tmp_path / "results"
    folder.mkdir()
    path = folder / "scores.txt"
    path.symlink_to(elsewhere)
    planted = folder / f".scores.txt-{MARK}.tmp"
    planted.symlink_to(elsewhere)
    remove_left_overs(path)
    with atomic_write(path) as out:
        out.write(b"new")
    assert elsewhere.read_bytes() == b"of another"
    assert path.read_bytes() == b"new"
    assert not path.is_symlink()
    assert planted.is_symlink()


def test_a_name_that_somebody_foresaw_is_not_written_through(tmp_path, monkeypatch):
    """Even where the random mark is known, a link of that name is no file to write to."""
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_bytes(b"of another")
    (tmp_path / f".scores.txt-{MARK}.tmp").symlink_to(elsewhere)
    monkeypatch.setattr(secrets, "token_hex", lambda size: MARK)
    with pytest.raises(FileExistsError), atomic_write(tmp_path / "scores.txt") as out:
        out.write(b"new")
    assert elsewhere.read_bytes() == b"of another"


REMOVE = """
import sys
from colab_helpers.atomic import remove_left_overs

remove_left_overs(sys.argv[1])
"""


def test_a_pipe_of_a_left_overs_name_stops_nobody(tmp_path):
    """To open it would wait for whoever writes to it."""
    os.mkfifo(tmp_path / f".scores.txt-{MARK}.tmp")
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", REMOVE, tmp_path / "scores.txt"]
    subprocess.run(command, env=environment, timeout=60, check=True)
    assert os.listdir(tmp_path) == [f".scores.txt-{MARK}.tmp"]


def test_a_file_that_is_taken_for_a_left_over_before_it_is_locked_is_made_again(
    tmp_path, monkeypatch
):
    """Another process cleans up just when the temporary file is there."""
    path = tmp_path / "scores.txt"
    lock = fcntl.flock
    cleaned = []

    def clean_up_first(descriptor, operation):
        if not cleaned:
            cleaned.append(True)
            remove_left_overs(path)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", clean_up_first)
    with atomic_write(path) as out:
        out.write(b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["scores.txt"]
