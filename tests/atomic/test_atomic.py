"""A file is written whole or not at all."""

import os
import stat

import pytest

from colab_helpers.atomic import atomic_write


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
