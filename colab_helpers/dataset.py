"""One call from a folder on Drive to what `model.fit` takes, in the words of Keras.

`image_dataset_from_drive` connects, lists, splits and streams. Each step is a call that you can
make yourself: `connect`, `list_images`, `split`, `decoder`, `StreamingSequence`.
"""

from __future__ import annotations

import inspect
import posixpath
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from tqdm import tqdm

from .drive import File, Listing, NotFoundError, Source, connect
from .drive.addresses import parse_address
from .drive.names import named, printable
from .inventory import Part, split
from .stream import decoder
from .stream.checks import check_choice, check_whole_number
from .stream.classes import as_class_names
from .stream.labels import CLASS_MODES
from .stream.messages import shortened
from .stream.per_file import mapping_by_id, values_of_files

if TYPE_CHECKING:
    from .stream import StreamingSequence

__all__ = ["image_dataset_from_drive"]

INFERRED = "inferred"
ROUNDING = 1e-9  # what is left of 1 - 0.7 - 0.3
RETURNED = {  # the parts that each `subset` returns
    "training": ("training",),
    "validation": ("validation",),
    "test": ("test",),
    "both": ("training", "validation"),
    "all": ("training", "validation", "test"),
}
Subset = Literal["training", "validation", "test", "both", "all"]


