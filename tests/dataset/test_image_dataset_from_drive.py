"""One call in Keras's words: what it returns is what Keras's own loader means by the same words."""

import inspect
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from colab_helpers import (
    NotFoundError,
    StreamingSequence,
    augmenter,
    connect,
    image_dataset_from_drive,
)

KERAS = keras.utils.image_dataset_from_directory
NOT_FOR_DRIVE = {"directory", "follow_links", "data_format", "format"}


def paint(path, gray):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), (gray, gray, gray)).save(path)


@pytest.fixture
def pets(tmp_path):
    """Folder "pets": 40 cats, 60 dogs, of which a third lie in a folder of their year."""
    for number in range(100):
        kind = "cat" if number < 40 else "dog"
        year = "2024/" if number % 3 == 0 else ""
        paint(tmp_path / "pets" / kind / f"{year}{number:03d}.png", number)
    return tmp_path


@pytest.fixture
def drive(pets):
    return connect(pets)


def grays(sequence):
    return sorted(int(image[0, 0, 0]) for images, _ in sequence for image in images)


def small(drive, **more):
    return image_dataset_from_drive(
        "pets", drive=drive, image_size=(8, 8), **{"verbose": False, **more}
    )


def test_each_argument_that_keras_has_too_has_keras_default():
    """Moving over means changing one word: same names, same defaults."""
    ours = inspect.signature(image_dataset_from_drive).parameters
    for name, parameter in inspect.signature(KERAS).parameters.items():
        if name not in NOT_FOR_DRIVE:
            assert ours[name].default == parameter.default, name


def test_what_is_to_be_quiet_is_quiet_in_long_epochs_too(drive):
    assert small(drive, verbose=True).verbose
    assert not small(drive, verbose=False).verbose


def test_the_same_pictures_and_labels_as_keras_gives(drive, pets):
    """Without shuffling: each picture has the label that Keras gives it, folders of years too."""
    ours = small(drive, shuffle=False)
    theirs = KERAS(str(pets / "pets"), image_size=(8, 8), shuffle=False, verbose=False)
    assert ours.class_names == theirs.class_names == ["cat", "dog"]

    def by_gray(batches):
        return {
            int(image[0, 0, 0]): int(label)
            for images, labels in batches
            for image, label in zip(np.asarray(images), np.asarray(labels))
        }

    assert by_gray(ours) == by_gray(theirs)
    assert len(by_gray(ours)) == 100


def test_both_parts_hold_each_picture_once_and_number_classes_alike(drive):
    train, val = small(drive, validation_split=0.2, subset="both")
    assert sorted(grays(train) + grays(val)) == list(range(100))
    assert train.class_names == val.class_names == ["cat", "dog"]
    assert 5 <= len(grays(val)) <= 40


@pytest.mark.parametrize(
    "label_mode, of",
    [("int", lambda names: names), ({"kind": "int"}, lambda names: {"kind": names})],
)
def test_class_names_that_can_be_read_once_count_for_both_parts(drive, label_mode, of):
    names = ["dog", "cat"]
    train, val = small(
        drive,
        label_mode=label_mode,
        class_names=of(iter(names)),
        validation_split=0.3,
        subset="both",
    )
    assert train.class_names == val.class_names == of(names)


def test_a_part_asked_for_alone_is_the_one_that_both_gives(drive):
    train, val = small(drive, validation_split=0.2, subset="both")
    assert grays(small(drive, validation_split=0.2, subset="training")) == grays(train)
    assert grays(small(drive, validation_split=0.2, subset="validation")) == grays(val)


def test_a_test_part_is_set_aside_and_returned_with_all(drive):
    parts = small(drive, validation_split=0.2, test_split=0.2, subset="all")
    assert sorted(sum(map(grays, parts), [])) == list(range(100))
    train, val = small(drive, validation_split=0.2, test_split=0.2, subset="both")
    assert (grays(train), grays(val)) == (grays(parts[0]), grays(parts[1]))


def test_only_training_is_shuffled_and_augmented(drive):
    train, val = small(
        drive, validation_split=0.3, subset="both", augment=augmenter(brightness_range=(0.1, 0.2))
    )
    assert val.augment is None
    assert not val.shuffle
    assert train.augment is not None
    assert train.shuffle


