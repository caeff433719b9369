"""What a part of `split` promises: it knows the classes of the whole, whatever it is made into."""

import copy
import pickle
import random

import pytest
from listings import make_file, make_files

from colab_helpers.inventory import Part, load_inventory, sample, save_inventory, split

WHOLE = [*make_files(200, classes=2), *(make_file(f"{n}.jpg", "rare") for n in range(3))]
CLASSES = ["class_0", "class_1", "rare"]


@pytest.fixture(scope="module")
def poor():
    """A part that lacks the rare class."""
    with pytest.warns(UserWarning, match="'rare'"):
        parts = split(WHOLE, (0.65, 0.15, 0.2), seed=0)
    [first, second, third] = parts
    assert "rare" not in {file.label for file in second}
    return second


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_all_parts_know_the_classes_of_the_whole(exact):
    for part in split(WHOLE, (0.65, 0.15, 0.2), seed=0, exact=exact):
        assert part.class_names == CLASSES


def test_the_missing_class_is_told_once_with_each_part_that_lacks_it():
    """One warning of one split: which part, which class, and how many it has in all."""
    with pytest.warns(UserWarning) as caught:
        split(WHOLE, (0.65, 0.15, 0.2), seed=1)
    [warning] = caught
    words = str(warning.message)
    assert "Part 2 of 3 has no picture of 1 of 3 classes: 'rare' (which has 3)." in words
    assert "Part 3 of 3 has no picture of 1 of 3 classes: 'rare' (which has 3)." in words
    assert "All parts number their classes alike." in words


@pytest.mark.parametrize(
    "make",
    [
        lambda part: part[:2],
        lambda part: part[::-1],
        lambda part: part[:0],
        lambda part: part + part,
        lambda part: part + [],
        lambda part: [] + part,
        lambda part: part * 3,
        lambda part: 3 * part,
        lambda part: part.copy(),
        copy.copy,
        copy.deepcopy,
        lambda part: pickle.loads(pickle.dumps(part)),
        lambda part: sample(part, 2, seed=0),
    ],
)
def test_what_is_made_of_a_part_knows_the_classes_too(poor, make):
    made = make(poor)
    assert isinstance(made, Part)
    assert made.class_names == CLASSES


@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_parts_of_a_part_know_the_classes_of_the_first_whole(poor):
    for part in split(poor, (0.5, 0.5), seed=3):
        assert part.class_names == CLASSES


def test_a_part_is_a_list(poor):
    """It compares, shuffles and sorts as one; a list that is built anew is a plain one."""
    files = list(poor)
    assert poor == files
    assert poor[0] is files[0]
    shuffled = poor.copy()
    random.Random(0).shuffle(shuffled)
    assert set(shuffled) == set(files)
    assert shuffled.class_names == CLASSES
    assert type([file for file in poor]) is list


def add_by_append(part, file):
    part.append(file)
    return part


def add_by_insert(part, file):
    part.insert(0, file)
    return part


def add_by_extend(part, file):
    part.extend([file])
    return part


def add_in_place(part, file):
    part += [file]
    return part


@pytest.mark.parametrize(
    "add",
    [
        add_by_append,
        add_by_insert,
        add_by_extend,
        add_in_place,
        lambda part, file: part + [file],
        lambda part, file: [file] + part,
    ],
)
def test_a_file_of_another_class_adds_its_class(poor, add):
    added = add(poor.copy(), make_file("1.jpg", "another"))
    assert added.class_names == ["another", *CLASSES]


def test_two_parts_together_know_the_classes_of_both():
    first = Part([make_file("1.jpg", "cat")], ["cat", "dog"])
    second = Part([make_file("2.jpg", "emu")], ["emu", "fox"])
    assert (first + second).class_names == ["cat", "dog", "emu", "fox"]
    first += second
    assert first.class_names == ["cat", "dog", "emu", "fox"]


@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_classes_of_a_table_are_those_of_the_whole_table():
    """Also those of files that are not in the listing; a file without a label adds none."""
    labels = {file.id: "odd" if n % 2 else "even" for n, file in enumerate(WHOLE[:30])}
    labels["elsewhere"] = "zero"
    labels["nowhere"] = None
    for part in split(WHOLE, (0.5, 0.5), seed=0, labels=labels):
        assert part.class_names == ["even", "odd", "zero"]


def test_composed_and_decomposed_names_are_one_class():
    files = [make_file("1.jpg", "caf\u00e9"), make_file("2.jpg", "cafe\u0301")]
    assert Part(files).class_names == ["caf\u00e9"]


def test_capitals_come_first_as_in_any_sorted_list():
    """The order in which a sequence numbers its classes."""
    files = [make_file("1.jpg", label) for label in ("b", "A", "a", "B", "\u00e9", "10", "9")]
    assert Part(files).class_names == ["10", "9", "A", "B", "a", "b", "\u00e9"]


def test_a_part_is_saved_as_any_listing(poor, tmp_path):
    save_inventory(poor, tmp_path / "part.jsonl")
    assert load_inventory(tmp_path / "part.jsonl") == poor


def test_a_sequence_numbers_the_classes_of_a_part_as_those_of_the_whole(poor):
    """What the parts are for: label 1 means one class in all of them."""
    stream = pytest.importorskip("colab_helpers.stream")
    decode = stream.decoder((8, 8))
    rest = [file for file in WHOLE if file not in poor]
    train = stream.StreamingSequence(Part(rest, CLASSES), lambda file: b"", decode)
    validation = stream.StreamingSequence(poor, lambda file: b"", decode)
    assert validation.class_names == train.class_names == CLASSES


def test_labels_that_are_no_mapping_are_refused_with_the_line_that_makes_one():
    with pytest.raises(ValueError, match=r"\{id: label\}.*dict\(zip\(.*Received: list"):
        split(WHOLE, (0.5, 0.5), seed=0, labels=["cat"] * len(WHOLE))


def test_a_label_that_is_no_class_is_refused_with_its_file():
    labels = {file.id: [1, 0] for file in WHOLE}
    with pytest.raises(ValueError, match=r"'0.jpg' \(id .*has the label \[1, 0\]"):
        split(WHOLE, (0.5, 0.5), seed=0, labels=labels)
