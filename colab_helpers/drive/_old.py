"""Google Drive, or any folder, as a place to list pictures and read their bytes.

Example:
    >>> import pathlib, tempfile
    >>> from colab_helpers.drive import connect
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "roses").mkdir()
    >>> (root / "roses" / "1.jpg").write_bytes(b"as good as a picture")
    20
    >>> drive = connect(root)                  # in Colab: connect(), and list a folder of your Drive
    >>> file = next(drive.list_images("."))
    >>> file.name, file.label, drive.read(file, 0, 7)
    ('1.jpg', 'roses', b'as good')

From top to bottom: errors; the one place through which every request to Drive goes, which keeps
to the rate that Drive allows, sets a deadline, retries, signs in anew and checks; files; `Drive`;
`LocalFolder`; `connect`. Needs PyDrive2 and google-auth-httplib2, which Colab has.

    DriveError              Drive will not do it (no permission, a Google document, ...)
      +- SignInError        nobody is signed in, or not with the rights that are needed
      +- NotFoundError      no such file or folder, or more than one of that name
      +- QuotaError         Drive asks to slow down, or a quota is used up
      +- TransientError     it failed again and again, and may pass later
"""

import collections
import concurrent.futures
import contextlib
import datetime
import email.utils
import hashlib
import http.client
import itertools
import json
import logging
import mimetypes
import os
import posixpath
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass

import google.auth.exceptions
import google_auth_httplib2
import httplib2

from .files import File, Listing

__all__ = [
    "connect",
    "Drive",
    "LocalFolder",
    "File",
    "Listing",
    "DriveError",
    "SignInError",
    "NotFoundError",
    "QuotaError",
    "TransientError",
]

logger = logging.getLogger(__name__)

GOOGLE = "https://www.googleapis.com"
PRACTICE_TOKEN = "practice-token"  # what a stand-in for Drive on this machine accepts; no secret
DEADLINE = 60  # seconds until a request without an answer counts as lost ...
SLOWEST = 100_000  # ... and a second more for so many bytes of a large answer
ATTEMPTS = 10  # until a fault that usually passes counts as one that lasts
LONGEST_WAIT = (
    32  # seconds; https://developers.google.com/workspace/drive/api/guides/limits: "32 or 64"
)
PATIENCE = 300  # seconds for which refusals are waited out; Drive counts its quota by the minute
FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
SHARED_WITH_ME = "Shared with me"
IMAGE_NAMES = tuple(
    ".jpg .jpeg .jpe .jfif .png .gif .bmp .tif .tiff .webp .heic .heif .avif .jp2 .ppm .pgm".split()
)
FIELDS = (
    "id,title,mimeType,fileSize,md5Checksum,modifiedDate,resourceKey,"
    "shortcutDetails(targetId,targetMimeType,targetResourceKey)"
)


# ---- Errors ----------------------------------------------------------------------------------------


class DriveError(Exception):
    """What failed, with name and id, what Drive said, and what to do next.

    Attributes:
        status: int, the HTTP status, or None. reason: str, Drive's own word for it, or "".
        ends_run: bool, True where no other file would fare better, so that to skip is no way out.
    """

    ends_run = False

    def __init__(self, message, status=None, reason=""):
        super().__init__(message)
        self.status, self.reason = status, reason


class SignInError(DriveError):
    """Nobody is signed in, the sign-in was refused or has ended, or it lacks a right."""

    ends_run = True


class NotFoundError(DriveError):
    """There is no such file or folder, or there are several of that name."""


class QuotaError(DriveError):
    """A quota is used up: of the file, the day, the storage, or of requests a minute."""


class TransientError(DriveError):
    """What usually passes did not pass in all the attempts made."""


TOO_FAST = QuotaError, "Lower `reads`, or wait a minute and run the cell again."
PASSING = TransientError, "Try again in some minutes; what was read and cached is kept."
TO_WRITE = SignInError, "Sign in with the right to write: connect(upload=True)."
USED_UP = (
    QuotaError,
    "Too many downloads of this one file: make a copy of it in Drive, or wait a day.",
)
FINAL = {  # by Drive's reason, else by status; https://developers.google.com/workspace/drive/api/guides/handle-errors
    "dailyLimitExceeded": (QuotaError, "Go on tomorrow; what was cached stays."),
    "downloadQuotaExceeded": USED_UP,
    "quotaExceeded": USED_UP,
    "storageQuotaExceeded": (
        QuotaError,
        "The Drive is full: free some space, then run the cell again.",
    ),
    "cannotDownloadAbusiveFile": (
        DriveError,
        "Google holds it for harmful: only its owner can download it.",
    ),
    "fileNotDownloadable": (
        DriveError,
        "It is a Google document, which has no bytes: File > Download it.",
    ),
    "insufficientPermissions": TO_WRITE,
    "insufficientScopes": TO_WRITE,
    "accessNotConfigured": (SignInError, "Switch the Drive API on in your Google Cloud project."),
    401: (SignInError, "Sign in again: run connect() once more."),
    403: (DriveError, "Ask its owner to share it with the account that you signed in with."),
    404: (
        NotFoundError,
        "Was it deleted, or is it another account's? Look for it in Drive, then list again.",
    ),
}


def _judge(status, content):
    """What an error answer calls for: (kind, (error class, what to do next), what was said, reason).

    The kinds: "rate" go slower, "token" sign in anew, "passing" try again, "final" give up.
    """
    reason = message = ""
    with contextlib.suppress(
        ValueError, LookupError, TypeError, AttributeError
    ):  # HTML, nothing, half of it
        error = json.loads(content)["error"]
        message = error.get("message", "")
        reason = error["errors"][0]["reason"]
    said = f"Drive said {status} {reason}".rstrip() + (f" ({message[:200]})" if message else "")
    if status == 429 or status == 403 and reason.lower().endswith("ratelimitexceeded"):
        return "rate", TOO_FAST, said, reason
    if status == 408 or status >= 500:
        return "passing", PASSING, said, reason
    error_and_advice = (
        FINAL.get(reason) or FINAL.get(status) or (DriveError, "Check name and address.")
    )
    return "token" if status == 401 else "final", error_and_advice, said, reason


