"""What a file is, what a source of files must provide, and what counts as a picture.

Everything else in the project speaks of files in the words of this page.
"""

import mimetypes
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, SupportsIndex, runtime_checkable

from .labels import Label
from .telling import Telling, folder_in_words, place_in_words

__all__ = [
    "Changes",
    "File",
    "Listing",
    "Source",
    "check_range",
    "has_image_ending",
    "is_hidden",
    "is_image",
    "natural_order",
]

IMAGE_NAMES = (  # their endings, in lower case
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".heic",
    ".heif",
    ".avif",
    ".jp2",
    ".ppm",
    ".pgm",
)

NAMES_OF_SYSTEMS = frozenset(  # which they give to files and folders of their own, in lower case
    (
        "__macosx",  # macOS, in ZIP archives
        "network trash folder",
        "temporary items",
        "$recycle.bin",  # Windows
        "recycler",
        "system volume information",
        "desktop.ini",
        "thumbs.db",
        "ehthumbs.db",
        "lost+found",  # Linux
        "@eadir",  # disk stations
        "@recycle",
        "@__thumb",
        "#recycle",
        "#snapshot",
    )
)


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was listed: its name and the mark of its content, never the content itself.

    Two files are equal when `id` and `version` are, wherever the listing came from: a saved
    listing compares with a live one.

    Example:
        >>> live = File("1AbC", "1.jpg", "rose", "rose/1.jpg", 50_000, None, version="7")
        >>> saved = File("1AbC", "1.jpg", "rose", "flowers/rose/1.jpg", 50_000, None, version="7")
        >>> live == saved
        True

    Attributes:
        id: Names the file for good: Drive's file ID, or the path below a `LocalFolder`.
        name: What it is called, such as "1.jpg".
        label: Name of the folder it lies in, or of the first one on its way from the folder that
            was listed, in Unicode's normal form C. A slash in a name stands as "_".
        path: The way to it below the folder that was listed, such as "rose/1.jpg".
        size: Bytes; None where the source does not know it, as for a Google document.
        md5: Checksum of the content in hex; None where the source has none.
        version: Changes when the content changes.
        block: Files of one block are cheaper to read together; None where that is no matter.
    """

    id: str
    name: str = field(compare=False)
    label: str = field(compare=False)
    path: str = field(compare=False)
    size: int | None = field(compare=False)
    md5: str | None = field(compare=False)
    version: str
    block: str | None = field(compare=False, default=None)


@runtime_checkable
class Source(Protocol):
    """Where files come from: `Drive`, `LocalFolder`, an archive, a CSV, or a class of your own.

    The first two methods make a source. The others may be left out where nobody asks for them.
    What it offers, and who asks for it:

    - `list_images(folder)`, which is lazy, and `read(file, start, end)`: every use of a source.
      `split` and `describe` take the files, `cached` takes `read`, `StreamingSequence` and `pack`
      take both; none of them takes the source itself.
    - `list_images(folder, label="first")`, by which the first folder below the listed one is the
      class: whoever writes it; see `Drive.list_images`.
    - `list_images(folder, label=None)`, which says nothing of the classes:
      `image_dataset_from_drive`, where labels are given.
    - `list_images(folder, position=...)`, which returns a `Listing`, and `list_changes(position)`,
      which returns `Changes`, or None: `take_inventory`, which goes on after a kill, and
      `refresh_inventory`, which asks only for what changed.
    - `find(path)`, which returns a `File`: `open_archive`, `open_csv`, `pack(drive=...)` and
      `ResumeTraining(drive=...)`. Where there is nothing at the path, it raises an error whose
      class is called NotFoundError, such as this room's. `ResumeTraining` takes any other error for
      a sign that the source cannot tell, and stops before it begins a run anew by mistake.
    - `upload(path, folder)`, which puts a local file in place of one of the same name, makes the
      folders that are missing, and returns its `File`: `pack(drive=...)` and
      `ResumeTraining(drive=...)`. `pack` deletes a shard here only if `md5` of that `File` is the
      shard's.
    - `list_folders(folder)`, which yields `(id, name)` of each folder directly in it, "." being the
      top, and `folder_name(folder)`: `FolderPicker`.

    Of a `File`, `size`, `md5` and `block` may be None; `open_archive` and `open_csv` need the
    `size`.

    An exception with an attribute `ends_run = True` ends a run, also with `on_bad_file="skip"`: it
    says that every other file would fail too, as without a sign-in. To try again after a fault, and
    to keep to a rate of requests, is the source's own work: nobody else does it.

    Example:
        >>> class Pixels:
        ...     '''Pictures in a dictionary, {path: bytes}.'''
        ...
        ...     def __init__(self, pictures):
        ...         self.pictures = pictures
        ...
        ...     def list_images(self, folder="."):
        ...         for path, data in self.pictures.items():
        ...             label, name = path.split("/")
        ...             yield File(path, name, label, path, len(data), None, version="1")
        ...
        ...     def read(self, file, start=None, end=None):
        ...         return self.pictures[file.id][start:end]
        >>> source = Pixels({"rose/1.jpg": b"as good as a picture"})
        >>> file = next(source.list_images())
        >>> file.label, source.read(file, 0, 7), isinstance(source, Source)
        ('rose', b'as good', True)
    """

    def list_images(self, folder: str) -> Iterator[File]:
        """Yields the pictures in a folder and in all folders below it.

        A source of much should be lazy: ask for nothing before the first `next`.
        """
        ...

    def read(self, file: File, start: int | None = None, end: int | None = None) -> bytes:
        """The bytes of a file, or those from `start` up to, not including, `end`.

        It is called from many threads at once. It raises an exception whose text names the file
        and the next step, and never returns a part in place of the whole.
        """
        ...


class Listing(Iterator[File]):
    """An iterator of files that knows how far it is; a page is fetched when you get there.

    Each file comes once. After an error, or a cell that was interrupted, the next `next` goes on
    where the listing was: it asks again for what failed, and leaves out what it gave before.

    Example:
        ```python
        listing = drive.list_images("flowers17")
        first = next(listing)
        rest = drive.list_images("flowers17", position=listing.position)  # also tomorrow, elsewhere
        ```

    Args:
        walk: Yields the files from a position on, and moves the position on meanwhile.
        position: To go on from.
        label: Which folder is the class.
        folder: What is listed, as its user named it; "" where that is not known.
        clock: Gives seconds.

    Attributes:
        label: As given.
        verbose: Whether to print, after 20 seconds of waiting for files and then at doubling times,
            how many have come. True, unless you set it.
        position: A dict that JSON can hold. A listing made with it goes on at the page that is
            being given out now, so drop by id what comes twice. At the end, `list_changes`
            takes it.
    """

    def __init__(
        self,
        walk: Callable[[dict[str, Any]], Iterator[File]],
        position: dict[str, Any] | None = None,
        label: Label = "parent",
        *,
        folder: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label: Label = label
        self.verbose = True
        self.position = dict(position or {})
        self._start = dict(self.position)
        self._walk = walk
        self._files = walk(self.position)
        self._given: set[str] = set()
        self._is_over = False
        self._folder = folder
        self._clock = clock
        self._telling = Telling(folder)

    def __repr__(self) -> str:
        """How far it is; nothing is asked for."""
        named = f" of {folder_in_words(self._folder)}" if self._folder else ""
        at = place_in_words(len(self._given), is_over=self._is_over, is_resumed=bool(self._start))
        return f"Listing{named}: {at}"

    def __next__(self) -> File:
        while True:
            begun = self._clock()
            try:
                file = next(self._files)
            except StopIteration:
                self._is_over = True
                raise
            except BaseException:
                self._begin_again()
                raise
            is_new = file.id not in self._given
            self._given.add(file.id)
            self._tell(self._clock() - begun)
            if is_new:
                return file

    def _tell(self, seconds: float) -> None:
        """Counts how long was waited for a file, and prints the line that is due."""
        line = self._telling.line(seconds, len(self._given))
        if line and self.verbose:
            print(line, flush=True)

    def _begin_again(self) -> None:
        """Makes the next `next` go on: an iterator that raised an error gives nothing any more."""
        if not self._given:
            self.position = dict(self._start)
        self._files = self._walk(self.position)


class Changes(NamedTuple):
    """What changed since a listing, as `list_changes` tells it.

    Attributes:
        files: Those that were added or changed.
        removed_ids: IDs that are not in the folder any more, in order.
        position: To ask from the next time.
    """

    files: list[File]
    removed_ids: list[str]
    position: dict[str, Any]


def check_range(start: int | None, end: int | None) -> None:
    """Checks the range of a read, None standing for the file's own ends.

    Raises:
        TypeError: `start` or `end` is no whole number.
        ValueError: It is not 0 <= start <= end.
    """
    for name, value in (("start", start), ("end", end)):
        if value is not None and not isinstance(value, SupportsIndex):
            raise TypeError(
                f"`{name}` must be a whole number of bytes, or None. Received: {name}={value!r}"
            )
    first = start or 0
    if first < 0 or (end is not None and end < first):
        raise ValueError(
            f"A range must have 0 <= start <= end. Received: start={start}, end={end}."
        )


def has_image_ending(name: str) -> bool:
    """Whether a name ends as those of pictures do: on every machine the same.

    Example:
        >>> has_image_ending("rose.JPG"), has_image_ending("notes.txt")
        (True, False)
    """
    return name.lower().endswith(IMAGE_NAMES)


def is_image(name: str, mime_type: str | None = None) -> bool:
    """Whether a name, or its MIME type, stands for a picture.

    Where the type is not known, this machine's table of types is asked what the name stands for.

    Example:
        >>> is_image("rose.JPG"), is_image("notes.txt"), is_image("scan", "image/tiff")
        (True, False, True)
    """
    if has_image_ending(name):  # asked first, since to guess takes longer
        return True
    kind = mime_type or _guessed_mime_type(name)
    return kind is not None and kind.startswith("image/")


def _guessed_mime_type(name: str) -> str | None:
    """The type that a name stands for on this machine; None where it is packed, as in ".svg.gz"."""
    mime_type, encoding = mimetypes.guess_type(name)
    if encoding is not None:
        return None
    return mime_type


def is_hidden(name: str) -> bool:
    """Whether a file or folder is a system's own, and no picture or class of anybody.

    It begins with one dot, or is one of `NAMES_OF_SYSTEMS`, in capitals or not. Two dots are an odd
    name, which somebody gave.

    Example:
        >>> is_hidden(".ipynb_checkpoints"), is_hidden("__MACOSX"), is_hidden("roses")
        (True, True, False)
    """
    begins_with_one_dot = name.startswith(".") and not name.startswith("..")
    return begins_with_one_dot or name.lower() in NAMES_OF_SYSTEMS


def natural_order(name: str) -> list[int | str]:
    """A key that sorts names as people do: 2.jpg before 10.jpg, capitals among the others.

    Example:
        >>> sorted(["10.jpg", "2.jpg", "B.jpg", "a.jpg"], key=natural_order)
        ['2.jpg', '10.jpg', 'a.jpg', 'B.jpg']
    """
    parts = re.split("([0-9]+)", name.lower())
    return [int(part) if part.isdecimal() else part for part in parts]