def test_a_class_that_a_part_lacks_keeps_its_number(tmp_path):
    """Three pictures of a rare class, all in training: validation still knows three classes."""
    for number in range(40):
        paint(tmp_path / "rare" / "abc"[0 if number < 2 else 1 + number % 2] / f"{number}.png", 9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train, val = image_dataset_from_drive(
            "rare",
            drive=connect(tmp_path),
            image_size=(8, 8),
            validation_split=0.2,
            subset="both",
            verbose=False,
        )
    assert train.class_names == val.class_names == ["a", "b", "c"]
    for part in (train, val):
        assert [part.class_names[n] for n in part.labels] == [file.label for file in part.files]


def test_pictures_beside_the_class_folders_are_left_out_and_named(drive, pets):
    paint(pets / "pets" / "preview.png", 200)
    with pytest.warns(UserWarning, match=r"'preview\.png'.*no class.*left out") as caught:
        dataset = small(drive)
    # Not a line of ours, nor one of the progress bar.
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}
    assert grays(dataset) == list(range(100))


def test_a_folder_without_class_folders_says_what_to_do(tmp_path):
    paint(tmp_path / "flat" / "1.png", 1)
    with pytest.raises(NotFoundError, match="no folder below it is their class"):
        image_dataset_from_drive("flat", drive=connect(tmp_path), verbose=False)
    dataset = image_dataset_from_drive("flat", drive=connect(tmp_path), labels=None, verbose=False)
    assert dataset[0].shape == (1, 256, 256, 3)


def test_labels_by_id_or_in_the_order_of_the_listing(drive):
    files = list(drive.list_images("pets"))
    by_id = {file.id: "even" if int(file.name[:3]) % 2 == 0 else "odd" for file in files}
    in_order = [by_id[file.id] for file in files]
    for labels in (by_id, in_order):
        train, val = small(drive, labels=labels, validation_split=0.2, subset="both")
        assert train.class_names == val.class_names == ["even", "odd"]
        for part in (train, val):
            names = [part.class_names[number] for number in part.labels]
            assert names == [by_id[file.id] for file in part.files]
    with pytest.raises(ValueError, match="`labels` in the order of `files`.*3 labels for 100"):
        small(drive, labels=in_order[:3])


def test_a_list_of_labels_is_refused_where_keras_has_another_order(tmp_path):
    """Keras counts 10.png before 2.png, and a listing 2.png before 10.png."""
    for number in range(12):
        paint(tmp_path / "numbered" / f"{number}.png", number)
    drive = connect(tmp_path)
    ages = list(range(12))
    more = {"drive": drive, "image_size": (8, 8), "label_mode": "raw", "verbose": False}
    for labels in (ages, tuple(ages)):
        with pytest.raises(
            ValueError, match="two orders: here '2.png' comes .* Keras has '10.png'"
        ):
            image_dataset_from_drive("numbered", labels=labels, **more)
    files = list(drive.list_images("numbered"))
    by_id = {file.id: age for file, age in zip(files, ages)}
    images, labels = image_dataset_from_drive("numbered", labels=by_id, **more)[0]
    assert images[:, 0, 0, 0].tolist() == labels.tolist()


def test_other_labels_weights_and_inputs_in_the_order_of_the_listing_stay_with_their_pictures(
    drive,
):
    numbers = [int(file.name[:3]) for file in drive.list_images("pets")]
    parts = small(
        drive,
        labels={"age": numbers},
        label_mode={"age": "raw", "again": "input"},
        sample_weight=numbers,
        inputs={"place": numbers},
        validation_split=0.3,
        subset="both",
    )
    for part in parts:
        for inputs, labels, weights in part:
            shown = inputs["image"][:, 0, 0, 0].tolist()
            assert labels["age"].tolist() == inputs["place"].tolist() == shown
            assert weights["age"].tolist() == labels["again"][:, 0, 0, 0].tolist() == shown


@pytest.mark.parametrize("kind", [{}, {"kind": "inferred"}])
def test_a_class_that_is_not_given_is_inferred_beside_other_outputs(drive, kind):
    """Not the parent folder, which for a third of the pictures is that of their year."""
    ages = {file.id: int(file.name[:3]) for file in drive.list_images("pets", label=None)}
    dataset = small(
        drive, labels={**kind, "age": ages}, label_mode={"kind": "int", "age": "raw"}, shuffle=False
    )
    assert dataset.class_names == {"kind": ["cat", "dog"]}
    for images, labels in dataset:
        shown = images[:, 0, 0, 0]
        assert labels["age"].tolist() == shown.tolist()
        assert labels["kind"].tolist() == (shown >= 40).tolist()