# ---- The one place through which every request goes ------------------------------------------------


class _Pace:
    """Keeps requests to the rate that Drive grants, whatever the window in which it counts.

    Nothing is held back until Drive refuses several requests in a row. Then all wait while one
    at a time tries whether it is let through. When it is, all go on at the rate that was granted
    so far, the wait included, which is right for a quota by the second and for one by the
    minute alike. From then on the rate grows a little with each request and shrinks with each
    refusal, so that it settles where about 3.5 in 100 are refused: close to all that there is,
    and no storm of 403s.
    """

    SHRINK, GROW = 0.02, 0.0007  # shares of the rate; SHRINK * 3.5 in 100 == GROW
    QUICK = 0.005  # growth until the first refusal, where a short wait told little
    STREAK = 4, 8  # refusals in a row after which all wait: the first time, later
    PROBE = 1, 2  # seconds between two tries meanwhile: at first, at most

    def __init__(self, clock, sleep):
        self.clock, self.sleep, self._lock = clock, sleep, threading.Lock()
        self.rate = float("inf")  # requests a second
        self._grow = self.GROW
        self._floor = 0  # below which only the next wait of all brings the rate
        self._streak = 0  # refusals since the last request that was granted
        self._probe = 0  # seconds between two tries while all wait; 0 while they need not
        self._era = 0  # each wait of all begins one and ends it: then everybody lines up again
        self._next = self._since = clock()
        self._granted = 0  # requests granted since `_since`

    def wait(self):
        """Waits for this thread's turn; returns a ticket to hand back with the outcome."""
        era = None
        while True:
            with self._lock:
                now = self.clock()
                if era != self._era:
                    if (
                        now > self._next + 1 and not self._probe
                    ):  # the line was idle: measure afresh
                        self._since, self._granted = now, 0
                    era, due = self._era, max(now, self._next)
                    if due > now and not self._probe:  # all of the rate is in use
                        self.rate *= 1 + self._grow
                    self._next = due + (self._probe or 1 / self.rate)
                if due <= now:
                    return era
            self.sleep(min(due - now, 0.25))  # in short pieces, to notice a new era

    def granted(self, era):
        """Drive answered. If all were waiting, they go on."""
        with self._lock:
            self._granted += 1
            self._streak = 0
            if self._probe and era == self._era:
                now = self.clock()
                self.rate = max(
                    min(self.rate, self._granted / max(now - self._since, 0.001)), self._floor
                )
                self._grow = self.QUICK if self._probe == self.PROBE[0] else self.GROW
                self._floor, self._probe, self._granted, self._since = self.rate / 2, 0, 0, now
                self._next, self._era = now, self._era + 1

    def refused(self, era, retry_after=None):
        """Drive asked to slow down; `retry_after` in seconds, if it said for how long."""
        with self._lock:
            if era != self._era:
                return  # sent before the others had to wait
            self._streak += 1
            if self._streak < self.STREAK[self.rate < float("inf")] and not self._probe:
                self.rate, self._grow = max(self.rate * (1 - self.SHRINK), self._floor), self.GROW
                return
            first, longest = self.PROBE
            self._probe = min(2 * self._probe, longest) or first
            self._era += 1
            self._next = self.clock() + (retry_after or self._probe)


class _Account:
    """google-auth credentials with the two attributes that PyDrive2 uses of oauth2client's; shared by all threads."""

    access_token_expired = False  # else PyDrive2 would sign in by itself; `sign` sees to it here

    def __init__(self, credentials, pace):
        self.credentials, self.pace, self.counts = credentials, pace, collections.Counter()
        self._lock, self._refused = threading.Lock(), None

    def authorize(self, plain):
        return _Http(plain, self)

    def sign(self, headers, plain):
        """Adds the token to `headers`, a fresh one if it ran out or was refused; returns it."""
        with self._lock:  # one refresh for all threads
            expiry = getattr(self.credentials, "expiry", None)
            # google-auth itself would refresh four minutes early: at each request, if a token lives shorter
            ran_out = expiry and expiry.replace(tzinfo=datetime.UTC).timestamp() <= time.time()
            if not self.credentials.token or ran_out or self.credentials.token == self._refused:
                self.counts["refreshes"] += 1
                self.credentials.refresh(google_auth_httplib2.Request(plain))
                self._refused = None
            self.credentials.apply(headers)
            return self.credentials.token

    def refuse(self, token):
        """Drive did not take this token: who signs next refreshes it, unless somebody has."""
        self._refused = token


class _Response(http.client.HTTPResponse):
    """An answer whose whole body has a deadline; a socket's timeout bounds only each wait for a packet."""

    def read(self, amt=None):
        if amt is not None:
            return super().read(amt)
        ends, parts = time.monotonic() + DEADLINE + (self.length or 0) / SLOWEST, []
        while part := self.read1(1 << 16):
            parts.append(part)
            if time.monotonic() > ends:
                raise TimeoutError("the answer came too slowly")
        if self.length:
            raise http.client.IncompleteRead(b"".join(parts), self.length)
        self.close()
        return b"".join(parts)


class _HttpConnection(httplib2.HTTPConnectionWithTimeout):
    response_class = _Response


class _HttpsConnection(httplib2.HTTPSConnectionWithTimeout):
    response_class = _Response


