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

Every request to Drive goes through `_Http.request`: it waits for its turn, has a
deadline, retries what can pass, signs in anew once, and checks what came back.

    DriveError              Drive will not do it (no permission, a Google document, ...)
      +- SignInError        nobody is signed in, or not with the rights that are needed
      +- NotFoundError      no such file or folder, or more than one of that name
      +- QuotaError         Drive asks to slow down, or a quota is used up
      +- TransientError     it failed again and again, and may pass later

Needs: nothing for a local folder; PyDrive2 and google-auth-httplib2 for Drive.
"""

import collections
import concurrent.futures
import contextlib
import datetime
import email.utils
import functools
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

__all__ = ["connect", "Drive", "LocalFolder", "File", "Listing",
           "DriveError", "SignInError", "NotFoundError", "QuotaError", "TransientError"]

logger = logging.getLogger(__name__)

GOOGLE = "https://www.googleapis.com"
PRACTICE_TOKEN = "practice-token"  # what a stand-in for Drive on this machine accepts; no secret
DEADLINE = 60       # seconds without an answer after which a request counts as lost
ATTEMPTS = 10       # how often a request is sent before a passing fault counts as a lasting one
SLOWEST = 100_000  # bytes a second; a large answer has a longer deadline
LONGEST_WAIT = 32   # seconds; https://developers.google.com/workspace/drive/api/guides/limits: "32 or 64"
PATIENCE = 300      # seconds for which refusals are waited out; Drive counts its quota by the minute
FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
SHARED_WITH_ME = "Shared with me"
IMAGE_NAMES = tuple(".jpg .jpeg .jpe .jfif .png .gif .bmp .tif .tiff .webp .heic .heif .avif .jp2 .ppm .pgm".split())
FIELDS = ("id,title,mimeType,fileSize,md5Checksum,modifiedDate,resourceKey,driveId,labels(trashed),"
          "parents(id),shortcutDetails(targetId,targetMimeType,targetResourceKey)")


# ---- What can go wrong -----------------------------------------------------------------------------

class DriveError(Exception):
    """Drive said no. The message names the file, what Drive said and what to do next.

    Attributes:
        status: int, the HTTP status, or None. reason: str, Drive's own word for it, or "".
        ends_run: bool; True where no other file would fare better, so that skipping is no way out.
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
    """A quota is used up: of the file, the day, the storage, or requests a minute."""


class TransientError(DriveError):
    """What usually passes did not pass in all the attempts made."""


RATE_REASONS = {"userRateLimitExceeded", "rateLimitExceeded", "sharingRateLimitExceeded"}
ADVICE = {  # by reason, else by status: the class of the error, and what to do next
    # https://developers.google.com/workspace/drive/api/guides/handle-errors
    "rateLimitExceeded": (QuotaError, "Lower `reads`, or wait a minute and run the cell again."),
    "dailyLimitExceeded": (QuotaError, "Go on tomorrow; what was cached stays."),
    "downloadQuotaExceeded": (QuotaError, "Too many people read it: make a copy in Drive, or wait a day."),
    "quotaExceeded": (QuotaError, "The quota of this file is used up: make a copy in Drive, or wait a day."),
    "storageQuotaExceeded": (QuotaError, "The Drive is full: free some space, then run the cell again."),
    "cannotDownloadAbusiveFile": (DriveError, "Google holds it for harmful: only its owner can download it."),
    "fileNotDownloadable": (DriveError, "It is a Google document, which has no bytes: File > Download it."),
    "insufficientPermissions": (SignInError, "Sign in with the right to write: connect(upload=True)."),
    "insufficientScopes": (SignInError, "Sign in with the right to write: connect(upload=True)."),
    "accessNotConfigured": (SignInError, "Switch the Drive API on in your Google Cloud project."),
    401: (SignInError, "Sign in again: run connect() once more."),
    403: (DriveError, "Ask its owner to share it with the account that you signed in with."),
    404: (NotFoundError, "Was it deleted, or is it another account's? Look for it in Drive, then list again."),
    429: (QuotaError, "Lower `reads`, or wait a minute and run the cell again."),
}
PASSING = (TransientError, "Try again in some minutes; what was read and cached is kept.")


def _verdict(status, content):
    """Returns (kind, error class, what was said, what to do next) for an answer that is an error.

    The kinds: "rate" wait and go slower, "token" sign in anew, "passing" try again, "final" give up.
    """
    try:
        error = json.loads(content)["error"]
        reason = (error.get("errors") or [{}])[0].get("reason", "")
        message = error.get("message", "")
    except (ValueError, LookupError, TypeError, AttributeError):  # HTML, nothing, or half of it
        reason = message = ""
    said = f"Drive said {status} {reason}".rstrip() + (f" ({message[:200]})" if message else "")
    if status == 429 or status == 403 and reason in RATE_REASONS:
        return "rate", *ADVICE["rateLimitExceeded"], said, reason
    if status == 408 or status >= 500:
        return "passing", *PASSING, said, reason
    error_class, advice = ADVICE.get(reason) or ADVICE.get(status) or (DriveError, "Check the request.")
    return "token" if status == 401 else "final", error_class, advice, said, reason


# ---- The one place through which every request goes -----------------------------------------------

