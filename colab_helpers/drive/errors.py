"""The errors that a user sees.

    DriveError              Drive will not do it (no permission, a Google document, ...)
      +- SignInError        nobody is signed in, or not with the rights that are needed
      +- NotFoundError      no such file or folder, or more than one of that name
           +- SeveralFoundError   the latter
      +- QuotaError         Drive asks to slow down, or a quota is used up
      +- TransientError     it failed again and again, and may pass later

Which answer of Drive becomes which of them, and what the user can do then, stands in remedies.py.
"""

from __future__ import annotations

__all__ = [
    "DriveError",
    "NotFoundError",
    "QuotaError",
    "SeveralFoundError",
    "SignInError",
    "TransientError",
    "no_images",
]


class DriveError(Exception):
    """What failed, with name and ID, what Drive said, and what to do next.

    Args:
        message: All of this, in sentences that stand alone.
        status: The HTTP status of the answer, or None where there was none.

    Attributes:
        status: As given.
        ends_run: Whether all other files would fail too, so that skipping does not help: without
            a sign-in, or when a quota of the whole Drive is used up.
    """

    ends_run = False

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class SignInError(DriveError):
    """Nobody is signed in, the sign-in was refused or has ended, or it lacks a right."""

    ends_run = True


class NotFoundError(DriveError):
    """There is no such file or folder, or there are several of that name."""


class SeveralFoundError(NotFoundError):
    """There are several files or folders of that name.

    It has a name of its own for whoever takes a NotFoundError for a sign that there is nothing:
    `ResumeTraining` would begin a run anew.
    """


class QuotaError(DriveError):
    """A quota is used up: of the file, the day, the storage, or of requests a minute."""


class TransientError(DriveError):
    """What usually passes did not pass in all the attempts made."""


def no_images(folder: str, other_name: str | None) -> NotFoundError:
    """The error for a folder without images.

    Args:
        folder: As the user named it.
        other_name: Of some other file in it, or None.
    """
    holds = "nothing. "
    if other_name:
        holds = f"only other files, such as {other_name!r}. "
    return NotFoundError(
        f"There are no images in {folder!r}: it holds {holds}"
        "Name the folder that holds the pictures, or one above it."
    )
