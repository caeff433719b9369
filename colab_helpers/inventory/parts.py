"""A part of a listing: a list of files that knows the classes of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, SupportsIndex, overload

from ..drive import File
from ..drive.names import named
from .listing import NO_LABEL, class_named, in_order, label_of

__all__ = ["Part", "classes_of"]


class Part(list[File]):
    """A list of files that knows all classes of the listing it comes from.

    `split` makes parts. With them, training, validation and test number their classes alike, also
    where a part lacks a class. Slices, sums, copies and pickles know the classes too. What is
    built anew, as by `[file for file in part if ...]`, is a plain list and does not.

    A part is shown in a line; `list(part)` shows each file, `describe(part)` a table of classes.

    Example:
        >>> files = [File(name, name, name, name, 9, None, "1") for name in ("cat", "dog", "emu")]
        >>> part = Part(files[:1], class_names=["cat", "dog"])
        >>> part.class_names, part[:0].class_names, (part + files[2:]).class_names
        (['cat', 'dog'], ['cat', 'dog'], ['cat', 'dog', 'emu'])

    Args:
        files: Iterable of files.
        class_names: The classes of the whole; those of `files` need not be among them.
        folders_tell: Whether `file.label` tells a file's class. False where `labels` did: a file
            that is added later then adds no class.
    """

    def __init__(
        self,
        files: Iterable[File] = (),
        class_names: Iterable[str] = (),
        *,
        folders_tell: bool = True,
    ) -> None:
        super().__init__(files)
        self._classes = frozenset(class_names)
        self._folders_tell = folders_tell

    @property
    def class_names(self) -> list[str]:
        """The classes of the whole, and of files that were added, in the order of their numbers."""
        classes = set(self._classes)
        if self._folders_tell:
            classes.update(label_of(file, None) for file in self)
        classes.discard(NO_LABEL)
        return in_order(classes)

    def __repr__(self) -> str:
        """How many files, of how many classes, and the first; `list(part)` shows each."""
        words = f"Part of {len(self):,} {'file' if len(self) == 1 else 'files'}"
        try:
            count = len(self.class_names)
        except ValueError:  # a label names no class
            count = 0
        if count:
            words += f", {count:,} {'class' if count == 1 else 'classes'} in the whole"
        return f"{words}: {named(file.path for file in self)}" if self else words

    def copy(self) -> Self:
        """Another list of the same files."""
        return self._with(self)

    def extend(self, files: Iterable[File]) -> None:
        """Adds files, and the classes of the listing that another part comes from."""
        if isinstance(files, Part):
            self._classes |= files._classes
        super().extend(files)

    @overload
    def __getitem__(self, place: SupportsIndex) -> File: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: SupportsIndex | slice) -> File | Self:
        if isinstance(place, slice):
            return self._with(super().__getitem__(place))
        return super().__getitem__(place)

    # The sum of a list of files and another list may be a list of anything, as typeshed has it; a
    # part holds files alone.

    def __add__(self, others: list[File]) -> Self:  # type: ignore[override]
        together = self._with(self)
        together.extend(others)
        return together

    def __radd__(self, others: list[File]) -> Self:
        together = self._with(others)
        together.extend(self)
        return together

    def __iadd__(self, others: Iterable[File]) -> Self:  # type: ignore[override]
        self.extend(others)
        return self

    def __mul__(self, times: SupportsIndex) -> Self:
        return self._with(super().__mul__(times))

    def __rmul__(self, times: SupportsIndex) -> Self:
        return self * times

    def _with(self, files: Iterable[File]) -> Self:
        """Other files of the same whole."""
        return type(self)(files, self._classes, folders_tell=self._folders_tell)


def classes_of(files: Iterable[Any], labels: Mapping[str, str] | None) -> set[str]:
    """The classes of a listing: those that `labels` names, or those that it knows and holds.

    Args:
        files: Files, not an iterator; it may be a `Part` of another whole.
        labels: `{id: label}`, or None where the folders tell the class.
    """
    classes = {label_of(file, labels) for file in files}
    if labels is not None:
        classes.update(class_named(label, f"id {file_id}") for file_id, label in labels.items())
    elif isinstance(files, Part):
        classes.update(files.class_names)
    return classes - {NO_LABEL}
