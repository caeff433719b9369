"""What one writes without this library: PyDrive2 as its documentation shows it, and a loop."""

import io
import itertools

import httplib2
import numpy as np
from googleapiclient.discovery import build
from oauth2client.client import AccessTokenCredentials
from PIL import Image
from pydrive2.auth import GoogleAuth
from pydrive2.drive import GoogleDrive

from tests.benchmarks.measure import BATCH, SIZE

HEIGHT, WIDTH = SIZE


def plain_drive(url):
    """PyDrive2's GoogleDrive, pointed at the stand-in."""
    auth = GoogleAuth()
    auth.credentials = AccessTokenCredentials("practice-token", "benchmarks")
    auth.service = build(
        "drive",
        "v2",
        http=auth.credentials.authorize(httplib2.Http()),
        cache_discovery=False,
        client_options={"api_endpoint": f"{url}/drive/v2/"},
    )
    return GoogleDrive(auth)


def folder_id(drive, name):
    """The ID of a folder at the top of My Drive."""
    query = f"'root' in parents and title = '{name}'"
    return drive.ListFile({"q": query}).GetList()[0]["id"]


def list_plainly(drive, folder):
    """All files of a folder."""
    query = f"'{folder}' in parents and trashed=false"
    return drive.ListFile({"q": query}).GetList()


def first_files(url, name, count):
    """The first files of a folder, by pages."""
    drive = plain_drive(url)
    query = f"'{folder_id(drive, name)}' in parents and trashed=false"
    pages = drive.ListFile({"q": query, "maxResults": 1000})
    return list(itertools.islice(itertools.chain.from_iterable(pages), count))


def download(file):
    """A picture, from Drive to an array."""
    # One object a read: httplib2 is not thread-safe.
    plain = type(file)(file.auth, {"id": file["id"]})
    image = Image.open(io.BytesIO(plain.GetContentIOBuffer().read()))
    return np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def generate(files):
    """The plain generator: download, open, resize, append, yield."""
    images = []
    for file in itertools.cycle(files):
        images.append(download(file))
        if len(images) == BATCH:
            yield np.array(images), np.zeros(BATCH, np.int32)
            images = []
