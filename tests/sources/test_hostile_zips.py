"""Broken ZIPs, and ZIPs made to do harm: refused in one sentence, or read right."""

import io
import json
import random
import stat
import struct
import tracemalloc
import warnings
import zipfile

import pytest
from counted_folder import InMemory, photo, write_zip

from colab_helpers.drive import File, LocalFolder
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


EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
LARGE_EXTREMES = (0, 1 << 31, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def large_zip(members):
    """A ZIP whose directory holds all numbers as large ones, as bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                member.write(content)
            archive.infolist()[-1].extra = b""
        for info in archive.infolist():  # more than a directory can say in four bytes
            info.comment = b'{"id": "1AbC", "label": "roses"}'
    return out.getvalue()


def lies(data):
    """Copies of a ZIP in each of which one number at its end or in its directory is extreme."""
    start = data.index(b"PK\1\2")
    for place in range(start, len(data) - 1):
        for value in EXTREMES:
            for size in (2, 4):
                lie = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
                yield data[:place] + lie + data[place + size :]
        for value in LARGE_EXTREMES:
            yield data[:place] + value.to_bytes(8, "little") + data[place + 8 :]


@pytest.mark.filterwarnings("ignore:.* lies beside the class folders")
@pytest.mark.parametrize("kind", ["plain", "noted"])
def test_a_lie_in_any_number_is_refused_or_harmless(kind):
    """Each byte of the directory and of the end record begins an extreme number once."""
    members = {"a/1.jpg": photo(1, 100), "b/2.jpg": photo(2, 100)}
    if kind == "plain":
        out = io.BytesIO()
        data = write_zip(out, members.items()).getvalue()
    else:
        data = large_zip(members)
    rng = random.Random(0)
    opened = 0
    for bad in lies(data):
        if rng.random() < 0.3:
            continue
        try:
            archive = open_archive(InMemory("bad.zip", bad), "bad.zip")
            for file in archive.list_images():
                assert archive.read(file) in members.values()
            opened += 1
        except ArchiveError as error:
            assert "bad.zip" in str(error)
    assert opened > 100


class Sparse:
    """A file of many gigabytes, of zeros but for its end; notes how much of it is read."""

    def __init__(self, total, end):
        self.file = File("1", "sparse.zip", "", "sparse.zip", total, None, version="1")
        self.end = end
        self.bytes_read = 0

    def find(self, path):
        return self.file

    def read(self, file, start=None, end=None):
        assert end - start < 100 << 20, "asked for at once"
        self.bytes_read += end - start
        end_start = file.size - len(self.end)
        zeros = bytes(max(0, min(end, end_start) - start))
        return zeros + self.end[max(0, start - end_start) : max(0, end - end_start)]


def end_record(size, offset, entries=1):
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries, entries, size, offset, 0)


def large_end_record(size, offset, place):
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, place, 1)
    return record + locator + end_record(0xFFFFFFFF, 0xFFFFFFFF)


@pytest.mark.parametrize("size", [3 << 30, 200 << 20])
def test_a_directory_of_gigabytes_is_not_asked_for_at_once(size):
    """It is refused for its size, or by its first piece, which holds no entry."""
    total = 4 << 30
    drive = Sparse(total, end_record(size, total - 22 - size))
    with pytest.raises(ArchiveError, match="directory claims 3221225472 bytes|Bad magic number"):
        open_archive(drive, "sparse.zip")
    assert drive.bytes_read < 20 << 20


def test_a_directory_of_terabytes_is_refused():
    total = 4 << 40
    size = 3 << 40
    end = large_end_record(size, total - 98 - size, total - 98)
    drive = Sparse(total, end)
    with pytest.raises(ArchiveError, match="directory claims 3298534883328 bytes"):
        open_archive(drive, "sparse.zip")
    assert drive.bytes_read < 5 << 20


def entry(name, offset, packed_size=0, size=0, method=0, flags=0, mode=0, extra=b""):
    """An entry of a directory, of a member that somebody packed on Unix."""
    lengths = (len(name), len(extra), 0, 0, 0)
    sizes = (0, packed_size, size)
    numbers = (0x31E, 20, flags, method, 0, 0, *sizes, *lengths, mode << 16, offset)
    return struct.pack("<4s6H3L5H2L", b"PK\1\2", *numbers) + name + extra


def crafted(entries, before):
    """A ZIP of nothing but entries, behind so many bytes."""
    directory = b"".join(entries)
    return bytes(before) + directory + end_record(len(directory), before, 1)


def test_members_that_are_no_images_take_no_memory():
    """A directory of many thousands of other files is gone through in pieces."""
    count = 50_000
    zip_bytes = crafted([entry(b"%06d.txt" % n, n * 50) for n in range(count)], count * 50)
    drive = InMemory("many.zip", zip_bytes)
    tracemalloc.start()
    with pytest.raises(ArchiveError, match="it holds no image"):
        open_archive(drive, "many.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20  # twice the directory, and 16 bytes a member


@pytest.mark.parametrize(
    "bad, reason",
    [
        (entry(b"1.jpg", 0, packed_size=1 << 28, size=9, method=8), "claims 268435456 bytes"),
        (entry(b"1.jpg", 0, 0xFFFFFFFF, 9, extra=b"\1\0\10\0" + b"\xff" * 8), "is cut off"),
        (entry(b"1.jpg", 0xFFFFFFFF, 0, 9, extra=b"\1\0\10\0" + b"\xff" * 8), "is cut off"),
        (entry(b"1.jpg", 0xFFFFFFFF, 0, 9), "a large number is missing"),
        (entry(b"1.jpg", 0, flags=0x41), "is encrypted"),
        (entry(b"a\0b/1.jpg", 0), "names a path outside"),
        (entry(b"/1.jpg", 0), "names a path outside"),
        (entry(b"a/../../1.jpg", 0), "names a path outside"),
        (entry(b"\x1b[2J/../1.jpg", 0), r"'\\x1b\[2J/../1.jpg' names a path outside"),
    ],
)
def test_a_crafted_member_is_refused(bad, reason):
    end = crafted([bad], 0)[:-22] + end_record(len(bad), 300 << 20)
    storage = Sparse((300 << 20) + len(end), end)
    with pytest.raises(ArchiveError, match=reason) as error:
        open_archive(storage, "sparse.zip")
    assert str(error.value).isprintable()


def test_one_part_of_several_says_so():
    end = struct.pack("<4s4H2LH", b"PK\5\6", 2, 0, 1, 1, 60, 0, 0)
    with pytest.raises(ArchiveError, match="it is one of several parts; join them into one ZIP"):
        open_archive(InMemory("z03.zip", bytes(60) + end), "z03.zip")


def test_a_link_is_no_image(tmp_path):
    """Nor is it followed: what it holds is a path."""
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as archive:
        archive.writestr("a/1.jpg", b"a picture")
        link = zipfile.ZipInfo("a/2.jpg")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"/etc/passwd")
    archive = open_archive(LocalFolder(tmp_path), "links.zip")
    assert [file.path for file in archive.list_images()] == ["a/1.jpg"]


def test_of_a_path_that_comes_twice_the_last_counts(tmp_path):
    """As for whoever unpacks it; the block of each is read once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_zip(tmp_path / "a.zip", [("1.jpg", b"old"), ("2.jpg", b"two"), ("1.jpg", b"new")])
    archive = open_archive(LocalFolder(tmp_path), "a.zip")
    found = [(file.path, archive.read(file)) for file in archive.list_images()]
    assert found == [("2.jpg", b"two"), ("1.jpg", b"new")]


INDEXES = {
    "of another program": (b"name,label\n1.jpg,cat\n", "it has no column 'shard'"),
    "empty": (b"", "it has no column 'shard'"),
    "no text": (b"\xff\xfe\0\0", "it has no column 'shard'"),
    "cut": (b"shard,path\n", None),
    "no name": (b"shard,path\n,1.jpg\n", "'' in its column 'shard' is the name of no ZIP"),
    "no column": (b"path,shard\n1.jpg\n", "'' in its column 'shard' is the name of no ZIP"),
    "a path": (b"shard\n../../other.zip\n", "'../../other.zip' in its column 'shard'"),
    "no ZIP": (b"shard\nnotes.txt\n", "'notes.txt' in its column 'shard' is the name of no ZIP"),
    "a long field": (b"shard\n" + b"x" * 200_000 + b"\n", "it is no CSV: field larger"),
}


@pytest.mark.parametrize("case", INDEXES)
def test_a_foreign_index_is_named(tmp_path, case):
    """A folder may hold an `index.csv` of anybody."""
    content, reason = INDEXES[case]
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "index.csv").write_bytes(content)
    drive = LocalFolder(tmp_path)
    if reason is None:
        assert list(open_archive(drive, "packed").list_images()) == []
        return
    with pytest.raises(ArchiveError) as error:
        open_archive(drive, "packed")
    assert reason in str(error.value)
    assert "'packed'" in str(error.value)
    assert "(id packed/index.csv)" in str(error.value)
    assert "Name the ZIP itself" in str(error.value)