class _Http:
    """What PyDrive2 takes for its httplib2.Http, one a thread: every request goes through `request`."""

    what, check = "finish a request", None

    def __init__(self, plain, account):
        self._plain, self._account = plain, account

    @contextlib.contextmanager
    def meant(self, what, check=None):
        """Tells what the requests within are for, and how to see what is wrong with an answer, if anything."""
        before = self.what, self.check
        self.what, self.check = what, check
        try:
            yield self
        finally:
            self.what, self.check = before

    def request(
        self, uri, method="GET", body=None, headers=None, redirections=5, connection_type=None
    ):
        """As httplib2's: returns (response, content); but of errors only a DriveError, when all else failed."""
        counts, pace = self._account.counts, self._account.pace
        began, faults, tokens_refused, headers = pace.clock(), 0, 0, dict(headers or {})
        # Sent twice, this would make two of something: a lost answer does not mean a lost request.
        once = (
            method == "POST"
            and "uploadType=resumable" not in uri
            and "x-http-method-override" not in headers
        )
        for attempt in itertools.count(1):
            era = pace.wait()
            counts["requests"] += 1
            response, content, token, verdict = self._send(uri, method, body, headers, redirections)
            if verdict is None:
                pace.granted(era)
                return response, content
            kind, (error_class, advice), said, reason = verdict
            counts[kind] += 1
            faults += kind != "token"
            spent, retry_after = pace.clock() - began, _seconds(response.get("retry-after"))
            again = kind == "rate" and spent < PATIENCE
            if kind == "rate":
                pace.refused(era, retry_after)
            elif kind == "passing":
                again = faults < ATTEMPTS and not once
            else:
                pace.granted(era)
                again = kind == "token" and tokens_refused < 2  # one may run out on its way
            if kind == "token":
                self._account.refuse(token)
            elif again:  # truncated exponential backoff, with jitter
                pace.sleep(
                    retry_after or random.uniform(0.5, 1) * min(2 ** (faults - 1), LONGEST_WAIT)
                )
            tokens_refused = tokens_refused + 1 if kind == "token" else 0
            if not again:
                times = f", {attempt} attempts in {spent:.0f} s" if attempt > 1 else ""
                status = int(response["status"]) if response else None
                raise error_class(f"Could not {self.what}: {said}{times}. {advice}", status, reason)
            logger.info("Again: %s, after %s", self.what, said)
            piece = re.fullmatch(r"bytes \d+-\d+(/.+)", headers.get("Content-Range", ""))
            if (
                piece
            ):  # of an upload: ask how much of it arrived, and googleapiclient goes on from there
                headers, body = {"Content-Range": f"bytes *{piece[1]}", "content-length": "0"}, None

    def _send(self, uri, method, body, headers, redirections):
        """One attempt: (response, content, token, what `_judge` says or None if all is well)."""
        token, sent, self._plain.timeout = None, dict(headers), DEADLINE
        connection_type = _HttpsConnection if uri.startswith("https:") else _HttpConnection
        try:
            token = self._account.sign(sent, self._plain)
            response, content = self._plain.request(
                uri, method, body, sent, redirections, connection_type
            )
        except google.auth.exceptions.RefreshError as error:
            kind = ("passing", PASSING) if error.retryable else ("final", FINAL[401])
            return {}, b"", token, (*kind, f"the sign-in has ended ({error.args[0]})", "authError")
        except (
            OSError,
            http.client.HTTPException,
            httplib2.HttpLib2Error,
            google.auth.exceptions.TransportError,
        ) as error:
            self._plain.close()  # what is left of this answer must not be taken for the next one
            said = f"the connection failed ({type(error).__name__}{f': {error}' if str(error) else ''})"
            return {}, b"", token, ("passing", PASSING, said, "")
        wrong = None
        if response.status >= 400:
            return response, content, token, _judge(response.status, content)
        if self.check:
            wrong = self.check(response, content)
        elif (
            response.status < 300
            and (method == "PUT" or "alt=json" in uri)
            and "location" not in response
        ):
            try:
                json.loads(content)
            except ValueError:
                wrong = "Drive's answer was cut short"
        return response, content, token, ("passing", PASSING, wrong, "") if wrong else None


def _seconds(retry_after):
    """A Retry-After header, which holds seconds or a date, in seconds; None where it does neither."""
    with contextlib.suppress(TypeError, ValueError):
        if not re.fullmatch(r"[0-9.]+", retry_after):
            retry_after = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
        return min(max(float(retry_after), 0.001), PATIENCE)


# ---- Files and listings ----------------------------------------------------------------------------


def _below(path, name):
    """The path of a name in a folder; no name can add a step, or lead upwards."""
    name = re.sub(r"[/\0]", "_", name)
    return posixpath.join(path, "_" * len(name) if name in (".", "..") else name)


def _is_image(name, mime_type=None):
    return (mime_type or mimetypes.guess_type(name)[0] or "").startswith(
        "image/"
    ) or name.lower().endswith(IMAGE_NAMES)


def _check_range(start, end):
    if start is not None and start < 0 or end is not None and end < (start or 0):
        raise ValueError(
            f"A range must have 0 <= start <= end. Received: start={start}, end={end}."
        )


def _no_images(folder, other):
    return NotFoundError(
        f"There are no images in {str(folder)!r}: it holds "
        + (f"only other files, such as {other!r}. " if other else "nothing. ")
        + "Name the folder that holds the pictures, or one above it."
    )


# ---- Google Drive ----------------------------------------------------------------------------------


