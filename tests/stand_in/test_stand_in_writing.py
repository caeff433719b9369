"""The stand-in takes files as Drive does, and never lets one leave its folder."""

import hashlib
import io

import pytest
from googleapiclient.http import MediaIoBaseUpload
from pydrive2.files import ApiRequestError

from stand_in import FOLDER, Fault
from stand_in.clients import connect, titles

CHUNK = 256 * 1024  # bytes


def test_a_file_is_uploaded_updated_and_deleted(drive_server, folder):
    server = drive_server(folder)
    drive = connect(server)
    file = drive.CreateFile({"title": "new/one.txt", "parents": [{"id": server.id("cats")}]})
    file.SetContentString("first")
    file.Upload()
    file_id = file["id"]
    assert (folder / "cats" / "new%2Fone.txt").read_text() == "first"
    file.SetContentString("second")
    file.Upload()
    assert file["id"] == file_id
    assert drive.CreateFile({"id": file_id}).GetContentString() == "second"
    file.Delete()
    assert sorted(path.name for path in (folder / "cats").iterdir()) == ["a.jpg", "b.jpg"]


def test_a_folder_is_made_and_no_title_leaves_it(drive_server, folder):
    server = drive_server(folder / "cats")
    before = sorted(path.name for path in folder.iterdir())
    drive = connect(server)
    made = drive.CreateFile({"title": "results", "mimeType": FOLDER})
    made.Upload()
    for title in ("../out.txt", "..", "."):
        file = drive.CreateFile({"title": title, "parents": [{"id": made["id"]}]})
        file.SetContentString("x")
        file.Upload()
    assert titles(drive, f"'{made['id']}' in parents") == [".", "..", "../out.txt"]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_file_goes_to_the_trash_and_comes_back(drive_server, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    file.Trash()
    assert titles(connect(server), "trashed = true") == ["a.jpg"]
    file.UnTrash()
    assert titles(connect(server), "trashed = true") == []


@pytest.mark.parametrize("resumable", [False, True])
def test_bytes_arrive_as_sent_by_multipart_and_in_pieces(drive_server, folder, resumable):
    server = drive_server(folder)
    data = bytes(range(256)) * 4096 + b"\r\n\r\n--tail\n"
    media = MediaIoBaseUpload(io.BytesIO(data), "image/png", chunksize=CHUNK, resumable=resumable)
    files = connect(server).auth.service.files()
    request = files.insert(body={"title": "p.png"}, media_body=media, fields="id,md5Checksum")
    assert request.execute() == {
        "id": server.id("p.png"),
        "md5Checksum": hashlib.md5(data).hexdigest(),
    }
    assert (folder / "p.png").read_bytes() == data
    assert server.counts["upload"] == (6 if resumable else 1)


def test_an_upload_goes_on_after_a_lost_answer(drive_server, folder):
    server = drive_server(folder, faults=[Fault("lost", kind="upload", match="upload_id")])
    data = b"0123456789abcdef" * 40_000
    media = MediaIoBaseUpload(io.BytesIO(data), "image/png", chunksize=CHUNK, resumable=True)
    request = connect(server).auth.service.files().insert(body={"title": "p.png"}, media_body=media)
    with pytest.raises(OSError):
        request.next_chunk()
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    assert (folder / "p.png").read_bytes() == data
    assert answer["fileSize"] == str(len(data))


def test_a_mounted_folder_is_never_written_to(drive_server, folder, tmp_path_factory):
    server = drive_server(tmp_path_factory.mktemp("drive"), mounts={"photos": folder})
    drive = connect(server)
    file = drive.CreateFile({"title": "x.txt", "parents": [{"id": server.id("photos/cats")}]})
    file.SetContentString("x")
    existing = drive.CreateFile({"id": server.id("photos/cats/a.jpg")})
    for attempt in (file.Upload, existing.Delete):
        with pytest.raises(ApiRequestError, match="permissions"):
            attempt()
    assert (folder / "cats" / "a.jpg").exists()
