"""What `pair` promises: a mask belongs to the picture of its name, and what is left is named."""

import warnings

import pytest

from colab_helpers.inventory import File, pair


def make_files(kind, *paths):
    return [File(f"{kind} {path}", path.split("/")[-1], "", path, 9, None, "1") for path in paths]


def pictures(*paths):
    return make_files("picture", *paths)


def masks(*paths):
    return make_files("mask", *paths)


def paired(files, mask_files):
    """Paths of pictures and their masks."""
    return {
        id_.removeprefix("picture "): mask.path for id_, mask in pair(files, mask_files).items()
    }


@pytest.mark.parametrize("mask", ["cat_1.png", "cat_1_mask.png", "cat_1.gif", "cat_1", "cat_1.JPG"])
def test_a_mask_is_called_as_its_picture_or_so_with_mask_at_the_end(mask):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paired(pictures("cat_1.jpg"), masks(mask)) == {"cat_1.jpg": mask}


def test_files_of_one_name_belong_together_by_their_folders():
    files = pictures("images/a/1.jpg", "images/b/1.jpg")
    found = paired(files, masks("masks/b/1.png", "masks/a/1.png"))
    assert found == {"images/a/1.jpg": "masks/a/1.png", "images/b/1.jpg": "masks/b/1.png"}


def test_where_folders_tell_no_mask_of_another_folder_is_taken():
    """2.png of a is not the mask of 2.jpg of b, though there is no other of this name."""
    files = pictures("images/a/1.jpg", "images/b/1.jpg", "images/b/2.jpg")
    with pytest.warns(UserWarning, match="'images/b/2.jpg'.*'masks/a/2.png'"):
        found = paired(files, masks("masks/a/1.png", "masks/b/1.png", "masks/a/2.png"))
    assert sorted(found) == ["images/a/1.jpg", "images/b/1.jpg"]


@pytest.mark.parametrize(
    "picture, mask", [("images", "masks"), ("JPEGImages", "SegmentationClass"), ("x", "y")]
)
@pytest.mark.parametrize("form", ["{part}/{side}/1.png", "{side}/{part}/1.png"])
def test_a_folder_that_all_of_a_side_share_tells_the_side_and_not_the_pair(picture, mask, form):
    files = [form.format(part=part, side=picture) for part in ("train", "val")]
    mask_files = [form.format(part=part, side=mask) for part in ("train", "val")]
    with warnings.catch_warnings():
        warnings.simplefilter("error" if picture != "x" else "ignore")
        found = paired(pictures(*files), masks(*reversed(mask_files)))
    assert found == dict(zip(files, mask_files, strict=True))


@pytest.mark.parametrize(
    "files, mask_files",
    [
        (("dog/1.jpg", "cat/2.jpg"), ("cat/1.png", "cat/2.png")),
        (("dog/1.jpg", "cat/2.jpg"), ("dog/2.png", "cat/1.png", "cat/2.png")),
        (("cat/1.jpg", "cat/2.jpg"), ("dog/1.png", "cat/2.png")),
        (("images/dog/1.jpg", "images/cat/2.jpg"), ("masks/cat/1.png", "masks/cat/2.png")),
    ],
)
def test_no_mask_of_another_class_is_taken(files, mask_files):
    """Though no name repeats among the pictures."""
    with pytest.warns(UserWarning, match="1 pictures have no mask"):
        found = paired(pictures(*files), masks(*mask_files))
    [(file, mask)] = found.items()
    assert file.split("/")[-2:] == ["cat", "2.jpg"]
    assert mask.split("/")[-2:] == ["cat", "2.png"]


@pytest.mark.parametrize(
    "files, mask_files",
    [
        (("cat/1.jpg", "dog/2.jpg"), ("1.png", "2.png")),
        (("cat/1.jpg", "dog/2.jpg"), ("masks/1.png", "masks/2.png")),
        (("photos/1.jpg", "photos/2.jpg"), ("photos_masks/1.png", "photos_masks/2.png")),
        (("images/1.jpg", "images/2.jpg"), ("annotations/trimaps/1.png", "gt/2.png")),
    ],
)
def test_names_alone_tell_where_folders_tell_nothing(files, mask_files):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert paired(pictures(*files), masks(*mask_files)) == dict(
            zip(files, mask_files, strict=True)
        )


@pytest.mark.parametrize(
    "file, mask",
    [
        ("dog/1.jpg", "cat/1.png"),
        ("dog/images/1.jpg", "cat/masks/1.png"),
        ("images/train/1.jpg", "masks/val/1.png"),
    ],
)
def test_a_pair_from_folders_of_different_names_is_told(file, mask):
    message = f"1 pictures and their masks lie in folders .* such as '{file}' and '{mask}'"
    with pytest.warns(UserWarning, match=message) as caught:
        assert paired(pictures(file), masks(mask)) == {file: mask}
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}


def test_names_that_fit_in_folders_that_do_not_are_told_as_such():
    message = "No mask lies in a folder .* the picture 'a/1.jpg' and the mask 'c/1.png'"
    with pytest.raises(ValueError, match=message):
        pair(pictures("a/1.jpg", "b/2.jpg"), masks("c/1.png", "d/2.png"))


def test_composed_and_decomposed_names_are_one():
    assert paired(pictures("cafe\u0301.jpg"), masks("caf\u00e9.png"))


def test_files_that_are_listed_twice_are_one():
    files = pictures("1.jpg", "1.jpg")
    assert paired(files, masks("1.png", "1.png")) == {"1.jpg": "1.png"}


def test_what_is_left_over_is_named_on_both_sides():
    message = "2 pictures have no mask: '2.jpg', '3.jpg'.*1 masks belong to no picture: '9.png'"
    with pytest.warns(UserWarning, match=message) as caught:
        found = paired(pictures("1.jpg", "2.jpg", "3.jpg"), masks("9.png", "1.png"))
    assert found == {"1.jpg": "1.png"}
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}


@pytest.mark.parametrize(
    "files, mask_files, message",
    [
        (pictures("1.jpg", "1.png"), masks("1.gif"), "mask '1.gif' may belong to 2 pictures"),
        (pictures("1.jpg"), masks("1.png", "1_mask.png"), "picture '1.jpg' may belong to 2 masks"),
        (pictures("a/1.jpg", "b/1.jpg"), masks("1.png"), "may belong to 2 pictures"),
    ],
)
def test_what_may_belong_to_several_is_refused(files, mask_files, message):
    with pytest.raises(ValueError, match=message):
        pair(files, mask_files)


def test_no_pair_at_all_is_an_error_that_shows_how_both_are_called():
    with pytest.raises(ValueError, match="begin with '1.jpg', the masks with '2.png'"):
        pair(pictures("1.jpg"), masks("2.png"))


def test_nothing_to_pair_is_told():
    with pytest.raises(ValueError, match="0 images were listed"):
        pair([], masks("1.png"))
    with pytest.raises(ValueError, match="`mask_files` holds no file"):
        pair(pictures("1.jpg"), pictures("1.jpg"))