COMMENTS = {
    '{"id": "1AbC", "label": "roses"}': ("1AbC", "roses"),
    '{"id": "1AbC"}': ("1AbC", "a"),
    '{"id": ["1AbC"], "label": {}}': ("noted.zip/a/1.jpg", "a"),
    '{"id": null, "label": "roses"}': ("noted.zip/a/1.jpg", "roses"),
    '{"id": "", "label": "roses"}': ("noted.zip/a/1.jpg", "roses"),
    '{"id": 1e999, "label": 7}': ("noted.zip/a/1.jpg", "a"),
    '{"id": "1AbC", "label": "u\u0308"}': ("1AbC", "ü"),
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


@pytest.mark.parametrize(
    "comment",
    [
        json.dumps({"id": "1AbC"})[:-3].encode(),
        b'{"id":' + b"[" * 60_000,
        b'{"id":' + b"9" * 60_000 + b"}",
        b'{"id": "\xff"}',
    ],
    ids=["cut", "deep", "a large number", "no text"],
)
def test_a_comment_that_is_damaged_refuses_the_archive(tmp_path, comment):
    """Its files would lose the ids that they had."""
    with zipfile.ZipFile(tmp_path / "noted.zip", "w") as archive:
        info = zipfile.ZipInfo("a/1.jpg")
        info.comment = comment
        archive.writestr(info, b"a picture")
    with pytest.raises(ArchiveError, match="the comment of 'a/1.jpg', with its id, is damaged"):
        open_archive(LocalFolder(tmp_path), "noted.zip")
