"""Which pixels go into a batch, and in which type: what would be bent is refused.

A batch is uint8, unless `dtype` or `normalize` make it one of floats. One of uint8 takes uint8
alone. One of floats takes any numbers that its type can hold, as they are. Nothing depends on
what other images of the batch are.

Example:
    >>> as_floats = PixelTypes(normalize=None, dtype="float32")
    >>> as_floats.stored(np.array([0.5, 2.0]), "decode", None).dtype
    dtype('float32')
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .messages import file_named

__all__ = ["PixelTypes", "PixelsError"]


class PixelsError(ValueError):
    """What `decode` or `augment` gave is no image that goes into a batch.

    It is the function's, not the file's: no file is left out for it.
    """

    ends_run = True


@dataclass(frozen=True)
class PixelTypes:
    """Which types of pixels a sequence takes.

    Attributes:
        normalize: One of `scaling.NORMALIZATIONS`.
        dtype: Of the images that the model is given: "uint8", "float16" or "float32".
    """

    normalize: str | None
    dtype: str

    def stored(self, image: npt.NDArray[Any], made_by: str, file: object) -> npt.NDArray[Any]:
        """An image as it lies in a batch until the model is given it: uint8, or float32.

        Args:
            image: What was given.
            made_by: "decode", "decode_label" or "augment".
            file: Of which file.

        Raises:
            PixelsError: Its type cannot be kept, or is none of pixels.
        """
        if not image.size:
            raise _refused(image, made_by, file, "a pixel at least", "")
        if image.dtype == np.uint8:
            return image
        if image.dtype.kind not in "buif":
            raise _refused(image, made_by, file, "an array of numbers", "")
        if self.normalize == "unit":
            raise _refused(
                image,
                made_by,
                file,
                "uint8",
                '`normalize="unit"` divides by 255. Leave it out and give `dtype="float32"`, '
                "which keeps these numbers as they are.",
            )
        if self.dtype == "uint8":
            cure = '`dtype="float32"` keeps these numbers as they are.'
            raise _refused(image, made_by, file, "uint8", cure)
        held_as = self.dtype if self.normalize is None else "float32"
        if not _can_hold(held_as, image):
            cure = f"Let `{made_by}` give smaller numbers."
            raise _refused(image, made_by, file, f"what {held_as} can hold", cure)
        return image.astype(np.float32)


def cached_form(
    image: npt.NDArray[Any], dtype: np.dtype[Any], made_by: str, file: object
) -> npt.NDArray[Any]:
    """A decoded image as a cache keeps it.

    Args:
        image: What was decoded.
        dtype: uint8, or float32 for what `decode.dtype` says is not uint8.
        made_by: "decode" or "decode_label".
        file: Of which file.

    Raises:
        PixelsError: It is not of this type.
    """
    if dtype == np.uint8 and image.dtype != np.uint8:
        cure = f'For a `cache`, say so beforehand: `{made_by}.dtype = "float32"`.'
        raise _refused(image, made_by, file, "uint8", cure)
    stored = PixelTypes(None, "float32").stored(image, made_by, file)
    return np.ascontiguousarray(stored, dtype)


def check_shape(
    image: npt.NDArray[Any], wanted: tuple[int, ...], made_by: str, file: object
) -> None:
    """Refuses an image of another shape than the others.

    Raises:
        PixelsError: Its shape is another one.
    """
    if image.shape != tuple(wanted):
        cure = "Decode all files to one size, as `decoder(image_size)` does."
        if made_by == "augment":
            cure = "Let `augment` keep the shape."
        raise PixelsError(
            f"`{made_by}` gave {file_named(file)} an image of shape {image.shape} where others "
            f"have {tuple(wanted)}. {cure}"
        )


def _can_hold(dtype: str, image: npt.NDArray[Any]) -> bool:
    """Whether floats keep integers exactly, and no float becomes infinite."""
    with np.errstate(over="ignore"):
        kept = image.astype(dtype)
    if image.dtype.kind == "f":
        return bool((np.isfinite(kept) == np.isfinite(image)).all())
    return bool((kept == image).all())


def _refused(
    image: npt.NDArray[Any], made_by: str, file: object, wanted: str, cure: str
) -> PixelsError:
    return PixelsError(
        f"`{made_by}` gave {_description(image)} for {file_named(file)}, where {wanted} is wanted. "
        f"{cure}".rstrip()
    )


def _description(image: npt.NDArray[Any]) -> str:
    """The type and range of what was given."""
    if image.dtype.kind in "buif" and image.size:
        return f"{image.dtype} from {float(image.min()):g} to {float(image.max()):g}"
    if image.shape == ():
        return type(image.item()).__name__
    return f"{image.dtype} of shape {image.shape}"
