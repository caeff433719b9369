"""How good is the model: predict each picture exactly once, then report and rank the mistakes.

`model.predict` returns rows without saying which file each belongs to, and a shuffled or augmented
sequence gives other rows each time. `predict_once` walks the sequence in file order, unshuffled and
unaugmented, and keeps row and file together. What follows is scikit-learn's.

Example:
    >>> import numpy as np
    >>> from colab_helpers.evaluation import rank_mistakes, report
    >>> class_names = ["cat", "dog"]
    >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    >>> labels = np.array([0, 1, 1])
    >>> print(report(probabilities, labels, class_names).loc["dog", "recall"])
    0.5
    >>> mistakes = rank_mistakes(probabilities, labels, class_names)
    >>> mistakes[["row", "expected", "predicted", "confidence"]]
       row expected predicted  confidence
    0    1      dog       cat         0.6

What a picture is learnt as says which tables tell how good a model is:

    one class       report, rank_mistakes
    several labels  report_labels, rank_labels
    numbers         report_numbers, rank_numbers
    a mask          report_masks, rank_masks, of what compare_masks returns

The files, in reading order:

    predicting.py      predict_once: a model and a sequence -> `Predictions`, a row a file
    class_numbers.py   class_indices: predictions or labels -> class numbers; whether names fit them
    tables.py          what tables about single pictures share
    reports.py         report, rank_mistakes: tables, by scikit-learn and pandas
    several_labels.py  the same for several labels a picture
    numbers.py         the same for numbers
    masks.py           compare_masks: a model and a sequence -> how masks overlap, batch by batch
    mask_tables.py     the same tables for masks
"""

from .class_numbers import class_indices
from .mask_tables import rank_masks, report_masks
from .masks import ComparedMasks, compare_masks
from .numbers import rank_numbers, report_numbers
from .predicting import Predictions, predict_once
from .reports import rank_mistakes, report
from .several_labels import rank_labels, report_labels

__all__ = ["Predictions", "class_indices", "predict_once", "rank_mistakes", "report"]
__all__ += ["rank_labels", "report_labels"]
__all__ += ["rank_numbers", "report_numbers"]
__all__ += ["ComparedMasks", "compare_masks", "rank_masks", "report_masks"]

mistakes = rank_mistakes  # the name until 0.2; gone in 0.3
