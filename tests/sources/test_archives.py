"""Archives: read in place, in few requests, checked; packed so that a kill loses nothing."""

import csv
import hashlib
import io
import json
import os
from pathlib import Path
import pickle
import random
import shutil
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import zipfile
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

from colab_helpers import archives
from colab_helpers.archives import ArchiveError, open_archive, pack
from colab_helpers.drive import LocalFolder, connect


def photo(number, size=2000):
    return random.Random(number).randbytes(size)


def write_zip(path, members, method=zipfile.ZIP_STORED, **options):
    with zipfile.ZipFile(path, "w", method, **options) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


class Counted:
    """A folder that counts the reads, each of which would be a request."""

    def __init__(self, folder):
        self.folder, self.reads, self.finds, self.lock = (
            LocalFolder(folder),
            [],
            0,
            threading.Lock(),
        )

    def find(self, path):
        self.finds += 1
        return self.folder.find(path)

    def read(self, file, start=None, end=None):
        with self.lock:
            self.reads.append((file.name, start, end))
        return self.folder.read(file, start, end)


@pytest.fixture
def flowers(tmp_path):
    """A ZIP of two classes of ten members."""
    members = [
        (f"{label}/{number}.jpg", photo(number))
        for label in ("roses", "tulips")
        for number in range(10)
    ]
    write_zip(tmp_path / "flowers.zip", members)
    return Counted(tmp_path), dict(members)


# Reading


def test_an_archive_lists_and_reads_its_images_as_a_drive_does(flowers):
    """Files of the usual shape, labels from the folders, bytes as they went in."""
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")
    files = list(archive.list_images())
    assert {file.path: archive.read(file) for file in files} == members
    file = files[0]
    assert (file.name, file.label, file.path, file.size, file.md5) == (
        "0.jpg",
        "roses",
        "roses/0.jpg",
        2000,
        None,
    )
    assert file.id == "flowers.zip/roses/0.jpg"
    assert file.version == f"{zlib.crc32(photo(0)):08x}"
    assert archive.read(file, 10, 20) == photo(0)[10:20]
    assert archive.find("tulips/3.jpg").id == "flowers.zip/tulips/3.jpg"
    assert [file.path for file in archive.list_images("tulips")] == [
        f"tulips/{n}.jpg" for n in range(10)
    ]
    with pytest.raises(AttributeError):
        file.id = "frozen"


