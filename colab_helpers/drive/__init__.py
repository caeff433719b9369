"""Being rebuilt."""

from ._old import (
    Drive,
    DriveError,
    LocalFolder,
    NotFoundError,
    QuotaError,
    SignInError,
    TransientError,
    connect,
)
from .files import File, Listing, Source
