"""The one place that knows PyDrive2: its service, and its way to sign in by the browser.

The service's requests, and those of whoever uses PyDrive2 directly, go through the transport.
"""

from __future__ import annotations

import json
from typing import Any

from .transport import Http, Transport

__all__ = ["ask_in_the_browser", "open_pydrive"]


class _PyDriveCredentials:
    """The two attributes that PyDrive2 uses of oauth2client's credentials."""

    access_token_expired = False  # else PyDrive2 would sign in by itself; `Account` sees to it

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def authorize(self, plain: Any) -> Http:
        return Http(self._transport)


def open_pydrive(transport: Transport) -> Any:
    """PyDrive2 with a service that speaks to the endpoint of the transport, through it.

    Args:
        transport: Through which all requests go.

    Returns:
        A pydrive2.drive.GoogleDrive.
    """
    from googleapiclient.discovery import build_from_document
    from googleapiclient.discovery_cache import get_static_doc
    from pydrive2.auth import GoogleAuth
    from pydrive2.drive import GoogleDrive

    settings = dict(GoogleAuth.DEFAULT_SETTINGS)
    auth = GoogleAuth(http_timeout=transport.deadline, settings=settings)
    auth.credentials = _PyDriveCredentials(transport)
    document = json.loads(get_static_doc("drive", "v2"))
    document["rootUrl"] = f"{transport.endpoint}/"  # uploads follow this, but not client_options
    auth.service = build_from_document(document, http=auth.Get_Http_Object())
    files = auth.service.files()
    auth.service.files = lambda: files  # PyDrive2 asks each time; making it takes 4 ms
    return GoogleDrive(auth)


def ask_in_the_browser(client_secrets: str, scope: str, saved: str) -> Any:
    """Signs in by the browser, or by what the file keeps of the last time.

    Args:
        client_secrets: Path of the file that names the OAuth client.
        scope: What is asked for, an address.
        saved: Path of the file that keeps the sign-in.

    Returns:
        Credentials of google-auth.
    """
    from google.oauth2.credentials import Credentials
    from pydrive2.auth import GoogleAuth

    settings = {
        "client_config_backend": "file",
        "client_config_file": client_secrets,
        "get_refresh_token": True,
        "save_credentials": True,
        "save_credentials_backend": "file",
        "save_credentials_file": saved,
        "oauth_scope": [scope],
    }
    auth = GoogleAuth(settings=settings)
    auth.LocalWebserverAuth()
    signed_in = auth.credentials
    return Credentials(
        signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        token_uri=signed_in.token_uri,
        client_id=signed_in.client_id,
        client_secret=signed_in.client_secret,
        expiry=signed_in.token_expiry,
    )
