"""What the evaluation promises: each picture once, with its own file, and numbers that scikit-learn computes."""

import numpy as np
import pytest

from colab_helpers import evaluation
from colab_helpers.inventory import File

NAMES = ["cat", "dog", "emu"]


class Batches:
    """A sequence in file order, of uint8 pictures whose first pixel tells the picture's number."""

    def __init__(
        self, count, batch_size, labels=lambda numbers: (numbers % 3).astype("int32"), skip=()
    ):
        self.numbers = [n for n in range(count) if n not in skip]
        self.batch_size, self.labels, self.skipped = (
            batch_size,
            labels,
            [(n, "broken") for n in skip],
        )

    def in_order(self):
        for start in range(0, len(self.numbers), self.batch_size):
            numbers = np.array(self.numbers[start : start + self.batch_size])
            images = np.zeros((len(numbers), 4, 4, 3), "uint8")
            images[:, 0, 0, 0] = numbers
            files = [
                File(str(n), f"{n}.jpg", NAMES[n % 3], f"{n}.jpg", 9, None, "1") for n in numbers
            ]
            yield images, None if self.labels is None else self.labels(numbers), files


class Counting:
    """A model that answers with the number it sees, and notes the shapes it was given."""

    def __init__(self):
        self.shapes = []

    def predict_on_batch(self, images):
        self.shapes.append(images.shape)
        return np.eye(3, dtype="float32")[images[:, 0, 0, 0] % 3]


def test_each_file_is_predicted_once_beside_its_own_row():
    """Rows, labels and files belong together, in file order, also in a last batch that is short."""
    probabilities, labels, files = evaluation.predict_once(Counting(), Batches(10, 4))
    assert [int(file.id) for file in files] == list(range(10))
    assert labels.tolist() == [n % 3 for n in range(10)] == probabilities.argmax(axis=1).tolist()


def test_the_model_sees_batches_of_one_shape():
    """A short last batch is filled up, since a new shape would make Keras trace the model again."""
    model = Counting()
    evaluation.predict_once(model, Batches(10, 4))
    assert model.shapes == [(4, 4, 4, 3)] * 3


def test_skipped_files_are_in_none_of_the_results():
    """What could not be read has no row, no label and no file."""
    probabilities, labels, files = evaluation.predict_once(
        Counting(), Batches(10, 4, skip=(0, 5, 9))
    )
    assert [int(file.id) for file in files] == [1, 2, 3, 4, 6, 7, 8]
    assert len(probabilities) == len(labels) == 7


@pytest.mark.parametrize(
    "labels",
    [
        lambda numbers: (numbers % 3).astype("int32"),
        lambda numbers: np.eye(3, dtype="float32")[numbers % 3],
    ],
    ids=["int", "categorical"],
)
def test_labels_come_back_as_class_indices_whatever_the_label_mode(labels):
    """One form to go on with."""
    assert evaluation.predict_once(Counting(), Batches(7, 3, labels))[1].tolist() == [
        0,
        1,
        2,
        0,
        1,
        2,
        0,
    ]


def test_binary_labels_and_a_sigmoid_are_two_classes():
    """(n, 1) from a sequence with label_mode="binary" and from a single unit."""
    batches = Batches(4, 2, lambda numbers: (numbers % 2).astype("float32")[:, None])
    assert evaluation.predict_once(Counting(), batches)[1].tolist() == [0, 1, 0, 1]
    probabilities = np.array([[0.1], [0.9], [0.7], [0.2]])
    table = evaluation.mistakes(probabilities, [0, 1, 0, 1], NAMES[:2])
    assert table["predicted"].tolist() == ["cat", "dog"]
    assert table["confidence"].tolist() == [0.8, 0.7]
    assert table["expected_probability"].tolist() == pytest.approx([0.2, 0.3])


def test_without_labels_there_are_predictions_only():
    """label_mode=None: new pictures."""
    probabilities, labels, files = evaluation.predict_once(Counting(), Batches(5, 2, labels=None))
    assert len(probabilities) == len(files) == 5 and labels is None


def test_nothing_to_predict_is_an_error_that_says_why():
    """All files skipped: the reasons are in the message."""
    with pytest.raises(ValueError, match="yielded no picture.*broken"):
        evaluation.predict_once(Counting(), Batches(2, 2, skip=(0, 1)))


def test_the_report_is_scikit_learns():
    """Precision, recall, F1 and support by class, and the accuracy."""
    report = evaluation.report(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), ["cat", "dog"])
    assert report.index.tolist() == ["cat", "dog", "accuracy", "macro avg", "weighted avg"]
    assert report.loc["cat", ["precision", "recall", "support"]].tolist() == [0.5, 1, 1]
    assert report.loc["accuracy", "f1-score"] == 0.75 and report["support"].tolist() == [
        1,
        3,
        4,
        4,
        4,
    ]


def test_a_class_without_test_pictures_stays_in_report_and_confusion():
    """Rows and columns always stand for the same classes, and no warning is in the way."""
    report = evaluation.report(np.array([0, 1]), np.array([0, 1]), NAMES)
    assert report.loc["emu", "support"] == 0
    counts = evaluation.confusion_counts(np.array([0, 2]), np.array([0, 1]), NAMES)
    assert counts.shape == (3, 3) and counts.loc["dog", "emu"] == 1


def test_mistakes_come_most_confident_first_with_their_files():
    """Only wrong ones, ranked, each with what was expected and where it lies."""
    probabilities = np.array(
        [[0.6, 0.4, 0.0], [0.05, 0.9, 0.05], [0.1, 0.2, 0.7], [0.0, 0.99, 0.01]]
    )
    files = [File(str(n), f"{n}.jpg", "", f"x/{n}.jpg", 9, None, "1") for n in range(4)]
    table = evaluation.mistakes(probabilities, [1, 0, 2, 2], NAMES, files)
    assert table["row"].tolist() == [3, 1, 0]
    assert table["expected"].tolist() == ["emu", "cat", "dog"]
    assert table["path"].tolist() == ["x/3.jpg", "x/1.jpg", "x/0.jpg"]


def test_no_mistakes_is_an_empty_table_of_the_same_columns():
    """So that a cell that shows them does not fail on a perfect model."""
    table = evaluation.mistakes(np.eye(3), [0, 1, 2], NAMES, files=[None] * 3)
    assert len(table) == 0 and {"expected", "predicted", "confidence", "path"} <= set(table)


def test_arguments_that_do_not_fit_are_refused():
    """Lengths, shapes and names: each message says what was received."""
    with pytest.raises(ValueError, match="Received: 2 labels, 3 predictions"):
        evaluation.report(np.eye(3), [0, 1], NAMES)
    with pytest.raises(ValueError, match="0 predictions"):
        evaluation.report(np.zeros((0, 3)), [], NAMES)
    with pytest.raises(ValueError, match="`class_names` has 2 names"):
        evaluation.confusion_counts(np.eye(3), [0, 1, 2], NAMES[:2])
    with pytest.raises(ValueError, match=r"Received: shape \(3,\)"):
        evaluation.mistakes(np.array([0, 1, 2]), [0, 1, 1], NAMES)
    with pytest.warns(UserWarning, match="not numbers"):
        evaluation.report(np.full((2, 3), np.nan), [0, 1], NAMES)


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
    np.testing.assert_allclose(evaluation.predict_once(model, sequence)[0], expected, atol=1e-6)
