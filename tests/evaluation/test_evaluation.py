"""What the evaluation promises: each picture once, with its own file, and true numbers."""

import subprocess
import sys

import numpy as np
import pytest

from colab_helpers import evaluation
from colab_helpers.drive import File
from colab_helpers.evaluation import class_indices, predict_once, rank_mistakes, report

NAMES = ["cat", "dog", "emu"]


def make_file(number):
    name = f"{number}.jpg"
    return File(str(number), name, NAMES[number % 3], f"x/{name}", 9, None, "1")


def int_labels(numbers):
    return (numbers % 3).astype("int32")


def one_hot_labels(numbers):
    return np.eye(3, dtype="float32")[numbers % 3]


def binary_labels(numbers):
    return (numbers % 2).astype("float32")[:, None]


def test_without_a_table_pandas_is_not_needed():
    """To predict and to draw, it is not even imported."""
    program = "import sys, colab_helpers.evaluation, colab_helpers.plots; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pandas" not in done.stdout.split()


class Batches:
    """A sequence in file order; the first pixel of each picture tells the picture's number."""

    def __init__(self, count, batch_size, labels=int_labels, skip=()):
        self.numbers = [number for number in range(count) if number not in skip]
        self.batch_size = batch_size
        self.labels = labels
        self.skipped = [(number, "broken") for number in skip]

    def in_order(self):
        for start in range(0, len(self.numbers), self.batch_size):
            numbers = np.array(self.numbers[start : start + self.batch_size])
            images = np.zeros((len(numbers), 4, 4, 3), "uint8")
            images[:, 0, 0, 0] = numbers
            labels = None if self.labels is None else self.labels(numbers)
            yield images, labels, [make_file(number) for number in numbers]


class CountingModel:
    """Answers with the number it sees, and notes the shapes it was given."""

    def __init__(self):
        self.shapes = []

    def predict_on_batch(self, images):
        self.shapes.append(images.shape)
        return np.eye(3, dtype="float32")[images[:, 0, 0, 0] % 3]


# Predicting


def test_each_file_is_predicted_once_beside_its_own_row():
    """Rows, labels and files belong together, in file order, also in a short last batch."""
    probabilities, labels, files = predict_once(CountingModel(), Batches(10, 4))
    assert [int(file.id) for file in files] == list(range(10))
    assert labels.tolist() == [number % 3 for number in range(10)]
    assert probabilities.argmax(axis=1).tolist() == labels.tolist()


def test_predictions_have_names():
    """The tuple can be kept whole, and asked for what is needed."""
    predictions = predict_once(CountingModel(), Batches(10, 4))
    assert predictions.probabilities.shape == (10, 3)
    assert predictions.labels.shape == (10,)
    assert len(predictions.files) == 10


def test_the_model_sees_batches_of_one_shape():
    """A short last batch is filled up, since a new shape would make Keras trace the model again."""
    model = CountingModel()
    predict_once(model, Batches(10, 4))
    assert model.shapes == [(4, 4, 4, 3)] * 3


def test_skipped_files_are_in_none_of_the_results():
    """What could not be read has no row, no label and no file."""
    probabilities, labels, files = predict_once(CountingModel(), Batches(10, 4, skip=(0, 5, 9)))
    assert [int(file.id) for file in files] == [1, 2, 3, 4, 6, 7, 8]
    assert len(probabilities) == 7
    assert len(labels) == 7


@pytest.mark.parametrize("labels", [int_labels, one_hot_labels])
def test_labels_come_back_as_class_indices_whatever_the_label_mode(labels):
    """One form to go on with."""
    predictions = predict_once(CountingModel(), Batches(7, 3, labels))
    assert predictions.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_binary_labels_come_back_as_two_classes():
    """A column `(n, 1)` of floats, as a sequence with label_mode="binary" gives it."""
    predictions = predict_once(CountingModel(), Batches(4, 2, binary_labels))
    assert predictions.labels.tolist() == [0, 1, 0, 1]


