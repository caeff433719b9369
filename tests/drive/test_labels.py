"""Which folder is a file's class, what is hidden, and what is said of other folders."""

import json
import warnings

import pytest

from colab_helpers.drive import NotFoundError, connect
from colab_helpers.drive.labels import FolderLabels, label_of_folder, print_alike
from colab_helpers.drive.names import printable
from stand_in import Extra

PETS = [
    "preview.jpg",
    "cat/1.jpg",
    "cat/2024/2.jpg",
    "dog/1.jpg",
    "dog/2024/2.jpg",
    "dog/2024/summer/3.jpg",
]
HIDDEN = [
    ".thumbnails/1.jpg",
    ".ipynb_checkpoints/1.jpg",
    ".Trash-0/files/1.jpg",
    "__MACOSX/cat/._1.jpg",
    "@eaDir/1.jpg",
    "lost+found/1.jpg",
    "$RECYCLE.BIN/1.jpg",
    "System Volume Information/1.jpg",
    "cat/._1.jpg",
    "cat/.hidden.jpg",
    "cat/Thumbs.db",
    "cat/.thumbs/deep/1.jpg",
    "cat/desktop.ini",
]


@pytest.fixture(params=["Drive", "LocalFolder"])
def holding(request, tmp_path, drive_server):
    """Makes files, and opens their folder: once as a Drive, and once as it is."""

    def make(paths):
        if request.param == "LocalFolder":
            return local_folder(tmp_path / "made", paths)
        return connect(endpoint=in_memory(drive_server(None), paths).url)

    return make


def local_folder(root, paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"as good as a picture")
    return connect(root)


def in_memory(server, paths):
    """Adds files to a Drive; a disk would not show those that are hidden."""
    ids = {"": "."}
    for path in paths:
        *folders, name = path.split("/")
        for count, folder in enumerate(folders, 1):
            above, here = "/".join(folders[: count - 1]), "/".join(folders[:count])
            if here not in ids:
                ids[here] = server.add(Extra(ids[above], folder))
        server.add(Extra(ids["/".join(folders)], name, b"as good as a picture"))
    return server


