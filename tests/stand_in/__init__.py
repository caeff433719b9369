"""A stand-in for Google Drive: its REST API (v2) over a local folder, with faults on request.

The real PyDrive2 speaks to it over HTTP on loopback, so nothing in a test has to be patched:

    with FakeDrive("photos", faults=[Fault("error", kind="media", status=503)]) as server:
        drive = connect(endpoint=server.url)
        ...
        assert server.counts["media"] == 12

From a terminal, until Ctrl-C (its URL is the first line that it prints):

    python -m tests.stand_in photos --mount flowers=/data/flowers17 --latency 0.1

The whole Drive is one function of a request, `routes.answer`. A request passes these files from
top to bottom, and its answer goes back the same way:

    server.py          HTTP on loopback: bytes -> request, answer -> bytes
    messages.py        Request, Response, and Refusal, an error in Drive's own form
    drive.py           FakeDrive: what a test holds. It logs each request.
    faults.py          what goes wrong between a request and its answer
    routes.py          which function answers which request
      access.py          who may see and change what: tokens, API keys, resource keys, read-only
      tokens.py          the token endpoint
      about.py           the account
      listing.py         files.list: searches, sorted or by age, a page at a time
        search.py          search expressions: "'ID' in parents and title contains 'rose'"
        paging.py          page sizes and page tokens
      files.py           one file: describe, make, change, delete
      media.py           the bytes of a file, whole or a range; how many reads are allowed
      uploads.py         new bytes: at once, in two parts, or in pieces
      changes.py         what changed since a token
      shared_drives.py   shared drives
    description.py     a file as Drive describes it
    fields.py          the `fields` parameter: which parts of an answer are told
    state.py           all that a Drive remembers between two requests
      tree.py            files and folders in memory
      mime_types.py      what a title says about its content
      disk.py            the folders on disk that the tree shows and that uploads go to
      contents.py        what is there at the beginning beside My Drive's own folder

clients.py holds how the stand-in's own tests ask it.

What the folder shows:

- a file `notes.gdoc` is a Google document (`.gsheet` and `.gslides` likewise): it has no size and
  no md5, and cannot be downloaded;
- `%2F` in a name on disk is a slash in its title, since a title on Drive may hold one;
- names that begin with a dot are not shown.

Every first page of a listing looks at the disk anew.

Names, parameters and answers follow Google's own discovery document, which googleapiclient ships:
https://developers.google.com/workspace/drive/api/reference/rest/v2
"""

from .drive import FakeDrive
from .faults import Fault, RandomFaults, every_fault
from .mime_types import FOLDER, SHORTCUT
from .tokens import PRACTICE_API_KEY, PRACTICE_TOKEN, REFRESH_TOKEN
from .tree import Extra

__all__ = [
    "FakeDrive",
    "Extra",
    "FOLDER",
    "SHORTCUT",
    "Fault",
    "RandomFaults",
    "every_fault",
    "PRACTICE_API_KEY",
    "PRACTICE_TOKEN",
    "REFRESH_TOKEN",
]
