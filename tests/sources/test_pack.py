"""Packing: every file into a shard, the same bytes each time, and a kill loses nothing."""

import csv
import hashlib
import io
import json
import os
import pickle
import random
import shutil
import signal
import struct
import subprocess
import sys
import types
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from counted_folder import photo
from PIL import Image

from colab_helpers.drive import File, LocalFolder, connect
from colab_helpers.sources import ArchiveError, open_archive, pack


@pytest.fixture
def garden(tmp_path):
    """Three classes of twenty files in a folder."""
    root = tmp_path / "garden"
    for number in range(60):
        label = ("roses", "tulips", "asters")[number % 3]
        (root / label).mkdir(parents=True, exist_ok=True)
        (root / label / f"{number}.jpg").write_bytes(photo(number))
    return LocalFolder(root)


def digests(folder):
    """The files of a folder, hidden ones too, each with its md5."""
    return {
        path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())
    }


def rows_of(path):
    with open(path, newline="") as text:
        return list(csv.DictReader(text))


# What is packed


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
    assert len({file.label for file in packed[:10]}) == 3  # what lies together is of all classes


def test_the_index_has_a_row_for_each_file(garden, tmp_path):
    """With its shard, path, id, version, label and size."""
    files = list(garden.list_images("."))
    pack(files, garden.read, tmp_path / "packed", shard_bytes=30_000)
    rows = rows_of(tmp_path / "packed" / "index.csv")
    assert list(rows[0]) == ["shard", "path", "id", "version", "label", "size"]
    assert {(row["id"], row["version"], row["label"]) for row in rows} == {
        (file.id, file.version, file.label) for file in files
    }
    assert {row["size"] for row in rows} == {"2000"}
    for row in rows:
        with zipfile.ZipFile(tmp_path / "packed" / row["shard"]) as shard:
            assert shard.getinfo(row["path"]).file_size == 2000


@pytest.mark.skipif(not shutil.which("unzip"), reason="needs Info-ZIP's unzip")
def test_packed_shards_open_with_any_unzip_program(garden, tmp_path):
    pack(garden.list_images("."), garden.read, tmp_path / "packed")
    shard = tmp_path / "packed" / "shard-00000.zip"
    subprocess.run(["unzip", "-q", shard, "-d", tmp_path / "out"], check=True)
    assert (tmp_path / "out" / "roses" / "0.jpg").read_bytes() == photo(0)


def test_packing_does_not_depend_on_the_order_of_the_listing(garden, tmp_path):
    files = list(garden.list_images("."))
    for name in ("one", "two"):
        pack(files, garden.read, tmp_path / name, shard_bytes=30_000)
        random.Random(0).shuffle(files)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_the_bytes_of_a_shard_stay_what_they_are_between_versions(tmp_path):
    """Shards that lie on Drives are not packed again: their bytes are pinned here."""
    files = [
        File(f"id{n}", f"{n}.jpg", "rosé", f"rosé/{n}.jpg", 100, None, version=str(n))
        for n in range(6)
    ]
    pack(files, lambda file: photo(int(file.version), 100), tmp_path / "packed", shard_bytes=300)
    assert digests(tmp_path / "packed") == PINNED


PINNED = {  # made with version 0.1
    "index.csv": "dcde9a6d1aa3d3e2048a67f63b2968d5",
    "shard-00000.zip": "f21e07486f5138ef363eeb2ace932c21",
    "shard-00001.zip": "c4472ebef4fbb70a97310636d760ece2",
    "unread.csv": "797a6e4576013fde9e62e775ead15998",
}


def test_shards_are_packed_side_by_side_where_there_is_a_map(garden, tmp_path):
    """What is mapped travels to other processes; the bytes are the same."""
    files = list(garden.list_images("."))
    travelled = []

    def map_elsewhere(function, shards):
        travelled.append(pickle.dumps(function))
        there = pickle.loads(travelled[0])
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(there, pickle.loads(pickle.dumps(shards))))

    folder = tmp_path / "mapped"
    assert pack(files, garden.read, folder, shard_bytes=30_000, map=map_elsewhere) == []
    assert travelled
    pack(files, garden.read, tmp_path / "alone", shard_bytes=30_000)
    assert digests(folder) == digests(tmp_path / "alone")


