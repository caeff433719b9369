"""The words of `augmenter`: which values each may have, and where others of Keras's have gone."""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

__all__ = [
    "checked_pair",
    "checked_shift",
    "check_flag",
    "check_number",
    "explain_unknown_words",
    "is_number",
    "refuse",
]

Class = TypeVar("Class", bound=type)

IN_THE_MODEL = (
    "scale the pixels of training and validation alike: `normalize` of the sequence, or a "
    "Rescaling or Normalization layer in the model"
)
OF_THE_SEQUENCE = "it is an argument of StreamingSequence"
OF_THE_DECODER = "it is an argument of `decoder`"
NOT_THERE = "nothing takes its place here"
# Words of ImageDataGenerator and its `flow_from_directory` that mean something else here.
# https://keras.io/2/api/preprocessing/image/
WHERE_IT_WENT = {
    "rescale": IN_THE_MODEL,
    "samplewise_center": IN_THE_MODEL,
    "samplewise_std_normalization": IN_THE_MODEL,
    "featurewise_center": IN_THE_MODEL,
    "featurewise_std_normalization": IN_THE_MODEL,
    "zca_whitening": f"{NOT_THERE}; a Normalization layer in the model comes closest",
    "zca_epsilon": f"{NOT_THERE}; a Normalization layer in the model comes closest",
    "preprocessing_function": (
        "`augment` of the sequence may be a function of your own, "
        "`lambda image, rng: function(augment(image, rng))`; what every picture needs, those of "
        "validation too, belongs into `decode` or into the model"
    ),
    "validation_split": "divide the files beforehand: `split(files, (0.8, 0.2), seed=0)`",
    "subset": "divide the files beforehand: `split(files, (0.8, 0.2), seed=0)`",
    "data_format": "pictures are (height, width, channels); a Permute layer changes that",
    "dtype": f"pixels keep the dtype that `decode` gives; for batches, {OF_THE_SEQUENCE}",
    "interpolation_order": "what lies between pixels is bilinear, which is order 1",
    "seed": OF_THE_SEQUENCE,
    "shuffle": OF_THE_SEQUENCE,
    "batch_size": OF_THE_SEQUENCE,
    "class_mode": "`label_mode` of StreamingSequence says it",
    "classes": "`class_names` of StreamingSequence says it",
    "target_size": "`decoder(image_size=(height, width))` says it",
    "image_size": OF_THE_DECODER,
    "color_mode": OF_THE_DECODER,
    "interpolation": OF_THE_DECODER,
    "keep_aspect_ratio": '`decoder(fit="crop")` does it',
}


def explain_unknown_words(cls: Class) -> Class:
    """Lets a class say where a word went that it does not know, or which one was meant.

    The error is a TypeError, as Python's own.
    """
    create: Callable[..., None] = vars(cls)["__init__"]
    known = [name for name in cls.__annotations__ if not name.startswith("_")]

    @functools.wraps(create)
    def __init__(self: object, *values: Any, **words: Any) -> None:
        for word in words:
            if word not in known:
                raise TypeError(f"{cls.__name__}() has no word `{word}`: {advice_on(word, known)}")
        create(self, *values, **words)

    type.__setattr__(cls, "__init__", __init__)
    return cls


def advice_on(word: str, known: Sequence[str]) -> str:
    """Says where a word went, or which one was meant.

    Example:
        >>> advice_on("width_shift", ["width_shift_range", "cval"])
        'did you mean `width_shift_range`?'
    """
    if word in WHERE_IT_WENT:
        return WHERE_IT_WENT[word]
    containing = [name for name in known if word in name]
    similar = containing or difflib.get_close_matches(word, known, n=1)
    if similar:
        return f"did you mean `{similar[0]}`?"
    return "its words are " + ", ".join(known)


# Values -------------------------------------------------------------------------------------------


def refuse(name: str, wanted: str, value: object) -> NoReturn:
    """Refuses a value, in Keras's words."""
    raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}")


def is_number(value: object) -> bool:
    """Whether this is a finite number; True and False are none."""
    if isinstance(value, (bool, np.bool_)):
        return False
    return isinstance(value, (int, float, np.integer, np.floating)) and math.isfinite(value)


def check_number(name: str, value: Any, least: float, most: float, wanted: str) -> None:
    """Refuses what is no number from `least` to `most`, both included."""
    if is_number(value) and least <= value <= most:
        return
    refuse(name, wanted, value)


def check_flag(name: str, value: object) -> None:
    """Refuses what is neither True nor False, such as a probability."""
    if not isinstance(value, (bool, np.bool_)):
        refuse(name, "True or False; a flip happens every other time", value)


def checked_pair(name: str, value: Any, wanted: str) -> tuple[float, float]:
    """Returns two numbers `(lowest, highest)` as a tuple, or refuses what is none."""
    several = items_of(value)
    if len(several) == 2 and all(is_number(one) for one in several):
        lowest, highest = several
        if lowest <= highest:
            return lowest, highest
    refuse(name, wanted, value)


def items_of(value: object) -> tuple[Any, ...]:
    """The items of a tuple, a list or an array, as Python's own numbers; none of anything else."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(value) if isinstance(value, (tuple, list)) else ()


def checked_shift(name: str, value: Any) -> float | tuple[float, ...]:
    """Returns a shift as `augmenter` has it, several as a tuple, or refuses it."""
    if is_number(value) and value >= 0:
        number: float = value
        return number
    several = items_of(value)
    if several and all(is_number(one) for one in several):
        return several
    refuse(name, "a share or a number of pixels from 0 on, or several such", value)
