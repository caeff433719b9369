"""More than one label a picture: several, numbers, the picture itself, a dict of outputs."""

import keras
import numpy as np
import pandas as pd
import pytest
from numbered_photos import broken, decode, jitter, numbers, photos, read

from colab_helpers.stream import StreamingSequence

FILES = photos(4)
IDS = [file.id for file in FILES]


def stream(labels=None, label_mode="int", files=FILES, **how):
    how = {"shuffle": False, "batch_size": 4, **how}
    return StreamingSequence(files, read, decode, labels=labels, label_mode=label_mode, **how)


def labels_of(*arguments, **how):
    """The labels of the first batch."""
    return stream(*arguments, **how)[0][1]


def by_id(*values):
    return dict(zip(IDS, values))


def test_several_labels_are_rows_of_ones():
    sequence = stream(by_id(["sky", "sea"], {"sea"}, (), ("tree",)), "multi_label")
    assert sequence.class_names == ["sea", "sky", "tree"]
    _, labels = sequence[0]
    assert labels.dtype == np.float32
    assert labels.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert np.array_equal(sequence.labels, labels)


def test_a_part_of_the_files_numbers_several_labels_as_the_whole_does():
    labels = by_id(["sky"], ["sea"], ["tree"], [])
    part = stream(labels, "multi_label", files=FILES[2:])
    assert part.class_names == ["sea", "sky", "tree"]
    own_order = stream(labels, "multi_label", class_names=["tree", "sky", "sea"])
    assert own_order[0][1][0].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    "value, said",
    [
        ("sky", "no collection of names"),
        (3, "no collection of names"),
        ({"sky": False}, "no collection of names"),
        (["sky", None], "not of names alone"),
        ([0.0, 1.0], "not of names alone"),
        ([0, 1, 0], 'numbers that repeat; `label_mode="raw"`'),
        (None, "has nothing for"),
        (float("nan"), "has nothing for"),
    ],
)
def test_what_is_no_collection_of_names_is_refused_by_its_file(value, said):
    with pytest.raises(ValueError, match=rf"'2.jpg' \(id id00002\).*{said}|{said}.*'2.jpg'"):
        len(stream(by_id(["sky"], [], value, ["sea"]), "multi_label"))


@pytest.mark.parametrize("as_given", [np.array, list, lambda rows: by_id(*rows)])
@pytest.mark.parametrize("rows", [[[1, 0], [0, 1]] * 2, [[1], [0]] * 2])
def test_rows_of_zeros_and_ones_are_not_taken_for_names(rows, as_given):
    with pytest.raises(ValueError, match="'0.jpg'.*numbers 0 and 1 alone.*`label_mode=\"raw\"`"):
        len(stream(as_given(rows), "multi_label"))


def test_classes_0_and_1_may_be_named_in_rows_of_several_lengths():
    labels = [[0, 1], [1], [], [0]]
    assert labels_of(labels, "multi_label").tolist() == [[1, 1], [0, 1], [0, 0], [1, 0]]
    of_others_too = {**by_id([0, 1], [1, 0], [0, 1], [1, 0]), "other": [2]}
    assert stream(of_others_too, "multi_label").class_names == [0, 1, 2]


def test_no_labels_at_all_are_rows_without_columns():
    assert labels_of([[], [], [], []], "multi_label").shape == (4, 0)


@pytest.mark.parametrize("label_mode", ["int", "raw"])
def test_an_id_that_a_table_has_twice_is_named(label_mode):
    column = pd.Series([1, 2, 3, 4, 5], index=[*IDS, IDS[1]])
    table = pd.DataFrame({"age": column})
    with pytest.raises(ValueError, match="`labels` has 2 rows for the id 'id00001'"):
        len(stream(column, label_mode))
    with pytest.raises(ValueError, match="`labels` has 2 rows for the id 'id00001'"):
        len(stream(table, {"age": label_mode}))
    with pytest.raises(ValueError, match="`sample_weight` has 2 rows for the id 'id00001'"):
        len(stream(sample_weight=column))


def test_a_label_that_is_no_class_is_named():
    with pytest.raises(ValueError, match=r"'1.jpg' .*'sea', which is no class"):
        len(stream(by_id([], ["sea"], [], []), "multi_label", class_names=["sky"]))


@pytest.mark.parametrize(
    "given",
    [
        by_id(1, 2.5, -3, 0),
        [1, 2.5, -3, 0],
        np.array([1, 2.5, -3, 0]),
        pd.Series([1, 2.5, -3, 0]),
        pd.Series([0, -3, 2.5, 1], index=IDS[::-1]),
    ],
)
def test_numbers_come_by_id_or_in_the_order_of_the_files(given):
    labels = labels_of(given, "raw")
    assert labels.dtype == np.float32 and labels.tolist() == [1, 2.5, -3, 0]


def test_arrays_keep_their_shape():
    points = np.arange(24).reshape(4, 3, 2)
    for given in (points, by_id(*points), by_id(*points.tolist()), list(points)):
        labels = labels_of(given, "raw")
        assert labels.dtype == np.float32 and np.array_equal(labels, points)
    table = pd.DataFrame(points.reshape(4, 6)[::-1], index=IDS[::-1])
    assert np.array_equal(labels_of(table, "raw"), points.reshape(4, 6))


