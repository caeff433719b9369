"""Decodes a JPEG with OpenCV: faster than Pillow, at the least size that is large enough."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .fitting import Box, ColorMode, Fitting, Wanted
from .jpeg import JpegHeader
from .memory import memory_of_images
from .opencv import import_opencv
from .opening import has_too_many_scans, is_within_limits
from .turning import is_on_its_side, turn_upright

__all__ = ["OPENCV_INTERPOLATIONS", "decode_with_opencv"]

OPENCV_INTERPOLATIONS = ("bilinear", "area")
REDUCTIONS = (8, 4, 2)  # the shares of its sides at which OpenCV can decode a JPEG: 1/8, 1/4, 1/2


def decode_with_opencv(
    data: bytes, header: JpegHeader, wanted: Wanted
) -> npt.NDArray[np.uint8] | None:
    """Decodes a usual JPEG; (height, width) or (height, width, 3).

    Returns:
        The pixels, or None where another decoder has to have a look at the file.
    """
    if not is_within_limits(header.width, header.height):
        return None
    if not header.is_one_scan and has_too_many_scans(data):
        return None
    cv2 = import_opencv()
    if is_on_its_side(header.orientation):
        wanted = wanted.on_its_side()
    fitting = wanted.fit_picture(header.width, header.height)
    reduction = choose_reduction(fitting)
    pixels = read_reduced(data, wanted.color_mode, reduction)
    if pixels is None:
        return None
    pixels = cut_out(pixels, fitting.box, reduction)
    # Four pixels are enough to look at until two of them become less than one.
    averages = wanted.interpolation == "area" or fitting.shrinking / reduction >= 2
    interpolation = cv2.INTER_AREA if averages else cv2.INTER_LINEAR
    width, height = fitting.size
    shape = (height, width, *pixels.shape[2:])
    resized: npt.NDArray[np.uint8] = cv2.resize(
        pixels,
        fitting.size,
        dst=memory_of_images.array(shape, np.uint8),
        interpolation=interpolation,
    )
    if wanted.color_mode == "rgb":
        into = memory_of_images.array(shape, np.uint8)
        resized = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB, dst=into)
    return turn_upright(resized, header.orientation)


def choose_reduction(fitting: Fitting) -> int:
    """Returns 8, 4, 2 or 1: the share of its sides at which the picture is still large enough."""
    for reduction in REDUCTIONS:
        if reduction <= fitting.shrinking:
            return reduction
    return 1


def read_reduced(
    data: bytes, color_mode: ColorMode, reduction: int
) -> npt.NDArray[np.uint8] | None:
    """Decodes a JPEG, in OpenCV's order of channels, at 1/`reduction` of its sides."""
    cv2 = import_opencv()
    color = "COLOR" if color_mode == "rgb" else "GRAYSCALE"
    flag = f"IMREAD_{color}"
    if reduction > 1:
        flag = f"IMREAD_REDUCED_{color}_{reduction}"
    flags = getattr(cv2, flag) | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels: npt.NDArray[np.uint8] | None = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    return pixels


def cut_out(pixels: npt.NDArray[np.uint8], box: Box, reduction: int) -> npt.NDArray[np.uint8]:
    """Returns the part of a reduced picture that `box` is on the whole one; at least one pixel."""
    left, top, right, bottom = (round(edge / reduction) for edge in box)
    bottom = max(bottom, top + 1)
    right = max(right, left + 1)
    return pixels[top:bottom, left:right]
