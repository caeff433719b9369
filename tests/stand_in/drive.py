"""`FakeDrive`: what a test holds while a stand-in Drive is served."""

from __future__ import annotations

import collections
import dataclasses
import math
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from . import routes
from .contents import AnyPath, Folders, add_extra, add_mounts, add_shared_drives, add_shared_with_me
from .disk import Disk
from .faults import AnyFaults, Fault, Faults, RandomFaults, choose, play, unused
from .listing import PageMemory
from .media import Throttle
from .messages import Request, Response, reply
from .server import Server
from .state import State
from .tokens import PRACTICE_TOKEN, new_token
from .tree import Extra, Tree


@dataclasses.dataclass(slots=True)
class Logged:
    """One request that came, and how it ended.

    Attributes:
        status: 0 where the connection ended without an answer.
        range: The bytes that were asked for, as in the Range header.
    """

    kind: str
    method: str
    target: str
    status: int
    range: str | None = None


class FakeDrive:
    """Serves `folder` as "My Drive" on 127.0.0.1 between `with` and its end.

    Args:
        folder: What My Drive holds; uploads are written here. None serves an empty one.
        mounts: {name: path} of other folders, shown read-only at the top of My Drive.
        shared: {name: path} of folders at the top of "Shared with me" (read-only).
        drives: {name: path} of shared drives.
        public: Paths of what "Anyone with the link" may see, with an API key, too.
        extra: `Extra` entries beside those on disk.
        resource_keys: {path of an entry: key} without which it is not found.
        virtual: {path of a folder: count} of folders that exist in memory only; their files
            repeat the images below `folder` and `mounts`, named 000000.jpg and so on.
        page_size_limit: The largest page, whatever `maxResults` asks for.
        latency: Mean seconds before each answer.
        latency_sigma: Sigma of the lognormal spread of the latency; 0: it is constant.
        reads_per_window: (count, seconds) of downloads allowed; one more is refused with 403.
        token_lifetime: Seconds that a token from the token endpoint is good for.
        faults: `Fault`s, each used by the first request that it matches; or `RandomFaults`; or a
            function of a request that returns a `Fault` or None. `server.faults = ...` gives others
            while it is served.
        seed: Of the latencies.
        port: Of 127.0.0.1; 0 takes a free one.
        known_as: The address that clients know it by, where that is not its own.
        clock: Tells seconds, for the rate limit and the tokens.

    Attributes:
        log: A `Logged` for each request, in order.
        counts: How many requests of each kind came.
        tree: What lies on the Drive.
    """

    def __init__(
        self,
        folder: AnyPath | None = None,
        *,
        mounts: Folders | None = None,
        shared: Folders | None = None,
        drives: Folders | None = None,
        public: Iterable[str] = (),
        extra: Iterable[Extra] = (),
        resource_keys: Mapping[str, str] | None = None,
        virtual: Mapping[str, int] | None = None,
        page_size_limit: int = 1000,
        latency: float = 0.0,
        latency_sigma: float = 0.0,
        reads_per_window: tuple[float, float] | None = None,
        token_lifetime: float = 3600.0,
        faults: AnyFaults = (),
        seed: int = 0,
        port: int = 0,
        known_as: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._empty_folder: tempfile.TemporaryDirectory[str] | None = None
        if folder is None:
            self._empty_folder = tempfile.TemporaryDirectory()
            folder = self._empty_folder.name
        self.tree = Tree(Path(folder).resolve())
        disk = Disk(self.tree)
        add_mounts(self.tree, mounts or {})
        add_shared_with_me(self.tree, shared or {})
        add_shared_drives(self.tree, drives or {})
        disk.scan_all()
        for path, count in (virtual or {}).items():
            self.tree.add_virtual_folder(path, count)
        for one in extra:
            add_extra(self.tree, one)
        for path in public:
            self.tree.find(path).public = True
        for path, key in (resource_keys or {}).items():
            self.tree.find(path).resource_key = key
        self._state = State(
            tree=self.tree,
            disk=disk,
            clock=clock,
            tokens={PRACTICE_TOKEN: math.inf},
            token_lifetime=token_lifetime,
            throttle=Throttle(reads_per_window, clock),
            page_size_limit=page_size_limit,
            pages=PageMemory(),
        )
        self.faults = faults
        self.latency = latency
        self.latency_sigma = latency_sigma
        self._random = random.Random(seed)
        self.log: list[Logged] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self._lock = threading.RLock()  # a test changes the tree from another thread
        self._known_as = known_as
        self._server = Server(lambda request: self.respond(request), self.delay, port)

    # while it is served

    def __enter__(self) -> Self:
        self._server.start()
        self._state.url = self._known_as or self.url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        if self._empty_folder:
            self._empty_folder.cleanup()

    @property
    def url(self) -> str:
        """The address of the Drive's API, as `connect(endpoint=...)` takes it."""
        return self._server.url

    @property
    def in_flight(self) -> int:
        """How many requests wait for their answers now."""
        return self._server.in_flight

    @property
    def most_in_flight(self) -> int:
        """How many requests have waited for their answers at once."""
        return self._server.most_in_flight

    # what a test does to the Drive

    def add(self, extra: Extra) -> str:
        """Adds an `Extra`; returns its ID."""
        with self._lock:
            return add_extra(self.tree, extra).id

    def id(self, path: str) -> str:
        """The ID of what lies at a path of titles."""
        return self.tree.find(path).id

    def titled(self, title: str) -> list[str]:
        """The IDs of all that has this title, wherever it lies."""
        with self._lock:
            return [entry.id for entry in self.tree.entries.values() if entry.title == title]

    def move(self, path: str, folder: str) -> None:
        """Moves a file or folder into another folder; its ID stays."""
        with self._lock:
            self._state.disk.move(self.tree.find(path), self.tree.find(folder))

    def trash(self, path: str) -> None:
        """Puts a file or folder into the trash."""
        with self._lock:
            entry = self.tree.find(path)
            entry.trashed = True
            self.tree.changed(entry)

    def remove(self, path: str) -> None:
        """Deletes a file or folder, on the Drive and on disk."""
        with self._lock:
            self._state.disk.delete(self.tree.find(path))

    def new_token(self) -> str:
        """An access token, for who gets it elsewhere than at the token endpoint."""
        with self._lock:
            return new_token(self._state)

    def expire_tokens(self) -> None:
        """Every token given until now is refused from now on."""
        self.tokens = dict.fromkeys(self.tokens, -math.inf)

    def forget_pages(self) -> None:
        """Frees the memory of pages that are kept to be told again."""
        with self._lock:
            self._state.pages.clear()

    @property
    def tokens(self) -> dict[str, float]:
        """{access token: when it expires, in seconds of `clock`}."""
        return self._state.tokens

    @tokens.setter
    def tokens(self, tokens: dict[str, float]) -> None:
        self._state.tokens = tokens

    @property
    def faults(self) -> Faults:
        """What is to go wrong from now on."""
        return self._faults

    @faults.setter
    def faults(self, faults: AnyFaults) -> None:
        if isinstance(faults, RandomFaults) or callable(faults):
            self._faults: Faults = faults
        else:
            self._faults = list(faults)

    @property
    def unused_faults(self) -> list[Fault]:
        """Scripted faults that never happened (a fault with `times=None` must happen once)."""
        return unused(self._faults)

    # one request, one answer

    def answer(self, request: Request) -> Response:
        """The answer of a Drive on which nothing goes wrong."""
        if request.path == "/counts":  # for a client in another process
            return reply({**self.counts, "most_in_flight": self.most_in_flight})
        return routes.answer(self._state, request)

    def respond(self, request: Request) -> Response:
        """The answer to a request, with what goes wrong on the way; it is logged and counted."""
        with self._lock:
            response = play(self._next_fault(request), request, self.answer)
            status = 0 if response.end else response.status
            wanted = request.headers.get("range")
            self.log.append(Logged(request.kind, request.method, request.target, status, wanted))
            self.counts[request.kind] += 1
            return response

    def _next_fault(self, request: Request) -> Fault | None:
        if not self._faults:
            return None
        entry = self.tree.entries.get(request.item_id)
        return choose(self._faults, request, entry.title if entry else "")

    def delay(self, kind: str) -> float:
        """Seconds before the answer to a request of this kind is sent."""
        if not self.latency or kind in ("token", "counts"):
            return 0.0
        if not self.latency_sigma:
            return self.latency
        mean = -(self.latency_sigma**2) / 2  # so that the mean of the spread is 1
        return self.latency * self._random.lognormvariate(mean, self.latency_sigma)
