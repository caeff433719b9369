"""Whether this process runs in Colab."""

from __future__ import annotations

import os
import sys

__all__ = ["in_colab", "is_child_of_colab", "is_colab_kernel"]


def in_colab() -> bool:
    """Whether this is Colab: its notebook, or a process that was started from there."""
    return is_colab_kernel() or is_child_of_colab()


def is_colab_kernel() -> bool:
    """Whether a notebook of Colab runs in this process, whose page can ask the user to sign in.

    Kaggle sets the same environment variables, so the shell is asked.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    shell = ipython.get_ipython()
    return type(shell).__module__.startswith("google.colab")


def is_child_of_colab() -> bool:
    """Whether this is a process on a runtime of Colab, and not its notebook's own.

    It has no shell to ask, so the environment tells. Nobody can be asked to sign in here; who
    signed in in the notebook is signed in here, too.
    """
    is_runtime = "COLAB_RELEASE_TAG" in os.environ
    is_kaggle = "KAGGLE_KERNEL_RUN_TYPE" in os.environ  # it builds on Colab's image
    return is_runtime and not is_kaggle and not is_colab_kernel()
