"""A Drive whose answers a test tells in JSON, by a function of a request."""

import urllib.parse

from hostile_server import whole

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
INVALID_TOKEN = {"error": {"errors": [{"reason": "invalid"}], "message": "Invalid page token"}}


def item(file_id, title, mime_type="image/jpeg", **fields):
    """A file or folder as Drive tells it."""
    dated = {"modifiedDate": "2026-01-01T00:00:00Z"}
    if mime_type == "image/jpeg":
        dated["fileSize"] = "10"
    return {"id": file_id, "title": title, "mimeType": mime_type, **dated, **fields}


def telling(pages, **others):
    """An answer for `hostile_server`.

    Args:
        pages: Function of a search's parameters; what Drive tells of files, or (answer, status).
        others: What Drive tells elsewhere, by the last word of the path, such as `changes`; a
            function of the parameters, too.
    """

    def answer(connection, request):
        path, _, query = request.target.partition("?")
        parameters = dict(urllib.parse.parse_qsl(query))
        word = path.rpartition("/")[2]
        if word in others:
            told = others[word](parameters)
        elif word == "files":
            told = pages(parameters)
        elif word == "startPageToken":
            told = {"startPageToken": "1"}
        else:
            told = item("root0", "My Drive", FOLDER)
        body, status = told if isinstance(told, tuple) else (told, 200)
        connection.sendall(whole(body, status))

    return answer


def page_number(parameters):
    """The number that a page token of a test holds; 0 for the first page."""
    return int(parameters.get("pageToken", 0))
