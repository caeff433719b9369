"""A listing as a file: paid for once, gone on with after a kill, and kept up to date."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from tqdm import tqdm

from ..drive import Changes, File, Listing
from ..drive.arguments import check_source, check_whole_number, listed_files, repeated_files
from ..drive.labels import Label, check_label
from ..drive.names import named
from .listing import nothing_listed
from .saved_format import (
    ListingProgress,
    SavedListing,
    SavedPosition,
    file_line,
    file_of_record,
    has_files,
    progress_line,
    read_listing,
    write_listing,
)

__all__ = [
    "ResumableSource",
    "load_inventory",
    "refresh_inventory",
    "save_inventory",
    "take_inventory",
]


ADDRESS = re.compile("[A-Za-z][A-Za-z0-9+.-]+:/")  # gs://, s3://; a drive letter is one letter


class ResumableSource(Protocol):
    """A source that goes on with a listing and tells what changed: `Drive`, `LocalFolder`.

    Where a label is asked for, `list_images` takes that, too.
    """

    def list_images(self, folder: str, *, position: SavedPosition | None = None) -> Listing:
        """Lists a folder, from a position on if one is given."""
        ...

    def list_changes(self, position: SavedPosition) -> Changes | None:
        """What changed since a position; None where only a full listing can tell."""
        ...


def take_inventory(
    drive: ResumableSource,
    folder: str,
    path: str | os.PathLike[str],
    *,
    label: Label = "parent",
    rows_per_position: int = 1000,
) -> list[File]:
    """Lists a folder into a file, and goes on where it stopped when it is called again.

    The first call lists the folder. If the runtime is killed meanwhile, the same call goes on
    from there, and asks what changed since. Once the file is whole, the call asks for nothing.

    Example:
        ```python
        drive = connect()
        files = take_inventory(drive, "flowers17", "flowers17.jsonl")
        ```

    Args:
        drive: A `Drive` or `LocalFolder`, or what has their `list_images` and `list_changes`.
        folder: Name, path, id or address of the folder, as `drive.list_images` takes it.
        path: The inventory file. Rows are added as they come.
        label: Which folder is the class, as `drive.list_images` takes it: "parent", the one that a
            picture lies in, or "first", the first one below `folder`. The file keeps it.
        rows_per_position: After how many files the file notes where to go on. The page size of
            Drive's list request is right: a killed listing then repeats about one page.

    Returns:
        List of `File`.

    Raises:
        NotFoundError: There is no such folder in a `Drive` or `LocalFolder`, or there are no images
            in it. No inventory file is left behind that holds no file.
        ValueError: `path` holds the listing of another folder, or by another `label`, is damaged,
            or is not on this machine; `label` is none; `rows_per_position` is less than 1; or a
            source that raises no error of its own has no images in the folder.
    """
    check_label(label)
    check_source(drive, "list_images")
    check_whole_number("rows_per_position", rows_per_position, least=1)
    path = _local(path)
    saved = _what_is_saved(path)
    _check_same(saved.progress, folder, label, path)
    if saved.progress.complete:
        return list(saved.files.values())
    goes_on = bool(saved.progress.position)
    # A source that cannot go on starts over: what it listed before may be gone since.
    files_before = saved.files if goes_on else {}
    listing = _listing(drive, folder, label, position=saved.progress.position)
    progress = ListingProgress(folder, label=label)
    with _opened_to_append(path, keep=goes_on) as out:
        files = _append_listing(out, listing, files_before, progress, rows_per_position)
    if not files:
        raise nothing_listed(f"list in the folder '{folder}'")
    write_listing(path, files.values(), _finished(progress, listing.position))
    if goes_on:  # what was listed before the kill may have changed since
        return refresh_inventory(drive, path)
    return list(files.values())


def refresh_inventory(drive: ResumableSource, path: str | os.PathLike[str]) -> list[File]:
    """Brings a saved listing up to date by asking only for what changed since.

    Example:
        ```python
        files = refresh_inventory(drive, "flowers17.jsonl")
        ```

    Args:
        drive: The source that was listed.
        path: File written by `take_inventory`, or by `save_inventory` from a fresh listing.

    Returns:
        List of `File`. Where the changes cannot be told (a folder moved, or too long ago), all is
        listed again, and the same folder is the class as before.

    Raises:
        ValueError: The file does not tell when and where it was listed, its listing is not
            finished, or it is damaged.
    """
    check_source(drive, "list_images")
    saved = _read_finished(path)
    progress = saved.progress
    changes = drive.list_changes(progress.position) if progress.position else None
    if changes is not None:
        changed, removed, new_position = changes
        files = _updated(saved.files, changed, removed)
        write_listing(path, files.values(), _finished(progress, new_position))
    elif progress.folder is not None:
        _save(_listing(drive, progress.folder, progress.label), Path(path), progress)
    else:
        raise ValueError(
            f"'{path}' does not tell which folder it lists. Delete it, and call "
            "take_inventory(drive, folder, path)."
        )
    return load_inventory(path)


def save_inventory(
    files: Iterable[File], path: str | os.PathLike[str], *, folder: str | None = None
) -> None:
    """Saves a listing as a file, whole or not at all, so that it is paid for once.

    The file is text that any editor opens: a line of JSON a file, and a last line that tells how
    to go on from here.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp(), "inventory.jsonl")
        >>> files = [File("1x", "a.jpg", "cat", "cat/a.jpg", 9, None, "1")]
        >>> save_inventory(files, path)
        >>> load_inventory(path) == files
        True

    Args:
        files: Iterable of files. From a fresh `drive.list_images(...)`, its position and its
            `label` are kept too, for `refresh_inventory`.
        path: Where to; missing folders on the way are made.
        folder: The folder that was listed, so that `refresh_inventory` can list it again when it
            must.

    Raises:
        ValueError: `path` is not on this machine, a file stands in `files` twice, or has an
            attribute that no file can have.
    """
    label = files.label if isinstance(files, Listing) else "parent"
    _save(files, _local(path), ListingProgress(folder, label=label))


def load_inventory(path: str | os.PathLike[str]) -> list[File]:
    """Loads a listing that `save_inventory` or `take_inventory` wrote.

    Args:
        path: The inventory file.

    Returns:
        List of `File`, equal to those of a live listing unless their content changed since.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or its listing was interrupted: call `take_inventory` to
            finish it.
    """
    return list(_read_finished(path).files.values())


def _listing(
    drive: ResumableSource, folder: str, label: Label, position: SavedPosition | None = None
) -> Listing:
    """Lists a folder; a source of one's own need not know a label that nobody asks for."""
    options: dict[str, Any] = {}
    if position is not None:
        options["position"] = position
    if label != "parent":
        options["label"] = label
    return drive.list_images(folder, **options)


