"""In which forms `read_labels` takes a CSV: separators, encodings, packing; and what is no CSV."""

import bz2
import gzip
import io
import lzma
import warnings
import zipfile

import pytest

from colab_helpers.inventory import read_labels

EXPECTED = {"1a": "M\u00f6we", "2b": "a, b"}


def silently(path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_labels(path, **options)


@pytest.mark.parametrize(
    "text",
    [
        'id,label\n1a,M\u00f6we\n2b,"a, b"\n',
        "id;label\n1a;M\u00f6we\n2b;a, b\n",
        "id\tlabel\n1a\tM\u00f6we\n2b\ta, b\n",
        "id|label\n1a|M\u00f6we\n2b|a, b\n",
        "sep=;\nid;label\n1a;M\u00f6we\n2b;a, b\n",
        'id, label\n1a, M\u00f6we\n2b, "a, b"\n',
        '\n\nid,label\r\n\r\n1a,M\u00f6we\r\n2b,"a, b"',
        'label,x,id\nM\u00f6we,5,1a\n"a, b",6,2b\n',
        'id,label,\n1a,M\u00f6we,\n2b,"a, b",\n',
        'id,label\r1a,M\u00f6we\r2b,"a, b"\r',
        "sep=;\rid;label\r1a;M\u00f6we\r2b;a, b\r",
        'id;label;"x, y, or z"\n1a;M\u00f6we;1\n2b;a, b;2\n',
        '"x\n,,, ""or"" z"\tid\tlabel\n1\t1a\tM\u00f6we\n2\t2b\ta, b\n',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings_of_usual_programs_are_read(text, encoding, tmp_path):
    """From a file, and from one that is open."""
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode(encoding))
    assert silently(path) == EXPECTED
    assert silently(io.BytesIO(text.encode(encoding))) == EXPECTED
    assert silently(io.StringIO(text)) == EXPECTED


def test_what_old_excel_writes_is_read_and_told(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes("id,label\n1a,M\u00f6we\n".encode("cp1252"))
    with pytest.warns(UserWarning, match="not in UTF-8 and was read as Windows-1252") as caught:
        assert read_labels(path) == {"1a": "M\u00f6we"}
    assert {one.filename for one in caught if one.category is UserWarning} == {__file__}


def as_zip(data):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__MACOSX/._labels.csv", b"x")
        archive.writestr("labels.csv", data)
    return packed.getvalue()


PACKED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zip": as_zip}


@pytest.mark.parametrize("ending", PACKED)
def test_a_packed_csv_is_read(ending, tmp_path):
    path = tmp_path / f"labels.csv{ending}"
    path.write_bytes(PACKED[ending](b"id,label\n1a,cat\n"))
    assert silently(path) == {"1a": "cat"}


@pytest.mark.parametrize("ending", PACKED)
def test_a_packed_csv_that_is_damaged_is_an_error_that_names_it(ending, tmp_path):
    path = tmp_path / f"labels.csv{ending}"
    path.write_bytes(PACKED[ending](b"id,label\n1a,cat\n")[:-8])
    with pytest.raises(ValueError, match=f"labels.csv{ending}' cannot be unpacked"):
        read_labels(path)


def test_a_zip_of_several_tables_is_refused(tmp_path):
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", b"id,label\n")
        archive.writestr("b.csv", b"id,label\n")
    with pytest.raises(ValueError, match="holds 2 files, not one CSV"):
        read_labels(path)


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"id,label\n", "has a header and no rows"),
        (b"id,label,label\n1,cat,dog\n", "has 2 columns 'label'"),
        (as_zip(b"x"), "is an Excel file or a ZIP"),
        (b"id,label\n1a,cat,dog\n", "Line 2 .* has 3 cells, and the header 2"),
        (b"id,label\n" + b"x" * 200_000 + b",cat\n", "is no CSV: field larger"),
    ],
)
def test_what_is_no_table_of_labels_is_an_error_that_says_why(data, message, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=f"labels.csv.*{message}|{message}"):
        read_labels(path)


def test_words_that_pandas_takes_for_nothing_stay_labels():
    text = "id,label\n1,NA\n2,null\n3,None\n4,nan\n5,007\n"
    assert silently(io.StringIO(text)) == {
        "1": "NA",
        "2": "null",
        "3": "None",
        "4": "nan",
        "5": "007",
    }


@pytest.mark.parametrize("table", [None, {"id": ["1"], "label": ["cat"]}])
def test_a_table_in_memory_is_no_path(table):
    with pytest.raises(
        ValueError, match=r"`path` must be the path of a CSV.*dict\(zip\(.*Received"
    ):
        read_labels(table)
