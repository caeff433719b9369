"""What the evaluation promises of several labels a picture."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from colab_helpers.drive import File
from colab_helpers.evaluation import rank_labels, rank_mistakes, report, report_labels

NAMES = ["day", "sea", "sky"]
LABELS = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0]], "float32")
SHARES = np.array([[0.9, 0.2, 0.4], [0.8, 0.6, 0.7], [0.1, 0.05, 0.3], [0.95, 0.5, 0.0]])
FILES = [File(f"id{n}", f"{n}.jpg", None, f"x/{n}.jpg", 9, None, "1") for n in range(4)]


def test_each_label_has_its_own_row_and_then_the_averages():
    table = report_labels(SHARES, LABELS, NAMES)
    assert table.index.tolist() == [*NAMES, "micro avg", "macro avg", "weighted avg"]
    assert table.loc["day", ["precision", "recall", "support"]].tolist() == [1, 1, 3]
    assert table.loc["sea", ["precision", "recall", "support"]].tolist() == [0.5, 1, 1]
    assert table.loc["sky", ["precision", "recall", "support"]].tolist() == [0, 0, 1]


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.99])
def test_the_sums_are_scikit_learns(threshold):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (50, 3))
    shares = rng.random((50, 3)).astype("float32")
    table = report_labels(shares, labels, NAMES, threshold=threshold)
    said = shares >= threshold
    expected = f1_score(labels, said, average=None, zero_division=0)
    np.testing.assert_allclose(table.loc[NAMES, "f1-score"], expected)
    macro = f1_score(labels, said, average="macro", zero_division=0)
    assert table.loc["macro avg", "f1-score"] == pytest.approx(macro)


def test_a_model_that_is_right_about_all_scores_one_also_where_pictures_have_no_label():
    averages = report_labels(LABELS, LABELS, NAMES).iloc[3:]
    assert (averages[["precision", "recall", "f1-score"]] == 1).all(axis=None)


def test_one_label_is_several_of_which_there_is_one():
    table = report_labels([[0.9], [0.6], [0.2]], [[1], [0], [1]], ["sea"])
    assert table.loc["sea", ["precision", "recall", "support"]].tolist() == [0.5, 0.5, 2]
    assert table.loc["macro avg", "precision"] == 0.5


def test_a_label_may_be_called_as_an_average():
    table = report_labels(SHARES, LABELS, ["micro avg", "accuracy", "=1"])
    assert table.index.tolist()[:3] == ["micro avg", "accuracy", "'=1"]
    assert table["support"].tolist()[:3] == [3, 1, 1]


def test_wrong_answers_come_most_confident_first_with_their_files():
    table = rank_labels(SHARES, LABELS, NAMES, FILES)
    assert table["name"].tolist() == ["1.jpg", "0.jpg", "3.jpg"]
    assert table["row"].tolist() == [1, 0, 3]
    assert table["expected"].tolist() == ["not sky", "sky", "not sea"]
    assert table["predicted"].tolist() == ["sky", "not sky", "sea"]
    assert table["confidence"].tolist() == pytest.approx([0.7, 0.6, 0.5])


def test_another_threshold_makes_other_mistakes():
    table = rank_labels(SHARES, LABELS, NAMES, threshold=0.75)
    assert table["expected"].tolist() == ["sky", "sea"]
    assert table["confidence"].tolist() == pytest.approx([0.6, 0.4])


def test_without_mistakes_the_table_is_empty_and_has_its_columns():
    table = rank_labels(LABELS, LABELS, NAMES, FILES)
    assert len(table) == 0
    assert list(table) == list(rank_labels(SHARES, LABELS, NAMES, FILES))


@pytest.mark.parametrize("evaluate", [report_labels, rank_labels])
@pytest.mark.parametrize(
    "shares, labels, names, message",
    [
        (SHARES, LABELS[:3], NAMES, r"Received: shapes \(3, 3\) and \(4, 3\)"),
        (SHARES, [0, 1, 2, 0], NAMES, r"Received: shapes \(4,\) and \(4, 3\)"),
        (SHARES, LABELS, NAMES[:2], "There are 3 columns.*has 2 names"),
        (SHARES, LABELS * 2, NAMES, r"ones and zeros.*report_numbers.*\[2\.0, "),
        (SHARES * 9 - 4, LABELS, NAMES, 'activation="sigmoid".*from -4 to 4.55'),
        (np.zeros((0, 3)), np.zeros((0, 3)), NAMES, "0 predictions"),
    ],
)
def test_what_does_not_fit_is_refused(evaluate, shares, labels, names, message):
    with pytest.raises(ValueError, match=message):
        evaluate(shares, labels, names)


@pytest.mark.parametrize("evaluate", [report_labels, rank_labels])
@pytest.mark.parametrize("threshold", [-0.1, 50])
def test_a_threshold_is_a_share(evaluate, threshold):
    with pytest.raises(ValueError, match=f"Received: {threshold}"):
        evaluate(SHARES, LABELS, NAMES, threshold=threshold)


def test_files_of_other_predictions_are_refused():
    with pytest.raises(ValueError, match="Received: 3 files, 4 predictions"):
        rank_labels(SHARES, LABELS, NAMES, FILES[1:])


@pytest.mark.parametrize("evaluate", [report, rank_mistakes])
def test_several_labels_are_not_reported_as_one_class(evaluate):
    """The first of several ones is not the picture's class."""
    with pytest.raises(ValueError, match=r"report_labels.*Received: 2 ones in row 0"):
        evaluate(SHARES, LABELS, NAMES)
    evaluate(SHARES[:2], np.eye(3)[:2], NAMES)


@pytest.mark.parametrize("evaluate", [report_labels, rank_labels])
def test_predictions_that_are_not_numbers_are_pointed_out(evaluate):
    with pytest.warns(UserWarning, match="not numbers") as caught:
        evaluate(np.full((4, 3), np.nan), LABELS, NAMES)
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}
