"""One clock for an attempt, whatever it consists of, and a body that ends where it should."""

import gzip
import hashlib
import threading
import tracemalloc
import zlib

import pytest
from hostile_server import head, whole

from colab_helpers.drive import File, TransientError

FOREVER = 10_000_000  # times, of what the end of the test cuts off
WATCHDOG = 30  # seconds in which even a slow machine is done
FLAT = bytes(30_000_000)  # a flat picture, as a BMP or TIFF holds it; packed 1000 : 1


def file_of(content, md5=True):
    """A file of this content, as a listing tells of it."""
    checksum = hashlib.md5(content).hexdigest() if md5 else None
    return File("1AbC", "a.bmp", "x", "x/a.bmp", len(content), checksum, "1")


UNKNOWN_SIZE = File("1AbC", "a.bmp", "x", "x/a.bmp", None, None, "1")


def in_time(act):
    """What an act returns or raises; a hang fails the test and does not hang it."""
    outcome = []

    def run():
        try:
            outcome.append(act())
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(WATCHDOG)
    assert outcome, "it hangs"
    return outcome[0]


def drip(server, connection, data, seconds=0.02):
    """Sends byte by byte, so that no single wait is long."""
    for number in range(FOREVER):
        if server.pause(seconds):
            return
        connection.sendall(data[number % len(data)].to_bytes())


def silent(server, connection, request):
    server.pause(WATCHDOG)


def slow_status(server, connection, request):
    drip(server, connection, b"HTTP/1.1 200 OK" + b" " * FOREVER)


def slow_headers(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(server, connection, b"a: b\r\n")


def slow_body(server, connection, request):
    connection.sendall(head(Content_Length=100_000))
    drip(server, connection, b"x")


def slow_body_after_a_redirect(server, connection, request):
    if request.target == "/elsewhere":
        slow_body(server, connection, request)
    else:
        connection.sendall(whole(status=302, Location="/elsewhere"))


def slow_redirects(server, connection, request):
    server.pause(0.2)
    connection.sendall(whole(status=302, Location="/elsewhere"))


def slow_chunks(server, connection, request):
    connection.sendall(head(Transfer_Encoding="chunked"))
    drip(server, connection, b"1\r\nx\r\n")


def slow_chunk_size(server, connection, request):
    connection.sendall(head(Transfer_Encoding="chunked") + b"1;")
    drip(server, connection, b"x")


def slow_trailer(server, connection, request):
    connection.sendall(head(Transfer_Encoding="chunked") + b"0\r\n")
    drip(server, connection, b"a: b\r\n")


def ten_terabytes(server, connection, request):
    connection.sendall(head(Content_Length=10**13))
    drip(server, connection, b"x")


def silence_after_much(server, connection, request):
    connection.sendall(head(Content_Length=10**7) + bytes(5 * 10**6))
    server.pause(WATCHDOG)


def endless_continue(server, connection, request):
    while server.is_open:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def slow_continue(server, connection, request):
    while not server.pause(0.02):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def slow_packed(server, connection, request):
    connection.sendall(head(Content_Encoding="gzip") + gzip.compress(b"")[:10])
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    while not server.pause(0.02):
        connection.sendall(packer.flush(zlib.Z_FULL_FLUSH) or b"\0\0\0\xff\xff")


SLOW = [
    silent,
    slow_status,
    slow_headers,
    slow_body,
    slow_body_after_a_redirect,
    slow_redirects,
    slow_chunks,
    slow_chunk_size,
    slow_trailer,
    ten_terabytes,
    silence_after_much,
    endless_continue,
    slow_continue,
    slow_packed,
]


@pytest.mark.parametrize("answer", SLOW, ids=lambda answer: answer.__name__)
@pytest.mark.parametrize("asks_for", ["a file", "a file of unknown size", "metadata"])
def test_whatever_is_slow_has_one_deadline(hostile_server, impatient, answer, asks_for):
    server = hostile_server(lambda connection, request: answer(server, connection, request))
    drive = impatient(server, deadline=0.25)
    ask = {
        "a file": lambda: drive.read(file_of(FLAT[:10_000_000])),
        "a file of unknown size": lambda: drive.read(UNKNOWN_SIZE),
        "metadata": drive.account,
    }[asks_for]
    error = in_time(ask)
    assert isinstance(error, TransientError)
    if answer is not slow_redirects:  # of which there may be too many before
        assert "timed out" in str(error)


def send_a_piece(connection, piece):
    connection.sendall(piece)


def send_a_chunk(connection, piece):
    connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))


@pytest.mark.parametrize(
    "headers, send",
    [
        ({"Content_Length": 400_000}, send_a_piece),
        ({"Transfer_Encoding": "chunked"}, send_a_chunk),
    ],
    ids=["announced", "in chunks"],
)
def test_an_answer_that_goes_on_coming_may_take_longer(hostile_server, impatient, headers, send):
    """A large file over a slow line: a second more for each 100,000 bytes, as documented."""
    content = bytes(400_000)

    def answer(connection, request):
        connection.sendall(head(**headers))
        for start in range(0, len(content), 50_000):
            server.pause(0.15)
            send(connection, content[start : start + 50_000])
        if send is send_a_chunk:
            connection.sendall(b"0\r\n\r\n")

    server = hostile_server(answer)
    assert in_time(lambda: impatient(server, deadline=0.6).read(file_of(content))) == content