class _Pace:
    """Keeps requests to the rate that Drive grants, whatever the window in which it counts.

    Nothing is held back until Drive refuses for the first time. From then on requests are sent
    at a rate that grows a little with each one and shrinks with each refusal, so that it
    settles where about 3 in 100 are refused: close to all that there is, and no storm of 403s.
    When several in a row are refused, all wait while one at a time tries whether it is let
    through. When it is, all go on at the rate that was granted so far, the wait included, which
    is right for a quota by the second and for one by the minute alike.
    """
    SHRINK, GROW = 0.02, 0.0006     # shares of the rate; SHRINK * 3 in 100 == GROW
    STREAK = 4                      # refusals in a row after which all wait
    PROBE = 1, 2                    # seconds between two tries meanwhile: at first, at most

    def __init__(self, clock, sleep):
        self._clock, self._sleep, self._lock = clock, sleep, threading.Lock()
        self.rate = float("inf")    # requests a second
        self._streak = 0            # refusals since the last request that was granted
        self._probe = 0             # seconds between two tries while all wait; 0 while they need not
        self._era = 0               # all waiting begins and ends a new one: then each lines up again
        self._next = self._since = clock()
        self._granted = 0           # requests granted since `_since`

    def wait(self):
        """Waits for this thread's turn; returns a ticket to hand back with the outcome."""
        era = None
        while True:
            with self._lock:
                now = self._clock()
                if era != self._era:
                    if now > self._next + 1 and not self._probe:    # the line was idle: measure afresh
                        self._since, self._granted = now, 0
                    era, due = self._era, max(now, self._next)
                    if due > now and not self._probe:               # all of the rate is in use
                        self.rate *= 1 + self.GROW
                    self._next = due + (self._probe or 1 / self.rate)
                if due <= now:
                    return era
            self._sleep(min(due - now, 0.25))                       # in short pieces, to notice a new era

    def granted(self, era):
        """Drive answered. If all were waiting, they go on."""
        with self._lock:
            self._granted += 1
            self._streak = 0
            if self._probe and era == self._era:
                now = self._clock()
                measured = self._granted / max(now - self._since, 0.001)
                self.rate = min(self.rate, max(measured, self.rate / 2 if self.rate < float("inf") else 0))
                self._probe, self._granted, self._since = 0, 0, now
                self._next, self._era = now, self._era + 1

    def refused(self, era, retry_after=None):
        """Drive asked to slow down; `retry_after` in seconds, if it said for how long."""
        with self._lock:
            if era != self._era:
                return                                              # sent before the others had to wait
            self._streak += 1
            if self._streak < self.STREAK and self.rate < float("inf") and not (self._probe or retry_after):
                self.rate *= 1 - self.SHRINK
                return
            first, longest = self.PROBE
            self._probe = min(2 * self._probe, longest) or first
            self._era += 1
            self._next = self._clock() + (retry_after or self._probe)


class _Account:
    """What the threads of one Drive share: credentials, pace, counts.

    PyDrive2 knows only oauth2client's credentials, and expects five attributes of them; Colab
    and Google's newer libraries have google-auth's. All threads share one refresh, under one lock.
    """
    access_token_expired = False    # else PyDrive2 would sign in by itself; `sign` sees to it here
    refresh_token = None

    def __init__(self, credentials, clock, sleep):
        self.credentials, self.clock, self.sleep = credentials, clock, sleep
        self.pace, self.counts = _Pace(clock, sleep), collections.Counter()
        self._lock, self._refused = threading.Lock(), None

    def authorize(self, http):
        return _Http(http, self)

    def refresh(self, http):
        """Not used: `sign` refreshes."""

    def set_store(self, store):
        """Not used: nothing is stored."""

    def sign(self, headers, http):
        """Adds the token to `headers`, a fresh one if it ran out or was refused; returns it."""
        import google_auth_httplib2
        with self._lock:
            expiry = getattr(self.credentials, "expiry", None)
            # google-auth itself would refresh four minutes early: at each request, if a token lives shorter
            ran_out = expiry and expiry.replace(tzinfo=datetime.UTC).timestamp() <= time.time()
            if not self.credentials.token or ran_out or self.credentials.token == self._refused:
                self.counts["refreshes"] += 1
                self.credentials.refresh(google_auth_httplib2.Request(http))
            self.credentials.apply(headers)
            return self.credentials.token

    def refuse(self, token):
        """Drive did not take this token: the next to sign refreshes it, if nobody has."""
        with self._lock:
            self._refused = token

    def count(self, name):
        with self._lock:
            self.counts[name] += 1


class _Response(http.client.HTTPResponse):
    """An answer whose whole body has a deadline; a socket's timeout bounds only each wait for a packet."""

    def read(self, amt=None):
        if amt is not None:
            return super().read(amt)
        ends, parts = time.monotonic() + DEADLINE + (self.length or 0) / SLOWEST, []
        while part := self.read1(1 << 18):
            parts.append(part)
            if time.monotonic() > ends:
                raise TimeoutError("the answer came too slowly")
        if self.length:
            raise http.client.IncompleteRead(b"".join(parts), self.length)
        self.close()
        return b"".join(parts)


@functools.cache
def _connection_types():
    import httplib2
    bases = {"http": httplib2.HTTPConnectionWithTimeout, "https": httplib2.HTTPSConnectionWithTimeout}
    return {scheme: type(base.__name__, (base,), {"response_class": _Response}) for scheme, base in bases.items()}


