"""Where pictures lie: Google Drive, or any folder, to list and to read the bytes from.

Example:
    >>> import pathlib, tempfile
    >>> from colab_helpers.drive import connect
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "roses").mkdir()
    >>> (root / "roses" / "1.jpg").write_bytes(b"as good as a picture")
    20
    >>> drive = connect(root)                # in Colab: connect(), and list a folder of yours
    >>> file = next(drive.list_images("."))
    >>> file.name, file.label, drive.read(file, 0, 7)
    ('1.jpg', 'roses', b'as good')

What a `Source` must provide, to stand in the place of `Drive`, is told in files.py. The room needs
PyDrive2 and google-auth-httplib2, which Colab has, and nothing else of this project: it can be
copied alone (`from drive import connect`).

    sign_in.py          connect, and the ways in
      local_folder.py     LocalFolder: a folder on this machine
      google_drive.py     Drive: the face; each method a few lines that call what follows
        addresses.py        what somebody typed or pasted -> Address; asks nobody
        lookup.py           Address -> item; makes folders that are missing
        listing.py          pages -> files, resumable
        changes.py          what changed since a listing
        reading.py          the bytes of a file, or a span of them, checked
        uploads.py          a file on this machine -> Drive
          client.py           the few questions asked of Drive
          items.py            what Drive tells of a file or folder -> File
            service.py          PyDrive2; resource keys
            transport.py        the one place through which every request goes
              pace.py             the rate that Drive grants
              account.py          the token that signs a request
              retry.py            try again? after how long?
    files.py            File, Source, Listing, Changes; what counts as a picture, what is hidden
    errors.py           the errors, and what an answer of Drive calls for
"""

from .errors import DriveError, NotFoundError, QuotaError, SignInError, TransientError
from .files import Changes, File, Listing, Source
from .google_drive import Drive
from .local_folder import LocalFolder
from .sign_in import connect

__all__ = [
    "connect",
    "Drive",
    "LocalFolder",
    "Source",
    "File",
    "Listing",
    "Changes",
    "DriveError",
    "SignInError",
    "NotFoundError",
    "QuotaError",
    "TransientError",
]