def said_by(drive, folder, **options):
    """The warnings of a listing, as text, and where they point to."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        list(drive.list_images(folder, **options))
    ours = [warning for warning in caught if warning.category is UserWarning]
    assert all(warning.filename == __file__ for warning in ours)
    return [str(warning.message) for warning in ours]


def labels_of(drive, folder, **options):
    return {file.path: file.label for file in drive.list_images(folder, **options)}


@pytest.mark.filterwarnings("ignore:.*class:UserWarning")
def test_the_class_is_the_folder_that_a_picture_lies_in(holding):
    drive = holding([f"pets/{path}" for path in PETS])
    assert labels_of(drive, "pets") == {
        "preview.jpg": "pets",
        "cat/1.jpg": "cat",
        "cat/2024/2.jpg": "2024",
        "dog/1.jpg": "dog",
        "dog/2024/2.jpg": "2024",
        "dog/2024/summer/3.jpg": "summer",
    }


@pytest.mark.filterwarnings("ignore:Pictures that lie directly:UserWarning")
def test_the_class_may_be_the_first_folder_below_the_listed_one(holding):
    drive = holding([f"pets/{path}" for path in PETS])
    assert labels_of(drive, "pets", label="first") == {
        "cat/1.jpg": "cat",
        "cat/2024/2.jpg": "cat",
        "dog/1.jpg": "dog",
        "dog/2024/2.jpg": "dog",
        "dog/2024/summer/3.jpg": "dog",
    }


@pytest.mark.parametrize(
    "paths, said",
    [
        (["a.jpg", "cat/1.jpg"], ["'a.jpg' lies beside the class folders"]),
        (
            ["cat/2024/1.jpg", "dog/2024/1.jpg"],
            ["The class '2024' comes from 2 folders: 'cat/2024', 'dog/2024'."],
        ),
        (
            ["cat/1.jpg", "cat/old/2.jpg"],
            ["'cat' holds pictures and 'cat/old' in it holds some too"],
        ),
    ],
)
def test_folders_that_are_no_classes_are_said_with_the_line_that_cures_it(holding, paths, said):
    drive = holding([f"pets/{path}" for path in paths])
    (text,) = said_by(drive, "pets")
    for part in [*said, "write list_images('pets', label=\"first\")."]:
        assert part in text


PARTS = ["train/cat/1.jpg", "train/dog/1.jpg", "Validation/cat/2.jpg", "Validation/dog/2.jpg"]


@pytest.mark.parametrize("label", ["parent", "first"])
@pytest.mark.parametrize("above", ["pets", "pets/data"])
def test_folders_that_hold_a_split_are_said_with_what_keeps_it_and_nothing_else(
    holding, label, above
):
    drive = holding([f"{above}/{path}" for path in PARTS])
    (text,) = said_by(drive, "pets", label=label)
    assert "look split already, into the folders 'train', 'Validation'" in text or (
        "look split already, into the folders 'Validation', 'train'" in text
    )
    assert text.endswith("`train_files, val_files = split_by_folder(files, ('train', 'val'))`")


def test_pictures_that_are_left_out_are_said_beside_a_split(holding):
    drive = holding(["pets/a.jpg", *(f"pets/{path}" for path in PARTS)])
    (text,) = said_by(drive, "pets", label="first")
    assert "split_by_folder" in text and "'a.jpg', have no class and are left out" in text


@pytest.mark.parametrize("paths", [PETS, PARTS, ["cat/1.jpg", "cat\u200b/1.jpg"]])
def test_nothing_is_said_where_nobody_asks_for_the_class(holding, paths):
    drive = holding([f"pets/{path}" for path in paths])
    assert said_by(drive, "pets", label=None) == []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        by_parent = labels_of(drive, "pets", label="parent")
    assert labels_of(drive, "pets", label=None) == by_parent


def test_a_listing_that_nobody_asks_for_classes_goes_on_in_silence(tmp_path, drive_server):
    server = in_memory(drive_server(None, page_size_limit=2), [f"pets/{path}" for path in PETS])
    drive = connect(endpoint=server.url)
    for begun, gone_on in (("parent", None), (None, None), (None, "parent")):
        listing = drive.list_images("pets", label=begun)
        next(listing)
        position = json.loads(json.dumps(listing.position))
        assert said_by(drive, "pets", position=position, label=gone_on) == []
    with pytest.raises(ValueError, match="listing with label=None"):
        drive.list_images("pets", position=position, label="first")


def test_pictures_beside_class_folders_are_left_out_by_the_first_folder_and_said(holding):
    drive = holding(["pets/a.jpg", "pets/cat/1.jpg"])
    with pytest.warns(
        UserWarning, match="'a.jpg', have no class and are left out.*label=\"parent\""
    ):
        assert labels_of(drive, "pets", label="first") == {"cat/1.jpg": "cat"}


def test_where_all_pictures_would_be_left_out_an_error_says_so(holding):
    drive = holding(["pets/a.jpg"])
    with pytest.raises(
        NotFoundError, match="'a.jpg': no folder below it is their class.*\"parent\""
    ):
        list(drive.list_images("pets", label="first"))


@pytest.mark.parametrize(
    "paths",
    [
        ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"],
        ["1.jpg", "2.jpg"],
        ["1.jpg", "notes/readme.txt"],
        ["a/cat/1.jpg", "b/dog/1.jpg"],
        [*HIDDEN, "cat/1.jpg", "dog/1.jpg"],
    ],
)
def test_nothing_is_said_of_plain_class_folders(holding, paths):
    drive = holding([f"pets/{path}" for path in paths])
    assert said_by(drive, "pets") == []


@pytest.mark.parametrize("label", ["folder", "", 1, ["first"]])
def test_a_word_that_names_no_folder_is_refused_at_once(either, label):
    with pytest.raises(ValueError, match='"parent".*"first".*Received'):
        either.list_images("flowers", label=label)


def test_changes_are_labelled_as_the_listing_was(either, flowers):
    listing = either.list_images(".", label="first")
    list(listing)
    (flowers / "flowers/roses/0.jpg").write_bytes(b"another content")
    (flowers / "beside.jpg").write_bytes(b"new")
    changes = either.list_changes(json.loads(json.dumps(listing.position)))
    assert [(file.path, file.label) for file in changes.files] == [
        ("flowers/roses/0.jpg", "flowers")
    ]


def test_a_hidden_folder_that_is_new_is_no_change(drive_server, flowers):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    listing = drive.list_images("flowers")
    list(listing)
    thumbnails = server.add(Extra("flowers", ".thumbnails"))
    server.add(Extra(thumbnails, "1.jpg", b"new"))
    server.add(Extra("flowers/roses", "._1.jpg", b"new"))
    assert drive.list_changes(listing.position).files == []


def test_a_position_keeps_the_label_that_it_was_made_with(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers, page_size_limit=5).url)
    listing = drive.list_images(".", label="first")
    first = next(listing)
    position = json.loads(json.dumps(listing.position))
    after = list(drive.list_images(".", position=position))
    assert {file.label for file in [first, *after]} == {"flowers"}
    by_parent = drive.list_images(".")
    next(by_parent)
    with pytest.raises(ValueError, match="label='parent'.*Received: label='first'"):
        drive.list_images(".", position=by_parent.position, label="first")


# Hidden


def test_what_is_hidden_is_not_listed(holding):
    drive = holding([*(f"pets/{path}" for path in HIDDEN), "pets/cat/1.jpg", "pets/cat/.jpg/2.jpg"])
    assert labels_of(drive, "pets") == {"cat/1.jpg": "cat"}
    assert [name for _, name in drive.list_folders("pets")] == ["cat"]


@pytest.mark.parametrize("folder", [".thumbnails", "pets/.thumbnails", "__MACOSX"])
def test_a_hidden_folder_is_listed_when_it_is_asked_for_outright(holding, folder):
    name = folder.rpartition("/")[2]
    drive = holding([f"pets/{name}/1.jpg", f"pets/{name}/.2.jpg", "pets/cat/1.jpg"])
    assert labels_of(drive, folder) == {"1.jpg": name}


def test_a_hidden_file_is_found_when_it_is_asked_for_outright(holding):
    drive = holding(["pets/.hidden.jpg"])
    assert drive.find("pets/.hidden.jpg").name == ".hidden.jpg"


# Names that look alike

NFC = "Caf\u00e9"
NFD = "Cafe\u0301"


@pytest.mark.parametrize("on_disk", [NFC, NFD])
@pytest.mark.parametrize("asked", [NFC, NFD])
def test_a_name_is_found_in_either_normal_form(holding, on_disk, asked):
    drive = holding([f"{on_disk}/{on_disk}.jpg", f"{on_disk}/{on_disk}/{on_disk}.jpg"])
    deep = f"{asked}/{asked}"
    assert labels_of(drive, deep) == {f"{on_disk}.jpg": NFC}
    assert drive.read(drive.find(f"{deep}/{asked}.jpg"))
    assert len(list(drive.list_folders(asked))) == 1


@pytest.mark.parametrize("on_disk", [NFC, NFD])
def test_a_bare_name_is_found_in_either_normal_form(holding, on_disk):
    drive = holding([f"a/b/{on_disk}/1.jpg"])
    assert labels_of(drive, NFC) == labels_of(drive, NFD) == {"1.jpg": NFC}


def test_one_class_in_two_normal_forms_is_one_class(holding):
    drive = holding([f"pets/{NFC}/1.jpg", f"pets/{NFD}/2.jpg"])
    for label in ("parent", "first"):
        assert sorted(labels_of(drive, "pets", label=label).values()) == [NFC, NFC]
        assert said_by(drive, "pets", label=label) == []


def test_each_of_two_twins_is_listed_by_what_names_it_for_good(holding):
    drive = holding([f"pets/{NFC}/1.jpg", f"pets/{NFD}/2.jpg"])
    ids = [folder_id for folder_id, _ in drive.list_folders("pets")]
    listed = [list(labels_of(drive, folder_id)) for folder_id in ids]
    assert sorted(listed) == [["1.jpg"], ["2.jpg"]]


def test_an_upload_takes_the_place_of_its_name_in_the_other_form(either, tmp_path, flowers):
    (flowers / NFD).mkdir()
    (flowers / NFD / f"{NFD}.txt").write_bytes(b"old")
    local = tmp_path / f"{NFC}.txt"
    local.write_bytes(b"new")
    either.upload(local, NFC)
    assert (flowers / NFD / f"{NFD}.txt").read_bytes() == b"new"
    assert [path.name for path in (flowers / NFD).iterdir()] == [f"{NFD}.txt"]


@pytest.mark.parametrize(
    "twin", ["cat\u200b", "cat\u00ad", "cat ", "cat\u00a0", "ca\u2060t", "cat\u3164"]
)
def test_classes_that_look_alike_are_said(holding, twin):
    drive = holding(["pets/cat/1.jpg", f"pets/{twin}/2.jpg"])
    (text,) = said_by(drive, "pets")
    assert "look alike on a screen and are 2 classes" in text and text.isprintable()
    assert f"'cat', '{printable(twin)}'" in text


@pytest.mark.parametrize(
    "labels, count",
    [
        (["cat", "dog"], 0),
        (["cat", "Cat"], 0),
        (["m2", "m\u00b2"], 0),
        (["a b", "a  b"], 1),
        (["cat", "cat\u200d", "cat\ufeff", "dog", "dog "], 2),
    ],
)
def test_labels_look_alike_where_only_what_is_invisible_differs(labels, count):
    assert len(print_alike(labels)) == count


# Pure


@pytest.mark.parametrize(
    "path, label, expected",
    [
        ("", "parent", "pets"),
        ("cat", "parent", "cat"),
        ("cat/2024", "parent", "2024"),
        ("", "first", None),
        ("cat", "first", "cat"),
        ("cat/2024", "first", "cat"),
        (NFD, "parent", NFC),
        (f"{NFD}/2024", "first", NFC),
    ],
)
def test_a_folder_has_the_label(path, label, expected):
    assert label_of_folder(path, "pets", label) == expected


def test_of_many_doubts_a_few_are_named():
    labels = FolderLabels("parent")
    for name in range(50):
        for above in range(50):
            labels.note(f"{above}/{name}", str(name), "1.jpg")
    with pytest.warns(UserWarning, match="So do 47 more classes") as warned:
        labels.say("pets")
    text = next(str(one.message) for one in warned if one.category is UserWarning)
    assert "and 47 more" in text and len(text) < 1000