AWKWARD_NAMES = [
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


def test_names_from_drive_cannot_leave_their_folder_or_collide(tmp_path):
    """Slashes, dots, control characters, files of one name: each gets a path of its own inside."""
    files = [
        File(f"id{n}", name, "../up", name, None, None, version="1")
        for n, name in enumerate(AWKWARD_NAMES)
    ]
    assert pack(files, lambda file: file.id.encode(), tmp_path / "packed") == []
    with zipfile.ZipFile(tmp_path / "packed" / "shard-00000.zip") as archive:
        found = [info.filename for info in archive.infolist()][:-1]
        assert len(set(name.lower() for name in found)) == len(AWKWARD_NAMES)
        assert all(name.count("/") == 1 and name.startswith("_.") for name in found)
        archive.extractall(tmp_path / "out")
    archive = open_archive(LocalFolder(tmp_path), "packed")
    for file in archive.list_images():
        assert archive.read(file) == file.id.encode()
        assert file.label == "../up"


@pytest.mark.parametrize("label, text", [(3, "3"), (2.5, "2.5"), (None, "None")])
def test_a_label_that_is_no_text_is_packed_as_text(tmp_path, label, text):
    """It is the folder in the shard, and comes back as text."""
    files = [File("id", "1.jpg", label, "1.jpg", 9, None, version="1")]
    pack(files, lambda file: b"a picture", tmp_path / "packed", map=map)
    (file,) = open_archive(LocalFolder(tmp_path), "packed").list_images()
    assert (file.id, file.label, file.path) == ("id", text, f"{text}/1.jpg")
    with zipfile.ZipFile(tmp_path / "packed" / "shard-00000.zip") as shard:
        noted = json.loads(shard.getinfo(f"{text}/1.jpg").comment)
    assert noted == {"id": "id", "label": text}


def test_files_without_a_size_are_packed(tmp_path):
    """Files of one's own need not have it: they count as nothing."""
    files = [
        types.SimpleNamespace(id=f"id{n}", name=f"{n}.jpg", label="rose", version="1")
        for n in range(3)
    ]
    pack(files, lambda file: file.id.encode(), tmp_path / "packed", shard_bytes=1, map=map)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    packed = {file.id: archive.read(file) for file in archive.list_images()}
    assert packed == {"id0": b"id0", "id1": b"id1", "id2": b"id2"}
    assert len(list((tmp_path / "packed").glob("*.zip"))) == 1


def test_large_images_are_made_smaller_and_others_left_alone(tmp_path):
    """JPEG of the longest side asked for, upright; a small image keeps its bytes."""
    folder = tmp_path / "photos" / "a"
    folder.mkdir(parents=True)
    turned = Image.Exif()
    turned[274] = 6
    Image.new("RGB", (800, 600), "teal").save(folder / "turned.jpg", exif=turned)
    Image.new("RGB", (900, 300), "teal").save(folder / "large.png")
    Image.new("RGBA", (900, 300), (9, 9, 9, 9)).save(folder / "clear.png")
    Image.new("P", (900, 300)).save(folder / "palette.png", transparency=0)
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
        "a/palette.png": ((300, 100), "PNG", "RGBA"),
        "a/small.png": ((100, 50), "PNG", "RGB"),
    }
    assert archive.read(archive.find("a/small.png")) == (folder / "small.png").read_bytes()


@pytest.mark.parametrize("mode, transparent", [("L", 0), ("RGB", (0, 0, 0)), ("P", 0)])
def test_a_transparent_value_is_transparent_in_the_smaller_image(tmp_path, mode, transparent):
    """A PNG may name one grey or colour that is not seen; a JPEG would show it."""
    folder = tmp_path / "photos" / "a"
    folder.mkdir(parents=True)
    image = Image.new(mode, (900, 300), 1 if mode == "P" else "white")
    image.paste(transparent, (0, 0, 450, 300))
    image.save(folder / "half.png", transparency=transparent)
    smaller = packed_smaller(LocalFolder(tmp_path), tmp_path / "packed")
    assert smaller.size == (300, 100)
    assert [smaller.getpixel(place)[3] for place in ((75, 50), (225, 50))] == [0, 255]


