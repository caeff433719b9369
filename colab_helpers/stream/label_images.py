"""Images that pictures are learnt as, such as masks: a file for each picture.

Example:
    >>> from types import SimpleNamespace as File
    >>> files = [File(id="1", name="cat_1.jpg"), File(id="2", name="cat_2.jpg")]
    >>> masks = LabelImages.of(files, {"1": File(id="3", name="cat_1.png"), "2": "cat_2.png"})
    Traceback (most recent call last):
    ...
    ValueError: `labels` for 'cat_2.jpg' (id 2) is no file. With `label_mode="image"`, a file is \
wanted for each, as `pair(files, mask_files)` finds. Received: 'cat_2.png'
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .checks import check_function
from .decode import decoder
from .messages import file_named, shortened
from .per_file import refuse_missing, values_of_files
from .pixel_types import PixelsError

__all__ = ["LabelImages", "check_takes_masks", "checked_label_decoder", "varied_pair"]

WANTED = '`labels` must give a file for each picture with `label_mode="image"`'
Pair = tuple[npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True)
class LabelImages:
    """The file of the image that each file is learnt as.

    Attributes:
        values: Files, in the order of those of the pictures.
    """

    values: list[Any]

    @classmethod
    def of(cls, files: Sequence[Any], given: Any) -> LabelImages:
        """Finds the file of each one's label image.

        Args:
            files: Objects with `id` and `name`.
            given: A file for each; see `per_file.values_of_files`.

        Raises:
            ValueError: One is missing, or is no file.
        """
        if given is None:
            raise ValueError(f"{WANTED}, as `pair(files, mask_files)` finds.")
        values = list(values_of_files(files, given))
        refuse_missing(files, values)
        for value, file in zip(values, files):
            if not hasattr(value, "id"):
                raise ValueError(
                    f"`labels` for {file_named(file)} is no file. With "
                    '`label_mode="image"`, a file is wanted for each, as '
                    f"`pair(files, mask_files)` finds. Received: {shortened(value)}"
                )
        return cls(values)


def checked_label_decoder(decode_label: Any, decode: Any, is_wanted: bool) -> Any:
    """What decodes label images; by default a decoder of masks beside that of pictures.

    Args:
        decode_label: As the user gave it, or None.
        decode: What decodes pictures.
        is_wanted: Whether there are label images.

    Raises:
        ValueError: It is given and not wanted, or wanted and not given where `decode` is no
            `decoder`, so that nothing is known of the size.
    """
    if not is_wanted:
        if decode_label is not None:
            raise ValueError(
                '`decode_label` is for `label_mode="image"`. '
                f"Received: decode_label={shortened(decode_label)}"
            )
        return None
    if decode_label is not None:
        check_function("decode_label", decode_label, "`decoder(image_size=(224, 224))`")
        return decode_label
    if isinstance(decode, decoder):
        return decoder(
            decode.image_size, color_mode="grayscale", interpolation="nearest", fit=decode.fit
        )
    raise ValueError(
        '`label_mode="image"` needs `decode_label`, such as `decoder(image_size, '
        'color_mode="grayscale", interpolation="nearest")` for masks. Received: decode_label=None'
    )


def check_takes_masks(augment: Callable[..., Any] | None) -> None:
    """Refuses an `augment` that would move a picture and not its mask.

    Raises:
        ValueError: It has no `with_mask`, and does not take three arguments.
    """
    if augment is None or hasattr(augment, "with_mask"):
        return
    try:
        signature = inspect.signature(augment)
    except (TypeError, ValueError):  # a function of C tells none
        return
    try:
        signature.bind("image", "mask", "rng")
    except TypeError:
        raise ValueError(
            '`augment` must move masks with their pictures for `label_mode="image"`: what '
            "`augmenter` makes does, or a function `augment(image, mask, rng) -> (image, mask)`. "
            f"Received: a function of {signature}"
        ) from None


def varied_pair(
    augment: Any, image: npt.NDArray[Any], mask: npt.NDArray[Any], rng: np.random.Generator
) -> Pair:
    """A picture and its mask, moved alike.

    Raises:
        PixelsError: A function of the user's own returns something else than two arrays.
    """
    pair = getattr(augment, "with_mask", augment)(image, mask, rng)
    if isinstance(pair, (tuple, list)) and len(pair) == 2:
        return np.asarray(pair[0]), np.asarray(pair[1])
    raise PixelsError(
        '`augment(image, mask, rng)` must return `(image, mask)` for `label_mode="image"`. '
        f"Received: {type(pair).__name__}"
    )
