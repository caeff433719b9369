"""Pictures on Drive, or in any folder, as datasets of a Kedro pipeline.

`ListingDataset` gives a node the listing of a folder. `SequenceDataset` keeps the files that a node
chose of it, and gives the next node the `StreamingSequence` to train on. The catalog says where the
pictures lie and how they are read. Kedro's credentials say who may read them. No node knows either.

Example:
    >>> import pathlib, tempfile
    >>> from kedro.io import DataCatalog
    >>> photos = pathlib.Path(tempfile.mkdtemp())
    >>> for label in ("rose", "tulip"):
    ...     (photos / label).mkdir()
    ...     _ = (photos / label / "1.jpg").write_bytes(b"as good as a picture")
    >>> catalog = DataCatalog.from_config({"photos": {
    ...     "type": "colab_helpers.kedro_io.ListingDataset",
    ...     "drive": {"source": str(photos)}}})    # left out: Google Drive
    >>> [file.label for file in catalog.load("photos")]
    ['rose', 'tulip']

A catalog entry holds entries of its own: `drive`, `archive`, `decode`, `decode_label`, `augment`,
`cache` and `sequence`. Each is the arguments of one function of this project. Where such an entry
has a `type`, that function of yours is called instead: a dotted name, imported when the dataset
loads.

Only the catalog names functions. What a saved list may say of its files is a short row of words.

This room needs Kedro (`pip install colab_helpers[kedro]`).

The files of this room:

    entries.py      an entry of the catalog -> what it stands for; paths on this machine
    credentials.py  an entry of the credentials store -> the arguments of `connect`
    saved_labels.py what a node found out about each file, masks among it <-> JSON
    saved_list.py   chosen files, and what a node found out about them <-> JSON
    datasets.py     ListingDataset, SequenceDataset
"""

from .datasets import ListingDataset, SequenceDataset

__all__ = ["ListingDataset", "SequenceDataset"]
