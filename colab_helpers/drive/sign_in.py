"""The ways in to a Drive, or to a folder that stands for one."""

from __future__ import annotations

import os
import re
from typing import Any

from .api_key import ApiKey
from .browser import browser_credentials
from .colab import colab_credentials, inherited_credentials
from .errors import SignInError
from .google_drive import ATTEMPTS, DEADLINE, Drive
from .local_folder import LocalFolder
from .service import GOOGLE
from .where import is_child_of_colab, is_colab_kernel

__all__ = ["connect"]

SETTING = "COLAB_HELPERS_DRIVE"  # the environment variable that names a folder or a stand-in
KEY_SETTING = "COLAB_HELPERS_API_KEY"  # the one that holds the key of a Drive that was pickled
PRACTICE_TOKEN = "practice-token"  # what a stand-in for Drive on this machine accepts; no secret
THIS_MACHINE = re.compile(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/*")


def connect(
    source: str | os.PathLike[str] | None = None,
    *,
    credentials: Any = None,
    api_key: str | None = None,
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
        drive = connect(api_key=key)                # folders that "Anyone with the link" may see
        ```

    Args:
        source: Path of a folder, or None for Google Drive.
        credentials: Any google-auth credentials object.
        api_key: An API key of Google Cloud in place of a sign-in. It lists and reads what is shared
            with "Anyone with the link", by ID or address; it finds no names and writes nothing. You
            get one at console.cloud.google.com: a project with the Google Drive API; Credentials >
            Create credentials > API key. It is a secret: keep it out of the notebook, in Colab
            among the Secrets (`userdata.get("GOOGLE_API_KEY")`). See
            https://developers.google.com/workspace/guides/create-credentials#api-key
        endpoint: Root URL of a Drive API in place of Google's, such as "http://127.0.0.1:8080".
        upload: On your own machine, ask for the right to write, too. In Colab the rights are
            always the same: to all of your Drive.
        deadline: Seconds after which a request without an answer counts as lost.
        attempts: How often a request is sent at most, if it fails in a way that usually passes.

    Returns:
        A `LocalFolder` for a `source`, else a `Drive`. Without any argument: in a notebook of
        Colab, after one sign-in; elsewhere what the environment variable COLAB_HELPERS_DRIVE names,
        a folder or the loopback URL of a stand-in; in a process that a notebook of Colab started,
        by the sign-in there; elsewhere by client_secrets.json.

    Raises:
        SignInError: With the ways in, or with who refused and what to do.
        ValueError: `api_key` or `credentials` are none, or are given with another way in;
            `deadline` or `attempts` is no number above 0.
    """
    key = None if api_key is None else ApiKey(api_key)
    api_key = None  # an error report shows the variables of this frame
    if key is not None:
        _check_key(key, source, credentials, upload)
        credentials = key
    if isinstance(credentials, (str, bytes, dict, os.PathLike)):  # a token, or the path of a key
        received = type(credentials).__name__
        credentials = None  # as above
        raise ValueError(
            "`credentials` must be an object of google-auth, such as what "
            "`google.oauth2.service_account.Credentials.from_service_account_file(path, "
            "scopes=...)` gives. What was given is not shown here. "
            f"Received: {received}"
        )
    if source is None and credentials is None and endpoint is None and not is_colab_kernel():
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


def key_of_this_side() -> ApiKey:
    """The API key of the environment, for a Drive that was pickled elsewhere.

    Raises:
        SignInError: There is none.
    """
    key = ApiKey(os.environ.get(KEY_SETTING))
    if not key.is_well_formed:
        raise SignInError(
            "This Drive reads with an API key, which does not travel. Set the environment variable "
            f"{KEY_SETTING} to the key on this side, too."
        )
    return key


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


def _check_key(
    key: ApiKey, source: str | os.PathLike[str] | None, credentials: Any, upload: bool
) -> None:
    """Raises an error where a key is none, or where it comes with what it does not go with."""
    if not key.is_well_formed:
        raise ValueError(
            "`api_key` must be an API key of Google Cloud: a text of letters, digits, dots, hyphens"
            " and underscores, such as AIza... What was given is none, and is not shown here."
        )
    if source is not None or credentials is not None:
        raise ValueError("Give one of `source`, `credentials` and `api_key`, and not two.")
    if upload:
        raise ValueError("An API key writes nothing. To upload, sign in: connect(upload=True).")


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
    if is_colab_kernel():
        return colab_credentials()
    if is_child_of_colab():
        return inherited_credentials()
    return browser_credentials(upload)
