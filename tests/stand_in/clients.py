"""How the tests of the stand-in ask it: with the plain PyDrive2, or with one bare request."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from googleapiclient.discovery import build
from googleapiclient.http import build_http
from oauth2client.client import AccessTokenCredentials
from pydrive2.auth import GoogleAuth
from pydrive2.drive import GoogleDrive

from .drive import FakeDrive
from .tokens import PRACTICE_TOKEN


class Answer(NamedTuple):
    """An answer whose body was read."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.content)


def connect(server: FakeDrive, token: str = PRACTICE_TOKEN) -> GoogleDrive:
    """The plain PyDrive2, pointed at a stand-in and otherwise untouched."""
    auth = GoogleAuth()
    auth.credentials = AccessTokenCredentials(token, "tests")
    auth.service = build(
        "drive",
        "v2",
        http=auth.credentials.authorize(build_http()),
        cache_discovery=False,
        client_options={"api_endpoint": f"{server.url}/drive/v2/"},
    )
    # Uploads go to another address than the rest.
    auth.service._rootDesc["rootUrl"] = f"{server.url}/"
    return GoogleDrive(auth)


def ask(
    server: FakeDrive, target: str, *, method: str = "GET", authorized: bool = True, **headers: str
) -> Answer:
    """Sends one request without any client's help, with or without the practice token."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    authorization = {"Authorization": f"Bearer {PRACTICE_TOKEN}"} if authorized else {}
    try:
        connection.request(method, target, headers={**authorization, **headers})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def titles(drive: GoogleDrive, q: str, **parameters: Any) -> list[str]:
    """The titles that a search finds, in order."""
    return sorted(file["title"] for file in drive.ListFile({"q": q, **parameters}).GetList())
