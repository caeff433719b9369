"""Warps with Pillow.

It knows no outside but one colour, so that what is seen of any other is laid out beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from .warp import FillMode, Matrix, product, translation

__all__ = ["warp_with_pillow"]

# What an image looks like every other time, to the side and below, when it is repeated mirrored.
MIRRORS = {
    (1, 0): Image.Transpose.FLIP_LEFT_RIGHT,
    (0, 1): Image.Transpose.FLIP_TOP_BOTTOM,
    (1, 1): Image.Transpose.ROTATE_180,
}
LARGEST_LAYOUT = 64 << 20  # pixels; only a shift or a zoom out of all proportion shows more


def warp_with_pillow(
    image: npt.NDArray[Any], matrix: Matrix, fill_mode: FillMode, cval: float
) -> npt.NDArray[Any]:
    """Returns the image that shows at each place p what lies at `matrix.place(p)`.

    Args:
        image: uint8 or float array (height, width, channels).
        matrix: From the result to the image.
        fill_mode: What is seen outside the image.
        cval: The value outside, for "constant".

    Returns:
        An array of the same shape and dtype.
    """
    if image.dtype != np.uint8:
        planes = [plane.astype(np.float32) for plane in planes_of(image)]
        warped = [transform(plane, matrix, fill_mode, float(cval)) for plane in planes]
        return np.stack(warped, axis=2).astype(image.dtype)
    fill = round(cval)
    if image.shape[2] == 3:
        return transform(image, matrix, fill_mode, (fill,) * 3)
    return np.stack([transform(plane, matrix, fill_mode, fill) for plane in planes_of(image)], 2)


def planes_of(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the channels, each an array (height, width)."""
    return image.transpose(2, 0, 1)


def transform(
    pixels: npt.NDArray[Any],
    matrix: Matrix,
    fill_mode: FillMode,
    fill: float | tuple[int, ...],
) -> npt.NDArray[Any]:
    """Warps what Pillow can hold: one plane, or three channels of uint8.

    Args:
        pixels: uint8 array (height, width, 3) or (height, width), or float32 (height, width).
        matrix: From the result to the pixels.
        fill_mode: What is seen outside the pixels.
        fill: The value outside, for "constant".
    """
    image = Image.fromarray(pixels)
    size = image.size
    if fill_mode != "constant":
        margins = margins_seen(matrix, *size)
        image = margins.lay_out(image, fill_mode)
        matrix = product(translation(margins.left, margins.top), matrix)
    warped = image.transform(
        size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=fill
    )
    return np.array(warped)  # which may be changed, as OpenCV's


@dataclass(frozen=True)
class Margins:
    """How many pixels outside an image are seen, at each side."""

    left: int
    top: int
    right: int
    bottom: int

    def lay_out(self, image: Image.Image, fill_mode: FillMode) -> Image.Image:
        """Adds so much of the outside to the image."""
        width = self.left + image.width + self.right
        height = self.top + image.height + self.bottom
        if width * height > LARGEST_LAYOUT:
            raise ValueError(
                f"{width:,} x {height:,} pixels around a picture of {image.width} x "
                f"{image.height} are seen: lower `zoom_range` or the shifts."
            )
        page = Image.new(image.mode, (width, height), None)
        if fill_mode == "nearest":
            self._draw_out_edges(image, page)
        else:
            self._repeat(image, page, is_mirrored=fill_mode == "reflect")
        return page

    def _draw_out_edges(self, image: Image.Image, page: Image.Image) -> None:
        """Lays the image on the page; its outermost pixels go on to the edges of the page."""
        right = self.left + image.width
        bottom = self.top + image.height
        page.paste(image, (self.left, self.top))
        for column, start, end in ((0, 0, self.left), (image.width - 1, right, page.width)):
            edge = image.crop((column, 0, column + 1, image.height))
            paste_drawn_out(page, edge, (start, self.top, end, bottom))
        for row, start, end in ((self.top, 0, self.top), (bottom - 1, bottom, page.height)):
            edge = page.crop((0, row, page.width, row + 1))
            paste_drawn_out(page, edge, (0, start, page.width, end))

    def _repeat(self, image: Image.Image, page: Image.Image, *, is_mirrored: bool) -> None:
        """Covers the page with the image again and again, each other one mirrored or not."""
        columns = range(
            -math.ceil(self.left / image.width), 1 + math.ceil(self.right / image.width)
        )
        rows = range(-math.ceil(self.top / image.height), 1 + math.ceil(self.bottom / image.height))
        mirrored = {(0, 0): image}
        for column in columns:
            for row in rows:
                turns = (column % 2, row % 2) if is_mirrored else (0, 0)
                if turns not in mirrored:
                    mirrored[turns] = image.transpose(MIRRORS[turns])
                place = (self.left + column * image.width, self.top + row * image.height)
                page.paste(mirrored[turns], place)


def paste_drawn_out(page: Image.Image, edge: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draws out a row or column of pixels over a part of a page, if there is any."""
    left, top, right, bottom = box
    if right > left and bottom > top:
        drawn_out = edge.resize((right - left, bottom - top), Image.Resampling.NEAREST)
        page.paste(drawn_out, (left, top))


def margins_seen(matrix: Matrix, width: int, height: int) -> Margins:
    """Follows the corners of the result to where they lie in the image, and beyond by a pixel."""
    corners = [matrix.place(x, y) for x in (0, width) for y in (0, height)]
    seen_x = [x for x, _ in corners]
    seen_y = [y for _, y in corners]
    return Margins(
        left=max(0, 1 - math.floor(min(seen_x))),
        top=max(0, 1 - math.floor(min(seen_y))),
        right=max(0, 1 + math.ceil(max(seen_x)) - width),
        bottom=max(0, 1 + math.ceil(max(seen_y)) - height),
    )
