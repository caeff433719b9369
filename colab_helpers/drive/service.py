"""Sends what the client asks, by PyDrive2's service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .items import Item
from .pydrive import open_pydrive
from .transport import FindFlaw, Http, Purpose, Transport

__all__ = ["GOOGLE", "Service"]

GOOGLE = "https://www.googleapis.com"  # root URL of the Drive API


class Service:
    """Sends requests to Drive, with the resource keys that it named before.

    Args:
        transport: Through which all requests go.

    Attributes:
        transport: As given.
        pydrive: The pydrive2.drive.GoogleDrive beneath.
        api: Makes requests; googleapiclient's service.
        files: Makes requests about files; `api.files()`, made once.
        resource_keys: {file or folder ID: key}, of the few that have one.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.resource_keys: dict[str, str] = {}
        self.pydrive = open_pydrive(transport)
        self.api = self.pydrive.auth.service
        self.files = self.api.files()

    def ask(
        self,
        what: str,
        request: Any,
        file_id: str | None = None,
        find_flaw: FindFlaw | None = None,
        most_bytes: int | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> Any:
        """Sends a request; what Drive answers.

        Args:
            what: What it is for, as in "Could not <what>".
            request: As `api` or `files` made it.
            file_id: The file or folder that it is about.
            find_flaw: Finds what is wrong with an answer, beyond its status.
            most_bytes: How long the answer can be, where that is known.
            is_wanted: Tells whether somebody still waits for the answer; if nobody does, a request
                that failed is not sent again.
        """
        if file_id is not None and file_id in self.resource_keys:
            key = self.resource_keys[file_id]
            request.headers["X-Goog-Drive-Resource-Keys"] = f"{file_id}/{key}"
        purpose = Purpose(what, find_flaw, most_bytes, is_ours=True, is_wanted=is_wanted)
        with self._http().meant(purpose) as http:
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