@pytest.mark.parametrize(
    "value, said",
    [
        (None, "nothing for"),
        (float("nan"), "nothing for"),
        (pd.NA, "nothing for"),
        ([1, float("nan")], "NaN"),
        ([1, float("inf")], "infinite"),
        ([1, 1e39], "infinite"),
        ([1, 1e39], r"Received: \[1.0, 1e\+39\]"),
        ([1, 2, 3], r"shape \(3,\), where others have \(2,\)"),
        (1, r"shape \(\), where others have \(2,\)"),
        ([[1, 2], [3]], "no number"),
        ("12", "no number"),
        (["1", "2"], "no number"),
        ({"x": 1}, "no number"),
    ],
)
def test_a_number_that_is_missing_or_misshapen_is_named_by_its_file(value, said):
    given = by_id([1, 2], [3, 4], value, [5, 6])
    with pytest.raises(ValueError, match=rf"'2.jpg' \(id id00002\).*{said}|{said}.*'2.jpg'"):
        len(stream(given, "raw"))


def test_a_hole_in_a_column_is_named_by_its_file():
    for given in (np.array([1, 2, np.nan, 4]), pd.Series([1, 2, None, 4])):
        with pytest.raises(ValueError, match="'2.jpg'"):
            len(stream(given, "raw"))


def test_a_column_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 labels for 4 files"):
        len(stream([1, 2, 3], "raw"))


def test_an_autoencoder_learns_the_picture_as_it_goes_in():
    images, labels = stream(label_mode="input", augment=jitter, normalize="unit")[0]
    assert np.array_equal(images, labels) and images.dtype == labels.dtype == np.float32
    images, labels = stream(label_mode="input")[0]
    images[:] = 0
    assert numbers(labels) == [0, 1, 2, 3]


def test_a_dict_of_outputs_gives_a_dict_of_arrays():
    sequence = stream(
        {"age": by_id(1, 2, 3, 4), "seen": [["sky"], [], ["sea"], []]},
        {"kind": "categorical", "age": "raw", "seen": "multi_label", "again": "input"},
        batch_size=2,
    )
    assert sequence.class_names == {"kind": ["class0", "class1"], "seen": ["sea", "sky"]}
    images, labels = sequence[1]
    assert list(labels) == ["kind", "age", "seen", "again"]
    assert labels["kind"].tolist() == [[1, 0], [0, 1]]
    assert labels["age"].tolist() == [3, 4]
    assert labels["seen"].tolist() == [[1, 0], [0, 0]]
    assert np.array_equal(labels["again"], images)
    assert sequence.labels["age"].tolist() == [1, 2, 3, 4]


def test_the_columns_of_a_table_are_outputs():
    table = pd.DataFrame({"kind": ["b", "a"] * 2, "age": range(4), "x": "?"}, index=IDS)
    labels = labels_of(table, {"age": "raw", "kind": "int"})
    assert labels["age"].tolist() == [0, 1, 2, 3] and labels["kind"].tolist() == [1, 0, 1, 0]


def test_an_output_that_is_no_column_of_the_table_is_named():
    table = pd.DataFrame({"kind": ["b", "a"] * 2, "age": range(4)}, index=IDS)
    with pytest.raises(ValueError, match="no column for the output 'knd'.*'kind', 'age'"):
        len(stream(table, {"knd": "int", "age": "raw"}))
    assert list(labels_of(table, {"age": "raw", "again": "input"})) == ["age", "again"]


@pytest.mark.parametrize(
    "labels, label_mode, class_names, said",
    [
        (None, {"kind": "sparse"}, None, 'label_mode\\["kind"\\]` must be one of'),
        (None, {}, None, "must name an output"),
        ([1, 2], {"kind": "int"}, None, "must be a dict of labels by output"),
        ({"age": {}}, {"kind": "int"}, None, "'age'"),
        ({"kind": by_id(1, 2, 3)}, {"kind": "raw"}, None, "Output \"kind\": .*'3.jpg'"),
        (None, {"kind": "int"}, ["a"], "`class_names` must be a dict of lists by output"),
        (None, {"kind": "int"}, {"age": ["a"]}, "'age'"),
    ],
)
def test_outputs_that_do_not_fit_are_named(labels, label_mode, class_names, said):
    with pytest.raises(ValueError, match=said):
        len(stream(labels, label_mode, class_names=class_names))


def test_labels_stay_with_their_pictures_when_files_are_left_out_or_shuffled():
    files = photos(20)
    sequence = StreamingSequence(
        files,
        read,
        broken,
        labels={"number": {file.id: n for n, file in enumerate(files)}},
        label_mode={"number": "raw", "again": "input"},
        batch_size=8,
        on_bad_file="skip",
    )
    for images, labels in sequence:
        assert numbers(images) == labels["number"].tolist() == numbers(labels["again"])
    for images, labels, in_files in sequence.in_order():
        assert numbers(images) == labels["number"].tolist()
        assert [file.id for file in in_files] == [f"id{n:05d}" for n in numbers(images)]


def test_two_sequences_in_one_fit_may_not_number_an_output_in_two_ways():
    train = stream({"kind": by_id(*"abab")}, {"kind": "int"})
    val = stream({"kind": by_id(*"bcbc")}, {"kind": "int"})
    image = keras.Input((3, 2, 3))
    kind = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(image))
    model = keras.Model(image, {"kind": kind})
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy"})
    with pytest.warns(UserWarning, match="class 0 is 'a' in what is trained on and 'b'"):
        model.fit(train, validation_data=val, verbose=0)
