"""Broken ZIPs, and ZIPs made to do harm: refused in one sentence, or read right."""

import json
import random
import struct
import tracemalloc
import zipfile

import pytest
from counted_folder import InMemory, photo, write_zip

from colab_helpers.drive import LocalFolder
from colab_helpers.sources import ArchiveError, open_archive


class Broken:
    """A sound ZIP of five members, to be broken."""

    def __init__(self, folder):
        members = [(f"a/{n}.jpg", photo(n)) for n in range(5)]
        self.data = write_zip(folder / "good.zip", members).read_bytes()
        self.directory = self.data.index(b"PK\1\2")
        self.second_entry = self.data.index(b"PK\1\2", self.directory + 4)

    def change(self, position, data):
        return self.data[:position] + data + self.data[position + len(data) :]

    def change_second_entry(self, offset, data):
        """Writes into what the directory says about the second member."""
        return self.change(self.second_entry + offset, data)

    def rename(self, name):
        return self.data.replace(b"a/1.jpg", name)


def number(value):
    return struct.pack("<L", value)


# What is wrong -> how the ZIP gets so, and what its refusal must say.
CASES = {
    "empty file": (lambda good: b"", "not a zip file"),
    "no archive": (lambda good: photo(1, 100_000), "not a zip file"),
    "end missing": (lambda good: good.data[:-30], "not a zip file"),
    "cut in the middle": (lambda good: good.data[: len(good.data) // 2], "not a zip file"),
    "start missing": (lambda good: good.data[5000:], "is cut off|Bad offset"),
    "directory damaged": (lambda good: good.change(good.directory, b"XX"), "Bad magic number"),
    "overlap": (lambda good: good.change_second_entry(42, number(100)), "overlaps"),
    "same place twice": (lambda good: good.change_second_entry(42, number(0)), "overlaps"),
    "beyond the end": (lambda good: good.change_second_entry(42, number(1 << 30)), "overlaps"),
    "too long": (lambda good: good.change_second_entry(20, number(1 << 20) * 2), "overlaps"),
    "bomb": (
        lambda good: good.change_second_entry(24, number(1 << 31)),
        "claims 2147483648 bytes unpacked; 134217728 are allowed",
    ),
    "encrypted": (lambda good: good.change_second_entry(8, b"\1"), "encrypted"),
    "bzip2": (lambda good: good.change_second_entry(10, b"\x0c"), "method 12"),
    "way up": (lambda good: good.rename(b"../.jpg"), "outside of the archive"),
    "absolute": (lambda good: good.rename(b"/et.jpg"), "outside of the archive"),
    "windows drive": (lambda good: good.rename(b"C:/.jpg"), "outside of the archive"),
    "way up backwards": (lambda good: good.rename(b"..\\.jpg"), "outside of the archive"),
    "newer format": (lambda good: good.change_second_entry(6, b"\xff"), "version"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_archive_is_refused_when_it_is_opened(tmp_path, case):
    """With one sentence that names it, its ID, what is wrong and what to do."""
    make, reason = CASES[case]
    (tmp_path / "bad.zip").write_bytes(make(Broken(tmp_path)))
    with pytest.raises(ArchiveError, match=reason) as error:
        open_archive(LocalFolder(tmp_path), "bad.zip")
    assert str(error.value).startswith("Could not open the archive 'bad.zip' (id bad.zip): ")
    assert "upload it again" in str(error.value)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["bad.zip", "good.zip"]


def test_an_archive_without_images_says_so(tmp_path):
    write_zip(tmp_path / "notes.zip", [("notes.txt", b"text")])
    with pytest.raises(ArchiveError, match="it holds no image"):
        open_archive(LocalFolder(tmp_path), "notes.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("position", [0, 500, 1900])
def test_a_damaged_member_is_named_and_its_neighbours_are_read(tmp_path, method, position):
    """One flipped bit in the header or in the content."""
    members = [(f"{n}.jpg", photo(n)) for n in range(5)]
    data = bytearray(write_zip(tmp_path / "bad.zip", members, method).read_bytes())
    data[data.index(b"2.jpg") - 30 + position] ^= 4
    (tmp_path / "bad.zip").write_bytes(data)
    archive = open_archive(LocalFolder(tmp_path), "bad.zip")
    with pytest.raises(ArchiveError, match=r"Could not read '2.jpg' \(id bad.zip/2.jpg\)"):
        archive.read(archive.find("2.jpg"))
    assert [archive.read(archive.find(f"{n}.jpg")) for n in (1, 3)] == [photo(1), photo(3)]


def test_a_member_that_unpacks_to_more_than_it_claims_does_no_harm(tmp_path):
    """It claims 1 kB and unpacks to 200 MB: refused, and never unpacked."""
    path = write_zip(tmp_path / "bomb.zip", [("1.png", bytes(200 << 20))], zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    directory = data.index(b"PK\1\2")
    path.write_bytes(data[: directory + 24] + number(1000) + data[directory + 28 :])
    archive = open_archive(LocalFolder(tmp_path), "bomb.zip")
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="CRC"):
        archive.read(archive.find("1.png"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


def test_random_damage_is_refused_or_harmless(tmp_path):
    """Any byte changed anywhere: the right bytes, or an ArchiveError, and nothing else."""
    members = {f"a/{n}.jpg": photo(n, 300) for n in range(4)}
    data = write_zip(tmp_path / "good.zip", members.items(), zipfile.ZIP_DEFLATED).read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(400):
        bad = bytearray(data)
        for _ in range(rng.choice((1, 1, 3))):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        bad = bad[: rng.choice((len(bad), len(bad), rng.randrange(len(bad))))]
        try:
            archive = open_archive(InMemory("bad.zip", bytes(bad)), "bad.zip")
            for file in archive.list_images():
                assert archive.read(file) in members.values()
        except ArchiveError:
            refused += 1
    assert refused > 100


COMMENTS = {
    '{"id": "1AbC", "label": "roses"}': ("1AbC", "roses"),
    '{"id": "1AbC"}': ("1AbC", "a"),
    '{"id": ["1AbC"], "label": {}}': ("noted.zip/a/1.jpg", "a"),
    '{"id": null, "label": "roses"}': ("noted.zip/a/1.jpg", "roses"),
    "a comment of mine": ("noted.zip/a/1.jpg", "a"),
    '{"label": "roses", "id": "1AbC"}': ("noted.zip/a/1.jpg", "a"),
}


@pytest.mark.parametrize("comment", COMMENTS)
def test_an_id_that_is_no_text_is_not_taken_from_a_comment(tmp_path, comment):
    """What `pack` notes is read; whatever else stands there leaves the member its own id."""
    with zipfile.ZipFile(tmp_path / "noted.zip", "w") as archive:
        info = zipfile.ZipInfo("a/1.jpg")
        info.comment = comment.encode()
        archive.writestr(info, b"a picture")
    archive = open_archive(LocalFolder(tmp_path), "noted.zip")
    (file,) = archive.list_images()
    assert (file.id, file.label) == COMMENTS[comment]
    assert archive.read(file) == b"a picture"


def test_a_comment_that_is_cut_refuses_the_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "noted.zip", "w") as archive:
        info = zipfile.ZipInfo("a/1.jpg")
        info.comment = json.dumps({"id": "1AbC"})[:-3].encode()
        archive.writestr(info, b"a picture")
    with pytest.raises(ArchiveError, match="Could not open the archive 'noted.zip'"):
        open_archive(LocalFolder(tmp_path), "noted.zip")
