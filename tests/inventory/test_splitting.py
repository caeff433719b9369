"""What `split` and `sample` promise: a test picture stays one, and no class is lost unseen."""

import io
import os
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
from listings import make_file, make_files

from colab_helpers.inventory import (
    File,
    describe,
    duplicates,
    file_table,
    pair,
    read_labels,
    sample,
    split,
    split_by_folder,
)

SHARES = (0.7, 0.1, 0.2)


def ids(files):
    return [file.id for file in files]


def part_by_id(parts):
    return {file.id: number for number, part in enumerate(parts) for file in part}


def test_a_file_never_changes_sides():
    """Whatever is added, removed or listed in another order, the part of a file stays."""
    part_before = part_by_id(split(make_files(1000), SHARES, seed=0))
    later = make_files(1500)[300:]
    random.Random(0).shuffle(later)
    part_after = part_by_id(split(later, SHARES, seed=0))
    stayed = part_before.keys() & part_after.keys()
    assert len(stayed) == 700
    assert all(part_before[file_id] == part_after[file_id] for file_id in stayed)


PINNED_IDS = [
    *("1a", "1b", "1c", "1d", "1e", "1f", "1g", "1h", "1i", "1j"),
    *("1k", "1l", "1m", "1n", "1o", "1p"),
    *("rose/1.jpg", "rose/é.jpg", "Möwe/日本.jpg", "lone \udcff.jpg"),
]
PINNED_FILES = [
    File(file_id, file_id, "dog" if number % 2 == 0 else "cat", file_id, 9, None, "1")
    for number, file_id in enumerate(PINNED_IDS)
]


@pytest.mark.parametrize(
    "seed, fractions, exact, parts",
    [
        (0, (0.7, 0.1, 0.2), False, "00000000000000200020"),
        (1, (0.7, 0.1, 0.2), False, "00000100200002001000"),
        (0, (0.5, 0.5), False, "00000001000001101010"),
        (123, (0.1,) * 10, False, "36134014141176106179"),
        (0, (0.7, 0.1, 0.2), True, "00000002000102201020"),
        (7, (0.6, 0.4), True, "00110010001110010001"),
    ],
)
@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_which_part_an_id_goes_into_is_the_same_in_all_versions(seed, fractions, exact, parts):
    """These values never change: else test pictures move into training with an update."""
    part_of = part_by_id(split(PINNED_FILES, fractions, seed=seed, exact=exact))
    assert "".join(str(part_of[file_id]) for file_id in PINNED_IDS) == parts


