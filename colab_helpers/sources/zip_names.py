"""The name of a member, whatever program wrote it into the ZIP."""

from __future__ import annotations

import zlib

from .zip_entries import Entry, extra_field

__all__ = ["decoded_name"]

UNICODE_NAME_FIELD = 0x7075  # section 4.6.9 of the ZIP specification
UNICODE_NAME_START = 5  # what stands before it: a version, and the checksum of the other name


def decoded_name(entry: Entry) -> str:
    """A member's name, from UTF-8 or, where it is none, from code page 437.

    Whether the ZIP says that a name is UTF-8 does not count: what macOS packs does not say so, and
    some programs say so of names that are not. Each sequence of bytes is a name in code page 437,
    so none stops anything.
    """
    try:
        return _name_in_unicode(entry).decode()
    except UnicodeDecodeError:
        return entry.name.decode("cp437")


def _name_in_unicode(entry: Entry) -> bytes:
    """The name in UTF-8 that some programs add to one in the code page of their system."""
    if entry.name.isascii():
        return entry.name
    field = extra_field(entry.extra, UNICODE_NAME_FIELD)
    if field[1:UNICODE_NAME_START] != zlib.crc32(entry.name).to_bytes(4, "little"):
        return entry.name  # there is none, or the member was renamed since
    return field[UNICODE_NAME_START:]
