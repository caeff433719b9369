"""What `split(groups=...)` promises: a group lies on one side, and stays there."""

import random
from fractions import Fraction

import numpy as np
import pytest
from listings import make_file, make_files

from colab_helpers.inventory import split

SHARES = (0.7, 0.1, 0.2)
FILES = [
    make_file(f"{patient}_{n}.jpg", "ab"[patient % 2])
    for patient in range(120)
    for n in range(1 + patient % 7)
]
PATIENTS = {file.id: int(file.name.split("_")[0]) for file in FILES}


def part_by_group(parts):
    return {PATIENTS[file.id]: number for number, part in enumerate(parts) for file in part}


@pytest.mark.parametrize("exact", [False, True])
def test_a_group_is_in_one_part_only_and_no_file_is_lost(exact):
    parts = split(FILES, SHARES, seed=0, groups=PATIENTS, exact=exact)
    groups = [{PATIENTS[file.id] for file in part} for part in parts]
    assert groups[0].isdisjoint(groups[1])
    assert groups[0].isdisjoint(groups[2])
    assert groups[1].isdisjoint(groups[2])
    assert sorted(file.id for part in parts for file in part) == sorted(PATIENTS)


def test_a_group_never_changes_sides():
    """Whatever is added, removed or listed in another order."""
    before = part_by_group(split(FILES, SHARES, seed=0, groups=PATIENTS))
    later = FILES[100:]
    random.Random(0).shuffle(later)
    after = part_by_group(split(later, SHARES, seed=0, groups=PATIENTS))
    assert after.items() <= before.items()


@pytest.mark.parametrize("exact", [False, True])
def test_the_order_of_the_listing_does_not_matter(exact):
    shuffled = FILES.copy()
    random.Random(0).shuffle(shuffled)
    before = part_by_group(split(FILES, SHARES, seed=0, groups=PATIENTS, exact=exact))
    assert part_by_group(split(shuffled, SHARES, seed=0, groups=PATIENTS, exact=exact)) == before


@pytest.mark.parametrize("seed", range(3))
def test_exact_shares_are_as_close_as_groups_allow(seed):
    """Each class within half of the largest group of its share."""
    parts = split(FILES, SHARES, seed=seed, groups=PATIENTS, exact=True)
    for label in "ab":
        size = sum(file.label == label for file in FILES)
        for part, share in zip(parts, SHARES, strict=True):
            assert sum(file.label == label for file in part) == pytest.approx(share * size, abs=3.5)


@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_a_group_larger_than_its_share_stays_whole():
    """95 pictures of one patient cannot be shared out as 90 and 10."""
    files = make_files(100, classes=1)
    groups = {file.id: "giant" if n < 95 else n for n, file in enumerate(files)}
    parts = split(files, (0.9, 0.1), seed=0, groups=groups, exact=True)
    assert [len(part) for part in parts] == [95, 5]


GROUPS = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "Möwe", "\udcff"]


@pytest.mark.parametrize(
    "seed, exact, parts",
    [(0, False, "110101100011"), (1, False, "011110000010"), (0, True, "010100111001")],
)
def test_which_part_a_group_goes_into_is_the_same_in_all_versions(seed, exact, parts):
    """These values never change: else patients move from testing into training with an update."""
    groups = {}
    files = []
    for place, group in enumerate(GROUPS):
        for number in range(1 + place % 3):
            file = make_file(f"{place}_{number}.jpg", "ab"[(place + number) % 2])
            files.append(file)
            groups[file.id] = group
    part_of = {}
    for number, part in enumerate(split(files, (0.5, 0.5), seed=seed, groups=groups, exact=exact)):
        part_of.update((groups[file.id], number) for file in part)
    assert "".join(str(part_of[group]) for group in GROUPS) == parts


def test_groups_of_one_file_named_by_its_id_split_as_without_groups():
    files = make_files(200)
    groups = {file.id: file.id for file in files}
    assert split(files, SHARES, seed=0, groups=groups) == split(files, SHARES, seed=0)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_files_without_a_group_are_refused_with_the_line_that_gives_them_one(missing):
    """In another part than their kin they would flatter the score without a word."""
    groups = {**PATIENTS, FILES[0].id: missing, FILES[1].id: missing}
    with pytest.raises(ValueError, match=r"2 of 477 files have no group: 'a/0_0.jpg'.*groups.get"):
        split(FILES, SHARES, seed=0, groups=groups)


def halves(groups, exact):
    """The part of each file, where every group has two files."""
    files = [make_file(f"{n}.jpg", "cat") for n in range(len(groups))]
    by_id = {file.id: group for file, group in zip(files, groups, strict=True)}
    parts = split(files, (0.5, 0.5), seed=0, groups=by_id, exact=exact)
    part_of = {file.name: number for number, part in enumerate(parts) for file in part}
    return [part_of[file.name] for file in files]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    "other",
    [float, Fraction, np.int64, np.uint8, np.float32, str],
)
def test_a_number_is_one_group_however_it_is_kept(other, exact):
    groups = [kind(n) for n in range(100) for kind in (int, other)]
    parts = halves(groups, exact)
    assert parts[::2] == parts[1::2]
    assert set(parts) == {0, 1}


@pytest.mark.parametrize("exact", [False, True])
def test_a_name_is_one_group_whichever_way_its_accents_are_written(exact):
    groups = [f"caf{accented}{n}" for n in range(100) for accented in ("\u00e9", "e\u0301")]
    parts = halves(groups, exact)
    assert parts[::2] == parts[1::2]
    assert set(parts) == {0, 1}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    "group",
    [
        frozenset({"a", "b"}),
        object(),
        ("ward", 1),
        1.5,
        float("inf"),
        b"a",
        ["a"],
        np.array([1, 2]),
    ],
)
def test_a_group_that_is_neither_text_nor_whole_number_is_refused(group, exact):
    """Another process may write it otherwise, and pictures would move into another part."""
    groups = {**PATIENTS, FILES[0].id: group}
    message = r"group of 'a/0_0.jpg' \(id .*\) must be a text or a whole number.*Received: "
    with pytest.raises(ValueError, match=message):
        split(FILES, SHARES, seed=0, groups=groups, exact=exact)


def test_groups_that_are_no_mapping_are_refused():
    with pytest.raises(ValueError, match=r"\{id: group\}.*Received: list"):
        split(FILES, SHARES, seed=0, groups=["patient"] * len(FILES))


def test_parts_are_split_again_by_scikit_learns_group_folds():
    """Cross-validation by group takes a part as it takes any list."""
    model_selection = pytest.importorskip("sklearn.model_selection")
    train, _ = split(FILES, (0.8, 0.2), seed=0, groups=PATIENTS)
    labels = [file.label for file in train]
    patients = [PATIENTS[file.id] for file in train]
    folds = model_selection.StratifiedGroupKFold(3).split(train, labels, patients)
    for fitted, held_out in folds:
        assert {patients[n] for n in fitted}.isdisjoint(patients[n] for n in held_out)