class Drive:
    """A Google Drive, signed in by `connect`. It can be pickled; the other side signs in by itself.

    Attributes:
        pydrive: the pydrive2.drive.GoogleDrive below, for all that is not offered here. Its
            requests go through the same place.
        counts: Counter of the "requests" sent, of those answered by "rate" (slow down), "token"
            (too old), "passing" and "final" errors, and of "refreshes" of the token.
    """

    def __init__(self, credentials, endpoint=GOOGLE, *, clock=time.monotonic, sleep=time.sleep):
        from googleapiclient.discovery import build_from_document
        from googleapiclient.discovery_cache import get_static_doc
        from pydrive2.auth import GoogleAuth
        from pydrive2.drive import GoogleDrive

        self._endpoint, self._keys = (
            endpoint.rstrip("/"),
            {},
        )  # resource keys by ID, of the few that have one
        auth = GoogleAuth(http_timeout=DEADLINE, settings=dict(GoogleAuth.DEFAULT_SETTINGS))
        auth.credentials = account = _Account(credentials, _Pace(clock, sleep))
        document = json.loads(get_static_doc("drive", "v2"))
        document["rootUrl"] = f"{self._endpoint}/"  # uploads follow this, but not client_options
        auth.service = build_from_document(document, http=auth.Get_Http_Object())
        self._files = files = auth.service.files()
        auth.service.files = lambda: files  # PyDrive2 asks each time; making it takes 4 ms
        self.pydrive, self.counts = GoogleDrive(auth), account.counts

    def __repr__(self):
        return f"Drive({self._endpoint!r})"

    def __reduce__(self):
        return _connect_again, (self._endpoint, self._keys)  # nothing secret travels

    def _meant(self, what, check=None):
        auth = self.pydrive.auth
        if (
            getattr(auth.thread_local, "http", None) is None
        ):  # one a thread, where PyDrive2 looks for it, too
            auth.thread_local.http = auth.Get_Http_Object()
        return auth.thread_local.http.meant(what, check)

    def _ask(self, what, request, file_id=None, check=None):
        if file_id in self._keys:
            request.headers["X-Goog-Drive-Resource-Keys"] = f"{file_id}/{self._keys[file_id]}"
        with self._meant(what, check) as http:
            return request.execute(http=http)

    def account(self):
        """The address that is signed in, such as "you@gmail.com"."""
        with self._meant("ask who is signed in"):
            return self.pydrive.GetAbout()["user"].get("emailAddress", "unknown")

    def read(self, file, start=None, end=None):
        """The bytes of a file, or those from `start` up to, not including, `end`; checked by size and md5.

        Raises:
            NotFoundError: it is gone, or is not any more what was listed.
            DriveError: any other of its family.
        """
        _check_range(start, end)
        size, md5, whole = (
            getattr(file, "size", None),
            getattr(file, "md5", None),
            start is end is None,
        )
        start, end = start or 0, size if end is None or size is not None and end > size else end
        if not whole and end is not None and start >= end:
            return b""
        request = self._files.get_media(fileId=file.id, supportsAllDrives=True)
        if not whole:
            request.headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        what, mismatches = f"read {file.name!r} (id {file.id})", []

        def check(response, content):
            wrong = None
            if not whole and not response.get("content-range", "").startswith(f"bytes {start}-"):
                wrong = "Drive sent another range than was asked for"
            elif end is not None and len(content) != end - start:
                wrong = f"Drive sent {len(content)} of {end - start} bytes"
            elif whole and md5 and hashlib.md5(content).hexdigest() != md5:
                wrong = "Drive sent bytes that do not match its md5"
            mismatches.extend([wrong] if wrong else [])
            if (
                len(mismatches) == 2
                and wrong
                and self._as_file(self._get(file.id, what)).version != file.version
            ):
                raise NotFoundError(
                    f"Could not {what}: it was changed on Drive after it was listed. "
                    "List the folder again, or refresh the saved inventory."
                )
            return wrong

        return self._ask(what, request, file.id, check)

    # names, paths, IDs and addresses: all lead to an item, which is what Drive tells of a file or folder

    def find(self, path):
        """The file, of any kind, at a path, with this ID, or at this address."""
        return self._as_file(self._resolve(path, "file"))

    def _remember(self, item):
        target = item.get("shortcutDetails", {})
        keys = {
            item["id"]: item.get("resourceKey"),
            target.get("targetId"): target.get("targetResourceKey"),
        }
        self._keys.update((file_id, key) for file_id, key in keys.items() if key)
        return item

    def _get(self, file_id, what):
        file = self.pydrive.CreateFile({"id": file_id})
        if file_id in self._keys:
            file["resourceKey"] = self._keys[file_id]
        with self._meant(what):
            file.FetchMetadata(fields=f"{FIELDS},driveId")
        return self._remember(file)

    def _page(self, folder_id, page_token, what, query=""):
        """One page of the items in a folder (None: anywhere), and the token of the next page or None."""
        if folder_id:
            query += (
                " and sharedWithMe = true"
                if folder_id == SHARED_WITH_ME
                else f" and '{folder_id}' in parents"
            )
        answer = self._ask(
            what,
            self._files.list(
                q=f"trashed = false{query}",
                maxResults=1000,
                pageToken=page_token,
                supportsAllDrives=True,
                includeItemsFromAllDrives=True,
                fields=f"nextPageToken,items({FIELDS})",
            ),
            folder_id,
        )
        return [self._remember(item) for item in answer.get("items", [])], answer.get(
            "nextPageToken"
        )

    def _named(self, title, folder_id):
        """The items of this very title in a folder, or (None) anywhere."""
        escaped = title.replace("\\", r"\\").replace("'", r"\'")
        found, page_token = [], None
        while True:  # a page may be empty, and yet have a next one
            items, page_token = self._page(
                folder_id, page_token, f"look for {title!r}", f" and title = '{escaped}'"
            )
            found += [item for item in items if item["title"] == title]
            if not page_token:
                return found

    def _only(self, kind, name, items):
        """The one item of a kind ("file" or "folder") among those of a name; None if there are no items."""
        fitting = [item for item in items if _is_folder(item) == (kind == "folder")]
        if len(fitting) > 1:
            ids = ", ".join(
                f"id {item['id']} (changed {item.get('modifiedDate', '')[:10]})" for item in fitting
            )
            raise NotFoundError(
                f"There are {len(fitting)} {kind}s called {name!r}: {ids}. "
                "Give the ID of the one you mean in place of the name."
            )
        if items and not fitting:
            raise NotFoundError(
                f"{name!r} (id {items[0]['id']}) is a {'file' if kind == 'folder' else 'folder'}, not "
                f"a {kind}. {'Name the folder it lies in' if kind == 'folder' else 'List it'}."
            )
        return self._follow(fitting[0]) if fitting else None

    def _follow(self, item):
        if item["mimeType"] != SHORTCUT:
            return item
        return self._get(
            item["shortcutDetails"]["targetId"], f"follow the shortcut {item['title']!r}"
        )

    def _resolve(self, address, kind, make=False):
        """The item that a name, path, ID or pasted address means; `make` makes the folders that are missing."""
        address = str(address).strip()
        if re.match(r"(https?://)?\w+\.google\.com/", address):
            key = re.search(r"[?&]resourcekey=([\w-]+)", address, re.IGNORECASE)
            if match := re.search(r"(?:/folders/|/d/|[?&]id=)([\w-]+)", address):
                self._keys.update({match[1]: key[1]} if key else {})
                return self._only(kind, address, [self._get(match[1], f"open {address}")])
            address = {"shared-with-me": SHARED_WITH_ME, "my-drive": "."}.get(
                address.rpartition("/")[2], address
            )
        top, parts = "root", [part for part in address.split("/") if part not in ("", ".")]
        if parts[:1] == ["My Drive"]:
            parts = parts[1:]
        elif parts[:1] == [SHARED_WITH_ME]:
            top, parts = SHARED_WITH_ME, parts[1:]
        elif parts[:1] == ["Shared drives"] and len(parts) > 1:
            top, parts = self._shared_drive(parts[1]), parts[2:]
        if not parts:
            item = (
                {"id": top, "title": top, "mimeType": FOLDER}
                if top == SHARED_WITH_ME
                else self._get(top, "open it")
            )
            return self._only(kind, address, [item])
        if len(parts) == 1 and re.fullmatch(r"[\w-]{15,}", parts[0]):
            with contextlib.suppress(NotFoundError):  # then it is a name
                item = self._get(parts[0], f"find {parts[0]!r}")
                parts = []
            if not parts:
                return self._only(kind, address, [item])
        found = self._descend(top, parts, kind, make)
        if found is None and len(parts) == 1:
            found = self._only(kind, address, self._named(parts[0], None))
        if found is None:
            raise NotFoundError(
                f"There is no {kind} {address!r} on this Drive. Give its path from My Drive "
                "(a/b/c), its ID, or its address, copied from the browser."
            )
        return found

    def _descend(self, folder_id, parts, kind, make):
        for n in range(1, len(parts) + 1):  # a name may hold slashes: try "a", then "a/b", ...
            title, rest = "/".join(parts[:n]), parts[n:]
            found = self._only("folder" if rest else kind, title, self._named(title, folder_id))
            if found and rest:
                found = self._descend(found["id"], rest, kind, make)
            if found:
                return found
        if not make:
            return None
        new = self.pydrive.CreateFile(
            {"title": parts[0], "mimeType": FOLDER, "parents": [{"id": folder_id}]}
        )
        with self._meant(f"make the folder {parts[0]!r}"):
            new.Upload()
        return self._descend(new["id"], parts[1:], kind, make) if parts[1:] else new

    def _shared_drive(self, name):
        drives = self._ask(
            "list the shared drives", self.pydrive.auth.service.drives().list(maxResults=100)
        )["items"]
        found = [drive["id"] for drive in drives if name in (drive["name"], drive["id"])]
        if len(found) != 1:
            raise NotFoundError(
                f"There are {len(found)} shared drives called {name!r}. You see: "
                + ", ".join(f"{drive['name']} (id {drive['id']})" for drive in drives)
            )
        return found[0]

    # listing

    def list_images(self, folder, *, position=None):
        """Lists the images of a folder and of all folders in it, page by page.

        Example:
            for file in drive.list_images("flowers17"):
                print(file.path)

        Args:
            folder: its name, `path/to/it`, ID, or address as pasted from the browser. "." is My
                Drive; "Shared with me/..." and "Shared drives/name/..." lead to these.
            position: of a listing that was cut off, to go on there.

        Returns:
            A `Listing` of `File`. No request before the first `next`, then one page ahead at
            most. Shortcuts are followed; each file and folder comes once.

        Raises:
            NotFoundError: at the first `next`: no such folder, or several; at the end: no images.
        """
        return Listing(lambda at: self._walk(folder, at), position)

    def list_folders(self, folder="."):
        """Yields (id, name) of each folder directly in a folder; a page is fetched when you get there.

        Example: `dict(drive.list_folders("photos"))`. The folder is named as in `list_images`; in "."
        there is also "Shared with me".
        """
        folder_id, page_token, first = self._resolve(folder, "folder")["id"], None, True
        while page_token or first:
            items, page_token = self._page(
                folder_id,
                page_token,
                f"list the folders in {folder!r}",
                f" and (mimeType = '{FOLDER}' or mimeType = '{SHORTCUT}')",
            )
            first = False
            for item in filter(_is_folder, items):
                yield item.get("shortcutDetails", {}).get("targetId", item["id"]), item["title"]
        if folder == ".":
            yield SHARED_WITH_ME, SHARED_WITH_ME

    def _walk(self, folder, at):
        """Yields files; `at` is the position, and changes when a page has been given out."""
        resumed = bool(at)
        if not resumed:
            top = self._resolve(folder, "folder")
            at.update(
                name=_below("", top["title"]),
                drive=top.get("driveId"),
                folders={top["id"]: ""},
                links={},
            )
            at.update(change_token=self._change_token(at["drive"]), todo=[[top["id"], "", None]])
        seen, other = set(), None
        ahead = concurrent.futures.ThreadPoolExecutor(1)
        try:
            page = ahead.submit(self._listed, *at["todo"][-1]) if at["todo"] else None
            while at["todo"]:
                *todo, (folder_id, path, page_token) = at["todo"]
                items, next_token = page.result()
                if next_token == "rejected":
                    next_token, at["todo"][-1] = None, [folder_id, path, None]
                    page = ahead.submit(self._listed, folder_id, path, None)
                    continue
                folders = {}
                for item in filter(_is_folder, items):
                    below = item.get("shortcutDetails", {}).get("targetId", item["id"])
                    if below not in at["folders"]:
                        folders.setdefault(below, _below(path, item["title"]))
                todo += [
                    [below, below_path, None] for below, below_path in reversed(folders.items())
                ]
                todo += [[folder_id, path, next_token]] if next_token else []
                page = ahead.submit(self._listed, *todo[-1]) if todo else None
                label = posixpath.basename(path) or at["name"]
                for item in items:
                    file = self._image(item, path, label, at["links"])
                    if file is None:
                        other = other or (None if _is_folder(item) else item["title"])
                    elif file.id not in seen:
                        seen.add(file.id)
                        yield file
                at["folders"].update(folders)
                at["todo"] = todo
        finally:
            ahead.shutdown(wait=False, cancel_futures=True)
        if not seen and not resumed:
            raise _no_images(folder, other)

    def _listed(self, folder_id, path, page_token):
        """A page for `_walk`: none of a folder that is gone, "rejected" as the next token if this one was."""
        try:
            return self._page(
                folder_id, page_token, f"list the folder {path or '.'!r} (id {folder_id})"
            )
        except DriveError as error:
            if page_token and error.status in (400, 410):
                return [], "rejected"
            if path and error.status == 404:
                logger.warning(
                    "Left out %r (id %s): deleted, or a shortcut to nowhere.", path, folder_id
                )
                return [], None
            raise

    def _as_file(self, item, path="", label="", name=None):
        name, size, md5 = name or item["title"], item.get("fileSize"), item.get("md5Checksum")
        version = md5 or f"{item.get('modifiedDate')}-{size}"
        return File(
            item["id"],
            name,
            label,
            _below(path, name),
            None if size is None else int(size),
            md5,
            version,
        )

    def _image(self, item, path, label, links):
        """The file that an item stands for, or None if that is no image; `links` collects what shortcuts led to."""
        target = item.get("shortcutDetails")
        if _is_folder(item) or not _is_image(
            item["title"], (target or {}).get("targetMimeType", item["mimeType"])
        ):
            return None
        if not target:
            return self._as_file(item, path, label)
        try:
            file = self._as_file(self._follow(item), path, label, item["title"])
        except NotFoundError as error:
            logger.warning("Left out: %s", error)
            return None
        links[file.id] = [path, file.name]
        return file

    def _change_token(self, drive_id):
        request = self.pydrive.auth.service.changes().getStartPageToken(
            driveId=drive_id, supportsAllDrives=True
        )
        return self._ask("ask where Drive's list of changes ends", request)["startPageToken"]

    def list_changes(self, position):
        """What changed since a listing came to its end, without listing again.

        Args:
            position: of that listing, or as this method returned it.

        Returns:
            (files added or changed, ids removed, new position); or None when only a full listing
            can tell: it did not come to its end, or a folder was added, moved or renamed.
        """
        if not position.get("change_token") or position["todo"]:
            return None
        changed, removed, folders = {}, set(), position["folders"]
        links, answer = dict(position["links"]), {"nextPageToken": position["change_token"]}
        while "nextPageToken" in answer:
            answer = self._ask(
                "list what changed",
                self.pydrive.auth.service.changes().list(
                    pageToken=answer["nextPageToken"],
                    maxResults=1000,
                    includeDeleted=True,
                    driveId=position["drive"],
                    supportsAllDrives=True,
                    includeItemsFromAllDrives=True,
                    fields="nextPageToken,newStartPageToken,"
                    f"items(fileId,deleted,file({FIELDS},parents(id),labels(trashed)))",
                ),
            )
            for change in answer.get("items", []):
                file_id, item = change["fileId"], change.get("file", {})
                gone = change.get("deleted") or item.get("labels", {}).get("trashed")
                path = next(
                    (folders[one["id"]] for one in item.get("parents", []) if one["id"] in folders),
                    None,
                )
                if file_id in folders or path is not None and _is_folder(item):
                    known = folders.get(file_id)
                    if (
                        gone
                        or known != ""
                        and (path is None or known != _below(path, item["title"]))
                    ):
                        return None
                    continue
                removed.add(file_id)
                changed.pop(file_id, None)
                path, name = links.get(file_id, (None, None)) if path is None else (path, None)
                if path is not None and not gone:
                    label = posixpath.basename(path) or position["name"]
                    file = self._image(
                        self._remember({**item, "title": name or item["title"]}), path, label, links
                    )
                    changed.update({file.id: file} if file else {})
        position = {**position, "links": links, "change_token": answer["newStartPageToken"]}
        return list(changed.values()), sorted(removed - set(changed)), position

    def upload(self, path, folder="."):
        """Puts a local file into a folder of the Drive, in place of one of the same name.

        Args:
            path: of the local file.
            folder: as in `list_images`; folders of its path that do not exist are made.

        Returns:
            The `File` on Drive, whose md5 was compared with the local one's.
        """
        name = os.path.basename(os.path.abspath(path))
        with open(path, "rb") as content:
            md5 = hashlib.file_digest(content, "md5").hexdigest()
        for last in (False, False, True):
            try:  # look first: when only an answer got lost, it is there already
                parent = self._resolve(folder, "folder", make=True)["id"]
                there = self._only(
                    "file",
                    name,
                    [item for item in self._named(name, parent) if not _is_folder(item)],
                )
                if there is None or there.get("md5Checksum") != md5:
                    there = self.pydrive.CreateFile(
                        {"id": there["id"]}
                        if there
                        else {"title": name, "parents": [{"id": parent}]}
                    )
                    there["mimeType"] = mimetypes.guess_type(name)[0] or "application/octet-stream"
                    with (
                        open(path, "rb") as there.content,
                        self._meant(f"upload {name!r} to {str(folder)!r}"),
                    ):
                        there.Upload()  # resumable: pieces of 100 MB
                if there.get("md5Checksum") == md5:
                    return self._as_file(there)
            except (
                TransientError,
                NotFoundError,
            ) as error:  # 404: an upload that was begun too long ago
                if last or isinstance(error, NotFoundError) and error.status is None:
                    raise
        raise TransientError(
            f"Could not upload {name!r} to {str(folder)!r}: its md5 on Drive was another one, three "
            "times. Is it still being written? Then run the cell again."
        )


