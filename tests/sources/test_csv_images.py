"""Rows of a CSV are files like any other; what is malformed is named by its line."""

import gzip
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from counted_folder import Counted, InMemory, saved_and_loaded

from colab_helpers.drive import File, LocalFolder, Source
from colab_helpers.sources import CsvError, open_csv

SIZE = (4, 5)


def pixels(number, shape=(*SIZE, 3)):
    values = random.Random(number).randbytes(int(np.prod(shape)))
    return np.frombuffer(values, np.uint8).reshape(shape)


def row(number, label=None, shape=(*SIZE, 3)):
    values = ",".join(map(str, pixels(number, shape).reshape(-1)))
    return f"{label or ('roses', 'tulips')[number % 2]},{values}"


def rows_of(numbers):
    """The text of a CSV."""
    return "\n".join(row(number) for number in numbers)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that is also the current one; the cache lies elsewhere."""
    there = tmp_path / "here"
    there.mkdir()
    monkeypatch.chdir(there)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return there


@pytest.fixture
def cache(folder):
    """Where indexes lie that have no place of their own."""
    return folder.parent / "cache" / "colab_helpers"


def write(folder, text, name="pixels.csv"):
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return Counted(folder)


def check(rows, numbers):
    """Compares the rows with the pixels of these numbers; returns their files."""
    files = list(rows.list_images())
    assert len(files) == len(numbers)
    for number, file in zip(numbers, files):
        np.testing.assert_array_equal(rows.decode(rows.read(file)), pixels(number))
    return files


# Listing and reading


def test_rows_are_listed_read_and_decoded(folder):
    """Labels, line numbers and pixels as they stand in the file; height, width, channel."""
    drive = write(folder, rows_of(range(10)) + "\n")
    rows = open_csv(drive, "pixels.csv", SIZE)
    assert isinstance(rows, Source)
    files = check(rows, range(10))
    assert [file.label for file in files] == ["roses", "tulips"] * 5
    file = files[3]
    assert type(file) is File
    assert (file.id, file.name, file.label) == ("pixels.csv#4", "line 4", "tulips")
    assert (file.path, file.size, file.md5) == ("tulips/line 4", 60, None)
    assert (file.version, file.block) == (drive.find("pixels.csv").version, "pixels.csv#0")
    assert rows.read(files[0], 5, 9) == pixels(0).tobytes()[5:9]
    assert rows.decode.shape == (4, 5, 3)
    assert rows.decode.key == "csv-4x5x3"
    assert rows.decode(rows.read(files[0])).dtype == np.uint8


def test_a_label_is_a_folder_of_its_rows(folder):
    rows = open_csv(write(folder, rows_of(range(4))), "pixels.csv", SIZE)
    assert [file.name for file in rows.list_images("tulips")] == ["line 2", "line 4"]
    assert len(list(rows.list_images("."))) == 4
    with pytest.raises(CsvError) as error:
        rows.list_images("asters")
    assert str(error.value) == (
        "No row of the CSV 'pixels.csv' (id pixels.csv) has the label 'asters'. "
        "Its labels are 'roses', 'tulips'."
    )


@pytest.mark.parametrize(
    "text, expected",
    [
        ("\r\n".join(row(n) for n in range(4)) + "\r\n", [0, 1, 2, 3]),
        (rows_of(range(4)), [0, 1, 2, 3]),
        ("\ufeff" + row(0) + "\n\n  \n" + row(1) + "\n\n", [0, 1]),
        ("label," + ",".join(f"pixel{n}" for n in range(60)) + "\n" + row(0) + "\n", [0]),
        (row(0).replace(",", ", "), [0]),
        (row(0).replace(",", ".0,").replace("roses.0", "roses") + ".0", [0]),
        (row(0, '"roses, red"'), [0]),
    ],
    ids=[
        "windows",
        "no last newline",
        "blank lines and BOM",
        "titles",
        "spaces",
        "floats",
        "quoted label",
    ],
)
def test_common_forms_of_csv_are_read(folder, text, expected):
    check(open_csv(write(folder, text), "pixels.csv", SIZE), expected)


def test_labels_may_be_anything(folder):
    text = "\n".join([row(0, "3"), row(1, "ünï"), row(2, '"a, b"'), row(3, " spaced ")])
    files = check(open_csv(write(folder, text), "pixels.csv", SIZE), range(4))
    assert [file.label for file in files] == ["3", "ünï", "a, b", "spaced"]


def test_grey_rows_have_one_value_a_pixel(folder):
    """And another word than the two for a color mode is refused."""
    drive = write(folder, row(7, shape=(*SIZE, 1)))
    rows = open_csv(drive, "pixels.csv", SIZE, color_mode="grayscale")
    (file,) = rows.list_images()
    np.testing.assert_array_equal(rows.decode(rows.read(file)), pixels(7, (*SIZE, 1)))
    with pytest.raises(
        ValueError, match="`color_mode` must be 'rgb' or 'grayscale'. Received: 'grey'"
    ):
        open_csv(drive, "pixels.csv", SIZE, color_mode="grey")


# The index


def test_the_index_is_built_once_and_again_when_the_csv_changes(folder, cache):
    """It lies in a cache folder; another run reads it instead of the CSV."""
    drive = write(folder, rows_of(range(10)))
    open_csv(drive, "pixels.csv", SIZE)
    assert os.listdir(folder) == ["pixels.csv"]
    assert len(os.listdir(cache)) == 1
    before = len(drive.reads)
    open_csv(drive, "pixels.csv", SIZE)
    assert drive.reads[before:] == [("pixels.csv", 0, 2)]
    write(folder, rows_of(range(7)))
    check(open_csv(drive, "pixels.csv", SIZE), range(7))
    assert len(os.listdir(cache)) == 1


def test_the_name_of_an_index_tells_nothing_of_the_name_on_drive(folder, cache):
    """A name on Drive may be anything, such as that of a file which is here already."""
    name = "notes ; rm.py"
    (folder / "notes ; rm.py.index.npz").write_bytes(b"of mine")
    check(open_csv(write(folder, rows_of(range(3)), name), name, SIZE), range(3))
    assert (folder / "notes ; rm.py.index.npz").read_bytes() == b"of mine"
    (index,) = os.listdir(cache)
    assert re.fullmatch("csv-[0-9a-f]{32}.npz", index)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs owners of files")
def test_a_cache_folder_that_others_can_write_to_is_not_used(folder, cache, monkeypatch):
    """What lies there could be anybody's; one of the user alone takes its place."""
    cache.mkdir(parents=True)
    cache.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(folder.parent))
    check(open_csv(write(folder, rows_of(range(3))), "pixels.csv", SIZE), range(3))
    assert os.listdir(cache) == []
    own = folder.parent / f"colab_helpers-{os.getuid()}"
    assert len(os.listdir(own)) == 1
    assert own.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_for_the_index_one_is_asked_for(folder, monkeypatch):
    (folder / "taken").write_bytes(b"no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "taken"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "taken"))
    drive = write(folder, rows_of(range(3)))
    with pytest.raises(CsvError, match=r"'pixels.csv' \(id pixels.csv\).*open_csv\(..., index="):
        open_csv(drive, "pixels.csv", SIZE)
    check(open_csv(drive, "pixels.csv", SIZE, index=folder / "rows.npz"), range(3))


def changed(index, **changes):
    """Saves an index again, with other arrays in it."""
    with np.load(index) as saved:
        arrays = dict(saved)
    np.savez(index, **{**arrays, **changes})


DAMAGES = {
    "cut": lambda index: index.write_bytes(index.read_bytes()[:300]),
    "emptied": lambda index: index.write_bytes(b""),
    "not ours": lambda index: np.savez(index, lines=np.arange(7)),
    "a pickle": lambda index: index.write_bytes(pickle.dumps([1])),
    "rows beyond": lambda index: changed(index, ends=np.full(7, 1 << 50)),
    "rows before": lambda index: changed(index, starts=np.arange(-7, 0)),
    "no such label": lambda index: changed(index, codes=np.full(7, 9)),
    "another length": lambda index: changed(index, codes=np.zeros(6, np.int64)),
    "floats": lambda index: changed(index, lines=np.arange(7) + 0.5),
    "none": lambda index: changed(index, **{n: np.zeros(0, np.int64) for n in ARRAYS}),
}
ARRAYS = ("lines", "starts", "ends", "codes")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_built_again(folder, damage):
    """Also one that says what no pass through a CSV would find."""
    index = folder / "rows.npz"
    drive = write(folder, rows_of(range(7)))
    open_csv(drive, "pixels.csv", SIZE, index=index)
    DAMAGES[damage](index)
    check(open_csv(drive, "pixels.csv", SIZE, index=index), range(7))


def test_what_an_index_holds_stays_what_it_is_between_versions(folder):
    """An index that an earlier version left is read; ids and keys of caches hang on the rest."""
    storage = InMemory("pixels.csv", b"label,p0,p1\nrose,1,2\n\ntulip,3,4\n")
    rows = open_csv(storage, "pixels.csv", (1, 2), color_mode="grayscale", index=folder / "i.npz")
    with np.load(folder / "i.npz") as saved:
        assert sorted(saved) == ["about", "codes", "ends", "lines", "starts"]
        arrays = {name: saved[name].tolist() for name in ARRAYS}
        about = json.loads(saved["about"].tobytes())
    assert arrays == {"lines": [2, 4], "starts": [12, 22], "ends": [20, 31], "codes": [0, 1]}
    assert about == {
        "of": '["1", "1", [1, 2, 1], ""]',
        "labels": ["rose", "tulip"],
        "layout": {
            "delimiter": ",",
            "columns": 3,
            "label": 0,
            "left_out": [0],
            "packed": None,
            "has_titles": True,
        },
    }
    assert [(f.id, f.version, f.path, f.block) for f in rows.list_images()] == [
        ("1#2", "1", "rose/line 2", "1#0"),
        ("1#4", "1", "tulip/line 4", "1#0"),
    ]
    assert rows.decode.key == "csv-1x2x1"


def test_the_index_lies_where_one_wants_it(folder):
    drive = write(folder, rows_of(range(3)))
    check(open_csv(drive, "pixels.csv", SIZE, index=folder / "kept" / "rows.npz"), range(3))
    assert os.listdir(folder / "kept") == ["rows.npz"]
    before = len(drive.reads)
    open_csv(drive, "pixels.csv", SIZE, index=folder / "kept" / "rows.npz")
    assert len(drive.reads) == before + 1


# Listings that were saved


def test_a_listing_that_was_saved_reads_in_another_session(folder):
    """Files made anew from their fields, on rows that were opened anew, with other blocks."""
    drive = write(folder, rows_of(range(10)))
    live = list(open_csv(drive, "pixels.csv", SIZE).list_images())
    saved = saved_and_loaded(live)
    assert saved == live
    for block_bytes in (8 << 20, 500):
        rows = open_csv(drive, "pixels.csv", SIZE, block_bytes=block_bytes)
        for number, file in enumerate(saved):
            assert rows.read(file) == pixels(number).tobytes()


def test_a_row_of_a_csv_that_changed_since_it_was_saved_is_refused(folder):
    """It says so, and how to go on; as does a row that is not in this CSV."""
    drive = write(folder, rows_of(range(10)))
    saved = saved_and_loaded(open_csv(drive, "pixels.csv", SIZE).list_images())
    write(folder, rows_of(range(1, 9)))
    rows = open_csv(drive, "pixels.csv", SIZE)
    with pytest.raises(CsvError) as error:
        rows.read(saved[3])
    assert str(error.value) == (
        "Could not read 'tulips/line 4' (id pixels.csv#4) from its CSV: "
        "it is another one since it was listed. List the CSV again."
    )
    with pytest.raises(CsvError, match="there is no such row in it. List the CSV again."):
        rows.read(saved[9])
    for foreign_id in ("other.csv#1", "pixels.csv", "pixels.csv#x", "pixels.csv#²", "#", ""):
        with pytest.raises(CsvError, match="there is no such row in it"):
            rows.read(File(foreign_id, "line 1", "", "line 1", 60, None, version="1"))


# Requests and memory


def test_neighbours_share_a_read(folder):
    """Rows are read in blocks; each is fetched once for all its rows."""
    drive = write(folder, rows_of(range(100)))
    rows = open_csv(drive, "pixels.csv", SIZE, block_bytes=1000)
    before = len(drive.reads)
    files = check(rows, range(100))
    blocks = {file.block for file in files}
    assert 15 < len(blocks) < 30
    assert len(drive.reads) - before == len(blocks)


def test_few_blocks_are_held(folder):
    """As many as fit into the bytes that are allowed: others are fetched again."""
    drive = write(folder, rows_of(range(100)))
    rows = open_csv(drive, "pixels.csv", SIZE, block_bytes=1000, held_bytes=3500)
    files = check(rows, range(100))
    last_blocks = list(dict.fromkeys(file.block for file in files))[-3:]
    before = len(drive.reads)
    for file in files:
        if file.block in last_blocks:
            rows.read(file)
    assert len(drive.reads) == before
    rows.read(files[0])
    assert len(drive.reads) == before + 1


def test_rows_travel_to_another_process(folder):
    """Pickled, they read on without going through the CSV again."""
    write(folder, rows_of(range(10)))
    rows = open_csv(LocalFolder(folder), "pixels.csv", SIZE)
    check(rows, range(10))
    check(pickle.loads(pickle.dumps(rows)), range(10))


def test_a_gzipped_csv_is_unpacked_in_one_pass(folder, cache):
    """Then it is read like any other, also by another process and in a second run."""
    text = rows_of(range(50)).encode()
    drive = write(folder, gzip.compress(text[:1000]) + gzip.compress(text[1000:]), "pixels.csv.gz")
    rows = open_csv(drive, "pixels.csv.gz", SIZE)
    check(rows, range(50))
    assert len(drive.reads) <= 4
    before = len(drive.reads)
    check(open_csv(drive, "pixels.csv.gz", SIZE), range(50))
    assert len(drive.reads) == before + 1
    rows = open_csv(LocalFolder(folder), "pixels.csv.gz", SIZE)
    check(pickle.loads(pickle.dumps(rows)), range(50))
    assert os.listdir(folder) == ["pixels.csv.gz"]
    assert sorted(path.suffix for path in cache.iterdir()) == [".npz", ".unpacked"]


def test_a_table_beside_the_index_of_a_gzip_stays(folder):
    """`train.csv` beside `train.npz` is the user's own."""
    drive = write(folder, gzip.compress(rows_of(range(5)).encode()), "train.csv.gz")
    own = folder / "train.csv"
    own.write_text("name,label\n")
    check(open_csv(drive, "train.csv.gz", SIZE, index=folder / "train.npz"), range(5))
    assert own.read_text() == "name,label\n"
    assert (folder / "train.npz.unpacked").read_text() == rows_of(range(5))


def test_what_a_gzip_was_unpacked_to_may_be_changed_by_nobody(folder):
    """Rows that are open read on; a run that begins unpacks it anew."""
    write(folder, gzip.compress(rows_of(range(5)).encode()), "pixels.csv.gz")
    drive = LocalFolder(folder)
    index = folder / "rows.npz"
    rows = open_csv(drive, "pixels.csv.gz", SIZE, index=index)
    sent = pickle.dumps(rows)
    (folder / "new").write_text(rows_of(range(5, 10)))
    os.replace(folder / "new", folder / "rows.npz.unpacked")
    check(rows, range(5))
    with pytest.raises(
        ValueError, match="rows.npz.unpacked' is another file since the CSV was opened"
    ):
        pickle.loads(sent)
    check(open_csv(drive, "pixels.csv.gz", SIZE, index=index), range(5))


def test_what_a_killed_run_unpacked_half_is_deleted(folder):
    """It may be as large as the CSV."""
    drive = write(folder, gzip.compress(rows_of(range(5)).encode()), "pixels.csv.gz")
    half = folder / ".rows.npz.unpacked-0123456789abcdef.tmp"
    half.write_bytes(b"roses,1,2")
    half_index = folder / ".rows.npz-0123456789abcdef.tmp"
    half_index.write_bytes(b"PK")
    check(open_csv(drive, "pixels.csv.gz", SIZE, index=folder / "rows.npz"), range(5))
    assert not half.exists()
    assert not half_index.exists()


def test_the_pass_through_the_csv_takes_bounded_memory(folder):
    """60 MB are scanned with two blocks in memory, or so."""
    line = b"roses," + b",".join([b"128"] * 12288) + b"\n"
    with open(folder / "large.csv", "wb") as out:
        for _ in range(1200):
            out.write(line)
    tracemalloc.start()
    rows = open_csv(LocalFolder(folder), "large.csv", (64, 64))
    files = list(rows.list_images())
    for file in files[::100]:
        assert rows.read(file) == bytes([128]) * 12288
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(files) == 1200
    assert peak < 30 << 20


# What is malformed

ALL_BUT_ONE = row(1).rsplit(",", 1)[0]
BAD_ROWS = {
    "too few": (ALL_BUT_ONE, "it has 59 values, not 60"),
    "too many": (row(1) + ",0", "it has 61 values, not 60"),
    "not a number": (ALL_BUT_ONE + ",red", "value 60 is 'red', not a number"),
    "nothing": (ALL_BUT_ONE + ",", "value 60 is '', not a number"),
    "too large": (ALL_BUT_ONE + ",256", "value 60 is 256, not a whole number from 0 to 255"),
    "negative": (ALL_BUT_ONE + ",-1", "value 60 is -1, not a whole number"),
    "a share": (ALL_BUT_ONE + ",0.5", "value 60 is 0.5, not a whole number"),
    "nan": (ALL_BUT_ONE + ",nan", "value 60 is nan, not a whole number"),
    "label only": ("roses", "it has 0 values, not 60"),
    "rubbish": ("\x00\x01\xff", "it has 0 values, not 60"),
    "endless": ("roses," + "1" * 50_000, "it has 1 values, not 60"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_malformed_row_is_named_by_its_line(folder, case):
    """Its neighbours are read; the message says what is wrong with it and what to do."""
    bad, reason = BAD_ROWS[case]
    rows = open_csv(write(folder, f"{row(0)}\n\n{bad}\n{row(2)}\n"), "pixels.csv", SIZE)
    files = list(rows.list_images())
    assert [file.name for file in files] == ["line 1", "line 3", "line 4"]
    with pytest.raises(CsvError) as error:
        rows.read(files[1])
    assert str(error.value).startswith(
        "Could not read line 3 of the CSV 'pixels.csv' (id pixels.csv#3): "
    )
    assert reason in str(error.value)
    assert str(error.value).endswith('. Mend the line, or use on_bad_file="skip".')
    assert rows.read(files[0]) == pixels(0).tobytes()
    assert rows.read(files[2]) == pixels(2).tobytes()


ROW = b"roses," + b",".join([b"7"] * 60) + b"\n"


@pytest.mark.parametrize(
    "name, data, reason",
    [
        ("empty.csv", b"", "it has no rows"),
        ("blank.csv", b"\n\n", "it has no rows"),
        ("one.csv", b"x" * 3_000_000, "line 1 is longer than"),
        ("one.csv.gz", gzip.compress(b"x" * 3_000_000, mtime=0), "line 1 is longer than"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0), "it has no rows"),
        ("cut.csv.gz", gzip.compress(ROW * 10_000, mtime=0)[:-20], "end-of-stream|ended before"),
        ("bad.csv.gz", gzip.compress(ROW, mtime=0)[:-8] + bytes(8), "CRC check failed"),
        ("excel.csv", b"PK\3\4 and so on", "it is a ZIP or an Excel file"),
        ("utf16.csv", "roses,1,2".encode("utf-16"), "it is in UTF-16: save it as CSV in UTF-8"),
    ],
)
def test_what_is_no_csv_is_refused(folder, name, data, reason):
    """One sentence with its name, and nothing half-made left behind."""
    with pytest.raises(CsvError, match=reason) as error:
        open_csv(write(folder, data, name), name, SIZE)
    assert str(error.value).startswith(f"Could not open the CSV '{name}' (id {name}): ")
    assert os.listdir(folder) == [name]
    assert ".." not in str(error.value)
    assert list(folder.parent.glob("cache/*/*")) == []


STREAM = """
import json
from colab_helpers.drive import LocalFolder
from colab_helpers.sources import open_csv
from colab_helpers.stream import StreamingSequence

rows = open_csv(LocalFolder("."), "pixels.csv", (4, 5))
files = rows.list_images()
train = StreamingSequence(files, rows.read, rows.decode, batch_size=4, on_bad_file="skip")
images = sum(len(train[k][0]) for k in range(len(train)))
print(json.dumps([images, [file.name for file, reason in train.skipped]]))
train.close()
"""


def test_malformed_rows_follow_on_bad_file(folder):
    """With "skip" the stream leaves them out and names them."""
    write(folder, "\n".join([row(0), row(1), "roses,1,2", row(3), row(4) + ",x"]))
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    run = subprocess.run(
        [sys.executable, "-c", STREAM], capture_output=True, text=True, env=environment, timeout=120
    )
    assert run.returncode == 0, run.stderr
    images, skipped = json.loads(run.stdout.splitlines()[-1])
    assert (images, sorted(skipped)) == (3, ["line 3", "line 5"])


# Arguments


@pytest.mark.parametrize("size", [None, 4, (4,), (4.0, 5), "4x5", (0, 5)])
def test_an_image_size_is_a_height_and_a_width(folder, size):
    drive = write(folder, rows_of(range(2)))
    words = r"`image_size` must be \(height, width\) in pixels. Received: image_size="
    with pytest.raises(ValueError, match=words):
        open_csv(drive, "pixels.csv", size)


@pytest.mark.parametrize("block_bytes", [0, None, "8MB"])
def test_blocks_of_a_csv_hold_bytes(folder, block_bytes):
    drive = write(folder, rows_of(range(2)))
    with pytest.raises(ValueError, match="`block_bytes` must be a number of bytes above 0"):
        open_csv(drive, "pixels.csv", SIZE, block_bytes=block_bytes)


@pytest.mark.parametrize("drive", [None, "pixels.csv"])
def test_what_is_no_drive_opens_no_csv(drive):
    with pytest.raises(ValueError, match="`drive` must be what `connect` returned"):
        open_csv(drive, "pixels.csv", SIZE)


@pytest.mark.parametrize("file", [None, "line 1"])
def test_rows_read_files_as_a_drive_does(folder, file):
    rows = open_csv(write(folder, rows_of(range(2))), "pixels.csv", SIZE)
    with pytest.raises(TypeError, match="`read` takes a file as `list_images` and `find` give it"):
        rows.read(file)
