"""What a user gives for a file, a folder or a number: looked at before anybody is asked."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

from .files import File

__all__ = [
    "check_above_0",
    "check_file",
    "check_function",
    "check_source",
    "check_whole_number",
    "file_text",
    "folder_text",
    "listed_files",
    "no_position",
    "repeated_files",
]

NEEDED_OF_A_FILE = ("id", "name", "version")  # to ask for it, to name it, and to notice a change


def check_file(file: Any, needed: Iterable[str] = NEEDED_OF_A_FILE) -> None:
    """Raises a TypeError, with the line to write, unless `file` is one that was listed or found.

    Whatever has an `id`, a `name` and a `version` that are texts, or the attributes that are
    `needed`, passes, so that a file of one's own does.
    """
    if all(isinstance(getattr(file, name, None), str) for name in needed):
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


def listed_files(files: Iterable[Any], name: str = "files") -> list[Any]:
    """The files that a user gave, as a list; one that is a list already stays the one it is.

    Example:
        >>> listed_files("flowers")
        Traceback (most recent call last):
        ...
        ValueError: `files` must be a list of files with `id` and `name`, such as \
`list(drive.list_images(folder))`. Received: str with 'f' in it

    Raises:
        ValueError: They are none, such as paths or ids.
    """
    received = type(files).__name__
    if isinstance(files, Iterable):
        listed = files if isinstance(files, list) else list(files)
        other = [file for file in listed if not hasattr(file, "id")]
        if not other:
            return listed
        received += f" with {reprlib.repr(other[0])} in it"
    raise ValueError(
        f"`{name}` must be a list of files with `id` and `name`, such as "
        f"`list(drive.list_images(folder))`. Received: {received}"
    )


def repeated_files(files: Iterable[Any]) -> list[Any]:
    """Those that stand among the files more than once, each once.

    Example:
        >>> import types
        >>> rose, tulip = types.SimpleNamespace(id="1"), types.SimpleNamespace(id="2")
        >>> repeated_files([rose, tulip, rose]) == [rose]
        True
    """
    seen: set[str] = set()
    repeated: dict[str, Any] = {}
    for file in files:
        if file.id in seen:
            repeated.setdefault(file.id, file)
        seen.add(file.id)
    return list(repeated.values())


def check_source(drive: Any, method: str = "read") -> None:
    """Refuses what is no source, such as the path of a folder.

    Raises:
        ValueError: `drive` has no such method.
    """
    if not hasattr(drive, method):
        raise ValueError(
            "`drive` must be what `connect` returned; a folder of this machine is "
            f"`connect(folder)`. Received: drive={reprlib.repr(drive)}"
        )


def check_function(name: str, value: Any, such_as: str) -> None:
    """Refuses what cannot be called, such as `drive` in place of `drive.read`.

    Raises:
        ValueError: `value` is no function.
    """
    if not callable(value):
        raise ValueError(
            f"`{name}` must be a function, such as {such_as}. "
            f"Received: {name}={reprlib.repr(value)}"
        )


def check_whole_number(name: str, value: Any, least: int | None = None) -> None:
    """Refuses what is no integer, or less than `least`; True and False are none.

    Example:
        >>> check_whole_number("seed", None)
        Traceback (most recent call last):
        ...
        ValueError: `seed` must be an integer, such as 0. Received: seed=None

    Raises:
        ValueError: `value` is no integer, or a smaller one.
    """
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if is_whole and (least is None or value >= least):
        return
    wanted = ", such as 0" if least is None else f" of at least {least}"
    raise ValueError(f"`{name}` must be an integer{wanted}. Received: {name}={value!r}")


def check_above_0(name: str, value: Any, unit: str) -> None:
    """Refuses what is no number above 0.

    Example:
        >>> check_above_0("deadline", "60", "of seconds")
        Traceback (most recent call last):
        ...
        ValueError: `deadline` must be a number of seconds above 0. Received: deadline='60'

    Raises:
        ValueError: `value` is none, is not finite, or is 0 or less.
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and value > 0):
        raise ValueError(f"`{name}` must be a number {unit} above 0. Received: {name}={value!r}")


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
