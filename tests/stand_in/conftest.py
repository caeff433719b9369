"""What the tests of the stand-in share: a folder of odd names."""

import pytest

CONTENTS = {
    "cats/a.jpg": b"A" * 1000,
    "cats/b.jpg": b"B" * 2000,
    "dogs/c.png": b"C" * 10,
    "it's.txt": b"quoted",
    "one%2Ftwo.txt": b"slash",
    "notes.gdoc": b"{}",
    "empty.jpg": b"",
}


@pytest.fixture
def folder(tmp_path):
    """Two class folders and some odd names."""
    for name, content in CONTENTS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path
