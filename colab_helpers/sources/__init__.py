"""Few large files instead of many small ones: ZIPs and CSVs on Drive, read where they lie.

Drive counts requests, whatever their size, so a million small files are slow however they are read.
`pack` puts a listing into a few ZIPs, with masks or numbers that belong to it (`labels`),
`open_archive` reads these and any other ZIP in place, and
`open_csv` reads rows of pixels. What they return are sources: they list files and read them, as a
`Drive` does.

Example:
    >>> import tempfile, zipfile
    >>> from pathlib import Path
    >>> from colab_helpers.drive import connect
    >>> from colab_helpers.sources import open_archive
    >>> path = Path(tempfile.mkdtemp(), "flowers.zip")
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("roses/1.jpg", b"the bytes of a rose")
    >>> archive = open_archive(connect(path.parent), "flowers.zip")
    >>> file = next(archive.list_images())
    >>> file.label, archive.read(file)
    ('roses', b'the bytes of a rose')

Each file uses those above it:

    storage.py        what an archive or a CSV lies in; a file there as `zipfile` and `gzip` read it
    blocks.py         ranges of a large file: fetched once for all threads, a bounded number held

    errors.py         ArchiveError

    zip_entries.py    the directory of a ZIP, in pieces -> what it says about each member
    zip_names.py      the name of a member, whatever program wrote it
    zip_directory.py  its images and their blocks; what is refused
    zip_members.py    a member in its block -> its content, unpacked and compared
    zip_listing.py    which images lie below a folder, and of which class they are (pure)

    indexes.py        the index of packed shards, as people and `open_archive` read it
    packed_labels.py  masks and tables of packed pictures <-> `labels.json` (pure)
    packed_folders.py a folder of shards, found again
    zip_archive.py    open_archive, Archive: a read -> a block -> one image

    shards.py         a listing -> which file goes into which shard, under which name (pure)
    smaller_images.py a large image or mask -> a smaller one
    shard_files.py    one shard as a file: written whole or not at all, read back
    ahead.py          reads under way, for which the end of the program does not wait
    packing.py        pack: plan, then each shard: read, write, upload; then the index

    csv_lines.py      a line -> its fields; values, or what is wrong with them (pure)
    csv_titles.py     titles -> which column is what (pure)
    csv_sizes.py      a number of values -> sizes that it fits (pure)
    csv_layout.py     the first lines -> where rows have their label and their pixels (pure)
    csv_table.py      where rows lie; saved and loaded
    csv_scan.py       one pass through a CSV -> its table
    csv_unpacked.py   a gzip -> a file on this machine
    cache_folder.py   where an index lies by default
    csv_rows.py       Rows: a read -> a block -> one row, as pixels
    csv_images.py     open_csv: a table from an earlier run, or a new one
"""

from .csv_images import open_csv
from .csv_rows import CsvError, PixelDecoder, Rows
from .errors import ArchiveError
from .packing import pack
from .zip_archive import Archive, open_archive

__all__ = [
    "open_archive",
    "Archive",
    "ArchiveError",
    "pack",
    "open_csv",
    "Rows",
    "PixelDecoder",
    "CsvError",
]