def test_a_transparent_value_of_few_bits_is_left_as_it_is(tmp_path):
    """Of a PNG with 2 bits a pixel, Pillow compares it with pixels that it has spread to 255."""
    folder = tmp_path / "photos" / "a"
    folder.mkdir(parents=True)
    row = bytes([0, *[0b00000000] * 100, *[0b01010101] * 125])  # a filter, 400 of 0, 500 of 1
    header = struct.pack(">IIBBBBB", 900, 300, 2, 0, 0, 0, 0)
    chunks = {b"IHDR": header, b"tRNS": b"\0\1", b"IDAT": zlib.compress(row * 300), b"IEND": b""}
    png = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks.items():
        png += struct.pack(">I", len(data)) + name + data
        png += struct.pack(">I", zlib.crc32(name + data))
    (folder / "grey.png").write_bytes(png)
    drive = LocalFolder(tmp_path)
    packed_smaller(drive, tmp_path / "packed")
    archive = open_archive(drive, "packed")
    assert archive.read(archive.find("a/grey.png")) == png


def packed_smaller(drive, folder):
    """The only image of a folder, made smaller, in colours with their transparency."""
    pack(drive.list_images("photos"), drive.read, folder, longest_side=300, map=map)
    archive = open_archive(drive, "packed")
    [file] = archive.list_images()
    return Image.open(io.BytesIO(archive.read(file))).convert("RGBA")


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-1", "＝1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_an_index_that_is_opened_in_a_spreadsheet_holds_no_formula(tmp_path, text):
    """An apostrophe stands before it, there and in the shard, and is gone when it is read."""
    files = [File(text, f"{text}.jpg", text, "", 1, None, version=text)]

    def read(file):
        return b"1"

    assert pack(files, read, tmp_path / "packed", map=map) == []
    (row,) = rows_of(tmp_path / "packed" / "index.csv")
    assert row["id"] == row["label"] == row["version"] == "'" + text
    assert not any(value[0] in "=+-@\t\r＝" for value in row.values())
    (file,) = open_archive(LocalFolder(tmp_path), "packed").list_images()
    assert (file.id, file.label) == (text, text)
    before = digests(tmp_path / "packed")
    pack(files, None, tmp_path / "packed", map=map)  # what is there is recognized
    assert digests(tmp_path / "packed") == before


def test_names_that_are_no_utf8_are_packed_once(tmp_path):
    """The index shows them escaped; ids and labels come back as they were."""
    files = [File("caf\udce9", "\udce9.jpg", "th\udce9", "", 1, None, version="1")]
    pack(files, lambda file: b"1", tmp_path / "packed", map=map)
    pack(files, None, tmp_path / "packed", map=map)
    (row,) = rows_of(tmp_path / "packed" / "index.csv")
    assert (row["id"], row["label"]) == (r"caf\udce9", r"th\udce9")
    (file,) = open_archive(LocalFolder(tmp_path), "packed").list_images()
    assert (file.id, file.label) == ("caf\udce9", "th\udce9")


def test_texts_that_are_no_formulas_stand_as_they_are(tmp_path):
    """Also where they begin with an apostrophe."""
    files = [File("'t", "'s.jpg", "'s Gravenhage", "", 1, None, version="1-2")]
    pack(files, lambda file: b"1", tmp_path / "packed", map=map)
    (row,) = rows_of(tmp_path / "packed" / "index.csv")
    assert (row["id"], row["label"], row["version"]) == ("'t", "'s Gravenhage", "1-2")


def test_labels_and_names_too_long_for_a_system_are_packed(tmp_path):
    """Their paths are shortened, and unlike each other; labels come back as they were."""
    labels = ["é" * 5000 + end for end in "ab"] + ["x" * 70_000]
    files = [
        File(str(n), "n" * 300 + ".jpg", label, "", 1, None, version="1")
        for n, label in enumerate(labels)
    ]
    pack(files, lambda file: file.id.encode(), tmp_path / "packed", map=map)
    with zipfile.ZipFile(tmp_path / "packed" / "shard-00000.zip") as shard:
        names = shard.namelist()[:-1]
        shard.extractall(tmp_path / "out")
    assert all(len(part.encode()) <= 255 for name in names for part in name.split("/"))
    assert all(name.endswith(".jpg") for name in names)
    archive = open_archive(LocalFolder(tmp_path), "packed")
    packed = {file.id: file.label for file in archive.list_images()}
    assert packed["0"] == labels[0]
    assert packed["1"] == labels[1]
    assert len(set(packed.values())) == 3  # the longest label of all is shortened too


