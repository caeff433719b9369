"""Signing in: once a runtime; afterwards the metadata server gives tokens."""

from . import _message, errors


def authenticate_user(clear_output=True, project_id=None):
    """Asks the user to sign in, unless somebody is signed in already.

    Raises:
        MessageError: The window was closed, or access refused.
        errors.AuthorizationError: There are no credentials afterwards.
    """
    if is_signed_in():
        return
    _message.ask_to_sign_in()
    if not is_signed_in():
        raise errors.AuthorizationError("Failed to fetch user credentials")


def is_signed_in():
    """Whether google-auth finds credentials that give a token."""
    import google.auth
    import google.auth.transport.requests

    try:
        credentials, _ = google.auth.default(scopes=["email"])
        credentials.refresh(google.auth.transport.requests.Request())
    except google.auth.exceptions.GoogleAuthError:
        return False
    return True
