"""A small metadata server, as a virtual machine of Colab has one: it knows who is signed in.

https://docs.cloud.google.com/compute/docs/metadata/overview
"""

from __future__ import annotations

import collections
import http.server
import json
import threading
import urllib.parse

EMAIL = "practice@example.com"
ACCOUNTS = "/computeMetadata/v1/instance/service-accounts/"
GARBAGE = b"<!DOCTYPE html><title>Error</title>"


class MetadataServer:
    """Serves on 127.0.0.1 between `with` and its end.

    Args:
        new_token: Called for each token that is asked for.
        lifetime: Seconds for which a token is said to be good.
        signed_in: Whether there is an account; without one it answers 404.

    Attributes:
        fault: A function that returns None or what goes wrong with the next request: a status, or
            "garbage" (HTML that claims success), "half" (JSON cut short), "empty" (no fields),
            "silent" (no answer until the server ends), "reset" (the connection ends).
        signed_in: As given, to be changed.
        log: The path and query of each request.
        counts: How many tokens were given.
    """

    def __init__(self, new_token, *, lifetime=3600, signed_in=True):
        self.new_token = new_token
        self.lifetime = lifetime
        self.signed_in = signed_in
        self.fault = lambda: None
        self.log = []
        self.counts = collections.Counter()
        self.ended = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self):
        """What the environment variable GCE_METADATA_HOST is to name."""
        return f"127.0.0.1:{self._server.server_port}"

    def answer(self, path, query):
        """(status, body, content type) of a server on which nothing goes wrong."""
        account, _, wanted = path.removeprefix(ACCOUNTS).partition("/")
        if path == "/":
            return 200, b"computeMetadata/", "text/plain"
        if path == "/sign-in":  # which the sign-in window of the stand-in for google.colab asks
            self.signed_in = True
            return 200, b"", "text/plain"
        if not path.startswith(ACCOUNTS) or account not in ("default", EMAIL) or not self.signed_in:
            return 404, GARBAGE, "text/html"
        if wanted == "token":
            self.counts["token"] += 1
            token = self.new_token()
            answer = {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        else:
            answer = {"aliases": ["default"], "email": EMAIL, "scopes": ["openid"]}
        return 200, json.dumps(answer).encode(), "application/json"

    def answer_with_fault(self, target):
        """(status, body, content type), or None where there is no answer."""
        self.log.append(target)
        split = urllib.parse.urlsplit(target)
        answer = self.answer(split.path, split.query)
        fault = self.fault()
        if fault is None:
            return answer
        if fault == "silent":
            self.ended.wait()
        if fault in ("silent", "reset"):
            return None
        if fault == "garbage":
            return 200, GARBAGE, "text/html"
        if fault == "half":
            return 200, answer[1][:-1], answer[2]
        if fault == "empty":
            return 200, b"{}", "application/json"
        return fault, GARBAGE, "text/html"

    def _handler(self):
        """The class of what answers one connection."""
        metadata = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answer = metadata.answer_with_fault(self.path)
                if answer is None:
                    return
                status, body, content_type = answer
                self.send_response(status)
                self.send_header("Metadata-Flavor", "Google")
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler
