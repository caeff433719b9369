"""What lies on the stand-in Drive, what a search finds there, and which fields are told. See drive.py."""

import base64
import collections
import contextlib
import dataclasses
import functools
import hashlib
import itertools
import json
import mimetypes
import os
import re
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import googleapiclient
from .server import Refusal

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
GOOGLE_TYPES = {
    f".g{short}": f"application/vnd.google-apps.{kind}"
    for short, kind in (("doc", "document"), ("sheet", "spreadsheet"), ("slides", "presentation"))
}
DISCOVERY = "discovery_cache/documents/drive.v2.json"


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
    known = {
        ".webp": "image/webp",
        ".heic": "image/heif",
        ".heif": "image/heif",
        ".avif": "image/avif",
    }
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
        self._order, self._md5 = itertools.count(), {}
        self.root = self.add(
            "My Drive", (), FOLDER, path=str(folder), id=self._new_id("root", "0A")
        )

    def _new_id(self, key, start="1"):
        for n in range(1_000_000):
            digest = hashlib.sha256(f"{key}\0{n}".encode()).digest()[:24]
            file_id = start + base64.urlsafe_b64encode(digest).decode()
            if file_id not in self.entries:
                return file_id

    def add(self, title, parents, mime_type, *, id=None, **attributes):
        key = "/".join([*parents, title])
        entry = Entry(
            id or self._new_id(key),
            title,
            mime_type,
            tuple(parents),
            next(self._order),
            **attributes,
        )
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

    def scan(self, folder=None):
        """Makes the entries of a folder agree with the disk; without one, all entries."""
        if folder is None:
            for top in [entry for entry in self.entries.values() if not entry.parents]:
                self.scan_below(top)
            return
        if folder.path is None:
            return
        with contextlib.suppress(FileNotFoundError), os.scandir(folder.path) as found:
            items = sorted(
                (item for item in found if not item.name.startswith(".")),
                key=lambda item: item.name,
            )
            paths = {item.path for item in items}
            for child in list(self.children[folder.id].values()):
                if self.by_path.get(child.path) is child and child.path not in paths:
                    self.remove(child)
            for item in items:
                self._meet(folder, item)

    def scan_below(self, folder):
        self.scan(folder)
        for child in list(self.children[folder.id].values()):
            if child.mime_type == FOLDER:
                self.scan_below(child)

    def _meet(self, folder, item):
        """Takes in what lies on disk."""
        stat, entry = item.stat(), self.by_path.get(item.path)
        if entry is None:
            title = item.name.replace("%2F", "/")
            mime_type = FOLDER if item.is_dir() else mime_type_of(title)
            if mime_type in GOOGLE_TYPES.values():
                title = os.path.splitext(title)[0]
            self.by_path[item.path] = self.add(
                title,
                (folder.id,),
                mime_type,
                path=item.path,
                size=stat.st_size,
                modified=stat.st_mtime_ns,
            )
        elif entry.mime_type != FOLDER and (entry.size, entry.modified) != (
            stat.st_size,
            stat.st_mtime_ns,
        ):
            entry.size, entry.modified = stat.st_size, stat.st_mtime_ns
            self.changed(entry.id)

    def move(self, entry, folder):
        for parent in entry.parents:
            self.children[parent].pop(entry.id)
        if self.by_path.pop(entry.path, None) and folder.path:
            new = os.path.join(folder.path, os.path.basename(entry.path))
            os.rename(entry.path, new)
            self._relocate(entry, new)
        entry.parents = (folder.id,)
        self.children[folder.id][entry.id] = entry
        self.changed(entry.id)

    def _relocate(self, entry, path):
        for child in self.children[entry.id].values():
            if self.by_path.pop(child.path, None):
                self._relocate(child, os.path.join(path, os.path.basename(child.path)))
        entry.path, self.by_path[path] = path, entry

    def add_virtual(self, path, count):
        """A folder of `count` files that exist nowhere: each shows one of the images there are, in turn."""
        images = [
            entry
            for entry in self.entries.values()
            if entry.mime_type.startswith("image/") and entry.path
        ]
        if not images:
            raise ValueError(
                f"{path}: a virtual folder repeats images, and there are none in the folders given."
            )
        folder = self.root
        for title in path.split("/"):
            known = [child for child in self.children[folder.id].values() if child.title == title]
            folder = known[0] if known else self.add(title, (folder.id,), FOLDER)
        for n in range(count):
            image = images[n % len(images)]
            self.add(
                f"{n:06d}{os.path.splitext(image.title)[1]}",
                (folder.id,),
                image.mime_type,
                path=image.path,
                size=image.size,
                modified=image.modified,
            )

    def find(self, name):
        """The entry with this ID, or at this path of titles from the top (a shared drive is a top, too)."""
        if name in self.entries:
            return self.entries[name]
        if name in ("", ".", "root"):
            return self.root
        tops = [
            entry for entry in self.entries.values() if not entry.parents and entry is not self.root
        ]
        found = self._below([*tops, *self.children[self.root.id].values()], name)
        if found is None:
            raise KeyError(f"{name!r} is not on the stand-in Drive.")
        return found

    def _below(self, entries, path):
        for entry in entries:
            if entry.title == path:
                return entry
            if path.startswith(
                f"{entry.title}/"
            ):  # a title may hold a slash itself, so all are tried
                found = self._below(self.children[entry.id].values(), path[len(entry.title) + 1 :])
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
        key = (
            (entry.path, entry.size, entry.modified)
            if entry.content is None
            else (entry.id, entry.modified)
        )
        if key not in self._md5:
            self._md5[key] = hashlib.md5(self.data(entry)).hexdigest()
        return self._md5[key]

    def _settle(self, entry, folder):
        """Gives an entry a place on disk, never outside its folder; where the name is taken, it stays in memory."""
        name = entry.title.replace("/", "%2F")
        path = os.path.join(folder.path, f"%2E{name[1:]}" if name.startswith(".") else name)
        if not os.path.exists(path):
            entry.path, self.by_path[path] = path, entry

    def make_folder(self, entry):
        """Puts a new folder on disk."""
        above = self.entries[entry.parents[0]]
        if above.path is not None:
            self._settle(entry, above)
            if entry.path is not None:
                os.mkdir(entry.path)

    def write(self, entry, data):
        """Puts bytes into a file; on disk when its folder lies there and the name is free."""
        folder = self.entries[entry.parents[0]]
        if entry.path is None and entry.content is None and folder.path is not None:
            self._settle(entry, folder)
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


