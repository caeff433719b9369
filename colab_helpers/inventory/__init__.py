r"""What is in the folder: look at a listing as a table, split it, save it, and keep it up to date.

`files` is any iterable of files: from Drive, a local folder, a ZIP, a CSV, or a source of your
own. `labels` is `{id: label}`, as `read_labels` gives, for folders that do not tell the class. No
picture is read: names, sizes and checksums tell enough, so that 100,000 files take seconds.

Example:
    >>> from colab_helpers.inventory import File, describe, split
    >>> files = [
    ...     File(f"{label}{n}", f"{n}.jpg", label, f"{label}/{n}.jpg", 50_000 + n, None, "1")
    ...     for label in ("cat", "dog")
    ...     for n in range(50)
    ... ]
    >>> describe(files)[["files", "formats"]]  # doctest: +NORMALIZE_WHITESPACE
           files   formats
    class
    cat       50   JPEG 50
    dog       50   JPEG 50
    All      100  JPEG 100
    >>> train, validation, test = split(files, (0.7, 0.1, 0.2), seed=0, exact=True)
    >>> len(train), len(validation), len(test)
    (70, 10, 20)

The files of this room:

    listing.py         what all of them need: labels and classes, names in a message
    folders.py         the folder a file lies in; what the folders tell of the classes
    csv_text.py        a CSV as programs write it -> rows
    file_keys.py       an id, a path or a name that was written elsewhere -> the file
    labels_csv.py      read_labels: a CSV -> {id: label}
    pairs.py           pair: pictures and masks -> {id: mask}
    pair_folders.py    whether a picture and a mask of one name lie in folders that fit
    tables.py          file_table, describe: a listing -> a row a file, a row a class
    copies.py          duplicates: files of the same content
    parts.py           Part: a list of files that knows the classes of the whole
    groups.py          groups by id -> by a name that lasts
    shares.py          which part a file goes into: by its id, by its group, by exact shares
    splitting.py       split, sample: a listing -> parts of it
    ready_split.py     split_by_folder: the parts that the folders hold already
    saved_format.py    how a saved listing is written, line by line
    saved.py           save, load, take and refresh an inventory: a listing <-> a file
"""

from ..drive import File
from .copies import duplicates
from .labels_csv import read_labels
from .pairs import pair
from .parts import Part
from .ready_split import split_by_folder
from .saved import load_inventory, refresh_inventory, save_inventory, take_inventory
from .splitting import sample, split
from .tables import describe, file_table

__all__ = [
    "File",
    "describe",
    "file_table",
    "duplicates",
    "read_labels",
    "pair",
    "split",
    "split_by_folder",
    "sample",
    "Part",
    "take_inventory",
    "refresh_inventory",
    "save_inventory",
    "load_inventory",
]

table = file_table  # the name until 0.2; gone in 0.3
resume = take_inventory  # the name until 0.2; gone in 0.3
refresh = refresh_inventory  # the name until 0.2; gone in 0.3
save = save_inventory  # the name until 0.2; gone in 0.3
load = load_inventory  # the name until 0.2; gone in 0.3
