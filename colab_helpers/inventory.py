"""What is in the folder: look at a listing as a table, split it, save it, and keep it up to date.

`files` is any iterable of files: from Drive, a local folder, a ZIP or a CSV. `labels` is `{id: label}`, as `read_labels`
gives, for folders that do not tell the class. No picture is read: names, sizes and checksums tell enough, so that
100,000 files take seconds.

Example:
    >>> from colab_helpers.inventory import File, describe, split
    >>> files = [File(id=f"{label}{n}", name=f"{n}.jpg", label=label, path=f"{label}/{n}.jpg",
    ...               size=50_000 + n, md5=f"{label}{n}", version="1") for label in ("cat", "dog") for n in range(50)]
    >>> describe(files)[["files", "formats"]]
           files   formats
    class
    cat       50   JPEG 50
    dog       50   JPEG 50
    All      100  JPEG 100
    >>> train, validation, test = split(files, (0.7, 0.1, 0.2), seed=0, exact=True)
    >>> len(train), len(validation), len(test)
    (70, 10, 20)
"""

import dataclasses
import hashlib
import itertools
import json
import math
import os
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import pandas as pd
from tqdm import tqdm

__all__ = [
    "File",
    "describe",
    "duplicates",
    "load",
    "read_labels",
    "refresh",
    "resume",
    "sample",
    "save",
    "split",
    "table",
]

