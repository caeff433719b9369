"""`AugmentationExplorer`: what augmentation does to one photo while you move the sliders."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import ipywidgets
import numpy as np
import numpy.typing as npt
from PIL import Image

from ..drive.arguments import check_whole_number
from .shown import Shown

__all__ = ["AugmentationExplorer", "augmenter_code", "tiled", "to_png"]

Pixels: TypeAlias = npt.NDArray[np.uint8]  # (height, width, channels)
Augment: TypeAlias = Callable[[Pixels, np.random.Generator], Pixels]

ROWS = 2  # of pictures
COLUMNS = 4  # of pictures
GAP = 4  # pixels between them
LEAST_WIDTH = 150  # pixels; a smaller picture is enlarged to this, so that it can be seen

FLIPS = ("horizontal_flip", "vertical_flip")
# The words of `augmenter`, from stream/warp.py, which this room may not import.
FILL_MODES = ("nearest", "reflect", "wrap", "constant")

STYLE = {"description_width": "130px"}
LAYOUT = {"width": "330px"}


@dataclass(frozen=True)
class SliderRange:
    """A slider's range; `off` is where it changes nothing. An int step makes a slider of ints."""

    off: float
    smallest: float
    largest: float
    step: float


SLIDERS = {
    "rotation_range": SliderRange(0, 0, 180, 5),  # degrees
    "width_shift_range": SliderRange(0.0, 0.0, 0.5, 0.05),  # share of the width
    "height_shift_range": SliderRange(0.0, 0.0, 0.5, 0.05),  # share of the height
    "shear_range": SliderRange(0, 0, 45, 5),  # degrees
    "zoom_range": SliderRange(0.0, 0.0, 0.9, 0.05),  # share
    "random_crop": SliderRange(1.0, 0.3, 1.0, 0.05),  # share of the side that is kept
}


def augmenter_code(settings: dict[str, Any]) -> str:
    """The line of code that makes an augmenter.

    Example:
        >>> augmenter_code({"rotation_range": 20, "fill_mode": "wrap"})
        "augment = augmenter(rotation_range=20, fill_mode='wrap')"
    """
    words = [f"{word}={value!r}" for word, value in settings.items()]
    return f"augment = augmenter({', '.join(words)})"


