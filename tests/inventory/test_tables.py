"""What the tables promise: they count right, and tell troubles without opening a file."""

import pytest
from listings import make_file, make_files

from colab_helpers.inventory import describe, file_table

SIZES = ["smallest kB", "median kB", "largest kB"]


def test_a_listing_is_a_table_with_a_row_a_file_in_its_order():
    """Each attribute a column, and what the name tells."""
    files = [make_file("2.jpg", md5="ab"), make_file("1.PNG", "dog", size=20)]
    table = file_table(file for file in files)
    assert table["id"].tolist() == ["id-cat-2.jpg", "id-dog-1.PNG"]
    assert table["name"].tolist() == ["2.jpg", "1.PNG"]
    assert table["label"].tolist() == ["cat", "dog"]
    assert table["path"].tolist() == ["cat/2.jpg", "dog/1.PNG"]
    assert table["size"].tolist() == [50_000, 20]
    assert table["md5"].notna().tolist() == [True, False]
    assert table["version"].tolist() == ["1", "1"]
    assert table["format"].tolist() == ["JPEG", "PNG"]
    assert table["trouble"].tolist() == ["", "under 100 bytes"]


def test_a_table_of_no_files_has_all_columns():
    """A cell that shows the troubled files does not fail where there are none."""
    assert list(file_table([])) == list(file_table(make_files(1)))


@pytest.mark.parametrize(
    "name, format_name",
    [
        ("a.jpg", "JPEG"),
        ("a.JPE", "JPEG"),
        ("a.jfif", "JPEG"),
        ("a.tif", "TIFF"),
        ("a.heif", "HEIC"),
        ("a.jpeg", "JPEG"),
        ("a.b.webp", "WEBP"),
        ("a", "unknown"),
        ("a.", "unknown"),
        (".jpg", "JPEG"),
    ],
)
def test_a_names_ending_tells_the_format(name, format_name):
    """Several endings of one format count together."""
    assert file_table([make_file(name)])["format"].tolist() == [format_name]


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
    assert file_table([make_file(name, size=size)])["trouble"].tolist() == [trouble]


def test_describe_counts_files_and_their_sizes_by_class():
    """A row a class and one for all, from any iterable, also one that can be walked only once."""
    files = [
        make_file("1.jpg", size=10_000),
        make_file("2.JPEG", size=30_000),
        make_file("3.png", "dog", size=1_234_567),
    ]
    counts = describe(file for file in files)
    assert counts.index.name == "class"
    assert counts.index.tolist() == ["cat", "dog", "All"]
    assert counts["files"].tolist() == [2, 1, 3]
    assert counts["MB"].tolist() == [0.04, 1.235, 1.275]
    assert counts.loc["All", SIZES].tolist() == [10, 30, 1234.6]
    assert counts.loc["All", "formats"] == "JPEG 2, PNG 1"


def test_describe_counts_troubles_and_copies():
    """Reasons are counted by class; a copy counts where it is listed the second time."""
    files = [
        make_file("1.jpg", md5="aa"),
        make_file("2.heic"),
        make_file("3.jpg", size=0),
        make_file("1.jpg", "dog", md5="aa"),
    ]
    counts = describe(files)
    assert counts["troubled"].tolist() == [2, 0, 2]
    assert counts.loc["cat", "reasons"] == "1 HEIC: needs pillow-heif; 1 empty"
    assert counts["duplicates"].tolist() == [0, 1, 1]


def test_files_without_a_label_are_a_class_of_their_own():
    """What `labels` does not name is not lost."""
    files = make_files(3)
    counts = describe(files, labels={files[0].id: "rose"})
    assert counts["files"].to_dict() == {"(no label)": 2, "rose": 1, "All": 3}


def test_an_empty_listing_is_not_described_but_told():
    """No images is an error that says what to look at, not an empty table."""
    with pytest.raises(ValueError, match="0 images were listed.*Check the folder's name"):
        describe([])


def test_a_hundred_thousand_files_are_described():
    """A large folder is counted as a small one is."""
    assert describe(make_files(100_000, classes=100)).loc["All", "files"] == 100_000