def test_the_only_class_has_the_number_0_in_each_label_mode():
    """One-hot labels of a single class are a column of ones, as binary labels of class 1 are."""
    for label_mode, labels in (("int", [0, 0]), ("categorical", [[1.0], [1.0]])):
        sequence = Batches(2, 2, lambda numbers, labels=labels: np.array(labels))
        sequence.label_mode = label_mode
        assert predict_once(CountingModel(), sequence).labels.tolist() == [0, 0]


def test_without_labels_there_are_predictions_only():
    """label_mode=None: new pictures."""
    probabilities, labels, files = predict_once(CountingModel(), Batches(5, 2, labels=None))
    assert len(probabilities) == 5
    assert len(files) == 5
    assert labels is None


def test_nothing_to_predict_is_an_error_that_says_why():
    """All files skipped: the reasons are in the message."""
    with pytest.raises(ValueError, match="yielded no picture.*broken"):
        predict_once(CountingModel(), Batches(2, 2, skip=(0, 1)))


def test_a_keras_model_predicts_as_its_own_call_does():
    """BatchNorm and Dropout in inference: filling a batch up changes no other row."""
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 3), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    sequence = Batches(10, 4)
    expected = np.concatenate(
        [np.asarray(model(images, training=False)) for images, _, _ in sequence.in_order()]
    )
    np.testing.assert_allclose(predict_once(model, sequence).probabilities, expected, atol=1e-6)


# From predictions to class numbers


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([[0.1, 0.2, 0.7], [0.9, 0.1, 0.0]]), [2, 0]),  # a softmax
        (np.array([[0, 0, 1], [1, 0, 0]]), [2, 0]),  # one-hot rows of ints
        (np.array([[0.0, 1.0], [1.0, 0.0]], "float32"), [1, 0]),  # one-hot rows of floats
        (np.array([[0.1], [0.5], [0.9]], "float32"), [0, 1, 1]),  # a sigmoid
        (np.array([[0.1], [0.5], [0.9]], "float16"), [0, 1, 1]),
        (np.array([0.1, 0.5, 0.9]), [0, 1, 1]),  # a sigmoid, flattened
        (np.array([[0.0], [1.0]], "float32"), [0, 1]),  # binary labels
        (np.array([2, 0, 1]), [2, 0, 1]),  # class numbers
        (np.array([[2], [0], [1]]), [2, 0, 1]),  # class numbers as a column
        (np.array([[2], [0]], "uint8"), [2, 0]),
        (np.array([[True], [False]]), [1, 0]),
        ([2, 0, 1], [2, 0, 1]),
        (np.array([], "int32"), []),
        (np.zeros((0, 3)), []),
    ],
)
def test_floats_in_a_column_are_a_sigmoids_and_ints_are_class_numbers(values, expected):
    """The one way from predictions or labels to class numbers."""
    indices = class_indices(values)
    assert indices.tolist() == expected
    assert indices.dtype == int


