"""Colab's own sign-in: in its notebook, and in a process that was started from there."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from .errors import SignInError
from .messages import shown

__all__ = ["colab_credentials", "inherited_credentials"]

DRIVE_SCOPE = "https://www.googleapis.com/auth/drive"
ANOTHER_ACCOUNT = (
    "For another account than the one that is signed in: Runtime > Disconnect and delete runtime, "
    "then run the cells again."
)
# What Colab raises when nobody is signed in afterwards. It keeps the first one to itself, so both
# are told by their names.
WHO_REFUSED = {
    "MessageError": "You closed Colab's sign-in window, or refused access there",
    "AuthorizationError": "Google did not give Colab the access that it asked for",
}


def colab_credentials() -> Any:
    """Asks to sign in, once a runtime.

    Returns:
        Credentials of google-auth.

    Raises:
        SignInError: The user or Google refused, or something else failed, which is named.
    """
    _ask_the_user()
    return _default_credentials(
        otherwise="You are signed in to Colab, but it has no credentials for you now ({why}). "
        f"Run the cell again in a minute. {ANOTHER_ACCOUNT}"
    )


def inherited_credentials() -> Any:
    """The credentials of the runtime, for a process that cannot ask anybody.

    Returns:
        Credentials of google-auth.

    Raises:
        SignInError: Nobody has signed in.
    """
    return _default_credentials(
        otherwise="Nobody is signed in on this runtime of Colab ({why}), and only its notebook "
        "can ask. Run connect() in a cell of the notebook first."
    )


def _ask_the_user() -> None:
    """Lets Colab ask, unless somebody is signed in.

    Raises:
        SignInError: Nobody is signed in afterwards.
    """
    try:
        from google.colab import auth

        with _quiet("google.auth"):
            auth.authenticate_user()
        return
    except Exception as error:  # Colab's own, and whatever fails beneath it
        who = WHO_REFUSED.get(type(error).__name__)
        why = _named(error)
    # Outside of `except`: the error holds frames whose variables may hold secrets.
    if who is None:
        raise SignInError(
            f"Colab could not sign you in; nobody refused, but this failed: {why}. Run the cell "
            "again. If that does not help: Runtime > Restart session."
        )
    raise SignInError(
        f"{who} ({why}). Run the cell again, choose the account that holds your pictures, and "
        f"allow access to Google Drive. {ANOTHER_ACCOUNT}"
    )


def _default_credentials(otherwise: str) -> Any:
    """The credentials of whoever is signed in on this machine.

    Args:
        otherwise: The message where there are none; "{why}" stands for the cause.

    Raises:
        SignInError: There are none.
    """
    import google.auth

    try:
        with _quiet("google.auth"):
            credentials, _ = google.auth.default(scopes=[DRIVE_SCOPE])
        return credentials
    except Exception as error:  # of google-auth or the network
        why = _named(error)
    raise SignInError(otherwise.format(why=why))


@contextlib.contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keeps a library's warnings from the screen, such as of a project ID that nobody needs."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _named(error: Exception) -> str:
    name = type(error).__name__
    text = shown(str(error))
    return f"{name}: {text}" if text else name
