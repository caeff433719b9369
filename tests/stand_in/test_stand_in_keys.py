"""With an API key the stand-in shows what anyone with the link may see, and nothing else."""

import urllib.parse

import pytest

from stand_in import PRACTICE_API_KEY
from stand_in.clients import Answer, ask


@pytest.fixture
def server(drive_server, folder):
    return drive_server(folder, public=["cats"])


def ask_with_a_key(server, target, key=PRACTICE_API_KEY, method="GET"):
    return ask(server, target, method=method, authorized=False, **{"X-Goog-Api-Key": key})


def reason(answer: Answer):
    return answer.json["error"]["errors"][0]["reason"]


def search(text):
    return f"/drive/v2/files?q={urllib.parse.quote(text)}"


def test_a_public_folder_is_listed_described_and_read(server):
    cats = server.id("cats")
    found = ask_with_a_key(server, search(f"'{cats}' in parents")).json["items"]
    assert sorted(item["title"] for item in found) == ["a.jpg", "b.jpg"]
    assert ask_with_a_key(server, f"/drive/v2/files/{cats}").json["title"] == "cats"
    media = ask_with_a_key(server, f"/drive/v2/files/{server.id('cats/a.jpg')}?alt=media")
    assert media.content == b"A" * 1000


def test_a_key_may_stand_in_the_address(server):
    address = f"/drive/v2/files/{server.id('cats')}?key={PRACTICE_API_KEY}"
    assert ask(server, address, authorized=False).status == 200


@pytest.mark.parametrize("path", ["dogs", "dogs/c.png", "."])
def test_what_is_not_public_is_not_found(server, path):
    answer = ask_with_a_key(server, f"/drive/v2/files/{server.id(path)}")
    assert (answer.status, reason(answer)) == (404, "notFound")
    answer = ask_with_a_key(server, search(f"'{server.id(path)}' in parents"))
    assert answer.status == 404


def test_a_search_of_nobodys_whole_drive_is_refused(server):
    answer = ask_with_a_key(server, search("title = 'a.jpg'"))
    assert (answer.status, reason(answer)) == (403, "insufficientFilePermissions")


@pytest.mark.parametrize("target", ["about", "changes", "changes/startPageToken", "drives"])
def test_what_is_about_an_account_needs_a_sign_in(server, target):
    answer = ask_with_a_key(server, f"/drive/v2/{target}")
    assert (answer.status, reason(answer)) == (401, "required")


def test_nothing_is_deleted_with_a_key(server):
    answer = ask_with_a_key(server, f"/drive/v2/files/{server.id('cats/a.jpg')}", method="DELETE")
    assert answer.status == 401
    assert server.id("cats/a.jpg")


def test_a_wrong_key_is_named_as_google_does(server):
    answer = ask_with_a_key(server, f"/drive/v2/files/{server.id('cats')}", key="another")
    assert (answer.status, reason(answer)) == (400, "badRequest")
    assert answer.json["error"]["details"][0]["reason"] == "API_KEY_INVALID"


def test_a_page_that_somebody_saw_is_not_shown_to_nobody(server):
    target = search(f"'{server.id('dogs')}' in parents")
    assert ask(server, target).status == 200
    assert ask_with_a_key(server, target).status == 404