def test_a_link_in_the_place_of_a_shard_is_not_followed(garden, tmp_path):
    """What it points to is neither taken for the shard nor written to."""
    files = list(garden.list_images("."))
    pack(files, garden.read, tmp_path / "elsewhere")
    elsewhere = tmp_path / "elsewhere" / "shard-00000.zip"
    before = elsewhere.read_bytes()
    (tmp_path / "packed").mkdir()
    shard = tmp_path / "packed" / "shard-00000.zip"
    shard.symlink_to(elsewhere)
    read = []
    pack(files, lambda file: read.append(file) or garden.read(file), tmp_path / "packed")
    assert len(read) == 60
    assert not shard.is_symlink()
    assert shard.read_bytes() == elsewhere.read_bytes() == before


def test_a_reason_is_shown_and_not_obeyed(tmp_path):
    files = [File("1", "1.jpg", "rose", "", 1, None, version="1")]

    def read(file):
        raise ConnectionError("\x1b[2J gone\n")

    (row,) = pack(files, read, tmp_path / "packed", map=map)
    assert row["reason"] == r"ConnectionError: \x1b[2J gone\n"


# What cannot be read


def test_what_cannot_be_read_is_reported_and_left_out(garden, tmp_path):
    """In `unread.csv` and in what is returned, with the reason."""

    def read(file):
        if file.name in ("3.jpg", "7.jpg"):
            raise ConnectionError(f"no {file.name}")
        return garden.read(file)

    unread = pack(garden.list_images("."), read, tmp_path / "packed", shard_bytes=30_000)
    assert {row["id"]: row["reason"] for row in unread} == {
        "roses/3.jpg": "ConnectionError: no 3.jpg",
        "tulips/7.jpg": "ConnectionError: no 7.jpg",
    }
    assert rows_of(tmp_path / "packed" / "unread.csv") == unread
    assert len(rows_of(tmp_path / "packed" / "index.csv")) == 58
    assert len(list(open_archive(LocalFolder(tmp_path), "packed").list_images())) == 58


def test_an_error_that_ends_the_run_ends_packing(garden, tmp_path):
    """It arrives as it is; no half shard stays."""

    class SignedOut(Exception):
        ends_run = True

    def read(file):
        raise SignedOut("sign in again")

    with pytest.raises(SignedOut, match="sign in again"):
        pack(garden.list_images("."), read, tmp_path / "packed")
    assert digests(tmp_path / "packed") == {}


SILENT = """
import signal, sys, threading
from colab_helpers.drive import File
from colab_helpers.sources import open_archive, pack

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started it without

class Silent:
    def find(self, path):
        return File("1", path, "", path, 1 << 20, None, version="1")

    def read(self, file, start=None, end=None):
        sys.stdout.write("asked\\n")  # as one piece: several threads ask
        sys.stdout.flush()
        threading.Event().wait()

def read_block():
    try:
        open_archive(Silent(), "a.zip")
    finally:
        print("ended", flush=True)

files = [File(str(n), f"{n}.jpg", "rose", "", 1, None, version="1") for n in range(9)]
if sys.argv[1] == "end":
    threading.Thread(target=read_block, daemon=True).start()
    print("main ends", flush=True)
elif sys.argv[1] == "archive":
    read_block()
else:
    pack(files, Silent().read, sys.argv[2], reads=4, map=map)
"""


