"""What an inventory promises: it counts right, splits for good, and a listing is paid for once."""

import hashlib
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import warnings

import pytest

from colab_helpers import inventory
from colab_helpers.drive import connect
from colab_helpers.inventory import File, describe, duplicates, read_labels, sample, split, table


def make(name, label="cat", size=50_000, md5=None, **changes):
    fields = {"id": f"id-{label}-{name}", "name": name, "label": label, "path": f"{label}/{name}"}
    return File(**{**fields, "size": size, "md5": md5, "version": "1", **changes})


def many(count, classes=5):
    return [make(f"{n}.jpg", f"class_{n % classes}", md5=f"{n:032x}") for n in range(count)]


class Pages:
    """A source as `Drive` is one: it lists page by page, tells where to go on, and knows what changed since."""

    def __init__(self, files, page=10, dies_after=None):
        self.files, self.page, self.dies_after = list(files), page, dies_after
        self.pages_asked, self.changes, self.full_listing_needed = [], [], False

    def list_images(self, folder, *, position=None):
        return _Listing(self, position)

    def list_changes(self, position):
        if self.full_listing_needed:
            return None
        seen = position["change_token"]
        changed = {file.id: file for kind, file in self.changes[seen:] if kind == "changed"}
        removed = [file.id for kind, file in self.changes[seen:] if kind == "removed"]
        return list(changed.values()), removed, {**position, "change_token": len(self.changes)}


class _Listing:
    def __init__(self, source, position):
        self.position = position or {"page": 0, "change_token": len(source.changes)}
        self.steps = self.walk(source)

    def walk(self, source):
        yielded = 0
        for start in range(self.position["page"], len(source.files), source.page):
            self.position = {**self.position, "page": start}
            source.pages_asked.append(start)
            for file in source.files[start : start + source.page]:
                if yielded == source.dies_after:
                    raise KeyboardInterrupt
                yielded += 1
                yield file

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.steps)


def test_describe_counts_files_and_bytes_by_class():
    """A row a class and one for all, from any iterable, also one that can be walked only once."""
    files = [make("1.jpg", size=100), make("2.JPEG", size=300), make("3.png", "dog", size=1000)]
    counts = describe(file for file in files)
    assert counts.index.tolist() == ["cat", "dog", "All"]
    assert counts["files"].tolist() == [2, 1, 3]
    assert counts["bytes"].tolist() == [400, 1000, 1400]
    assert counts.loc["All", ["smallest", "median", "largest"]].tolist() == [100, 300, 1000]
    assert counts.loc["All", "formats"] == "JPEG 2, PNG 1"


@pytest.mark.parametrize(
    "name, size, trouble",
    [
        ("a.jpg", 50_000, ""),
        ("no ending", 50_000, ""),
        ("a.jpg", 0, "empty"),
        ("._a.jpg", 4096, "macOS side file, not a picture"),
        ("a.jpg", 20, "under 100 bytes"),
        ("IMG_0001.HEIC", 50_000, "HEIC: needs pillow-heif"),
        ("a.heif", 50_000, "HEIC: needs pillow-heif"),
        ("a.CR2", 50_000, "CR2: Pillow cannot read it"),
        ("logo.svg", 50_000, "SVG: Pillow cannot read it"),
    ],
)
def test_what_may_not_be_readable_is_told_without_reading(name, size, trouble):
    """Name and size are enough to warn; nothing is opened."""
    assert table([make(name, size=size)])["trouble"].tolist() == [trouble]


def test_describe_counts_troubles_and_copies():
    """Reasons are counted by class; a copy counts where it is listed the second time."""
    files = [
        make("1.jpg", md5="aa"),
        make("2.heic"),
        make("3.jpg", size=0),
        make("1.jpg", "dog", md5="aa"),
    ]
    counts = describe(files)
    assert counts["troubled"].tolist() == [2, 0, 2]
    assert counts.loc["cat", "troubles"] == "1 HEIC: needs pillow-heif; 1 empty"
    assert counts["duplicates"].tolist() == [0, 1, 1]