class Query:
    """A search expression such as "'ID' in parents and title != 'it\\'s' and trashed = false"."""

    _TOKEN = re.compile(
        r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<word>\w+)|(?P<sign>!=|<=|>=|[=<>()]))"
    )

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
        sign, value = (
            self._take("=", "!=", "contains", "<", ">", "<=", ">="),
            self._unquote(self._take()),
        )
        if token not in ("title", "mimeType", "modifiedDate"):
            raise Refusal(400, "invalid", "Invalid query")
        read = {
            "title": lambda entry: entry.title,
            "mimeType": lambda entry: entry.mime_type,
            "modifiedDate": lambda entry: rfc3339(entry.modified),
        }[token]
        compare = {
            "=": lambda have: have == value,
            "!=": lambda have: have != value,
            "contains": lambda have: value.lower() in have.lower(),
            "<": lambda have: have < value,
            ">": lambda have: have > value,
            "<=": lambda have: have <= value,
            ">=": lambda have: have >= value,
        }[sign]
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


def describe(tree, entry, url, mask=None):
    """A file as Drive describes it; what costs reading the file only where the mask asks for it."""
    link = f"{url}/drive/v2/files/{entry.id}"
    moment, owner = (
        rfc3339(entry.modified),
        {
            "kind": "drive#user",
            "displayName": "Practice",
            "me": True,
            "isAuthenticatedUser": True,
            "permissionId": "17",
        },
    )
    value = {
        "kind": "drive#file",
        "id": entry.id,
        "etag": f'"{entry.modified}"',
        "selfLink": link,
        "alternateLink": f"https://drive.google.com/file/d/{entry.id}/view?usp=drivesdk",
        "title": entry.title,
        "mimeType": entry.mime_type,
        "createdDate": moment,
        "modifiedDate": moment,
        "parents": [
            {
                "kind": "drive#parentReference",
                "id": parent,
                "selfLink": f"{link}/parents/{parent}",
                "isRoot": parent == tree.root.id,
            }
            for parent in entry.parents
        ],
        "labels": {
            "starred": False,
            "hidden": False,
            "trashed": entry.trashed,
            "restricted": False,
            "viewed": True,
        },
        "explicitlyTrashed": entry.trashed,
        "version": "1",
        "quotaBytesUsed": str(entry.size),
        "userPermission": {"kind": "drive#permission", "id": "me", "role": "owner", "type": "user"},
        "ownerNames": ["Practice"],
        "owners": [owner],
        "lastModifyingUserName": "Practice",
        "lastModifyingUser": owner,
        "editable": not entry.read_only,
        "shared": entry.shared,
        "spaces": ["drive"],
        "copyable": True,
        "writersCanShare": True,
        "capabilities": {
            "canEdit": not entry.read_only,
            "canDownload": entry.has_media,
            "canCopy": True,
        },
    }
    if entry.has_media:
        value |= {
            "fileSize": str(entry.size),
            "originalFilename": entry.title,
            "fileExtension": os.path.splitext(entry.title)[1][1:],
            "downloadUrl": f"{link}?alt=media&source=downloadUrl",
        }
        if not mask or "*" in mask or "md5Checksum" in mask:
            value["md5Checksum"] = tree.md5(entry)
    if entry.shared:
        value["sharedWithMeDate"] = moment
    if entry.drive_id:
        value["driveId"] = value["teamDriveId"] = entry.drive_id
    if entry.resource_key:
        value["resourceKey"] = entry.resource_key
    if entry.target:
        target = tree.entries.get(entry.target)
        value["shortcutDetails"] = {
            "targetId": entry.target,
            "targetMimeType": target.mime_type if target else FOLDER,
        }
        if target and target.resource_key:
            value["shortcutDetails"]["targetResourceKey"] = target.resource_key
    check_mask(mask or {}, schemas()["File"])
    return pick(value, mask)
