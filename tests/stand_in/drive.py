"""A stand-in for Google Drive: the Drive v2 REST API over a local folder, on loopback, with faults on request.

The real PyDrive2 speaks to it over HTTP, so nothing in a test has to be patched:

    with FakeDrive("photos", latency=0.1, faults=[Fault("error", kind="media", status=503)]) as server:
        drive = connect(endpoint=server.url)
        ...
        assert server.counts["media"] == 12

From a terminal, until Ctrl-C (its URL is the first line printed):

    python -m tests.stand_in photos --mount flowers=/data/flowers17 --latency 0.1

The whole server is one function of a request, `FakeDrive.answer`; around it `FakeDrive.respond` plays what goes
wrong on the way. HTTP and faults are in server.py, files and searches in files.py. One asyncio thread serves
everybody, so that hundreds of slow requests cost next to no CPU. What the folder shows:

- a file `notes.gdoc` is a Google document (`.gsheet`, `.gslides` likewise): no size, no md5, no download;
- `%2F` in a name on disk is a slash in its title, since a title on Drive may hold one;
- names that begin with a dot are not shown. Every first page of a listing looks at the disk anew.

Names, parameters and answers follow Google's own discovery document, which googleapiclient ships.
"""

import asyncio
import base64
import collections
import dataclasses
import hashlib
import json
import math
import os
import random
import re
import shutil
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

from .files import (
    FOLDER,
    SHORTCUT,
    Extra,
    Query,
    Tree,
    check_mask,
    describe,
    mime_type_of,
    parse_mask,
    pick,
    rfc3339,
    schemas,
)
from .server import Connection, Fault, RandomFaults, Refusal, Response, every_fault, reply

__all__ = [
    "FOLDER",
    "PRACTICE_TOKEN",
    "REFRESH_TOKEN",
    "SHORTCUT",
    "Extra",
    "FakeDrive",
    "Fault",
    "RandomFaults",
    "every_fault",
]