def test_copies_without_md5_are_found_by_reading_only_files_of_one_size():
    """A local folder tells no md5; reading those of equal size finds its copies."""
    contents = {"a.jpg": b"same", "b.jpg": b"same", "c.jpg": b"else", "d.jpg": b"another size"}
    files = [make(name, size=len(data)) for name, data in contents.items()]
    asked = []

    def read(file):
        asked.append(file.name)
        return contents[file.name]

    assert not len(duplicates(files))
    found = duplicates(files, read)
    assert found["name"].tolist() == ["a.jpg", "b.jpg"]
    assert set(found["md5"]) == {hashlib.md5(b"same").hexdigest()}
    assert asked == ["a.jpg", "b.jpg", "c.jpg"]


def test_an_empty_listing_says_what_to_do():
    """No images is an error that says what to look at, not an empty table or a division by zero."""
    for call in (lambda: describe([]), lambda: split(iter([]), (0.5, 0.5), seed=0)):
        with pytest.raises(ValueError, match="0 images were listed.*Check the folder's name"):
            call()


def test_a_file_never_changes_sides():
    """Whatever is added, removed or listed in another order, the part of a file stays."""
    files = many(1000)
    sides = {
        file.id: side
        for side, part in enumerate(split(files, (0.7, 0.1, 0.2), seed=0))
        for file in part
    }
    later = many(1500)[300:]
    random.Random(0).shuffle(later)
    for side, part in enumerate(split(later, (0.7, 0.1, 0.2), seed=0)):
        assert all(sides.get(file.id, side) == side for file in part)


def test_the_sides_are_about_as_large_as_asked():
    """The hash spreads evenly: 10,000 files land within a percentage point, also with other seeds."""
    for seed in range(3):
        parts = split(many(10_000), (0.7, 0.1, 0.2), seed=seed)
        assert [
            abs(len(part) / 10_000 - share) < 0.01 for part, share in zip(parts, (0.7, 0.1, 0.2))
        ] == [True] * 3


def test_a_split_loses_nothing_and_keeps_the_order():
    """Each file is in exactly one part, in the order of the listing."""
    files = many(500)
    for exact in (False, True):
        parts = split(files, (0.6, 0.4), seed=1, exact=exact)
        assert sorted(file.id for part in parts for file in part) == sorted(
            file.id for file in files
        )
        assert all(part == [file for file in files if file in set(part)] for part in parts)


