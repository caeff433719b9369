"""Decodes a JPEG with OpenCV: faster than Pillow, at the least size that is large enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .fitting import Box, ColorMode, Fitting, Wanted
from .opening import ImageError, Picture

__all__ = ["OPENCV_INTERPOLATIONS", "decode_with_opencv", "import_opencv", "suits_opencv"]

OPENCV_INTERPOLATIONS = ("bilinear", "area")
REDUCTIONS = (8, 4, 2)  # the shares of its sides at which OpenCV can decode a JPEG: 1/8, 1/4, 1/2


def import_opencv() -> Any:
    """Imports OpenCV when it is first needed: whoever decodes with Pillow need not have it."""
    import cv2

    return cv2


def suits_opencv(picture: Picture) -> bool:
    """Whether OpenCV gives the same picture: a JPEG, RGB or grey, that has its end.

    What is missing at the end, Pillow reports and OpenCV fills with grey.
    """
    return picture.is_jpeg and picture.image.mode in ("RGB", "L") and picture.has_its_end


def decode_with_opencv(picture: Picture, wanted: Wanted) -> npt.NDArray[np.uint8]:
    """Decodes a JPEG; (height, width) or (height, width, 3). OpenCV turns it upright by itself."""
    cv2 = import_opencv()
    width, height = picture.image.size
    if picture.is_on_its_side:
        width, height = height, width
    fitting = wanted.fit_picture(width, height)
    reduction = choose_reduction(fitting)
    pixels = read_reduced(picture.data, wanted.color_mode, reduction)
    pixels = cut_out(pixels, fitting.box, reduction)
    # Four pixels are enough to look at until two of them become less than one.
    averages = wanted.interpolation == "area" or fitting.shrinking / reduction >= 2
    interpolation = cv2.INTER_AREA if averages else cv2.INTER_LINEAR
    resized: npt.NDArray[np.uint8] = cv2.resize(pixels, fitting.size, interpolation=interpolation)
    if wanted.color_mode == "rgb":
        resized = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
    return resized


def choose_reduction(fitting: Fitting) -> int:
    """Returns 8, 4, 2 or 1: the share of its sides at which the picture is still large enough."""
    for reduction in REDUCTIONS:
        if reduction <= fitting.shrinking:
            return reduction
    return 1


def read_reduced(data: bytes, color_mode: ColorMode, reduction: int) -> npt.NDArray[np.uint8]:
    """Decodes a JPEG, in OpenCV's order of channels, at 1/`reduction` of its sides."""
    cv2 = import_opencv()
    color = "COLOR" if color_mode == "rgb" else "GRAYSCALE"
    flag = f"IMREAD_{color}"
    if reduction > 1:
        flag = f"IMREAD_REDUCED_{color}_{reduction}"
    pixels: npt.NDArray[np.uint8] | None
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), getattr(cv2, flag))
    if pixels is None:
        raise ImageError("The picture is damaged (OpenCV cannot decode it).")
    return pixels


def cut_out(pixels: npt.NDArray[np.uint8], box: Box, reduction: int) -> npt.NDArray[np.uint8]:
    """Returns the part of a reduced picture that `box` is on the whole one; at least one pixel."""
    left, top, right, bottom = (round(edge / reduction) for edge in box)
    bottom = max(bottom, top + 1)
    right = max(right, left + 1)
    return pixels[top:bottom, left:right]
