"""What goes wrong with an archive."""

from __future__ import annotations

from ..drive import DriveError

__all__ = ["ArchiveError"]


class ArchiveError(DriveError):
    """An archive or an image in it cannot be read; the message says which, why, and what to do."""
