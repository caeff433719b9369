"""The ways in to a Drive, or to a folder that stands for one."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from .errors import SignInError
from .google_drive import ATTEMPTS, DEADLINE, Drive
from .local_folder import LocalFolder
from .service import GOOGLE

__all__ = ["connect"]

SETTING = "COLAB_HELPERS_DRIVE"  # the environment variable that names a folder or a stand-in
PRACTICE_TOKEN = "practice-token"  # what a stand-in for Drive on this machine accepts; no secret
# https://developers.google.com/workspace/drive/api/guides/api-specific-auth
SCOPES = "https://www.googleapis.com/auth/"
CLIENT_SECRETS = "client_secrets.json"
SAVED_SIGN_IN = "~/.config/colab_helpers"  # a folder
THIS_MACHINE = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/*")
WAYS_IN = """Nobody is signed in to Google Drive. The ways in:
- in Colab: connect() asks you once;
- a folder on this machine, or a mounted Drive: connect("path/to/folder");
- on your own machine: put client_secrets.json here and run connect() again. You get it at
  console.cloud.google.com: a project with the Drive API; Credentials > OAuth client ID > \
Desktop app;
- credentials that you have: connect(credentials=...), any object of google-auth;
- for practice: set COLAB_HELPERS_DRIVE to a folder, or to the address of a stand-in on this \
machine."""


def connect(
    source: str | os.PathLike[str] | None = None,
    *,
    credentials: Any = None,
    endpoint: str | None = None,
    upload: bool = False,
    deadline: float = DEADLINE,
    attempts: int = ATTEMPTS,
) -> Drive | LocalFolder:
    """Opens a Drive, or a folder that stands for one.

    Example:
        ```python
        drive = connect()                           # your Drive
        drive = connect("/content/drive/MyDrive")   # any folder
        ```

    Args:
        source: Path of a folder, or None for Google Drive.
        credentials: Any google-auth credentials object.
        endpoint: Root URL of a Drive API in place of Google's, such as "http://127.0.0.1:8080".
        upload: On your own machine, ask for the right to write, too. In Colab the rights are
            always the same: to all of your Drive.
        deadline: Seconds after which a request without an answer counts as lost.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.

    Returns:
        A `LocalFolder` for a `source`, else a `Drive`. Without any argument: in Colab, after one
        sign-in; elsewhere what the environment variable COLAB_HELPERS_DRIVE names, a folder or
        the loopback URL of a stand-in; elsewhere by client_secrets.json.

    Raises:
        SignInError: With the ways in.
    """
    if source is None and credentials is None and endpoint is None and not in_colab():
        setting = os.environ.get(SETTING) or None
        if setting is not None and "://" in setting:
            endpoint = setting
        else:
            source = setting
    if source is not None:
        return _open_folder(source)
    if endpoint:
        _check_endpoint(endpoint, credentials)
    if credentials is None:
        credentials = _find_credentials(endpoint, upload)
    return Drive(credentials, endpoint or GOOGLE, deadline=deadline, attempts=attempts)


def in_colab() -> bool:
    """Whether this is Colab.

    Kaggle sets the same environment variables, so the shell is asked.
    """
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    shell = ipython.get_ipython()
    return type(shell).__module__.startswith("google.colab")


def colab_credentials() -> Any:
    """Asks to sign in, once a session.

    Raises:
        SignInError: The user refused, or closed the window.
    """
    import google.auth
    from google.colab import auth

    try:
        auth.authenticate_user()
        credentials, _ = google.auth.default(scopes=[f"{SCOPES}drive"])
    except Exception as error:
        raise SignInError(
            f"The sign-in was refused or closed ({type(error).__name__}). Run the cell again, and "
            "choose the account that holds your pictures."
        ) from None
    return credentials


def browser_credentials(upload: bool = False) -> Any:
    """Signs in through the browser, by the client_secrets.json in the working folder.

    The sign-in is kept for the next time, readable by this user alone.

    Args:
        upload: Ask for the right to write, too.

    Raises:
        SignInError: There is no client_secrets.json, or the user refused.
    """
    if not os.path.isfile(CLIENT_SECRETS):
        raise SignInError(WAYS_IN)
    scope = "drive" if upload else "drive.readonly"
    saved = os.path.join(os.path.expanduser(SAVED_SIGN_IN), f"{scope}.json")
    try:
        _make_private_file(saved)
        signed_in = _ask_in_the_browser(scope, saved)
    # Of PyDrive2, oauth2client or the system: each means that nobody is signed in.
    except Exception as error:
        raise SignInError(
            f"Could not sign in with {CLIENT_SECRETS} ({type(error).__name__}: {error}). Delete "
            f"{saved!r}, if there is one, and run connect() again. {WAYS_IN}"
        ) from None
    return _for_google_auth(signed_in)


def practice_credentials() -> Any:
    """What a stand-in for Drive on this machine accepts."""
    from google.oauth2.credentials import Credentials

    return Credentials(token=PRACTICE_TOKEN)


def _open_folder(source: str | os.PathLike[str]) -> LocalFolder:
    if "://" in str(source):
        raise SignInError(
            f"`source` must be the path of a folder. Received: {source!r}. For a folder on Drive: "
            "connect().list_images(address)."
        )
    return LocalFolder(source)


def _check_endpoint(endpoint: str, credentials: Any) -> None:
    """Raises a SignInError where a token could reach somebody else."""
    if _is_this_machine(endpoint):
        return
    if credentials is None or not endpoint.startswith("https://"):
        raise SignInError(
            f"Will not sign in to {endpoint!r}: without `credentials`, or without https, only an "
            "address of this machine (http://127.0.0.1:port) is spoken to."
        )


def _is_this_machine(endpoint: str) -> bool:
    return THIS_MACHINE.fullmatch(endpoint) is not None


def _find_credentials(endpoint: str | None, upload: bool) -> Any:
    """The credentials of whoever gave none."""
    if endpoint and _is_this_machine(endpoint):
        return practice_credentials()
    if in_colab():
        return colab_credentials()
    return browser_credentials(upload)


def _make_private_file(path: str) -> None:
    """Makes a file that this user alone can read, whatever it was before."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_NOFOLLOW, 0o600))
    os.chmod(path, 0o600)


def _ask_in_the_browser(scope: str, saved: str) -> Any:
    """The credentials of oauth2client, from the file or by the browser; kept in the file."""
    from pydrive2.auth import GoogleAuth

    settings = {
        "client_config_backend": "file",
        "client_config_file": CLIENT_SECRETS,
        "get_refresh_token": True,
        "save_credentials": True,
        "save_credentials_backend": "file",
        "save_credentials_file": saved,
        "oauth_scope": [f"{SCOPES}{scope}"],
    }
    auth = GoogleAuth(settings=settings)
    auth.LocalWebserverAuth()
    return auth.credentials


def _for_google_auth(signed_in: Any) -> Any:
    """Credentials of google-auth from those of oauth2client."""
    from google.oauth2.credentials import Credentials

    return Credentials(
        signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        token_uri=signed_in.token_uri,
        client_id=signed_in.client_id,
        client_secret=signed_in.client_secret,
        expiry=signed_in.token_expiry,
    )
