"""ZIPs read in place: listed and read as a Drive is, in few requests."""

import io
import multiprocessing
import os
import pickle
import random
import shutil
import struct
import subprocess
import tempfile
import threading
import tracemalloc
import types
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from counted_folder import Counted, photo, saved_and_loaded, write_zip

from colab_helpers.drive import DriveError, File, LocalFolder, NotFoundError, Source
from colab_helpers.sources import ArchiveError, open_archive, pack


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


# Listing and reading


def test_an_archive_lists_and_reads_its_images_as_a_drive_does(flowers):
    """Files of the one kind, labels from the folders, bytes as they went in."""
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")
    assert isinstance(archive, Source)
    files = list(archive.list_images())
    assert {file.path: archive.read(file) for file in files} == members
    file = files[0]
    assert type(file) is File
    assert (file.name, file.label, file.path) == ("0.jpg", "roses", "roses/0.jpg")
    assert (file.size, file.md5) == (2000, None)
    assert file.id == "flowers.zip/roses/0.jpg"
    assert file.version == f"{zlib.crc32(photo(0)):08x}"
    assert file.block == "flowers.zip#0"
    assert archive.read(file, 10, 20) == photo(0)[10:20]
    assert archive.find("tulips/3.jpg").id == "flowers.zip/tulips/3.jpg"
    assert archive.find("flowers.zip/tulips/3.jpg").path == "tulips/3.jpg"
    tulips = [file.path for file in archive.list_images("tulips")]
    assert tulips == [f"tulips/{n}.jpg" for n in range(10)]
    with pytest.raises(AttributeError):
        file.id = "frozen"


def test_an_error_of_an_archive_is_one_of_the_drive_it_lies_on(flowers):
    """One `except` is enough."""
    with pytest.raises(DriveError, match="There is no image"):
        open_archive(flowers[0], "flowers.zip").find("roses/99.jpg")


def test_an_image_that_is_not_there_is_named(flowers):
    drive, _ = flowers
    with pytest.raises(ArchiveError, match=r"no image 'roses/99.jpg' in the archive. `list_images"):
        open_archive(drive, "flowers.zip").find("roses/99.jpg")


def test_stored_and_deflated_members_of_python_and_info_zip_are_read(tmp_path):
    """Also with comments, with ZIP64 headers, behind other bytes, and from a stream."""
    members = {f"class {n % 2}/ünï {n}.png": photo(n) + bytes(3000) for n in range(6)}
    write_zip(tmp_path / "stored.zip", members.items())
    write_zip(tmp_path / "deflated.zip", members.items(), zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "zip64.zip", "w") as archive:
        archive.comment = b"a comment of the archive" * 100
        for name, data in members.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(data)
    stored = (tmp_path / "stored.zip").read_bytes()
    (tmp_path / "behind.zip").write_bytes(b"#!/bin/sh" * 1000 + stored)
    stream = io.BytesIO()
    write_zip(Unseekable(stream), members.items(), zipfile.ZIP_DEFLATED)  # data descriptors
    (tmp_path / "stream.zip").write_bytes(stream.getvalue())
    names = ["stored", "deflated", "zip64", "behind", "stream"]
    if shutil.which("zip"):
        names += write_with_info_zip(tmp_path, members)
    for name in names:
        archive = open_archive(LocalFolder(tmp_path), f"{name}.zip")
        assert {file.path: archive.read(file) for file in archive.list_images()} == members, name


class Unseekable(io.RawIOBase):
    """A file that is written from start to end, as a pipe is."""

    def __init__(self, out):
        self.out = out

    def writable(self):
        return True

    def write(self, data):
        return self.out.write(data)


