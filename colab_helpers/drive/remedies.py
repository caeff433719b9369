"""What is raised when nothing helped against a problem, and what its message advises.

A new error of Drive gets its class and its advice in `BY_REASON`. Choose the class of errors.py
that fits; for an error that hits every file, say `ends_run=True`, so that the run ends and does not
skip file after file.
"""

from __future__ import annotations

from typing import NamedTuple

from .errors import DriveError, NotFoundError, QuotaError, SignInError, TransientError

__all__ = [
    "BY_REASON",
    "BY_STATUS",
    "BY_STATUS_WITH_A_KEY",
    "LED_ASTRAY",
    "NOT_TICKED",
    "NOT_TRUSTED",
    "NO_RIGHT_TO_WRITE",
    "NO_WAY_THERE",
    "OTHERWISE",
    "PASSING",
    "TOO_FAST",
    "Remedy",
]


class Remedy(NamedTuple):
    """The error to raise, and what the user can do; and whether it hits every file."""

    error: type[DriveError]
    advice: str
    ends_run: bool = False


TOO_FAST = Remedy(
    QuotaError, "Lower `reads`, or wait a minute and run the cell again.", ends_run=True
)
PASSING = Remedy(TransientError, "Try again in some minutes; what was read and cached is kept.")
NO_RIGHT_TO_WRITE = Remedy(SignInError, "Sign in with the right to write: connect(upload=True).")
NOT_TICKED = Remedy(
    SignInError,
    "Colab's sign-in window asks for the permission for Google Drive, and it was not ticked there: "
    "Runtime > Disconnect and delete runtime, then run the cells again and tick it.",
)
FILE_QUOTA_USED_UP = Remedy(
    QuotaError, "Too many downloads of this one file: make a copy of it in Drive, or wait a day."
)
OTHERWISE = Remedy(DriveError, "Check name and address.")
NOT_TRUSTED = Remedy(
    DriveError,
    "Somebody stands between this machine and Drive, or this machine's clock is wrong. If it is "
    "your institution's proxy or virus scanner: name the file with its certificate in the "
    "environment variable HTTPLIB2_CA_CERTS.",
    ends_run=True,
)
NO_WAY_THERE = Remedy(
    DriveError,
    "Install it (pip install PySocks), or name the hosts that need no proxy in the environment "
    "variable no_proxy.",
    ends_run=True,
)
LED_ASTRAY = Remedy(
    DriveError, "Something between this machine and Drive changes the answers; try another network."
)

KEY_UNKNOWN = Remedy(
    SignInError,
    "Copy the API key again, all of it, or make a new one: console.cloud.google.com > APIs & "
    "Services > Credentials.",
)
KEY_RESTRICTED = Remedy(
    SignInError,
    "The API key is restricted. At console.cloud.google.com > APIs & Services > Credentials, let "
    "it be used for the Google Drive API, and from anywhere: a notebook is no website, and Colab's "
    "addresses change.",
)
NOT_PUBLIC = (
    'With an API key, what is shared with "Anyone with the link" is found by its ID or address. '
    "Check these, ask its owner to share it so, or sign in: connect()."
)

# Drive's reasons: https://developers.google.com/workspace/drive/api/guides/handle-errors
# Those about API keys:
# https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto
BY_REASON = {
    "dailyLimitExceeded": Remedy(
        QuotaError, "Go on tomorrow; what was cached stays.", ends_run=True
    ),
    "downloadQuotaExceeded": FILE_QUOTA_USED_UP,
    "quotaExceeded": FILE_QUOTA_USED_UP,
    "storageQuotaExceeded": Remedy(
        QuotaError, "The Drive is full: free some space, then run the cell again.", ends_run=True
    ),
    "cannotDownloadAbusiveFile": Remedy(
        DriveError, "Google holds it for harmful: only its owner can download it."
    ),
    "fileNotDownloadable": Remedy(
        DriveError, "It is a Google document, which has no bytes: File > Download it."
    ),
    "insufficientPermissions": NO_RIGHT_TO_WRITE,
    "insufficientScopes": NO_RIGHT_TO_WRITE,
    "accessNotConfigured": Remedy(
        SignInError, "Switch the Drive API on in your Google Cloud project."
    ),
    "keyInvalid": KEY_UNKNOWN,
    "API_KEY_INVALID": KEY_UNKNOWN,
    "keyExpired": KEY_UNKNOWN,
    "ipRefererBlocked": KEY_RESTRICTED,
    "API_KEY_SERVICE_BLOCKED": KEY_RESTRICTED,
    "API_KEY_HTTP_REFERRER_BLOCKED": KEY_RESTRICTED,
    "API_KEY_IP_ADDRESS_BLOCKED": KEY_RESTRICTED,
    "API_KEY_ANDROID_APP_BLOCKED": KEY_RESTRICTED,
    "API_KEY_IOS_APP_BLOCKED": KEY_RESTRICTED,
}
BY_STATUS = {
    401: Remedy(SignInError, "Sign in again: run connect() once more."),
    403: Remedy(DriveError, "Ask its owner to share it with the account that you signed in with."),
    404: Remedy(
        NotFoundError,
        "Was it deleted, or is it another account's? Look for it in Drive, then list again.",
    ),
}
BY_STATUS_WITH_A_KEY = {
    401: Remedy(SignInError, "An API key is not enough for this. Sign in: connect()."),
    403: Remedy(DriveError, NOT_PUBLIC),
    404: Remedy(NotFoundError, NOT_PUBLIC),
}