class _Http:
    """What PyDrive2 takes for its httplib2.Http, one a thread: the place through which every request goes."""
    what, check = "finish a request", None

    def __init__(self, plain, account):
        self._plain, self._account = plain, account

    @contextlib.contextmanager
    def meant(self, what, check=None):
        """Says for the requests within what they are for, and what is wrong with an answer, if anything."""
        before = self.what, self.check
        self.what, self.check = what, check
        try:
            yield self
        finally:
            self.what, self.check = before

    def request(self, uri, method="GET", body=None, headers=None, redirections=5, connection_type=None):
        """httplib2's own signature; returns (response, content), or raises a DriveError."""
        account, began = self._account, self._account.clock()
        headers, faults, token_refused = dict(headers or {}), 0, False
        # Sent twice, these would make two things: a lost answer does not mean a lost request.
        once = method == "POST" and "uploadType=resumable" not in uri and "x-http-method-override" not in headers
        for attempt in itertools.count(1):
            era = account.pace.wait()
            account.count("requests")
            response, content, token, verdict = self._send(uri, method, body, headers, redirections)
            if verdict is None:
                account.pace.granted(era)
                return response, content
            kind, error_class, advice, said, reason = verdict
            account.count(kind)
            spent, wait = account.clock() - began, _seconds(response.get("retry-after"))
            if kind == "rate":
                account.pace.refused(era, wait)
                again = spent < PATIENCE
            elif kind == "passing":
                faults += 1
                again = faults < ATTEMPTS and not once
                if again:   # truncated exponential backoff, with jitter
                    account.sleep(wait or random.uniform(0.5, 1) * min(2 ** (faults - 1), LONGEST_WAIT))
            else:
                account.pace.granted(era)
                again = kind == "token" and not token_refused
                account.refuse(token if kind == "token" else None)
            token_refused = kind == "token"
            if not again:
                times = f", {attempt} attempts in {spent:.0f} s" if attempt > 1 else ""
                raise error_class(f"Could not {self.what}: {said}{times}. {advice}", response.get("status"), reason)
            logger.info("Once more: %s, after %s", self.what, said)
            piece = re.fullmatch(r"bytes \d+-\d+(/.+)", headers.get("Content-Range", ""))
            if piece:   # of an upload: ask how much of it arrived, and googleapiclient goes on from there
                headers, body = {"Content-Range": f"bytes *{piece[1]}", "content-length": "0"}, None

    def _send(self, uri, method, body, headers, redirections):
        """One attempt: (response, content, token, verdict); the verdict is None when all is well."""
        import google.auth.exceptions as auth_errors
        import httplib2
        token, sent = None, dict(headers)
        self._plain.timeout = DEADLINE
        try:
            token = self._account.sign(sent, self._plain)
            response, content = self._plain.request(
                uri, method, body, sent, redirections, _connection_types()[uri.partition(":")[0]])
        except auth_errors.RefreshError as error:
            verdict = ("passing", *PASSING) if error.retryable else ("final", *ADVICE[401])
            return {}, b"", token, (*verdict, f"the sign-in has ended ({error.args[0]})", "authError")
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error, auth_errors.TransportError) as error:
            self._plain.close()     # what is left of this answer must not be taken for the next one
            said = f"the connection failed ({type(error).__name__}: {error})".replace(": )", ")")
            return {}, b"", token, ("passing", *PASSING, said, "")
        if response.status >= 400:
            return response, content, token, _verdict(response.status, content)
        wrong = self.check(response, content) if self.check else _wrong_json(uri, method, response, content)
        return response, content, token, ("passing", *PASSING, wrong, "") if wrong else None


def _wrong_json(uri, method, response, content):
    """What is wrong with an answer that should be JSON, or None."""
    if response.status in (200, 201) and (method == "PUT" or "alt=json" in uri) and "location" not in response:
        try:
            json.loads(content)
        except ValueError:
            return "Drive's answer was cut short"


def _seconds(retry_after):
    """A Retry-After header, which holds seconds or a date, as seconds; None where there is none."""
    if not retry_after:
        return None
    try:
        wait = float(retry_after)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(wait, 0), PATIENCE)


# ---- Files and listings ----------------------------------------------------------------------------

@dataclass(frozen=True, slots=True)
class File:
    """A file as listed: what it is called and what its content was, never the content.

    Attributes:
        id: str; Drive's file ID, or the path below a LocalFolder.
        name: str; the label is the name of the folder it lies in, and the path begins below the
            folder that was listed. In both, a slash within a name on Drive stands as "_".
        size: int, bytes, or None for a Google document. md5: str, hex, or None.
        version: str; differs when the content does.
    """
    id: str
    name: str
    label: str
    path: str
    size: int | None
    md5: str | None
    version: str


class Listing:
    """An iterator of files that knows how far it is: each page is fetched when you get there.

    Example:
        listing = drive.list_images("flowers17")
        first = next(listing)
        rest = drive.list_images("flowers17", position=listing.position)    # also tomorrow, elsewhere

    Attributes:
        position: dict, fit for JSON. A listing made with it goes on at the page that is being
            given out now, so drop by id what comes twice. At the end, `list_changes` takes it.
    """

    def __init__(self, walk, position):
        self.position = dict(position or {})
        self._files = walk(self)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._files)


def _segment(name):
    """A name as part of a path: no slash, and no way up."""
    name = name.replace("/", "_").replace("\0", "_")
    return "_" * len(name) if name in (".", "..") else name


def _is_image(name, mime_type=None):
    return (mime_type or mimetypes.guess_type(name)[0] or "").startswith("image/") or name.lower().endswith(IMAGE_NAMES)


def _no_images(folder, others):
    what = f"only other files, such as {others[0]!r}" if others else "nothing"
    return NotFoundError(f"There are no images in {folder!r}: it holds {what}. "
                         "Name the folder that holds the pictures, or the folder above it.")


