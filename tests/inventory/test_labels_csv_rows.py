"""How `read_labels` finds the file of a row, and what it refuses to guess."""

import io
import warnings

import pytest

from colab_helpers.inventory import File, read_labels


def make_files(*paths):
    """Files of a Drive, whose ids tell nothing."""
    return [
        File(str(number), path.split("/")[-1], "photos", path, 5000, None, "1")
        for number, path in enumerate(paths, start=1)
    ]


def read(text, files, **options):
    return read_labels(io.StringIO(text), files, **options)


def silently(call, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call(*arguments, **options)


FLAT = make_files("0a1.jpg", "0b2.jpg")


@pytest.mark.parametrize(
    "first, second",
    [
        ("0a1", "0b2"),
        ("0a1.jpg", "0b2.jpg"),
        ("./0a1.jpg", "./0b2.jpg"),
        ("/kaggle/train/0a1.jpg", "/kaggle/train/0b2.jpg"),
        ("/kaggle/train/0a1", "/kaggle/train/0b2"),
        ("train\\0a1.jpg", "train\\0b2.jpg"),
        ("C:\\data\\train\\0a1.jpg", "C:\\data\\train\\0b2.jpg"),
        ("train//0a1.jpg", "train//0b2.jpg"),
        (" 0a1.jpg ", " 0b2.jpg "),
        ("1", "2"),
    ],
)
def test_names_without_ending_and_with_folders_in_front_are_found(first, second):
    """As Kaggle's tables name pictures, and Windows' programs."""
    labels = silently(read, f"id,breed\n{first},pug\n{second},boxer\n", FLAT, label_column="breed")
    assert labels == {"1": "pug", "2": "boxer"}


def test_a_path_may_begin_at_the_top_of_the_drive():
    """The listing begins at "photos"."""
    files = make_files("cat/1.jpg", "dog/1.jpg")
    text = "path,label\nMyDrive/photos/cat/1.jpg,cat\nMyDrive/photos/dog/1.jpg,dog\n"
    assert silently(read, text, files) == {"1": "cat", "2": "dog"}


def test_a_path_may_begin_further_down_than_the_listing():
    files = make_files("data/cat/1.jpg", "data/dog/1.jpg")
    assert silently(read, "path,label\ncat/1.jpg,c\ndog/1.jpg,d\n", files) == {"1": "c", "2": "d"}


def test_the_file_with_most_folders_in_common_is_meant():
    files = make_files("1.jpg", "a/1.jpg")
    text = "path,label\nphotos/a/1.jpg,nested\nphotos/1.jpg,top\n"
    assert silently(read, text, files) == {"1": "top", "2": "nested"}


def test_a_row_of_another_folder_is_not_taken_for_a_file_of_the_same_name():
    """Of cat/1.jpg only the name is known to dog/1.jpg."""
    with pytest.warns(UserWarning) as caught:
        labels = read(
            "path,label\ndog/1.jpg,d\ncat/2.jpg,c\n", make_files("cat/1.jpg", "cat/2.jpg")
        )
    assert labels == {"2": "c"}
    [files_without, rows_without] = [str(warning.message) for warning in caught]
    assert "1 of 2 files have no label in 'CSV', the first: 'cat/1.jpg'" in files_without
    assert "1 of 2 rows of 'CSV' name no file of the listing" in rows_without
    assert "'dog/1.jpg' in line 2" in rows_without


def test_a_slash_in_a_name_is_found_as_the_name_or_the_path_has_it():
    file = File("1", "a/b.jpg", "photos", "a_b.jpg", 5000, None, "1")
    for key in ("a/b.jpg", "a_b.jpg"):
        assert silently(read, f"name,label\n{key},cat\n", [file]) == {"1": "cat"}


@pytest.mark.parametrize(
    "listed, written", [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")]
)
def test_composed_and_decomposed_names_are_one(listed, written):
    """Of files and of classes."""
    labels = silently(read, f"name,label\n{written}.jpg,{written}\n", make_files(f"{listed}.jpg"))
    assert labels == {"1": "caf\u00e9"}


def test_a_file_listed_several_times_is_one_file():
    """As oversampling does."""
    assert silently(read, "name,label\n0a1.jpg,cat\n", [FLAT[0]] * 3) == {"1": "cat"}


# What is refused


def test_two_labels_for_one_file_are_refused_with_both_lines():
    text = "name,label\n0a1.jpg,cat\n0b2.jpg,cat\n0a1.jpg,dog\n"
    message = r"gives '0a1.jpg' two labels: 'cat' in line 2 and 'dog' in line 4"
    with pytest.raises(ValueError, match=message):
        read(text, FLAT)
    with pytest.raises(ValueError, match=message):
        read(text, None, file_column="name")


@pytest.mark.parametrize("other_way", ["./0a1.jpg", "train/0a1.jpg", "0a1", "1"])
def test_two_labels_are_refused_in_whatever_way_the_rows_name_the_file(other_way):
    with pytest.raises(ValueError, match="two labels"):
        read(f"name,label\n0a1.jpg,cat\n{other_way},dog\n", FLAT)


def test_the_same_label_twice_does_no_harm():
    text = "name,label\n0a1.jpg,cat\n0b2.jpg,dog\n0a1.jpg,cat\n"
    assert silently(read, text, FLAT) == {"1": "cat", "2": "dog"}


@pytest.mark.parametrize(
    "key, paths",
    [
        ("0a1", ("0a1.jpg", "0a1.png")),
        ("0a1", ("a/0a1.jpg", "b/0a1.jpg")),
        ("1.jpg", ("a/1.jpg", "b/1.jpg")),
        ("1.jpg", ("1.jpg", "a/1.jpg")),
        ("a/1.jpg", ("x/a/1.jpg", "y/a/1.jpg")),
        ("1.jpg", ("1.jpg", "1.jpg")),
    ],
)
def test_what_may_be_several_files_is_refused_with_their_paths(key, paths):
    message = f"names '{key}' in line 2, but 2 files are called so: give paths or ids"
    with pytest.raises(ValueError, match=message):
        read(f"name,label\n{key},cat\n", make_files(*paths))


def test_in_a_local_folder_whose_ids_are_paths_a_name_alone_is_no_surer():
    files = [File(path, "1.jpg", "x", path, 5000, None, "1") for path in ("1.jpg", "a/1.jpg")]
    with pytest.raises(ValueError, match="2 files are called so"):
        read("name,label\n1.jpg,cat\n", files)
    assert len(silently(read, "path,label\n1.jpg,cat\na/1.jpg,dog\n", files)) == 2


def test_an_empty_label_is_none():
    with pytest.warns(UserWarning, match="1 of 2 files have no label"):
        assert read("name,label\n0a1.jpg,cat\n0b2.jpg,\n", FLAT) == {"1": "cat"}


# Several columns that may name a file

NUMBERED = [
    File(f"1x{number}", f"{number}.jpg", "photos", f"{number}.jpg", 5000, None, "1")
    for number in range(1, 4)
]


def test_a_running_number_beside_a_name_is_not_guessed_to_be_the_name():
    """Row 1 of "1,3.jpg,cat" is not 1.jpg."""
    text = "id,name,label\n1,3.jpg,cat\n2,2.jpg,dog\n3,1.jpg,fox\n"
    with pytest.raises(
        ValueError, match=r"Line 2 .* names two files.*'1\.jpg'.*'3\.jpg'.*file_col"
    ):
        read(text, NUMBERED)
    labels = silently(read, text, NUMBERED, file_column="name")
    assert labels == {"1x3": "cat", "1x2": "dog", "1x1": "fox"}


def test_the_first_column_that_names_any_file_is_taken():
    text = "id,name,label\n100,3.jpg,cat\n101,2.jpg,dog\n102,1.jpg,fox\n"
    labels = silently(read, text, NUMBERED)
    assert labels == {"1x3": "cat", "1x2": "dog", "1x1": "fox"}


def test_columns_that_agree_and_names_that_several_files_have_are_no_contradiction():
    files = make_files("a/1.jpg", "b/1.jpg")
    text = "id,name,label\n1,1.jpg,cat\n2,1.jpg,dog\n"
    assert silently(read, text, files) == {"1": "cat", "2": "dog"}