def write_with_info_zip(folder, members):
    """Packs members with the program `zip`, in three ways; returns the names of the ZIPs."""
    for name, data in members.items():
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name).write_bytes(data)
    ways = {"info0": "-r0q", "info9": "-r9q", "info64": "-rqfz"}
    for name, options in ways.items():
        command = ["zip", options, folder / f"{name}.zip", "."]
        subprocess.run(command, cwd=folder / "tree", check=True)
    return list(ways)


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
    assert archive.read(file) == photo(1)
    assert drive.reads[-1][1] >= 5 << 30
    assert sum(end - start for _, start, end in drive.reads) < 4 << 20


def test_names_in_any_encoding_are_told_apart(tmp_path):
    """UTF-8 that nobody declared, as Macs write it; code page 437; a reversed slash."""
    members = [
        ("X1.jpg", b"utf-8"),
        ("X2.jpg", b"cp437"),
        ("a/X3.jpg", b"backslash"),
        ("notes.txt", b"no image"),
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
    with pytest.warns(UserWarning, match="'é.jpg' lies beside the class folders"):
        files = list(archive.list_images())
    assert {file.path: archive.read(file) for file in files} == {
        "é.jpg": b"utf-8",
        "éa.jpg": b"cp437",
        "a/X3.jpg": b"backslash",
    }
    assert archive.find("é.jpg").label == "plain"
    assert archive.find("a/X3.jpg").label == "a"


def renamed(path, old, new, **fields):
    """Writes another name into a ZIP, of the same length, and sets a bit of its flags."""
    data = path.read_bytes().replace(old, new)
    if fields.get("says_utf8"):
        data = bytearray(data)
        data[data.index(b"PK\1\2") + 9] |= 8
    path.write_bytes(data)


def test_a_name_that_is_said_to_be_utf8_and_is_not_stops_nothing(tmp_path):
    path = write_zip(tmp_path / "a.zip", [("a/caf\x01.jpg", b"a picture")])
    renamed(path, b"caf\x01", b"caf\x82", says_utf8=True)
    (file,) = open_archive(LocalFolder(tmp_path), "a.zip").list_images()
    assert file.path == "a/café.jpg"


def test_a_name_in_a_code_page_is_that_which_stands_beside_it_in_unicode(tmp_path):
    """As some programs on Windows write it, with the checksum of the name that it stands for."""
    name = "花/1.jpg".encode("gbk")
    for crc, expected in ((zlib.crc32(name), "花/1.jpg"), (0, name.decode("cp437"))):
        content = b"\1" + struct.pack("<L", crc) + "花/1.jpg".encode()
        info = zipfile.ZipInfo("XXXXX.jpg"[-len(name) :])
        info.extra = struct.pack("<HH", 0x7075, len(content)) + content
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(info, b"a picture")
        renamed(tmp_path / "a.zip", info.filename.encode(), name)
        (file,) = open_archive(LocalFolder(tmp_path), "a.zip").list_images()
        assert file.path == expected


def test_labels_are_composed_and_names_stay_as_they_are(tmp_path):
    """A Mac takes accents apart; whoever asks for a folder need not."""
    apart = "u\u0308"
    members = [(f"{apart}/{apart}.jpg", b"1"), ("ü/2.jpg", b"2")]
    write_zip(tmp_path / "a.zip", members)
    archive = open_archive(LocalFolder(tmp_path), "a.zip")
    files = list(archive.list_images())
    assert [(file.label, file.path) for file in files] == [
        ("ü", f"{apart}/{apart}.jpg"),
        ("ü", "ü/2.jpg"),
    ]
    assert files[0].id == f"a.zip/{apart}/{apart}.jpg"
    assert list(archive.list_images("ü")) == list(archive.list_images(apart)) == files
    assert archive.find("ü/ü.jpg") == archive.find(f"{apart}/{apart}.jpg") == files[0]


def test_ids_and_versions_stay_what_they_are_between_versions(tmp_path):
    """Keys of caches and the parts of a split hang on them."""
    write_zip(tmp_path / "a.zip", [("roses/1.jpg", b"one"), ("roses/x/2.jpg", b"two")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        files = list(open_archive(LocalFolder(tmp_path), "a.zip").list_images())
    assert [(file.id, file.version, file.label, file.block) for file in files] == [
        ("a.zip/roses/1.jpg", "7a6c86f1", "roses", "a.zip#0"),
        ("a.zip/roses/x/2.jpg", "11ca8a66", "x", "a.zip#0"),
    ]


HIDDEN = [
    "__MACOSX/a/1.jpg",
    "a/__MACOSX/1.jpg",
    "a/._1.jpg",
    "a/.thumbnail.jpg",
    ".ipynb_checkpoints/1.jpg",
    "a/.ipynb_checkpoints/1-checkpoint.jpg",
    ".Trash-0/files/1.jpg",
    "@eaDir/1.jpg",
    "$RECYCLE.BIN/1.jpg",
    "lost+found/1.jpg",
]


@pytest.mark.parametrize("name", HIDDEN)
def test_what_a_system_adds_or_hides_is_left_out(tmp_path, name):
    """At any depth: the rule is that of a Drive and of a folder."""
    write_zip(tmp_path / "mac.zip", [("a/1.jpg", b"a picture"), (name, b"hidden")])
    archive = open_archive(LocalFolder(tmp_path), "mac.zip")
    assert [file.path for file in archive.list_images()] == ["a/1.jpg"]


def test_a_path_that_begins_here_is_a_path(tmp_path):
    """Some programs write "./" before each; that is no hidden folder."""
    write_zip(tmp_path / "a.zip", [("./a/1.jpg", b"a picture"), ("a//2.jpg", b"another")])
    archive = open_archive(LocalFolder(tmp_path), "a.zip")
    assert [file.path for file in archive.list_images("./a/")] == ["a/1.jpg", "a/2.jpg"]


# Which folder is the class


@pytest.fixture
def pets(tmp_path):
    """Class folders with folders of years in them, and a picture beside them."""
    names = ["preview.jpg", "cat/1.jpg", "cat/2024/2.jpg", "dog/1.jpg", "dog/2024/2.jpg"]
    write_zip(tmp_path / "pets.zip", [(name, name.encode()) for name in names])
    return open_archive(LocalFolder(tmp_path), "pets.zip")


def test_pictures_beside_class_folders_and_classes_of_several_folders_are_said(pets):
    """Once, at the end of the listing, with the line that cures it."""
    with pytest.warns(UserWarning) as warned:
        files = list(pets.list_images())
    assert [file.label for file in files] == ["pets", "cat", "2024", "dog", "2024"]
    (said,) = [str(warning.message) for warning in warned]
    assert "'preview.jpg' lies beside the class folders: its class is 'pets'" in said
    assert "The class '2024' comes from 2 folders: 'cat/2024', 'dog/2024'" in said
    assert """list_images('.', label="first")""" in said


def test_the_first_folder_can_be_the_class(pets):
    """What lies in none is left out, and said; what is read is the same."""
    with pytest.warns(UserWarning, match="'preview.jpg', have no class and are left out"):
        files = list(pets.list_images(label="first"))
    assert [file.label for file in files] == ["cat", "cat", "dog", "dog"]
    assert [pets.read(file) for file in files] == [file.path.encode() for file in files]
    within = list(pets.list_images("cat/2024"))
    assert [(file.label, file.path) for file in within] == [("2024", "cat/2024/2.jpg")]


def test_where_no_image_lies_in_a_folder_the_first_cannot_be_the_class(tmp_path):
    write_zip(tmp_path / "flat.zip", [("1.jpg", b"1"), ("2.jpg", b"2")])
    archive = open_archive(LocalFolder(tmp_path), "flat.zip")
    with pytest.raises(NotFoundError, match="such as '1.jpg'"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        list(archive.list_images(label="first"))
    with pytest.raises(ValueError, match='`label` must be "parent"'):
        archive.list_images(label="last")
    assert [file.label for file in archive.list_images()] == ["flat", "flat"]


def test_what_was_packed_keeps_its_labels(tmp_path):
    """They are those of the listing, whatever the folders in the shards are called."""
    files = [File("1", "1.jpg", "a/b", "x/1.jpg", 1, None, version="1")]
    pack(files, lambda file: b"1", tmp_path / "packed", map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    for label in ("parent", "first"):
        assert [file.label for file in archive.list_images(label=label)] == ["a/b"]


def test_a_folder_that_is_not_there_is_an_error_that_names_those_that_are(flowers, tmp_path):
    drive, _ = flowers
    archive = open_archive(drive, "flowers.zip")
    for wrong in ("wrong", "rose", "roses/1", "../roses"):
        with pytest.raises(ArchiveError) as error:
            archive.list_images(wrong)
        assert str(error.value) == (
            f"There is no folder {wrong!r} in the archive. It holds images in 'roses', 'tulips'."
        )
    write_zip(tmp_path / "flat.zip", [("1.jpg", b"1")])
    with pytest.raises(ArchiveError, match="It has no folders: list_images"):
        open_archive(drive, "flat.zip").list_images("wrong")


def test_what_an_archive_lists_is_the_same_on_every_machine(tmp_path):
    """Endings decide; this machine's table of types, which knows .svg and .tga, is not asked."""
    members = [("a/1.jpg", b"a picture"), ("a/1.svg", b"a drawing"), ("a/1.tga", b"unknown")]
    write_zip(tmp_path / "mixed.zip", members)
    archive = open_archive(LocalFolder(tmp_path), "mixed.zip")
    assert [file.path for file in archive.list_images()] == ["a/1.jpg"]


def test_several_archives_make_one_data_set(tmp_path):
    """One ZIP for each class is common: where it has no folders, its name is the label."""
    for label in ("roses", "tulips"):
        members = [(f"{n}.jpg", photo(label + str(n))) for n in range(5)]
        write_zip(tmp_path / f"{label}.zip", members)
    archive = open_archive(LocalFolder(tmp_path), ["roses.zip", tmp_path / "tulips.zip"])
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_reads_an_archive_that_its_parent_is_reading(flowers):
    """Neither waits for the other's threads, and both get the right bytes."""
    drive, members = flowers
    archive = open_archive(drive.folder, "flowers.zip", block_bytes=5000)
    files = list(archive.list_images())
    archive.read(files[0])
    stop = threading.Event()

    def read_on():
        while not stop.is_set():
            assert all(archive.read(file) == members[file.path] for file in files)

    readers = [threading.Thread(target=read_on) for _ in range(4)]
    for reader in readers:
        reader.start()
    children = []
    for _ in range(10):
        child = multiprocessing.get_context("fork").Process(
            target=check_members, args=(archive, files, members)
        )
        child.start()
        children.append(child)
    for child in children:
        child.join(60)
    stop.set()
    codes = [child.exitcode for child in children]
    for child in children:
        child.kill()
    for reader in readers:
        reader.join()
    assert codes == [0] * 10


def check_members(archive, files, members):
    assert all(archive.read(file) == members[file.path] for file in files)


# Listings that were saved


def test_a_listing_that_was_saved_reads_in_another_session(flowers):
    """Files made anew from their fields, in an archive that was opened anew, with other blocks."""
    drive, members = flowers
    live = list(open_archive(drive, "flowers.zip").list_images())
    saved = saved_and_loaded(live)
    assert saved == live
    assert saved[0] is not live[0]
    for block_bytes in (8 << 20, 5000):
        archive = open_archive(drive, "flowers.zip", block_bytes=block_bytes)
        assert {file.path: archive.read(file) for file in saved} == members


def test_any_object_with_an_id_and_a_version_reads(flowers):
    """As a listing in a table may give it; one that is not in the archive is named by its id."""
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")
    listed = archive.find("roses/3.jpg")
    row = types.SimpleNamespace(id=listed.id, version=listed.version)
    assert archive.read(row) == members["roses/3.jpg"]
    row.version = "0"
    with pytest.raises(ArchiveError, match="'flowers.zip/roses/3.jpg'.*another one since"):
        archive.read(row)


def test_a_saved_listing_of_packed_shards_reads_by_the_ids_of_the_first_listing(tmp_path):
    """What was packed under two sizes is told apart by its version."""
    (tmp_path / "photos" / "a").mkdir(parents=True)
    for number in range(5):
        (tmp_path / "photos" / "a" / f"{number}.jpg").write_bytes(photo(number))
    drive = LocalFolder(tmp_path)
    originals = list(drive.list_images("photos"))
    pack(originals, drive.read, tmp_path / "packed", map=map)
    pack(originals, lambda file: drive.read(file)[::-1], tmp_path / "turned", map=map)
    saved = saved_and_loaded(open_archive(drive, "packed").list_images())
    assert {file.id for file in saved} == {file.id for file in originals}
    archive = open_archive(drive, ["turned", "packed"])
    assert all(archive.read(file) == photo(int(file.name[:-4])) for file in saved)
    assert len(list(archive.list_images())) == 10


def test_an_image_that_is_another_one_since_it_was_saved_is_refused(flowers, tmp_path):
    """It says so, and how to go on; as does an image that is no longer there."""
    drive, _ = flowers
    saved = saved_and_loaded(open_archive(drive, "flowers.zip").list_images())
    write_zip(tmp_path / "flowers.zip", [("roses/0.jpg", photo(100)), ("roses/1.jpg", photo(1))])
    archive = open_archive(drive, "flowers.zip")
    with pytest.raises(ArchiveError) as error:
        archive.read(saved[0])
    assert str(error.value) == (
        "Could not read 'roses/0.jpg' (id flowers.zip/roses/0.jpg) from its archive: "
        "it is another one since it was listed. List the archive again."
    )
    assert archive.read(saved[1]) == photo(1)
    with pytest.raises(ArchiveError, match="there is no such image in it. List the archive again."):
        archive.read(saved[2])


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
    assert all(end - start <= 8 << 20 for _, start, end in drive.reads[1:])


def test_many_threads_fetch_a_block_once(tmp_path):
    """All that ask meanwhile wait for the one that was first."""
    write_zip(tmp_path / "photos.zip", [(f"a/{n}.jpg", photo(n)) for n in range(64)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip")
    wrong = []
    start = threading.Barrier(16)

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


def test_a_failed_read_is_tried_again(flowers):
    """The error of the Drive arrives as it is, and the next read tries anew."""
    drive, members = flowers
    archive = open_archive(FailingOnce(drive), "flowers.zip")
    file = archive.find("roses/0.jpg")
    with pytest.raises(ConnectionError, match="reset"):
        archive.read(file)
    assert archive.read(file) == members["roses/0.jpg"]


class FailingOnce:
    """Another folder, whose second read fails."""

    def __init__(self, folder):
        self.find = folder.find
        self._folder = folder
        self._reads = 0

    def read(self, file, start=None, end=None):
        self._reads += 1
        if self._reads == 2:
            raise ConnectionError("reset")
        return self._folder.read(file, start, end)


def test_blocks_held_are_bounded(tmp_path):
    """Three blocks of 10,000 bytes fit into 30,000; the one not asked for the longest goes."""
    write_zip(tmp_path / "photos.zip", [(f"a/{n}.jpg", photo(n)) for n in range(100)])
    drive = Counted(tmp_path)
    archive = open_archive(drive, "photos.zip", block_bytes=10_000, held_bytes=30_000)
    files = list(archive.list_images())
    assert len({file.block for file in files}) == 25
    for file in files:
        archive.read(file)
    assert len(drive.reads) == 26
    for file in files[-12:]:
        archive.read(file)
    assert len(drive.reads) == 26
    archive.read(files[-13])
    assert len(drive.reads) == 27


def test_a_full_disk_keeps_blocks_in_memory(flowers, monkeypatch):
    """Where no temporary file can be made, reading goes on."""
    drive, members = flowers
    archive = open_archive(drive, "flowers.zip")
    monkeypatch.setattr(tempfile, "tempdir", os.devnull)
    assert {file.path: archive.read(file) for file in archive.list_images()} == members
    assert len(drive.reads) == 2


def test_a_gap_between_images_is_not_fetched(tmp_path):
    """A film between two photos stays where it is."""
    members = [("1.jpg", photo(1)), ("film.mp4", bytes(3 << 20)), ("2.jpg", photo(2))]
    write_zip(tmp_path / "mixed.zip", members)
    drive = Counted(tmp_path)
    archive = open_archive(drive, "mixed.zip")
    assert [archive.read(file) for file in archive.list_images()] == [photo(1), photo(2)]
    assert sum(end - start for _, start, end in drive.reads[1:]) < 1 << 20


# Through the stream


def test_a_shuffled_epoch_fetches_each_block_once(tmp_path):
    """Shuffled over eight open blocks, with many threads; in the second epoch too."""
    from colab_helpers.stream import StreamingSequence

    write_zip(tmp_path / "photos.zip", [(f"{n // 100}/{n}.jpg", photo(n)) for n in range(1200)])
    drive = Counted(tmp_path)
    # Eight open blocks, and 128 files looked ahead.
    archive = open_archive(drive, "photos.zip", block_bytes=60_000, held_bytes=24 * 60_000)
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


# Many members


@pytest.mark.slow
def test_a_hundred_thousand_members_are_little_in_memory(tmp_path):
    """At most 600 bytes each, listing included, and any one is read in at most two requests."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for n in range(100_000):
            archive.writestr(f"class-{n % 100:03}/photograph_{n:06}.jpg", b"%d" % n)
    drive = Counted(tmp_path)
    tracemalloc.start()
    archive = open_archive(drive, "many.zip")
    files = list(archive.list_images())
    each = tracemalloc.get_traced_memory()[0] / len(files)
    tracemalloc.stop()
    assert len(files) == 100_000
    assert len(drive.reads) <= 2
    assert each <= 600
    for file in random.Random(0).sample(files, 20):
        before = len(drive.reads)
        assert archive.read(file) == b"%d" % int(file.name[11:17])
        assert len(drive.reads) - before <= 2


# Arguments


@pytest.mark.parametrize("path", [None, 5, [], File("1", "a.zip", "", "a.zip", 9, None, "1")])
def test_what_is_no_path_opens_no_archive(flowers, path):
    with pytest.raises(ValueError, match="`path` must be the path of a ZIP .*Received: path="):
        open_archive(flowers[0], path)


@pytest.mark.parametrize("drive", [None, "flowers.zip"])
def test_what_is_no_drive_opens_no_archive(drive):
    with pytest.raises(ValueError, match="`drive` must be what `connect` returned"):
        open_archive(drive, "flowers.zip")


@pytest.mark.parametrize("block_bytes", [0, None, "8MB"])
def test_blocks_of_an_archive_hold_bytes(flowers, block_bytes):
    with pytest.raises(ValueError, match="`block_bytes` must be a number of bytes above 0"):
        open_archive(flowers[0], "flowers.zip", block_bytes=block_bytes)


@pytest.mark.parametrize("file", [None, "roses/0.jpg"])
def test_an_archive_reads_files_as_a_drive_does(flowers, file):
    archive = open_archive(flowers[0], "flowers.zip")
    with pytest.raises(TypeError, match="`read` takes a file as `list_images` and `find` give it"):
        archive.read(file)
