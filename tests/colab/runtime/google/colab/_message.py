"""How the kernel asks the page; here, a user who does what the environment says."""

import os
import urllib.request


class MessageError(Exception):
    """The page answered with an error."""


def ask_to_sign_in():
    """What the user does with the window: "allows", "closes" it, or "nothing" useful."""
    user = os.environ.get("COLAB_STAND_IN_USER", "allows")
    print("[the sign-in window opens]")
    if user == "closes":
        raise MessageError("Error: credential propagation was unsuccessful")
    if user == "allows":
        host = os.environ["GCE_METADATA_HOST"]
        urllib.request.urlopen(f"http://{host}/sign-in").close()
