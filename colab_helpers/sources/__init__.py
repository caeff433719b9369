"""Few large files instead of many small ones: ZIPs and CSVs on Drive, read where they lie.

Drive counts requests, whatever their size, so a million small files are slow however they are read.
`pack` puts a listing into a few ZIPs, `open_archive` reads these and any other ZIP in place, and
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

    zip_directory.py  the directory of a ZIP -> its images and their blocks; what is refused
    zip_archive.py    open_archive, Archive: a read -> a block -> one image, unpacked and compared

    shards.py         a listing -> which file goes into which shard, under which name (pure)
    smaller_images.py a large image -> a smaller one
    shard_files.py    one shard as a file: written whole or not at all, read back
    packing.py        pack: plan, then each shard: read, write, upload; then the index

    csv_lines.py      a line -> label and values, or what is wrong with it (pure)
    csv_scan.py       a CSV -> where its rows lie
    csv_images.py     open_csv, Rows: a read -> a block -> one row, as pixels
"""

from .csv_images import CsvError, PixelDecoder, Rows, open_csv
from .packing import pack
from .zip_archive import Archive, ArchiveError, open_archive

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