def image_dataset_from_drive(
    folder: str,
    *,
    drive: Source | None = None,
    labels: Any = INFERRED,
    label_mode: Any = "int",
    class_names: Iterable[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    test_split: float | None = None,
    subset: Subset | None = None,
    interpolation: str = "bilinear",
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    verbose: bool = True,
    augment: Callable[..., Any] | None = None,
    **stream: Any,
) -> Any:
    """Lists a folder of class folders, and returns what `model.fit` takes.

    It is `keras.utils.image_dataset_from_directory` for pictures that stay on Drive: arguments of
    the same name mean the same and have the same default. Three things differ. Images are uint8
    and not float32, a quarter of the memory; a model that begins with `keras.layers.Rescaling`
    or an `Input` takes both. A file's part follows from its ID and the seed, so a picture that is
    added later moves no other one, and parts are only about as large as asked. And without `seed`
    the order is the same in each run, so that a run that was cut off can go on.

    Example:
        ```python
        train, val = image_dataset_from_drive(
            "flowers17", image_size=(64, 64), validation_split=0.2, subset="both"
        )
        model.fit(train, validation_data=val, epochs=10)
        ```

    Args:
        folder: Name, `path/to/it`, ID or pasted address of a folder. The folders in it are the
            classes, with all folders below them. Pictures beside the class folders are left out,
            and a warning names them.
        drive: What `connect` or `open_archive` returned, or any other `Source` whose
            `list_images` takes `label="first"`; by default `connect()`, which signs in.
        labels: "inferred" from the folders; None for images alone, unless `label_mode` wants
            other labels than classes; or what `StreamingSequence(labels=...)` takes, such as
            `{id: label}`. With those, the folders do not matter, unless a dict of outputs leaves
            out one that learns a class. A list is taken where the order of the listing is that of
            Keras, by path, letter by letter.
        label_mode: "int", "categorical", "binary" or None, or another that `StreamingSequence`
            takes, such as "multi_label", "raw", "image", "input" or a dict of outputs.
        class_names: The classes in the order of their numbers; sorted by default.
        color_mode: "rgb" or "grayscale".
        batch_size: Pictures a batch.
        image_size: `(height, width)` in pixels.
        shuffle: Whether the training part has a new order each epoch. The other parts keep the
            order of the listing.
        seed: Integer of at least 0, for the order and for the parts. None is 0.
        validation_split: Share of the pictures for validation, between 0 and 1.
        test_split: Share of the pictures for the test, between 0 and 1.
        subset: "training", "validation" or "test" returns this part; "both" returns
            `(training, validation)`, "all" `(training, validation, test)`.
        interpolation: As `decoder` takes it.
        crop_to_aspect_ratio: Whether to keep proportions, and the middle of the picture.
        pad_to_aspect_ratio: Whether to keep proportions, with black at two sides.
        verbose: Whether to show how the listing goes on, what was found, and how a long epoch goes
            on.
        augment: For the training part: what `augmenter` returns, or a function of your own.
        **stream: More arguments for each `StreamingSequence`, such as `cache`, `reads`,
            `on_bad_file`, `normalize` or `dtype`; `balanced` is for the training part.

    Returns:
        One `StreamingSequence`, or a tuple of them with one numbering of classes.

    Raises:
        ValueError: An argument is not one of the allowed values, a part holds no picture, all
            class folders lie in one folder that is not the one named, `drive` does not tell class
            folders, or `labels` is a list and Keras has another order than the listing.
        NotFoundError: There is no such folder, or no picture in a folder of it.
        DriveError: Drive does not let this account in, or does not answer.
    """
    shares = _shares(validation_split, test_split, subset)
    decode = decoder(
        image_size,
        color_mode=color_mode,  # type: ignore[arg-type]  # `decoder` refuses what is no choice
        interpolation=interpolation,  # type: ignore[arg-type]
        fit=_fit(crop_to_aspect_ratio, pad_to_aspect_ratio),
    )
    seed = 0 if seed is None else seed
    check_whole_number("seed", seed, least=0)
    check_whole_number("batch_size", batch_size, least=1)
    drive = connect() if drive is None else _checked_source(drive)
    if labels is None and isinstance(label_mode, str) and label_mode in CLASS_MODES:
        label_mode = None
    folders_are_classes = _are_classes(labels, label_mode)
    labels = _without_inferred(labels)
    listing = _list_by_class if folders_are_classes else _list_without_classes
    files = _listed(listing(drive, folder), folder, shows_progress=verbose)
    if folders_are_classes and _learns_classes(label_mode):
        _refuse_folder_around_classes(files, folder)
    if isinstance(labels, (list, tuple)):
        _refuse_list_in_doubt(files)
    if isinstance(label_mode, Mapping) and isinstance(labels, Mapping):
        labels = {output: _by_id(given, files) for output, given in labels.items()}
    else:
        labels = _by_id(labels, files)
    if "sample_weight" in stream:
        stream["sample_weight"] = _by_id(stream["sample_weight"], files, "sample_weight")
    if isinstance(stream.get("inputs"), Mapping):
        stream["inputs"] = {
            name: _by_id(given, files, f'inputs["{name}"]')
            for name, given in stream["inputs"].items()
        }
    class_names = _listed_names(class_names, label_mode)
    parts = _parts(files, shares, seed)
    if verbose:
        _tell(files, parts, tells_classes=folders_are_classes)

    from .stream import StreamingSequence  # here, as it loads Keras: a wrong argument shows at once

    def streamed(part: str) -> StreamingSequence:
        is_trained_on = part == "training"
        return StreamingSequence(
            parts[part],
            drive.read,
            decode,
            labels=labels,
            label_mode=label_mode,
            class_names=class_names,
            batch_size=batch_size,
            shuffle=shuffle and is_trained_on,
            seed=seed,
            augment=augment if is_trained_on else None,
            verbose=verbose,
            **(stream if is_trained_on else _to_measure(stream)),
        )

    if subset is None:
        return streamed("training")
    returned = tuple(streamed(part) for part in RETURNED[subset])
    return returned if len(returned) > 1 else returned[0]


def _shares(
    validation_split: float | None, test_split: float | None, subset: str | None
) -> dict[str, float]:
    """The share of each part that there is.

    Raises:
        ValueError: A share is not between 0 and 1, or `subset` names a part that there is not.
    """
    shares = {"training": 1.0}
    for part, share in (("validation", validation_split), ("test", test_split)):
        if share is None:
            continue
        is_number = isinstance(share, (int, float, np.number))
        if not (is_number and 0 < share < shares["training"] - ROUNDING):
            raise ValueError(
                f"`{part}_split` must be a share of the pictures, between 0 and 1, and leave some "
                f"for training. Received: validation_split={validation_split!r}, "
                f"test_split={test_split!r}"
            )
        shares[part] = share
        shares["training"] -= share
    check_choice("subset", subset, (None, *RETURNED))
    if subset is None and len(shares) > 1:
        raise ValueError(
            "With `validation_split` or `test_split`, `subset` says which part is wanted: one of "
            f"{tuple(RETURNED)}. Received: subset=None"
        )
    for part in RETURNED[subset] if subset else ():
        if part not in shares:
            raise ValueError(
                f"`subset={subset!r}` needs `{part}_split`. Received: {part}_split=None"
            )
    return shares


def _listed_names(names: Any, label_mode: Any) -> Any:
    """Class names as lists: all parts take them, and an iterator would be used up by the first."""
    if names is None:
        return None
    if isinstance(label_mode, Mapping) and isinstance(names, Mapping):
        return {output: as_class_names(of_output) for output, of_output in names.items()}
    return as_class_names(names)


def _checked_source(drive: Source) -> Source:
    if hasattr(drive, "list_images"):
        return drive
    raise ValueError(
        "`drive` must be what `connect` or `open_archive` returned; a folder of this machine is "
        f"`connect(folder)`. Received: {drive!r}"
    )


def _to_measure(stream: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a part that nothing is trained on: each picture once."""
    return {name: value for name, value in stream.items() if name != "balanced"}


def _fit(crop: bool, pad: bool) -> Literal["stretch", "crop", "pad"]:
    """How a picture of other proportions is fitted, in the words of `decoder`."""
    if crop and pad:
        raise ValueError(
            "Only one of `pad_to_aspect_ratio` and `crop_to_aspect_ratio` can be True."
        )
    if crop:
        return "crop"
    if pad:
        return "pad"
    return "stretch"


def _are_classes(labels: Any, label_mode: Any) -> bool:
    """Whether the class of an output is inferred from the folders."""
    if _is_inferred(labels):
        return True
    given = {} if labels is None else labels
    if not (isinstance(given, Mapping) and isinstance(label_mode, Mapping)):
        return False
    return any(
        mode in CLASS_MODES and _is_inferred(given.get(output, INFERRED))
        for output, mode in label_mode.items()
    )


def _learns_classes(label_mode: Any) -> bool:
    """Whether any output is a class; images alone and pictures as labels have none."""
    modes = label_mode.values() if isinstance(label_mode, Mapping) else [label_mode]
    return any(mode in CLASS_MODES for mode in modes)


def _is_inferred(labels: Any) -> bool:
    return isinstance(labels, str) and labels == INFERRED


def _without_inferred(labels: Any) -> Any:
    """Labels that are given; what is inferred stands at the files."""
    if isinstance(labels, Mapping):
        return {name: given for name, given in labels.items() if not _is_inferred(given)}
    return None if _is_inferred(labels) else labels


def _list_by_class(drive: Source, folder: str) -> Iterator[File]:
    if "label" not in inspect.signature(drive.list_images).parameters:
        raise ValueError(
            f"`drive` tells no class folders: its `list_images` takes no `label`. Give `labels`, "
            "or put the pieces together yourself, such as "
            "`StreamingSequence(rows.list_images(), rows.read, rows.decode)` for the rows of "
            f"`open_csv`. Received: {type(drive).__name__}"
        )
    return drive.list_images(folder, label="first")  # type: ignore[call-arg]  # it takes it


def _list_without_classes(drive: Source, folder: str) -> Iterator[File]:
    """Lists a folder; a source that can do without says nothing of its classes."""
    if "label" not in inspect.signature(drive.list_images).parameters:
        return drive.list_images(folder)
    return drive.list_images(folder, label=None)  # type: ignore[call-arg]  # it takes it


def _listed(listing: Iterable[File], folder: str, *, shows_progress: bool) -> list[File]:
    """Lists the whole folder: only then are all classes known."""
    if isinstance(listing, Listing):
        listing.verbose = False  # the bar tells, or nothing is to
    files = list(
        tqdm(
            listing,
            desc="Listing",
            unit=" files",
            file=sys.stdout,
            leave=False,
            disable=not shows_progress,
        )
    )
    if not files:
        raise NotFoundError(f"'{printable(folder)}' holds no picture, nor does a folder in it.")
    return files


def _refuse_folder_around_classes(files: Sequence[File], folder: str) -> None:
    """Refuses one class that is a folder of folders, as a packed folder has around its classes.

    Raises:
        ValueError: It names the folder to give.
    """
    if len({file.label for file in files}) > 1:
        return
    names = [file.path.split("/") for file in files]
    below = sorted({path[1] for path in names if len(path) > 2})
    if len(below) < 2 or any(len(path) < 3 for path in names):
        return
    outer = names[0][0]
    address = parse_address(folder)
    if address.file_id or address.maybe_id:
        cure = "Give the ID or the address of that folder."
    else:
        path = posixpath.normpath(posixpath.join(folder, outer))
        cure = f"Name that folder: image_dataset_from_drive('{printable(path)}', ...)"
    raise ValueError(
        f"All {len(files)} pictures lie in one folder, '{printable(outer)}', so there is one "
        f"class. The folders in it look like the classes: {named(below)}. {cure}"
    )


def _refuse_list_in_doubt(files: Sequence[File]) -> None:
    """Refuses labels in a list where it may be in the order of Keras, or in that of the listing.

    Raises:
        ValueError: The two orders differ; it names the first file that does.
    """
    in_keras = sorted(files, key=lambda file: (posixpath.dirname(file.path), file.name))
    for file, other in zip(files, in_keras):
        if file.path != other.path:
            raise ValueError(
                "`labels` in a list could be in two orders: here "
                f"'{printable(file.path)}' comes where Keras has '{printable(other.path)}'. Give "
                "them by id: `labels={file.id: label for file, label in zip(files, labels)}`. The "
                "order of the listing is `files = list(drive.list_images(folder))`, and that of "
                "Keras `files.sort(key=lambda file: (os.path.dirname(file.path), file.name))`."
            )


def _by_id(given: Any, files: Sequence[File], argument: str = "labels") -> Any:
    """What stands in the order of the listing, by id, so that it holds for each part of it."""
    if given is None or mapping_by_id(given, files, argument) is not None:
        return given
    values = values_of_files(files, given, argument)
    if hasattr(given, "columns"):
        return given.set_axis([file.id for file in files])
    by_id: dict[str, Any] = {}
    for file, value in zip(files, values):
        known = by_id.setdefault(file.id, value)
        if not _are_same(known, value):
            raise ValueError(
                f"`{argument}` has two values for '{printable(file.name)}' (id {file.id}), which "
                "the listing has twice. Build `StreamingSequence` yourself, which keeps each. "
                f"Received: {shortened(known)} and {shortened(value)}"
            )
    return by_id


def _are_same(value: Any, other: Any) -> bool:
    if isinstance(value, (list, tuple, np.ndarray)):
        return np.array_equal(np.asarray(value, object), np.asarray(other, object))
    return value is other or bool(value == other)


def _parts(files: Sequence[File], shares: Mapping[str, float], seed: int) -> Mapping[str, Part]:
    """The files of each part.

    Raises:
        ValueError: A part holds no picture.
    """
    parts = dict(zip(shares, split(files, shares.values(), seed=seed)))
    for part, part_files in parts.items():
        if not part_files:
            raise ValueError(
                f"The {part} part holds none of {len(files)} pictures: a file's part follows from "
                "its ID and the seed. Take another `seed` or a larger share, or call `split` with "
                "`exact=True` yourself."
            )
    return parts


def _tell(
    files: Sequence[File], parts: Mapping[str, Sequence[File]], *, tells_classes: bool
) -> None:
    """Prints what was found, in Keras's words."""
    if tells_classes:
        classes = {file.label for file in files}
        print(f"Found {len(files)} files belonging to {len(classes)} classes.")
    else:
        print(f"Found {len(files)} files.")
    if len(parts) > 1:
        for part, part_files in parts.items():
            print(f"Using {len(part_files)} files for {part}.")