@pytest.mark.parametrize("label_mode", ["raw", {"x": "raw"}, {"x": "raw", "y": "int"}])
def test_a_table_in_the_order_of_the_listing_stays_with_its_pictures(drive, label_mode):
    numbers = [int(file.name[:3]) for file in drive.list_images("pets")]
    table = pd.DataFrame({"x": numbers, "y": numbers})
    for part in small(
        drive, labels=table, label_mode=label_mode, validation_split=0.3, subset="both"
    ):
        for images, labels in part:
            given = labels[:, 0] if label_mode == "raw" else labels["x"]
            assert given.tolist() == images[:, 0, 0, 0].tolist()
    with pytest.raises(ValueError, match="`labels` in the order of `files`.*3 labels for 100"):
        small(drive, labels=table[:3], label_mode=label_mode)


def test_an_output_that_is_no_column_is_refused_also_in_the_order_of_the_listing(drive):
    table = pd.DataFrame({"age": range(100)})
    with pytest.raises(ValueError, match="no column for the output 'kind'"):
        len(small(drive, labels=table, label_mode={"kind": "int", "age": "raw"}))


def test_without_labels_a_mode_that_is_none_of_classes_stays(drive):
    dataset = small(drive, labels=None, label_mode={"again": "input"})
    images, labels = dataset[0]
    assert np.array_equal(labels["again"], images)
    assert small(drive, labels=None, label_mode="categorical").label_mode is None
    inferred = small(drive, labels=None, label_mode={"again": "input", "kind": "int"})
    assert inferred.class_names == {"kind": ["cat", "dog"]}
    for label_mode, said in (("image", "a file for each"), ("raw", "is no number")):
        with pytest.raises(ValueError, match=said):
            len(small(drive, labels=None, label_mode=label_mode))


class ListsTheFirstTwice:
    def __init__(self, drive):
        self._drive = drive
        self.read = drive.read

    def list_images(self, folder):
        files = list(self._drive.list_images(folder, label=None))[:3]
        return iter([files[0], *files])


def test_two_values_for_a_picture_that_is_listed_twice_are_refused(drive):
    twice = ListsTheFirstTwice(drive)
    for values in ("aabc", [[1, 2], [1, 2], [3], []], np.zeros((4, 2))):
        label_mode = "raw" if isinstance(values, np.ndarray) else "multi_label"
        given = list(values) if isinstance(values, str) else values
        label_mode = "int" if isinstance(values, str) else label_mode
        assert len(small(twice, labels=given, label_mode=label_mode).labels) == 4
    said = r"`labels` has two values for '\d+.png' .*listing has twice"
    for given in (list("abbc"), [[1, 2], [1], [3], []], np.eye(4)):
        with pytest.raises(ValueError, match=said):
            small(twice, labels=given)
    with pytest.raises(ValueError, match="`sample_weight` has two values"):
        small(twice, labels=list("aabb"), sample_weight=[1, 2, 3, 4])


class Plain:
    """A source of one's own: it lists a folder, and takes no words beside."""

    def __init__(self, drive):
        self._drive = drive
        self.read = drive.read

    def list_images(self, folder):
        return self._drive.list_images(folder)


@pytest.mark.parametrize("labels", ["given", None])
def test_where_folders_are_no_classes_nothing_is_said_of_them(drive, pets, labels):
    """Pictures lie beside the class folders, and in folders of their years in both classes."""
    paint(pets / "pets" / "preview.png", 200)
    files = drive.list_images("pets", label=None)
    given = {file.id: "pet" for file in files} if labels else None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(small(drive, labels=given).files) == 101
    with pytest.warns(UserWarning, match="'2024' comes from 2 folders"):
        assert len(small(Plain(drive), labels=given).files) == 101


def test_a_source_that_tells_no_class_folders_is_refused_with_what_to_do(drive):
    said = r"`StreamingSequence\(rows.list_images\(\), rows.read, rows.decode\)`.*Plain"
    with pytest.raises(ValueError, match=said):
        small(Plain(drive))


