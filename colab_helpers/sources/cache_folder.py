"""A folder on this machine for what can be made again, which nobody else can write to."""

from __future__ import annotations

import os
import stat
import tempfile

__all__ = ["private_cache_folder"]

NAME = "colab_helpers"


def private_cache_folder() -> str:
    """Makes the folder where it is not there yet, and returns its path.

    It is `colab_helpers` in `$XDG_CACHE_HOME`, or in `~/.cache`
    (https://specifications.freedesktop.org/basedir-spec/latest/). Where one cannot write there, or
    somebody else can, it is one in the folder for temporary files.

    Raises:
        OSError: There is no place for it.
    """
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    user = os.getuid() if hasattr(os, "getuid") else "user"
    places = [os.path.join(home, NAME), os.path.join(tempfile.gettempdir(), f"{NAME}-{user}")]
    for folder in places:
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if _is_private(folder):
            return folder
    raise OSError(f"nobody but you may write to the folder of a cache; tried {places}")


def _is_private(folder: str) -> bool:
    """Whether a folder, and a link that leads to it, is of this user, who alone writes to it."""
    if not hasattr(os, "getuid"):  # Windows keeps the folders of users apart
        return True
    link = os.lstat(folder)
    status = os.stat(folder)
    is_ours = link.st_uid == os.getuid() == status.st_uid
    others_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return is_ours and not others_write and os.access(folder, os.W_OK)