def test_another_seed_gives_another_split():
    """And the same seed the same one, in another process too."""
    files = many(200)
    first = [file.id for file in split(files, (0.5, 0.5), seed=0)[0]]
    assert first != [file.id for file in split(files, (0.5, 0.5), seed=1)[0]]
    code = (
        "from colab_helpers.inventory import *\n"
        "files = [File(f'id-class_{n % 5}-{n}.jpg', '', f'class_{n % 5}', '', 1, None, '') for n in range(200)]\n"
        "print(*[file.id for file in split(files, (0.5, 0.5), seed=0)[0]])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert answer.stdout.split() == first


def test_exact_shares_hold_for_every_class_and_for_the_whole():
    """Within one picture of each class; and what is rounded away from one class comes back in another."""
    files = [make(f"{n}.jpg", f"class_{label}") for label in range(20) for n in range(3 + label)]
    with warnings.catch_warnings(action="ignore"):  # a class of three cannot be in all parts
        parts = split(files, (0.7, 0.1, 0.2), seed=0, exact=True)
    for part, share in zip(parts, (0.7, 0.1, 0.2)):
        assert abs(len(part) - share * len(files)) <= 1.5
        for label in range(20):
            assert (
                abs(sum(file.label == f"class_{label}" for file in part) - share * (3 + label)) <= 1
            )


def test_exact_split_of_the_flowers_is_exact():
    """17 classes of 80 in 0.7, 0.1 and 0.2 are 56, 8 and 16 of each."""
    parts = split([make(f"{n}", f"flower {label}") for label in range(17) for n in range(80)], (0.7, 0.1, 0.2), seed=3,
                  exact=True)  # fmt: skip
    assert [describe(part)["files"].unique().tolist() for part in parts] == [
        [n, 17 * n] for n in (56, 8, 16)
    ]


@pytest.mark.parametrize("exact", [False, True])
def test_a_class_of_one_picture_is_pointed_out(exact):
    """It can lie in one part only: the warning names it, and says what to do."""
    files = many(200) + [make("only.jpg", "rare")]
    with pytest.warns(
        UserWarning, match=r"no picture of 1 of 6 classes: 'rare' \(which has 1\)\. Add pictures"
    ):
        parts = split(files, (0.5, 0.5), seed=0, exact=exact)
    assert sum(len(part) for part in parts) == 201


def test_copies_in_several_parts_are_pointed_out():
    """A test picture that was trained on flatters the score; the split says so."""
    files = [make(f"{n}.jpg", md5="same") for n in range(50)]
    with pytest.warns(UserWarning, match="lie as copies in another, so a test score will flatter"):
        split(files, (0.5, 0.5), seed=0)


def test_a_sound_split_warns_of_nothing():
    """No noise where nothing is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split(many(500), (0.7, 0.1, 0.2), seed=0)


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.2), (0.5, 0.6), (1.2, -0.2), (1.0, 0.0), (float("nan"), 1.0), ()]
)
def test_fractions_must_add_up(fractions):
    """Forgotten or doubled files are worse than an error."""
    with pytest.raises(ValueError, match="add up to 1.*Received: fractions="):
        split(many(10), fractions, seed=0)


def test_a_sample_takes_some_of_each_class():
    """At most as many as asked, in the order of the listing, and a larger sample holds the smaller one."""
    files = many(100) + [make("only.jpg", "rare")]
    few, more = sample(files, 3, seed=0), sample(files, 6, seed=0)
    assert [
        sum(file.label == label for file in few) for label in ("class_0", "class_4", "rare")
    ] == [3, 3, 1]
    assert set(few) < set(more) and few == [file for file in files if file in set(few)]
    with pytest.raises(ValueError, match="Received: per_class=0"):
        sample(files, 0, seed=0)


def test_labels_come_from_a_csv_where_folders_do_not_tell_them(tmp_path):
    """Files are named by id, path or name; leading zeros and empty-looking words stay as they are."""
    csv = tmp_path / "labels.csv"
    csv.write_text("photo,kind\n007.jpg,NA\nphotos/8.jpg,null\nid-photos-9.jpg,01\n")
    files = [make("007.jpg", "photos"), make("8.jpg", "photos"), make("9.jpg", "photos")]
    labels = read_labels(csv, files, file_column="photo", label_column="kind")
    assert list(labels.values()) == ["NA", "null", "01"]
    assert describe(files, labels=labels).index.tolist() == ["01", "NA", "null", "All"]


def test_labels_by_id_need_no_listing(tmp_path):
    """A CSV of ids is what it says."""
    (tmp_path / "labels.csv").write_text("id,label\n1AbC,cat\n")
    assert read_labels(tmp_path / "labels.csv") == {"1AbC": "cat"}


def test_a_csv_that_does_not_fit_is_refused(tmp_path):
    """A missing column, a name of two files and no match at all are errors; some files without label a warning."""
    csv = tmp_path / "labels.csv"
    csv.write_text("name,label\n1.jpg,cat\n")
    with pytest.raises(
        ValueError, match=r"no column 'kind'.*Received: the columns \['name', 'label'\]"
    ):
        read_labels(csv, label_column="kind")
    with pytest.raises(ValueError, match="2 files are called so"):
        read_labels(csv, [make("1.jpg", "a"), make("1.jpg", "b")])
    with pytest.raises(ValueError, match=r"1 of 1 files have no label.*begins with \['1.jpg'\]"):
        read_labels(csv, [make("2.jpg")])
    with pytest.warns(UserWarning, match="1 of 2 files have no label in .* the first: 'cat/2.jpg'"):
        assert read_labels(csv, [make("1.jpg"), make("2.jpg")]) == {"id-cat-1.jpg": "cat"}


def test_a_saved_listing_comes_back_as_it_was(tmp_path):
    """Every attribute, whatever is in a name."""
    files = [
        make(name)
        for name in ("a'b\"c.jpg", "new\nline.jpg", "日本語 \u2028.jpg", "lone \udcff.jpg")
    ]
    files += [make("1.jpg", block="shard_1", md5="ab"), make("2.jpg", size=0)]
    inventory.save(files, tmp_path / "below" / "inventory.jsonl")
    assert inventory.load(tmp_path / "below" / "inventory.jsonl") == files


def test_a_saved_listing_is_text_that_a_person_can_open(tmp_path):
    """A line of JSON a file, names in plain letters."""
    inventory.save([make("Möwe.jpg")], tmp_path / "inventory.jsonl")
    lines = (tmp_path / "inventory.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and '"name": "Möwe.jpg"' in lines[0]


def test_saving_replaces_the_file_whole_or_not_at_all(tmp_path):
    """A listing that fails on the way leaves the saved one, and no other file."""
    path = tmp_path / "inventory.jsonl"
    inventory.save(many(3), path)
    with pytest.raises(KeyboardInterrupt):
        inventory.save(Pages(many(30), dies_after=15).list_images("photos"), path)
    assert len(inventory.load(path)) == 3 and os.listdir(tmp_path) == ["inventory.jsonl"]


@pytest.mark.parametrize("dies_after", [0, 1, 9, 10, 2500, 2999])
def test_a_killed_listing_goes_on_from_its_last_page(tmp_path, monkeypatch, dies_after):
    """What was listed is kept, pages before are not asked again, and nothing is there twice."""
    monkeypatch.setattr(inventory, "ROWS_PER_POSITION", 100)
    files, path = many(3000), tmp_path / "inventory.jsonl"
    with pytest.raises(KeyboardInterrupt):
        inventory.resume(Pages(files, page=100, dies_after=dies_after), "photos", path)
    source = Pages(files, page=100)
    assert inventory.resume(source, "photos", path) == files
    assert source.pages_asked[0] == max(0, dies_after - 1) // 100 * 100
    assert inventory.load(path) == files


def test_any_cut_of_the_file_is_survived(tmp_path, monkeypatch):
    """A kill can cut the file at any byte: the listing still ends whole, each file once."""
    monkeypatch.setattr(inventory, "ROWS_PER_POSITION", 10)
    files, path = many(40), tmp_path / "inventory.jsonl"
    with pytest.raises(KeyboardInterrupt):
        inventory.resume(Pages(files, dies_after=35), "photos", path)
    whole = path.read_bytes()
    for cut in range(0, len(whole), 61):
        path.write_bytes(whole[:cut])
        assert inventory.resume(Pages(files), "photos", path) == files


def test_a_finished_listing_asks_for_nothing(tmp_path):
    """A listing is paid for once."""
    inventory.resume(Pages(many(30)), "photos", tmp_path / "i.jsonl")
    source = Pages([])
    assert len(inventory.resume(source, "photos", tmp_path / "i.jsonl")) == 30
    assert source.pages_asked == []


def test_what_changed_during_an_interrupted_listing_is_caught_up(tmp_path, monkeypatch):
    """A file deleted, and one replaced, after its page was listed."""
    monkeypatch.setattr(inventory, "ROWS_PER_POSITION", 10)
    files = many(40)
    source = Pages(files, dies_after=25)
    with pytest.raises(KeyboardInterrupt):
        inventory.resume(source, "photos", tmp_path / "i.jsonl")
    replaced = make("1.jpg", "class_1", size=7)
    source.dies_after, source.changes = None, [("removed", files[0]), ("changed", replaced)]
    assert inventory.resume(source, "photos", tmp_path / "i.jsonl") == [replaced, *files[2:]]


def test_a_refresh_asks_only_for_what_changed(tmp_path):
    """Added, replaced and removed files; then nothing, when nothing changed."""
    files, path = many(20), tmp_path / "i.jsonl"
    source = Pages(files)
    inventory.resume(source, "photos", path)
    source.pages_asked.clear()
    new, replaced = make("new.jpg"), make("3.jpg", "class_3", size=7)
    source.changes += [("changed", new), ("changed", replaced), ("removed", files[0])]
    expected = [*files[1:3], replaced, *files[4:], new]
    assert inventory.refresh(source, path) == expected == inventory.load(path)
    source.changes += [("removed", new)]
    assert inventory.refresh(source, path) == expected[:-1]
    assert source.pages_asked == []


def test_a_refresh_lists_again_where_changes_cannot_be_told(tmp_path):
    """A folder was moved: all is listed anew, in one go."""
    path = tmp_path / "i.jsonl"
    source = Pages(many(20))
    inventory.resume(source, "photos", path)
    source.files, source.full_listing_needed = many(25), True
    assert inventory.refresh(source, path) == many(25)


def test_a_fresh_listing_that_was_saved_can_be_refreshed(tmp_path):
    """`save` keeps the position that a listing tells."""
    source = Pages(many(20))
    inventory.save(source.list_images("photos"), tmp_path / "i.jsonl", folder="photos")
    source.changes += [("removed", many(1)[0])]
    assert inventory.refresh(source, tmp_path / "i.jsonl") == many(20)[1:]


def test_a_file_that_cannot_be_gone_on_with_says_why(tmp_path, monkeypatch):
    """Another folder's listing, an unfinished one, a list without a position, a damaged line, no images."""
    monkeypatch.setattr(inventory, "ROWS_PER_POSITION", 10)
    path = tmp_path / "i.jsonl"
    with pytest.raises(KeyboardInterrupt):
        inventory.resume(Pages(many(30), dies_after=25), "photos", path)
    with pytest.raises(ValueError, match="interrupted after 25 files. Finish it"):
        inventory.load(path)
    with pytest.raises(ValueError, match="interrupted"):
        inventory.refresh(Pages([]), path)
    with pytest.raises(ValueError, match="of the folder 'photos', not of 'others'"):
        inventory.resume(Pages([]), "others", path)
    path.write_text("id,label\n1,cat\n")
    with pytest.raises(ValueError, match="Line 1 of .* is not a row of a listing"):
        inventory.load(path)
    inventory.save(many(3), path)
    with pytest.raises(ValueError, match="does not tell which folder"):
        inventory.refresh(Pages([]), path)
    with pytest.raises(ValueError, match="list in the folder 'empty': 0 images"):
        inventory.resume(Pages([]), "empty", tmp_path / "empty.jsonl")
    assert not (tmp_path / "empty.jsonl").exists()


@pytest.fixture(params=["LocalFolder", "Drive"])
def source(request, practice, drive_server, tmp_path):
    """A practice folder to change: (what to connect to, its folder, how to delete a file of it)."""
    folder = tmp_path / "drive"
    shutil.copytree(practice, folder)
    if request.param == "LocalFolder":
        return connect(folder), folder, lambda path: (folder / path).unlink()
    server = drive_server(folder, page_size_limit=5)
    return connect(endpoint=server.url), folder, server.trash


def test_a_real_source_is_listed_killed_gone_on_with_and_refreshed(source, tmp_path, monkeypatch):
    """With Drive over HTTP and with a folder: the saved listing always ends as a fresh one."""
    drive, folder, delete = source
    path, paths = tmp_path / "i.jsonl", lambda files: sorted(file.path for file in files)

    class Dies:
        def list_images(self, name, position=None):
            self.listing = drive.list_images(name, position=position)
            return self

        def __iter__(self):
            yield from itertools.islice(self.listing, 12)
            raise KeyboardInterrupt

        position = property(lambda self: self.listing.position)

    monkeypatch.setattr(inventory, "ROWS_PER_POSITION", 1)
    with pytest.raises(KeyboardInterrupt):
        inventory.resume(Dies(), ".", path)
    first = inventory._files(inventory._read_saved(path)[0])[0]
    delete(first.path)
    files = inventory.resume(drive, ".", path)
    assert paths(files) == paths(drive.list_images(".")) and len(files) == 35
    shutil.copy(folder / files[0].path, folder / files[0].label / "new.jpg")
    delete(files[1].path)
    assert paths(inventory.refresh(drive, path)) == paths(drive.list_images("."))
    assert drive.read(inventory.load(path)[-1])


def test_a_hundred_thousand_files_take_seconds(tmp_path):
    """Described, split, saved and loaded; the time is the test suite's to notice, the sizes are checked."""
    files = many(100_000, classes=100)
    assert describe(files).loc["All", "files"] == 100_000
    assert sum(map(len, split(files, (0.7, 0.1, 0.2), seed=0))) == 100_000
    inventory.save(files, tmp_path / "i.jsonl")
    assert len(inventory.load(tmp_path / "i.jsonl")) == 100_000
    assert all(json.loads(line) for line in open(tmp_path / "i.jsonl", encoding="utf-8"))
