"""How bytes are read: what is asked for, and what an answer must look like."""

import hashlib
import threading

import pytest
from google.oauth2.credentials import Credentials

from colab_helpers.drive import Drive, DriveError, File, NotFoundError, TransientError, connect
from colab_helpers.drive.reading import Span
from stand_in import PRACTICE_TOKEN, Fault

DATA = b"0123456789"
KNOWN = File("1", "1.jpg", "", "1.jpg", len(DATA), hashlib.md5(DATA).hexdigest(), "1")
UNKNOWN = File("1", "1.jpg", "", "1.jpg", None, None, "1")


@pytest.mark.parametrize(
    "file, start, end, header",
    [
        (KNOWN, None, None, None),
        (KNOWN, 0, None, "bytes=0-9"),
        (KNOWN, 3, None, "bytes=3-9"),
        (KNOWN, None, 4, "bytes=0-3"),
        (KNOWN, 3, 4, "bytes=3-3"),
        (KNOWN, 3, 99, "bytes=3-9"),
        (UNKNOWN, None, None, None),
        (UNKNOWN, 3, None, "bytes=3-"),
        (UNKNOWN, 3, 99, "bytes=3-98"),
    ],
)
def test_a_span_is_asked_for_by_its_range(file, start, end, header):
    assert Span.of(file, start, end).range_header == header


@pytest.mark.parametrize(
    "file, start, end, is_empty",
    [
        (KNOWN, None, None, False),
        (KNOWN, 3, 3, True),
        (KNOWN, 10, 11, True),
        (KNOWN, 99, None, True),
        (KNOWN, 9, None, False),
        (UNKNOWN, 99, None, False),
    ],
)
def test_nothing_is_asked_for_where_a_span_holds_nothing(file, start, end, is_empty):
    assert Span.of(file, start, end).is_empty == is_empty


@pytest.mark.parametrize("start, end", [(-1, None), (3, 2), (None, -1)])
def test_a_span_that_cannot_be_is_refused(start, end):
    with pytest.raises(ValueError, match="0 <= start <= end. Received: "):
        Span.of(KNOWN, start, end)


@pytest.mark.parametrize(
    "start, end, content_range, content, flaw",
    [
        (None, None, None, DATA, None),
        (None, None, None, DATA[:5], "5 of 10 bytes"),
        (None, None, None, b"", "0 of 10 bytes"),
        (None, None, None, DATA[::-1], "do not match its md5"),
        (3, 6, "bytes 3-5/10", DATA[3:6], None),
        (3, 6, "bytes 3-5/10", DATA[3:5], "2 of 3 bytes"),
        (3, 6, "bytes 0-2/10", DATA[:3], "another range"),
        (3, 6, None, DATA, "another range"),
    ],
)
def test_an_answer_that_is_not_the_span_is_told(start, end, content_range, content, flaw):
    headers = {} if content_range is None else {"content-range": content_range}
    told = Span.of(KNOWN, start, end).find_flaw(headers, content)
    assert told is None if flaw is None else flaw in told


@pytest.mark.parametrize(
    "start, end, content_range, content, flaw",
    [
        (3, None, "bytes 3-9/10", DATA[3:], None),
        (3, None, "bytes 3-9/10", DATA[3:5], "2 of 7 bytes"),
        (3, 99, "bytes 3-9/10", DATA[3:], None),
        (3, 99, "bytes 3-9/10", DATA[3:9], "6 of 7 bytes"),
        (3, 99, "bytes 3-9/*", DATA[3:], "7 of 96 bytes"),
        (3, 5, "bytes 3-4/10", DATA[3:5], None),
        (3, 5, "bytes 3-4/10", DATA[3:6], "more than the 2 bytes"),
        (3, 5, "bytes 3-4/1", DATA[3:5], "more than the -2 bytes"),
    ],
)
def test_of_a_file_of_unknown_size_the_answer_says_where_it_ends(
    start, end, content_range, content, flaw
):
    told = Span.of(UNKNOWN, start, end).find_flaw({"content-range": content_range}, content)
    assert told is None if flaw is None else flaw in told


@pytest.mark.parametrize("start, end", [(None, None), (0, None), (None, 5), (7, None), (7, 9)])
def test_an_empty_file_and_what_lies_behind_the_end_have_no_bytes(
    drive_server, flowers, start, end
):
    """Also where the size is not known, and Drive says 416."""
    (flowers / "empty.bin").touch()
    drive = connect(endpoint=drive_server(flowers).url)
    file = drive.find("empty.bin")
    assert drive.read(file, start, end) == b""
    unknown = File(file.id, file.name, "", "", None, None, "1")
    assert drive.read(unknown, start, end) == b""


def test_a_part_of_a_file_of_unknown_size_ends_where_the_file_does(drive_server, flowers):
    drive = connect(endpoint=drive_server(flowers).url)
    file = drive.find("flowers/notes.txt")
    unknown = File(file.id, file.name, "", "", None, None, "1")
    assert drive.read(unknown, 3, 99) == b"picture"
    assert drive.read(unknown, 3) == b"picture"
    assert drive.read(unknown) == b"no picture"
    assert drive.read(unknown, 10, 99) == b""


@pytest.fixture
def patient_drive(drive_server, flowers, clock):
    """A Drive over the flowers whose waits take no time."""
    server = drive_server(flowers)
    credentials = Credentials(token=PRACTICE_TOKEN)
    return Drive(credentials, server.url, clock=clock, sleep=clock.sleep)


def test_a_file_changed_after_it_was_listed_says_so(patient_drive, flowers):
    file = patient_drive.find("flowers/roses/0.jpg")
    (flowers / "flowers/roses/0.jpg").write_bytes(b"another content")
    said = rf"'0.jpg' \(id {file.id}\): it was changed on Drive.*List the folder again"
    with pytest.raises(NotFoundError, match=said):
        patient_drive.read(file)


def test_a_file_deleted_after_it_was_listed_says_so(patient_drive, flowers):
    file = patient_drive.find("flowers/roses/1.jpg")
    (flowers / "flowers/roses/1.jpg").unlink()
    list(patient_drive.list_images("flowers/roses"))
    with pytest.raises(NotFoundError, match=rf"'1.jpg' \(id {file.id}\): Drive said 404"):
        patient_drive.read(file)


@pytest.mark.parametrize("how", ["flipped", "truncated", "short", "zero"])
def test_bytes_that_never_match_are_never_given_out(opened, how):
    _, drive = opened([Fault(how, kind="media", times=10)])
    with pytest.raises(TransientError, match="'2.jpg'.*10 attempts"):
        drive.read(drive.find("photos/2.jpg"))


def test_a_google_document_is_no_image_and_says_so_when_read(drive_server, flowers):
    (flowers / "flowers/essay.gdoc").touch()
    drive = connect(endpoint=drive_server(flowers).url)
    assert len(list(drive.list_images("flowers"))) == 24
    with pytest.raises(DriveError, match="'essay' .*Google document"):
        drive.read(drive.find("flowers/essay"))


def test_many_threads_read_over_one_connection_each(drive_server, flowers):
    server = drive_server(flowers, latency=0.01)
    drive = connect(endpoint=server.url)
    files = list(drive.list_images("flowers"))
    wrong = []

    def read_all():
        for file in files:
            if drive.read(file) != (flowers / "flowers" / file.path).read_bytes():
                wrong.append(file)

    threads = [threading.Thread(target=read_all) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert server.counts["media"] == 16 * 24
    assert server.most_in_flight > 8
