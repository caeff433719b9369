"""Signing in through the browser of one's own machine, by a client_secrets.json."""

from __future__ import annotations

import os
from typing import Any

from .errors import SignInError
from .names import printable
from .pydrive import ask_in_the_browser
from .token_request import FINAL_CODES

__all__ = ["browser_credentials"]

SCOPES = "https://www.googleapis.com/auth/"
CLIENT_SECRETS = "client_secrets.json"
SAVED_SIGN_IN = "~/.config/colab_helpers"  # a folder
# Errors whose text is of this machine. That of others can repeat what a token server sent.
OF_THIS_MACHINE = (
    "AuthenticationRejected",
    "InvalidClientSecretsError",
    "InvalidConfigError",
    "SettingsError",
)
WAYS_IN = """Nobody is signed in to Google Drive. The ways in:
- in Colab: connect() asks you once;
- a folder on this machine, or a mounted Drive: connect("path/to/folder");
- on your own machine: put client_secrets.json here and run connect() again. You get it at
  console.cloud.google.com: a project with the Drive API; Credentials > OAuth client ID > \
Desktop app;
- credentials that you have: connect(credentials=...), any object of google-auth;
- for folders that "Anyone with the link" may see: connect(api_key=...);
- for practice: set COLAB_HELPERS_DRIVE to a folder, or to the address of a stand-in on this \
machine."""


def browser_credentials(upload: bool = False) -> Any:
    """Signs in through the browser, by the client_secrets.json in the working folder.

    The sign-in is kept for the next time, readable by this user alone.

    Args:
        upload: Ask for the right to write, too.

    Returns:
        Credentials of google-auth.

    Raises:
        SignInError: There is no client_secrets.json, or the user refused.
    """
    if not os.path.isfile(CLIENT_SECRETS):
        raise SignInError(WAYS_IN)
    scope = "drive" if upload else "drive.readonly"
    saved = os.path.join(os.path.expanduser(SAVED_SIGN_IN), f"{scope}.json")
    try:
        _make_private_file(saved)
        return ask_in_the_browser(CLIENT_SECRETS, SCOPES + scope, saved)
    except Exception as error:  # of PyDrive2, oauth2client or the system: nobody is signed in
        why = _named(error)
    # Outside of `except`: the error holds frames whose variables hold secrets.
    raise SignInError(
        f"Could not sign in with {CLIENT_SECRETS} ({why}). Delete {saved!r}, if there is one, "
        f"and run connect() again. {WAYS_IN}"
    )


def _make_private_file(path: str) -> None:
    """Makes a file that this user alone can read, whatever it was before."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
    os.chmod(path, 0o600)


def _named(error: Exception) -> str:
    """What failed, without text that can hold a secret."""
    name = type(error).__name__
    text = str(error)
    if name in OF_THIS_MACHINE or isinstance(error, OSError):
        return f"{name}: {printable(text)}"
    for code, meaning in FINAL_CODES.items():
        if code in text:
            return f"{name}: {code}, {meaning}"
    return name
