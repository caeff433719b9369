"""A runtime of Colab on this machine: its metadata server, and Drive by TLS under its real name."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, NamedTuple

from metadata_server import MetadataServer
from tls import encrypted, make_certificate

from one_notebook import ROOT

RUNTIME = Path(__file__).with_name("runtime")  # what a process there finds on its path
HOST = "www.googleapis.com"
OF_THIS_MACHINE = ("CLOUDSDK_", "COLAB_", "GOOGLE_", "KAGGLE_", "MPLBACKEND", "TF_CPP")


class PlayedColab(NamedTuple):
    """What a test holds of a runtime.

    Attributes:
        metadata: Its metadata server.
        variables: The environment of a process there.
    """

    metadata: Any
    variables: dict[str, str]


@contextlib.contextmanager
def played_colab(drive, folder, *, token_lifetime, signed_in):
    """A runtime while it lasts.

    Args:
        drive: A FakeDrive that is served.
        folder: The home of the user there.
        token_lifetime: Seconds for which a token is said to be good.
        signed_in: Whether somebody is signed in from the start.
    """
    drive.tokens = {}  # nobody has one from elsewhere
    certificate = make_certificate(HOST, folder)
    with (
        MetadataServer(drive.new_token, lifetime=token_lifetime, signed_in=signed_in) as metadata,
        encrypted(drive.url.rpartition(":")[2], certificate) as port,
    ):
        variables = environment(folder, metadata, port, certificate)
        yield PlayedColab(metadata, variables)


def environment(folder, metadata, port, certificate):
    """What a process of Colab finds in its environment, and where the stand-ins are."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(OF_THIS_MACHINE)
    }
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(RUNTIME)]),
        "HOME": str(folder),
        "COLAB_RELEASE_TAG": "release-colab-stand-in",
        "GCE_METADATA_HOST": metadata.host,
        "GCE_METADATA_IP": metadata.host,
        "HTTPLIB2_CA_CERTS": str(certificate),
        "STAND_IN_PORT": str(port),
        "PYTHONWARNINGS": "ignore::FutureWarning",  # of an interpreter that is older than Colab's
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # a note of the debugger, before the first cell
    }
