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
PyDrive2 and google-auth, which Colab has, and nothing else of this project: it can be copied alone
(`from drive import connect`).

    sign_in.py          connect, and the ways in
      where.py            whether this is Colab
      colab.py            Colab's own sign-in
      browser.py          signing in on one's own machine
      api_key.py          an API key in place of a sign-in
      local_folder.py     LocalFolder: a folder on this machine
        local_tree.py       what lies in its folders, as deep as they are
      google_drive.py     Drive: the face; each method a few lines that call what follows
        arguments.py        what a user gives by mistake, and the line to write
        addresses.py        what somebody typed or pasted -> Address; asks nobody
        lookup.py           Address -> item; makes folders that are missing
        listing.py          pages -> files, resumable
          position.py         how far a listing is
          pages_ahead.py      many folders at a time
          labels.py           which folder is the class; folders that are none
            part_folders.py     folders that hold a split already, such as train and val
        changes.py          what changed since a listing
        reading.py          the bytes of a file, or a span of them, checked
        uploads.py          a file on this machine -> Drive
          client.py           the few questions asked of Drive
          answers.py          its answers; odd ones are refused or left out
          paging.py           page after page, and an error where there is no end
          items.py            what Drive tells of a file or folder -> File
            service.py          sends what the client asks; resource keys
            pydrive.py          all that is known of PyDrive2
            transport.py        the one place through which every request goes
              pace.py             the rate that Drive grants
              account.py          the token that signs a request
                renewal.py          a fresh one, for all who wait
                token_request.py    how google-auth asks for it
              request.py          a request; what a redirect makes of it
              exchange.py         a request and its answer: kept connections, redirects
                connection.py       opens, sends, waits; proxies, certificates
                body.py             as much of a body as was expected, unpacked
                deadline.py         the one clock of an attempt
              flaws.py            what is wrong with an answer that claims success
              problems.py         what an error answer calls for
                remedies.py         the error to raise, and what the user can do
              retry.py            try again? after how long?
    files.py            File, Source, Listing, Changes; what counts as a picture, what is hidden
      telling.py          how a long listing tells of itself
    names.py            how names from outside are shown, and when two are one
    spreadsheet.py      such a name as a cell of a table: text, and never a formula
    errors.py           the errors that a user sees
    messages.py         somebody else's words in a message: without secrets, and short
    forks.py            what a forked process makes anew
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
