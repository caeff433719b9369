"""A stand-in for Google Drive: the Drive v2 REST API over a local folder, on loopback, with faults on request.

The real PyDrive2 speaks to it over HTTP, so nothing in a test has to be patched:

    with FakeDrive("photos", latency=0.1, faults=[Fault("error", kind="media", status=503)]) as server:
        drive = connect(endpoint=server.url)
        ...
        assert server.counts["media"] == 12

From a terminal, until Ctrl-C (its URL is the first line printed):

    python tests/fake_drive.py photos --mount flowers=/data/flowers17 --latency 0.1

The whole server is one function of a request, `FakeDrive.answer`; around it `FakeDrive.respond` plays what goes
wrong on the way, and `_Connection` speaks HTTP. One asyncio thread serves everybody, so that hundreds of slow
requests cost next to no CPU. What the folder shows:

- a file `notes.gdoc` is a Google document (`.gsheet`, `.gslides` likewise): no size, no md5, no download;
- `%2F` in a name on disk is a slash in its title, since a title on Drive may hold one;
- names that begin with a dot are not shown. Every first page of a listing looks at the disk anew.

Names, parameters and answers follow Google's own discovery document, which googleapiclient ships.
"""
import argparse
import asyncio
import base64
import collections
import dataclasses
import functools
import hashlib
import http
import json
import math
import mimetypes
import os
import random
import re
import shutil
import signal
import socket
import struct
import tempfile
import threading
import time
import urllib.parse
from datetime import UTC, datetime
from pathlib import Path

import googleapiclient

PRACTICE_TOKEN = "practice-token"  # accepted for ever; what colab_helpers.drive sends to a loopback address
REFRESH_TOKEN = "practice-refresh-token"  # what the token endpoint takes
FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
GOOGLE_TYPES = {f".g{short}": f"application/vnd.google-apps.{kind}" for short, kind in
                (("doc", "document"), ("sheet", "spreadsheet"), ("slides", "presentation"))}
DISCOVERY = "discovery_cache/documents/drive.v2.json"
CHUNK = 256 * 1024  # every piece of a resumable upload but the last is a multiple of this


# ---------------------------------------------------------------------------------------------- faults

@dataclasses.dataclass
class Fault:
    """One thing that goes wrong, `times` times, with the next requests that match.

    Attributes:
        do: what happens instead of, or to, the answer:
            "error": `status` with Drive's JSON and `reason`; "html": `status` with a page of HTML;
            "empty": `status` with no body; "zero": 200 with no body;
            "truncated": half the body, and a Content-Length that agrees; "short": half the body of the
            Content-Length announced, then the connection closes; "flipped": one bit of the body is wrong;
            "reset": the connection is reset; "stall": no answer ever comes;
            "lost": the request is carried out, and the connection reset before the answer;
            "empty_page": a page of a listing without items, that has a next page all the same.
        kind: "list", "get", "media", "upload", "insert", "update", "changes", "token", ..., or None for any.
        match: a part of the request's path and query, or of the title of its file.
        times: how often; None for always.
        retry_after: seconds, sent as a Retry-After header.
    """
    do: str = "error"
    kind: str | None = None
    match: str = ""
    status: int = 503
    reason: str = "backendError"
    times: int | None = 1
    retry_after: float | None = None
    message: str = ""
    used: int = 0

    def takes(self, kind, text):
        return (self.times is None or self.used < self.times) and self.kind in (None, kind) and self.match in text


def every_fault():
    """One of each fault that a client can get over by asking again."""
    return [Fault("error", status=403, reason="userRateLimitExceeded"),
            Fault("error", status=403, reason="rateLimitExceeded"),
            Fault("error", status=429, reason="rateLimitExceeded", retry_after=1),
            Fault("error", status=500, reason="internalError"), Fault("error", status=503),
            Fault("error", status=408, reason="requestTimeout"), Fault("error", status=401, reason="authError"),
            Fault("html", status=502), Fault("empty", status=500), Fault("zero"), Fault("truncated"),
            Fault("short"), Fault("flipped"), Fault("reset"), Fault("stall")]


class RandomFaults:
    """A seeded share of the requests of one kind fails; which ones depends on no thread's timing.

    Whether the n-th request for one path fails, and how, is a function of the seed, the path and n.
    """

    def __init__(self, share=0.2, *, kind="media", choices=None, seed=0):
        self.share, self.kind, self.seed = share, kind, seed
        self.choices = every_fault() if choices is None else list(choices)
        self._asked = collections.Counter()

    def pick(self, kind, path):
        if kind != self.kind:
            return None
        self._asked[path] += 1
        draw = random.Random(f"{self.seed}/{path}/{self._asked[path]}")
        return draw.choice(self.choices) if draw.random() < self.share else None


# ------------------------------------------------------------------------- what one request and answer are

@dataclasses.dataclass(slots=True)
class Request:
    method: str
    target: str  # path and query, as sent
    headers: dict  # names in lower case
    body: bytes = b""
    path: str = ""
    query: dict = dataclasses.field(default_factory=dict)
    kind: str = ""

    def __post_init__(self):
        self.method = self.headers.get("x-http-method-override", self.method)
        path, _, query = self.target.partition("?")
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            query = self.body.decode()  # a query too long for a URL comes as a POST, with the override above
        self.path = urllib.parse.unquote(path)
        self.query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        self.kind = self._kind()

    def _kind(self):
        if "/upload/" in self.path:
            return "upload"
        name, _, rest = self.path.removeprefix("/drive/v2/").strip("/").partition("/")
        if name != "files":
            return name  # "token", "about", "changes", "drives", ...
        if not rest:
            return "list" if self.method == "GET" else "insert"
        if self.method == "GET":
            return "media" if self.query.get("alt") == "media" else "get"
        return "delete" if self.method == "DELETE" else "update"