def endless(connection):
    connection.sendall(head())
    while True:
        connection.sendall(bytes(1 << 16))


def endless_chunks(connection):
    connection.sendall(head(Transfer_Encoding="chunked"))
    while True:
        connection.sendall(b"10000\r\n" + bytes(1 << 16) + b"\r\n")


def bomb(connection):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    million_zeros = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    connection.sendall(head(Content_Encoding="gzip") + gzip.compress(b"")[:10])
    while True:
        connection.sendall(million_zeros)


def padded(connection):
    """Packed, and it holds nothing, for ever."""
    connection.sendall(head(Content_Encoding="gzip") + gzip.compress(b"")[:10])
    while True:
        connection.sendall(b"\0\0\0\xff\xff" * 1000)


def two_files_long(connection):
    connection.sendall(whole(bytes(2000)))


@pytest.mark.parametrize("answer", [endless, endless_chunks, bomb, padded, two_files_long])
def test_a_body_ends_where_it_was_expected_to(hostile_server, impatient, answer):
    server = hostile_server(lambda connection, request: answer(connection))
    drive = impatient(server, deadline=WATCHDOG)
    tracemalloc.start()
    error = in_time(lambda: drive.read(file_of(bytes(1000))))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, TransientError)
    assert most < 20_000_000


@pytest.mark.parametrize("answer", [endless, endless_chunks, bomb])
def test_metadata_and_files_of_unknown_size_are_bounded_too(hostile_server, impatient, answer):
    server = hostile_server(lambda connection, request: answer(connection))
    drive = impatient(server, deadline=WATCHDOG)
    assert isinstance(in_time(drive.account), TransientError)
    error = in_time(lambda: drive.read(UNKNOWN_SIZE))
    assert "more than 268435456 bytes" in str(error)


def test_an_error_without_end_is_told_by_its_status(hostile_server, impatient):
    def answer(connection, request):
        connection.sendall(head(404))
        while True:
            connection.sendall(bytes(1 << 16))

    server = hostile_server(answer)
    error = in_time(lambda: impatient(server, deadline=WATCHDOG).read(file_of(b"abc")))
    assert error.status == 404


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "bare deflate", "zlib"])
@pytest.mark.parametrize("size_is_known", [True, False])
def test_an_honest_flat_picture_is_read(hostile_server, impatient, encoding, size_is_known):
    """Packed 1000 : 1, and still no bomb."""
    window = {"gzip": 31, "x-gzip": 31, "deflate": 15, "zlib": 15, "bare deflate": -15}[encoding]
    packer = zlib.compressobj(9, wbits=window)
    packed = packer.compress(FLAT) + packer.flush()
    assert len(FLAT) > 900 * len(packed)
    answer = whole(packed, Content_Encoding=encoding.split()[-1])
    server = hostile_server(lambda connection, request: connection.sendall(answer))
    drive = impatient(server, deadline=WATCHDOG)
    file = file_of(FLAT) if size_is_known else UNKNOWN_SIZE
    assert in_time(lambda: drive.read(file)) == FLAT


@pytest.mark.parametrize(
    "body",
    [gzip.compress(b"abc" * 99)[:-9], b"not packed at all", gzip.compress(b"abc") * 2],
    ids=["cut short", "not packed", "two in one"],
)
def test_what_is_not_packed_as_it_says_is_not_given_out(hostile_server, impatient, body):
    answer = whole(body, Content_Encoding="gzip")
    server = hostile_server(lambda connection, request: connection.sendall(answer))
    error = in_time(lambda: impatient(server).read(file_of(b"abc" * 99)))
    assert isinstance(error, TransientError)


def test_what_is_left_of_an_answer_is_not_taken_for_the_next(hostile_server, impatient):
    """A body longer than the file, in which another answer hides."""
    content = b"0123456789"
    smuggled = whole({"user": {"emailAddress": "somebody else"}})

    def answer(connection, request):
        if "alt=media" in request.target:
            connection.sendall(whole(content + smuggled))
        else:
            connection.sendall(whole({"user": {"emailAddress": "me"}}))

    drive = impatient(hostile_server(answer))
    assert isinstance(in_time(lambda: drive.read(file_of(content))), TransientError)
    assert in_time(drive.account) == "me"


def test_a_range_of_a_file_is_asked_for_as_it_is_and_never_packed(hostile_server, impatient):
    def answer(connection, request):
        assert request.headers["accept-encoding"] == "identity"
        connection.sendall(whole(b"234", 206, Content_Range="bytes 2-4/10"))

    drive = impatient(hostile_server(answer))
    assert in_time(lambda: drive.read(file_of(b"0123456789"), 2, 5)) == b"234"


def test_an_upload_that_nobody_takes_has_a_deadline_too(hostile_server, impatient, tmp_path):
    """The server reads nothing of what it is sent."""
    path = tmp_path / "model.keras"
    path.write_bytes(bytes(50_000_000))
    folder = {"id": "root0", "title": "My Drive", "mimeType": "application/vnd.google-apps.folder"}

    def answer(connection, request):
        if request.method == "POST":
            connection.sendall(whole(Location=f"{server.url}/upload/?upload_id=1"))
            server.pause(WATCHDOG)
        elif "/files?" in request.target:
            connection.sendall(whole({"items": []}))
        else:
            connection.sendall(whole(folder))

    server = hostile_server(answer)
    error = in_time(lambda: impatient(server, deadline=0.5).upload(path))
    assert isinstance(error, TransientError), error
