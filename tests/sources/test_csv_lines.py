"""Lines of a CSV of pixels: split, parsed, and what is wrong with them named."""

import pytest

from colab_helpers.sources.csv_lines import is_number, parse_values, split_label
from colab_helpers.sources.csv_scan import find_rows, scan, split_lines


@pytest.mark.parametrize(
    "line, label, values",
    [
        (b"rose,1,2", "rose", b"1,2"),
        (b"  rose  , 1, 2\r", "rose", b" 1, 2\r"),
        (b'"rose, red",1,2', "rose, red", b"1,2"),
        (b"\xef\xbb\xbfrose,1", "rose", b"1"),
        (b"3,1", "3", b"1"),
        ("ünï,1".encode(), "ünï", b"1"),
        (b"\xff,1", "\ufffd", b"1"),
        (b"rose", "rose", b""),
        (b"", "", b""),
        (b",1,2", "", b"1,2"),
    ],
)
def test_a_line_is_a_label_and_its_values(line, label, values):
    assert split_label(line) == (label, values)


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
    assert parse_values(text, 3) == expected


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
    ],
)
def test_what_is_wrong_with_a_row_is_said(text, reason):
    """The first value that is wrong, counted from 1."""
    with pytest.raises(ValueError) as error:
        parse_values(text, 3)
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
    assert [line.head for line in lines] == TEXT.split(b"\n")
    assert [row.label for row in find_rows(lines)] == ["one", "two", "three"]


def test_no_more_than_the_head_of_a_line_is_kept():
    """However long the line, and however it is cut."""
    pieces = [b"rose," + b"1" * 200, b"2" * 200, b"\ntulip,1\n"]
    first, second = split_lines(pieces, longest=1000)
    assert first.head == b"rose," + b"1" * 200 + b"2" * 51
    assert (first.start, first.end) == (0, 405)
    assert second.head == b"tulip,1"


@pytest.mark.parametrize(
    "first_line, is_row",
    [
        (b"label,pixel0,pixel1", False),
        (b"label,0,1", True),
        (b"label,,1", True),
        (b"label", True),
    ],
)
def test_titles_are_no_row(first_line, is_row):
    """A first line is titles where its second field is a word."""
    table = scan([first_line + b"\nrose,1,2\n"], count=2)
    assert list(table.lines) == ([1, 2] if is_row else [2])


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
    table = scan([b"rose," + b"1" * 5000 + b"\ntulip,1,2\n"], count=2)
    assert list(table.starts) == [0, 5006]
    assert list(table.ends) == [384, 5015]