class Drive:
    """A signed-in Google Drive; made by `connect`.

    Attributes:
        pydrive: the pydrive2.drive.GoogleDrive below, for all that is not offered here; its
            requests pass the same place.
        counts: Counter of requests, and of those that were refused ("rate"), failed
            ("passing", "final"), came with an old token ("token"); of refreshes.
    """

    def __init__(self, credentials, endpoint=GOOGLE, *, clock=time.monotonic, sleep=time.sleep):
        from googleapiclient.discovery import build_from_document
        from googleapiclient.discovery_cache import get_static_doc
        from pydrive2.auth import GoogleAuth
        from pydrive2.drive import GoogleDrive
        self._endpoint, self._account = endpoint.rstrip("/"), _Account(credentials, clock, sleep)
        self._keys = {}     # resource keys by ID, of the few files that have one
        auth = GoogleAuth(http_timeout=DEADLINE, settings=dict(GoogleAuth.DEFAULT_SETTINGS))
        auth.credentials = self._account
        document = json.loads(get_static_doc("drive", "v2"))
        document["rootUrl"] = f"{self._endpoint}/"      # uploads follow this; client_options they would not
        auth.service = build_from_document(document, http=auth.Get_Http_Object())
        files = auth.service.files()
        auth.service.files = lambda: files              # PyDrive2 asks each time, and making it takes 4 ms
        self.pydrive, self._files = GoogleDrive(auth), files

    def __repr__(self):
        return f"Drive({self._endpoint!r})"

    def __reduce__(self):
        return _connect_again, (self._endpoint, self._keys)

    @property
    def counts(self):
        return self._account.counts

    @property
    def _http(self):
        auth = self.pydrive.auth
        if getattr(auth.thread_local, "http", None) is None:    # where PyDrive2 looks for it, too
            auth.thread_local.http = auth.Get_Http_Object()
        return auth.thread_local.http

    def _ask(self, what, request, check=None):
        with self._http.meant(what, check) as http:
            return request.execute(http=http)

    def account(self):
        """The address that is signed in, such as "you@gmail.com"."""
        with self._http.meant("ask who is signed in"):
            return self.pydrive.GetAbout()["user"].get("emailAddress", "unknown")

    def read(self, file, start=None, end=None):
        """The bytes of a file, or those from `start` up to, not including, `end`; checked.

        Raises:
            NotFoundError: it is gone, or is not what was listed any more.
            DriveError: any other of its family.
        """
        size, md5 = getattr(file, "size", None), getattr(file, "md5", None)
        whole, start = start is None and end is None, start or 0
        if end is None or size is not None:
            end = size if end is None else min(end, size)
        if start < 0 or end is not None and end < start and end != size:
            raise ValueError(f"A range must have 0 <= start <= end. Received: start={start}, end={end}.")
        if not whole and end is not None and start >= end:
            return b""
        request = self._files.get_media(fileId=file.id, supportsAllDrives=True)
        if not whole:
            request.headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        if file.id in self._keys:
            request.headers["X-Goog-Drive-Resource-Keys"] = f"{file.id}/{self._keys[file.id]}"
        what, mismatches = f"read {file.name!r} (id {file.id})", []

        def check(response, content):
            if not whole and not response.get("content-range", "").startswith(f"bytes {start}-"):
                return "Drive sent another range than was asked for"
            expected = None if end is None else end - start
            if len(content) == expected or expected is None:
                if not whole or md5 is None or hashlib.md5(content).hexdigest() == md5:
                    return None
            mismatches.append(len(content))
            if len(mismatches) == 2 and self._as_file(self._get(file.id, what)).version != file.version:
                raise NotFoundError(f"Could not {what}: it was changed on Drive after it was listed. "
                                    "List the folder again, or refresh the saved inventory.")
            return (f"Drive sent {len(content)} of {expected} bytes" if len(content) != expected
                    else "the bytes that came do not match Drive's md5")

        return self._ask(what, request, check)

    # names, paths, IDs and addresses

    def find(self, path):
        """The file (of any kind) at a path, with this ID, or at a pasted address."""
        return self._as_file(self._resolve(path, folder=False))

    def _remember(self, item):
        details = item.get("shortcutDetails", {})
        for file_id, key in ((item["id"], item.get("resourceKey")),
                             (details.get("targetId"), details.get("targetResourceKey"))):
            if key:
                self._keys[file_id] = key
        return item

    def _get(self, file_id, what=None):
        known = {"resourceKey": self._keys[file_id]} if file_id in self._keys else {}
        file = self.pydrive.CreateFile({"id": file_id, **known})
        with self._http.meant(what or f"find the file with id {file_id}"):
            file.FetchMetadata(fields=FIELDS)
        return self._remember(file)

    def _page(self, folder_id, page_token=None, title=None, what=None):
        """One page of what lies in a folder: (items, token of the next page or None)."""
        query = "trashed = false"
        if folder_id == SHARED_WITH_ME:
            query += " and sharedWithMe = true"
        elif folder_id:
            query += f" and '{folder_id}' in parents"
        if title is not None:
            title = title.replace("\\", "\\\\").replace("'", "\\'")
            query += f" and title = '{title}'"
        request = self._files.list(
            q=query, maxResults=1000, pageToken=page_token, fields=f"nextPageToken,items({FIELDS})",
            supportsAllDrives=True, includeItemsFromAllDrives=True)
        if folder_id in self._keys:
            request.headers["X-Goog-Drive-Resource-Keys"] = f"{folder_id}/{self._keys[folder_id]}"
        answer = self._ask(what or f"list the folder with id {folder_id}", request)
        return [self._remember(item) for item in answer.get("items", [])], answer.get("nextPageToken")

    def _named(self, title, folder_id):
        """All that has this very title, in one folder or (None) anywhere."""
        found, page_token = [], None
        while True:     # a page may be empty, and have a next one all the same
            items, page_token = self._page(folder_id, page_token, title, f"look for {title!r}")
            found += [item for item in items if item["title"] == title]
            if not page_token:
                return found

    def _follow(self, item):
        """What a shortcut points to, or the item itself."""
        if item["mimeType"] != SHORTCUT:
            return item
        return self._get(item["shortcutDetails"]["targetId"],
                         f"follow the shortcut {item['title']!r} (id {item['id']})")

    def _resolve(self, address, folder, make=False):
        """What Drive knows of the folder or file that a name, path, ID or pasted address means."""
        address = str(address).strip()
        kind = "folder" if folder else "file"
        if re.match(r"(https?://)?(drive|docs)\.google\.com/", address):
            match = re.search(r"(?:/folders/|/d/|[?&]id=)([\w-]+)", address)
            key = re.search(r"[?&]resourcekey=([\w-]+)", address, re.IGNORECASE)
            if match and key:
                self._keys[match[1]] = key[1]
            if match:
                return self._only(kind, address, [self._follow(self._get(match[1], f"open {address}"))])
            address = SHARED_WITH_ME if "shared-with-me" in address else "." if "my-drive" in address else address
        parts = [part for part in address.split("/") if part not in ("", ".")]
        top = "root"
        if parts and parts[0] == "My Drive":
            parts = parts[1:]
        elif parts and parts[0] == SHARED_WITH_ME:
            top, parts = SHARED_WITH_ME, parts[1:]
        elif len(parts) > 1 and parts[0] == "Shared drives":
            top, parts = self._shared_drive(parts[1]), parts[2:]
        if not parts:
            if top == SHARED_WITH_ME and folder:
                return {"id": top, "title": top, "mimeType": FOLDER}
            return self._only(kind, address, [self._get(top)])
        if len(parts) == 1 and re.fullmatch(r"[\w-]{15,}", parts[0]):    # it may be an ID
            with contextlib.suppress(NotFoundError):
                return self._only(kind, address, [self._follow(self._get(parts[0]))])
        found = self._descend(top, parts, folder, make)
        if found is None and len(parts) == 1:
            found = self._only(kind, address, self._named(parts[0], None))
        if found is None:
            raise NotFoundError(f"There is no {kind} {address!r} on this Drive. Give its path from My Drive "
                                "(a/b/c), its ID, or its address, copied from the browser.")
        return found

    def _only(self, kind, name, items):
        """The one item of this kind among those of a name; None where there is nothing at all."""
        folders = [item for item in items if FOLDER in (
            item["mimeType"], item.get("shortcutDetails", {}).get("targetMimeType"))]
        fitting = folders if kind == "folder" else [item for item in items if item not in folders]
        if len(fitting) > 1:
            listed = ", ".join(f"id {item['id']} (changed {item.get('modifiedDate', '')[:10]})" for item in fitting)
            raise NotFoundError(f"There are {len(fitting)} {kind}s called {name!r}: {listed}. "
                                "Give the ID of the one you mean in place of the name.")
        if items and not fitting:
            other = "file" if kind == "folder" else "folder"
            raise NotFoundError(f"{name!r} (id {items[0]['id']}) is a {other}, not a {kind}. "
                                + ("Name the folder it lies in." if kind == "folder" else "List it with list_images."))
        return self._follow(fitting[0]) if fitting else None

    def _descend(self, folder_id, parts, folder, make):
        for n in range(1, len(parts) + 1):      # a name may hold slashes: try "a", then "a/b", ...
            title, last = "/".join(parts[:n]), n == len(parts)
            found = self._only("folder" if folder or not last else "file", title, self._named(title, folder_id))
            if found is not None:
                found = found if last else self._descend(found["id"], parts[n:], folder, make)
            if found is not None:
                return found
        if not make:
            return None
        new = self.pydrive.CreateFile({"title": parts[0], "mimeType": FOLDER, "parents": [{"id": folder_id}]})
        with self._http.meant(f"make the folder {parts[0]!r}"):
            new.Upload()
        return self._descend(new["id"], parts[1:], folder, make) if parts[1:] else new

    def _shared_drive(self, name):
        answer = self._ask("list the shared drives", self.pydrive.auth.service.drives().list(maxResults=100))
        found = [drive["id"] for drive in answer["items"] if name in (drive["name"], drive["id"])]
        if len(found) == 1:
            return found[0]
        raise NotFoundError(f"There are {len(found)} shared drives called {name!r}: {', '.join(found) or 'none'}. "
                            f"You see: {', '.join(drive['name'] for drive in answer['items']) or 'none'}.")

    # listing

    def _as_file(self, item, folder_path="", label=None, name=None):
        name, size, md5 = name or item["title"], item.get("fileSize"), item.get("md5Checksum")
        path = f"{folder_path}/{_segment(name)}".lstrip("/")
        version = md5 or f"{item.get('modifiedDate')}-{size}"
        return File(item["id"], name, label or "", path, int(size) if size is not None else None, md5, version)

    def list_images(self, folder, *, position=None):
        """Lists the images of a folder and of all folders in it, page by page, as a `Listing`.

        Example:
            for file in drive.list_images("flowers17"):
                ...

        Args:
            folder: its name, `path/to/it`, ID, or address pasted from the browser; "." is My
                Drive. "Shared with me/..." and "Shared drives/name/..." lead to these.
            position: of a listing that was cut off, to go on there.

        Returns:
            A `Listing` of `File`. No request before the first `next`, one page ahead at most;
            shortcuts are followed, each file and folder comes once.

        Raises:
            NotFoundError: on the first `next`: no such folder, or several of that name; at the
                end: no images.
        """
        return Listing(lambda listing: self._walk(listing, folder), position)

    def _walk(self, listing, folder):
        at = listing.position
        if resumed := bool(at):
            pass
        else:
            top = self._resolve(folder, folder=True)
            at.update(name=_segment(top["title"]), folders={top["id"]: ""}, links={}, drive=top.get("driveId"))
            at.update(change_token=self._change_token(at["drive"]), todo=[[top["id"], "", None]])
        seen, others = set(), []
        with concurrent.futures.ThreadPoolExecutor(1) as ahead:
            page = ahead.submit(self._page_of, at["todo"][-1]) if at["todo"] else None
            while at["todo"]:
                *todo, (folder_id, path, page_token) = at["todo"]
                try:
                    items, next_token = page.result()
                except DriveError as error:
                    if page_token and error.status in (400, 410):       # rejected: this folder from its start
                        at["todo"] = [*todo, [folder_id, path, None]]
                        page = ahead.submit(self._page_of, at["todo"][-1])
                        continue
                    if not path or error.status != 404:
                        raise
                    logger.warning("Left out %r (id %s): it was deleted, or its shortcut leads nowhere.",
                                   path, folder_id)
                    items, next_token = [], None
                label, below = posixpath.basename(path) or at["name"], {}
                for item in items:
                    target = item.get("shortcutDetails", {})
                    if FOLDER in (item["mimeType"], target.get("targetMimeType")):
                        below_id = target.get("targetId", item["id"])
                        if below_id not in at["folders"]:
                            below.setdefault(below_id, f"{path}/{_segment(item['title'])}".lstrip("/"))
                todo += [[below_id, below_path, None] for below_id, below_path in reversed(below.items())]
                if next_token:
                    todo.append([folder_id, path, next_token])
                page = ahead.submit(self._page_of, todo[-1]) if todo else None
                for item in items:
                    file = self._image(item, path, label, at["links"])
                    if file is None:
                        others.append(item["title"]) if len(others) < 1 and item["id"] not in below else None
                    elif file.id not in seen:
                        seen.add(file.id)
                        yield file
                at["folders"].update(below)
                at["todo"] = todo
        if not seen and not resumed:
            raise _no_images(folder, others)

    def _page_of(self, todo):
        folder_id, path, page_token = todo
        return self._page(folder_id, page_token, what=f"list the folder {path or '.'!r} (id {folder_id})")

    def _image(self, item, path, label, links):
        """The file that an item of a listing stands for, or None if it is no image."""
        target = item.get("shortcutDetails")
        if not _is_image(item["title"], target["targetMimeType"] if target else item["mimeType"]):
            return None
        if not target:
            return self._as_file(item, path, label)
        try:
            file = self._as_file(self._follow(item), path, label, item["title"])
        except NotFoundError as error:
            logger.warning("%s", error)
            return None
        links[file.id] = file.path
        return file

    def _change_token(self, drive_id):
        request = self.pydrive.auth.service.changes().getStartPageToken(driveId=drive_id, supportsAllDrives=True)
        return self._ask("ask where Drive's list of changes ends", request)["startPageToken"]

    def list_changes(self, position):
        """What changed since a listing, asked for without listing again.

        Args:
            position: of a listing that came to its end, or as returned here before.

        Returns:
            (files added or changed, ids removed, new position), or None when only a full
            listing can tell: it never ended, or one of its folders was moved, renamed or added.
        """
        if not position.get("change_token") or position["todo"]:
            return None
        changed, removed, token = {}, set(), position["change_token"]
        folders, links = position["folders"], dict(position["links"])
        while True:
            answer = self._ask("list what changed", self.pydrive.auth.service.changes().list(
                pageToken=token, maxResults=1000, includeDeleted=True, driveId=position["drive"],
                supportsAllDrives=True, includeItemsFromAllDrives=True,
                fields=f"nextPageToken,newStartPageToken,items(fileId,deleted,file({FIELDS}))"))
            for change in answer.get("items", []):
                file_id, item = change["fileId"], change.get("file", {})
                gone = change.get("deleted") or item.get("labels", {}).get("trashed")
                inside = [folders[parent["id"]] for parent in item.get("parents", []) if parent["id"] in folders]
                is_folder = FOLDER in (item.get("mimeType"), item.get("shortcutDetails", {}).get("targetMimeType"))
                if file_id in folders or is_folder and inside:
                    path = folders.get(file_id)
                    same = path == "" or inside and path == f"{inside[0]}/{_segment(item['title'])}".lstrip("/")
                    if gone or not same:
                        return None
                    continue
                path = inside[0] if inside else posixpath.dirname(links[file_id]) if file_id in links else None
                removed.add(file_id)
                changed.pop(file_id, None)
                if path is not None and not gone:
                    label = posixpath.basename(path) or position["name"]
                    file = self._image(self._remember(item), path, label, links)
                    if file is not None:
                        changed[file.id] = file
            token = answer.get("nextPageToken")
            if not token:
                break
        position = {**position, "links": links, "change_token": answer["newStartPageToken"]}
        return list(changed.values()), sorted(removed - set(changed)), position

    # writing

    def upload(self, path, folder="."):
        """Puts a local file into a folder of the Drive, in place of one of the same name.

        Args:
            path: of the local file. folder: as in `list_images`; a path that does not exist is made.

        Returns:
            The `File` on Drive, whose md5 is that of the local one.
        """
        path = os.path.abspath(path)
        name = os.path.basename(path)
        with open(path, "rb") as content:
            md5 = hashlib.file_digest(content, "md5").hexdigest()
        for attempt in range(1, 4):
            try:    # look first: where an answer got lost, the file may be there
                parent = self._resolve(folder, folder=True, make=True)["id"]
                there = self._only("file", name, [item for item in self._named(name, parent)
                                                  if item["mimeType"] != FOLDER])
                if there is None or there.get("md5Checksum") != md5:
                    file = self.pydrive.CreateFile(
                        {"id": there["id"]} if there else {"title": name, "parents": [{"id": parent}]})
                    file["mimeType"] = mimetypes.guess_type(name)[0] or "application/octet-stream"
                    with open(path, "rb") as file.content, self._http.meant(f"upload {name!r} to {folder!r}"):
                        file.Upload()
                    there = file
                if there.get("md5Checksum") == md5:
                    return self._as_file(there)
            except (TransientError, NotFoundError) as error:    # an upload that took too long is "not found"
                if attempt == 3 or isinstance(error, NotFoundError) and error.status is None:
                    raise
        raise TransientError(f"Could not upload {name!r} to {folder!r}: Drive's md5 differs from the file's, "
                             "3 attempts. Is it still being written? Then run the cell again.")