def tiled(pictures: Sequence[Pixels], columns: int, gap: int) -> Pixels:
    """Pictures of one size side by side on white, row by row.

    Example:
        >>> tiled([np.zeros((2, 3, 3), np.uint8)] * 6, columns=3, gap=1).shape
        (5, 11, 3)

    Args:
        pictures: uint8 `(height, width, 1 or 3)`.
        columns: Pictures a row.
        gap: Pixels between pictures.

    Returns:
        uint8 `(height, width, 3)`.
    """
    height, width = pictures[0].shape[:2]
    rows = math.ceil(len(pictures) / columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, 3)
    whole = np.full(size, 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        top = row * (height + gap)
        left = column * (width + gap)
        whole[top : top + height, left : left + width] = picture
    return whole


def to_png(image: Pixels, enlarged: int = 1) -> bytes:
    """An image as a PNG file.

    Args:
        image: uint8 `(height, width, 3)`.
        enlarged: How many times larger each pixel is shown.
    """
    pixels = image.repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG", compress_level=1)
    return png.getvalue()


class AugmentationExplorer(Shown):
    """Shows what augmentation does to one photo while you move the sliders, and the line to copy.

    Example:
        ```python
        AugmentationExplorer(image, augmenter, rotation_range=20, horizontal_flip=True)
        ```

    Args:
        image: uint8 array `(height, width, channels)`.
        augmenter: `augmenter(**settings)` returns `augment(image, rng)`, as that of `colab_helpers`
            does.
        seed: Of the variants. Moving a slider keeps it, so that what changes is what the slider
            does.
        **settings: Where the sliders stand at first: `rotation_range` (degrees),
            `width_shift_range`, `height_shift_range` (shares of the side), `shear_range` (degrees),
            `zoom_range` (share), `random_crop` (share of the side that is kept), `horizontal_flip`,
            `vertical_flip`, `fill_mode`.

    Attributes:
        settings: dict of what differs from an augmenter that does nothing.
        code: str, the line that makes this augmenter.
        augment: That augmenter.
        controls: The sliders and boxes by their word.
        other_variants: The button that draws other variants.
        picture: The photo and seven variants; its `value` is a PNG file.
        code_line: The line that shows `code`, HTML.

    Raises:
        ValueError: There is no control of such a word, `image` is no image, `augmenter` makes none,
            or `seed` is no integer from 0 on.
    """

    def __init__(
        self,
        image: npt.ArrayLike,
        augmenter: Callable[..., Augment],
        *,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        self._image: Pixels = np.asarray(image)
        if self._image.ndim != 3 or not self._image.size:
            raise ValueError(
                "`image` must be an array (height, width, channels), such as "
                f"`decode(drive.read(file))`. Received: shape {self._image.shape}"
            )
        if hasattr(augmenter, "with_mask") and not isinstance(augmenter, type):
            raise ValueError(
                "`augmenter` must be what makes an augmenter of settings: write "
                f"AugmentationExplorer(image, augmenter). Received: augmenter={augmenter!r}"
            )
        check_whole_number("seed", seed, least=0)
        self._augmenter = augmenter
        self._seed = seed
        self.controls = _make_controls()
        self._off = {word: control.value for word, control in self.controls.items()}
        self._set_controls(settings)
        self.other_variants = ipywidgets.Button(
            description="Other variants", icon="refresh", layout={"width": "150px"}
        )
        self.other_variants.on_click(self._on_other_variants)
        self.picture = ipywidgets.Image(
            format="png", layout={"width": "auto", "max_width": "620px"}
        )
        self.code_line = ipywidgets.HTML()
        left = ipywidgets.VBox(
            [*self.controls.values(), self.other_variants], layout={"min_width": "350px"}
        )
        right = ipywidgets.VBox([self.picture, self.code_line], layout={"flex": "1 1 400px"})
        super().__init__([ipywidgets.HBox([left, right], layout={"flex_flow": "row wrap"})])
        self.add_class("augmentation-explorer")
        self._draw()

    def _set_controls(self, settings: dict[str, Any]) -> None:
        unknown = set(settings) - set(self.controls)
        if unknown:
            raise ValueError(
                f"The settings are {', '.join(self.controls)}. "
                f"Received: {', '.join(sorted(unknown))}"
            )
        for word, control in self.controls.items():
            control.value = settings.get(word, control.value)
            control.observe(self._on_change, "value")

    @property
    def settings(self) -> dict[str, Any]:
        """What differs from an augmenter that does nothing."""
        settings = {}
        for word, control in self.controls.items():
            if control.value != self._off[word]:
                settings[word] = _rounded(control.value)
        return settings

    @property
    def code(self) -> str:
        """The line that makes this augmenter."""
        return augmenter_code(self.settings)

    @property
    def augment(self) -> Augment:
        """The augmenter that the settings make."""
        return self._augmenter(**self.settings)

    def _on_change(self, change: Any) -> None:
        self._draw()

    def _on_other_variants(self, button: Any) -> None:
        self._seed += 1
        self._draw()

    def _draw(self) -> None:
        augment = self.augment
        rng = np.random.default_rng(self._seed)
        pictures = [self._image]
        while len(pictures) < ROWS * COLUMNS:
            pictures.append(augment(self._image, rng))
        enlarged = math.ceil(LEAST_WIDTH / self._image.shape[1])
        self.picture.value = to_png(tiled(pictures, COLUMNS, GAP), enlarged)
        self.code_line.value = (
            "The first picture is the photo itself."
            "<pre style='white-space: pre-wrap; word-break: normal'>"
            f"{html.escape(self.code)}</pre>"
        )

    def __repr__(self) -> str:
        return f"AugmentationExplorer: {self.code}"

    def static(self) -> dict[str, str]:
        """The picture, and the line of code."""
        return {
            "text/plain": repr(self),
            "image/png": base64.b64encode(self.picture.value).decode(),
        }


def _make_controls() -> dict[str, Any]:
    """A control for each word, set so that it changes nothing."""
    controls = {word: _make_slider(word, limits) for word, limits in SLIDERS.items()}
    for word in FLIPS:
        controls[word] = ipywidgets.Checkbox(False, description=word, style=STYLE, layout=LAYOUT)
    controls["fill_mode"] = ipywidgets.Dropdown(
        options=FILL_MODES, description="fill_mode", style=STYLE, layout=LAYOUT
    )
    for word, control in controls.items():
        control.add_class(word.replace("_", "-"))
    return controls


def _make_slider(word: str, limits: SliderRange) -> Any:
    kind = ipywidgets.FloatSlider if isinstance(limits.step, float) else ipywidgets.IntSlider
    return kind(
        limits.off,
        min=limits.smallest,
        max=limits.largest,
        step=limits.step,
        description=word,
        style=STYLE,
        layout=LAYOUT,
        continuous_update=False,
    )


def _rounded(value: Any) -> Any:
    """A slider's value without the noise of its steps, such as 0.15000000000000002."""
    return round(value, 2) if isinstance(value, float) else value
