"""What an entry of the catalog stands for: a call of a function, a path on this machine."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from kedro.io import DatasetError
from kedro.io.core import get_protocol_and_path

__all__ = ["Config", "call", "local_path", "refuse_credentials"]

Config: TypeAlias = Mapping[str, Any]  # an entry of the catalog


def call(default: Callable[..., Any], config: Config | None, **arguments: Any) -> Any:
    """Calls `default` with the words of a catalog entry as arguments, or what its `type` names.

    Args:
        default: What the entry stands for when it has no `type`.
        config: The entry.
        arguments: What the dataset itself gives. It comes before what the entry says, and names no
            function: a `type` among it is an argument like any other.
    """
    words = dict(config or {})
    function = words.pop("type", default)
    if isinstance(function, str):
        function = _import(function)
    return function(**{**words, **arguments})


def _import(dotted_name: str) -> Any:
    module, _, name = dotted_name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DatasetError(
            f"Could not import {dotted_name!r} ({error}). Name a function that Python finds from "
            "where the pipeline runs, with its module before it, such as `type: drive.connect`."
        ) from error


def refuse_credentials(place: str, config: Config | None) -> None:
    """Refuses credentials within an entry, where the description of a dataset would show them."""
    if "credentials" in (config or {}):
        raise DatasetError(
            f"`credentials` stand in the entry itself, not in its `{place}`. Move the line there."
        )
    if "api_key" in (config or {}):
        raise DatasetError(
            "An `api_key` stands in credentials.yml, under a name such as `drive`, not in the "
            f"catalog's `{place}`. Move it there, and write `credentials: drive` into the entry."
        )


def local_path(word: str, path: str) -> str:
    """A path on this machine, without a `file://` before it.

    Args:
        word: What the path is in the entry.
        path: As the entry has it.

    Raises:
        DatasetError: It lies elsewhere, such as in a bucket.
    """
    if ":/" not in path:
        return path
    protocol, without_protocol = get_protocol_and_path(path)
    if protocol != "file":
        raise DatasetError(
            f"`{word}` must be a path on this machine, such as data/05_model_input/train.json. To "
            "keep it elsewhere, mount that place as a folder, or copy the file when the run is "
            f"over. Received: {path!r}"
        )
    return str(without_protocol)
