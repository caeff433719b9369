"""What a title says about its content."""

import mimetypes
import os

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
GOOGLE_TYPES = {
    ".gdoc": "application/vnd.google-apps.document",
    ".gsheet": "application/vnd.google-apps.spreadsheet",
    ".gslides": "application/vnd.google-apps.presentation",
}
IMAGE_TYPES = {  # those that `mimetypes` does not know on every system
    ".webp": "image/webp",
    ".heic": "image/heif",
    ".heif": "image/heif",
    ".avif": "image/avif",
}


def mime_type_of(title: str) -> str:
    """The MIME type that Drive gives to a new file with this title."""
    ending = os.path.splitext(title)[1]
    if ending in GOOGLE_TYPES:
        return GOOGLE_TYPES[ending]
    if ending.lower() in IMAGE_TYPES:
        return IMAGE_TYPES[ending.lower()]
    return mimetypes.guess_type(title)[0] or "application/octet-stream"