@dataclasses.dataclass(slots=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    length: int | None = None  # a Content-Length that lies; the connection closes after the body
    end: str | None = None  # "reset" or "stall" instead of an answer


class Refusal(Exception):
    """An error answer in Drive's own JSON shape."""

    def __init__(self, status, reason, message="", headers=None):
        message = message or reason
        error = {"domain": "usageLimits" if "xceeded" in reason else "global", "reason": reason, "message": message}
        body = {"error": {"errors": [error], "code": status, "message": message}}
        self.response = Response(status, json.dumps(body, indent=1).encode(), headers or {})


def reply(value, status=200, **headers):
    return Response(status, json.dumps(value).encode(), headers)


# --------------------------------------------------------------------------- what lies on the drive

@dataclasses.dataclass(slots=True)
class Entry:
    id: str
    title: str
    mime_type: str
    parents: tuple
    order: int
    path: str | None = None  # where its bytes lie on disk
    content: bytes | None = None  # or in memory
    size: int = 0
    modified: int = 0  # nanoseconds
    trashed: bool = False
    shared: bool = False  # stands at the top of "Shared with me"
    drive_id: str | None = None
    resource_key: str | None = None
    target: str | None = None  # of a shortcut
    read_only: bool = False

    @property
    def has_media(self):
        return not self.mime_type.startswith("application/vnd.google-apps.")


@dataclasses.dataclass
class Extra:
    """An entry that a disk cannot hold: a second file of one name, a shortcut, a folder found by ID alone.

    Attributes:
        parent: path of its folder, or an ID.
        title: any text.
        content: bytes of a file; None makes a folder.
        shortcut_to: path or ID of what it points to (an ID that does not exist dangles).
    """
    parent: str
    title: str
    content: bytes | None = None
    id: str | None = None
    shortcut_to: str | None = None
    mime_type: str | None = None
    resource_key: str | None = None
    modified: float = 1_700_000_000.0


def mime_type_of(title):
    google = GOOGLE_TYPES.get(os.path.splitext(title)[1])
    known = {".webp": "image/webp", ".heic": "image/heif", ".heif": "image/heif", ".avif": "image/avif"}
    guess = known.get(os.path.splitext(title)[1].lower()) or mimetypes.guess_type(title)[0]
    return google or guess or "application/octet-stream"


def rfc3339(nanoseconds):
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Tree:
    """Entries by ID, children by folder, and the list of changes; read from disk and written to it."""

    def __init__(self, folder):
        self.entries, self.children, self.by_path = {}, collections.defaultdict(dict), {}
        self.changes = []  # (file ID, deleted), the change number is the position + 1
        self._md5 = {}
        self.root = self.add("My Drive", (), FOLDER, path=str(folder), id=self._new_id("root", "0A"))

    def _new_id(self, key, start="1"):
        for n in range(1_000_000):
            digest = hashlib.sha256(f"{key}\0{n}".encode()).digest()[:24]
            file_id = start + base64.urlsafe_b64encode(digest).decode()
            if file_id not in self.entries:
                return file_id

    def add(self, title, parents, mime_type, *, id=None, **attributes):
        key = "/".join([*parents, title])
        entry = Entry(id or self._new_id(key), title, mime_type, tuple(parents), len(self.entries), **attributes)
        if parents and (above := self.entries.get(parents[0])):
            entry.drive_id = entry.drive_id or above.drive_id
            entry.read_only = entry.read_only or above.read_only
        self.entries[entry.id] = entry
        for parent in parents:
            self.children[parent][entry.id] = entry
        self.changed(entry.id)
        return entry

    def changed(self, file_id, deleted=False):
        self.changes.append((file_id, deleted))

    def remove(self, entry):
        for child in list(self.children.pop(entry.id, {}).values()):
            self.remove(child)
        for parent in entry.parents:
            self.children[parent].pop(entry.id, None)
        self.by_path.pop(entry.path, None)
        if self.entries.pop(entry.id, None):
            self.changed(entry.id, deleted=True)

    def scan(self, folder, deep=False):
        """Makes the entries below a folder agree with the disk."""
        if folder.path is None or folder.mime_type != FOLDER:
            return
        try:
            with os.scandir(folder.path) as found:
                found = sorted((item for item in found if not item.name.startswith(".")), key=lambda i: i.name)
        except FileNotFoundError:
            found = []
        paths = {item.path for item in found}
        for child in list(self.children[folder.id].values()):
            if self.by_path.get(child.path) is child and child.path not in paths:
                self.remove(child)
        for item in found:
            stat = item.stat()
            entry = self.by_path.get(item.path)
            if entry is None:
                title = item.name.replace("%2F", "/")
                mime_type = FOLDER if item.is_dir() else mime_type_of(title)
                if os.path.splitext(title)[1] in GOOGLE_TYPES:
                    title = os.path.splitext(title)[0]
                entry = self.add(title, (folder.id,), mime_type, path=item.path)
                self.by_path[item.path] = entry
                entry.size, entry.modified = stat.st_size, stat.st_mtime_ns
            elif entry.mime_type != FOLDER and (entry.size, entry.modified) != (stat.st_size, stat.st_mtime_ns):
                entry.size, entry.modified = stat.st_size, stat.st_mtime_ns
                self.changed(entry.id)
            if deep and entry.mime_type == FOLDER:
                self.scan(entry, deep=True)

    def find(self, name):
        """The entry with this ID, or at this path of titles from the top (a shared drive is a top, too)."""
        if name in self.entries:
            return self.entries[name]
        if name in ("", ".", "root"):
            return self.root
        tops = [entry for entry in self.entries.values() if not entry.parents and entry is not self.root]
        found = self._below([*tops, *self.children[self.root.id].values()], name)
        if found is None:
            raise KeyError(f"{name!r} is not on the stand-in Drive.")
        return found

    def _below(self, entries, path):
        for entry in entries:
            if entry.title == path:
                return entry
            if path.startswith(f"{entry.title}/"):  # a title may hold a slash itself, so all are tried
                found = self._below(self.children[entry.id].values(), path[len(entry.title) + 1:])
                if found:
                    return found
        return None

    def data(self, entry, start=0, end=None):
        if entry.content is not None:
            return entry.content[start:end]
        with open(entry.path, "rb") as file:
            file.seek(start)
            return file.read() if end is None else file.read(end - start)

    def md5(self, entry):
        key = (entry.path, entry.size, entry.modified) if entry.content is None else (entry.id, entry.modified)
        if key not in self._md5:
            self._md5[key] = hashlib.md5(self.data(entry)).hexdigest()
        return self._md5[key]

    def write(self, entry, data):
        """Puts bytes into a file; on disk when its folder lies there and the name is free."""
        folder = self.entries[entry.parents[0]]
        if entry.path is None and entry.content is None and folder.path is not None:
            name = entry.title.replace("/", "%2F")
            path = os.path.join(folder.path, f"%2E{name[1:]}" if name.startswith(".") else name)
            if not os.path.exists(path):
                entry.path = path
                self.by_path[path] = entry
        if entry.path is None:
            entry.content, entry.modified = bytes(data), time.time_ns()
        else:
            handle, temporary = tempfile.mkstemp(dir=os.path.dirname(entry.path), prefix=".upload-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, entry.path)
            entry.modified = os.stat(entry.path).st_mtime_ns
        entry.size = len(data)
        self.changed(entry.id)


# --------------------------------------------------------------------------------- `q` and `fields`

class Query:
    """A search expression such as "'ID' in parents and title != 'it\\'s' and trashed = false"."""

    _TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<word>\w+)|(?P<sign>!=|<=|>=|[=<>()]))")

    def __init__(self, text, root):
        self._tokens, self._root, at = [], root, 0
        text = text.strip()
        while at < len(text):
            match = self._TOKEN.match(text, at)
            if not match:
                raise Refusal(400, "invalid", "Invalid query")
            self._tokens.append(match.group().strip())
            at = match.end()
        if self._tokens.count("parents") > 100:
            raise Refusal(400, "invalid", "The query is too complex.")
        self.parent = None  # one folder that every match must lie in, if there is one
        self.test = self._any() if self._tokens else lambda entry: True
        if self._tokens:
            raise Refusal(400, "invalid", "Invalid query")

    def _take(self, *allowed):
        if not self._tokens or allowed and self._tokens[0] not in allowed:
            raise Refusal(400, "invalid", "Invalid query")
        return self._tokens.pop(0)

    def _any(self):
        tests = [self._all()]
        while self._tokens[:1] == ["or"]:
            self._take("or")
            tests.append(self._all())
            self.parent = None
        return tests[0] if len(tests) == 1 else lambda entry: any(test(entry) for test in tests)

    def _all(self):
        tests = [self._one()]
        while self._tokens[:1] == ["and"]:
            self._take("and")
            tests.append(self._one())
        return lambda entry: all(test(entry) for test in tests)

    def _one(self):
        token = self._take()
        if token == "not":
            before, test = self.parent, self._one()
            self.parent = before
            return lambda entry: not test(entry)
        if token == "(":
            before, test = self.parent, self._any()
            self.parent = self.parent or before
            self._take(")")
            return test
        if token.startswith("'"):
            value = self._unquote(token)
            self._take("in")
            if self._take("parents", "owners", "writers", "readers") != "parents":
                return lambda entry: True
            self.parent = value = self._root if value == "root" else value
            return lambda entry: value in entry.parents
        if token in ("trashed", "sharedWithMe", "starred"):
            wanted = True
            if self._tokens[:1] and self._tokens[0] in ("=", "!="):
                wanted = (self._take() == "=") == (self._take("true", "false") == "true")
            name = {"sharedWithMe": "shared"}.get(token, token)
            return lambda entry: getattr(entry, name, False) == wanted
        sign, value = self._take("=", "!=", "contains", "<", ">", "<=", ">="), self._unquote(self._take())
        if token not in ("title", "mimeType", "modifiedDate"):
            raise Refusal(400, "invalid", "Invalid query")
        read = {"title": lambda entry: entry.title, "mimeType": lambda entry: entry.mime_type,
                "modifiedDate": lambda entry: rfc3339(entry.modified)}[token]
        compare = {"=": lambda have: have == value, "!=": lambda have: have != value,
                   "contains": lambda have: value.lower() in have.lower(),
                   "<": lambda have: have < value, ">": lambda have: have > value,
                   "<=": lambda have: have <= value, ">=": lambda have: have >= value}[sign]
        return lambda entry: compare(read(entry))

    @staticmethod
    def _unquote(token):
        if not token.startswith("'"):
            raise Refusal(400, "invalid", "Invalid query")
        return re.sub(r"\\(.)", r"\1", token[1:-1])