@pytest.mark.parametrize("what", ["end", "archive", "pack"])
def test_the_program_ends_though_a_server_is_silent(tmp_path, what):
    """At its end, and after Ctrl-C: nothing waits for an answer that does not come."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", SILENT, what, tmp_path / "packed"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as run:
        try:
            if what != "end":
                assert run.stdout.readline() == b"asked\n"
                run.send_signal(signal.SIGINT)
            run.wait(60)
        finally:
            run.kill()
    assert run.returncode == (0 if what == "end" else -signal.SIGINT)
    assert what != "pack" or os.listdir(tmp_path / "packed") == []


# Packing again


def test_a_second_call_reads_nothing_again(garden, tmp_path):
    files = list(garden.list_images("."))
    pack(files, garden.read, tmp_path / "packed", shard_bytes=30_000)
    before = digests(tmp_path / "packed")
    pack(files, None, tmp_path / "packed", shard_bytes=30_000)
    assert digests(tmp_path / "packed") == before


@pytest.mark.parametrize("damage", ["changed file", "another size", "torn shard"])
def test_shards_that_do_not_fit_are_packed_again(garden, tmp_path, damage):
    """Where the listing changed, or the arguments, or a shard was damaged."""
    folder = tmp_path / "packed"
    shard_bytes = 30_000
    pack(garden.list_images("."), garden.read, folder, shard_bytes=shard_bytes)
    if damage == "changed file":
        (tmp_path / "garden" / "roses" / "0.jpg").write_bytes(photo(1000))
    elif damage == "another size":
        shard_bytes = 50_000
    else:
        os.truncate(folder / "shard-00001.zip", 500)
    files = list(garden.list_images("."))
    read = []
    pack(
        files, lambda file: read.append(file) or garden.read(file), folder, shard_bytes=shard_bytes
    )
    assert damage != "torn shard" or len(read) == 15  # its own, and no other's
    pack(files, garden.read, tmp_path / "fresh", shard_bytes=shard_bytes)
    fresh = digests(tmp_path / "fresh")
    assert {name: md5 for name, md5 in digests(folder).items() if name in fresh} == fresh


def test_any_damage_to_a_shard_is_seen_or_harmless(tmp_path):
    """Seeded damage: the next call packs it again, or its index is what it was."""
    files = [File(f"id{n}", f"{n}.jpg", "rose", "", 100, None, version=str(n)) for n in range(4)]

    def read(file):
        return photo(int(file.version), 100)

    folder = tmp_path / "packed"
    pack(files, read, folder, map=map)
    sound = digests(folder)
    shard = folder / "shard-00000.zip"
    content = shard.read_bytes()
    rng = random.Random(0)
    packed_again = 0
    for _ in range(150):
        bad = bytearray(content)
        for _ in range(rng.choice((1, 4))):
            bad[rng.randrange(len(bad) // 2, len(bad))] = rng.choice((0, 1, 0x7F, 0xFF))
        shard.write_bytes(bad)
        assert pack(files, read, folder, map=map) == []
        packed_again += shard.read_bytes() == content
        assert digests(folder).keys() == sound.keys()
    assert packed_again > 50


KILLED = """
import sys, threading
from colab_helpers.drive import LocalFolder
from colab_helpers.sources import pack

garden, folder, last = LocalFolder(sys.argv[1]), sys.argv[2], sys.argv[3]

def read(file):
    print(file.name + "\\n", end="", flush=True)  # at once: two threads print
    if file.name == last:
        threading.Event().wait(60)
    return garden.read(file)

