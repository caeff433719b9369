"""The files that kept callbacks write: they go with the checkpoints, and come back with them.

All of them are in one file beside the checkpoints, written anew when one of them changed. It is one
of `sealed.py`: its header lists the files, its arrays are their bytes. No path of this machine is
in it: a file is named as seen from the folder that its callback writes to.
"""

from __future__ import annotations

import dataclasses
import glob
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import keras
import numpy as np

from ..atomic import atomic_write
from . import processes
from .checkpoint import Learned
from .sealed import DamagedError, read_sealed, write_sealed

__all__ = ["KeptFiles", "Stamp"]

SCORE = "best"  # the attribute of `ModelCheckpoint`
ANY_VALUE = r"([^/\\]*)"  # what may stand for `{epoch}` in a path


class PathTemplate:
    """A path in which values stand for `{epoch}` and such, as `ModelCheckpoint` takes it.

    Example:
        >>> template = PathTemplate("results/best-{epoch:02d}.keras")
        >>> template.path_of("best-07.keras"), template.path_of("../best-07.keras")
        (PosixPath('results/best-07.keras'), None)
    """

    def __init__(self, text: str) -> None:
        text = Path(text.replace("\\", "/")).as_posix()  # as paths that are found are written
        pieces = list(string.Formatter().parse(text))
        begin = pieces[0][0]
        self._folder = begin[: begin.rfind("/") + 1]
        self._glob = ""
        regex = ""
        for literal, field, _, _ in pieces:
            self._glob += glob.escape(literal)
            regex += re.escape(literal)
            if field is not None:
                self._glob += "*"
                regex += ANY_VALUE
        self._regex = re.compile(regex)

    @classmethod
    def of_path(cls, path: str) -> PathTemplate:
        """That of a path in which nothing stands for a value."""
        return cls(path.replace("{", "{{").replace("}", "}}"))

    def newest(self) -> Path | None:
        """The file that was written last, or None."""
        found = [Path(path) for path in glob.glob(self._glob) if self._regex.fullmatch(path)]
        files = [path for path in found if path.is_file()]
        return max(files, key=lambda path: path.stat().st_mtime_ns, default=None)

    def name_of(self, path: Path) -> str:
        """A path as seen from the folder in which all of them are."""
        return path.as_posix().removeprefix(self._folder)

    def path_of(self, name: str) -> Path | None:
        """The path of a name; None where it is none of this template's."""
        match = self._regex.fullmatch(self._folder + name)
        if match is None or ".." in Path(name).parts:
            return None
        if not all(value.isprintable() for value in match.groups()):
            return None
        return Path(self._folder + name)


@dataclass(frozen=True)
class Stamp:
    """What tells whether a callback has written its file anew."""

    number: int
    path: Path
    modified: int
    size: int


class KeptFiles:
    """The files of callbacks: of `ModelCheckpoint`, and of `CSVLogger` where it appends.

    Where a callback writes many, by a template, it is the one that was written last: with
    `save_best_only`, the best.

    Args:
        callbacks: Those whose state is kept, in their order.
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        self._callbacks = callbacks
        self._templates: dict[int, PathTemplate] = {}
        for number, callback in enumerate(callbacks):
            template = _template_of(callback)
            if template is not None:
                self._templates[number] = template

    def begin(self) -> None:
        """Lets a `CSVLogger` whose run was interrupted write to the file that it has opened anew.

        Keras does so from 3.11 on; before, the row of the next epoch went to the file of before.
        """
        for number in self._templates:
            callback = self._callbacks[number]
            if isinstance(callback, keras.callbacks.CSVLogger):
                callback.writer = None

    def stamps(self) -> list[Stamp]:
        """The files that are there now."""
        stamps = []
        for number, template in self._templates.items():
            path = template.newest()
            if path is not None:
                status = path.stat()
                stamps.append(Stamp(number, path, status.st_mtime_ns, status.st_size))
        return stamps

    def write(self, out: BinaryIO, stamps: Sequence[Stamp]) -> None:
        """Writes these files into one.

        Raises:
            OSError: One of them cannot be read.
        """
        files = [
            {
                "callback": type(self._callbacks[stamp.number]).__name__,
                "number": stamp.number,
                "name": self._templates[stamp.number].name_of(stamp.path),
            }
            for stamp in stamps
        ]
        contents = [np.frombuffer(stamp.path.read_bytes(), np.uint8) for stamp in stamps]
        write_sealed(out, {"files": files}, contents)

    def bring_back(self, file: BinaryIO) -> None:
        """Puts the files that are missing where their callbacks write now; says so.

        Raises:
            DamagedError: The file is not what `write` wrote.
            OSError: The disk is full, or a folder cannot be written to.
        """
        header, contents = read_sealed(file)
        files = header.get("files")
        if not isinstance(files, list) or len(files) != len(contents):
            raise DamagedError("its header does not name its files")
        for entry, content in zip(files, contents):
            self._bring_one_back(entry, content.tobytes())

    def without_lost_scores(self, learned: Sequence[Learned]) -> list[Learned]:
        """What callbacks learned, without the best score of a model whose file is lost.

        Else no later model would be saved that is not better than one which nobody has.
        """
        return [self._with_score_of_a_file(*pair) for pair in enumerate(learned)]

    def _with_score_of_a_file(self, number: int, learned: Learned) -> Learned:
        if not self._is_lost(number) or SCORE not in learned.attributes:
            return learned
        print(
            f"'{self._callbacks[number].filepath}' is missing. So its best score is forgotten, and "
            "the model of the next epoch is saved there."
        )
        attributes = {name: it for name, it in learned.attributes.items() if name != SCORE}
        return dataclasses.replace(learned, attributes=attributes)

    def _is_lost(self, number: int) -> bool:
        if number not in self._templates or processes.are_several():  # whose disks may differ
            return False
        callback = self._callbacks[number]
        saves_best = getattr(callback, "save_best_only", False)
        return saves_best and self._templates[number].newest() is None

    def _bring_one_back(self, entry: Mapping[str, Any], content: bytes) -> None:
        number, name = _number_and_name(entry)
        path = self._path_of(number, name, entry.get("callback"))
        if path is None:
            print(
                f"{name!r} of the checkpoint is not brought back: no callback in `keep` writes it."
            )
            return
        if path.exists() and path.stat().st_size > 0:
            return
        with atomic_write(path) as out:
            out.write(content)
        print(f"'{path}' is brought back, as it was at the checkpoint.")
        callback = self._callbacks[number]
        if isinstance(callback, keras.callbacks.CSVLogger):
            callback.on_train_begin()  # it has opened an empty file; now it goes on with its table

    def _path_of(self, number: int, name: str, callback: object) -> Path | None:
        if number not in self._templates:
            return None
        if type(self._callbacks[number]).__name__ != callback:
            return None
        return self._templates[number].path_of(name)


def _template_of(callback: keras.callbacks.Callback) -> PathTemplate | None:
    if isinstance(callback, keras.callbacks.ModelCheckpoint):
        return PathTemplate(callback.filepath)
    if isinstance(callback, keras.callbacks.CSVLogger) and callback.append:
        return PathTemplate.of_path(callback.filename)
    return None


def _number_and_name(entry: Mapping[str, Any]) -> tuple[int, str]:
    if not isinstance(entry, dict):
        raise DamagedError("its header does not name its files")
    number, name = entry.get("number"), entry.get("name")
    if not isinstance(number, int) or not isinstance(name, str):
        raise DamagedError("its header does not name its files")
    return number, name
