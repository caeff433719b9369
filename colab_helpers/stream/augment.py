"""Pixels to varied pixels: `augmenter` turns, shifts, enlarges, mirrors and relights an image.

First a `Variation` is drawn: all random numbers, in an order that must stay, so that a seed gives
the pictures that it gave; new draws go last. Then the variation is applied: one warp for the whole
geometry (`warp.py`), by OpenCV or by Pillow, and light (`light.py`).

Example:
    >>> import numpy as np
    >>> from colab_helpers.stream import augmenter
    >>> augment = augmenter(rotation_range=20, horizontal_flip=True)
    >>> image = np.zeros((64, 96, 3), np.uint8)
    >>> augment(image, np.random.default_rng(seed=0)).shape
    (64, 96, 3)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from .augment_words import (
    check_flag,
    check_number,
    checked_pair,
    checked_shift,
    explain_unknown_words,
    is_number,
    refuse,
)
from .checks import check_choice
from .light import relight
from .opencv import has_opencv, import_opencv
from .shown import call_in_words
from .variation import Shift, Variation, draw_angle, draw_shift
from .warp import FILL_MODES, FillMode, Matrix
from .warp_mask import move_mask
from .warp_opencv import can_warp_with_opencv, warp_with_opencv
from .warp_pillow import warp_with_pillow

__all__ = ["augmenter"]

AugmentLibrary = Literal["auto", "pillow", "opencv"]


@explain_unknown_words
@dataclass(frozen=True)
class augmenter:  # lower case, as `decoder`
    """Returns `augment(image, rng) -> image`, varied as Keras's `ImageDataGenerator` does.

    Words and meanings are those of `ImageDataGenerator`, but for what is said below. The same
    state of the generator `rng` draws the same variation, whichever library applies it. What lies
    between pixels is bilinear.

    Example:
        ```python
        augment = augmenter(rotation_range=20, zoom_range=0.2, horizontal_flip=True)
        varied = augment(image, np.random.default_rng(seed))
        ```

    Args:
        rotation_range: Degrees; turned by between `-rotation_range` and `+rotation_range`.
        width_shift_range: A float below 1 is a share of the width, from 1 on pixels; an int n
            means whole pixels from -n + 1 to n - 1; a list means one of its values, to either side.
        height_shift_range: The same, of the height.
        shear_range: Degrees of the shearing angle.
        zoom_range: A float z for 1 - z to 1 + z, or `(lowest, highest)`; width and height are
            drawn apart, and a value below 1 enlarges what is seen.
        brightness_range: A factor, `(lowest, highest)`; 1 leaves the brightness as it is. Values of
            uint8 stay within 0 to 255.
        channel_shift_range: What is added to all values, from minus to plus this, within the
            image's own range.
        horizontal_flip: Mirror left and right, every other time.
        vertical_flip: Mirror top and bottom, every other time.
        fill_mode: What is seen outside the picture: "nearest", "reflect", "wrap" or "constant".
        cval: The value outside, for "constant".
        mask_cval: The value outside of a mask, whatever `fill_mode`: 0 is often the background,
            255 often what a loss ignores. Not a word of ImageDataGenerator.
        random_crop: A share such as 0.8: a window of this share of width and height, anywhere in
            the picture, is enlarged to its size. Not a word of ImageDataGenerator.
        library: "opencv" warps three to five times as fast as "pillow", and rounds where Pillow
            cuts off: values of uint8 differ by at most 1 with OpenCV 5, while OpenCV 4 reads
            between pixels no finer than to 1/32. "auto" is OpenCV where it is installed; the
            augmenter then says which it is.

    ImageDataGenerator of Keras 3 differs in three things. It takes `width_shift_range` for the
    height, and the other way round. On a picture that is not square, it turns around a point off
    its centre. When it changes the brightness of floats, it rounds them to 0 to 255; here they are
    multiplied, and keep what lies above. The order of light is the same: channel shift first,
    within the image's range, then brightness.

    Raises:
        TypeError: There is no such word; the message says where those of ImageDataGenerator are.
        ValueError: A word has a value that it cannot have, such as a negative range.
        ImportError: `library` is "opencv", and it is not installed.
    """

    rotation_range: float = 0.0
    width_shift_range: Shift = 0.0
    height_shift_range: Shift = 0.0
    shear_range: float = 0.0
    zoom_range: float | tuple[float, float] = 0.0
    channel_shift_range: float = 0.0
    brightness_range: tuple[float, float] | None = None
    horizontal_flip: bool = False
    vertical_flip: bool = False
    fill_mode: FillMode = "nearest"
    cval: float = 0.0
    random_crop: float = 1.0
    library: AugmentLibrary = "auto"
    mask_cval: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rotation_range", "shear_range"):
            check_number(name, getattr(self, name), 0, math.inf, "a number of degrees from 0 on")
        for name in ("width_shift_range", "height_shift_range"):
            self._set(name, checked_shift(name, getattr(self, name)))
        for name in ("horizontal_flip", "vertical_flip"):
            check_flag(name, getattr(self, name))
        self._check_zoom()
        self._check_light()
        check_choice("fill_mode", self.fill_mode, FILL_MODES)
        check_number("cval", self.cval, -math.inf, math.inf, "a number")
        check_number("mask_cval", self.mask_cval, -math.inf, math.inf, "a number")
        check_number("random_crop", self.random_crop, 1e-6, 1, "a share above 0, at most 1")
        check_choice("library", self.library, get_args(AugmentLibrary))
        if self.library == "auto":
            self._set("library", "opencv" if has_opencv() else "pillow")
        if self.library == "opencv":
            import_opencv()  # where it is not installed, this fails here and not in a thread

    def __repr__(self) -> str:
        return call_in_words(self)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_zoom(self) -> None:
        wanted = "a share from 0 to below 1, or (lowest, highest) of factors above 0"
        if is_number(self.zoom_range):
            check_number("zoom_range", self.zoom_range, 0, 1 - 1e-9, wanted)
            return
        pair = checked_pair("zoom_range", self.zoom_range, wanted)
        if pair[0] <= 0:
            refuse("zoom_range", wanted, self.zoom_range)
        self._set("zoom_range", pair)

    def _check_light(self) -> None:
        wanted = "a number from 0 on"
        check_number("channel_shift_range", self.channel_shift_range, 0, math.inf, wanted)
        if self.brightness_range is None:
            return
        wanted = "(lowest, highest) of factors from 0 on, or None"
        pair = checked_pair("brightness_range", self.brightness_range, wanted)
        if pair[0] < 0:
            refuse("brightness_range", wanted, self.brightness_range)
        self._set("brightness_range", pair)

    @property
    def _zoom_factors(self) -> tuple[float, float]:
        """The lowest and the highest factor."""
        if isinstance(self.zoom_range, tuple):
            return self.zoom_range
        return 1 - self.zoom_range, 1 + self.zoom_range

    def __call__(self, image: npt.NDArray[Any], rng: np.random.Generator) -> npt.NDArray[Any]:
        """Varies one image by values drawn from `rng`.

        Args:
            image: uint8 or float array (height, width, channels); it is not changed.
            rng: A `numpy.random.Generator`, which moves on.

        Returns:
            A contiguous array of the same shape and dtype.

        Raises:
            ValueError: The image is of another form or dtype.
        """
        self._check_image(image)
        check_rng(rng)
        return self._applied(self._draw(image, rng), image)

    def with_mask(
        self, image: npt.NDArray[Any], mask: npt.NDArray[Any], rng: np.random.Generator
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Varies an image as a call does, and moves its mask alike.

        Values of the mask are never blended, and light does not change them. What lies outside
        has the value `mask_cval`.

        Args:
            image: uint8 or float array (height, width, channels); it is not changed.
            mask: The same, in its own size and with its own channels; it is not changed.
            rng: A `numpy.random.Generator`, which moves on as by a call.

        Returns:
            Two contiguous arrays, of the shapes and dtypes of the two.

        Raises:
            ValueError: One of the two is of another form or dtype.
        """
        self._check_image(image)
        check_form(mask)
        check_rng(rng)
        if mask.dtype == np.uint8 and not 0 <= self.mask_cval <= 255:
            refuse("mask_cval", "from 0 to 255 for a mask of uint8", self.mask_cval)
        variation = self._draw(image, rng)
        moved = move_mask(mask, variation, image.shape, self.mask_cval)
        return self._applied(variation, image), moved

    def _applied(self, variation: Variation, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        image = self._move(image, variation)
        image = relight(image, variation.channel_shift, variation.brightness)
        return np.ascontiguousarray(image)

    def _check_image(self, image: npt.NDArray[Any]) -> None:
        check_form(image)
        is_bytes = image.dtype == np.uint8
        if self.fill_mode == "constant" and is_bytes and not 0 <= self.cval <= 255:
            refuse("cval", "from 0 to 255 for an image of uint8", self.cval)

    def _draw(self, image: npt.NDArray[Any], rng: np.random.Generator) -> Variation:
        """Draws all that is random; the order of the lines decides what each seed gives.

        So a line that draws something new goes last.
        """
        height, width = image.shape[:2]
        rotation_angle = draw_angle(self.rotation_range, rng)
        shear_angle = draw_angle(self.shear_range, rng)
        shift_x = draw_shift(self.width_shift_range, width, rng)
        shift_y = draw_shift(self.height_shift_range, height, rng)
        zoom_x, zoom_y = rng.uniform(*self._zoom_factors, 2).tolist()
        crop_x, crop_y = rng.uniform(0, 1 - self.random_crop, 2).tolist()
        flips_vertically = self.vertical_flip and rng.random() < 0.5
        flips_horizontally = self.horizontal_flip and rng.random() < 0.5
        brightness = rng.uniform(*self.brightness_range) if self.brightness_range else 1.0
        channel_shift = rng.uniform(-self.channel_shift_range, self.channel_shift_range)
        return Variation(
            rotation_angle=rotation_angle,
            shear_angle=shear_angle,
            shift_x=shift_x,
            shift_y=shift_y,
            zoom_x=zoom_x,
            zoom_y=zoom_y,
            crop_share=self.random_crop,
            crop_left=crop_x * width,
            crop_top=crop_y * height,
            flips_vertically=flips_vertically,
            flips_horizontally=flips_horizontally,
            brightness=brightness,
            channel_shift=channel_shift,
        )

    def _move(self, image: npt.NDArray[Any], variation: Variation) -> npt.NDArray[Any]:
        """Applies all that moves pixels; a flip alone costs less than a warp."""
        if not variation.moves_nothing:
            return self._warp(image, variation.matrix(*image.shape[:2]))
        return variation.mirrored(image)

    def _warp(self, image: npt.NDArray[Any], matrix: Matrix) -> npt.NDArray[Any]:
        if self.library == "opencv" and can_warp_with_opencv(image):
            return warp_with_opencv(image, matrix, self.fill_mode, self.cval)
        return warp_with_pillow(image, matrix, self.fill_mode, self.cval)


def check_form(image: npt.NDArray[Any]) -> None:
    """Refuses what is no image, or not of pixels that can be moved."""
    received = type(image).__name__
    if isinstance(image, np.ndarray):
        is_of_pixels = image.dtype == np.uint8 or image.dtype.kind == "f"
        if image.ndim == 3 and image.size and is_of_pixels:
            return
        received = f"{image.dtype} {image.shape}"
    raise ValueError(
        "`augment` takes an image (height, width, channels) of uint8 or floats, with a pixel at "
        "least; `image.astype('float32')` keeps whole numbers as they are. "
        f"Received: {received}"
    )


def check_rng(rng: object) -> None:
    """Refuses what draws nothing, such as a seed."""
    if not hasattr(rng, "uniform"):
        wanted = "a `numpy.random.Generator`, such as `np.random.default_rng(0)`"
        refuse("rng", wanted, rng)