pack(garden.list_images("."), read, folder, shard_bytes=30_000, reads=2, map=map)  # no bar
"""


def pack_and_kill(garden, folder, last, moment):
    """Packs in another process, and kills it when `last` or the `moment`-th file is read."""
    command = [sys.executable, "-c", KILLED, garden.root, folder, last]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as run:
        for count, line in enumerate(run.stdout, start=1):
            if line.strip() == last or count == moment:
                run.kill()
                break


def pack_again(garden, folder):
    """Packs in this process; returns the files that were read."""
    read = []
    pack(
        garden.list_images("."),
        lambda file: read.append(file) or garden.read(file),
        folder,
        shard_bytes=30_000,
    )
    return read


@pytest.mark.parametrize("place", [0, 20, 59])
def test_a_killed_packing_goes_on_to_the_same_shards(garden, tmp_path, place):
    """Finished shards are not read again; what was half written is gone afterwards."""
    pack_again(garden, tmp_path / "fresh")
    in_order = [row["id"] for row in rows_of(tmp_path / "fresh" / "index.csv")]
    folder = tmp_path / "killed"
    pack_and_kill(garden, folder, last=Path(in_order[place]).name, moment=None)
    half_written = set(digests(folder)) - set(digests(tmp_path / "fresh"))
    assert len(half_written) == 1
    finished = place // 15
    assert len(pack_again(garden, folder)) == 60 - 15 * finished
    assert digests(folder) == digests(tmp_path / "fresh")


@pytest.mark.slow
def test_packing_killed_at_ten_random_moments_ends_with_the_same_shards(garden, tmp_path):
    pack_again(garden, tmp_path / "fresh")
    for moment in random.Random(0).sample(range(1, 60), 10):
        folder = tmp_path / f"killed-{moment}"
        pack_and_kill(garden, folder, last="", moment=moment)
        assert len(pack_again(garden, folder)) <= 60
        assert digests(folder) == digests(tmp_path / "fresh"), moment


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
    """The error says so, and the shard here stays."""

    class Damaging:
        def upload(self, path, folder):
            return File("1", "shard", "", "shard", 10, "0" * 32, version="1")

        def find(self, path):
            raise FileNotFoundError(path)

    with pytest.raises(ArchiveError, match="arrived damaged.*Call pack again."):
        pack(garden.list_images("."), garden.read, tmp_path / "packed", drive=Damaging())
    assert (tmp_path / "packed" / "shard-00000.zip").exists()


# The same data set


def same_pictures(root, folder, tmp_path):
    """Compares the pixels that the folder, one ZIP of it, and packed shards give."""
    from colab_helpers.stream import decoder

    source = LocalFolder(root)
    decode = decoder(image_size=(64, 64))
    with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in source.list_images(folder):
            archive.writestr(file.id, source.read(file))
    pack(source.list_images(folder), source.read, tmp_path / "packed", shard_bytes=20 << 20)

    def pictures(place, below="."):
        return sorted(
            (file.label, file.name, hashlib.md5(decode(place.read(file)).tobytes()).hexdigest())
            for file in place.list_images(below)
        )

    local = LocalFolder(tmp_path)
    expected = pictures(source, folder)
    assert pictures(open_archive(local, "one.zip")) == expected
    assert pictures(open_archive(local, "packed")) == expected
    return expected


def test_a_folder_its_zip_and_its_shards_give_the_same_pictures(practice, tmp_path):
    """The same names and labels, and bit for bit the same pixels."""
    assert len(same_pictures(practice, ".", tmp_path)) == 36


@pytest.mark.slow
def test_flowers17_gives_the_same_pictures_from_folder_zip_and_shards(flowers17, tmp_path):
    assert len(same_pictures(flowers17.parent, flowers17.name, tmp_path)) == 1360


def test_a_listing_that_is_used_up_is_not_packed_as_nothing(garden, tmp_path):
    listing = garden.list_images(".")
    assert list(listing)
    with pytest.raises(ValueError, match=r"no files to pack.*used up"):
        pack(listing, garden.read, tmp_path / "packed")


# Arguments


def test_a_file_that_stands_there_twice_is_refused(garden, tmp_path):
    """A ZIP would hold it twice at one path; what to write is said, and nothing is packed."""
    files = list(garden.list_images("."))
    with pytest.raises(ValueError) as caught:
        pack(files + files[:2], garden.read, tmp_path / "packed", map=map)
    message = str(caught.value)
    assert all(repr(file.path) in message for file in files[:2])
    assert "files = list({file.id: file for file in files}.values())" in message
    assert not (tmp_path / "packed").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"reads": 0}, "`reads` must be an integer of at least 1. Received: reads=0"),
        ({"reads": None}, "`reads` must be an integer of at least 1"),
        ({"longest_side": 0}, "`longest_side` must be an integer of at least 1"),
        ({"longest_side": (64, 64)}, "`longest_side` must be an integer of at least 1"),
        ({"shard_bytes": "1MB"}, "`shard_bytes` must be a number of bytes above 0"),
        ({"shard_bytes": float("nan")}, "`shard_bytes` must be a number of bytes above 0"),
        ({"drive": "packed"}, "`drive` must be what `connect` returned"),
        ({"map": 4}, "`map` must be a function, such as `pool.map`"),
        ({"read": LocalFolder(".")}, "`read` must be a function, such as `drive.read`"),
        ({"files": None}, "`files` must be a list of files"),
        ({"files": "flowers"}, "`files` must be a list of files"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_read(garden, tmp_path, arguments, words):
    given = {"files": garden.list_images("."), "read": garden.read, "map": map, **arguments}
    with pytest.raises(ValueError, match=words):
        pack(folder=tmp_path / "packed", **given)
    assert not (tmp_path / "packed").exists()


def test_a_read_that_gives_no_bytes_leaves_files_out_and_says_so(garden, tmp_path):
    """No picture is lost unseen."""
    files = list(garden.list_images("."))
    unread = pack(files, lambda file: None, tmp_path / "packed", map=map)
    assert len(unread) == len(files)
    assert {row["reason"] for row in unread} == {
        "TypeError: `read` must give bytes. Received: NoneType"
    }
