"""A file of JSON and arrays that notices when it is not what was written.

It is an `.npz` file, which NumPy alone can read. Its array "header" is JSON in UTF-8; the arrays
"0", "1", ... are the others. The header tells the type and shape of each, and a checksum of itself
and of them all. Nothing in it is a pickle: reading it runs no code.

Example:
    >>> import io
    >>> out = io.BytesIO()
    >>> write_sealed(out, {"epoch": 2}, [np.zeros((3, 1))])
    >>> fields, arrays = read_sealed(out)
    >>> fields["epoch"], fields["arrays"], arrays[0].shape
    (2, [['<f8', [3, 1]]], (3, 1))
    >>> damaged = io.BytesIO(out.getvalue()[:-1])
    >>> read_sealed(damaged)
    Traceback (most recent call last):
    ...
    colab_helpers.training.sealed.DamagedError: it is no whole .npz file
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from .values import Array

__all__ = ["FIRST_FORMAT", "DamagedError", "NewerFormatError", "read_sealed", "write_sealed"]

FIRST_FORMAT = 1  # that of versions 0.1 and 0.2, whose header names no format and has no checksum
FORMAT = 2
HEADER = "header"  # the array that holds the JSON
CHECKSUM_BYTES = 16  # of BLAKE2b


class DamagedError(ValueError):
    """A file is not what was written; the message is the rest of a sentence that names it."""


class NewerFormatError(ValueError):
    """A file is of a later version of this package."""


def write_sealed(out: BinaryIO, fields: Mapping[str, Any], arrays: Sequence[Array]) -> None:
    """Writes fields that JSON can hold, and arrays of numbers or text."""
    header = {"format": FORMAT, "checksum": "", "arrays": _described(arrays), **fields}
    header["checksum"] = _checksum(header, arrays)
    content = {HEADER: np.frombuffer(_as_json(header), np.uint8)}
    for number, array in enumerate(arrays):
        content[str(number)] = array
    np.savez(out, **content)  # type: ignore[arg-type]  # its stub takes no dict


def read_sealed(file: BinaryIO) -> tuple[dict[str, Any], list[Array]]:
    """Reads what `write_sealed` wrote, or what version 0.1 or 0.2 wrote, which has no checksum.

    Returns:
        The header, with its "format", and the arrays.

    Raises:
        DamagedError: It is not what was written.
        NewerFormatError: It is in a format of a later version.
    """
    try:
        content = _read_npz(file)
    except Exception as error:  # NumPy and zipfile have many ways to say so
        raise DamagedError("it is no whole .npz file") from error
    header = _header_in(content.pop(HEADER, None))
    arrays = _in_order(content)
    version = header.setdefault("format", FIRST_FORMAT)
    if version == FIRST_FORMAT:
        return header, arrays
    if version != FORMAT:
        raise NewerFormatError(f"its format is {version!r:.20}, and this version reads {FORMAT}")
    if header.get("arrays") != _described(arrays):
        raise DamagedError("its arrays are not those that its header names")
    if header.get("checksum") != _checksum(header, arrays):
        raise DamagedError("its checksum is not that of its content")
    return header, arrays


def _described(arrays: Sequence[Array]) -> list[list[Any]]:
    return [[array.dtype.str, list(array.shape)] for array in arrays]


def _as_json(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header).encode()


def _checksum(header: Mapping[str, Any], arrays: Sequence[Array]) -> str:
    """Of the header without its checksum, and of the arrays."""
    digest = hashlib.blake2b(_as_json({**header, "checksum": ""}), digest_size=CHECKSUM_BYTES)
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _read_npz(file: BinaryIO) -> dict[str, Array]:
    """The arrays of a file by their names; its compressed ones are refused, as none is written."""
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > size:
            raise ValueError("the members are larger than the file")
        arrays = {member.filename: _read_array(archive, member) for member in members}
    if len(arrays) != len(members):
        raise ValueError("two members have one name")
    return {name.removesuffix(".npy"): array for name, array in arrays.items()}


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError("a member is compressed")
    with archive.open(member) as content:
        array: Array = np.lib.format.read_array(content, allow_pickle=False)
        if content.read(1):  # the end of a member is also where zipfile compares its checksum
            raise ValueError("a member is longer than its array")
    return array


def _header_in(array: Array | None) -> dict[str, Any]:
    if array is None or array.dtype != np.uint8 or array.ndim != 1:
        raise DamagedError("it has no header")
    try:
        header = json.loads(array.tobytes())
    except (ValueError, RecursionError) as error:
        raise DamagedError("its header is no JSON, or nested too deep") from error
    if not isinstance(header, dict):
        raise DamagedError("its header is no JSON object")
    return header


def _in_order(content: Mapping[str, Array]) -> list[Array]:
    """The arrays "0", "1", ... in this order."""
    try:
        return [content[str(number)] for number in range(len(content))]
    except KeyError as error:
        raise DamagedError("its arrays are not numbered without a gap") from error
