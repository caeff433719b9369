"""Which classes there are, and labels that are not one class a file."""

import datetime
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
from numbered_photos import Photo, decode, epoch_of, numbers, photos, read, small_model

from colab_helpers.stream import StreamingSequence

FILES = photos(6, classes=3)


class PartOfASplit(list):
    """What `split` returns: a list that knows the classes of the whole."""

    class_names = ["class0", "class1", "class2"]


def sequence_of(files=FILES, **options):
    return StreamingSequence(files, read, decode, shuffle=False, **options)


def test_a_part_that_lacks_a_class_numbers_as_the_whole():
    part = PartOfASplit(file for file in FILES if file.label != "class1")
    sequence = sequence_of(part)
    assert sequence.class_names == ["class0", "class1", "class2"]
    assert sequence.labels.tolist() == [0, 2, 0, 2]


def test_a_tuple_of_names_is_the_same_as_a_list_where_two_sequences_meet_in_fit():
    class Part(list):
        class_names = ("class0", "class1")

    files = photos(6)
    train = sequence_of(Part(files), label_mode=None)
    val = sequence_of(files)
    assert train.class_names == val.class_names == ["class0", "class1"]
    train = sequence_of(Part(files))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_model().fit(train, validation_data=val, verbose=0)


def test_class_names_that_are_given_come_before_those_of_the_whole():
    part = PartOfASplit(FILES)
    names = ["class2", "class1", "class0"]
    assert sequence_of(part, class_names=names).class_names == names


def test_classes_of_a_mapping_are_those_of_all_its_files():
    labels = {file.id: file.label for file in FILES}
    part = FILES[:1]
    assert sequence_of(part, labels=labels).class_names == ["class0", "class1", "class2"]
    series = pd.Series(labels)
    assert sequence_of(part, labels=series).class_names == ["class0", "class1", "class2"]


def test_labels_come_before_the_class_names_of_a_part():
    part = PartOfASplit(FILES[:2])
    labels = {part[0].id: "yes", part[1].id: "no", "another": "maybe"}
    sequence = sequence_of(part, labels=labels)
    assert sequence.class_names == ["maybe", "no", "yes"]
    assert sequence.labels.tolist() == [2, 1]


def test_labels_in_the_order_of_a_part_are_numbered_as_the_whole():
    """Else a test part that lacks a class would be measured by the numbers of other classes."""
    part = PartOfASplit(file for file in FILES if file.label != "class1")
    in_order = [file.label for file in part]
    for labels in (in_order, np.array(in_order), pd.Series(in_order)):
        for label_mode in ("int", {"kind": "int"}):
            by_output = labels if label_mode == "int" else {"kind": labels}
            sequence = sequence_of(part, labels=by_output, label_mode=label_mode)
            numbers = sequence.labels if label_mode == "int" else sequence.labels["kind"]
            assert numbers.tolist() == [0, 2, 0, 2]
    shown = repr(sequence_of(part, labels=in_order))
    assert "of 3 classes" in shown
    other = sequence_of(part, labels=["no", "yes", "no", "no"])
    assert other.class_names == ["no", "yes"]


def test_what_a_mapping_lacks_for_other_files_is_no_class():
    labels = {FILES[0].id: "b", FILES[1].id: "a", "x": None, "y": float("nan")}
    assert sequence_of(FILES[:2], labels=labels).class_names == ["a", "b"]


IN_FILE_ORDER = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "array of objects": lambda labels: np.array(labels, object),
    "column": pd.Series,
    "column of a part": lambda labels: pd.Series(labels, index=[9, 2, 7, 4, 5, 1]),
    "categorical": pd.Categorical,
    "index": pd.Index,
}


@pytest.mark.parametrize("labels", [["b", "a", "b", "c", "a", "b"], [2, 0, 2, 5, 0, 2]])
@pytest.mark.parametrize("form", IN_FILE_ORDER)
def test_labels_in_the_order_of_the_files_belong_to_these_files(form, labels):
    sequence = StreamingSequence(
        FILES, read, decode, labels=IN_FILE_ORDER[form](labels), batch_size=4
    )
    assert sequence.class_names == sorted(set(labels))
    for part in (sequence, sequence.shard(0, 2), sequence.shard(1, 2)):
        for images, numbers_of_classes in epoch_of(part):
            named = [sequence.class_names[number] for number in numbers_of_classes]
            assert named == [labels[number] for number in numbers(images)]