def test_stored_and_deflated_members_of_python_and_info_zip_are_read(tmp_path):
    """Also with comments, with ZIP64 headers, behind other bytes, and from a stream (data descriptors)."""
    members = {f"class {n % 2}/ünï {n}.png": photo(n) + bytes(3000) for n in range(6)}
    write_zip(tmp_path / "stored.zip", members.items())
    write_zip(tmp_path / "deflated.zip", members.items(), zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "zip64.zip", "w") as archive:
        archive.comment = b"a comment of the archive" * 100
        for name, data in members.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    (tmp_path / "behind.zip").write_bytes(
        b"#!/bin/sh" * 1000 + (tmp_path / "stored.zip").read_bytes()
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(_Unseekable(stream), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    (tmp_path / "stream.zip").write_bytes(stream.getvalue())
    names = ["stored", "deflated", "zip64", "behind", "stream"]
    if shutil.which("zip"):
        for name, data in members.items():
            (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "tree" / name).write_bytes(data)
        for name, options in [("info0", "-r0q"), ("info9", "-r9q"), ("info64", "-rqfz")]:
            subprocess.run(
                ["zip", options, tmp_path / f"{name}.zip", "."], cwd=tmp_path / "tree", check=True
            )
            names.append(name)
    for name in names:
        archive = open_archive(LocalFolder(tmp_path), f"{name}.zip")
        assert {file.path: archive.read(file) for file in archive.list_images()} == members, name


class _Unseekable(io.RawIOBase):
    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        return self.out.write(data)


def test_zip64_offsets_beyond_four_gigabytes_are_read(tmp_path):
    """Five sparse gigabytes: nothing but the directory and one block is read."""
    path = tmp_path / "large.zip"
    with open(path, "wb") as out:
        out.truncate(5 << 30)
        out.seek(5 << 30)
        with zipfile.ZipFile(out, "a") as archive:
            archive.writestr("roses/1.jpg", photo(1))
    drive = Counted(tmp_path)
    archive = open_archive(drive, "large.zip")
    (file,) = archive.list_images()
    assert file.offset >= 5 << 30
    assert archive.read(file) == photo(1)
    assert sum(end - start for _, start, end in drive.reads) < 4 << 20


def test_names_in_any_encoding_are_told_apart(tmp_path):
    """UTF-8 that nobody declared, as Macs write it; code page 437; a reversed slash; what a Mac adds is left out."""
    members = [
        ("X1.jpg", b"utf-8"),
        ("X2.jpg", b"cp437"),
        ("a/X3.jpg", b"backslash"),
        ("notes.txt", b"no image"),
        ("__MACOSX/a/X3.jpg", b"a resource fork"),
        ("a/._X3.jpg", b"a resource fork"),
        ("empty.jpg/", b""),
    ]
    path = write_zip(tmp_path / "plain.zip", members)
    path.write_bytes(
        path.read_bytes()
        .replace(b"X1.jpg", "é.jpg".encode())
        .replace(b"X2.jpg", b"\x82a.jpg")
        .replace(b"a/X3", b"a\\X3")
    )
    archive = open_archive(LocalFolder(tmp_path), "plain.zip")
    assert {file.path: archive.read(file) for file in archive.list_images()} == {
        "é.jpg": b"utf-8",
        "éa.jpg": b"cp437",
        "a/X3.jpg": b"backslash",
    }
    assert archive.find("é.jpg").label == "plain"
    assert archive.find("a/X3.jpg").label == "a"


def test_several_archives_make_one_data_set(tmp_path):
    """One ZIP for each class is a common form: the label is the archive's name where it has no folders."""
    for label in ("roses", "tulips"):
        write_zip(
            tmp_path / f"{label}.zip", [(f"{n}.jpg", photo(label + str(n))) for n in range(5)]
        )
    archive = open_archive(LocalFolder(tmp_path), ["roses.zip", "tulips.zip"])
    files = list(archive.list_images())
    assert [file.label for file in files] == ["roses"] * 5 + ["tulips"] * 5
    assert len({file.id for file in files}) == 10
    assert all(archive.read(file) == photo(file.label + file.name[:-4]) for file in files)


def test_an_archive_travels_to_another_process(flowers):
    """Pickled, it reads on without opening the ZIP again."""
    drive, members = flowers
    archive = open_archive(drive.folder, "flowers.zip")
    archive.read(archive.find("roses/0.jpg"))
    archive = pickle.loads(pickle.dumps(archive))
    assert {file.path: archive.read(file) for file in archive.list_images()} == members


# Requests


def test_opening_takes_one_read_and_a_block_one_more(tmp_path):
    """300 photos of 50 kB: two blocks of 8 MB; each is read once, whatever the order within it."""
    write_zip(tmp_path / "photos.zip", [(f"a/{n}.jpg", photo(n, 50_000)) for n in range(300)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip")
    assert len(drive.reads) == 1
    files = list(archive.list_images())
    blocks = list(dict.fromkeys(file.block for file in files))
    assert len(blocks) == 2
    random.Random(0).shuffle(files)
    assert all(archive.read(file) == photo(int(file.name[:-4]), 50_000) for file in files)
    assert len(drive.reads) == 3
    assert all(end - start <= archives.BLOCK for _, start, end in drive.reads[1:])


def test_many_threads_fetch_a_block_once(tmp_path):
    """All that ask meanwhile wait for the one that was first."""
    write_zip(tmp_path / "photos.zip", [(f"a/{n}.jpg", photo(n)) for n in range(64)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip")
    wrong, start = [], threading.Barrier(16)

    def work(files):
        start.wait()
        wrong.extend(file for file in files if archive.read(file) != photo(int(file.name[:-4])))

    files = list(archive.list_images())
    threads = [threading.Thread(target=work, args=(files[n::16],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(drive.reads) == 2


def test_a_failed_block_is_fetched_again(flowers):
    """An error reaches those who wait, and the next read tries anew."""
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")
    read, answers = drive.folder.read, [ConnectionError("reset")]

    def faulty(file, start=None, end=None):
        if answers:
            raise answers.pop()
        return read(file, start, end)

    drive.folder.read = faulty
    file = archive.find("roses/0.jpg")
    with pytest.raises(ConnectionError, match="reset"):
        archive.read(file)
    assert archive.read(file) == members["roses/0.jpg"]


def test_blocks_held_are_bounded(tmp_path, monkeypatch):
    """The block that was not asked for the longest makes way."""
    monkeypatch.setattr(archives, "BLOCK", 10_000)
    monkeypatch.setattr(archives, "HELD", 30_000)
    write_zip(tmp_path / "photos.zip", [(f"a/{n}.jpg", photo(n)) for n in range(100)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip")
    files = list(archive.list_images())
    assert len({file.block for file in files}) == 25
    for file in files:
        archive.read(file)
    assert len(drive.reads) == 26
    assert len(archive._blocks) == 3
    archive.read(files[0])
    assert len(drive.reads) == 27


def test_a_full_disk_keeps_blocks_in_memory(flowers, monkeypatch):
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives.tempfile, "TemporaryFile", full)
    assert {file.path: archive.read(file) for file in archive.list_images()} == members
    assert len(drive.reads) == 2


def test_a_gap_between_images_is_not_fetched(tmp_path):
    """A film between two photos stays where it is."""
    write_zip(
        tmp_path / "mixed.zip",
        [("1.jpg", photo(1)), ("film.mp4", bytes(3 << 20)), ("2.jpg", photo(2))],
    )
    drive = Counted(tmp_path)
    archive = open_archive(drive, "mixed.zip")
    assert [archive.read(file) for file in archive.list_images()] == [photo(1), photo(2)]
    assert sum(end - start for _, start, end in drive.reads[1:]) < 1 << 20


# Bad archives


def bad_archives(folder):
    """Pairs of a broken archive and what its refusal must say."""
    good = write_zip(folder / "good.zip", [(f"a/{n}.jpg", photo(n)) for n in range(5)]).read_bytes()
    directory = good.index(b"PK\1\2")

    def change(at, data):
        return good[:at] + data + good[at + len(data) :]

    def second(at):  # the second member's entry in the directory
        return good.index(b"PK\1\2", directory + 4) + at

    return {
        "empty file": (b"", "not a zip file"),
        "no archive": (photo(1, 100_000), "not a zip file"),
        "end missing": (good[:-30], "not a zip file"),
        "cut in the middle": (good[: len(good) // 2], "not a zip file"),
        "start missing": (good[5000:], "is cut off|Bad offset"),
        "directory damaged": (change(directory, b"XX"), "Bad magic number"),
        "overlap": (change(second(42), struct.pack("<L", 100)), "overlaps"),
        "same place twice": (change(second(42), struct.pack("<L", 0)), "overlaps"),
        "beyond the end": (change(second(42), struct.pack("<L", 1 << 30)), "overlaps"),
        "too long": (change(second(20), struct.pack("<LL", 1 << 20, 1 << 20)), "overlaps"),
        "bomb": (change(second(24), struct.pack("<L", 1 << 31)), "claims 2147483648 bytes"),
        "encrypted": (change(second(8), b"\1"), "encrypted"),
        "bzip2": (change(second(10), b"\x0c"), "method 12"),
        "way up": (good.replace(b"a/1.jpg", b"../.jpg"), "outside of the archive"),
        "absolute": (good.replace(b"a/1.jpg", b"/et.jpg"), "outside of the archive"),
        "windows drive": (good.replace(b"a/1.jpg", b"C:/.jpg"), "outside of the archive"),
        "way up backwards": (good.replace(b"a/1.jpg", b"..\\.jpg"), "outside of the archive"),
        "newer format": (change(second(6), b"\xff"), "version"),
    }


CASES = [
    "empty file",
    "no archive",
    "end missing",
    "cut in the middle",
    "start missing",
    "directory damaged",
    "overlap",
    "same place twice",
    "beyond the end",
    "too long",
    "bomb",
    "encrypted",
    "bzip2",
    "way up",
    "absolute",
    "windows drive",
    "way up backwards",
    "newer format",
]


@pytest.mark.parametrize("case", CASES)
def test_a_broken_archive_is_refused_when_it_is_opened(tmp_path, case):
    """With one sentence that names it, its ID, what is wrong and what to do."""
    data, reason = bad_archives(tmp_path)[case]
    (tmp_path / "bad.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match=reason) as error:
        open_archive(LocalFolder(tmp_path), "bad.zip")
    assert str(error.value).startswith("Could not open the archive 'bad.zip' (id bad.zip): ")
    assert "upload it again" in str(error.value)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["bad.zip", "good.zip"]


def test_an_archive_without_images_says_so(tmp_path):
    write_zip(tmp_path / "notes.zip", [("notes.txt", b"text")])
    with pytest.raises(ArchiveError, match="it holds no image"):
        open_archive(LocalFolder(tmp_path), "notes.zip")


def test_a_damaged_member_is_named_and_its_neighbours_are_read(tmp_path):
    """One flipped bit in the content, or in the header, of a stored or deflated member."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = write_zip(
            tmp_path / "good.zip", [(f"{n}.jpg", photo(n)) for n in range(5)], method
        ).read_bytes()
        for at in (0, 500, 1900):
            start = data.index(b"2.jpg") - 30
            bad = bytearray(data)
            bad[start + at] ^= 4
            (tmp_path / "bad.zip").write_bytes(bad)
            archive = open_archive(LocalFolder(tmp_path), "bad.zip")
            with pytest.raises(ArchiveError, match=r"Could not read '2.jpg' \(id bad.zip/2.jpg\)"):
                archive.read(archive.find("2.jpg"))
            assert [archive.read(archive.find(f"{n}.jpg")) for n in (1, 3)] == [photo(1), photo(3)]


def test_a_member_that_unpacks_to_more_than_it_claims_does_no_harm(tmp_path):
    """It claims 1 kB and unpacks to 200 MB: refused, and never unpacked."""
    path = write_zip(tmp_path / "bomb.zip", [("1.png", bytes(200 << 20))], zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    directory = data.index(b"PK\1\2")
    path.write_bytes(data[: directory + 24] + struct.pack("<L", 1000) + data[directory + 28 :])
    archive = open_archive(LocalFolder(tmp_path), "bomb.zip")
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="CRC"):
        archive.read(archive.find("1.png"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


def test_random_damage_is_refused_or_harmless(tmp_path):
    """Any byte changed anywhere: the right bytes, or an ArchiveError; nothing else, and no endless loop."""
    members = {f"a/{n}.jpg": photo(n, 300) for n in range(4)}
    data = write_zip(tmp_path / "good.zip", members.items(), zipfile.ZIP_DEFLATED).read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(400):
        bad = bytearray(data)
        for _ in range(rng.choice((1, 1, 3))):
            bad[rng.randrange(len(bad))] = rng.randrange(256)
        bad = bad[: rng.choice((len(bad), len(bad), rng.randrange(len(bad))))]
        source = SimpleNamespace(id="1", name="bad.zip", size=len(bad))
        drive = SimpleNamespace(
            find=lambda path, source=source: source,
            read=lambda file, start=None, end=None, bad=bad: bytes(bad[start:end]),
        )
        try:
            archive = open_archive(drive, "bad.zip")
            for file in archive.list_images():
                assert archive.read(file) in members.values()
        except ArchiveError:
            refused += 1
    assert refused > 100


# Packing


@pytest.fixture
def garden(tmp_path):
    """Three classes of twenty files on a folder, two of one name on a Drive, with names that hurt."""
    root = tmp_path / "garden"
    for number in range(60):
        label = ("roses", "tulips", "asters")[number % 3]
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{number}.jpg").write_bytes(photo(number))
    return LocalFolder(root)


def shards_of(folder):
    return {
        path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())
    }


def test_packed_shards_hold_every_file_with_its_id_and_label(garden, tmp_path):
    """Several shards, which open as one archive; ids and labels are those of the listing."""
    files = list(garden.list_images("."))
    assert pack(files, garden.read, tmp_path / "packed", shard_bytes=30_000) == []
    archive = open_archive(LocalFolder(tmp_path), "packed")
    packed = list(archive.list_images())
    assert {(file.id, file.label) for file in packed} == {(file.id, file.label) for file in files}
    assert all(archive.read(file) == photo(int(file.name[:-4])) for file in packed)
    names = sorted(path.name for path in (tmp_path / "packed").iterdir())
    assert names == ["index.csv", *(f"shard-{n:05}.zip" for n in range(4)), "unread.csv"]
    with open(tmp_path / "packed" / "index.csv", newline="") as text:
        rows = list(csv.DictReader(text))
    assert {(row["id"], row["version"], row["label"]) for row in rows} == {
        (file.id, file.version, file.label) for file in files
    }
    assert len({file.label for file in packed[:10]}) == 3  # what lies together is of all classes


@pytest.mark.skipif(not shutil.which("unzip"), reason="needs Info-ZIP's unzip")
def test_packed_shards_open_with_any_unzip_program(garden, tmp_path):
    pack(garden.list_images("."), garden.read, tmp_path / "packed")
    subprocess.run(
        ["unzip", "-q", tmp_path / "packed" / "shard-00000.zip", "-d", tmp_path / "out"], check=True
    )
    assert (tmp_path / "out" / "roses" / "0.jpg").read_bytes() == photo(0)


def test_packing_does_not_depend_on_the_order_of_the_listing(garden, tmp_path):
    files = list(garden.list_images("."))
    for name in ("one", "two"):
        pack(files, garden.read, tmp_path / name, shard_bytes=30_000)
        random.Random(0).shuffle(files)
    assert shards_of(tmp_path / "one") == shards_of(tmp_path / "two")


def test_names_from_drive_cannot_leave_their_folder_or_collide(tmp_path):
    """Slashes, dots, control characters, two files of one name: each gets a path of its own inside."""
    names = [
        "../../x.jpg",
        "/etc/passwd.jpg",
        "a\\b.jpg",
        "..",
        ".hidden.jpg",
        "same.jpg",
        "same.jpg",
        "SAME.jpg",
        "same.png",
        "\udc80.jpg",
        "nul\0.jpg",
        "",
    ]
    files = [
        SimpleNamespace(id=f"id{n}", name=name, label="../up", version="1")
        for n, name in enumerate(names)
    ]
    assert pack(files, lambda file: file.id.encode(), tmp_path / "packed") == []
    with zipfile.ZipFile(tmp_path / "packed" / "shard-00000.zip") as archive:
        found = [info.filename for info in archive.infolist()][:-1]
        assert len(set(name.lower() for name in found)) == len(names)
        assert all(name.count("/") == 1 and name.startswith("_.") for name in found)
        archive.extractall(tmp_path / "out")
    archive = open_archive(LocalFolder(tmp_path), "packed")
    assert all(
        archive.read(file) == file.id.encode() and file.label == "../up"
        for file in archive.list_images()
    )


def test_what_cannot_be_read_is_reported_and_left_out(garden, tmp_path):
    def read(file):
        if file.name in ("3.jpg", "7.jpg"):
            raise ConnectionError(f"no {file.name}")
        return garden.read(file)

    unread = pack(garden.list_images("."), read, tmp_path / "packed", shard_bytes=30_000)
    assert {row["id"]: row["reason"] for row in unread} == {
        "roses/3.jpg": "ConnectionError: no 3.jpg",
        "tulips/7.jpg": "ConnectionError: no 7.jpg",
    }
    with open(tmp_path / "packed" / "unread.csv", newline="") as text:
        assert list(csv.DictReader(text)) == unread
    assert len(list(open_archive(LocalFolder(tmp_path), "packed").list_images())) == 58


def test_an_error_that_ends_the_run_ends_packing(garden, tmp_path):
    class SignedOut(Exception):
        ends_run = True

    def read(file):
        raise SignedOut("sign in again")

    with pytest.raises(SignedOut, match="sign in again"):
        pack(garden.list_images("."), read, tmp_path / "packed")


def test_a_second_call_reads_nothing_again(garden, tmp_path):
    files = list(garden.list_images("."))
    pack(files, garden.read, tmp_path / "packed", shard_bytes=30_000)
    before = shards_of(tmp_path / "packed")
    pack(files, None, tmp_path / "packed", shard_bytes=30_000)
    assert shards_of(tmp_path / "packed") == before


@pytest.mark.parametrize("damage", ["changed file", "another size", "torn shard"])
def test_shards_that_do_not_fit_are_packed_again(garden, tmp_path, damage):
    """Where the listing changed, or the arguments, or a shard was damaged."""
    folder, shard_bytes = tmp_path / "packed", 30_000
    pack(garden.list_images("."), garden.read, folder, shard_bytes=shard_bytes)
    if damage == "changed file":
        (tmp_path / "garden" / "roses" / "0.jpg").write_bytes(photo(1000))
    elif damage == "another size":
        shard_bytes = 50_000
    else:
        os.truncate(folder / "shard-00001.zip", 500)
    files, read = list(garden.list_images(".")), []
    pack(
        files, lambda file: read.append(file) or garden.read(file), folder, shard_bytes=shard_bytes
    )
    assert damage != "torn shard" or len(read) == 15  # its own, and no other's
    pack(files, garden.read, tmp_path / "fresh", shard_bytes=shard_bytes)
    fresh = shards_of(tmp_path / "fresh")
    assert {name: md5 for name, md5 in shards_of(folder).items() if name in fresh} == fresh


KILLED = """
import sys, time
sys.path[:0] = sys.argv[3:]
from colab_helpers.archives import pack
from colab_helpers.drive import LocalFolder
garden = LocalFolder(sys.argv[1])
def read(file):
    print(file.name, flush=True)
    return garden.read(file)
pack(garden.list_images("."), read, sys.argv[2], shard_bytes=30_000, reads=2)
"""


def kill_and_pack_again(garden, tmp_path, moments):
    files = list(garden.list_images("."))
    pack(files, garden.read, tmp_path / "fresh", shard_bytes=30_000)
    for moment in moments:
        folder = tmp_path / f"killed-{moment}"
        here = str(Path(__file__).parents[2])
        command = [sys.executable, "-c", KILLED, garden.root, str(folder), here]
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(moment):
            run.stdout.readline()
        run.kill()
        run.wait()
        run.stdout.close()
        read = []
        pack(
            files,
            lambda file, read=read: read.append(file) or garden.read(file),
            folder,
            shard_bytes=30_000,
        )
        assert len(read) <= 60
        assert shards_of(folder) == shards_of(tmp_path / "fresh"), moment


def test_a_killed_packing_goes_on_to_the_same_shards(garden, tmp_path):
    kill_and_pack_again(garden, tmp_path, [1, 31])


@pytest.mark.slow
def test_packing_killed_at_ten_random_moments_ends_with_the_same_shards(garden, tmp_path):
    kill_and_pack_again(garden, tmp_path, random.Random(0).sample(range(1, 60), 10))


def test_large_images_are_made_smaller_and_others_left_alone(tmp_path):
    """JPEG of the longest side asked for, upright; a small image keeps its bytes; transparency stays."""
    from PIL import Image

    folder = tmp_path / "photos" / "a"
    folder.mkdir(parents=True)
    turned = Image.Exif()
    turned[274] = 6
    Image.new("RGB", (800, 600), "teal").save(folder / "turned.jpg", exif=turned)
    Image.new("RGB", (900, 300), "teal").save(folder / "large.png")
    Image.new("RGBA", (900, 300), (9, 9, 9, 9)).save(folder / "clear.png")
    Image.new("RGB", (100, 50), "teal").save(folder / "small.png")
    (folder / "broken.jpg").write_bytes(b"no image")
    drive = LocalFolder(tmp_path)
    unread = pack(drive.list_images("photos"), drive.read, tmp_path / "packed", longest_side=300)
    assert [row["path"] for row in unread] == ["a/broken.jpg"]
    archive = open_archive(drive, "packed")
    images = {
        file.path: Image.open(io.BytesIO(archive.read(file))) for file in archive.list_images()
    }
    assert {path: (image.size, image.format, image.mode) for path, image in images.items()} == {
        "a/turned.jpeg": ((225, 300), "JPEG", "RGB"),
        "a/large.jpeg": ((300, 100), "JPEG", "RGB"),
        "a/clear.png": ((300, 100), "PNG", "RGBA"),
        "a/small.png": ((100, 50), "PNG", "RGB"),
    }
    assert archive.read(archive.find("a/small.png")) == (folder / "small.png").read_bytes()


# On a Drive


def test_shards_are_uploaded_compared_and_read_from_drive(
    garden, tmp_path, drive_server, monkeypatch
):
    """Uploaded shards leave this machine; another one goes on where they end."""
    server = drive_server(tmp_path / "garden")
    drive = connect(endpoint=server.url)
    files = list(drive.list_images("."))
    monkeypatch.chdir(tmp_path)
    assert pack(files, drive.read, "packed", shard_bytes=30_000, drive=drive) == []
    assert sorted(os.listdir("packed")) == ["index.csv", "unread.csv"]
    archive = open_archive(drive, "packed")
    assert all(archive.read(file) == photo(int(file.name[:-4])) for file in archive.list_images())
    uploads = server.counts["upload"]
    assert uploads > 4
    shutil.rmtree("packed")
    pack(files, None, "packed", shard_bytes=30_000, drive=drive)
    assert server.counts["upload"] == uploads  # Drive had all of it


def test_a_shard_that_arrived_damaged_is_not_taken_for_whole(garden, tmp_path):
    class Damaging:
        def upload(self, path, folder):
            return SimpleNamespace(md5="0" * 32)

        def find(self, path):
            raise FileNotFoundError(path)

    with pytest.raises(ArchiveError, match="arrived damaged"):
        pack(garden.list_images("."), garden.read, tmp_path / "packed", drive=Damaging())
    assert (tmp_path / "packed" / "shard-00000.zip").exists()


# The same data set


def same_pictures(root, folder, tmp_path):
    """Compares the pixels that the folder, one ZIP of it, and packed shards give."""
    from colab_helpers.images import decoder

    source, decode = LocalFolder(root), decoder(image_size=(64, 64))
    with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in source.list_images(folder):
            archive.writestr(
                f"{folder}/{file.path}" if folder != "." else file.path, source.read(file)
            )
    pack(source.list_images(folder), source.read, tmp_path / "packed", shard_bytes=20 << 20)
    local = LocalFolder(tmp_path)

    def pictures(place):
        return sorted(
            (file.label, file.name, hashlib.md5(decode(place.read(file)).tobytes()).hexdigest())
            for file in place.list_images(folder if place is source else ".")
        )

    expected = pictures(source)
    assert pictures(open_archive(local, "one.zip")) == expected
    assert pictures(open_archive(local, "packed")) == expected
    return expected


def test_a_folder_its_zip_and_its_shards_give_the_same_pictures(practice, tmp_path):
    """The same names and labels, and bit for bit the same pixels."""
    assert len(same_pictures(practice, ".", tmp_path)) == 36


@pytest.mark.slow
def test_flowers17_gives_the_same_pictures_from_folder_zip_and_shards(flowers17, tmp_path):
    assert len(same_pictures(flowers17.parent, flowers17.name, tmp_path)) == 1360


def test_a_shuffled_epoch_fetches_each_block_once(tmp_path, monkeypatch):
    """Through the stream, shuffled over several open blocks, with many threads; a shard of it too."""
    from colab_helpers.sequence import StreamingSequence

    monkeypatch.setattr(archives, "BLOCK", 60_000)
    monkeypatch.setattr(archives, "HELD", 24 * 60_000)  # 8 open blocks, and 128 files looked ahead
    write_zip(tmp_path / "photos.zip", [(f"{n // 100}/{n}.jpg", photo(n)) for n in range(1200)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip")
    blocks = len({file.block for file in archive.list_images()})
    assert blocks > 36

    def decode(data):
        return np.frombuffer(data[:1200], np.uint8).reshape(20, 20, 3)

    train = StreamingSequence(archive.list_images(), archive.read, decode, batch_size=16, seed=0)
    for epoch in (1, 2):
        before = len(drive.reads)
        train.on_epoch_begin()
        seen = [picture.tobytes() for k in range(len(train)) for picture in train[k][0]]
        train.on_epoch_end()
        assert sorted(seen) == sorted(photo(n)[:1200] for n in range(1200))
        assert len(drive.reads) - before <= blocks + 1, epoch
    train.close()


# Figures


@pytest.mark.slow
def test_a_hundred_thousand_members(tmp_path):
    """Listed within 20 s, at most 900 bytes each in memory, any one at random in at most two requests."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for n in range(100_000):
            archive.writestr(f"class-{n % 100:03}/photograph_{n:06}.jpg", b"%d" % n)
    drive = Counted(tmp_path)
    start = time.perf_counter()
    files = list(open_archive(drive, "many.zip").list_images())
    seconds = time.perf_counter() - start
    assert len(files) == 100_000 and len(drive.reads) <= 2
    del files
    tracemalloc.start()
    archive = open_archive(drive, "many.zip")
    files = list(archive.list_images())
    each = tracemalloc.get_traced_memory()[0] / len(files)
    tracemalloc.stop()
    print(f"\n100,000 members: listed in {seconds:.1f} s, {each:.0f} bytes each")
    assert seconds < 20
    assert each <= 900
    for file in random.Random(0).sample(files, 20):
        fresh = len(drive.reads)
        assert archive.read(file) == b"%d" % int(file.name[11:17])
        assert len(drive.reads) - fresh <= 2


STREAM = r"""
import json, re, sys, time
import numpy as np
from colab_helpers.archives import open_archive
from colab_helpers.drive import connect
from colab_helpers.sequence import StreamingSequence

how, url, enough = sys.argv[1], sys.argv[2], int(sys.argv[3])
drive = connect(endpoint=url)
source = open_archive(drive, "photos.zip") if how == "archive" else drive
files = list(source.list_images("photos"))
decode = lambda data: np.frombuffer(data[:12288], np.uint8).reshape(64, 64, 3).copy()
train = StreamingSequence(files, source.read, decode, seed=0)
peak = lambda: int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])  # kB
before = peak()
train.on_epoch_begin()
start, done = time.perf_counter(), 0
for k in range(min(len(train), enough // 32)):
    done += len(train[k][0])
seconds = time.perf_counter() - start
train.close()
after = peak()
print(json.dumps({"images": done, "seconds": seconds, "MB": (after - before) / 1024}))
"""


@pytest.mark.slow
def test_an_archive_is_twenty_times_faster_than_its_files_under_drives_quota(
    tmp_path, drive_server
):
    """27 requests a second of 100 ms, 50 kB images: the first epoch, with a cheap decoder so that CPU does not count."""
    (tmp_path / "drive" / "photos" / "a").mkdir(parents=True)
    data = random.Random(0).randbytes(50_000)
    for number in range(600):
        (tmp_path / "drive" / "photos" / "a" / f"{number}.jpg").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "drive" / "photos.zip", "w") as archive:
        for number in range(8000):
            archive.writestr(f"photos/{number % 17}/{number}.jpg", data)
    figures = {}
    for how, enough in (("files", 480), ("archive", 8000)):
        server = drive_server(tmp_path / "drive", latency=0.1, reads_per_window=(27, 1))
        environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        run = subprocess.run(
            [sys.executable, "-c", STREAM, how, server.url, str(enough)],
            text=True,
            capture_output=True,
            env=environment,
            timeout=200,
        )
        assert run.returncode == 0, run.stderr
        figures[how] = json.loads(run.stdout) | {"reads": server.counts["media"]}
    print(figures)
    speeds = {how: figure["images"] / figure["seconds"] for how, figure in figures.items()}
    assert speeds["archive"] >= 20 * speeds["files"]
    assert figures["archive"]["reads"] <= figures["archive"]["images"] / 100
    assert figures["archive"]["MB"] <= 150
