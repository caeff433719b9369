"""What `read_labels` promises: a CSV gives each file its label, or says which it cannot."""

import gzip

import pytest
from listings import make_file

from colab_helpers.inventory import describe, read_labels


@pytest.fixture
def write_csv(tmp_path):
    """Writes a CSV of the given lines and tells its path."""

    def write(*lines):
        path = tmp_path / "labels.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def test_labels_come_from_a_csv_where_folders_do_not_tell_them(write_csv):
    """Files are named by id, path or name; leading zeros and empty-looking words stay."""
    path = write_csv("photo,kind", "007.jpg,NA", "photos/8.jpg,null", "id-photos-9.jpg,01")
    files = [make_file(name, "photos") for name in ("007.jpg", "8.jpg", "9.jpg")]
    labels = read_labels(path, files, file_column="photo", label_column="kind")
    assert labels == {
        "id-photos-007.jpg": "NA",
        "id-photos-8.jpg": "null",
        "id-photos-9.jpg": "01",
    }
    assert describe(files, labels=labels).index.tolist() == ["01", "NA", "null", "All"]


@pytest.mark.parametrize(
    "lines",
    [
        ("name,path,id,label", "x,x,id-cat-1.jpg,rose"),
        ("name,path,label", "x,cat/1.jpg,rose"),
        ("name,label", "1.jpg,rose"),
    ],
)
def test_without_being_told_the_column_is_id_before_path_before_name(write_csv, lines):
    """The surest of the columns that are there is taken."""
    assert read_labels(write_csv(*lines), [make_file("1.jpg")]) == {"id-cat-1.jpg": "rose"}


def test_labels_by_id_need_no_listing(write_csv):
    """A CSV of ids is what it says."""
    assert read_labels(write_csv("id,label", "1AbC,cat")) == {"1AbC": "cat"}


def test_a_compressed_csv_is_read(tmp_path):
    """As downloads often are."""
    path = tmp_path / "labels.csv.gz"
    path.write_bytes(gzip.compress(b"id,label\n1AbC,cat\n"))
    assert read_labels(path) == {"1AbC": "cat"}


def test_a_missing_column_is_an_error_that_lists_the_columns(write_csv):
    """A reader sees what to give instead."""
    path = write_csv("name,label", "1.jpg,cat")
    message = r"no column 'kind'.*Received: the columns \['name', 'label'\]"
    with pytest.raises(ValueError, match=message):
        read_labels(path, label_column="kind")
    with pytest.raises(ValueError, match="no column 'photo'"):
        read_labels(path, file_column="photo")


def test_a_name_of_two_files_is_refused(write_csv):
    """It would give one of them the label of the other."""
    files = [make_file("1.jpg", "a"), make_file("1.jpg", "b")]
    with pytest.raises(ValueError, match="2 files are called so: give paths or ids there"):
        read_labels(write_csv("name,label", "1.jpg,cat"), files)


def test_a_path_tells_files_of_one_name_apart(write_csv):
    """Names may repeat where paths are given."""
    files = [make_file("1.jpg", "a"), make_file("1.jpg", "b")]
    path = write_csv("path,label", "a/1.jpg,cat", "b/1.jpg,dog")
    assert list(read_labels(path, files).values()) == ["cat", "dog"]


def test_a_csv_that_names_no_file_is_refused(write_csv):
    """The message shows how its column begins, to compare with the listing."""
    with pytest.raises(ValueError, match="no label to any of 1 files.*'1.jpg'.*'cat/2.jpg'"):
        read_labels(write_csv("name,label", "1.jpg,cat"), [make_file("2.jpg")])


def test_files_that_a_csv_does_not_name_are_counted_in_a_warning(write_csv):
    """The others have their labels."""
    path = write_csv("name,label", "1.jpg,cat")
    files = [make_file("1.jpg"), make_file("2.jpg")]
    message = "1 of 2 files have no label in .* the first: 'cat/2.jpg'"
    with pytest.warns(UserWarning, match=message) as caught:
        assert read_labels(path, files) == {"id-cat-1.jpg": "cat"}
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}
