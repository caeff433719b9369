"""What `describe` says of folders that are no classes, and of documents that are no pictures."""

import warnings

import pytest
from listings import make_file, make_files

from colab_helpers.drive import connect
from colab_helpers.inventory import File, describe, duplicates, file_table


def at(path, *, size=5000, md5=None):
    """A file of a listing of the folder "pets"."""
    names = path.split("/")
    label = names[-2] if len(names) > 1 else "pets"
    return File(f"id {path}", names[-1], label, path, size, md5, "1")


def silent(call, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return call(*arguments, **options)


def test_pictures_beside_the_class_folders_are_told():
    files = [at("preview.jpg"), at("cat/1.jpg"), at("dog/1.jpg")]
    message = "'preview.jpg' lies beside the class folders: its class is 'pets'"
    with pytest.warns(UserWarning, match=message) as caught:
        assert describe(files).loc["pets", "reasons"] == "1 beside the class folders"
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}


@pytest.mark.parametrize(
    "first", [("preview.jpg", "cat/1.jpg"), ("cat/old/1.jpg", "dog/old/1.jpg")]
)
def test_a_table_says_what_the_listing_said_and_the_line_cures_it(tmp_path, first):
    for path in (*first, "cat/2.jpg", "dog/2.jpg"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"as good as a picture" * 9)
    drive = connect(tmp_path)
    with pytest.warns(UserWarning) as by_listing:
        files = list(drive.list_images("."))
    with pytest.warns(UserWarning) as by_table:
        describe(files)
    said = " ".join(str(warning.message) for warning in by_table)
    assert str(by_listing[0].message) == said.replace("list_images(folder", "list_images('.'")
    assert 'list_images(folder, label="first")' in said
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cured = list(drive.list_images(".", label="first"))
    assert silent(describe, cured).index.tolist() == ["cat", "dog", "All"]


def test_the_table_of_files_marks_pictures_beside_the_class_folders():
    files = [at("preview.jpg"), at("cat/1.jpg")]
    assert file_table(files)["trouble"].tolist() == ["beside the class folders", ""]


@pytest.mark.parametrize(
    "paths, said",
    [
        (
            ("cat/2024/1.jpg", "dog/2024/1.jpg"),
            "The class '2024' comes from 2 folders: 'cat/2024', 'dog/2024'.",
        ),
        (
            ("cat/1.jpg", "cat/2024/1.jpg", "dog/1.jpg"),
            "The folder 'cat' holds pictures and 'cat/2024' in it holds some too",
        ),
    ],
)
def test_a_class_from_several_folders_or_within_another_is_told(paths, said):
    with pytest.warns(UserWarning, match=said):
        describe([at(path) for path in paths])


@pytest.mark.parametrize(
    "paths",
    [
        ("cat/1.jpg", "dog/1.jpg"),
        ("1.jpg", "2.jpg"),
        ("animals/cat/1.jpg", "animals/dog/1.jpg", "plants/rose/1.jpg"),
    ],
)
def test_folders_that_are_classes_are_described_in_silence(paths):
    silent(describe, [at(path) for path in paths])


def test_with_labels_of_ones_own_folders_do_not_matter():
    files = [at("preview.jpg"), at("cat/2024/1.jpg"), at("dog/2024/1.jpg")]
    labels = {file.id: "pet" for file in files}
    assert silent(describe, files, labels=labels).loc["pet", "troubled"] == 0


def test_a_label_that_is_not_the_folders_name_comes_from_no_folder():
    """A source of one's own may label what lies anywhere."""
    files = [File(f"{n}", f"{n}.jpg", "cat", f"2024/0{n}/{n}.jpg", 9000, None, "1") for n in (1, 2)]
    silent(describe, files)


def test_composed_and_decomposed_names_are_one_class():
    files = [at("caf\u00e9/1.jpg"), at("cafe\u0301/2.jpg")]
    assert silent(describe, files)["files"].to_dict() == {"caf\u00e9": 2, "All": 2}


def test_classes_that_look_alike_are_told():
    with pytest.warns(UserWarning, match=r"'rose', 'rose\\u200b' look alike"):
        describe([at("rose/1.jpg"), at("rose\u200b/2.jpg")])


# Documents


def test_a_google_document_that_is_named_like_a_photo_is_no_picture():
    """It has no bytes. A class of nothing else is described all the same."""
    files = [at("notes/scan.jpg", size=None), at("cat/1.jpg", size=5000, md5="ab")]
    assert file_table(files)["trouble"].tolist() == ["Google document, no picture", ""]
    counts = describe(files)
    assert counts["files"].tolist() == [1, 1, 2]
    assert counts["MB"].tolist() == [0.005, 0, 0.005]
    assert counts.loc["notes", "reasons"] == "1 Google document, no picture"
    sizes = ["smallest kB", "median kB", "largest kB"]
    assert counts.loc["notes", sizes].isna().all()
    assert counts.loc["All", sizes].tolist() == [5] * 3


def test_a_listing_of_documents_alone_is_described():
    counts = describe([at("notes/scan.jpg", size=None)])
    assert counts["troubled"].tolist() == [1, 1]


def test_sizes_stay_whole_numbers_beside_a_size_that_is_not_known():
    files = [at("c/1.jpg", size=None), at("c/2.jpg", size=5000)]
    assert file_table(files)["size"].tolist()[1] == 5000
    assert str(file_table(files)["size"].dtype) == "Int64"


def test_documents_are_not_read_for_duplicates():
    files = [at("c/1.jpg", size=None), at("c/2.jpg", size=None), at("c/3.jpg", md5="ab")]

    def read(file):
        raise OSError("a document has no bytes")

    assert duplicates(files, read).empty


# Labels of any form


def test_labels_in_the_order_of_files_are_refused_with_the_line_that_makes_a_mapping():
    for look in (describe, file_table):
        with pytest.raises(ValueError, match=r"`labels` must be a mapping.*Received: list"):
            look(make_files(3), labels=["cat"] * 3)


@pytest.mark.parametrize("nothing", [None, float("nan")])
def test_what_pandas_writes_for_no_label_is_no_label(nothing):
    files = [make_file("1.jpg"), make_file("2.jpg")]
    counts = describe(files, labels={files[0].id: nothing, files[1].id: "cat"})
    assert counts.index.tolist() == ["(no label)", "cat", "All"]
