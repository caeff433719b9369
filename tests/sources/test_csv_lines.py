"""Lines of a CSV of pixels: split, parsed, and what is wrong with them named."""

import csv
import io
import itertools
import random

import pytest

from colab_helpers.sources.csv_lines import as_text, is_number, parse_values, split_fields
from colab_helpers.sources.csv_scan import scan, split_lines


@pytest.mark.parametrize(
    "line, fields",
    [
        (b"rose,1,2", [b"rose", b"1", b"2"]),
        (b"rose,1,2\r", [b"rose", b"1", b"2"]),
        (b'"rose, red",1,2', [b"rose, red", b"1", b"2"]),
        (b'"5","0", "255" ', [b"5", b"0", b"255"]),
        (b'"say ""rose""",1', [b'say "rose"', b"1"]),
        (b'1,""', [b"1", b""]),
        (b'never "closed,1', [b'never "closed', b"1"]),
        (b'"never closed,1', [b'"never closed', b"1"]),
        (b'"closed" early,1', [b'"closed" early', b"1"]),
        (b'"', [b'"']),
        (b'",', [b'"', b""]),
        (b"\xef\xbb\xbfrose,1", [b"rose", b"1"]),
        (b"rose", [b"rose"]),
        (b"", [b""]),
        (b",1,", [b"", b"1", b""]),
    ],
)
def test_a_line_is_split_into_its_fields(line, fields):
    """Quotes that are no quotes are part of a field."""
    assert split_fields(line, b",") == fields


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
def test_lines_are_split_as_the_csv_module_splits_them(delimiter):
    """Any line that it writes, with quotes wherever it likes."""
    rng = random.Random(0)
    for _ in range(300):
        fields = ["".join(rng.choices(' ab",;\t1', k=rng.randrange(5))) for _ in range(4)]
        line = io.StringIO()
        quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
        csv.writer(line, delimiter=delimiter.decode(), quoting=quoting).writerow(fields)
        text = line.getvalue().removesuffix("\n").encode()
        assert split_fields(text, delimiter) == [field.encode() for field in fields]


@pytest.mark.parametrize(
    "field, text",
    [
        (b" rose ", "rose"),
        ("ünï".encode(), "ünï"),
        ("u\u0308".encode(), "ü"),
        (b"caf\xe9", "caf\udce9"),
        (b"th\xe9", "th\udce9"),
    ],
)
def test_a_label_is_text_whatever_its_bytes_are(field, text):
    """Composed; two that are no UTF-8 stay two."""
    assert as_text(field) == text


@pytest.mark.parametrize(
    "text, expected",
    [
        (b"0,128,255", b"\x00\x80\xff"),
        (b" 0, 128 ,255\r", b"\x00\x80\xff"),
        (b"0.0,128.0,255.0", b"\x00\x80\xff"),
        (b"0,1.28e2,+255", b"\x00\x80\xff"),
    ],
)
def test_whole_numbers_are_values_however_they_are_written(text, expected):
    assert parse_values(split_fields(text, b","), 3) == expected


@pytest.mark.parametrize(
    "text, reason",
    [
        (b"1,2", "it has 2 values, not 3"),
        (b"1,2,3,4", "it has 4 values, not 3"),
        (b"", "it has 1 values, not 3"),
        (b"1,red,3", "value 2 is 'red', not a number"),
        (b"1,,3", "value 2 is '', not a number"),
        (b"1,2,\xff" + b"x" * 50, "value 3 is '\ufffd" + "x" * 19 + "', not a number"),
        (b"1,2,256", "value 3 is 256, not a whole number from 0 to 255"),
        (b"-1,2,3", "value 1 is -1, not a whole number from 0 to 255"),
        (b"1,0.5,3", "value 2 is 0.5, not a whole number from 0 to 255"),
        (b"nan,inf,3", "value 1 is nan, not a whole number from 0 to 255"),
        (b"1,2," + b"9" * 5000, "value 3 is inf, not a whole number from 0 to 255"),
        (b"256,red,3", "value 2 is 'red', not a number"),
        (b"1,1_0,3", "value 2 is '1_0', not a number"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(text, reason):
    """The first value that is wrong, counted from 1."""
    with pytest.raises(ValueError) as error:
        parse_values(split_fields(text, b","), 3)
    assert str(error.value) == reason


@pytest.mark.parametrize(
    "value, expected",
    [(b"1", True), (b"-1.5e3", True), (b" 7 ", True), (b"nan", True), (b"x", False), (b"", False)],
)
def test_a_number_is_what_float_takes(value, expected):
    assert is_number(value) == expected


TEXT = b"one,1\n\n  \r\ntwo,2\nthree,3"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_do_not_depend_on_where_the_file_is_cut(size):
    """Numbers, positions and content of each line, for pieces of any size."""
    pieces = [TEXT[at : at + size] for at in range(0, len(TEXT), size)]
    lines = list(split_lines(pieces, longest=100))
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]
    assert [TEXT[line.start : line.end] for line in lines] == TEXT.split(b"\n")
    assert [line.text for line in lines] == TEXT.split(b"\n")


def test_a_line_without_end_is_refused_before_it_is_read_to_its_end():
    """After a MiB: what follows is not asked for."""

    def pieces():
        for _ in range(3):
            yield b"x" * (500 << 10)
        raise AssertionError("read too far")

    with pytest.raises(ValueError, match="line 1 is longer than 384 bytes"):
        scan(pieces(), count=2)


def test_a_malformed_row_is_read_no_further_than_a_row_can_be():
    """Such a row ends where the longest row would."""
    table = scan([b"rose,1," + b"1" * 5000 + b"\ntulip,1,2\n"], count=2)
    assert list(table.starts) == [0, 5008]
    assert list(table.ends) == [384, 5017]


def test_the_label_of_a_malformed_line_is_no_class_of_its_own():
    """It would be one more output of the model, for a row that nobody reads."""
    table = scan([b"1,2,rose\n3,4,tulip\n5,6\nrubbish\n7,8,9,tulip\n"], count=2)
    assert table.labels == ("rose", "tulip")
    assert list(table.lines) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("line", [b"a\n", b"a,1,2,3,4\n"])
def test_endless_malformed_lines_are_refused(line):
    """A file of two bytes a line would take sixteen times its size in memory."""
    pieces = itertools.chain([b"rose,1,2\n" * 20], itertools.repeat(line * 1000))
    with pytest.raises(ValueError, match="more than 10000 lines have not 3 columns, such as line"):
        scan(pieces, count=2)


def test_a_label_without_end_is_refused():
    row = b"rose,1,2\n"
    with pytest.raises(ValueError, match="the label in line 21 has 5000 characters"):
        scan([row * 20, b"x" * 5000 + b",1,2\n"], count=2)
