"""Work done some items ahead, by threads that the end of the program does not wait for."""

from __future__ import annotations

import collections
import queue
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["done_ahead"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def done_ahead(
    do: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Generator[Result, None, None]:
    """Yields `do(item)` of each item, in order; `threads` of them are under way meanwhile.

    After Ctrl-C, an error or the end of the program, nobody waits for what is under way: a read
    from a server that is silent may take minutes.

    Example:
        >>> list(done_ahead(len, ["one", "three"], threads=2))
        [3, 5]

    Raises:
        Exception: What `do` raised, at the place of its item.
    """
    jobs: queue.SimpleQueue[tuple[Item, Future[Result]] | None] = queue.SimpleQueue()
    under_way: collections.deque[Future[Result]] = collections.deque()
    started = 0
    try:
        for item in items:
            result: Future[Result] = Future()
            under_way.append(result)
            jobs.put((item, result))
            if started < threads:
                threading.Thread(target=_work, args=(do, jobs), daemon=True).start()
                started += 1
            if len(under_way) > threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for result in under_way:
            result.cancel()
        for _ in range(started):
            jobs.put(None)


def _work(
    do: Callable[[Item], Result],
    jobs: queue.SimpleQueue[tuple[Item, Future[Result]] | None],
) -> None:
    while (job := jobs.get()) is not None:
        item, result = job
        if not result.set_running_or_notify_cancel():
            continue
        try:
            result.set_result(do(item))
        except BaseException as error:  # whoever waits for the result is to see it
            result.set_exception(error)
