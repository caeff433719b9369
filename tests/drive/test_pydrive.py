"""`drive.pydrive`: PyDrive2 as it documents itself, through this room's transport."""

import pytest
from hostile_server import whole
from pydrive2.files import ApiRequestError, FileNotDownloadableError

from colab_helpers.drive import DriveError, TransientError, connect
from stand_in import Fault


@pytest.fixture
def pydrive(drive_server, flowers):
    """PyDrive2 over the flowers, and the stand-in behind it."""
    server = drive_server(flowers)
    return connect(endpoint=server.url).pydrive, server


def refusal(status, reason):
    error = {"errors": [{"reason": reason, "message": "said"}], "code": status, "message": "said"}
    return whole({"error": error}, status)


def test_an_empty_file_is_an_empty_file(pydrive, tmp_path):
    drive, _ = pydrive
    file = drive.CreateFile({"title": "empty.txt", "mimeType": "text/plain"})
    file.Upload()
    for again in (file, drive.CreateFile({"id": file["id"]})):
        again.GetContentFile(str(tmp_path / "out.txt"))
        assert (tmp_path / "out.txt").read_bytes() == b""
        assert again.GetContentString() == ""


def test_a_file_is_made_read_changed_and_deleted(pydrive, tmp_path):
    drive, server = pydrive
    file = drive.CreateFile({"title": "new.txt", "parents": [{"id": server.id("flowers")}]})
    file.SetContentString("first")
    file.Upload()
    file.SetContentString("second")
    file.Upload()
    again = drive.CreateFile({"id": file["id"]})
    assert again.GetContentString() == "second"
    again.GetContentFile(str(tmp_path / "out.txt"))
    assert (tmp_path / "out.txt").read_text() == "second"
    assert again.GetContentIOBuffer().read() == b"second"
    again.Trash()
    again.UnTrash()
    before = server.counts["delete"]
    again.Delete()
    assert server.counts["delete"] == before + 1, "it is deleted once"
    with pytest.raises(ApiRequestError):
        drive.CreateFile({"id": file["id"]}).FetchMetadata()


def test_a_file_is_read_in_pieces(pydrive, tmp_path):
    drive, server = pydrive
    path = "flowers/roses/11.jpg"
    file = drive.CreateFile({"id": server.id(path)})
    file.GetContentFile(str(tmp_path / "out.jpg"), chunksize=7)
    content = (tmp_path / "out.jpg").read_bytes()
    assert content == (tmp_path / "root" / path).read_bytes()


@pytest.mark.parametrize(
    "act",
    [
        lambda file, path: file.FetchMetadata(),
        lambda file, path: file.GetContentFile(path),
        lambda file, path: file.GetContentString(),
        lambda file, path: file.Trash(),
        lambda file, path: file.Delete(),
    ],
)
def test_what_drive_refuses_is_an_api_request_error(pydrive, tmp_path, act):
    drive, _ = pydrive
    file = drive.CreateFile({"id": "1-no-such-file"})
    with pytest.raises(ApiRequestError) as raised:
        act(file, str(tmp_path / "out"))
    assert raised.value.error["code"] == 404
    assert raised.value.GetField("reason") == "notFound"


@pytest.mark.parametrize(
    "status, reason",
    [(403, "insufficientFilePermissions"), (429, "rateLimitExceeded"), (503, "backendError")],
)
def test_what_does_not_pass_is_an_api_request_error_in_the_end(opened, clock, status, reason):
    """After all the tries that this room makes."""
    fault = Fault("error", kind="list", status=status, reason=reason, times=None)
    _, drive = opened([fault])
    with pytest.raises(ApiRequestError) as raised:
        drive.pydrive.ListFile({"q": "trashed = false"}).GetList()
    assert raised.value.error["code"] == status
    assert bool(clock.waits) == (status != 403)


def test_a_google_document_has_no_bytes(pydrive, flowers):
    (flowers / "essay.gdoc").touch()
    drive, server = pydrive
    [file] = drive.ListFile({"q": "title = 'essay'"}).GetList()
    with pytest.raises(FileNotDownloadableError):
        file.GetContentString()


@pytest.mark.parametrize(
    "answer",
    [
        whole(b"", 404),
        whole(b"<html>", 403),
        whole(b"[]", 400),
        whole({"error": "invalid"}, 400),
        whole({"error": {"message": 7, "code": 400, "errors": [{"reason": "r"}]}}, 400),
        whole({"error": {"message": "m", "code": 400, "errors": []}}, 400),
        whole(b"", 304),
        whole(b"", 308),
        whole(b"", 416),
        whole(b"", 416, Content_Range="bytes */9"),
        whole(b"abc", 206),
        whole(b"abc", 206, Content_Range="bytes 0-2/*"),
        whole(b"abc", 206, Content_Range="bytes 1-3/9"),
        whole(b"abc", 206, Content_Range="bytes 0-7/9"),
        whole(b"", 206, Content_Range="bytes 0--1/9"),
    ],
    ids=repr,
)
def test_what_pydrive_could_not_read_is_a_drive_error(hostile_server, impatient, tmp_path, answer):
    server = hostile_server(lambda connection, request: connection.sendall(answer))
    file = impatient(server).pydrive.CreateFile({"id": "1AbC"})
    with pytest.raises(DriveError):
        file.GetContentFile(str(tmp_path / "out"))


def test_an_upload_that_nobody_takes_ends(hostile_server, impatient):
    """PyDrive2 itself would send it for ever."""

    def answer(connection, request):
        if request.method == "POST":
            connection.sendall(whole(Location=f"{server.url}/upload?upload_id=1"))
        else:
            connection.sendall(whole(b"", 308))

    server = hostile_server(answer)
    file = impatient(server, attempts=3).pydrive.CreateFile({"title": "a.txt"})
    file.SetContentString("content")
    with pytest.raises(TransientError, match="does not take it"):
        file.Upload()
    assert len(server.requests) < 10


def test_a_connection_that_fails_is_a_drive_error(hostile_server, impatient):
    server = hostile_server(lambda connection, request: connection.close())
    with pytest.raises(TransientError, match="finish a request"):
        impatient(server, deadline=0.5).pydrive.GetAbout()


def test_what_drive_refuses_this_room_stays_its_own_error(hostile_server, impatient):
    server = hostile_server(
        lambda connection, request: connection.sendall(refusal(404, "notFound"))
    )
    with pytest.raises(DriveError):
        impatient(server).account()