def _is_folder(item):
    return FOLDER in (item["mimeType"], item.get("shortcutDetails", {}).get("targetMimeType"))


# ---- A folder on this machine ----------------------------------------------------------------------


class LocalFolder:
    """A folder on this machine, such as a mounted Drive, with the methods of `Drive`."""

    def __init__(self, root):
        self.root = os.path.abspath(os.path.expanduser(os.fspath(root)))
        if not os.path.isdir(self.root):
            raise NotFoundError(
                f"There is no folder {self.root!r}. Check the path; a mounted Drive lies at "
                "/content/drive/MyDrive."
            )

    def __repr__(self):
        return f"LocalFolder({self.root!r})"

    def account(self):
        """The folder; nobody signs in here."""
        return self.root

    def _inside(self, path):
        full = os.path.normpath(os.path.join(self.root, os.fspath(path)))
        if os.path.commonpath([full, self.root]) != self.root:
            raise NotFoundError(
                f"{os.fspath(path)!r} lies outside {self.root!r}. Connect to a folder that holds it."
            )
        return full

    def _as_file(self, full, top):
        stat, name, path = (
            os.stat(full),
            os.path.basename(full),
            os.path.relpath(full, top).replace(os.sep, "/"),
        )
        file_id = os.path.relpath(full, self.root).replace(os.sep, "/")
        label = os.path.basename(os.path.dirname(full))
        return File(
            file_id, name, label, path, stat.st_size, None, f"{stat.st_mtime_ns}-{stat.st_size}"
        )

    def read(self, file, start=None, end=None):
        """The bytes of a file, or those from `start` up to, not including, `end`."""
        _check_range(start, end)
        with (
            _own_errors(f"read {file.name!r} (id {file.id})"),
            open(self._inside(file.id), "rb") as content,
        ):
            content.seek(start or 0)
            return content.read(-1 if end is None else end - (start or 0))

    def find(self, path):
        """The file, of any kind, at a path below this folder."""
        full = self._inside(path)
        if not os.path.isfile(full):
            what = "is a folder, not a file" if os.path.isdir(full) else "is not there"
            raise NotFoundError(
                f"{os.fspath(path)!r} {what}, in {self.root!r}. Give a file's path from there."
            )
        return self._as_file(full, self.root)

    def list_images(self, folder, *, position=None):
        """Lists the images of a folder and of all folders in it, in natural order; see `Drive.list_images`.

        A listing of files at hand is not worth resuming: with a `position` it starts over.
        """
        return Listing(lambda at: self._walk(folder, at))

    def _walk(self, folder, at):
        top, versions, other = self._folder(os.fspath(folder)), {}, None
        for full in self._files(top, set()):
            if not _is_image(full):
                other = other or os.path.basename(full)
                continue
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                file = self._as_file(full, top)
                versions[file.id] = file.version
                yield file
        if not versions:
            raise _no_images(folder, other)
        at.update(folder=os.path.relpath(top, self.root), versions=versions)

    def list_folders(self, folder="."):
        """Yields (id, name) of each folder directly in a folder; see `Drive.list_folders`."""
        full = self._folder(folder)
        with _own_errors(f"list {full!r}"), os.scandir(full) as entries:
            found = sorted(
                entry.path for entry in entries if entry.is_dir() and not entry.name.startswith(".")
            )
        for path in found:
            yield os.path.relpath(path, self.root).replace(os.sep, "/"), os.path.basename(path)

    def _files(self, folder, seen):
        if os.path.realpath(folder) in seen:  # a link that leads back
            return
        seen.add(os.path.realpath(folder))
        with _own_errors(f"list {folder!r}"), os.scandir(folder) as entries:
            entries = sorted(
                (entry for entry in entries if not entry.name.startswith(".")),
                key=lambda entry: [
                    int(part) if part.isdecimal() else part
                    for part in re.split("([0-9]+)", entry.name.lower())
                ],
            )
        yield from (entry.path for entry in entries if entry.is_file())
        for entry in entries:
            if entry.is_dir():
                yield from self._files(entry.path, seen)

    def _folder(self, folder):
        full = self._inside(folder)
        if os.path.isdir(full):
            return full
        if os.path.exists(full):
            raise NotFoundError(f"{folder!r} is a file, not a folder. Name the folder it lies in.")
        found = [
            os.path.join(above, folder) for above, names, _ in os.walk(self.root) if folder in names
        ]
        if len(found) == 1:
            return found[0]
        if found:
            paths = ", ".join(os.path.relpath(one, self.root) for one in found)
            raise NotFoundError(
                f"There are {len(found)} folders called {folder!r}: {paths}. Give the path of one."
            )
        raise NotFoundError(
            f"There is no folder {folder!r} in {self.root!r}. Give its path from there."
        )

    def list_changes(self, position):
        """What changed since a listing came to its end; see `Drive.list_changes`."""
        if "versions" not in position:
            return None
        listing, before = self.list_images(position["folder"]), position["versions"]
        changed = [file for file in listing if before.get(file.id) != file.version]
        return changed, sorted(set(before) - set(listing.position["versions"])), listing.position

    def upload(self, path, folder="."):
        """Copies a local file into a folder in this one, in place of one of the same name; never a half file."""
        target, name = self._inside(folder), os.path.basename(os.path.abspath(path))
        root = os.path.realpath(self.root)
        if os.path.commonpath([os.path.realpath(target), root]) != root:
            raise DriveError(
                f"Will not write to {str(folder)!r}: a link there leads out of {self.root!r}."
            )
        with _own_errors(f"copy {name!r} to {str(folder)!r}"):
            os.makedirs(target, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target, prefix=".upload-") as temporary:
                copy = shutil.copyfile(path, os.path.join(temporary, name))
                os.replace(copy, os.path.join(target, name))
        return self._as_file(os.path.join(target, name), self.root)