def test_what_was_found_is_told_in_keras_words(drive, capsys):
    small(drive, validation_split=0.2, subset="both", verbose=True)
    told = capsys.readouterr().out
    assert "Found 100 files belonging to 2 classes." in told
    assert "files for training." in told
    assert "files for validation." in told


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"validation_split": 0.2}, "subset"),
        ({"subset": "both"}, "validation_split"),
        ({"subset": "test", "validation_split": 0.2}, "test_split"),
        ({"subset": "train", "validation_split": 0.2}, "subset"),
        ({"validation_split": 1.2, "subset": "both"}, "validation_split"),
        ({"validation_split": 0.6, "test_split": 0.5, "subset": "all"}, "test_split"),
        ({"validation_split": 0.7, "test_split": 0.3, "subset": "all"}, "leave some for training"),
        ({"validation_split": "0.2", "subset": "both"}, "validation_split='0.2'"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one"),
        ({"color_mode": "rainbow"}, "color_mode"),
        ({"interpolation": "gaussian"}, "interpolation"),
        ({"label_mode": "integer"}, "label_mode"),
    ],
)
def test_a_wrong_argument_is_named(drive, arguments, message):
    with pytest.raises(ValueError, match=message):
        small(drive, **arguments)


def test_a_path_in_place_of_a_drive_is_told_what_to_do():
    with pytest.raises(ValueError, match=r"`connect\(folder\)`. Received: '/content/drive'"):
        image_dataset_from_drive("pets", drive="/content/drive")


def test_an_unknown_folder_is_named(drive):
    with pytest.raises(NotFoundError, match="bets"):
        image_dataset_from_drive("bets", drive=drive, verbose=False)


def test_it_signs_in_where_no_drive_is_given(drive_server, pets, monkeypatch):
    """`connect()` decides where to: here the environment names a stand-in Drive."""
    server = drive_server(pets)
    monkeypatch.setenv("COLAB_HELPERS_DRIVE", server.url)
    dataset = image_dataset_from_drive("pets", image_size=(8, 8), verbose=False)
    assert isinstance(dataset, StreamingSequence)
    assert grays(dataset) == list(range(100))


def test_a_model_written_for_keras_loader_trains_on_it_unchanged(drive):
    """The tutorial's model begins with Rescaling, which takes uint8 as it takes float32."""
    keras.utils.set_random_seed(0)
    train, val = small(drive, validation_split=0.2, subset="both", batch_size=16)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1.0 / 255),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    history = model.fit(train, validation_data=val, epochs=40, verbose=0)
    assert history.history["val_accuracy"][-1] > 0.9


def test_a_folder_around_the_class_folders_is_not_taken_for_the_class(tmp_path):
    """As a ZIP of a folder has it."""
    for kind in ("cat", "dog"):
        paint(tmp_path / "outer" / "pets" / kind / "1.png", 7)
    with pytest.raises(ValueError, match=r"one class.*'cat', 'dog'.*from_drive\('outer/pets', "):
        image_dataset_from_drive("outer", drive=connect(tmp_path), verbose=False)
    with pytest.raises(ValueError, match=r"from_drive\('pets', "):
        image_dataset_from_drive(".", drive=connect(tmp_path / "outer"), verbose=False)


def test_an_address_of_the_folder_around_is_not_taken_for_a_path(drive_server, tmp_path):
    for kind in ("cat", "dog"):
        paint(tmp_path / "outer" / "pets" / kind / "1.png", 7)
    server = drive_server(tmp_path)
    drive = connect(endpoint=server.url)
    folder_id = server.id("outer")
    for folder in (folder_id, f"https://drive.google.com/drive/folders/{folder_id}"):
        with pytest.raises(ValueError, match=r"folder, 'pets'.*Give the ID or the address of that"):
            image_dataset_from_drive(folder, drive=drive, verbose=False)


@pytest.mark.parametrize("label_mode", [None, "input"])
def test_where_no_class_is_learnt_folders_of_folders_are_as_good_as_others(tmp_path, label_mode):
    for month in ("01", "02"):
        paint(tmp_path / "photos" / "2024" / month / "1.png", 7)
    sequence = image_dataset_from_drive(
        "photos", drive=connect(tmp_path), label_mode=label_mode, verbose=False
    )
    assert len(sequence.files) == 2


def test_classes_are_drawn_alike_in_the_training_part_only(drive):
    train, val = small(drive, validation_split=0.25, subset="both", balanced=True)
    assert train.balanced and not val.balanced
    assert len(set(grays(val))) == len(val.files)


@pytest.mark.parametrize(
    "argument, words",
    [
        ({"seed": 0.0}, "`seed` must be an integer of at least 0. Received: seed=0.0"),
        ({"seed": True}, "`seed` must be an integer of at least 0. Received: seed=True"),
        ({"batch_size": None}, "`batch_size` must be an integer of at least 1"),
    ],
)
def test_a_wrong_number_is_told_before_anything_is_listed(argument, words):
    with pytest.raises(ValueError, match=words):
        image_dataset_from_drive("pets", drive="no drive", **argument)
