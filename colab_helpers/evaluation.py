"""How good is the model: predict each picture exactly once, then report, count and rank the mistakes.

`model.predict` returns rows without saying which file each belongs to, and a shuffled or augmented sequence gives other
rows each time. `predict_once` walks the sequence in file order, unshuffled and unaugmented, and keeps row and file
together. What follows is scikit-learn's.

Example:
    >>> import numpy as np
    >>> from colab_helpers.evaluation import mistakes, report
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> labels = np.array([0, 1, 1])
    >>> print(report(probabilities, labels, ["cat", "dog"]).loc["dog", "recall"])
    0.5
    >>> mistakes(probabilities, labels, ["cat", "dog"])[["row", "expected", "predicted", "confidence"]]
       row expected predicted  confidence
    0    1      dog       cat         0.6
"""

import warnings

import numpy as np
import pandas as pd

__all__ = ["class_indices", "confusion_counts", "mistakes", "predict_once", "report"]


def predict_once(model, sequence):
    """Predicts each file of a sequence exactly once, in file order.

    ```python
    probabilities, labels, files = predict_once(model, test)
    ```

    Args:
        model: A Keras model, or anything with `predict_on_batch(images)`.
        sequence: A `StreamingSequence`, or anything whose `in_order()` yields `(images, labels, files)`.

    Returns:
        A tuple `(probabilities, labels, files)`, one row a file; files that were skipped are in none of them.
        `probabilities` is a float array `(n, classes)` (`(n, 1)` for a single sigmoid unit), `labels` an int array
        `(n,)` of class indices whatever the sequence's `label_mode` (None where it yields no labels), `files` a list.

    Raises:
        ValueError: Not a single file could be read.
    """
    rows, labels, files = [], [], []
    size = 0
    for images, batch_labels, batch_files in sequence.in_order():
        count, size = len(images), max(size, len(images))
        if (
            count < size
        ):  # another batch size would make Keras trace the model again: fill up, and drop the rest
            images = np.concatenate(
                [images, np.zeros((size - count, *images.shape[1:]), images.dtype)]
            )
        rows.append(np.asarray(model.predict_on_batch(images))[:count])
        labels.append(None if batch_labels is None else class_indices(batch_labels))
        files.extend(batch_files)
    if not files:
        raise ValueError(
            "There was nothing to predict: the sequence yielded no picture. Its `skipped` says which files were left "
            f"out and why. Received: {getattr(sequence, 'skipped', sequence)}"
        )
    return np.concatenate(rows), None if labels[0] is None else np.concatenate(labels), files


def class_indices(values):
    """Turns probabilities, one-hot labels, binary labels or class indices into class indices.

    >>> class_indices(np.array([[0.2, 0.8], [0.9, 0.1]])).tolist(), class_indices(np.array([[0.7], [0.2]])).tolist()
    ([1, 0], [1, 0])

    Args:
        values: Array `(n, classes)`, `(n, 1)` (sigmoid: 0.5 and above is class 1), or `(n,)` of class indices.

    Returns:
        int array `(n,)`.
    """
    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] > 1:
        return values.argmax(axis=1)
    if values.ndim == 2 or values.dtype.kind == "f":
        return (values.reshape(len(values)) >= 0.5).astype(int)
    return values.astype(int)


def report(probabilities, labels, class_names):
    """Precision, recall and F1 by class, as scikit-learn computes them.

    Args:
        probabilities: Array `(n, classes)` or `(n, 1)`, as `predict_once` returns, or class indices `(n,)`.
        labels: True classes: indices `(n,)` or one-hot rows.
        class_names: Names in the order of the indices.

    Returns:
        DataFrame with a row a class, then `accuracy` (the same number in the first three columns), `macro avg` and
        `weighted avg`; columns `precision`, `recall`, `f1-score` (all in [0, 1]) and `support` (pictures of the class).
        A class without pictures stays in, with support 0.
    """
    from sklearn.metrics import accuracy_score, classification_report

    expected, predicted = _pair(labels, probabilities, class_names)
    rows = classification_report(
        expected,
        predicted,
        labels=range(len(class_names)),
        target_names=list(class_names),
        output_dict=True,
        zero_division=0,
    )
    # With a `labels` list scikit-learn may call it "micro avg", which is the same number for one label a picture.
    accuracy = accuracy_score(expected, predicted)
    averages = {name: rows[name] for name in ("macro avg", "weighted avg")}
    total = {
        "precision": accuracy,
        "recall": accuracy,
        "f1-score": accuracy,
        "support": len(expected),
    }
    table = pd.DataFrame(
        {**{name: rows[name] for name in class_names}, "accuracy": total, **averages}
    ).T
    return table.astype({"support": int})