def parse_mask(text):
    """`items(id,parents/id),nextPageToken` as {"items": {"id": {}, "parents": {"id": {}}}, "nextPageToken": {}}."""
    tokens = re.findall(r"[^,()/\s]+|[,()/]", text)

    def selection():
        mask = {}
        while tokens and tokens[0] != ")":
            node = mask.setdefault(tokens.pop(0), {})
            while tokens[:1] == ["/"]:
                tokens.pop(0)
                node = node.setdefault(tokens.pop(0), {})
            if tokens[:1] == ["("]:
                tokens.pop(0)
                node.update(selection())
                tokens.pop(0)
            if tokens[:1] == [","]:
                tokens.pop(0)
        return mask

    try:
        return selection()
    except IndexError:
        raise Refusal(400, "invalidParameter", f"Invalid field selection {text}") from None


@functools.cache
def schemas():
    return json.loads((Path(googleapiclient.__file__).parent / DISCOVERY).read_text())["schemas"]


def check_mask(mask, schema):
    """Refuses names that the discovery document does not know, as Drive does."""
    for name, inner in mask.items():
        if name != "*":
            if name not in schema.get("properties", {}):
                raise Refusal(400, "invalidParameter", f"Invalid field selection {name}")
            below = schema["properties"][name]
            below = below.get("items", below)
            check_mask(inner, schemas()[below["$ref"]] if "$ref" in below else below)