@contextlib.contextmanager
def _own_errors(what):
    """Turns the system's errors into DriveErrors."""
    try:
        yield
    except OSError as error:
        said = f"Could not {what}: {error.strerror or error}."
        if isinstance(error, (FileNotFoundError, NotADirectoryError, IsADirectoryError)):
            raise NotFoundError(f"{said} Was it moved? List the folder again.") from error
        if isinstance(error, PermissionError):
            raise DriveError(f"{said} Change its permissions.") from error
        raise TransientError(
            f"{said} If this is a mounted Drive, mount it again; what was cached is kept."
        ) from error


# ---- Signing in ------------------------------------------------------------------------------------

WAYS_IN = """Nobody is signed in to Google Drive. The ways in:
- in Colab: connect() asks you once;
- a folder on this machine, or a mounted Drive: connect("path/to/folder");
- on your own machine: put client_secrets.json here and run connect() again. You get it at
  console.cloud.google.com: a project with the Drive API; Credentials > OAuth client ID > Desktop app;
- credentials that you have: connect(credentials=...), any object of google-auth;
- for practice: set COLAB_HELPERS_DRIVE to a folder, or to the address of a stand-in on this machine."""


def connect(source=None, *, credentials=None, endpoint=None, upload=False):
    """Opens a Drive, or a folder that stands for one.

    Example:
        drive = connect()                           # your Drive
        drive = connect("/content/drive/MyDrive")   # any folder

    Args:
        source: path of a folder, or None for Google Drive.
        credentials: any google-auth credentials object.
        endpoint: root URL of a Drive API in place of Google's, such as "http://127.0.0.1:8080".
        upload: on your own machine, ask for the right to write, too. In Colab the rights are
            always the same: to all of your Drive.

    Returns:
        A `LocalFolder` for a `source`, else a `Drive`. Without any argument: in Colab, after one
        sign-in; elsewhere what the environment variable COLAB_HELPERS_DRIVE names, a folder or
        the loopback URL of a stand-in; elsewhere by client_secrets.json.

    Raises:
        SignInError: with the ways in.
    """
    in_colab = _in_colab()
    if source is credentials is endpoint is None and not in_colab:
        setting = os.environ.get("COLAB_HELPERS_DRIVE") or None
        source, endpoint = (None, setting) if "://" in (setting or "") else (setting, None)
    if "://" in str(source):
        raise SignInError(
            f"`source` must be the path of a folder. Received: {source!r}. For a folder on Drive: "
            "connect().list_images(address)."
        )
    if source is not None:
        return LocalFolder(source)
    loopback = re.fullmatch(
        r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/*", endpoint or ""
    )
    if endpoint and not loopback and (credentials is None or not endpoint.startswith("https://")):
        raise SignInError(
            f"Will not sign in to {endpoint!r}: without `credentials`, or without https, only an "
            "address of this machine (http://127.0.0.1:port) is spoken to."
        )
    if credentials is None and loopback:
        from google.oauth2.credentials import Credentials

        credentials = Credentials(token=PRACTICE_TOKEN)
    return Drive(
        credentials or (_colab_credentials() if in_colab else _own_credentials(upload)),
        endpoint or GOOGLE,
    )


def _connect_again(endpoint, keys):
    """What a pickled Drive becomes on the other side."""
    drive = connect(endpoint=None if endpoint == GOOGLE else endpoint)
    if isinstance(drive, Drive):
        drive._keys.update(keys)
    return drive


def _in_colab():
    """Colab is told by its shell; the environment variables that it sets, Kaggle sets too."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and type(ipython.get_ipython()).__module__.startswith("google.colab")


def _colab_credentials():
    import google.auth
    from google.colab import auth

    try:
        auth.authenticate_user()
        return google.auth.default(scopes=["https://www.googleapis.com/auth/drive"])[0]
    except Exception as error:
        raise SignInError(
            f"The sign-in was refused or closed ({type(error).__name__}). Run the cell again, and "
            "choose the account that holds your pictures."
        ) from None


def _own_credentials(upload):
    """Signs in through the browser by PyDrive2; kept for the next time, readable by this user alone."""
    scope, secrets = "drive" if upload else "drive.readonly", "client_secrets.json"
    if not os.path.isfile(secrets):
        raise SignInError(WAYS_IN)
    from google.oauth2.credentials import Credentials
    from pydrive2.auth import GoogleAuth

    saved = os.path.expanduser(f"~/.config/colab_helpers/{scope}.json")
    try:
        os.makedirs(os.path.dirname(saved), mode=0o700, exist_ok=True)
        os.close(os.open(saved, os.O_CREAT | os.O_NOFOLLOW, 0o600))
        os.chmod(saved, 0o600)  # whatever it was before
        auth = GoogleAuth(
            settings={
                "client_config_backend": "file",
                "client_config_file": secrets,
                "get_refresh_token": True,
                "save_credentials": True,
                "save_credentials_backend": "file",
                "save_credentials_file": saved,
                "oauth_scope": [f"https://www.googleapis.com/auth/{scope}"],
            }
        )
        auth.LocalWebserverAuth()
    except (
        Exception
    ) as error:  # of PyDrive2, oauth2client or the system: each means that nobody is signed in
        raise SignInError(
            f"Could not sign in with {secrets} ({type(error).__name__}: {error}). Delete {saved!r}, if "
            f"there is one, and run connect() again. {WAYS_IN}"
        ) from None
    old = auth.credentials
    return Credentials(
        old.access_token,
        refresh_token=old.refresh_token,
        token_uri=old.token_uri,
        client_id=old.client_id,
        client_secret=old.client_secret,
        expiry=old.token_expiry,
    )