def confusion_counts(probabilities, labels, class_names):
    """Counts how often each class was taken for each.

    >>> confusion_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), ["cat", "dog"])
    predicted  cat  dog
    expected
    cat          1    0
    dog          1    1

    Args:
        probabilities: As for `report`.
        labels: As for `report`.
        class_names: Names in the order of the indices.

    Returns:
        DataFrame of ints: rows are what was expected, columns what was predicted.
    """
    from sklearn.metrics import confusion_matrix

    expected, predicted = _pair(labels, probabilities, class_names)
    counts = confusion_matrix(expected, predicted, labels=range(len(class_names)))
    index = pd.Index(class_names, name="expected")
    return pd.DataFrame(counts, index=index, columns=pd.Index(class_names, name="predicted"))


def mistakes(probabilities, labels, class_names, files=None):
    """Ranks the wrong answers, the most confident first: where the model, or a label, is most wrong.

    Args:
        probabilities: Array `(n, classes)` or `(n, 1)`, as `predict_once` returns.
        labels: True classes: indices `(n,)` or one-hot rows.
        class_names: Names in the order of the indices.
        files: Optional list of the n files; gives the columns `name`, `path` and `id`.

    Returns:
        DataFrame with a row a mistake: `row` (its place in `probabilities`), `expected`, `predicted`, `confidence`
        (probability of the predicted class) and `expected_probability` (of the right one), both in [0, 1].
    """
    probabilities = np.asarray(probabilities)
    expected, predicted = _pair(labels, probabilities, class_names)
    if probabilities.shape[1:] == (1,):
        probabilities = np.hstack([1 - probabilities, probabilities])
    if probabilities.shape != (len(expected), len(class_names)):
        raise ValueError(
            f"`probabilities` must have a row a picture and a column a class, here {(len(expected), len(class_names))}. "
            f"Received: shape {probabilities.shape}"
        )
    wrong = np.flatnonzero(expected != predicted)
    names = np.array(list(class_names), dtype=object)
    table = pd.DataFrame(
        {
            "row": wrong,
            "expected": names[expected[wrong]],
            "predicted": names[predicted[wrong]],
            "confidence": probabilities[wrong, predicted[wrong]],
            "expected_probability": probabilities[wrong, expected[wrong]],
        }
    )
    if files is not None:
        for column in ("name", "path", "id"):
            table[column] = [getattr(files[row], column) for row in wrong]
    return table.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def _pair(labels, predictions, class_names):
    expected, predicted = class_indices(labels), class_indices(predictions)
    if len(expected) != len(predicted):
        raise ValueError(
            "`labels` and `probabilities` must have a row for the same pictures, as predict_once returns them. "
            f"Received: {len(expected)} labels, {len(predicted)} predictions"
        )
    if not len(expected):
        raise ValueError(
            "There is nothing to evaluate: 0 predictions. Check that the test part holds files."
        )
    highest = max(expected.max(), predicted.max())
    if highest >= len(class_names):
        raise ValueError(
            f"A class index is {highest}, but `class_names` has {len(class_names)} names. Give `sequence.class_names` "
            f"of the sequence that the model was trained on. Received: class_names={list(class_names)}"
        )
    if not np.isfinite(np.asarray(predictions, dtype=float)).all():
        warnings.warn(
            "Some predictions are not numbers (NaN): the training went wrong, not the test.",
            stacklevel=3,
        )
    return expected, predicted
