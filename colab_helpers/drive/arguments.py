"""What a user gives for a file or a folder: looked at before anybody is asked."""

from __future__ import annotations

import os
import reprlib
from typing import Any

from .files import File

__all__ = ["check_file", "file_text", "folder_text", "no_position"]

NEEDED_OF_A_FILE = ("id", "name", "version")  # to ask for it, to name it, and to notice a change


def check_file(file: Any) -> None:
    """Raises a TypeError, with the line to write, unless `file` is one that was listed or found.

    Whatever has an `id`, a `name` and a `version` that are texts passes, so that a file of one's
    own does.
    """
    if all(isinstance(getattr(file, name, None), str) for name in NEEDED_OF_A_FILE):
        return
    line = "for file in drive.list_images(folder): drive.read(file)"
    if isinstance(file, (str, os.PathLike)):
        line = f"drive.read(drive.find({os.fspath(file)!r}))"
    raise TypeError(
        "`read` takes a file as `list_images` and `find` give it. "
        f"Write: {line}. Received: {reprlib.repr(file)}"
    )


def folder_text(folder: Any) -> str:
    """What a user gave for a folder, as text.

    Raises:
        TypeError: It is neither a text nor a path; the message says which line to write.
    """
    if isinstance(folder, (str, os.PathLike)):
        return os.fspath(folder)
    line = 'drive.list_images("path/to/folder")'
    if isinstance(folder, File):
        line = "drive.read(file), or list the folder that it lies in"
    elif isinstance(folder, tuple) and len(folder) == 2:
        line = "drive.list_images(folder_id), the first of the two that `list_folders` gives"
    elif isinstance(folder, (list, set)):
        line = "drive.list_images(folder) for one folder after the other"
    raise _no_address("folder", folder, line)


def file_text(path: Any) -> str:
    """What a user gave for the path of a file, as text.

    Raises:
        TypeError: It is neither a text nor a path; the message says which line to write.
    """
    if isinstance(path, (str, os.PathLike)):
        return os.fspath(path)
    line = 'drive.find("path/to/photo.jpg")'
    if isinstance(path, File):
        line = "drive.read(file), as it is found already"
    raise _no_address("path", path, line)


def no_position(position: Any) -> ValueError:
    """The error where a position is none that a listing had."""
    return ValueError(
        "`position` must be what `listing.position` was, a dict as JSON can hold it. Leave it out "
        f"to list from the start. Received: {str(position)[:100]!r}"
    )


def _no_address(argument: str, value: Any, line: str) -> TypeError:
    return TypeError(
        f"`{argument}` must be a name, path, ID or address, as text. "
        f"Write: {line}. Received: {reprlib.repr(value)}"
    )
