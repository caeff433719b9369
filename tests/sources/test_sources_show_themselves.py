"""What the bare names of sources show; nothing is read for it."""

import zipfile

import pytest

from colab_helpers.drive import connect
from colab_helpers.sources import open_archive, open_csv

HOSTILE = "\x1b[31m\u202egpj"


@pytest.mark.parametrize("names", [[""], [HOSTILE, "b", "c", "d", "e"]])
def test_an_archive_shows_its_zips_and_how_many_images_it_holds(tmp_path, names):
    paths = [f"flowers{name}.zip" for name in names]
    for path in paths:
        with zipfile.ZipFile(tmp_path / path, "w") as written:
            written.writestr("rose/1.jpg", b"rose")
            written.writestr("tulip/1.jpg", b"tulip")
    shown = repr(open_archive(connect(tmp_path), paths))
    assert shown.isprintable()
    assert shown.startswith("Archive of 'flowers") and shown.endswith(f": {2 * len(paths)} images")


def test_a_csv_shows_its_rows_and_labels(tmp_path):
    (tmp_path / "dots.csv").write_text("dark,0,1,2,3\nlight,252,253,254,255\nlight,1,1,1,1\n")
    rows = open_csv(
        connect(tmp_path),
        "dots.csv",
        (2, 2),
        color_mode="grayscale",
        index=tmp_path / "dots.npz",
    )
    assert repr(rows) == "Rows of 'dots.csv': 3 rows, 2 labels, PixelDecoder((2, 2, 1))"
