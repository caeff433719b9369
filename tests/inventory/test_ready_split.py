"""What `split_by_folder` promises: folders that are split already stay so, with one numbering."""

import warnings

import pytest

from colab_helpers.inventory import File, describe, split, split_by_folder


def make_file(path):
    names = path.split("/")
    return File(
        f"id {path}", names[-1], names[-2] if len(names) > 1 else "top", path, 9000, None, "1"
    )


def make_listing(*folders, classes=("cat", "dog"), above=""):
    paths = [
        f"{above}{folder}/{label}/{n}.jpg"
        for folder in folders
        for label in classes
        for n in (1, 2)
    ]
    return [make_file(path) for path in paths]


def paths(part):
    return [file.path for file in part]


def test_the_parts_are_the_folders_in_the_order_asked_for():
    files = make_listing("test", "train", "val")
    train, val, test = split_by_folder(files)
    assert paths(train) == [
        "train/cat/1.jpg",
        "train/cat/2.jpg",
        "train/dog/1.jpg",
        "train/dog/2.jpg",
    ]
    assert {path.split("/")[0] for path in paths(val)} == {"val"}
    assert {path.split("/")[0] for path in paths(test)} == {"test"}


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation", "VAL"])
def test_the_usual_names_of_a_part_are_one_and_capitals_do_not_matter(name):
    for asked in ("val", "valid", "validation"):
        _, val = split_by_folder(make_listing("Training", name), ("train", asked))
        assert len(val) == 4


def test_a_folder_of_exactly_this_name_is_the_one_that_is_meant():
    files = make_listing("train", "val", "validation")
    with pytest.warns(UserWarning, match="Left out 4 pictures"):
        _, val = split_by_folder(files, ("train", "val"))
    assert {path.split("/")[0] for path in paths(val)} == {"val"}
    with pytest.raises(ValueError, match="may be each of 'val', 'validation'"):
        split_by_folder(files, ("train", "valid"))


def test_all_parts_number_the_classes_of_the_whole():
    """Also a part that lacks one, which is told."""
    files = make_listing("train") + make_listing("val", classes=("dog",))
    with pytest.warns(UserWarning, match="Part 2 of 2 has no picture of 1 of 2 classes: 'cat'"):
        train, val = split_by_folder(files, ("train", "val"))
    assert train.class_names == val.class_names == ["cat", "dog"]


def test_the_label_is_the_class_folder_however_deep_a_picture_lies():
    """The first folder below the part's, in one form of Unicode."""
    files = [make_file("train/cafe\u0301/2024/1.jpg"), make_file("test/caf\u00e9/2.jpg")]
    train, test = split_by_folder(files, ("train", "test"))
    assert train[0].label == test[0].label == "caf\u00e9"
    assert train.class_names == ["caf\u00e9"]
    assert train[0] == files[0]


def test_folders_above_the_parts_do_not_matter():
    train, test = split_by_folder(
        make_listing("train", "test", above="data/v2/"), ("train", "test")
    )
    assert len(train) == len(test) == 4
    assert train.class_names == ["cat", "dog"]


def test_what_lies_in_none_of_the_folders_is_left_out_and_named():
    files = [*make_listing("train", "test"), make_file("extra/cat/9.jpg"), make_file("train/8.jpg")]
    message = "Left out 2 pictures .*'extra/cat/9.jpg', 'train/8.jpg'"
    with pytest.warns(UserWarning, match=message) as caught:
        train, test = split_by_folder(files, ("train", "test"))
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}
    assert len(train) == len(test) == 4


def test_a_folder_that_is_not_there_is_an_error_that_says_which_are():
    message = r"'test' is not there.*'train' \(4\), 'holdout' \(4\)"
    with pytest.raises(ValueError, match=message):
        split_by_folder(make_listing("train", "holdout"), ("train", "test"))


def test_one_folder_cannot_be_two_parts():
    with pytest.raises(ValueError, match="one folder twice"):
        split_by_folder(make_listing("train", "val"), ("train", "val", "valid"))


def test_without_class_folders_a_table_tells_the_labels():
    files = [make_file("train/1.jpg"), make_file("test/2.jpg")]
    with pytest.raises(ValueError, match="no class folders in 'train', 'test'.*labels"):
        split_by_folder(files, ("train", "test"))
    labels = {files[0].id: "cat", files[1].id: "cat", "another": "dog"}
    train, test = split_by_folder(files, ("train", "test"), labels=labels)
    assert (paths(train), paths(test)) == (["train/1.jpg"], ["test/2.jpg"])
    assert train.class_names == ["cat", "dog"]


def test_an_empty_listing_is_not_split_but_told():
    with pytest.raises(ValueError, match="0 images were listed"):
        split_by_folder([])


@pytest.mark.parametrize(
    "folders", [("train", "test"), ("Train", "valid", "Test"), ("training", "validation")]
)
@pytest.mark.parametrize("above", ["", "data/"])
@pytest.mark.filterwarnings("ignore:Part .* has no picture")
def test_describe_and_split_say_when_folders_look_split_already(folders, above):
    """The line that is named does it."""
    files = make_listing(*folders, above=above)
    with pytest.warns(UserWarning, match="look split already.*split_by_folder") as caught:
        describe(files)
        split(files, (0.5, 0.5), seed=0)
    assert {warning.filename for warning in caught} == {__file__}
    code = str(caught[0].message).partition("= ")[2].strip("`")
    parts = eval(code, {"split_by_folder": split_by_folder, "files": files})
    assert sum(map(len, parts)) == len(files)


@pytest.mark.parametrize(
    "folders", [("train",), ("train", "car", "bus"), ("test", "val"), ("a", "b")]
)
def test_class_folders_do_not_look_like_parts(folders):
    """A class may be called "train": it is one only beside a folder to test on."""
    files = [make_file(f"{folder}/{n}.jpg") for folder in folders for n in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        describe(files)


def test_one_name_is_no_list_of_folders():
    """`("train")` is a text; its letters are no folders."""
    with pytest.raises(ValueError, match="`folders` must be a list of names.*folders='train'"):
        split_by_folder([File("1", "1.jpg", "cat", "train/cat/1.jpg", 9, None, "1")], "train")
