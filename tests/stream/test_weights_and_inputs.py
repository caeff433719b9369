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
        ({"inputs": {"place": None}}, r'`inputs\["place"\]` must be a mapping.*NoneType'),
        ({"inputs": {"place": {}}}, r'`inputs\["place"\]` has nothing for \'0.jpg\''),
    ],
)
def test_weights_and_inputs_that_do_not_fit_are_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        len(stream(**wrong))


def predicted_for(loss, labels):
    """What a model might say for these labels: class shares for a loss of class numbers."""
    rng = np.random.default_rng(0)
    if loss is not keras.losses.SparseCategoricalCrossentropy:
        return rng.random(labels.shape, np.float32)
    per_value = labels.shape[:-1] if labels.shape[-1] == 1 else labels.shape
    share = rng.random(per_value, np.float32)
    return np.stack([share, 1 - share], axis=-1)


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.MeanSquaredError,
        keras.losses.BinaryCrossentropy,
        keras.losses.SparseCategoricalCrossentropy,
    ],
)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (8,), (8, 8), (8, 5), (8, 8, 1), (2, 8, 3)])
def test_weights_meet_the_losses_of_their_own_pictures(loss, shape):
    """Of class numbers a loss has all dimensions of the labels, of others all but the last."""
    labels = np.random.default_rng(1).integers(0, 2, (8, *shape))
    weights = np.float32([1, 0, 2, 0, 0.5, 0, 0, 3])
    sequence = StreamingSequence(
        FILES[:8],
        read,
        decode,
        labels=labels,
        label_mode="raw",
        sample_weight=weights,
        shuffle=False,
        batch_size=8,
    )
    _, batch_labels, batch_weights = sequence[0]
    assert batch_weights.shape == (8, *(1,) * len(shape))
    if not shape:
        batch_labels = batch_labels[:, None]
    predicted = predicted_for(loss, batch_labels)
    plain = np.asarray(loss(reduction=None)(batch_labels, predicted))
    weighted = loss(reduction=None)(batch_labels, predicted, sample_weight=batch_weights)
    per_picture = np.asarray(weighted).reshape(8, -1).sum(axis=1)
    np.testing.assert_allclose(per_picture, plain.reshape(8, -1).sum(axis=1) * weights, rtol=1e-5)


@pytest.mark.parametrize("label_mode", ["int", "categorical", "binary", "multi_label"])
def test_beside_classes_weights_have_one_dimension(label_mode):
    labels = [["sky"], []] * 10 if label_mode == "multi_label" else None
    sequence = stream(labels=labels, label_mode=label_mode, sample_weight=WEIGHTS)
    assert sequence[0][2].shape == (8,)


def test_outputs_of_several_dimensions_have_weights_of_their_own_form():
    sequence = stream(
        label_mode={"kind": "int", "again": "input"}, sample_weight=WEIGHTS, shuffle=False
    )
    images, _, weights = sequence[0]
    assert weights["kind"].tolist() == [n / 4 for n in numbers(images)]
    assert weights["again"].shape == (8, 1, 1, 1)
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


def with_a_list_of_outputs(model):
    return keras.Model(model.input, [model.output["kind"], model.output["age"]])


def test_outputs_that_a_model_gives_as_a_list_are_told_apart_by_their_names():
    sequence = stream(
        inputs={"place": PLACES}, label_mode={"kind": "int", "age": "raw"}, labels={"age": [1] * 20}
    )
    model = two_headed_model()
    expected = predict_once(model, sequence).probabilities
    predictions = predict_once(with_a_list_of_outputs(model), sequence).probabilities
    assert set(predictions) == {"kind", "age"}
    for name in expected:
        np.testing.assert_allclose(predictions[name], expected[name], rtol=1e-5)


def test_a_list_of_one_output_is_that_output():
    image = keras.Input((3, 2, 3))
    kind = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(image))
    assert predict_once(keras.Model(image, [kind]), stream()).probabilities.shape == (20, 2)


def test_a_list_of_outputs_without_names_is_refused():
    class Nameless:
        def predict_on_batch(self, images):
            return [np.ones((len(images), 2)), np.zeros((len(images), 2))]

    with pytest.raises(ValueError, match="Build it with a dict of outputs"):
        predict_once(Nameless(), stream())


def test_several_labels_are_not_taken_for_classes():
    labels = [["sky"], ["sea", "sky"]] * 10
    sequence = stream(labels=labels, label_mode="multi_label")
    image = keras.Input((3, 2, 3))
    seen = keras.layers.Dense(2, activation="sigmoid")(keras.layers.Flatten()(image))
    predictions = predict_once(keras.Model(image, seen), sequence)
    assert predictions.labels.tolist() == [[0, 1], [1, 1]] * 10
