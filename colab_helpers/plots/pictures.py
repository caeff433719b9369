"""Reads a screenful of pictures, draws one, marks a broken one."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ..drive import File
from ..drive.arguments import check_function
from ..drive.names import printable
from .style import RED
from .words import escaped

PARALLEL_READS = 8

Picture: TypeAlias = npt.NDArray[Any]  # (height, width, channels), uint8 or floats from 0 to 1
Read: TypeAlias = Callable[[File], bytes]
Decode: TypeAlias = Callable[[bytes], Picture]


def read_pictures(files: Iterable[File], read: Read, decode: Decode) -> list[Picture | Exception]:
    """Reads and decodes, several at a time; in place of a broken picture stands its exception.

    Raises:
        Exception: One with a true attribute `ends_run`, such as a lost sign-in: no other picture
            would come.
    """
    check_function("read", read, "`drive.read`")
    check_function("decode", decode, "`decoder(image_size=(224, 224))`")
    read_one = partial(_picture_or_error, read=read, decode=decode)
    with ThreadPoolExecutor(PARALLEL_READS) as pool:
        return list(pool.map(read_one, files))


def count_broken(pictures: Iterable[Picture | Exception]) -> int:
    """How many of them could not be read."""
    return sum(isinstance(picture, Exception) for picture in pictures)


def show_picture(axis: Axes, picture: Picture | Exception) -> None:
    """Draws a picture, or marks it as broken, with the reason."""
    if isinstance(picture, Exception):
        _show_broken(axis, picture)
        return
    pixels = np.asarray(picture)
    white = 255 if pixels.dtype.kind == "u" else 1
    axis.imshow(pixels, cmap="gray", vmin=0, vmax=white)


def _picture_or_error(file: File, read: Read, decode: Decode) -> Picture | Exception:
    try:
        return decode(read(file))
    except Exception as error:
        if getattr(error, "ends_run", False):
            raise
        return error


def _show_broken(axis: Axes, error: Exception) -> None:
    """A crossed-out square, with the reason in its middle."""
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect=1)
    axis.plot([0, 1], [0, 1], color=RED, linewidth=1)
    axis.plot([0, 1], [1, 0], color=RED, linewidth=1)
    reason = printable(" ".join(str(error).split())) or type(error).__name__
    words = escaped(textwrap.fill(textwrap.shorten(reason, 60, placeholder="…"), 17))
    box = {"facecolor": "white", "edgecolor": RED}
    axis.text(0.5, 0.5, words, ha="center", va="center", fontsize=7, bbox=box)