class LocalFolder:
    """A folder on this machine, or a mounted Drive, with the methods of `Drive`."""

    def __init__(self, root):
        self.root = os.path.abspath(os.path.expanduser(os.fspath(root)))
        if not os.path.isdir(self.root):
            raise NotFoundError(f"There is no folder {self.root!r}. Check the path; a mounted Drive is under "
                                "/content/drive/MyDrive.")

    def __repr__(self):
        return f"LocalFolder({self.root!r})"

    def account(self):
        """Nobody signs in here; says which folder it is."""
        return self.root

    def _inside(self, path):
        full = os.path.normpath(os.path.join(self.root, os.fspath(path)))
        if os.path.commonpath([full, self.root]) != self.root:
            raise NotFoundError(f"{os.fspath(path)!r} lies outside {self.root!r}. Connect to the folder that holds it.")
        return full

    def _as_file(self, full, top):
        stat, name = os.stat(full), os.path.basename(full)
        file_id = os.path.relpath(full, self.root).replace(os.sep, "/")
        return File(file_id, name, os.path.basename(os.path.dirname(full)),
                    os.path.relpath(full, top).replace(os.sep, "/"), stat.st_size, None,
                    f"{stat.st_mtime_ns}-{stat.st_size}")

    @contextlib.contextmanager
    def _speaking(self, what):
        """Turns the system's errors into ours."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFoundError(f"Could not {what}: {error.strerror}. Was it moved? List the folder again.") from error
        except PermissionError as error:
            raise DriveError(f"Could not {what}: {error.strerror}. Change its permissions.") from error
        except OSError as error:
            raise TransientError(f"Could not {what}: {error.strerror or error}. On a mounted Drive: mount it again; "
                                 "what was cached is kept.") from error

    def read(self, file, start=None, end=None):
        """The bytes of a file, or those from `start` up to, not including, `end`; see `Drive.read`."""
        if (start or 0) < 0 or end is not None and end < (start or 0):
            raise ValueError(f"A range must have 0 <= start <= end. Received: start={start}, end={end}.")
        with self._speaking(f"read {file.name!r} (id {file.id})"), open(self._inside(file.id), "rb") as content:
            content.seek(start or 0)
            return content.read(-1 if end is None else end - (start or 0))

    def find(self, path):
        """The file (of any kind) at a path below this folder."""
        full = self._inside(path)
        if os.path.isfile(full):
            return self._as_file(full, self.root)
        what = "is a folder, not a file" if os.path.isdir(full) else "does not exist"
        raise NotFoundError(f"{os.fspath(path)!r} {what} in {self.root!r}. Give the path of a file from there.")

    def list_images(self, folder, *, position=None):
        """Lists the images of a folder and of all folders in it, in natural order; see `Drive.list_images`."""
        return Listing(lambda listing: self._walk(listing, folder), None)

    def _walk(self, listing, folder):
        top = self._folder(folder)
        versions, others, seen = {}, [], set()
        for full in self._files(top, seen):
            if not _is_image(full):
                others = others or [os.path.basename(full)]
                continue
            with self._speaking(f"list {full!r}"), contextlib.suppress(FileNotFoundError):     # deleted meanwhile
                file = self._as_file(full, top)
                versions[file.id] = file.version
                yield file
        if not versions:
            raise _no_images(folder, others)
        listing.position.update(folder=os.path.relpath(top, self.root), versions=versions, todo=[])

    def _files(self, folder, seen):
        real = os.path.realpath(folder)
        if real in seen:        # a link that leads back
            return
        seen.add(real)
        with self._speaking(f"list {folder!r}"), os.scandir(folder) as entries:
            entries = sorted((entry for entry in entries if not entry.name.startswith(".")),
                             key=lambda entry: [int(part) if part.isdecimal() else part
                                                for part in re.split(r"([0-9]+)", entry.name.lower())])
        folders = [entry.path for entry in entries if entry.is_dir()]
        yield from (entry.path for entry in entries if entry.is_file())
        for below in folders:
            yield from self._files(below, seen)

    def _folder(self, folder):
        full = self._inside(folder)
        if os.path.isdir(full):
            return full
        if os.path.exists(full):
            raise NotFoundError(f"{os.fspath(folder)!r} is a file, not a folder. Name the folder it lies in.")
        found = [os.path.join(above, name) for above, names, _ in os.walk(self.root) for name in names
                 if name == os.fspath(folder)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(os.path.relpath(one, self.root) for one in found)
            raise NotFoundError(f"There are {len(found)} folders called {folder!r}: {ids}. Give the path of one.")
        raise NotFoundError(f"There is no folder {os.fspath(folder)!r} in {self.root!r}. Give its path from there.")

    def list_changes(self, position):
        """What changed since a listing that came to its end; see `Drive.list_changes`."""
        if "versions" not in position:
            return None
        listing, before = self.list_images(position["folder"]), position["versions"]
        changed = [file for file in listing if before.get(file.id) != file.version]
        return changed, sorted(set(before) - set(listing.position["versions"])), listing.position

    def upload(self, path, folder="."):
        """Copies a local file into a folder below this one, in place of one of the same name."""
        target, name = self._inside(folder), os.path.basename(os.path.abspath(path))
        real_root = os.path.realpath(self.root)
        if os.path.commonpath([os.path.realpath(target), real_root]) != real_root:
            raise DriveError(f"Will not write to {folder!r}: a link there leads out of {self.root!r}.")
        with self._speaking(f"copy {name!r} to {folder!r}"):
            os.makedirs(target, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target, prefix=".upload-")
            try:
                with os.fdopen(handle, "wb") as copy, open(path, "rb") as content:
                    shutil.copyfileobj(content, copy)
                os.chmod(temporary, 0o644)
                os.replace(temporary, os.path.join(target, name))
            except BaseException:
                os.unlink(temporary)
                raise
        return self._as_file(os.path.join(target, name), self.root)


# ---- Signing in ------------------------------------------------------------------------------------

WAYS_IN = """Nobody is signed in to Google Drive. The ways in:
- in Colab: connect() asks you once;
- a folder on this machine, or a mounted Drive: connect("path/to/folder");
- on your own machine: put client_secrets.json here and run connect() again. It comes from
  console.cloud.google.com (a project with the Drive API; Credentials > OAuth client ID > Desktop app);
