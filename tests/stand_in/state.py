"""All that a Drive remembers between two requests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from .disk import Disk
from .tree import Tree

if TYPE_CHECKING:
    from .listing import PageMemory
    from .media import Throttle
    from .uploads import Upload


@dataclasses.dataclass
class State:
    """What the functions that answer requests are handed.

    Attributes:
        tokens: {access token: when it expires, in seconds of `clock`}.
        token_lifetime: Seconds that a new token is good for.
        throttle: How many reads are allowed.
        page_size_limit: The largest page, whatever `maxResults` asks for.
        pages: The pages that were told since the last change.
        uploads: Uploads in pieces, by their ID.
        url: Where the stand-in is served, for the links in its answers.
    """

    tree: Tree
    disk: Disk
    clock: Callable[[], float]
    tokens: dict[str, float]
    token_lifetime: float
    throttle: Throttle
    page_size_limit: int
    pages: PageMemory
    uploads: dict[str, Upload] = dataclasses.field(default_factory=dict)
    url: str = ""
