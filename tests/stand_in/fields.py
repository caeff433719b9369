"""The `fields` parameter: which parts of an answer are told.

https://developers.google.com/workspace/drive/api/guides/fields-parameter
"""

from __future__ import annotations

import collections
import functools
import json
import re
from pathlib import Path
from typing import Any, TypeAlias

import googleapiclient

from .messages import Refusal, Request

Mask: TypeAlias = "dict[str, Mask]"  # the names that are wanted, with those within each; empty: all

DISCOVERY = Path(googleapiclient.__file__).parent / "discovery_cache/documents/drive.v2.json"


def mask_of(request: Request, schema: str | None = None) -> Mask:
    """What a request wants to be told, checked against a schema of the discovery document.

    Raises:
        Refusal: A name is not in the schema, or the parentheses do not close.
    """
    mask = parse_mask(request.query.get("fields", ""))
    if schema is not None:
        _check(mask, schemas()[schema])
    return mask


@functools.lru_cache(maxsize=256)
def parse_mask(text: str) -> Mask:
    """A mask from what a request says.

    >>> parse_mask("items(id,parents/id),nextPageToken")
    {'items': {'id': {}, 'parents': {'id': {}}}, 'nextPageToken': {}}
    """
    try:
        return _selection(collections.deque(re.findall(r"[^,()/\s]+|[,()/]", text)))
    except IndexError:
        raise _invalid(text) from None


def _selection(tokens: collections.deque[str]) -> Mask:
    """Takes names from the tokens up to the parenthesis that closes them, or to the end."""
    mask: Mask = {}
    while tokens and tokens[0] != ")":
        node = mask.setdefault(tokens.popleft(), {})
        while _take(tokens, "/"):
            node = node.setdefault(tokens.popleft(), {})
        if _take(tokens, "("):
            node.update(_selection(tokens))
            tokens.popleft()
        _take(tokens, ",")
    return mask


def _take(tokens: collections.deque[str], token: str) -> bool:
    """Takes the next token if it is this one."""
    if not tokens or tokens[0] != token:
        return False
    tokens.popleft()
    return True


@functools.cache
def schemas() -> dict[str, Any]:
    """What each kind of answer holds, from the discovery document."""
    document: dict[str, dict[str, Any]] = json.loads(DISCOVERY.read_text())
    return document["schemas"]


def _check(mask: Mask, schema: dict[str, Any]) -> None:
    """Refuses names that the discovery document does not know, as Drive does."""
    properties = schema.get("properties", {})
    for name, inner in mask.items():
        if name == "*":
            continue
        if name not in properties:
            raise _invalid(name)
        below = properties[name].get("items", properties[name])
        _check(inner, schemas()[below["$ref"]] if "$ref" in below else below)


def _invalid(text: str) -> Refusal:
    return Refusal(400, "invalidParameter", f"Invalid field selection {text}")


def wants(mask: Mask, name: str) -> bool:
    """Whether a mask asks for a name; an empty one asks for all."""
    return not mask or name in mask or "*" in mask


def pick(value: Any, mask: Mask) -> Any:
    """The part of an answer that a mask asks for."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [pick(item, mask) for item in value]
    return {name: pick(value[name], inner) for name, inner in mask.items() if name in value}
