"""Pages of folders, asked for by threads of their own before they are given out."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from concurrent.futures import Future
from typing import NamedTuple

from .files import is_hidden
from .items import Item, below, is_folder, target_id
from .paging import Page

__all__ = ["Coming", "FolderPage", "PagesAhead"]

MOST_IN_FLIGHT = 16  # requests for pages at once
PAGES_AHEAD_OF_ONE = 4  # pages that may wait to be given out, for each request in flight
MOST_WAITING = 2_000  # entries of pages that came, above which no more pages are asked for ahead


class FolderPage(NamedTuple):
    """A page of what lies in a folder.

    Attributes:
        items: All that is on it.
        folders: {ID: name} of the folders on it, and of those that shortcuts lead to.
        next_token: Of the folder's next page; None at the end.
    """

    items: list[Item]
    folders: dict[str, str]
    next_token: str | None

    @classmethod
    def of(cls, page: Page[Item]) -> FolderPage:
        """The page that came. Folders that are hidden are none."""
        folders: dict[str, str] = {}
        for item in filter(is_folder, page.entries):
            if not is_hidden(item["title"]):
                folders.setdefault(target_id(item), item["title"])
        return cls(page.entries, folders, page.next_token)


class Coming(NamedTuple):
    """A page that will be given out.

    Attributes:
        folder_id: The folder.
        page_token: Of the page; None for the folder's first.
        path: Of the folder, below the one that is listed.
    """

    folder_id: str
    page_token: str | None
    path: str

    @property
    def key(self) -> _Key:
        """Which page it is: a folder may have two paths, as by a shortcut, and is listed once."""
        return (self.folder_id, self.page_token)


_Key = tuple[str, str | None]
IsWanted = Callable[[], bool]
Ask = Callable[[Coming, IsWanted], Page[Item]]


class PagesAhead:
    """Asks for pages in the background, so that they are there when their turn comes.

    About as many requests are in flight as pages were taken before, and at most `MOST_IN_FLIGHT`:
    whoever wants a few files asks for a few pages. Nothing is asked for between two pages that are
    taken, so a listing that is given up asks for no more. The threads keep no interpreter alive,
    and a process that was forked off starts its own.

    Args:
        ask: Asks Drive for a page, by (page, function that tells whether it is still wanted);
            called from several threads at once.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._taken = 0
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._is_over = threading.Event()
        self._threads = 0
        self._asked: dict[_Key, _Job] = {}

    def __enter__(self) -> PagesAhead:
        return self

    def __exit__(self, *error: object) -> None:
        """Ends the threads, each after the request that it is at; nobody waits for them."""
        if self._is_forked:
            return
        self._is_over.set()
        for _ in range(self._threads):
            self._jobs.put(None)

    def take(self, coming: Coming) -> FolderPage:
        """The page that comes next.

        Raises:
            DriveError: It could not be had. Taken again, it is asked for again.
        """
        if self._is_forked:
            self._start()
        self._ask_for(coming)
        job = self._asked[coming.key]
        try:
            page = job.page.result()
        finally:
            if job.page.done():
                del self._asked[coming.key]
        self._taken += 1
        return page

    def ask_ahead(self, coming: Iterable[Coming], known: Container[str]) -> None:
        """Asks for the pages that will be given out next, as far as is known which.

        Args:
            coming: Pages in their order.
            known: IDs of the folders that have their place in it, or were given out.
        """
        if self._is_forked:
            self._start()
        if self._entries_waiting() >= MOST_WAITING:
            return
        in_flight = self._in_flight()
        most_in_flight = min(max(self._taken - 1, 1), MOST_IN_FLIGHT)
        for one in self._in_order(coming, known):
            is_enough = len(self._asked) >= most_in_flight * PAGES_AHEAD_OF_ONE
            if in_flight >= most_in_flight or is_enough:
                return
            in_flight += self._ask_for(one)

    def forget(self, folder_id: str) -> None:
        """Drops what was asked of a folder, as its page tokens hold no longer."""
        for key in list(self._asked):
            if key[0] == folder_id:
                del self._asked[key]

    @property
    def _is_forked(self) -> bool:
        return self._process != os.getpid()

    def _in_order(self, coming: Iterable[Coming], known: Container[str]) -> Iterator[Coming]:
        """Pages that did not arrive yet. One that did stands for those that follow from it."""
        met: set[_Key] = set()
        levels = [iter(coming)]
        while levels:
            one = next(levels[-1], None)
            if one is None:
                levels.pop()
                continue
            if one.key in met:
                continue
            met.add(one.key)
            page = self._arrived(one.key)
            if page is None:
                yield one
            else:
                levels.append(_followers(one, page, known))

    def _arrived(self, key: _Key) -> FolderPage | None:
        job = self._asked.get(key)
        if job is None or not job.page.done() or job.page.exception() is not None:
            return None
        return job.page.result()

    def _in_flight(self) -> int:
        return sum(not job.page.done() for job in self._asked.values())

    def _entries_waiting(self) -> int:
        arrived = [self._arrived(key) for key in self._asked]
        return sum(len(page.items) for page in arrived if page is not None)

    def _ask_for(self, coming: Coming) -> bool:
        """Begins to ask for a page, unless that was done; whether it was not."""
        if coming.key in self._asked:
            return False
        job = _Job(coming, Future())
        self._asked[coming.key] = job
        if self._threads < min(self._in_flight(), MOST_IN_FLIGHT):
            self._threads += 1
            arguments = (self._jobs, self._is_over, self._ask)
            threading.Thread(target=_work, args=arguments, name="listing", daemon=True).start()
        self._jobs.put(job)
        return True


class _Job(NamedTuple):
    coming: Coming
    page: Future[FolderPage]


def _work(jobs: queue.SimpleQueue[_Job | None], is_over: threading.Event, ask: Ask) -> None:
    """What a thread does: it asks for page after page, and knows nothing of the listing."""

    def is_wanted() -> bool:
        return not is_over.is_set()

    while True:
        job = jobs.get()
        if job is None or not is_wanted():
            return
        try:
            job.page.set_result(FolderPage.of(ask(job.coming, is_wanted)))
        except BaseException as error:
            job.page.set_exception(error)
        del job


def _followers(coming: Coming, page: FolderPage, known: Container[str]) -> Iterator[Coming]:
    """The pages that come after one: the next of its folder, then those of the folders on it."""
    if page.next_token:
        yield coming._replace(page_token=page.next_token)
    for folder_id, name in page.folders.items():
        if folder_id not in known:
            yield Coming(folder_id, None, below(coming.path, name))