def pick(value, mask):
    """The part of an answer that a mask names; everything for an empty mask or "*"."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [pick(item, mask) for item in value]
    return {name: pick(value[name], inner) for name, inner in mask.items() if name in value}


# ------------------------------------------------------------------------------------------ the drive

@dataclasses.dataclass(slots=True)
class Logged:
    kind: str
    method: str
    target: str
    status: int  # 0 where the connection ended without an answer
    range: str | None = None


class FakeDrive:
    """Serves `folder` as "My Drive" on 127.0.0.1 between `with` and its end.

    Args:
        folder: what My Drive holds; uploads are written here. None serves an empty one.
        mounts: {name: path} of other folders, shown read-only at the top of My Drive.
        shared: {name: path} of folders at the top of "Shared with me" (read-only).
        drives: {name: path} of shared drives.
        extra: `Extra` entries beside those on disk.
        resource_keys: {path of an entry: key} without which it is not found.
        virtual: {path of a folder: count} of folders that exist in memory only; their files repeat the images
            below `folder` and `mounts`, named 000000.jpg and so on.
        page_size_limit: the largest page, whatever `maxResults` asks for.
        latency, latency_sigma: mean seconds before each answer, and sigma of its lognormal spread (0: constant).
        reads_per_window: (count, seconds) of downloads allowed; one more is refused with 403.
        token_lifetime: seconds that a token from the token endpoint is good for.
        faults: `Fault`s, each used by the first request it matches; or a `RandomFaults`.
        seed: of the latencies.
        clock: seconds, for the rate limit and the tokens.
    """

    def __init__(self, folder=None, *, mounts=None, shared=None, drives=None, extra=(), resource_keys=None,
                 virtual=None, page_size_limit=1000, latency=0.0, latency_sigma=0.0, reads_per_window=None,
                 token_lifetime=3600.0, faults=(), seed=0, port=0, clock=time.monotonic):
        self._empty = None if folder is not None else tempfile.TemporaryDirectory()
        self._random, self._port, self._lock = random.Random(seed), port, threading.RLock()
        self._reads, self._pages, self._uploads = collections.deque(), {}, {}
        self.tree = Tree(Path(folder if folder is not None else self._empty.name).resolve())
        tops = [(mounts, self.tree.root.id, {}), (shared, None, {"shared": True}), (drives, None, {})]
        for folders, parent, attributes in tops:
            for name, path in (folders or {}).items():
                entry = self.tree.add(name, (parent,) if parent else (), FOLDER, path=str(Path(path).resolve()),
                                      read_only=folders is not drives, **attributes)
                entry.drive_id = entry.id if folders is drives else None
                self.tree.scan(entry, deep=True)
        self.tree.scan(self.tree.root, deep=True)
        for path, count in (virtual or {}).items():
            self._add_virtual(path, count)
        for one in extra:
            self.add(one)
        for path, key in (resource_keys or {}).items():
            self.tree.find(path).resource_key = key
        self.page_size_limit, self.latency, self.latency_sigma = page_size_limit, latency, latency_sigma
        self.reads_per_window, self.token_lifetime, self.clock = reads_per_window, token_lifetime, clock
        self.faults = faults if isinstance(faults, RandomFaults) else list(faults)
        self.tokens = {PRACTICE_TOKEN: math.inf}
        self.log, self.counts, self.in_flight, self.most_in_flight = [], collections.Counter(), 0, 0

    # what a test does to the drive while it is served

    def add(self, extra):
        """Adds an `Extra`; returns its ID."""
        with self._lock:
            parent = self.tree.find(extra.parent)
            kind = FOLDER if extra.content is None else mime_type_of(extra.title)
            entry = self.tree.add(
                extra.title, (parent.id,), SHORTCUT if extra.shortcut_to else extra.mime_type or kind, id=extra.id,
                content=extra.content, size=len(extra.content or b""), resource_key=extra.resource_key,
                modified=int(extra.modified * 1e9))
            if extra.shortcut_to:
                try:
                    entry.target = self.tree.find(extra.shortcut_to).id
                except KeyError:
                    entry.target = extra.shortcut_to
            return entry.id

    def id(self, path):
        """The ID of what lies at a path of titles."""
        return self.tree.find(path).id

    def move(self, path, folder):
        """Moves a file or folder into another folder; its ID stays."""
        with self._lock:
            entry, to = self.tree.find(path), self.tree.find(folder)
            for parent in entry.parents:
                self.tree.children[parent].pop(entry.id)
            if self.tree.by_path.pop(entry.path, None) and to.path:
                os.rename(entry.path, new := os.path.join(to.path, os.path.basename(entry.path)))
                self._relocate(entry, new)
            entry.parents = (to.id,)
            self.tree.children[to.id][entry.id] = entry
            self.tree.changed(entry.id)

    def _relocate(self, entry, path):
        for child in self.tree.children[entry.id].values():
            if self.tree.by_path.pop(child.path, None):
                self._relocate(child, os.path.join(path, os.path.basename(child.path)))
        entry.path = path
        self.tree.by_path[path] = entry

    def trash(self, path):
        with self._lock:
            entry = self.tree.find(path)
            entry.trashed = True
            self.tree.changed(entry.id)

    def _add_virtual(self, path, count):
        sources = [entry for entry in self.tree.entries.values() if entry.mime_type.startswith("image/")
                   and entry.path]
        folder = self.tree.root
        for title in path.split("/"):
            known = [child for child in self.tree.children[folder.id].values() if child.title == title]
            folder = known[0] if known else self.tree.add(title, (folder.id,), FOLDER, content=b"")
        if not sources:
            raise ValueError(f"{path}: a virtual folder repeats images, and there are none in the folders given.")
        for n in range(count):
            source = sources[n % len(sources)]
            title = f"{n:06d}{os.path.splitext(source.title)[1]}"
            self.tree.add(title, (folder.id,), source.mime_type, path=source.path, size=source.size,
                          modified=source.modified)

    # one request, one answer

    def respond(self, request):
        """The answer to a request, with what goes wrong on the way."""
        with self._lock:
            fault = self._fault(request)
            if fault is None:
                response = self._answer(request)
            elif fault.do == "error":
                response = Refusal(fault.status, fault.reason, fault.message).response
            elif fault.do in ("html", "empty"):
                html = b"<!DOCTYPE html><html><title>Error</title><p>That's an error.</p></html>"
                response = Response(fault.status, html if fault.do == "html" else b"")
                response.headers["Content-Type"] = "text/html; charset=UTF-8"
            elif fault.do in ("reset", "stall"):
                response = Response(0, end=fault.do)
            else:
                response = self._spoil(request, self._answer(request), fault.do)
            if fault is not None and fault.retry_after is not None:
                response.headers["Retry-After"] = f"{fault.retry_after:g}"
            status = 0 if response.end else response.status
            self.log.append(Logged(request.kind, request.method, request.target, status,
                                   request.headers.get("range")))
            self.counts[request.kind] += 1
            return response

    def _fault(self, request):
        if isinstance(self.faults, RandomFaults):
            return self.faults.pick(request.kind, request.path)
        if not self.faults:
            return None
        entry = self.tree.entries.get(request.path.rpartition("/")[2])
        text = f"{request.target} {entry.title if entry else ''}"
        fault = next((fault for fault in self.faults if fault.takes(request.kind, text)), None)
        if fault is not None:
            fault.used += 1
        return fault

    def _spoil(self, request, response, how):
        body = response.body
        if how == "zero":
            response.body = b""
        elif how == "truncated":
            response.body = body[:len(body) // 2]
        elif how == "short":
            response.body, response.length = body[:len(body) // 2], len(body)
        elif how == "flipped" and body:
            middle = len(body) // 2
            response.body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:]
        elif how == "lost":
            response.end = "reset"
        elif how == "empty_page":
            page = json.loads(body)
            page["items"], page["nextPageToken"] = [], request.query.get("pageToken") or self._token(request, -1)
            response.body = json.dumps(page).encode()
        return response

    def _answer(self, request):
        try:
            return self.answer(request)
        except Refusal as refusal:
            return refusal.response

    def answer(self, request):
        """The answer of a Drive on which nothing goes wrong."""
        path, method = request.path, request.method
        if path == "/token":
            return self._new_token(dict(urllib.parse.parse_qsl(request.body.decode())))
        if path == "/counts":  # for a client in another process
            return reply({**self.counts, "most_in_flight": self.most_in_flight})
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, -math.inf) <= self.clock():
            raise Refusal(401, "authError", "Invalid Credentials")
        if request.kind == "upload":
            return self._upload(request)
        names = path.removeprefix("/drive/v2/").split("/")
        mask = parse_mask(request.query.get("fields", ""))
        if names == ["files"] and method == "GET":
            return self._list(request, mask)
        if names == ["files"] and method == "POST":
            entry = self._insert(json.loads(request.body or b"{}"))
            return reply(self._file(entry, mask))
        if names[0] == "files" and len(names) >= 2:
            return self._one_file(request, names, mask)
        if names == ["about"]:
            user = {"kind": "drive#user", "displayName": "Practice", "emailAddress": "practice@example.com",
                    "isAuthenticatedUser": True}
            about = {"kind": "drive#about", "name": "Practice", "user": user, "rootFolderId": self.tree.root.id,
                     "largestChangeId": str(len(self.tree.changes)), "quotaBytesTotal": str(15 << 30),
                     "quotaBytesUsed": "0", "quotaType": "LIMITED"}
            check_mask(mask, schemas()["About"])
            return reply(pick(about, mask))
        if names == ["changes", "startPageToken"]:
            self.tree.scan(self.tree.root, deep=True)
            return reply(pick({"kind": "drive#startPageToken",
                               "startPageToken": str(len(self.tree.changes) + 1)}, mask))
        if names == ["changes"]:
            return self._changes(request, mask)
        if names[0] in ("drives", "teamdrives"):
            drives = [{"kind": "drive#drive", "id": entry.id, "name": entry.title}
                      for entry in self.tree.entries.values() if entry.drive_id == entry.id]
            if len(names) == 1:
                return reply(pick({"kind": "drive#driveList", "items": drives}, mask))
            found = [drive for drive in drives if drive["id"] == names[1]]
            if found:
                return reply(pick(found[0], mask))
        raise Refusal(404, "notFound", f"Not on the stand-in: {method} {path}")

    def _new_token(self, form):
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") != REFRESH_TOKEN:
            return reply({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}, 400)
        token = f"ya29.practice-{len(self.tokens)}"
        self.tokens[token] = self.clock() + self.token_lifetime
        return reply({"access_token": token, "expires_in": self.token_lifetime, "token_type": "Bearer",
                      "refresh_token": REFRESH_TOKEN, "scope": "https://www.googleapis.com/auth/drive"})

    def _keys(self, request):
        return dict(pair.split("/", 1) for pair in
                    request.headers.get("x-goog-drive-resource-keys", "").split(",") if "/" in pair)

    def _entry(self, request, file_id):
        entry = self.tree.root if file_id == "root" else self.tree.entries.get(file_id)
        hidden = entry and entry.resource_key and self._keys(request).get(entry.id) != entry.resource_key
        team = entry and entry.drive_id and request.kind == "get" and "true" not in (
            request.query.get("supportsAllDrives"), request.query.get("supportsTeamDrives"))
        if entry is None or hidden or team:
            raise Refusal(404, "notFound", f"File not found: {file_id}")
        return entry

    def _one_file(self, request, names, mask):
        entry = self._entry(request, names[1])
        action = names[2] if len(names) > 2 else ""
        if request.kind == "media":
            return self._media(request, entry)
        if request.kind == "get" and not action:
            if self.tree.by_path.get(entry.path) is entry:
                self.tree.scan(self.tree.entries[entry.parents[0]])
            return reply(self._file(self._entry(request, names[1]), mask))
        if entry.read_only:
            raise Refusal(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        if request.method == "DELETE":
            if self.tree.by_path.get(entry.path) is entry:
                shutil.rmtree(entry.path) if entry.mime_type == FOLDER else os.remove(entry.path)
            self.tree.remove(entry)
            return Response(204)
        if action in ("trash", "untrash"):
            entry.trashed = action == "trash"
        elif request.method in ("PUT", "PATCH") and not action:
            self._rename(entry, json.loads(request.body or b"{}"))
        else:
            raise Refusal(404, "notFound", f"Not on the stand-in: {request.method} {request.path}")
        self.tree.changed(entry.id)
        return reply(self._file(entry, mask))

    def _media(self, request, entry):
        if not entry.has_media:
            raise Refusal(403, "fileNotDownloadable", "Only files with binary content can be downloaded.")
        if self.reads_per_window:
            count, seconds = self.reads_per_window
            now = self.clock()
            while self._reads and self._reads[0] <= now - seconds:
                self._reads.popleft()
            if len(self._reads) >= count:
                raise Refusal(403, "userRateLimitExceeded", "User Rate Limit Exceeded")
            self._reads.append(now)
        headers = {"Content-Type": entry.mime_type}
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
        if not wanted or wanted.group() == "bytes=-":
            return Response(200, self.tree.data(entry), headers)
        size = entry.size if entry.content is not None else os.path.getsize(entry.path)
        first, last = wanted.groups()
        start, end = (int(first), min(int(last or size), size - 1) + 1) if first else (max(0, size - int(last)), size)
        if start >= size:
            return Response(416, b"", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return Response(206, self.tree.data(entry, start, end), headers)

    # listings

    def _file(self, entry, mask=None):
        """A file as Drive describes it; what costs reading the file only where the mask asks for it."""
        link = f"{self.url}/drive/v2/files/{entry.id}"
        moment, owner = rfc3339(entry.modified), {"kind": "drive#user", "displayName": "Practice", "me": True,
                                                  "isAuthenticatedUser": True, "permissionId": "17"}
        value = {
            "kind": "drive#file", "id": entry.id, "etag": f'"{entry.modified}"', "selfLink": link,
            "alternateLink": f"https://drive.google.com/file/d/{entry.id}/view?usp=drivesdk",
            "title": entry.title, "mimeType": entry.mime_type, "createdDate": moment, "modifiedDate": moment,
            "parents": [{"kind": "drive#parentReference", "id": parent, "selfLink": f"{link}/parents/{parent}",
                         "isRoot": parent == self.tree.root.id} for parent in entry.parents],
            "labels": {"starred": False, "hidden": False, "trashed": entry.trashed, "restricted": False,
                       "viewed": True},
            "explicitlyTrashed": entry.trashed, "version": "1", "quotaBytesUsed": str(entry.size),
            "userPermission": {"kind": "drive#permission", "id": "me", "role": "owner", "type": "user"},
            "ownerNames": ["Practice"], "owners": [owner], "lastModifyingUserName": "Practice",
            "lastModifyingUser": owner, "editable": not entry.read_only, "shared": entry.shared,
            "spaces": ["drive"], "copyable": True, "writersCanShare": True,
            "capabilities": {"canEdit": not entry.read_only, "canDownload": entry.has_media, "canCopy": True},
        }
        if entry.has_media:
            value |= {"fileSize": str(entry.size), "originalFilename": entry.title,
                      "fileExtension": os.path.splitext(entry.title)[1][1:],
                      "downloadUrl": f"{link}?alt=media&source=downloadUrl"}
            if not mask or "*" in mask or "md5Checksum" in mask:
                value["md5Checksum"] = self.tree.md5(entry)
        if entry.shared:
            value["sharedWithMeDate"] = moment
        if entry.drive_id:
            value["driveId"] = value["teamDriveId"] = entry.drive_id
        if entry.resource_key:
            value["resourceKey"] = entry.resource_key
        if entry.target:
            target = self.tree.entries.get(entry.target)
            value["shortcutDetails"] = {"targetId": entry.target,
                                        "targetMimeType": target.mime_type if target else FOLDER}
            if target and target.resource_key:
                value["shortcutDetails"]["targetResourceKey"] = target.resource_key
        check_mask(mask or {}, schemas()["File"])
        return pick(value, mask)

    def _token(self, request, position):
        text = f"{hashlib.md5(request.query.get('q', '').encode()).hexdigest()[:8]}:{position}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    def _list(self, request, mask):
        query, root = request.query, self.tree.root.id
        search = Query(query.get("q", ""), root)
        after = -1
        if "pageToken" in query:
            try:
                after = int(base64.urlsafe_b64decode(query["pageToken"]).decode().partition(":")[2])
            except ValueError:
                after = None
            if after is None or query["pageToken"] != self._token(request, after):
                raise Refusal(400, "invalid", "Invalid Value: pageToken")
        elif search.parent is None:
            self.tree.scan(self.tree.root, deep=True)
        elif search.parent in self.tree.entries:
            self.tree.scan(self.tree.entries[search.parent])
        key = (len(self.tree.changes), request.target, request.headers.get("x-goog-drive-resource-keys"))
        if key not in self._pages:
            if len(self._pages) > 1000 or any(old[0] != key[0] for old in list(self._pages)[:1]):
                self._pages.clear()
            self._pages[key] = self._page(request, mask, search, after)
        return Response(200, self._pages[key])

    def _page(self, request, mask, search, after):
        query = request.query
        if search.parent is not None:
            self._entry(request, search.parent)
            candidates = self.tree.children.get(search.parent, {}).values()
        else:
            candidates = (entry for entry in self.tree.entries.values() if entry is not self.tree.root)
        all_drives = "true" in (query.get("includeItemsFromAllDrives"), query.get("includeTeamDriveItems"))
        wanted = query.get("driveId") or query.get("teamDriveId")
        found = [entry for entry in candidates if search.test(entry)
                 and (all_drives or not entry.drive_id) and (not wanted or entry.drive_id == wanted)]
        if query.get("orderBy"):
            for part in reversed(query["orderBy"].split(",")):
                name, _, direction = part.strip().partition(" ")
                read = {"title": lambda e: e.title, "title_natural": lambda e: e.title,
                        "modifiedDate": lambda e: e.modified, "createdDate": lambda e: e.modified,
                        "quotaBytesUsed": lambda e: e.size, "folder": lambda e: e.mime_type != FOLDER}.get(name)
                if read is None:
                    raise Refusal(400, "invalid", f"Invalid sort key: {name}")
                found.sort(key=read, reverse=direction == "desc")
            start = after + 1  # a position in the sorted list
        else:  # by age, so that a token stays good when files come and go
            start = next((n for n, entry in enumerate(found) if entry.order > after), len(found)) if after >= 0 else 0
        count = max(1, min(int(query.get("maxResults", 100)), self.page_size_limit, 1000))
        page = found[start:start + count]
        check_mask(mask, schemas()["FileList"])
        inner = mask.get("items", {})
        value = {"kind": "drive#fileList", "etag": f'"{len(self.tree.changes)}"', "incompleteSearch": False,
                 "items": [self._file(entry, inner) for entry in page] if not mask or "items" in mask else []}
        if start + count < len(found):
            position = start + count - 1 if query.get("orderBy") else page[-1].order
            value["nextPageToken"] = self._token(request, position)
        return json.dumps(pick(value, mask)).encode()

    def _changes(self, request, mask):
        self.tree.scan(self.tree.root, deep=True)
        query, changes = request.query, self.tree.changes
        try:
            start = int(query.get("pageToken") or query.get("startChangeId") or 1)
        except ValueError:
            start = 0
        if not 1 <= start <= len(changes) + 1:
            raise Refusal(400, "invalid", "Invalid Value: pageToken")
        count = max(1, min(int(query.get("maxResults", 100)), self.page_size_limit, 1000))
        latest = {file_id: number for number, (file_id, _) in enumerate(changes, 1)}
        rows = [number for number in sorted(latest.values()) if number >= start]
        items = []
        for number in rows[:count]:
            file_id, deleted = changes[number - 1]
            item = {"kind": "drive#change", "id": str(number), "type": "file", "changeType": "file",
                    "fileId": file_id, "deleted": deleted, "modificationDate": rfc3339(time.time_ns())}
            if not deleted:
                item["file"] = self._file(self.tree.entries[file_id], mask.get("items", {}).get("file", {}))
            items.append(item)
        check_mask(mask, schemas()["ChangeList"])
        value = {"kind": "drive#changeList", "items": items, "largestChangeId": str(len(changes))}
        if len(rows) > count:
            value["nextPageToken"] = str(rows[count])
        else:
            value["newStartPageToken"] = str(len(changes) + 1)
        return reply(pick(value, mask))

    # uploads

    def _insert(self, metadata):
        parents = [parent["id"] for parent in metadata.get("parents", [])] or [self.tree.root.id]
        parents = [self.tree.root.id if parent == "root" else parent for parent in parents]
        for parent in parents:
            if parent not in self.tree.entries:
                raise Refusal(404, "notFound", f"File not found: {parent}")
            if self.tree.entries[parent].read_only:
                raise Refusal(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        title = metadata.get("title", "Untitled")
        entry = self.tree.add(title, parents, metadata.get("mimeType") or mime_type_of(title),
                              modified=time.time_ns())
        if entry.mime_type == FOLDER and (above := self.tree.entries[parents[0]].path):
            path = os.path.join(above, os.path.basename(title.replace("/", "%2F")).strip(".") or "%2E")
            if not os.path.exists(path):
                os.mkdir(path)
                entry.path, self.tree.by_path[path] = path, entry
        return entry

    def _rename(self, entry, metadata):
        if metadata.get("title", entry.title) != entry.title:
            entry.title = metadata["title"]  # on disk the old name stays
        if metadata.get("mimeType"):
            entry.mime_type = metadata["mimeType"]
        if metadata.get("labels", {}).get("trashed") is not None:
            entry.trashed = metadata["labels"]["trashed"]

    def _store(self, file_id, metadata, data, mask):
        if file_id is None:
            entry = self._insert(metadata)
        else:
            entry = self.tree.entries[file_id]
            self._rename(entry, metadata)
        self.tree.write(entry, data)
        return reply(self._file(entry, mask))

    def _upload(self, request):
        names = request.path.partition("/drive/v2/")[2].split("/")
        file_id = names[1] if len(names) > 1 else None
        if file_id is not None and self._entry(request, file_id).read_only:
            raise Refusal(403, "insufficientFilePermissions", "The user does not have sufficient permissions.")
        mask = parse_mask(request.query.get("fields", ""))
        how, kind = request.query.get("uploadType"), request.headers.get("content-type", "")
        if "upload_id" in request.query:
            return self._piece(request)
        if how == "media":
            return self._store(file_id, {"mimeType": kind}, request.body, mask)
        if how == "multipart":
            boundary = re.search(r'boundary="?([^";]+)', kind).group(1).encode()
            line = b"\r\n" if request.body.partition(b"\n")[0].endswith(b"\r") else b"\n"
            parts = (line + request.body).split(line + b"--" + boundary)[1:3]
            metadata, data = (part.partition(line * 2)[2] for part in parts)
            metadata = json.loads(metadata)
            return self._store(file_id, metadata, data, mask)
        upload_id = f"upload-{len(self._uploads)}"
        self._uploads[upload_id] = [file_id, json.loads(request.body or b"{}"), bytearray(), None, mask]
        return Response(200, b"", {"Location": f"{self.url}{request.path}?uploadType=resumable&upload_id={upload_id}"})

    def _piece(self, request):
        """One piece of a resumable upload, or the question how far it has come ("bytes */SIZE")."""
        session = self._uploads.get(request.query["upload_id"])
        if session is None:
            raise Refusal(404, "notFound", "Upload session not found")
        file_id, metadata, data, done, mask = session
        if done is not None:
            return done
        sent = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers.get("content-range", ""))
        first, last, total = sent.groups() if sent else ("0", "", str(len(request.body)))
        if first is not None and int(first) <= len(data):
            data[int(first):] = request.body
            if total == "*" or len(data) < int(total):
                if len(request.body) % CHUNK:
                    raise Refusal(400, "badRequest", "A piece must be a multiple of 256 KiB.")
        if total != "*" and len(data) == int(total):
            session[2:4] = b"", self._store(file_id, metadata, bytes(data), mask)
            return session[3]
        return Response(308, b"", {"Range": f"bytes=0-{len(data) - 1}"} if data else {})

    # the server

    def delay(self, kind):
        if not self.latency or kind in ("token", "counts"):
            return 0.0
        if not self.latency_sigma:
            return self.latency
        return self.latency * self._random.lognormvariate(-self.latency_sigma ** 2 / 2, self.latency_sigma)

    def __enter__(self):
        ready = threading.Event()

        def serve():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
            start = self._loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port, backlog=1024)
            self._server = self._loop.run_until_complete(start)
            self._port = self._server.sockets[0].getsockname()[1]
            ready.set()
            self._loop.run_forever()
            self._server.close()
            for connection in list(_Connection.open_ones):
                if connection.drive is self:
                    connection.transport.abort()
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

        self._thread = threading.Thread(target=serve, name="fake-drive", daemon=True)
        self._thread.start()
        ready.wait(10)
        return self

    def __exit__(self, *error):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        if self._empty:
            self._empty.cleanup()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    @property
    def unused_faults(self):
        """Scripted faults that never happened (a fault with `times=None` must happen once)."""
        if isinstance(self.faults, RandomFaults):
            return []
        return [fault for fault in self.faults if fault.used < (fault.times or 1)]


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request at a time."""

    open_ones = set()

    def __init__(self, drive):
        self.drive, self.buffer, self.request, self.missing, self.busy = drive, bytearray(), None, 0, False

    def connection_made(self, transport):
        self.transport = transport
        self.open_ones.add(self)

    def connection_lost(self, error):
        self.open_ones.discard(self)

    def data_received(self, data):
        self.buffer += data
        if self.busy:
            return
        if self.request is None:
            head, found, _ = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            del self.buffer[:len(head) + 4]
            first, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            self.request, self.missing = (method, target, headers), int(headers.get("content-length", 0))
        if len(self.buffer) >= self.missing:
            body = bytes(self.buffer[:self.missing])
            del self.buffer[:self.missing]
            request, self.request, self.busy = Request(*self.request, body), None, True
            drive = self.drive
            drive.in_flight += 1
            drive.most_in_flight = max(drive.most_in_flight, drive.in_flight)
            response = drive.respond(request)
            wait = drive.delay(request.kind)
            drive._loop.call_later(wait, self.send, response) if wait else self.send(response)

    def send(self, response):
        self.drive.in_flight -= 1
        if response.end == "stall" or self.transport.is_closing():
            return
        if response.end == "reset":
            linger = struct.pack("ii", 1, 0)  # close() then sends RST
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
            return
        length = len(response.body) if response.length is None else response.length
        headers = {"Content-Type": "application/json; charset=UTF-8", **response.headers, "Content-Length": length}
        head = f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, 'Status')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.writelines([head.encode("latin-1"), b"\r\n", response.body])
        if response.length is not None:
            self.transport.close()
        self.busy = False
        if self.buffer:
            self.data_received(b"")


_PHRASES = {status.value: status.phrase for status in http.HTTPStatus}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="what My Drive holds; uploads are written here")
    parser.add_argument("--mount", action="append", default=[], metavar="NAME=PATH", help="a folder shown read-only")
    parser.add_argument("--virtual", action="append", default=[], metavar="NAME=COUNT",
                        help="a folder of this many files in memory, which repeat the images found")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="mean seconds before each answer")
    parser.add_argument("--sigma", type=float, default=0.0, help="spread of a lognormal latency")
    parser.add_argument("--reads", metavar="COUNT/SECONDS", help="downloads allowed in a window, such as 27/1")
    options = parser.parse_args()
    limit = tuple(float(part) for part in options.reads.split("/")) if options.reads else None
    with FakeDrive(options.folder, mounts=dict(one.split("=", 1) for one in options.mount), port=options.port,
                   virtual={name: int(count) for name, count in (one.split("=", 1) for one in options.virtual)},
                   latency=options.latency, latency_sigma=options.sigma, reads_per_window=limit) as server:
        print(server.url, flush=True)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
