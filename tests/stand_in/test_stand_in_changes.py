"""The stand-in tells what changed since a token, as Drive does."""

import pytest

from stand_in.clients import ask, connect


@pytest.fixture
def watched(drive_server, folder):
    """A stand-in over `folder`, and a function that lists what changed since it was started."""
    server = drive_server(folder)
    changes = connect(server).auth.service.changes()
    start = changes.getStartPageToken().execute()["startPageToken"]

    def list_changes(token=start):
        return changes.list(pageToken=token).execute()

    return server, list_changes


def test_nothing_changed_at_first(watched):
    _, list_changes = watched
    assert list_changes()["items"] == []


def test_what_changed_since_a_token_is_told(watched, folder):
    """What is new, different, moved and removed on disk is told by ID, and once."""
    server, list_changes = watched
    removed = server.id("cats/b.jpg")
    (folder / "cats" / "b.jpg").unlink()
    (folder / "dogs" / "new.jpg").write_bytes(b"new")
    (folder / "cats" / "a.jpg").write_bytes(b"other")
    server.move("it's.txt", "dogs")
    answer = list_changes()
    deleted = [change["fileId"] for change in answer["items"] if change["deleted"]]
    files = [change["file"] for change in answer["items"] if not change["deleted"]]
    assert deleted == [removed]
    assert {file["title"]: file["parents"][0]["id"] for file in files} == {
        "new.jpg": server.id("dogs"),
        "a.jpg": server.id("cats"),
        "it's.txt": server.id("dogs"),
    }
    assert list_changes(answer["newStartPageToken"])["items"] == []


def test_what_a_test_removes_or_trashes_is_told(watched, folder):
    server, list_changes = watched
    removed = server.id("cats/b.jpg")
    server.remove("cats/b.jpg")
    server.trash("cats/a.jpg")
    first, second = list_changes()["items"]
    assert not (folder / "cats" / "b.jpg").exists()
    assert first["fileId"] == removed
    assert first["deleted"]
    assert second["file"]["labels"]["trashed"]


def test_a_moved_folder_keeps_the_ids_of_its_files(watched, folder):
    server, list_changes = watched
    file_id = server.id("cats/a.jpg")
    server.move("cats", "dogs")
    assert (folder / "dogs" / "cats" / "a.jpg").exists()
    assert server.id("dogs/cats/a.jpg") == file_id
    assert [change["fileId"] for change in list_changes()["items"]] == [server.id("dogs/cats")]


def test_changes_come_in_pages(drive_server, folder):
    server = drive_server(folder, page_size_limit=2)
    changes = connect(server).auth.service.changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    for number in range(5):
        (folder / f"{number}.jpg").write_bytes(b"new")
    sizes = []
    while token:
        page = changes.list(pageToken=token).execute()
        sizes.append(len(page["items"]))
        token = page.get("nextPageToken")
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize("token", ["0", "99999", "x"])
def test_a_token_that_was_never_given_is_refused(drive_server, folder, token):
    assert ask(drive_server(folder), f"/drive/v2/changes?pageToken={token}").status == 400


def test_a_mounted_folder_changes_too(drive_server, folder):
    server = drive_server(None, mounts={"photos": folder})
    changes = connect(server).auth.service.changes()
    token = changes.getStartPageToken().execute()["startPageToken"]
    (folder / "cats" / "a.jpg").unlink()
    (folder / "cats" / "z.jpg").write_bytes(b"z")
    items = changes.list(pageToken=token).execute()["items"]
    assert sum(change["deleted"] for change in items) == 1
    files = [change["file"]["title"] for change in items if not change["deleted"]]
    assert files == ["z.jpg"]
