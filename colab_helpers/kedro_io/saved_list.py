"""The list that a `SequenceDataset` keeps: chosen files, and what a node found out about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from ..atomic import atomic_write
from ..drive.names import printable
from ..inventory.saved_format import FIELDS, file_of_fields
from ..stream.classes import labels_of_files
from ..stream.per_file import mapping_by_id
from .saved_labels import as_given, as_saved, plain

__all__ = ["WORDS", "as_content", "read_list", "write_list"]

# What a list may say of its files: arguments of `StreamingSequence` that tell of data, none of
# which is called. How the files are read, the catalog alone says.
WORDS = (
    "labels",
    "label_mode",
    "class_names",
    "sample_weight",
    "inputs",
    "batch_size",
    "shuffle",
    "seed",
    "normalize",
    "dtype",
    "on_bad_file",
)
CLASS_MODES = ("int", "categorical", "binary")


def as_content(
    data: Iterable[Any] | Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """What a node returned, with the classes that a part of `split` knows.

    Args:
        data: Files, or a dict of `files` and words.
        config: The arguments of `StreamingSequence` in the catalog, which come first.

    Raises:
        DatasetError: A word is none that a list may say.
    """
    content = dict(data) if isinstance(data, Mapping) else {"files": data}
    _check_words(content, "A node returned")
    said = {"label_mode": "int", "labels": None, "class_names": None, **config, **content}
    of_list = getattr(content["files"], "class_names", None)
    files = list(content["files"])
    class_names = _names_of_whole(of_list, said, files)
    if class_names:
        content["class_names"] = class_names
    return as_saved({**content, "files": files}, files, _is_by_output(said))


def _names_of_whole(
    of_list: Iterable[Any] | None, said: Mapping[str, Any], files: Sequence[Any]
) -> Any:
    """The classes that a list knows, for outputs that neither labels nor names tell them of."""
    mode = said["label_mode"]
    labels = said["labels"]
    if not of_list:
        return None
    if not _is_by_output(said):
        tells_classes = mode in CLASS_MODES and _are_among(of_list, labels, files)
        return list(of_list) if tells_classes and said["class_names"] is None else None
    told = {} if labels is None else labels
    names = {
        output: list(of_list)
        for output, of_output in mode.items()
        if of_output in CLASS_MODES
        and _are_among(of_list, told[output] if output in told else None, files)
    }
    return {**names, **(said["class_names"] or {})}


def _are_among(of_list: Iterable[Any], labels: Any, files: Sequence[Any]) -> bool:
    """Whether labels in the order of the files are of the classes that the list of these knows.

    Those that a mapping names are the classes themselves. Without labels the folders tell them.
    """
    if labels is None:
        return True
    try:
        if mapping_by_id(labels, files) is not None:
            return False
        return {None, *of_list}.issuperset(labels_of_files(files, labels))
    except ValueError:  # the stream says what is wrong with them
        return False


def _is_by_output(said: Mapping[str, Any]) -> bool:
    return isinstance(said.get("label_mode"), Mapping)


def write_list(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a list as JSON, whole or not at all.

    A name that Unicode does not allow stands as JSON's escapes, and is read back as it was.
    """
    rows = [{field: getattr(file, field, None) for field in FIELDS} for file in content["files"]]
    text = json.dumps({**content, "files": rows}, indent=1, ensure_ascii=False, default=plain)
    with atomic_write(path) as out:
        out.write(text.encode("utf-8", "backslashreplace"))


def read_list(path: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """The files of a list, and the words that it says of them.

    Args:
        path: Of the list.
        config: The arguments of `StreamingSequence` in the catalog.

    Raises:
        DatasetError: It is damaged, or no such list.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is no JSON ({type(error).__name__})") from None
    if not isinstance(content, dict) or not isinstance(content.get("files"), list):
        raise _damaged(path, "it holds no `files`")
    _check_words(content, f"'{printable(str(path))}' holds")
    files = []
    for number, row in enumerate(content["files"], start=1):
        try:
            files.append(file_of_fields(row))
        except ValueError as error:
            raise _damaged(path, f"file {number}: {error}") from None
    try:
        return as_given({**content, "files": files}, files, _is_by_output({**config, **content}))
    except ValueError as error:
        raise _damaged(path, f"a label: {error}") from None


def _check_words(content: Mapping[str, Any], where: str) -> None:
    """Refuses words that a list may not say."""
    others = [printable(str(word)) for word in content if word not in ("files", *WORDS)]
    if others or "files" not in content:
        raise DatasetError(
            f"{where} what is no part of a list: {', '.join(others) or 'no `files`'}. A list has "
            f"`files`, and may have {', '.join(WORDS)}. All else belongs into the catalog."
        )


def _damaged(path: Path, why: str) -> DatasetError:
    return DatasetError(
        f"'{printable(str(path))}' is damaged, or no list of files: {why}. Run the node that "
        "writes it again."
    )
