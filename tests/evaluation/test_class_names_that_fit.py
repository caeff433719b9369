"""What the evaluation promises of class names: those of other classes are refused, not guessed."""

import csv
import io

import numpy as np
import pytest

from colab_helpers.drive import File
from colab_helpers.evaluation import (
    class_indices,
    compare_masks,
    predict_once,
    rank_labels,
    rank_mistakes,
    report,
    report_labels,
)
from colab_helpers.plots import plot_confusion, plot_mistakes

THREE = ["cat", "dog", "emu"]
SHARES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])  # both of the first two classes


def confusion(probabilities, labels, names):
    return plot_confusion(labels, probabilities, names)


@pytest.mark.parametrize("evaluate", [report, rank_mistakes, confusion])
@pytest.mark.parametrize("names", [THREE[:2], [*THREE, "fox"], THREE[:1]])
def test_a_name_for_each_column_is_wanted(evaluate, names):
    """Also where no picture is of the class that the names lack, or have too many."""
    message = f"`probabilities` has 3 columns.*`class_names` has {len(names)} names.*train"
    with pytest.raises(ValueError, match=message):
        evaluate(SHARES, [0, 0], names)


@pytest.mark.parametrize("evaluate", [report, rank_mistakes, confusion])
def test_one_hot_labels_of_other_classes_are_refused(evaluate):
    with pytest.raises(ValueError, match="`labels` has 2 columns"):
        evaluate(SHARES, np.eye(2), THREE)


@pytest.mark.parametrize("evaluate", [report, rank_mistakes, confusion])
@pytest.mark.parametrize("names", [THREE, THREE[:1]])
def test_a_sigmoid_has_two_classes(evaluate, names):
    with pytest.raises(ValueError, match="one column of floats, of two classes"):
        evaluate(np.array([[0.2], [0.9]]), [0, 0], names)


@pytest.mark.parametrize("evaluate", [report, confusion])
@pytest.mark.parametrize("index", [-1, 3])
def test_a_class_index_without_a_name_is_refused(evaluate, index):
    with pytest.raises(ValueError, match=f"A class index in `labels` is {index}"):
        evaluate([0, 1], [0, index], THREE)


@pytest.mark.parametrize("evaluate", [report, confusion])
@pytest.mark.parametrize("values", [[0.0, 1.0, 2.0], [-0.5, 1.0, 0.0], [[3.2], [-1.0], [0.5]]])
def test_numbers_that_are_neither_classes_nor_shares_become_no_class(evaluate, values):
    """Class numbers as floats, logits, ages: 2.0 is not class 1."""
    with pytest.raises(ValueError, match="floats that are no shares from 0 to 1"):
        evaluate(np.array(values), [0, 1, 1], THREE[:2])
    with pytest.raises(ValueError, match="floats that are no shares from 0 to 1"):
        evaluate([0, 1, 1], np.array(values), THREE[:2])


def test_no_mistake_is_the_surest_by_what_is_no_share():
    """Without a softmax, the highest number of all need not be the surest of its row."""
    logits = np.array([[5.0, 1.0, 4.9], [3.0, -9.0, -9.0]])
    with pytest.raises(ValueError, match="end.* without a softmax.*numbers from -9 to 5"):
        rank_mistakes(logits, [1, 1], THREE)
    assert report(logits, [1, 0], THREE).loc["accuracy", "recall"] == 0.5  # classes are told
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert rank_mistakes(shares.astype("float16"), [1, 1], THREE)["row"].tolist() == [1, 0]


def test_an_array_of_pictures_is_no_list_of_classes():
    with pytest.raises(ValueError, match=r"Received: shape \(2, 4, 4, 3\)"):
        class_indices(np.zeros((2, 4, 4, 3)))


def test_a_confusion_of_different_pictures_is_refused():
    with pytest.raises(ValueError, match="Received: 3 labels, 2 predictions"):
        plot_confusion([0, 1, 1], [0, 1], THREE)


def test_a_class_without_test_pictures_is_reported_and_drawn():
    """A small class may lack them: its row stays, with zeros."""
    labels = [0, 1]
    assert report(SHARES, labels, THREE).loc["emu"].tolist() == [0, 0, 0, 0]
    assert len(rank_mistakes(SHARES, labels, THREE)) == 0
    figure = plot_confusion(labels, SHARES, THREE)
    assert figure.get_suptitle().startswith("100% of 2 right")


