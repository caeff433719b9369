"""Credentials: from the credentials store to google-auth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kedro.io import DatasetError

from .entries import Config

__all__ = ["connect_arguments"]

READ_ONLY = "https://www.googleapis.com/auth/drive.readonly"


def connect_arguments(config: Any) -> dict[str, Any]:
    """Arguments of `drive.connect` from an entry of the credentials store; none of an empty one.

    Raises:
        DatasetError: It cannot be used; no value of it is shown.
    """
    if not config:
        return {}
    if not isinstance(config, Mapping):
        return {"credentials": config}  # of google-auth, where the catalog is made in Python
    if "api_key" not in config:
        return {"credentials": _google_credentials(config)}
    if len(config) > 1:
        raise DatasetError(
            "An entry of credentials with an `api_key` holds nothing else. It holds: "
            f"{', '.join(map(str, config))}."
        )
    return {"api_key": config["api_key"]}


def _google_credentials(config: Config) -> Any:
    kind = config.get("type")
    if kind not in ("service_account", "authorized_user", None):
        raise DatasetError(
            "The `type` of credentials must be 'service_account', 'authorized_user' or left out. "
            "Received another one."
        )
    try:
        return _make_credentials(kind, config)
    except Exception as error:  # its text might quote a value; the names of the words are no secret
        raise DatasetError(
            f"The credentials of this entry cannot be used ({type(error).__name__}). They hold: "
            f"{', '.join(map(str, config))}. Compare them with the JSON that Google gave you."
        ) from None


def _make_credentials(kind: str | None, config: Config) -> Any:
    from google.oauth2 import credentials, service_account

    if kind == "service_account":
        return service_account.Credentials.from_service_account_info(config, scopes=[READ_ONLY])
    if kind == "authorized_user":
        return credentials.Credentials.from_authorized_user_info(config)
    arguments = {name: value for name, value in config.items() if name != "type"}
    return credentials.Credentials(**{"token": None, **arguments})
