"""The errors that Colab raises."""


class Error(Exception):
    """Any error of Colab's."""


class AuthorizationError(Error):
    """Nobody is signed in after all."""