@pytest.mark.parametrize(
    "seed, expected",
    [
        (0, ["1f", "1g", "1k", "1m", "1p", "lone \udcff.jpg"]),
        (5, ["1a", "1b", "1g", "1m", "1n", "lone \udcff.jpg"]),
    ],
)
def test_what_a_sample_takes_is_the_same_in_all_versions(seed, expected):
    """These values never change either."""
    assert ids(sample(PINNED_FILES, 3, seed=seed)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_the_parts_are_about_as_large_as_asked(seed):
    """Ids spread evenly: 10,000 files land within a percentage point of each share."""
    parts = split(make_files(10_000), SHARES, seed=seed)
    for part, share in zip(parts, SHARES, strict=True):
        assert len(part) / 10_000 == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("exact", [False, True])
def test_a_split_loses_nothing_and_keeps_the_order(exact):
    """Each file is in exactly one part, in the order of the listing."""
    files = make_files(500)
    parts = split(files, (0.6, 0.4), seed=1, exact=exact)
    assert sorted(ids(parts[0]) + ids(parts[1])) == sorted(ids(files))
    for part in parts:
        members = set(part)
        assert part == [file for file in files if file in members]


def test_a_hundred_thousand_files_are_split_without_loss():
    """A large folder is split as a small one is."""
    parts = split(make_files(100_000, classes=100), SHARES, seed=0)
    assert sum(map(len, parts)) == 100_000


def test_another_seed_gives_another_split():
    """So that a result can be tried on several splits."""
    files = make_files(200)
    assert split(files, (0.5, 0.5), seed=0) != split(files, (0.5, 0.5), seed=1)


def test_one_seed_gives_the_same_split_in_another_process():
    """Python's own hashes differ by process; the split does not depend on them."""
    code = (
        "from colab_helpers.inventory import File, split\n"
        "files = [\n"
        "    File(f'id-class_{n % 5}-{n}.jpg', '', f'class_{n % 5}', '', 1, None, '')\n"
        "    for n in range(200)\n"
        "]\n"
        "print(*[file.id for file in split(files, (0.5, 0.5), seed=0)[0]])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    )
    assert answer.stdout.split() == ids(split(make_files(200), (0.5, 0.5), seed=0)[0])


@pytest.mark.filterwarnings("ignore:Part .* has no picture")  # three pictures and three parts
def test_exact_shares_hold_for_every_class_and_for_the_whole():
    """Within one picture of each class; what one class rounds away, another gets back."""
    class_sizes = {f"class_{number}": 3 + number for number in range(20)}
    files = [
        make_file(f"{number}.jpg", label)
        for label, size in class_sizes.items()
        for number in range(size)
    ]
    parts = split(files, SHARES, seed=0, exact=True)
    for part, share in zip(parts, SHARES, strict=True):
        assert len(part) == pytest.approx(share * len(files), abs=1.5)
        for label, size in class_sizes.items():
            of_class = [file for file in part if file.label == label]
            assert len(of_class) == pytest.approx(share * size, abs=1)


def test_an_exact_split_of_17_classes_of_80_is_exact():
    """As Flowers-17 has them: 0.7, 0.1 and 0.2 are 56, 8 and 16 of each class."""
    files = [make_file(f"{n}.jpg", f"flower {label}") for label in range(17) for n in range(80)]
    parts = split(files, SHARES, seed=3, exact=True)
    for part, of_each in zip(parts, (56, 8, 16), strict=True):
        assert describe(part)["files"].tolist() == [of_each] * 17 + [of_each * 17]


def test_an_exact_split_by_labels_shares_out_each_label():
    """`labels` stands in place of the folders."""
    files = make_files(100)
    labels = {file.id: "odd" if number % 2 else "even" for number, file in enumerate(files)}
    first, second = split(files, (0.5, 0.5), seed=0, exact=True, labels=labels)
    assert describe(first, labels=labels)["files"].tolist() == [25, 25, 50]
    assert describe(second, labels=labels)["files"].tolist() == [25, 25, 50]


@pytest.mark.parametrize("exact", [False, True])
def test_a_class_of_one_picture_is_pointed_out(exact):
    """It can lie in one part only: the warning names it, and says what to do."""
    files = make_files(200) + [make_file("only.jpg", "rare")]
    message = r"no picture of 1 of 6 classes: 'rare' \(which has 1\)\. Add pictures"
    with pytest.warns(UserWarning, match=message):
        parts = split(files, (0.5, 0.5), seed=0, exact=exact)
    assert sum(map(len, parts)) == 201


def test_a_warning_names_three_of_many_missing_classes():
    """A message stays readable in a folder of many small classes."""
    files = [make_file("only.jpg", f"class_{number}") for number in range(40)]
    message = r"classes: ('class_\d+' \(which has 1\)(, )?){3} and \d+ more\."
    with pytest.warns(UserWarning, match=message):
        split(files, (0.5, 0.5), seed=0)


def test_copies_in_several_parts_are_pointed_out():
    """A test picture that was trained on flatters the score; the split says so."""
    files = [make_file(f"{n}.jpg", md5="same") for n in range(50)]
    with pytest.warns(
        UserWarning, match="1 pictures of one part lie as copies in another, so a test score will"
    ):
        split(files, (0.5, 0.5), seed=0)


@pytest.mark.parametrize("draw", ["split", "sample", "list"])
def test_shares_of_what_the_same_seed_drew_are_said_to_be_wrong(draw):
    """A part stays a part whatever is taken away, so the same seed divides it no further."""
    files = [make_file(f"{n}.jpg") for n in range(400)]
    if draw == "sample":
        drawn = sample(files, 50, seed=3)
    else:
        drawn = split(files, (0.8, 0.2), seed=3)[0]
    if draw == "list":
        drawn = [file for file in drawn]
    with pytest.warns(UserWarning, match="drawn with seed 3 before.* another `seed`, such as 4"):
        split(drawn, (0.75, 0.25), seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = split(drawn, (0.75, 0.25), seed=4)
        split(drawn, (0.75, 0.25), seed=3, exact=True)
    assert len(second) == pytest.approx(len(drawn) / 4, rel=0.4)


def test_groups_that_the_same_seed_drew_are_told_from_new_ones():
    files = [make_file(f"{n}.jpg") for n in range(600)]
    groups = {file.id: number // 2 for number, file in enumerate(files)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, _ = split(files, (0.7, 0.3), seed=0, groups=groups)
        split(train, (0.5, 0.5), seed=1, groups=groups)
    with pytest.warns(UserWarning, match="drawn with seed 0 before"):
        split(train, (0.5, 0.5), seed=0, groups=groups)


def test_warnings_point_to_the_line_that_split():
    """A reader of the notebook sees their own cell."""
    files = [make_file(f"{n}.jpg", md5="same") for n in range(50)] + [make_file("a.jpg", "rare")]
    with pytest.warns(UserWarning) as caught:
        split(files, (0.5, 0.5), seed=0)
    assert [warning.filename for warning in caught] == [__file__, __file__]


def test_a_sound_split_warns_of_nothing():
    """No noise where nothing is wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split(make_files(500), SHARES, seed=0)


@pytest.mark.parametrize(
    "fractions", [(0.7, 0.2), (0.5, 0.6), (1.2, -0.2), (1.0, 0.0), (float("nan"), 1.0), ()]
)
def test_fractions_must_add_up(fractions):
    """Forgotten or doubled files are worse than an error."""
    with pytest.raises(ValueError, match="add up to 1.*Received: fractions="):
        split(make_files(10), fractions, seed=0)


def test_an_empty_listing_is_not_split_but_told():
    """No images is an error that says what to look at, not a division by zero."""
    with pytest.raises(ValueError, match="0 images were listed.*Check the folder's name"):
        split(iter([]), (0.5, 0.5), seed=0)


def test_a_sample_takes_some_of_each_class():
    """At most as many as asked, in the order of the listing."""
    files = make_files(100) + [make_file("only.jpg", "rare")]
    few = sample(files, 3, seed=0)
    counts = describe(few)["files"]
    assert counts[["class_0", "class_4", "rare"]].tolist() == [3, 3, 1]
    members = set(few)
    assert few == [file for file in files if file in members]


def test_a_larger_sample_holds_the_smaller_one():
    """What was tried on few pictures goes on with more."""
    files = make_files(100)
    assert set(sample(files, 3, seed=0)) < set(sample(files, 6, seed=0))


def test_a_sample_of_nothing_is_refused():
    """A mistyped number is an error, not an empty list."""
    with pytest.raises(ValueError, match="Received: per_class=0"):
        sample(make_files(10), 0, seed=0)


@pytest.mark.parametrize("fraction", [0.2, 0.8])
def test_a_single_fraction_says_what_to_write(fraction):
    with pytest.raises(ValueError) as caught:
        split(make_files(10), fraction, seed=0)
    assert str(caught.value) == (
        "`fractions` must be positive numbers that add up to 1, one for each part: write "
        f"(0.8, 0.2). Received: fractions={fraction}"
    )


@pytest.mark.parametrize(
    "fractions", [None, 1, "0.8,0.2", (0.8, "0.2"), (0.8, None), {"train": 0.8, "test": 0.2}]
)
def test_what_are_no_fractions_is_refused(fractions):
    with pytest.raises(ValueError, match=r"such as \(0\.7, 0\.1, 0\.2\)\. Received: fractions="):
        split(make_files(10), fractions, seed=0)


def test_fractions_may_be_of_numpy():
    files = make_files(1000)
    assert split(files, np.array(SHARES), seed=0) == split(files, SHARES, seed=0)


@pytest.mark.parametrize("seed", [None, 0.0, "0", True, float("nan"), [0]])
def test_a_seed_is_an_integer(seed):
    """None is no random split either: a test picture would not stay one."""
    words = "`seed` must be an integer, such as 0. Received: seed="
    with pytest.raises(ValueError, match=words):
        split(make_files(10), SHARES, seed=seed)
    with pytest.raises(ValueError, match=words):
        sample(make_files(10), 1, seed=seed)


def test_a_seed_of_numpy_is_the_same_seed():
    files = make_files(100)
    assert split(files, SHARES, seed=np.int64(3)) == split(files, SHARES, seed=3)
    assert sample(files, np.int64(2), seed=np.uint8(3)) == sample(files, 2, seed=3)


@pytest.mark.parametrize("per_class", [1.5, 2.0, True, None, "2", -1])
def test_a_sample_is_of_a_whole_number(per_class):
    with pytest.raises(ValueError, match="`per_class` must be an integer of at least 1. Received:"):
        sample(make_files(10), per_class, seed=0)


def test_a_sample_of_no_files_is_told():
    with pytest.raises(ValueError, match="nothing to sample: 0 images were listed"):
        sample([], 1, seed=0)


@pytest.mark.parametrize("files", [None, "flowers", ["a.jpg"], make_file("a.jpg"), [None]])
@pytest.mark.parametrize(
    "take_files",
    [
        lambda files: split(files, SHARES, seed=0),
        lambda files: sample(files, 1, seed=0),
        lambda files: describe(files),
        lambda files: file_table(files),
        lambda files: duplicates(files),
        lambda files: pair(files, make_files(2)),
        lambda files: split_by_folder(files),
        lambda files: read_labels(io.StringIO("file,label\n"), files or 0),  # None is allowed
    ],
)
def test_what_are_no_files_is_refused_before_it_is_looked_into(take_files, files):
    with pytest.raises(ValueError, match=r"`files` must be a list of files.*drive\.list_images"):
        take_files(files)
