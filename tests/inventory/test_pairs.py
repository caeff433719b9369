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


def test_composed_and_decomposed_names_are_one():
    assert paired(pictures("cafe\u0301.jpg"), masks("caf\u00e9.png"))


def test_what_is_left_over_is_named_on_both_sides():
    message = "2 pictures have no mask: '2.jpg', '3.jpg'.*1 masks belong to no picture: '9.png'"
    with pytest.warns(UserWarning, match=message) as caught:
        found = paired(pictures("1.jpg", "2.jpg", "3.jpg"), masks("9.png", "1.png"))
    assert found == {"1.jpg": "1.png"}
    assert caught[0].filename == __file__


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
