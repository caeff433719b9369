"""What the bare name of a part shows: a line, and not thousands of files."""

import pytest

from colab_helpers.drive import File
from colab_helpers.inventory import Part, split


def files_of(*labels):
    return [
        File(f"{label}{n}", f"{n}.jpg", label, f"{label}/{n}.jpg", 9, None, "1")
        for label in labels
        for n in range(100)
    ]


def test_a_part_shows_how_many_files_and_classes_and_the_first():
    part, _ = split(files_of("cat", "dog"), (0.5, 0.5), seed=0)
    first = ", ".join(f"'{file.path}'" for file in part[:3])
    assert repr(part) == (
        f"Part of {len(part)} files, 2 classes in the whole: {first} and {len(part) - 3} more"
    )
    assert str(part[:1]) == f"Part of 1 file, 2 classes in the whole: '{part[0].path}'"


@pytest.mark.parametrize("label", ["\x1b[31m\u202egpj\n", ["a list"], None])
def test_whatever_the_labels_are_it_is_one_printable_line(label):
    part = Part([File("1", "1.jpg", label, f"{label}/1.jpg", 9, None, "1")])
    assert repr(part).isprintable() and repr(part).startswith("Part of 1 file")


def test_an_empty_part_says_so():
    assert repr(Part()) == "Part of 0 files"
