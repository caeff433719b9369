"""What goes with a picture beside its label: how much it counts, and what else goes in."""

import keras
import numpy as np
import pandas as pd
import pytest
from numbered_photos import broken, decode, numbers, photos, read

from colab_helpers.evaluation import predict_once
from colab_helpers.stream import StreamingSequence

FILES = photos(20)
WEIGHTS = {file.id: n / 4 for n, file in enumerate(FILES)}
PLACES = {file.id: [n, -n, 1] for n, file in enumerate(FILES)}


def stream(**how):
    return StreamingSequence(FILES, read, decode, **{"batch_size": 8, **how})


@pytest.mark.parametrize("given", [WEIGHTS, list(WEIGHTS.values()), pd.Series(WEIGHTS)])
def test_weights_are_the_third_element_of_a_batch(given):
    for images, labels, weights in stream(sample_weight=given):
        assert weights.dtype == np.float32
        assert weights.tolist() == [n / 4 for n in numbers(images)]
        assert labels.tolist() == [n % 2 for n in numbers(images)]


def test_other_inputs_go_beside_the_images():
    sequence = stream(inputs={"place": PLACES, "age": list(range(20))})
    for inputs, _ in sequence:
        assert list(inputs) == ["image", "place", "age"]
        shown = numbers(inputs["image"])
        assert inputs["place"].dtype == np.float32
        assert inputs["place"].tolist() == [[n, -n, 1] for n in shown]
        assert inputs["age"].tolist() == shown
    inputs = stream(inputs={"age": list(range(20))}, label_mode=None)[0]
    assert inputs["age"].tolist() == numbers(inputs["image"])


def test_weights_and_inputs_stay_with_their_pictures_when_files_are_left_out():
    sequence = StreamingSequence(
        FILES,
        read,
        broken,
        batch_size=8,
        on_bad_file="skip",
        inputs={"place": PLACES},
        sample_weight=WEIGHTS,
    )
    for inputs, _, weights in sequence:
        shown = numbers(inputs["image"])
        assert weights.tolist() == [n / 4 for n in shown]
        assert inputs["place"][:, 0].tolist() == shown


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"sample_weight": {"id00000": 1}}, "`sample_weight` has nothing for '1.jpg'.*18 more"),
        ({"sample_weight": [1.0] * 19 + [float("nan")]}, "`sample_weight`.*'19.jpg'"),
        ({"sample_weight": PLACES}, r"one number for each file. Received: .*\(3,\)"),
        ({"sample_weight": [1, 2]}, "`sample_weight` in the order of `files`.*2 values for 20"),
        ({"sample_weight": WEIGHTS, "label_mode": None}, "gives no labels"),
        ({"inputs": {"image": PLACES}}, "are the pictures"),
        ({"inputs": [PLACES]}, "`inputs` must be a dict"),
        ({"inputs": {"place": {}}}, r'`inputs\["place"\]` has nothing for \'0.jpg\''),
    ],
)
def test_weights_and_inputs_that_do_not_fit_are_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        len(stream(**wrong))


def test_weights_meet_the_losses_of_their_own_pictures():
    """Keras multiplies weights by losses of all dimensions of the labels but the last."""
    for labels, shape in (([1] * 20, (8,)), (np.ones((20, 8, 5)), (8, 1))):
        weights = [1] + [0] * 19
        sequence = stream(labels=labels, label_mode="raw", sample_weight=weights, shuffle=False)
        _, batch_labels, batch_weights = sequence[0]
        assert batch_weights.shape == shape
        predicted = batch_labels * np.arange(8).reshape(-1, *(1,) * (batch_labels.ndim - 1))
        if batch_labels.ndim == 1:
            batch_labels, predicted = batch_labels[:, None], predicted[:, None]
        loss = keras.losses.MeanSquaredError(reduction=None)(
            batch_labels, predicted, sample_weight=batch_weights
        )
        losses = np.asarray(loss).reshape(8, -1)
        assert (losses[0] == 1).all() and (losses[1:] == 0).all()


def test_outputs_of_several_dimensions_have_weights_of_their_own_form():
    sequence = stream(
        label_mode={"kind": "int", "again": "input"}, sample_weight=WEIGHTS, shuffle=False
    )
    images, _, weights = sequence[0]
    assert weights["kind"].tolist() == [n / 4 for n in numbers(images)]
    assert weights["again"].shape == (8, 1, 1)
    flat = stream(label_mode={"kind": "int", "same": "categorical"}, sample_weight=WEIGHTS)
    assert flat[0][2].shape == (8,)


def two_headed_model():
    image = keras.Input((3, 2, 3), name="image")
    place = keras.Input((3,), name="place")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(image), place])
    kind = keras.layers.Dense(2, activation="softmax", name="kind")(both)
    age = keras.layers.Dense(1, name="age")(both)
    return keras.Model({"image": image, "place": place}, {"kind": kind, "age": age})


def test_each_picture_is_predicted_once_whatever_goes_in_and_comes_out():
    sequence = stream(
        inputs={"place": PLACES},
        labels={"age": list(range(20))},
        label_mode={"kind": "categorical", "age": "raw"},
    )
    predictions, labels, files = predict_once(two_headed_model(), sequence)
    assert [file.id for file in files] == [file.id for file in FILES]
    assert predictions["kind"].shape == (20, 2) and predictions["age"].shape == (20, 1)
    assert labels["kind"].tolist() == [0, 1] * 10
    assert labels["age"].tolist() == list(range(20))


def test_several_labels_are_not_taken_for_classes():
    labels = [["sky"], ["sea", "sky"]] * 10
    sequence = stream(labels=labels, label_mode="multi_label")
    image = keras.Input((3, 2, 3))
    seen = keras.layers.Dense(2, activation="sigmoid")(keras.layers.Flatten()(image))
    predictions = predict_once(keras.Model(image, seen), sequence)
    assert predictions.labels.tolist() == [[0, 1], [1, 1]] * 10
