"""An API key of Google Cloud, which stands in the place of credentials: it reads what is public."""

from __future__ import annotations

import re

import google.auth.api_key

__all__ = ["ApiKey"]

KEY = re.compile(r"[A-Za-z0-9._-]+")
NO_KEY = "-"  # sent by nobody; google-auth takes no empty one


class ApiKey(google.auth.api_key.Credentials):
    """Signs a request with the header X-Goog-Api-Key, so that the key stands in no address.

    https://cloud.google.com/apis/docs/system-parameters

    Example:
        >>> key = ApiKey(" AIza-secret ")
        >>> key.is_well_formed, "secret" in repr(key)
        (True, False)

    Args:
        text: The key; spaces around it do not matter.

    Attributes:
        is_well_formed: Whether it can be a key.
    """

    def __init__(self, text: object) -> None:
        stripped = text.strip() if isinstance(text, str) else ""
        self.is_well_formed = KEY.fullmatch(stripped) is not None
        super().__init__(stripped if self.is_well_formed else NO_KEY)
