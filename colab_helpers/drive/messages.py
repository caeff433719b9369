"""Somebody else's words in a message: without secrets, short, and shown as they are."""

from __future__ import annotations

import re

from .names import printable

__all__ = ["hide_secrets", "shown"]

LONGEST = 200  # characters that are shown
HIDDEN = "..."  # stands for a secret
# What Google's tokens and secrets look like, and what follows the names of any others.
SECRETS = re.compile(
    r"(?P<before>(?:authorization\W+)?(?:bearer|basic)\s+|(?:authorization|_token|client_secret|api-key)\W+"
    r"|[?&]key=|\bya29\.|\b1//|\bGOCSPX-|\bAIza)[\w.~+/=-]+",
    re.IGNORECASE,
)


def hide_secrets(text: str, token: str = "") -> str:
    """A text that came from outside, without what it repeats of a request.

    Example:
        >>> hide_secrets("You sent: Authorization: Bearer ya29.secret")
        'You sent: Authorization: Bearer ...'

    Args:
        text: Of a server, or of an error.
        token: What else to hide.
    """
    if token:
        text = text.replace(token, HIDDEN)
    return SECRETS.sub(rf"\g<before>{HIDDEN}", text)


def shown(text: str, token: str = "") -> str:
    """A text that came from outside as it may stand in a message.

    Args:
        text: Of a server, or of an error.
        token: Of the request, which the text may repeat.
    """
    return printable(hide_secrets(text, token)[:LONGEST])
