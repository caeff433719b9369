r"""Search expressions such as "'ID' in parents and title != 'it\'s' and trashed = false".

https://developers.google.com/workspace/drive/api/guides/ref-search-terms
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TypeAlias

from .description import rfc3339
from .messages import Refusal
from .tree import Entry

Test: TypeAlias = Callable[[Entry], bool]

TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|\w+|!=|<=|>=|[=<>()])")
MOST_PARENTS = 100  # in one search; Drive refuses more as too complex

PROPERTIES: dict[str, Callable[[Entry], str]] = {
    "title": lambda entry: entry.title,
    "mimeType": lambda entry: entry.mime_type,
    "modifiedDate": lambda entry: rfc3339(entry.modified),
}
SIGNS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "contains": lambda text, part: part.lower() in text.lower(),
}
FLAGS: dict[str, Test] = {
    "trashed": lambda entry: entry.trashed,
    "sharedWithMe": lambda entry: entry.shared,
    "starred": lambda entry: False,
}


class Search:
    """A search expression, read from left to right.

        alternatives = conditions ("or" conditions)*
        conditions   = condition ("and" condition)*
        condition    = "not" condition | "(" alternatives ")" | membership | flag | comparison

    Attributes:
        test: Whether an entry is found.
        parent: The one folder that everything found lies in, or None.

    Raises:
        Refusal: Drive would not understand the expression.
    """

    def __init__(self, text: str, root_id: str) -> None:
        self._root_id = root_id
        self._tokens = _split(text.strip())
        self.parent: str | None = None
        self.test: Test = self._alternatives() if self._tokens else _finds_all
        if self._tokens:
            raise _invalid()

    def _take(self, *allowed: str) -> str:
        """The next token, which must be one of those allowed, or any one."""
        if not self._tokens:
            raise _invalid()
        if allowed and self._tokens[0] not in allowed:
            raise _invalid()
        return self._tokens.pop(0)

    def _comes(self, *tokens: str) -> bool:
        """Whether one of these tokens comes next."""
        return bool(self._tokens) and self._tokens[0] in tokens

    def _alternatives(self) -> Test:
        tests = [self._conditions()]
        while self._comes("or"):
            self._take("or")
            tests.append(self._conditions())
            self.parent = None
        if len(tests) == 1:
            return tests[0]
        return lambda entry: any(test(entry) for test in tests)

    def _conditions(self) -> Test:
        tests = [self._condition()]
        while self._comes("and"):
            self._take("and")
            tests.append(self._condition())
        return lambda entry: all(test(entry) for test in tests)

    def _condition(self) -> Test:
        token = self._take()
        if token == "not":
            return self._negation()
        if token == "(":
            return self._group()
        if token.startswith("'"):
            return self._membership(_unquote(token))
        if token in FLAGS:
            return self._flag(FLAGS[token])
        return self._comparison(token)

    def _negation(self) -> Test:
        parent = self.parent
        test = self._condition()
        self.parent = parent  # what is not in a folder may lie anywhere
        return lambda entry: not test(entry)

    def _group(self) -> Test:
        parent = self.parent
        test = self._alternatives()
        self.parent = self.parent or parent
        self._take(")")
        return test

    def _membership(self, value: str) -> Test:
        self._take("in")
        if self._take("parents", "owners", "writers", "readers") != "parents":
            return _finds_all
        folder_id = self._root_id if value == "root" else value
        self.parent = folder_id
        return lambda entry: folder_id in entry.parents

    def _flag(self, has_flag: Test) -> Test:
        wanted = True
        if self._comes("=", "!="):
            is_equal = self._take() == "="
            wanted = is_equal == (self._take("true", "false") == "true")
        return lambda entry: has_flag(entry) == wanted

    def _comparison(self, name: str) -> Test:
        compare = SIGNS[self._take(*SIGNS)]
        value = _unquote(self._take())
        if name not in PROPERTIES:
            raise _invalid()
        read = PROPERTIES[name]
        return lambda entry: compare(read(entry), value)


def _split(text: str) -> list[str]:
    tokens = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise _invalid()
        tokens.append(match[1])
        position = match.end()
    if tokens.count("parents") > MOST_PARENTS:
        raise Refusal(400, "invalid", "The query is too complex.")
    return tokens


def _unquote(token: str) -> str:
    if not token.startswith("'"):
        raise _invalid()
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _finds_all(entry: Entry) -> bool:
    return True


def _invalid() -> Refusal:
    return Refusal(400, "invalid", "Invalid query")
