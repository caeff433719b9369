"""An answer in pages: one after the other, and an error where they do not come to an end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from .errors import DriveError

__all__ = ["Page", "PageWatch", "each_page"]

MOST_PAGES = 10_000  # of one answer; ten million entries
MOST_EMPTY_PAGES_OF_A_TOKEN = 4  # an empty page may say: ask for the same one again
MOST_IDLE_PAGES = 250  # in a row that are empty, or hold what another page held

Entry = TypeVar("Entry")


class Page(NamedTuple, Generic[Entry]):
    """One page of an answer in pages.

    Attributes:
        entries: May be empty, and yet another page follows.
        next_token: Of the next page; None at the end.
        new_start: Of changes, at the end: the token to ask by for what changes from now on.
    """

    entries: list[Entry]
    next_token: str | None
    new_start: str | None = None


class PageWatch:
    """Notices that the pages of one answer do not come to an end.

    Example:
        >>> watch = PageWatch("list the folder 'a'")
        >>> for page in [Page([1, 2], "x"), Page([3], "y"), Page([4], None)]:
        ...     watch.see(page)                      # a DriveError, were there an "x" again

    Args:
        what: What the pages are asked for, as in "Could not <what>".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._begin()
        self._pages_at_rejection: int | None = None

    def see(self, page: Page[Any]) -> None:
        """Takes note of a page.

        Raises:
            DriveError: It leads in a circle, or there were too many.
        """
        self._pages += 1
        token = page.next_token
        if token is None:
            return
        self._tokens[token] += 1
        allowed = 1 if page.entries else MOST_EMPTY_PAGES_OF_A_TOKEN
        if self._tokens[token] > allowed:
            raise self._endless(f"page {self._pages} leads back to a page before it")
        if self._is_news(page):
            self._idle_pages = 0
        else:
            self._idle_pages += 1
        if self._idle_pages >= MOST_IDLE_PAGES:
            raise self._endless(f"{self._idle_pages} pages in a row hold nothing new")
        if self._pages >= MOST_PAGES:
            raise self._endless(f"there are more than {MOST_PAGES} pages")

    def rejected(self) -> None:
        """Takes note that a page token was rejected, and that the first page is asked for again.

        Raises:
            DriveError: It was so before, and no page more has come since.
        """
        before = self._pages_at_rejection
        if before is not None and self._pages <= before:
            raise self._endless(
                f"it does not know its own page tokens any more, twice after {self._pages} pages"
            )
        self._pages_at_rejection = self._pages
        self._begin()

    def _begin(self) -> None:
        self._pages = 0
        self._idle_pages = 0
        self._tokens: Counter[str] = Counter()
        self._fingerprints: set[int] = set()

    def _is_news(self, page: Page[Any]) -> bool:
        """Whether a page holds anything, and not just what another page held."""
        if not page.entries:
            return False
        fingerprint = hash((len(page.entries), repr(page.entries[0]), repr(page.entries[-1])))
        is_new = fingerprint not in self._fingerprints
        self._fingerprints.add(fingerprint)
        return is_new

    def _endless(self, why: str) -> DriveError:
        return DriveError(
            f"Could not {self._what}: Drive's answer does not come to an end ({why}). "
            "Run the cell again in some minutes."
        )


def each_page(
    ask: Callable[[str | None], Page[Entry]], what: str, token: str | None = None
) -> Iterator[Page[Entry]]:
    """Asks for page after page; each when the one before is used up.

    Example:
        >>> pages = {None: Page([1, 2], "a"), "a": Page([], "b"), "b": Page([3], None)}
        >>> [page.entries for page in each_page(pages.get, "count")]
        [[1, 2], [], [3]]

    Args:
        ask: Gives the page of a token, None standing for the first.
        what: What the pages are asked for, as in "Could not <what>".
        token: Of the page to begin with.

    Raises:
        DriveError: The pages do not come to an end.
    """
    watch = PageWatch(what)
    while True:
        page = ask(token)
        watch.see(page)
        yield page
        token = page.next_token
        if not token:
            return