def test_a_sigmoid_in_half_precision_is_a_sigmoid():
    """A model with mixed precision may answer in bfloat16, which NumPy does not count as float."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    column = np.array([[0.2], [0.7]], ml_dtypes.bfloat16)
    assert class_indices(column).tolist() == [0, 1]
    assert class_indices(column.ravel()).tolist() == [0, 1]


# The report


def test_the_report_is_scikit_learns():
    """Precision, recall, F1 and support by class, and the accuracy."""
    table = report(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["cat", "dog"])
    assert table.index.tolist() == ["cat", "dog", "accuracy", "macro avg", "weighted avg"]
    assert table.loc["cat", ["precision", "recall", "support"]].tolist() == [0.5, 1, 1]
    assert table.loc["accuracy", ["precision", "recall", "f1-score"]].tolist() == [0.75] * 3
    assert table["support"].tolist() == [1, 3, 4, 4, 4]


def test_a_class_without_test_pictures_stays_in_the_report():
    """Rows always stand for the same classes, and no warning is in the way."""
    table = report(np.array([0, 1]), np.array([0, 1]), NAMES)
    assert table.loc["emu", "support"] == 0


def test_class_numbers_in_a_column_are_reported_as_such():
    """`(n, 1)` of ints is no sigmoid."""
    labels = np.array([0, 1, 2])
    assert report(labels[:, None], labels, NAMES).loc["accuracy", "recall"] == 1


# The mistakes


def test_mistakes_come_most_confident_first_with_their_files():
    """Only wrong ones, ranked, each with what was expected and where it lies."""
    probabilities = np.array(
        [[0.6, 0.4, 0.0], [0.05, 0.9, 0.05], [0.1, 0.2, 0.7], [0.0, 0.99, 0.01]]
    )
    files = [make_file(number) for number in range(4)]
    table = rank_mistakes(probabilities, [1, 0, 2, 2], NAMES, files)
    assert table["row"].tolist() == [3, 1, 0]
    assert table["expected"].tolist() == ["emu", "cat", "dog"]
    assert table["predicted"].tolist() == ["dog", "dog", "cat"]
    assert table["name"].tolist() == ["3.jpg", "1.jpg", "0.jpg"]
    assert table["path"].tolist() == ["x/3.jpg", "x/1.jpg", "x/0.jpg"]
    assert table["id"].tolist() == ["3", "1", "0"]


def test_a_sigmoids_mistakes_have_the_confidence_of_the_class_that_was_said():
    """One column: 0.2 for class 1 is 0.8 for class 0."""
    probabilities = np.array([[0.1], [0.9], [0.7], [0.2]])
    table = rank_mistakes(probabilities, [0, 1, 0, 1], NAMES[:2])
    assert table["predicted"].tolist() == ["cat", "dog"]
    assert table["confidence"].tolist() == [0.8, 0.7]
    assert table["expected_probability"].tolist() == pytest.approx([0.2, 0.3])


def test_no_mistakes_is_an_empty_table_of_the_same_columns():
    """So that a cell that shows them does not fail on a perfect model."""
    files = [make_file(number) for number in range(3)]
    perfect = rank_mistakes(np.eye(3), [0, 1, 2], NAMES, files)
    imperfect = rank_mistakes(np.eye(3), [1, 1, 2], NAMES, files)
    assert len(perfect) == 0
    assert list(perfect) == list(imperfect)


def test_the_name_of_version_0_1_is_the_same_function():
    """A notebook that was copied goes on working until 0.3."""
    assert evaluation.mistakes is rank_mistakes


# Arguments that do not fit


def test_labels_and_predictions_of_different_lengths_are_refused():
    """They are not of the same pictures."""
    with pytest.raises(ValueError, match="Received: 2 labels, 3 predictions"):
        report(np.eye(3), [0, 1], NAMES)


def test_nothing_to_evaluate_is_refused():
    """An empty test part is told, not reported as zeros."""
    with pytest.raises(ValueError, match="0 predictions"):
        report(np.zeros((0, 3)), [], NAMES)


@pytest.mark.parametrize("evaluate", [report, rank_mistakes])
def test_a_class_without_a_name_is_refused(evaluate):
    """The names of another model were given."""
    with pytest.raises(ValueError, match="`class_names` has 2 names"):
        evaluate(np.eye(3), [0, 1, 2], NAMES[:2])


def test_mistakes_cannot_be_ranked_by_class_numbers():
    """A number says nothing of confidence; the message tells the shape that does."""
    with pytest.raises(ValueError, match=r"Received: shape \(3,\)"):
        rank_mistakes(np.array([0, 1, 2]), [0, 1, 1], NAMES)


def test_predictions_that_are_not_numbers_are_pointed_out():
    """The training went wrong; the warning points to the reader's own line."""
    with pytest.warns(UserWarning, match="not numbers") as caught:
        report(np.full((2, 3), np.nan), [0, 1], NAMES)
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}