FIELDS = ("id", "name", "label", "path", "size", "md5", "version", "block")
FORMATS = {
    "jpg": "JPEG",
    "jpe": "JPEG",
    "jfif": "JPEG",
    "tif": "TIFF",
    "heif": "HEIC",
}  # else: the ending itself
NOT_READ_BY_PILLOW = {"SVG", "CR2", "CR3", "NEF", "ARW", "ORF", "RAF", "RW2", "DNG"}
TINY = 100  # bytes; a JPEG's headers alone take more
ROWS_PER_POSITION = (
    1000  # the page size of Drive's list request: a killed listing repeats about one page
)


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file as a saved listing gives it back, with the attributes of a file of `Drive` or `LocalFolder`.

    `read` finds it by `id`. `label` is the name of its folder, `path` the way to it below the listed folder, `size` in
    bytes, `md5` hex or None; `version` changes when the content does; files of one `block` are best read together.
    """

    id: str
    name: str
    label: str
    path: str
    size: int
    md5: str | None
    version: str
    block: str | None = None


def table(files, *, labels=None):
    """Shows a listing as a table, a row a file.

    Args:
        files: Iterable of files.
        labels: Optional `{id: label}`.

    Returns:
        DataFrame in the order of the listing: a file's attributes, `format` (from the name's ending; "unknown" without
        one) and `trouble` (why the file may not be readable; "" where nothing speaks against it).
    """
    rows = []
    for file in files:
        ending = file.name.rpartition(".")[2].lower() if "." in file.name else ""
        kind = FORMATS.get(ending, ending.upper()) or "unknown"
        row = [getattr(file, field) for field in FIELDS[:7]]
        row[2] = _label(file, labels)
        rows.append(row + [kind, _trouble(file, kind)])
    return pd.DataFrame(rows, columns=[*FIELDS[:7], "format", "trouble"])


def describe(files, *, labels=None):
    """Counts a listing by class.

    >>> files = [File(str(n), f"{n}.jpg", "cat", f"cat/{n}.jpg", n, "same", "1") for n in (0, 5000)]
    >>> print(*describe(files).loc["cat", ["files", "bytes", "duplicates", "troubles"]])
    2 5000 1 1 empty

    Args:
        files: Iterable of files.
        labels: Optional `{id: label}`.

    Returns:
        DataFrame with a row a class, sorted by name, and a last row `All`. Columns: `files`, `bytes`, `smallest`,
        `median` and `largest` (bytes a file), `formats`, `duplicates` (files whose content, told by md5, came earlier
        in the listing), `troubled` (files that may not be readable) and `troubles` (their reasons, counted).

    Raises:
        ValueError: There is no file in the listing.
    """
    rows = table(files, labels=labels)
    _require_images(len(rows), "describe")
    rows["copy"] = rows["md5"].notna() & rows.duplicated("md5")
    groups = [(label, group) for label, group in rows.groupby("label", dropna=False)] + [
        ("All", rows)
    ]
    summary = [
        {
            "class": label,
            "files": len(group),
            "bytes": int(group["size"].sum()),
            "smallest": int(group["size"].min()),
            "median": int(group["size"].median()),
            "largest": int(group["size"].max()),
            "formats": ", ".join(
                f"{kind} {count}" for kind, count in Counter(group["format"]).most_common()
            ),
            "duplicates": int(group["copy"].sum()),
            "troubled": int((group["trouble"] != "").sum()),
            "troubles": "; ".join(
                f"{n} {why}" for why, n in Counter(group["trouble"]).most_common() if why
            ),
        }
        for label, group in groups
    ]
    return pd.DataFrame(summary).set_index("class")


def duplicates(files, read=None):
    """Finds files of the same content.

    Args:
        files: Iterable of files.
        read: Optional `read(file) -> bytes`. Local files come without md5: with `read`, those of one size are read
            and compared; without it, they are left out.

    Returns:
        The rows of `table` that share their md5 with another row, those of equal content together.
    """
    files = list(files)
    rows = table(files)
    if read is not None:
        sizes = Counter(file.size for file in files)
        for i, file in enumerate(files):
            if not file.md5 and sizes[file.size] > 1:
                rows.loc[i, "md5"] = hashlib.md5(read(file), usedforsecurity=False).hexdigest()
    rows = rows[rows["md5"].notna()]
    return (
        rows[rows.duplicated("md5", keep=False)].sort_values(["md5", "path"]).reset_index(drop=True)
    )


def split(files, fractions, *, seed, exact=False, labels=None):
    """Splits a listing into parts, such as training, validation and test.

    By default a file's part follows from its id and the seed alone: whatever is added, removed or listed in another
    order later, a test picture stays a test picture. The parts' sizes are then only about right. `exact=True` gives
    each class its exact share of each part, and that stability is the price.

    >>> files = [File(str(n), f"{n}.jpg", "cat", f"{n}.jpg", 9, None, "1") for n in range(1000)]
    >>> train, test = split(files, (0.8, 0.2), seed=0)
    >>> split(files[500:], (0.8, 0.2), seed=0)[1] == [file for file in test if int(file.id) >= 500]
    True

    Args:
        files: Iterable of files.
        fractions: Share of each part: positive numbers whose sum is 1.
        seed: Integer; another seed gives another split.
        exact: Whether shares are exact, to within one picture of each class.
        labels: Optional `{id: label}`.

    Returns:
        A list of lists of files, one for each fraction, each in the order of the listing. A warning names the classes
        that are missing from a part, and says when pictures of one content (by md5) lie in several parts.

    Raises:
        ValueError: There is no file, or the fractions are not positive numbers that add up to 1.
    """
    fractions = [float(fraction) for fraction in fractions]
    if not all(fraction > 0 for fraction in fractions) or not math.isclose(
        sum(fractions), 1, abs_tol=1e-6
    ):
        raise ValueError(
            "`fractions` must be positive numbers that add up to 1, such as (0.7, 0.1, 0.2). "
            f"Received: fractions={tuple(fractions)}, with the sum {sum(fractions):g}"
        )
    files = list(files)
    _require_images(len(files), "split")
    if exact:
        part_of = _exact_parts(files, fractions, seed, labels)
    else:
        bounds = [*itertools.accumulate(fractions)][:-1]
        part_of = {
            file.id: sum(_uniform(seed, file.id) >= bound for bound in bounds) for file in files
        }
    parts = [[] for _ in fractions]
    for file in files:
        parts[part_of[file.id]].append(file)
    _warn_about(parts, labels)
    return parts


def sample(files, per_class, *, seed, labels=None):
    """Takes some files of each class, in the order of the listing: a first try on a part that stands for the whole.

    Args:
        files: Iterable of files.
        per_class: Most files of a class; a class that has fewer gives all it has.
        seed: Integer. With one seed, a larger sample holds the smaller one.
        labels: Optional `{id: label}`.
    """
    if per_class < 1:
        raise ValueError(f"`per_class` must be at least 1. Received: per_class={per_class}")
    files = list(files)
    chosen = set()
    for ids in _ids_by_class(files, seed, labels).values():
        chosen.update(ids[:per_class])
    return [file for file in files if file.id in chosen]


def read_labels(path, files=None, *, file_column=None, label_column="label"):
    """Reads labels from a CSV, for folders that do not tell them.

    >>> import io
    >>> csv = io.StringIO("name,label\\na.jpg,cat")
    >>> read_labels(csv, [File("1x", "a.jpg", "photos", "a.jpg", 9, None, "1")])
    {'1x': 'cat'}

    Args:
        path: CSV file with a header, also compressed (`.gz`), or an open one.
        files: The listing, needed unless the CSV names files by id.
        file_column: Column that names the file by its id, path or name; by default the first of `id`, `path`, `name`.
        label_column: Column that holds the label.

    Returns:
        `{id: label}`. A warning counts the files that the CSV does not name.

    Raises:
        ValueError: A column is missing, a name stands for two files, or no file is named by the CSV.
    """
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    file_column = file_column or next(
        (name for name in ("id", "path", "name") if name in rows), "id"
    )
    missing = [column for column in (file_column, label_column) if column not in rows]
    if missing:
        raise ValueError(
            f"'{path}' has no column '{missing[0]}'. Name its columns with `file_column` (a file's id, path or name) and "
            f"`label_column`. Received: the columns {list(rows)}"
        )
    told = dict(zip(rows[file_column], rows[label_column]))
    if files is None:
        return told
    files = list(files)
    names = Counter(file.name for file in files)
    labels = {}
    for file in files:
        key = next((key for key in (file.id, file.path, file.name) if key in told), None)
        if key == file.name != file.path and names[key] > 1:
            raise ValueError(
                f"'{path}' names '{key}', but {names[key]} files are called so: give paths or ids there."
            )
        if key is not None:
            labels[file.id] = told[key]
    missing = [file.path for file in files if file.id not in labels]
    if missing:
        message = f"{len(missing)} of {len(files)} files have no label in '{path}', the first: '{missing[0]}'."
        if not labels:
            raise ValueError(f"{message} Its column '{file_column}' begins with {list(told)[:3]}.")
        warnings.warn(
            f"{message} Leave them out: `[file for file in files if file.id in labels]`.",
            stacklevel=2,
        )
    return labels


def save(files, path, *, folder=None):
    """Saves a listing as a file, whole or not at all, so that it is paid for once.

    The file is text that any editor opens: a line of JSON a file, and a last line that tells how to go on from here.

    Args:
        files: Iterable of files. From a fresh `drive.list_images(...)`, its position is kept too, for `refresh`.
        path: Where to; missing folders on the way are made.
        folder: The folder that was listed, so that `refresh` can list it again when it must.
    """
    rows = [_row(file) for file in files]  # first, since the position moves with it
    _write(path, rows, folder, getattr(files, "position", None))


def load(path):
    """Loads a listing that `save` or `resume` wrote: a list of `File`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or its listing was interrupted: call `resume` to finish it.
    """
    return _files(_read_finished(path)[0])


def resume(drive, folder, path):
    """Lists a folder into a file, going on where a killed listing stopped; if it is there whole, asks for nothing.

    Args:
        drive: A `Drive` or `LocalFolder`, or what has their `list_images` and `list_changes`.
        folder: Name, path, id or address of the folder, as `drive.list_images` takes it.
        path: The inventory file. Rows are added as they come.

    Returns:
        List of `File`.

    Raises:
        ValueError: The folder holds no images, or `path` holds the listing of another folder.
    """
    path = Path(path)
    rows, end = _read_saved(path) if path.exists() else ({}, {})
    if end.get("folder", folder) != folder:
        raise ValueError(
            f"'{path}' holds the listing of the folder '{end['folder']}', not of '{folder}'. Give another path, or "
            "delete the file."
        )
    if end.get("complete"):
        return _files(rows)
    start = end.get("position")
    rows = (
        rows if start else {}
    )  # a source that cannot go on starts over, and may have lost files since
    listing = drive.list_images(folder, position=start)
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        open(path, "ab") as out,
        tqdm(desc="Listing", unit=" files", initial=len(rows), file=sys.stdout) as bar,
    ):
        out.truncate(
            path.read_bytes().rfind(b"\n") + 1 if start else 0
        )  # not a last line cut by the kill
        for count, file in enumerate(listing):
            if count % ROWS_PER_POSITION == 0:
                out.write(
                    _line({"folder": folder, "complete": False, "position": listing.position})
                )
                out.flush()
            bar.update(file.id not in rows)  # the page in which a listing was killed comes again
            rows[file.id] = _row(file)
            out.write(_line(rows[file.id]))
    if not rows:
        path.unlink()
        _require_images(0, f"list in the folder '{folder}'")
    _write(path, rows.values(), folder, listing.position)
    return (
        refresh(drive, path) if start else _files(rows)
    )  # what came before the kill may have changed since


def refresh(drive, path):
    """Brings a saved listing up to date by asking only for what changed since.

    Args:
        drive: The source that was listed.
        path: File written by `resume`, or by `save` from a fresh listing.

    Returns:
        List of `File`. Where the changes cannot be told (a folder moved, or too long ago), all is listed again.

    Raises:
        ValueError: The file does not tell when and where it was listed, or its listing is not finished.
    """
    rows, end = _read_finished(path)
    folder, position = end.get("folder"), end.get("position")
    changes = drive.list_changes(position) if position else None
    if changes is not None:
        changed, removed, position = changes
        rows.update((file.id, _row(file)) for file in changed)
        for file_id in removed:
            rows.pop(file_id, None)
        _write(path, rows.values(), folder, position)
    elif folder is None:
        raise ValueError(
            f"'{path}' does not tell which folder it lists. Delete it, and call resume(drive, folder, path)."
        )
    else:
        save(drive.list_images(folder), path, folder=folder)
    return load(path)


def _label(file, labels):
    return file.label if labels is None else labels.get(file.id, "(no label)")


def _trouble(file, kind):
    if not file.size:
        return "empty"
    if file.name.startswith("._"):
        return "macOS side file, not a picture"
    if file.size < TINY:
        return f"under {TINY} bytes"
    if kind == "HEIC":
        return "HEIC: needs pillow-heif"
    return f"{kind}: Pillow cannot read it" if kind in NOT_READ_BY_PILLOW else ""


def _uniform(seed, file_id):
    """A number in [0, 1) that follows from seed and id alone, the same in every Python process."""
    digest = hashlib.blake2b(
        f"{seed} {file_id}".encode("utf-8", "surrogatepass"), digest_size=8
    ).digest()
    return int.from_bytes(digest, "big") / 2**64


def _ids_by_class(files, seed, labels):
    """Ids by label, both in an order that no listing changes."""
    groups = defaultdict(set)
    for file in files:
        groups[_label(file, labels)].add(file.id)
    return {
        label: sorted(ids, key=lambda id: _uniform(seed, id))
        for label, ids in sorted(groups.items())
    }


def _exact_parts(files, fractions, seed, labels):
    part_of = {}
    owed = [0.0] * len(
        fractions
    )  # what rounding kept from each part so far: small classes do not all round one way
    for ids in _ids_by_class(files, seed, labels).values():
        counts = [math.floor(len(ids) * fraction + 1e-9) for fraction in fractions]
        owed = [
            debt + len(ids) * fraction - count
            for debt, fraction, count in zip(owed, fractions, counts)
        ]
        for part in sorted(range(len(owed)), key=owed.__getitem__, reverse=True)[
            : len(ids) - sum(counts)
        ]:
            counts[part] += 1
            owed[part] -= 1
        sides = itertools.chain.from_iterable([part] * count for part, count in enumerate(counts))
        part_of.update(zip(ids, sides))
    return part_of


def _warn_about(parts, labels):
    counts = Counter(_label(file, labels) for part in parts for file in part)
    for number, part in enumerate(parts, start=1):
        missing = sorted(set(counts) - {_label(file, labels) for file in part})
        if missing:
            shown = ", ".join(f"'{label}' (which has {counts[label]})" for label in missing[:3])
            warnings.warn(
                f"Part {number} of {len(parts)} has no picture of {len(missing)} of {len(counts)} classes: {shown}"
                f"{', ...' if missing[3:] else ''}. Add pictures, or leave small classes out; exact=True spreads best.",
                stacklevel=3,
            )
    contents = [{file.md5 for file in part if file.md5} for part in parts]
    shared = sum(map(len, contents)) - len(set().union(*contents))
    if shared:
        warnings.warn(
            f"{shared} pictures of one part lie as copies in another, so a test score will flatter. duplicates(files) "
            "names them; keep one of each.",
            stacklevel=3,
        )


def _require_images(count, verb):
    if not count:
        raise ValueError(
            f"There is nothing to {verb}: 0 images were listed. Check the folder's name, that pictures lie in it or in "
            "folders below it, and that `files` is not an iterator that was used before."
        )


def _row(file):
    return {field: getattr(file, field, None) for field in FIELDS}


def _files(rows):
    return [File(**row) for row in rows.values()]


def _line(record):
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def _write(path, rows, folder, position):
    """Writes under a temporary name and renames: a reader sees the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "wb") as out:
            out.writelines(map(_line, rows))
            out.write(_line({"folder": folder, "complete": True, "position": position}))
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _read_saved(path):
    """Returns rows by id and what the last line that is no row says; a last line cut by a kill is left out."""
    rows, end = {}, {}
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                break
            try:
                record = json.loads(line.decode("utf-8", "surrogatepass"))
                if "id" in record:
                    rows[record["id"]] = {field: record[field] for field in FIELDS}
                else:
                    end = record
            except (ValueError, TypeError, KeyError):
                raise ValueError(
                    f"Line {number} of '{path}' is not a row of a listing: the file is damaged, or another file. "
                    "Delete it, and list again."
                ) from None
    return rows, end


def _read_finished(path):
    rows, end = _read_saved(path)
    if not end.get("complete"):
        raise ValueError(
            f"The listing in '{path}' was interrupted after {len(rows)} files. Finish it: resume(drive, folder, path)."
        )
    return rows, end