def test_one_picture_is_reported_and_drawn():
    table = report(SHARES[:1], [2], THREE)
    assert table["support"].tolist() == [0, 0, 1, 1, 1, 1]
    assert rank_mistakes(SHARES[:1], [2], THREE)["expected"].tolist() == ["emu"]
    plot_confusion([2], SHARES[:1], THREE)


def test_files_of_other_predictions_are_refused():
    """With a skipped file, the list that was streamed has one more than the predictions."""
    files = [File(f"{n}", f"{n}.jpg", "x", f"{n}.jpg", 9, None, "1") for n in range(3)]
    with pytest.raises(ValueError, match="Received: 3 files, 2 predictions"):
        rank_mistakes(SHARES, [1, 1], THREE, files)
    table = rank_mistakes(SHARES, [1, 0], THREE, files[1:])
    for others in (files, files[:1], files[:2]):
        with pytest.raises(ValueError, match="those that predict_once returned"):
            plot_mistakes(table, others, lambda file: b"", lambda data: np.zeros((2, 2, 3)))
    plot_mistakes(table, files[1:], lambda file: b"", lambda data: np.zeros((2, 2, 3), "uint8"))


def test_classes_may_be_called_as_the_rows_below_them():
    """A class "accuracy" has a row of its own."""
    names = ["accuracy", "macro avg"]
    table = report([0, 1, 1], [0, 1, 0], names)
    assert table.index.tolist() == [*names, "accuracy", "macro avg", "weighted avg"]
    assert table["support"].tolist() == [2, 1, 3, 3, 3]


def test_names_in_the_tables_are_shown_not_obeyed_and_no_formula():
    """In the console, and in a CSV that a spreadsheet opens."""
    names = ["\x1b[31mred", "caf\udce9", "=1+1"]
    file = File("\n", "a\x1b[0m.jpg", "x", "@SUM(1)/a.jpg", 9, None, "1")
    tables = [
        report(SHARES, [2, 0], names),
        rank_mistakes(SHARES, [2, 0], names, [file, file]),
    ]
    for table in tables:
        text = table.to_string()
        assert all(character.isprintable() or character == "\n" for character in text)
        table.to_csv().encode("utf-8")
        for row in csv.reader(io.StringIO(table.to_csv())):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


OF_TWO = np.array([[0.9, 0.1], [0.2, 0.8]])


@pytest.mark.parametrize("names", [None, 5, {"cat", "dog"}, {"cat": 0, "dog": 1}])
def test_what_is_no_list_of_names_is_refused(names):
    """A set has no order: each run would give the classes other names."""
    words = "`class_names` must be a list of names in the order of their numbers.*Received:"
    for evaluate in (report, rank_mistakes):
        with pytest.raises(ValueError, match=words):
            evaluate(OF_TWO, [0, 1], names)
    for evaluate in (report_labels, rank_labels):
        with pytest.raises(ValueError, match=words):
            evaluate(OF_TWO, np.eye(2), names)


def test_names_in_place_of_class_numbers_say_how_these_are_made():
    with pytest.raises(ValueError, match=r"class_names.index\(name\).*Received: \['cat', 'dog'\]"):
        report(OF_TWO, ["cat", "dog"], ["cat", "dog"])


def test_a_label_that_is_no_number_is_no_class():
    """NaN counted as the first class."""
    with pytest.raises(ValueError, match="Some `labels` are not numbers"):
        report(OF_TWO, [0.0, float("nan")], ["cat", "dog"])


@pytest.mark.parametrize("files", [5, "ab", ["a.jpg", "b.jpg"]])
def test_paths_are_no_files(files):
    with pytest.raises(ValueError, match="`files` must be a list of files"):
        rank_mistakes(OF_TWO, [0, 1], ["cat", "dog"], files)


@pytest.mark.parametrize("threshold", [None, "0.5", (0.5, 0.5)])
def test_one_threshold_is_for_all_labels(threshold):
    with pytest.raises(ValueError, match="`threshold` must be a number from 0 to 1. Received:"):
        report_labels(OF_TWO, np.eye(2), ["cat", "dog"], threshold=threshold)


@pytest.mark.parametrize("predict", [predict_once, compare_masks])
def test_other_data_than_a_sequence_is_refused(predict):
    with pytest.raises(ValueError, match="`sequence` must be a `StreamingSequence`.*list"):
        predict(None, [OF_TWO])


@pytest.mark.parametrize("keep", [None, 1.5, -1])
def test_masks_are_kept_of_a_whole_number(keep):
    with pytest.raises(ValueError, match="`keep` must be an integer of at least 0. Received:"):
        compare_masks(None, None, keep=keep)