- credentials that you have: connect(credentials=...), any object of google-auth;
- for practice: set COLAB_HELPERS_DRIVE to a folder, or to the address of a stand-in on this machine."""


def connect(source=None, *, credentials=None, endpoint=None, upload=False):
    """Opens a Drive, or a folder that stands for one.

    Example:
        drive = connect()                           # Colab, or your own machine: your Drive
        drive = connect("/content/drive/MyDrive")   # any folder

    Args:
        source: path of a folder, or None for Google Drive.
        credentials: any google-auth credentials object.
        endpoint: root URL of a Drive API in place of Google's, such as "http://127.0.0.1:8080".
        upload: on your own machine, ask for the right to write, not only to read. In Colab the
            rights are what `authenticate_user` asks for: all of Drive.

    Returns:
        A `LocalFolder` for a `source`, otherwise a `Drive`. Without any argument: in Colab,
        after one sign-in; elsewhere what the environment variable COLAB_HELPERS_DRIVE names, a
        folder or the loopback URL of a stand-in; elsewhere by client_secrets.json.

    Raises:
        SignInError: with the ways in.
    """
    in_colab = _in_colab()
    if source is None and credentials is None and endpoint is None and not in_colab:
        setting = os.environ.get("COLAB_HELPERS_DRIVE", "")
        if "://" in setting:
            endpoint = setting
        else:
            source = setting or None
    if source is not None:
        if "://" in str(source):
            raise SignInError(f"`source` is the path of a folder. Received: {source!r}. For a folder on Drive: "
                              "connect().list_images(address).")
        return LocalFolder(source)
    loopback = re.fullmatch(r"https?://(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?/*", endpoint or "")
    if endpoint and not loopback and (credentials is None or not endpoint.startswith("https://")):
        raise SignInError(f"Will not sign in to {endpoint!r}: without `credentials`, and without https, only an "
                          "address of this machine (http://127.0.0.1:port) is spoken to.")
    if credentials is None and loopback:
        from google.oauth2.credentials import Credentials
        credentials = Credentials(token=PRACTICE_TOKEN)
    if credentials is None:
        credentials = _colab_credentials() if in_colab else _own_credentials(upload)
    return Drive(credentials, endpoint or GOOGLE)


def _connect_again(endpoint, keys):
    """What a pickled Drive becomes: a new sign-in on the other side, for no secret travels."""
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
        raise SignInError(f"The sign-in was refused or closed ({type(error).__name__}). Run the cell again and "
                          "choose the account that holds your pictures.") from None


def _own_credentials(upload):
    """Signs in through the browser by PyDrive2; kept for next time, readable by this user alone."""
    scope = "drive" if upload else "drive.readonly"
    folder = os.path.join(os.path.expanduser("~"), ".config", "colab_helpers")
    secrets, saved = "client_secrets.json", os.path.join(folder, f"{scope}.json")
    if not os.path.isfile(secrets):
        raise SignInError(WAYS_IN)
    from google.oauth2.credentials import Credentials
    from pydrive2.auth import GoogleAuth
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.path.exists(saved):
        os.chmod(saved, 0o600)
    auth = GoogleAuth(settings={
        "client_config_backend": "file", "client_config_file": secrets, "get_refresh_token": True,
        "save_credentials": True, "save_credentials_backend": "file", "save_credentials_file": saved,
        "oauth_scope": [f"https://www.googleapis.com/auth/{scope}"]})
    try:
        auth.LocalWebserverAuth()
        os.chmod(saved, 0o600)
    except Exception as error:      # of PyDrive2, oauth2client or the system: all mean that nobody is signed in
        raise SignInError(f"Could not sign in with {secrets} ({type(error).__name__}: {error}). Delete {saved!r}, if "
                          f"there is one, and run connect() again. {WAYS_IN}") from None
    old = auth.credentials
    return Credentials(old.access_token, refresh_token=old.refresh_token, token_uri=old.token_uri,
                       client_id=old.client_id, client_secret=old.client_secret, expiry=old.token_expiry)
