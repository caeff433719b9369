"""What tests of sources share: random pictures, ZIPs of them, and a folder that counts reads."""

import dataclasses
import json
import random
import threading
import zipfile

from colab_helpers.drive import File, LocalFolder


def photo(number, size=2000):
    """Bytes that no packing makes smaller, others for each number."""
    return random.Random(number).randbytes(size)


def write_zip(path, members, method=zipfile.ZIP_STORED, **options):
    """Writes pairs of a name and bytes as a ZIP."""
    with zipfile.ZipFile(path, "w", method, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


class Counted:
    """A folder that notes its reads, each of which would be a request: (name, start, end)."""

    def __init__(self, folder):
        self.folder = LocalFolder(folder)
        self.reads = []
        self._lock = threading.Lock()

    def find(self, path):
        return self.folder.find(path)

    def read(self, file, start=None, end=None):
        with self._lock:
            self.reads.append((file.name, start, end))
        return self.folder.read(file, start, end)


class InMemory:
    """A folder of one file, given as bytes."""

    def __init__(self, name, content):
        self.file = File("1", name, "", name, len(content), None, version="1")
        self.content = content

    def find(self, path):
        return self.file

    def read(self, file, start=None, end=None):
        return self.content[start:end]


def saved_and_loaded(files):
    """A listing as another session finds it: new objects, made from fields that JSON held."""
    text = json.dumps([dataclasses.asdict(file) for file in files])
    return [File(**fields) for fields in json.loads(text)]
