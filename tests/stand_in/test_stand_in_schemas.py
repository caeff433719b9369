"""What the stand-in tells has the names and types of Drive's discovery document."""

import json

import pytest

from stand_in.clients import ask, connect
from stand_in.fields import schemas


def flaws_of(value, schema, place):
    """What of a value is not as a schema says."""
    if "$ref" in schema:
        schema = schemas()[schema["$ref"]]
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        return [flaw for name in value for flaw in flaws_of_name(value, name, schema, place)]
    if kind == "array" and isinstance(value, list):
        return [flaw for one in value for flaw in flaws_of(one, schema["items"], f"{place}[]")]
    types = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if kind in types and isinstance(value, types[kind]):
        return []
    return [f"{place}: {value!r} is no {kind}"]


def flaws_of_name(value, name, schema, place):
    known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
    if known is None:
        return [f"{place}.{name} is unknown"]
    return flaws_of(value[name], known, f"{place}.{name}")


@pytest.mark.parametrize(
    "target, schema",
    [
        ("about", "About"),
        ("files", "FileList"),
        ("files/root", "File"),
        ("files/{file}", "File"),
        ("files/{shortcut}", "File"),
        ("changes?pageToken=1", "ChangeList"),
        ("changes/startPageToken", "StartPageToken"),
        ("drives", "DriveList"),
        ("drives/{drive}", "Drive"),
        ("teamdrives", "TeamDriveList"),
    ],
)
def test_an_answer_is_as_the_discovery_document_says(
    drive_server, folder, target, schema, tmp_path_factory
):
    server = drive_server(folder, drives={"Team": tmp_path_factory.mktemp("team")})
    places = {
        "file": server.id("cats/a.jpg"),
        "shortcut": server.id("cats"),
        "drive": next(iter(ask(server, "/drive/v2/drives").json["items"]))["id"],
    }
    answer = ask(server, f"/drive/v2/{target.format(**places)}")
    assert answer.status == 200
    assert flaws_of(json.loads(answer.content), schemas()[schema], schema) == []


def test_the_user_of_a_file_is_told_to_be_the_one_who_asks(drive_server, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"id": server.id("cats/a.jpg")})
    assert file["owners"][0]["isAuthenticatedUser"] is True
    assert connect(server).GetAbout()["user"]["isAuthenticatedUser"] is True


def test_a_file_that_is_made_without_bytes_is_an_empty_one(drive_server, folder):
    server = drive_server(folder)
    file = connect(server).CreateFile({"title": "new.txt", "mimeType": "text/plain"})
    file.Upload()
    assert file["fileSize"] == "0"
    assert (folder / "new.txt").read_bytes() == b""
    assert ask(server, f"/drive/v2/files/{file['id']}?alt=media").content == b""


def test_a_part_of_an_empty_file_is_refused_with_416(drive_server, folder):
    (folder / "empty.txt").touch()
    server = drive_server(folder)
    answer = ask(server, f"/drive/v2/files/{server.id('empty.txt')}?alt=media", Range="bytes=0-9")
    assert answer.status == 416
    assert answer.headers["Content-Range"] == "bytes */0"