def _save(files: Iterable[File], path: Path, progress: ListingProgress) -> None:
    """Saves a whole listing, and how to go on from its end."""
    # First, since the position moves with it.
    listed = [file_of_record(file) for file in listed_files(files)]
    _refuse_repeated(listed)
    position = getattr(files, "position", None)
    write_listing(path, listed, _finished(progress, position))


def _refuse_repeated(files: Sequence[File]) -> None:
    """Refuses a list with a file twice: of several, one would be loaded."""
    repeated = repeated_files(files)
    if repeated:
        names = [file.name for file in repeated]
        raise ValueError(
            f"Some files stand in `files` more than once: {named(names)}. An inventory holds each "
            "once: save the listing, and repeat files when it is loaded."
        )


def _finished(progress: ListingProgress, position: SavedPosition | None) -> ListingProgress:
    """The progress of the same listing at its end."""
    return replace(progress, complete=True, position=position)


def _local(path: str | os.PathLike[str]) -> Path:
    """A path on this machine; a bucket's address would become a folder of its name here."""
    if ADDRESS.match(str(path)):
        raise ValueError(
            "`path` must be a file on this machine. Save the list here, and copy it there "
            f"afterwards. Received: path={str(path)!r}"
        )
    return Path(path)


def _what_is_saved(path: Path) -> SavedListing:
    if path.exists():
        return read_listing(path)
    return SavedListing({}, ListingProgress())


def _read_finished(path: str | os.PathLike[str]) -> SavedListing:
    saved = read_listing(path)
    if not saved.progress.complete:
        raise ValueError(
            f"The listing in '{path}' was interrupted after {len(saved.files)} files. Finish it: "
            "take_inventory(drive, folder, path)."
        )
    return saved


def _check_same(progress: ListingProgress, folder: str, label: Label, path: Path) -> None:
    """Refuses a file that holds the listing of another folder, or by another label."""
    nothing_is_noted = progress == ListingProgress()
    if nothing_is_noted:
        return
    if progress.folder != folder:
        raise ValueError(
            f"'{path}' holds the listing of the folder {named([progress.folder])}, not of "
            f"'{folder}'. Give another path, or delete the file."
        )
    if progress.label != label:
        raise ValueError(
            f"'{path}' holds a listing with label={progress.label!r}. Give another path, or delete "
            f"the file. Received: label={label!r}"
        )


@contextmanager
def _opened_to_append(path: Path, *, keep: bool) -> Iterator[BinaryIO]:
    """Opens the file at the end of its last whole line; without `keep`, at its beginning.

    If it holds no file at the end, whether an error ended it or not, it is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "ab") as out:
            out.truncate(_bytes_in_whole_lines(path) if keep else 0)
            yield out
    finally:
        if path.exists() and not has_files(path):
            path.unlink()


def _bytes_in_whole_lines(path: Path) -> int:
    """Where a last line begins that a kill cut short; else where the file ends."""
    return path.read_bytes().rfind(b"\n") + 1


def _append_listing(
    out: BinaryIO,
    listing: Listing,
    files_before: Mapping[str, File],
    progress: ListingProgress,
    rows_per_position: int,
) -> dict[str, File]:
    """Writes files as they are listed, and every so often where to go on.

    Returns:
        By id, the files listed before the kill and those listed now.
    """
    files = dict(files_before)
    if isinstance(listing, Listing):
        listing.verbose = False  # the bar tells
    with tqdm(desc="Listing", unit=" files", initial=len(files), file=sys.stdout) as bar:
        for count, listed in enumerate(listing):
            if count % rows_per_position == 0:
                out.write(progress_line(replace(progress, position=listing.position)))
                out.flush()
            file = file_of_record(listed)
            if file.id not in files:  # the page in which a listing was killed comes again
                bar.update()
            files[file.id] = file
            out.write(file_line(file))
    return files


def _updated(
    files: Mapping[str, File], changed: Iterable[File], removed: Iterable[str]
) -> dict[str, File]:
    updated = dict(files)
    for file in changed:
        updated[file.id] = file_of_record(file)
    for file_id in removed:
        updated.pop(file_id, None)
    return updated
