"""PyDrive2's service, the one place that knows PyDrive2: sends what the client asks.

Its requests, and those of whoever uses PyDrive2 directly, go through the transport.
"""

from __future__ import annotations

import json
from typing import Any

from .items import Item
from .transport import FindFlaw, Http, Purpose, Transport

__all__ = ["GOOGLE", "Service"]

GOOGLE = "https://www.googleapis.com"  # root URL of the Drive API


class Service:
    """Sends requests to Drive, with the resource keys that it named before.

    Args:
        endpoint: Root URL of the Drive API.
        transport: Through which all requests go.

    Attributes:
        endpoint: As given, without a slash at the end.
        transport: As given.
        pydrive: The pydrive2.drive.GoogleDrive beneath.
        api: Makes requests; googleapiclient's service.
        files: Makes requests about files; `api.files()`, made once.
        resource_keys: {file or folder ID: key}, of the few that have one.
    """

    def __init__(self, endpoint: str, transport: Transport) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.transport = transport
        self.resource_keys: dict[str, str] = {}
        self.pydrive = _open_pydrive(self.endpoint, transport)
        self.api = self.pydrive.auth.service
        self.files = self.api.files()

    def ask(
        self,
        what: str,
        request: Any,
        file_id: str | None = None,
        find_flaw: FindFlaw | None = None,
    ) -> Any:
        """Sends a request; what Drive answers.

        Args:
            what: What it is for, as in "Could not <what>".
            request: As `api` or `files` made it.
            file_id: The file or folder that it is about.
            find_flaw: Finds what is wrong with an answer, beyond its status.
        """
        if file_id is not None and file_id in self.resource_keys:
            key = self.resource_keys[file_id]
            request.headers["X-Goog-Drive-Resource-Keys"] = f"{file_id}/{key}"
        with self._http().meant(Purpose(what, find_flaw)) as http:
            return request.execute(http=http)

    def remember_keys(self, item: Item) -> None:
        """Keeps the resource keys that an item names.

        https://developers.google.com/workspace/drive/api/guides/resource-keys
        """
        key = item.get("resourceKey")
        if key:
            self.resource_keys[item["id"]] = key
        target = item.get("shortcutDetails")
        if target is None:
            return
        target_key = target.get("targetResourceKey")
        if target_key:
            self.resource_keys[target["targetId"]] = target_key

    def _http(self) -> Http:
        """This thread's own, kept where PyDrive2 looks for it, too."""
        auth = self.pydrive.auth
        http: Http | None = getattr(auth.thread_local, "http", None)
        if http is None:
            http = auth.Get_Http_Object()
            auth.thread_local.http = http
        return http


class _PyDriveCredentials:
    """The two attributes that PyDrive2 uses of oauth2client's credentials."""

    access_token_expired = False  # else PyDrive2 would sign in by itself; `Account` sees to it

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def authorize(self, plain: Any) -> Http:
        return Http(plain, self._transport)


def _open_pydrive(endpoint: str, transport: Transport) -> Any:
    """PyDrive2 with a service that speaks to the endpoint, through the transport."""
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc
    from pydrive2.auth import GoogleAuth
    from pydrive2.drive import GoogleDrive

    settings = dict(GoogleAuth.DEFAULT_SETTINGS)
    auth = GoogleAuth(http_timeout=transport.deadline, settings=settings)
    auth.credentials = _PyDriveCredentials(transport)
    document = json.loads(get_static_doc("drive", "v2"))
    document["rootUrl"] = f"{endpoint}/"  # uploads follow this, but not client_options
    auth.service = build_from_document(document, http=auth.Get_Http_Object())
    files = auth.service.files()
    auth.service.files = lambda: files  # PyDrive2 asks each time; making it takes 4 ms
    return GoogleDrive(auth)
