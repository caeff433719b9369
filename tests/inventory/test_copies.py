"""What `duplicates` promises: files of one content are found, and as few as possible are read."""

import hashlib

import pytest
from listings import make_file

from colab_helpers.inventory import duplicates


def test_copies_are_found_by_md5_and_stand_together():
    """No file is read where the listing tells the checksum."""
    files = [
        make_file("1.jpg", "dog", md5="bb"),
        make_file("2.jpg", md5="aa"),
        make_file("3.jpg", md5="bb"),
        make_file("4.jpg", md5="cc"),
        make_file("5.jpg", "ant", md5="aa"),
    ]
    found = duplicates(file for file in files)
    assert found["path"].tolist() == ["ant/5.jpg", "cat/2.jpg", "cat/3.jpg", "dog/1.jpg"]


def test_copies_without_md5_are_found_by_reading_only_files_of_one_size():
    """A local folder tells no md5; reading those of equal size finds its copies."""
    contents = {"a.jpg": b"same", "b.jpg": b"same", "c.jpg": b"else", "d.jpg": b"another size"}
    files = [make_file(name, size=len(data)) for name, data in contents.items()]
    asked = []

    def read(file):
        asked.append(file.name)
        return contents[file.name]

    assert duplicates(files).empty
    found = duplicates(files, read)
    assert found["name"].tolist() == ["a.jpg", "b.jpg"]
    assert set(found["md5"]) == {hashlib.md5(b"same").hexdigest()}
    assert asked == ["a.jpg", "b.jpg", "c.jpg"]


def test_a_file_with_md5_is_compared_with_one_that_was_read():
    """A listing may come from several sources."""
    told = make_file("a.jpg", size=4, md5=hashlib.md5(b"same").hexdigest())
    untold = make_file("b.jpg", size=4)
    found = duplicates([told, untold], read=lambda file: b"same")
    assert found["name"].tolist() == ["a.jpg", "b.jpg"]


def test_a_source_in_place_of_its_read_is_refused():
    with pytest.raises(ValueError, match="`read` must be a function, such as `drive.read`"):
        duplicates([], read=object())