def test_labels_in_order_are_refused_where_there_are_more_or_fewer():
    with pytest.raises(ValueError, match="Received: 5 labels for 6 files"):
        len(sequence_of(labels=["a"] * 5))


def test_a_column_by_other_names_is_not_taken_for_one_in_order():
    by_name = pd.Series({file.name: file.label for file in FILES})
    with pytest.raises(ValueError, match="indexed by what is no file id"):
        len(sequence_of(labels=by_name))


@pytest.mark.parametrize(
    "label, said",
    [
        (20.5, "a number with a fraction"),
        (1.0, "a number with a fraction, or a float"),
        (np.float32(3), "a number with a fraction, or a float"),
        ([1, 0, 1], "several values"),
        ((1, 0), "several values"),
        ({"cat"}, "several values"),
        (["cat", "dog"], "several values"),
        (np.array([0.1, 0.2]), "several values"),
        (np.array([1, 0]), "several values"),
        ({"kind": 1}, "several values"),
        (b"cat", "of type bytes"),
        (datetime.date(2026, 1, 1), "of type date"),
        (1 + 2j, "of type complex"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("by", ["id", "order", "file.label"])
def test_a_label_that_is_not_one_class_is_refused_with_its_file(label, said, by):
    files = photos(4)
    options = {"labels": {file.id: label for file in files}}
    if by == "order":
        options = {"labels": [label] * 4}
    if by == "file.label":
        files = [Photo(file.id, file.name, label) for file in files]
        options = {}
    with pytest.raises(ValueError) as caught:
        len(sequence_of(files, **options))
    assert "The label of '0.jpg' (id id00000) is " + said in str(caught.value)
    assert "One class a file is wanted, a str or an int" in str(caught.value)


def test_a_table_is_refused():
    table = pd.DataFrame({"id": [file.id for file in FILES], "label": 1})
    with pytest.raises(ValueError, match="`labels`"):
        len(sequence_of(labels=table))


@pytest.mark.parametrize("labels", ["cat", b"cat", {"a", "b"}, iter("abcdef"), 5, np.array(3)])
def test_what_is_no_labels_at_all_is_refused(labels):
    with pytest.raises(ValueError, match="`labels` must be a mapping by file id"):
        len(sequence_of(labels=labels))


def test_str_beside_int_is_refused_with_one_file_of_each():
    with pytest.raises(ValueError) as caught:
        len(sequence_of(labels=["cat", 1, "cat", 2, "dog", 3]))
    assert str(caught.value) == (
        "Labels must be all of one kind, str or int. Received: the str 'cat' for '0.jpg' "
        "(id id00000) and the int 1 for '1.jpg' (id id00001)"
    )


@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan"), pd.NA, pd.NaT])
def test_a_missing_label_is_named(missing):
    labels = ["a", missing, "b", "a", "b", "a"]
    with pytest.raises(ValueError, match=r"'1.jpg' \(id id00001\) has the label None"):
        len(sequence_of(labels=labels))


def test_numbers_of_classes_stay_as_they_are_and_sort_as_numbers():
    labels = {file.id: n for file, n in zip(FILES, [10, 9, 10, 2, 9, 2])}
    sequence = sequence_of(labels=labels)
    assert sequence.class_names == [2, 9, 10]
    as_numpy = {file_id: np.int64(label) for file_id, label in labels.items()}
    assert sequence_of(labels=as_numpy).class_names == [2, 9, 10]
    assert {type(name) for name in sequence_of(labels=as_numpy).class_names} == {int}


def test_one_name_in_two_forms_of_unicode_is_one_class():
    labels = ["caf\u00e9", "cafe\u0301"] * 3
    sequence = sequence_of(labels=labels)
    assert sequence.class_names == ["caf\u00e9"]
    assert sequence_of(labels=labels, class_names=["cafe\u0301"]).labels.tolist() == [0] * 6
    by_id = {file.id: label for file, label in zip(FILES, labels)}
    assert sequence_of(labels=by_id).class_names == ["caf\u00e9"]


@pytest.mark.parametrize(
    "other", ["cat ", " cat", "cat\u200b", "ca\u00adt", "cat\u00a0", "cat\ufe0f", "\u202ecat"]
)
def test_two_classes_that_look_alike_are_said_aloud(other):
    with pytest.warns(UserWarning, match="Two classes look alike: ") as caught:
        len(sequence_of(labels=["cat", other] * 3))
    assert str(caught[0].message).isprintable()


def test_classes_that_look_different_are_not_spoken_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        len(sequence_of(labels=["cat", "Cat", "cat s", "cats", "c a t", "chat"]))


@pytest.mark.parametrize(
    "names, said",
    [
        ("cat", "must be a list of names"),
        (["a", "b", "a"], "names 'a' twice"),
        (["caf\u00e9", "cafe\u0301"], "names 'caf\u00e9' twice"),
        ([["a"], ["b"]], "must be of str or int"),
        ([1.5, 2.5], "must be of str or int"),
        (iter([]), "names no class. An iterator may be used up"),
        ({"class0", "class1", "class2"}, "a set has no order"),
        ({"class0": 1, "class1": 0, "class2": 2}, r"sorted\(numbers, key=numbers.get\)"),
    ],
)
def test_class_names_that_are_none_are_refused(names, said):
    with pytest.raises(ValueError, match=said):
        sequence_of(class_names=names)


@pytest.mark.parametrize("names", [np.array(["class2", "class1", "class0"]), pd.Index([2, 1, 0])])
def test_class_names_may_be_an_array(names):
    labels = None if names.dtype.kind in "UO" else [0, 1, 2] * 2
    assert sequence_of(labels=labels, class_names=names).class_names == names.tolist()


# Sequences that meet


def other_classes(**options):
    files = [file for file in FILES if file.label != "class1"]
    return sequence_of(files, **options)


def model_of(classes=3):
    model = keras.Sequential(
        [keras.Input((3, 2, 3)), keras.layers.Flatten(), keras.layers.Dense(classes)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


SAID = "class 1 is 'class1' in what is trained on and 'class2' in the other"


def test_validation_that_numbers_otherwise_is_spoken_of_once_and_before_training():
    said_before = []
    with pytest.warns(UserWarning, match=SAID) as caught:
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: said_before.append(_spoken_of(caught))
        )
        model_of().fit(
            sequence_of(), validation_data=other_classes(), epochs=2, verbose=0, callbacks=[note]
        )
    assert said_before == [1, 1] and _spoken_of(caught) == 1


def _spoken_of(caught):
    return len([w for w in caught if "number their classes" in str(w.message)])


@pytest.mark.parametrize("look", ["evaluate", "predict", "index", "loop", "in_order"])
def test_a_sequence_in_a_callback_that_numbers_otherwise_is_spoken_of(look):
    test = other_classes()
    model = model_of()
    looks = {
        "evaluate": lambda: model.evaluate(test, verbose=0),
        "predict": lambda: model.predict(test, verbose=0),
        "index": lambda: test[0],
        "loop": lambda: list(test),
        "in_order": lambda: list(test.in_order()),
    }
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: looks[look]())
    with pytest.warns(UserWarning, match=SAID) as caught:
        model.fit(sequence_of(), epochs=2, verbose=0, callbacks=[callback])
    assert _spoken_of(caught) == 1


def test_sequences_of_one_numbering_are_not_spoken_of():
    train = sequence_of()
    val = other_classes(class_names=train.class_names)
    look = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: val[0])
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*number their classes.*")
        model_of().fit(train, validation_data=val, epochs=2, verbose=0, callbacks=[look])
        small_model().fit(sequence_of(photos(4)), epochs=1, verbose=0)
        small_model().evaluate(other_classes(), verbose=0)