PRACTICE_TOKEN = (
    "practice-token"  # accepted for ever; what colab_helpers.drive sends to a loopback address
)
REFRESH_TOKEN = "practice-refresh-token"  # what the token endpoint takes
CHUNK = 256 * 1024  # every piece of a resumable upload but the last is a multiple of this


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

    def __init__(
        self,
        folder=None,
        *,
        mounts=None,
        shared=None,
        drives=None,
        extra=(),
        resource_keys=None,
        virtual=None,
        page_size_limit=1000,
        latency=0.0,
        latency_sigma=0.0,
        reads_per_window=None,
        token_lifetime=3600.0,
        faults=(),
        seed=0,
        port=0,
        clock=time.monotonic,
    ):
        self._empty = None if folder is not None else tempfile.TemporaryDirectory()
        self._random, self._port, self._lock = random.Random(seed), port, threading.RLock()
        self._reads, self._pages, self._uploads = collections.deque(), {}, {}
        self.tree = Tree(Path(folder if folder is not None else self._empty.name).resolve())
        tops = [
            (mounts, self.tree.root.id, {}),
            (shared, None, {"shared": True}),
            (drives, None, {}),
        ]
        for folders, parent, attributes in tops:
            for name, path in (folders or {}).items():
                entry = self.tree.add(
                    name,
                    (parent,) if parent else (),
                    FOLDER,
                    path=str(Path(path).resolve()),
                    read_only=folders is not drives,
                    **attributes,
                )
                entry.drive_id = entry.id if folders is drives else None
        self.tree.scan()
        for path, count in (virtual or {}).items():
            self.tree.add_virtual(path, count)
        for one in extra:
            self.add(one)
        for path, key in (resource_keys or {}).items():
            self.tree.find(path).resource_key = key
        self.page_size_limit, self.latency, self.latency_sigma = (
            page_size_limit,
            latency,
            latency_sigma,
        )
        self.reads_per_window, self.token_lifetime, self.clock = (
            reads_per_window,
            token_lifetime,
            clock,
        )
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
                extra.title,
                (parent.id,),
                SHORTCUT if extra.shortcut_to else extra.mime_type or kind,
                id=extra.id,
                content=extra.content,
                size=len(extra.content or b""),
                resource_key=extra.resource_key,
                modified=int(extra.modified * 1e9),
            )
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
            self.tree.move(self.tree.find(path), self.tree.find(folder))

    def trash(self, path):
        with self._lock:
            entry = self.tree.find(path)
            entry.trashed = True
            self.tree.changed(entry.id)

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
            self.log.append(
                Logged(
                    request.kind,
                    request.method,
                    request.target,
                    status,
                    request.headers.get("range"),
                )
            )
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
            response.body = body[: len(body) // 2]
        elif how == "short":
            response.body, response.length = body[: len(body) // 2], len(body)
        elif how == "flipped" and body:
            middle = len(body) // 2
            response.body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        elif how == "lost":
            response.end = "reset"
        elif how == "empty_page":
            page = json.loads(body)
            page["items"], page["nextPageToken"] = (
                [],
                request.query.get("pageToken") or self._token(request, -1),
            )
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
            user = {
                "kind": "drive#user",
                "displayName": "Practice",
                "emailAddress": "practice@example.com",
                "isAuthenticatedUser": True,
            }
            about = {
                "kind": "drive#about",
                "name": "Practice",
                "user": user,
                "rootFolderId": self.tree.root.id,
                "largestChangeId": str(len(self.tree.changes)),
                "quotaBytesTotal": str(15 << 30),
                "quotaBytesUsed": "0",
                "quotaType": "LIMITED",
            }
            check_mask(mask, schemas()["About"])
            return reply(pick(about, mask))
        if names == ["changes", "startPageToken"]:
            self.tree.scan()
            return reply(
                pick(
                    {
                        "kind": "drive#startPageToken",
                        "startPageToken": str(len(self.tree.changes) + 1),
                    },
                    mask,
                )
            )
        if names == ["changes"]:
            return self._changes(request, mask)
        if names[0] in ("drives", "teamdrives"):
            drives = [
                {"kind": "drive#drive", "id": entry.id, "name": entry.title}
                for entry in self.tree.entries.values()
                if entry.drive_id == entry.id
            ]
            if len(names) == 1:
                return reply(pick({"kind": "drive#driveList", "items": drives}, mask))
            found = [drive for drive in drives if drive["id"] == names[1]]
            if found:
                return reply(pick(found[0], mask))
        raise Refusal(404, "notFound", f"Not on the stand-in: {method} {path}")

    def _new_token(self, form):
        if form.get("grant_type") == "refresh_token" and form.get("refresh_token") != REFRESH_TOKEN:
            return reply(
                {
                    "error": "invalid_grant",
                    "error_description": "Token has been expired or revoked.",
                },
                400,
            )
        token = f"ya29.practice-{len(self.tokens)}"
        self.tokens[token] = self.clock() + self.token_lifetime
        return reply(
            {
                "access_token": token,
                "expires_in": self.token_lifetime,
                "token_type": "Bearer",
                "refresh_token": REFRESH_TOKEN,
                "scope": "https://www.googleapis.com/auth/drive",
            }
        )

    def _keys(self, request):
        return dict(
            pair.split("/", 1)
            for pair in request.headers.get("x-goog-drive-resource-keys", "").split(",")
            if "/" in pair
        )

    def _entry(self, request, file_id):
        entry = self.tree.root if file_id == "root" else self.tree.entries.get(file_id)
        hidden = (
            entry and entry.resource_key and self._keys(request).get(entry.id) != entry.resource_key
        )
        team = (
            entry
            and entry.drive_id
            and request.kind == "get"
            and "true"
            not in (request.query.get("supportsAllDrives"), request.query.get("supportsTeamDrives"))
        )
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
            raise Refusal(
                403, "insufficientFilePermissions", "The user does not have sufficient permissions."
            )
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
            raise Refusal(
                403, "fileNotDownloadable", "Only files with binary content can be downloaded."
            )
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
        start, end = (
            (int(first), min(int(last or size), size - 1) + 1)
            if first
            else (max(0, size - int(last)), size)
        )
        if start >= size:
            return Response(416, b"", {"Content-Range": f"bytes */{size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return Response(206, self.tree.data(entry, start, end), headers)

    # listings

    def _file(self, entry, mask=None):
        return describe(self.tree, entry, self.url, mask)

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
            self.tree.scan()
        elif search.parent in self.tree.entries:
            self.tree.scan(self.tree.entries[search.parent])
        key = (
            len(self.tree.changes),
            request.target,
            request.headers.get("x-goog-drive-resource-keys"),
        )
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
            candidates = (
                entry for entry in self.tree.entries.values() if entry is not self.tree.root
            )
        all_drives = "true" in (
            query.get("includeItemsFromAllDrives"),
            query.get("includeTeamDriveItems"),
        )
        wanted = query.get("driveId") or query.get("teamDriveId")
        found = [
            entry
            for entry in candidates
            if search.test(entry)
            and (all_drives or not entry.drive_id)
            and (not wanted or entry.drive_id == wanted)
        ]
        if query.get("orderBy"):
            for part in reversed(query["orderBy"].split(",")):
                name, _, direction = part.strip().partition(" ")
                read = {
                    "title": lambda e: e.title,
                    "title_natural": lambda e: e.title,
                    "modifiedDate": lambda e: e.modified,
                    "createdDate": lambda e: e.modified,
                    "quotaBytesUsed": lambda e: e.size,
                    "folder": lambda e: e.mime_type != FOLDER,
                }.get(name)
                if read is None:
                    raise Refusal(400, "invalid", f"Invalid sort key: {name}")
                found.sort(key=read, reverse=direction == "desc")
            start = after + 1  # a position in the sorted list
        else:  # by age, so that a token stays good when files come and go
            start = (
                next((n for n, entry in enumerate(found) if entry.order > after), len(found))
                if after >= 0
                else 0
            )
        count = max(1, min(int(query.get("maxResults", 100)), self.page_size_limit, 1000))
        page = found[start : start + count]
        check_mask(mask, schemas()["FileList"])
        inner = mask.get("items", {})
        value = {
            "kind": "drive#fileList",
            "etag": f'"{len(self.tree.changes)}"',
            "incompleteSearch": False,
            "items": [self._file(entry, inner) for entry in page]
            if not mask or "items" in mask
            else [],
        }
        if start + count < len(found):
            position = start + count - 1 if query.get("orderBy") else page[-1].order
            value["nextPageToken"] = self._token(request, position)
        return json.dumps(pick(value, mask)).encode()

    def _changes(self, request, mask):
        self.tree.scan()
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
            item = {
                "kind": "drive#change",
                "id": str(number),
                "type": "file",
                "changeType": "file",
                "fileId": file_id,
                "deleted": deleted,
                "modificationDate": rfc3339(time.time_ns()),
            }
            if not deleted:
                item["file"] = self._file(
                    self.tree.entries[file_id], mask.get("items", {}).get("file", {})
                )
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
                raise Refusal(
                    403,
                    "insufficientFilePermissions",
                    "The user does not have sufficient permissions.",
                )
        title = metadata.get("title", "Untitled")
        entry = self.tree.add(
            title, parents, metadata.get("mimeType") or mime_type_of(title), modified=time.time_ns()
        )
        if entry.mime_type == FOLDER:
            self.tree.make_folder(entry)
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
            raise Refusal(
                403, "insufficientFilePermissions", "The user does not have sufficient permissions."
            )
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
        self._uploads[upload_id] = [
            file_id,
            json.loads(request.body or b"{}"),
            bytearray(),
            None,
            mask,
        ]
        return Response(
            200,
            b"",
            {"Location": f"{self.url}{request.path}?uploadType=resumable&upload_id={upload_id}"},
        )

    def _piece(self, request):
        """One piece of a resumable upload, or the question how far it has come ("bytes */SIZE")."""
        session = self._uploads.get(request.query["upload_id"])
        if session is None:
            raise Refusal(404, "notFound", "Upload session not found")
        file_id, metadata, data, done, mask = session
        if done is not None:
            return done
        sent = re.fullmatch(
            r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)", request.headers.get("content-range", "")
        )
        first, last, total = sent.groups() if sent else ("0", "", str(len(request.body)))
        if first is not None and int(first) <= len(data):
            data[int(first) :] = request.body
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
        return self.latency * self._random.lognormvariate(
            -(self.latency_sigma**2) / 2, self.latency_sigma
        )

    def __enter__(self):
        ready = threading.Event()

        def serve():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
            start = self._loop.create_server(
                lambda: Connection(self), "127.0.0.1", self._port, backlog=1024
            )
            self._server = self._loop.run_until_complete(start)
            self._port = self._server.sockets[0].getsockname()[1]
            ready.set()
            self._loop.run_forever()
            self._server.close()
            for connection in list(Connection.open_ones):
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

