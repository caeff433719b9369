"""What the evaluation promises of numbers."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from colab_helpers.drive import File
from colab_helpers.evaluation import rank_numbers, report_numbers

FILES = [File(f"id{n}", f"{n}.jpg", None, f"x/{n}.jpg", 9, None, "1") for n in range(4)]
AGES = np.array([10, 20, 30, 40], "float32")
SAID = np.array([[11], [18], [30], [45]], "float32")


def test_the_sums_are_scikit_learns():
    table = report_numbers(SAID, AGES, ["age"])
    assert table.index.tolist() == ["age"]
    assert table.loc["age", "mean_absolute_error"] == mean_absolute_error(AGES, SAID) == 2
    assert table.loc["age", "r2"] == pytest.approx(r2_score(AGES, SAID))
    assert table.loc["age", "support"] == 4


def test_always_saying_the_mean_has_an_r2_of_nothing():
    assert report_numbers(np.full(4, 25), AGES).loc["number", "r2"] == 0


def test_each_of_several_numbers_has_a_row():
    """Points, `(n, 2, 2)`: four numbers a picture."""
    points = np.arange(16.0).reshape(4, 2, 2)
    said = points + [[0, 1], [2, 3]]
    table = report_numbers(said, points)
    assert table.index.tolist() == ["0", "1", "2", "3", "mean"]
    assert table["mean_absolute_error"].tolist() == [0, 1, 2, 3, 1.5]


def test_one_picture_has_no_r2():
    table = report_numbers([3.0], [5.0])
    assert table["mean_absolute_error"].tolist() == [2]
    assert np.isnan(table.loc["number", "r2"])


def test_the_worst_pictures_come_first_by_name():
    table = rank_numbers(SAID, AGES, FILES)
    assert table["name"].tolist() == ["3.jpg", "1.jpg", "0.jpg", "2.jpg"]
    assert table["error"].tolist() == [5, 2, 1, 0]
    assert table["expected"].tolist() == [40, 20, 10, 30]
    assert table["predicted"].tolist() == [45, 18, 11, 30]


def test_of_several_numbers_the_mean_distance_ranks():
    table = rank_numbers([[1, 1], [9, 0]], [[1, 2], [1, 0]])
    assert table["row"].tolist() == [1, 0]
    assert table["error"].tolist() == [4, 0.5]
    assert table["expected"].tolist() == [[1, 0], [1, 2]]


@pytest.mark.parametrize("evaluate", [report_numbers, rank_numbers])
@pytest.mark.parametrize(
    "said, ages, message",
    [
        (SAID, AGES[:3], r"Received: shapes \(3,\) and \(4, 1\)"),
        (np.ones((4, 2)), AGES, r"Received: shapes \(4,\) and \(4, 2\)"),
        ([], [], "0 predictions"),
        (SAID * np.nan, AGES, "`predictions` are not numbers.*4 such rows, the first is 0"),
        (SAID, [1, 2, np.inf, 4], "`labels` are not numbers.*1 such rows, the first is 2"),
    ],
)
def test_what_does_not_fit_is_refused(evaluate, said, ages, message):
    with pytest.raises(ValueError, match=message):
        evaluate(said, ages)


def test_a_name_for_each_number_is_wanted():
    with pytest.raises(ValueError, match="here 1.*Received: names="):
        report_numbers(SAID, AGES, ["age", "size"])


def test_files_of_other_predictions_are_refused():
    with pytest.raises(ValueError, match="Received: 3 files, 4 predictions"):
        rank_numbers(SAID, AGES, FILES[1:])


def test_a_number_that_is_called_mean_keeps_its_row():
    table = report_numbers([[1.0, 10.0], [2.0, 20.0]], [[1.5, 10.0], [2.0, 29.0]], ["mean", "std"])
    assert table["mean_absolute_error"].tolist() == [0.25, 4.5, 2.375]
