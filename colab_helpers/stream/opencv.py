"""OpenCV, where it is installed: `import_opencv`, and which library "auto" means."""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["has_opencv", "import_opencv"]


@functools.cache
def has_opencv() -> bool:
    """Whether OpenCV can be imported; it is tried once."""
    try:
        import_opencv()
    except Exception:  # a broken installation raises more than ImportError
        return False
    return True


def import_opencv() -> Any:
    """Imports OpenCV when it is first needed: whoever does without need not have it."""
    try:
        import cv2
    except ModuleNotFoundError as error:
        advice = "OpenCV is missing: `pip install opencv-python-headless`, or library='pillow'"
        raise ImportError(advice) from error
    return cv2
