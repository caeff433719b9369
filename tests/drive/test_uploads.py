"""How a file comes onto a Drive: whole, once, also over a bad line."""

import collections
import os
import random

import pytest
from google.oauth2.credentials import Credentials
from hostile_server import whole
from told_drive import FOLDER, item

from colab_helpers.drive import Drive, DriveError, QuotaError, TransientError, connect
from colab_helpers.drive.client import Client
from colab_helpers.drive.service import Service
from colab_helpers.drive.transport import Transport
from colab_helpers.drive.uploads import upload
from stand_in import PRACTICE_TOKEN, Fault, RandomFaults

PIECE = 1 << 18  # bytes


class FaultAt(RandomFaults):
    """One fault, in the n-th request of a kind."""

    def __init__(self, do, kind, number):
        super().__init__(kind=kind)
        self.do = do
        self.number = number
        self.asked = collections.Counter()

    def pick(self, kind, path):
        self.asked[kind] += 1
        if kind == self.kind and self.asked[kind] == self.number:
            return Fault(self.do)
        return None

    @property
    def happened(self):
        return self.asked[self.kind] >= self.number


def test_the_same_content_is_not_uploaded_twice(drive_server, flowers, tmp_path):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    (tmp_path / "weights.h5").write_bytes(os.urandom(600_000))
    assert drive.upload(tmp_path / "weights.h5", "results").md5
    uploads = server.counts["upload"]
    drive.upload(tmp_path / "weights.h5", "results")
    assert server.counts["upload"] == uploads


def test_an_upload_to_a_folder_by_id_or_of_an_empty_file_works(drive_server, flowers, tmp_path):
    server = drive_server(flowers)
    (tmp_path / "done").touch()
    file = connect(endpoint=server.url).upload(tmp_path / "done", server.id("flowers"))
    assert file.size == 0 and server.id("flowers/done") == file.id


def test_only_the_folders_that_are_missing_are_made(drive_server, flowers, tmp_path):
    server = drive_server(flowers)
    drive = connect(endpoint=server.url)
    (tmp_path / "note.txt").write_text("hello")
    drive.upload(tmp_path / "note.txt", "flowers/roses/new/deep")
    drive.upload(tmp_path / "note.txt", "flowers/roses/new")
    names = sorted(name for _, name in drive.list_folders("flowers/roses"))
    assert names == ["new"]
    assert server.counts["insert"] == 2


def test_a_bare_name_is_a_new_folder_at_the_top(drive_server, flowers, tmp_path):
    """To list, a bare name is looked for everywhere; to write, it means the top."""
    drive = connect(endpoint=drive_server(flowers).url)
    (tmp_path / "note.txt").write_text("hello")
    drive.upload(tmp_path / "note.txt", "roses")
    assert drive.read(drive.find("My Drive/roses/note.txt")) == b"hello"


def test_an_upload_where_nothing_may_be_written_says_so(drive_server, flowers, tmp_path):
    server = drive_server(None, mounts={"flowers": flowers / "flowers"})
    (tmp_path / "note.txt").write_text("hello")
    said = "upload 'note.txt' to 'flowers'.*403 insufficientFilePermissions"
    with pytest.raises(DriveError, match=said):
        connect(endpoint=server.url).upload(tmp_path / "note.txt", "flowers")


def test_a_full_drive_says_so(opened, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"weights")
    fault = Fault("error", kind="upload", status=403, reason="storageQuotaExceeded")
    _, drive = opened([fault])
    with pytest.raises(QuotaError, match="upload 'model.keras'.*The Drive is full"):
        drive.upload(tmp_path / "model.keras", "results")


@pytest.mark.parametrize(
    "kind, do",
    [
        ("insert", "lost"),
        ("insert", "reset"),
        ("upload", "lost"),
        ("upload", "reset"),
        ("upload", "empty"),
        ("upload", "truncated"),
        ("list", "reset"),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_an_upload_over_a_bad_line_makes_one_whole_file(
    drive_server, photos, tmp_path, clock, kind, do, number
):
    """Also when only the answer was lost: no second file or folder of that name."""
    (tmp_path / "model.keras").write_bytes(random.Random(0).randbytes(700_000))
    requests = {"insert": 2, "upload": 4, "list": 3}[kind]
    faults = FaultAt(do, kind, min(number, requests))
    server = drive_server(photos.parent, faults=faults)
    transport = Transport(
        Credentials(token=PRACTICE_TOKEN),
        server.url,
        deadline=0.3,
        attempts=10,
        clock=clock,
        sleep=clock.sleep,
    )
    client = Client(Service(transport))
    file = upload(client, tmp_path / "model.keras", "results/run1", piece_bytes=1 << 18)
    assert faults.happened
    data = (tmp_path / "model.keras").read_bytes()
    drive = connect(endpoint=server.url)
    assert drive.read(file) == drive.read(drive.find("results/run1/model.keras")) == data
    titles = [entry.title for entry in server.tree.entries.values()]
    assert [titles.count(title) for title in ("model.keras", "run1", "results")] == [1, 1, 1]


def says_that_nothing_arrived(url, asked):
    return whole(b"", 308)


def names_another_address_each_time(url, asked):
    return whole(b"", 308, Location=f"{url}/upload/?upload_id={asked}")


def says_now_that_a_piece_arrived_and_now_that_none_did(url, asked):
    return whole(b"", 308, Range=f"bytes=0-{PIECE - 1}") if asked % 2 else whole(b"", 308)


@pytest.mark.parametrize(
    "answer_to_a_piece",
    [
        says_that_nothing_arrived,
        names_another_address_each_time,
        says_now_that_a_piece_arrived_and_now_that_none_did,
    ],
    ids=lambda answer: answer.__name__,
)
def test_an_upload_that_does_not_get_on_is_given_up(hostile_server, tmp_path, answer_to_a_piece):
    pieces = []

    def answer(connection, request):
        if request.method == "PUT":
            pieces.append(request)
            connection.sendall(answer_to_a_piece(server.url, len(pieces)))
        elif request.method == "POST":
            connection.sendall(whole(Location=f"{server.url}/upload/?upload_id=0"))
        elif "/files?" in request.target:
            connection.sendall(whole({"items": []}))
        else:
            connection.sendall(whole(item("root0", "My Drive", FOLDER)))

    server = hostile_server(answer)
    transport = Transport(Credentials(token="SECRET"), server.url, deadline=30, attempts=4)
    path = tmp_path / "model.keras"
    path.write_bytes(bytes(2 * PIECE))
    with pytest.raises(TransientError, match="upload 'model.keras'.*Drive does not take it"):
        upload(Client(Service(transport)), path, ".", piece_bytes=PIECE)
    assert len(pieces) <= 3 * 2 * 4, "each of two pieces, in each of three uploads"


def test_a_file_that_is_still_being_written_is_given_up_after_three_times(
    drive_server, photos, tmp_path, clock
):
    server = drive_server(photos.parent)
    credentials = Credentials(token=PRACTICE_TOKEN)
    drive = Drive(credentials, server.url, clock=clock, sleep=clock.sleep)
    local = tmp_path / "model.keras"
    local.write_bytes(b"begun")
    respond = server.respond

    def write_on(request):
        with local.open("ab") as content:
            content.write(b".")
        return respond(request)

    server.respond = write_on
    with pytest.raises(DriveError, match="3 times. Is it still being written"):
        drive.upload(local, "results")
